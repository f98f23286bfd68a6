#!/usr/bin/env python3
"""What tables promise: every line of a coverage.md's "Built", and every cell of tests/FAULTS.md, names tests that exist.

A test is FILE::FUNCTION (of pytest) or ctest:NAME. Lines that are not built stand under "Not built" with their reason and
name no test; a fault that cannot occur says "no: why". Each finding is one line, and any finding fails.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 and __name__ == "__main__" else __file__).resolve()
if ROOT.is_file():
    ROOT = ROOT.parents[2]

ID = re.compile(r"`(tests/[\w/.-]+\.py::\w+|ctest:\w+)`")


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def tables(text):
    """(heading, line number, cells) of each row of each table, without its head."""
    heading, rows = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            heading, rows = line[3:].strip(), 0
        elif line.startswith("|"):
            rows += 1
            if rows > 2:
                yield heading, number, cells(line)
        else:
            rows = 0


def exists(name):
    if name.startswith("ctest:"):
        lists = (ROOT / "tests").rglob("CMakeLists.txt")
        word = name.partition(":")[2]
        return any(re.search(rf"\b(sluice_unit_test\({word}\b|NAME {word}\b)", path.read_text()) for path in lists)
    path, _, function = name.partition("::")
    file = ROOT / path
    return file.is_file() and re.search(rf"^def {function}\(", file.read_text(), re.M) is not None


WORD_ID = re.compile(r"`(\w+)::(\w+)`")


def fault_cells(path, findings):
    """How many cells the tables of faults have; what is wrong with them goes to the findings."""
    text = path.read_text(encoding="utf-8")
    files, count, seen, columns = {}, 0, None, 0
    for heading, number, row in tables(text):
        if not heading:  # the words for files
            files.update(zip(re.findall(r"`([^`]+)`", row[0]), re.findall(r"`([^`]+)`", row[1])))
            continue
        columns = columns if heading == seen else len(row)
        seen = heading
        if len(row) != columns:
            findings.append(f"{path.relative_to(ROOT)}:{number}: {len(row)} cells, the rows above have {columns}")
        for cell in row[1:]:
            count += 1
            ids = [f"{files.get(word, word)}::{test}" for word, test in WORD_ID.findall(cell)] + ID.findall(cell)
            if not ids and not re.match(r"no: \w", cell):
                findings.append(f"{path.relative_to(ROOT)}:{number}: a cell names no test and no reason: {cell!r}")
            findings += [f"{path.relative_to(ROOT)}:{number}: there is no test {one}" for one in ids if not exists(one)]
    return count


def main():
    findings, lines = [], 0
    cells_of_faults = fault_cells(ROOT / "tests" / "FAULTS.md", findings)
    files = sorted((ROOT / "schemas").glob("*/coverage.md"))
    for file in files:
        name = file.relative_to(ROOT)
        for heading, number, row in tables(file.read_text(encoding="utf-8")):
            lines += 1
            ids = ID.findall(row[-1])
            if heading == "Built" and not ids:
                findings.append(f"{name}:{number}: a line that is built names no test")
            elif heading == "Not built" and (ids or not row[-1]):
                findings.append(f"{name}:{number}: a line that is not built says why, and names no test")
            elif heading not in ("Built", "Not built"):
                findings.append(f"{name}:{number}: a table stands under \"Built\" or \"Not built\"")
            findings += [f"{name}:{number}: there is no test {one}" for one in ids if not exists(one)]
    if not files:
        findings.append(f"{ROOT}: no coverage.md found")
    for finding in findings:
        print(finding)
    print(f"coverage: {len(files)} files, {lines} lines, {cells_of_faults} cells of faults, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
