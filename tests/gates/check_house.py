#!/usr/bin/env python3
"""The rules of the house that no compiler checks; each finding is one line, and any finding fails.

1. Layers look down only: base <- record <- kafka | postgres | http <- service <- services; no service includes another's files.
2. A foreign library's header is included in one room alone.
3. Every prototype in a shared header has a documentation comment right above it, every header says what it is.
4. Files, shared headers and lines keep their budgets.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
if ROOT.is_file():
    ROOT = ROOT.parents[2]

MAY_USE = {
    "base": {"base"},
    "record": {"base", "record"},
    "kafka": {"base", "record", "kafka"},
    "postgres": {"base", "record", "postgres"},
    "http": {"base", "record", "http"},
    "seen": {"base", "record", "kafka", "seen"},
    "service": {"base", "record", "kafka", "postgres", "http", "service"},
}
COMMON = set(MAY_USE)
ONE_ROOM = {
    r"librdkafka/|rdkafka\.h": "common/kafka/",
    r"libpq-fe\.h": "common/postgres/",
    r"curl/": "common/http/",
    r"pg_query": "processors/views/sql/",
    r"lmdb\.h": ("processors/views/state/", "common/seen/"),
    r"sqlite3\.h": ("producers/sql-rows/source_sqlite", "sinks/s3-objects/view_store"),
    r"microhttpd\.h": "common/service/",
}
# Inside views a part uses only parts that stand to its left.
VIEWS_MAY_USE = {
    "expr": {"expr"},
    "ops": {"expr", "ops", "sql/plan.h"},
    "sql": {"expr", "ops", "sql"},
    "state": {"ops", "state"},
    "task": {"expr", "ops", "sql", "state", "task"},
    "local": {"expr", "ops", "sql", "state", "task", "local"},
}
SERVICES = ("producers", "processors", "sinks")
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^">]+)[">]', re.M)
FILE_LINES, HEADER_LINES, LINE_CHARACTERS = 800, 250, 120


def sources():
    for top in ("common", *SERVICES):
        for path in sorted((ROOT / top).rglob("*.[ch]")):
            yield path, path.relative_to(ROOT).as_posix()


def room_of(name):
    parts = name.split("/")
    return parts[1] if parts[0] == "common" else "/".join(parts[:2])


def include_findings(name, text):
    room = room_of(name)
    for header in INCLUDE.findall(text):
        first = header.split("/")[0]
        if first in COMMON and room in MAY_USE and first not in MAY_USE[room]:
            yield f"{name}: room {room} may not use {header}"
        for pattern, owner in ONE_ROOM.items():
            if re.match(pattern, header) and not name.startswith(owner):
                yield f"{name}: {header} belongs to {owner if isinstance(owner, str) else ' and '.join(owner)} alone"
        if header.startswith("..") or first in SERVICES or first == "common":
            yield f"{name}: {header} reaches into another room"
        if name.startswith("processors/views/") and name.count("/") > 2:
            part = name.split("/")[2]
            allowed = VIEWS_MAY_USE.get(part, set())
            if first in VIEWS_MAY_USE and first not in allowed and header not in allowed:
                yield f"{name}: views/{part} may not use {header}"


def is_shared(name):
    """Headers that other rooms (or parts of views) include; a room's own internal.h is not one."""
    return (name.endswith(".h") and not name.endswith("/internal.h")
            and name.startswith(("common/", "processors/views/")))


def strip_bodies(text):
    """Blanks out what stands between braces, so that only file scope is left (line count kept)."""
    out, depth = [], 0
    for char in text:
        if char == "{":
            depth += 1
        if depth == 0 or char == "\n":
            out.append(char)
        if char == "}":
            depth -= 1
    return "".join(out)


PROTOTYPE = re.compile(r"^(?!#|/\*| \*|typedef|extern|\s)[A-Za-z_][\w\s\*]*?\b\**(\w+)\(", re.M)


def prototype_findings(name, text):
    if not text.lstrip().startswith("/*"):
        yield f"{name}: a header's first comment says what it is"
    scope = strip_bodies(re.sub(r'extern "C"', "", text))
    lines = scope.split("\n")
    for match in PROTOTYPE.finditer(scope):
        line = scope.count("\n", 0, match.start())
        if match.group(1) in ("defined", "DEFINE_CLEANUP") or lines[line].startswith("#"):
            continue
        above = line - 1
        while above >= 0 and PROTOTYPE.match(lines[above] + "\n") and lines[above].rstrip().endswith(";"):
            above -= 1  # a block of prototypes under one comment
        if above < 0 or not lines[above].rstrip().endswith("*/"):
            yield f"{name}:{line + 1}: {match.group(1)} has no documentation comment above it"


def budget_findings(name, text):
    lines = text.split("\n")
    limit = HEADER_LINES if is_shared(name) else FILE_LINES
    if len(lines) - 1 > limit:
        yield f"{name}: {len(lines) - 1} lines, the limit is {limit}"
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_CHARACTERS:
            yield f"{name}:{number}: {len(line)} characters, the limit is {LINE_CHARACTERS}"
        if re.search(r"(^|[\s;{])//", line) and '"' not in line:
            yield f"{name}:{number}: comments are /* */"


def main():
    findings, files = [], 0
    for path, name in sources():
        text = path.read_text(encoding="utf-8")
        files += 1
        findings += include_findings(name, text)
        findings += budget_findings(name, text)
        if is_shared(name):
            findings += prototype_findings(name, text)
    if files == 0:
        findings.append(f"{ROOT}: no sources found")
    for finding in findings:
        print(finding)
    print(f"house: {files} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
