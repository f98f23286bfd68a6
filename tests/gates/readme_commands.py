"""The commands that a README tells people to type: those of fenced console blocks, and those of its tables."""
import re
import typing


class Command(typing.NamedTuple):
    line: int
    text: str
    stated: typing.Optional[str]  # what is said of its exit status; None in a table that says nothing of that


PROGRAM = re.compile(r"(build/release/bin/)?sluice-[\w-]+ |\./deploy/|docker compose |psql ")
NAME_ALONE = re.compile(r"sluice-[\w-]+")  # the fenced command of that program is meant


def commands(text):
    """All of them, in order; a table's may name a program alone, and then stands for its fenced command."""
    fenced = list(fenced_commands(text))
    found = fenced + list(table_commands(text, fenced))
    return sorted(found, key=lambda command: command.line)


def fenced_commands(text):
    inside, kept, began = False, "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and (kept or line.startswith("$ ")):
            began = began if kept else number
            kept += line if kept else line.removeprefix("$ ")
            if kept.endswith("\\"):
                kept = kept[:-1]
                continue
            yield Command(began, kept, kept.partition(" # ")[2] if "until it is stopped" in kept else "0")
            kept = ""


def table_commands(text, fenced):
    head = None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("|"):
            head = None
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        head = head or cells
        with_status = head[-1] == "exit status"
        for code in re.findall(r"`([^`]+)`", cells[1] if with_status else line):
            if PROGRAM.match(code):
                yield Command(number, code, cells[-1] if with_status else None)
            elif with_status and NAME_ALONE.fullmatch(code):
                yield from (Command(number, one.text, cells[-1]) for one in fenced if one.text.partition(" ")[0].endswith(code))
