#!/usr/bin/env python3
"""What the READMEs of schemas/ tell people to type: each flag and variable is in CONFIGURATION.md, each path and report is there.

Commands are those of fenced console blocks and of code in tables. It runs none of them, which
tests/pipelines/test_commands.py does. Any finding fails.
"""
import pathlib
import re
import shlex
import sys

from readme_commands import commands

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
if ROOT.is_file():
    ROOT = ROOT.parents[2]

COMMON = {"help", "version", "config", "print-configuration"}
REPORT = re.compile(r"^[a-z_0-9]+$")


def options():
    """By service its flags, and all variables, as CONFIGURATION.md has them."""
    flags, variables, service = {}, set(), ""
    for line in (ROOT / "CONFIGURATION.md").read_text().splitlines():
        if line.startswith("## "):
            service = line[3:].strip()
        elif line.startswith("| `--"):
            flags.setdefault(service, set(COMMON)).add(re.match(r"\| `--([\w-]+)", line).group(1))
            for name in re.findall(r"`(SLUICE_\w+)`", line):
                variables |= {name, name + "_FILE"}
    return flags, variables


def findings_of(command, flags):
    words = [word for word in shlex.split(command, comments=True) if word != "..."]
    program = words[0].rpartition("/")[2]
    for word in words:
        value = word.partition("=")[2] or word
        for path in value.split(","):
            if re.match(r"(\./)?(schemas|deploy)/", path) and not (ROOT / path).exists():
                yield f"there is no {path}"
    if not program.startswith("sluice-"):
        return
    service = program.removeprefix("sluice-")
    for word in words[1:]:
        name = re.match(r"--([\w-]+)", word)
        if name and name.group(1) not in flags.get(service, ()):
            yield f"{program} has no option --{name.group(1)}"
    if service == "report" and len(words) > 1 and REPORT.match(words[1]) and words[1] != "all":
        folder = next((w.partition("=")[2] for w in words if w.startswith("--reports=")), "schemas/acme/reports")
        if not (ROOT / folder / f"{words[1]}.sql").is_file():
            yield f"there is no report {words[1]} in {folder}"


def main():
    flags, variables = options()
    findings, count = [], 0
    for file in sorted((ROOT / "schemas").glob("*/README.md")):
        for command in commands(file.read_text(encoding="utf-8")):
            count += 1
            findings += [f"{file.relative_to(ROOT)}:{command.line}: {what}" for what in findings_of(command.text, flags)]
        sample = file.parent / ".env.sample"
        if not sample.is_file():
            findings.append(f"{sample.relative_to(ROOT)}: is missing")
            continue
        for name in re.findall(r"^(\w+)=", sample.read_text(encoding="utf-8"), re.M):
            if name not in variables:
                findings.append(f"{sample.relative_to(ROOT)}: no service reads {name}")
    for finding in findings:
        print(finding)
    print(f"commands: {count}, {len(findings)} findings")
    return 1 if findings or not count else 0


if __name__ == "__main__":
    sys.exit(main())
