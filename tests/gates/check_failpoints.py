#!/usr/bin/env python3
"""Every failpoint of the services is a place where a test of tests/chaos kills, every deliberate defect one that a test switches on.

A place is used where its whole name stands between quotation marks, a defect where it stands with ":on". A place that one
component test shows better is in ELSEWHERE with its file. What tests/chaos names must be there. Any finding fails.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
if ROOT.is_file():
    ROOT = ROOT.parents[2]

ROOMS = ("common", "processors", "producers", "sinks")
PLACE = re.compile(r'\bfailpoint\("([\w.-]+)"\)')
DEFECT = re.compile(r'\bfailpoint_on\("([\w.-]+)"\)')
ELSEWHERE = {"report.after-part": "tests/component/test_report.py"}  # it dies once, and what it leaves is in the store


def code():
    return "".join(path.read_text(encoding="utf-8") for room in ROOMS for path in sorted((ROOT / room).rglob("*.c")))


def tests(folder):
    return "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / folder).rglob("*.py")))


def main():
    text, chaos = code(), tests("tests/chaos")
    places, defects = set(PLACE.findall(text)), set(DEFECT.findall(text))
    services = {place.partition(".")[0] for place in places}
    named = {name for name in re.findall(r'"([\w-]+\.[\w-]+)', chaos) if name.partition(".")[0] in services}
    used = {*re.findall(r'"([\w-]+\.[\w-]+)[":]', chaos),
            *(place for place, file in ELSEWHERE.items() if f'"{place}:' in (ROOT / file).read_text(encoding="utf-8"))}
    on = set(re.findall(r"([\w-]+\.[\w-]+):on\b", tests("tests")))
    findings = [f"{place}: no test of tests/chaos dies there" for place in sorted(places - used)]
    findings += [f"{defect}: no test switches this defect on" for defect in sorted(defects - on)]
    findings += [f"{name}: tests/chaos names it, no service passes it" for name in sorted(named - places - defects)]
    if not places:
        findings.append(f"{ROOT}: no failpoints found")
    for finding in findings:
        print(finding)
    print(f"failpoints: {len(places)} places, {len(defects)} defects, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
