#!/usr/bin/env python3
"""After a run: each test that a coverage.md names was run, and not skipped. usage: check_ran.py PART.xml...

The files are the JUnit results of `tests/run`, named after their parts; of parts that have not run nothing is asked. Skipped for want
of the data that the project does not ship, or of a container engine, is no finding: these are counted. Any finding fails.
"""
import pathlib
import sys
import xml.etree.ElementTree as tree

from check_coverage import ID, ROOT, tables

WANTING = ("data that the project does not ship", "no container engine")


def results(paths):
    """By part, by test's id: why it was skipped, None when one case of it ran."""
    found = {}
    for path in map(pathlib.Path, paths):
        part = found.setdefault(path.stem, {})
        for case in tree.parse(path).getroot().iter("testcase"):
            skipped = case.find("skipped")
            name = case.get("name").partition("[")[0]
            word = f"ctest:{name}" if path.stem == "unit" else f"tests/{case.get('classname').replace('.', '/')}.py::{name}"
            if skipped is None or case.get("status") == "run":
                part[word] = None
            else:
                part.setdefault(word, skipped.get("message") or "")
    return found


def findings_of(root, ran):
    """(findings, how many lines name a test that wants what is not here)."""
    findings, wanting = [], 0
    for file in sorted((root / "schemas").glob("*/coverage.md")):
        for _heading, number, row in tables(file.read_text(encoding="utf-8")):
            for word in ID.findall(row[-1]):
                part = ran.get("unit" if word.startswith("ctest:") else word.split("/")[1])
                if part is None:
                    continue
                why = part.get(word, "did not run")
                if why is not None and any(text in why for text in WANTING):
                    wanting += 1
                elif why is not None:
                    findings.append(f"{file.relative_to(root)}:{number}: {word} {'' if word not in part else 'was skipped: '}{why}")
    return findings, wanting


def main():
    findings, wanting = findings_of(ROOT, results(sys.argv[1:]))
    for finding in findings:
        print(finding)
    print(f"coverage: {len(findings)} findings in what was run; {wanting} lines want data or an engine that is not here")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
