"""A script: SQL for PostgreSQL as psql takes it, cut into statements, COPY blocks and checks.

`-- check` on a line of its own compares every view there. `-- include PATH` (from the checkout's root) puts a file's
statements in. `-- oracle VIEW: SELECT ...` names the rows a view must hold where PostgreSQL's own query raises an error.
`-- refused VIEW...` says that these views must be refused. `-- as-of TIMESTAMP` is the engine's --as-of; PostgreSQL gets views
with that moment in the place of now() and the like.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = r'(?:IF\s+NOT\s+EXISTS\s+)?((?:"[^"]+"|[\w$]+)(?:\.(?:"[^"]+"|[\w$]+))?)'
KINDS = [
    ("table", rf"CREATE\s+TABLE\s+{NAME}"),
    ("source", rf"CREATE\s+FOREIGN\s+TABLE\s+{NAME}"),
    ("view", rf"CREATE\s+MATERIALIZED\s+VIEW\s+{NAME}"),
    ("name", rf"CREATE\s+(?:OR\s+REPLACE\s+)?VIEW\s+{NAME}"),
    ("type", rf"CREATE\s+(?:TYPE|DOMAIN)\s+{NAME}"),
    ("schema", rf"CREATE\s+SCHEMA\s+{NAME}"),
    ("comment", r"COMMENT\s+ON\s+(\w+)"),
]
PIPELINE = ("type", "schema", "source", "view", "name", "comment")


class Statement:
    """One statement; `data` is that of COPY ... FROM stdin."""

    def __init__(self, text, line, data=None):
        self.text, self.line, self.data = text, line, data
        bare = re.sub(r"^(?:\s+|--[^\n]*\n|/\*.*?\*/)+", "", text, flags=re.S)
        self.kind, self.name = "change", None
        for kind, pattern in KINDS:
            match = re.match(pattern, bare, re.I)
            if match:
                self.kind, self.name = kind, match[1].replace('"', "")
                break
        self.bare = bare
        if self.kind in ("view", "name", "source") and "." not in self.name:
            self.name = f"public.{self.name}"

    def for_postgres(self, as_of=None):
        """The statement as PostgreSQL runs it: every view is a plain one, so its answer is always of now."""
        if as_of is not None and self.kind in ("view", "name"):
            return Statement(at_moment(self.bare, as_of), self.line).for_postgres()
        if self.kind == "source":
            text = re.sub(r"^CREATE\s+FOREIGN\s+TABLE", "CREATE TABLE", self.bare, flags=re.I)
            return re.sub(r"\)\s*SERVER\b.*$", ")", text, flags=re.I | re.S)
        if self.kind == "view":
            text = re.sub(r"^CREATE\s+MATERIALIZED\s+VIEW(\s+IF\s+NOT\s+EXISTS)?", "CREATE VIEW", self.bare, flags=re.I)
            return re.sub(rf"^(CREATE VIEW\s+{NAME}\s*(?:\([^)]*\)\s*)?)WITH\s*\([^)]*\)\s*AS\b", r"\1 AS", text, flags=re.I)
        if self.kind == "comment":
            return self.bare.replace("MATERIALIZED VIEW", "VIEW", 1).replace("FOREIGN TABLE", "TABLE", 1)
        return self.bare


MOMENTS = {"current_date": "date", "current_time": "timetz", "current_timestamp": "timestamptz", "localtime": "time", "localtimestamp": "timestamp"}
MOMENT = re.compile(r"'[^']*'|\b(?:(now|transaction_timestamp|statement_timestamp)\(\)|(current_date)\b"
                    r"|(current_timestamp|current_time|localtimestamp|localtime)\b(\s*\(\d\))?)", re.I)


def at_moment(text, as_of):
    """The text with the moment where it says now() and the like; a subquery keeps the column's name."""
    def put(found):
        name = found[1] or found[2] or found[3]
        if name is None:
            return found[0]
        cast = "" if found[1] else f"::{MOMENTS[name.lower()]}{found[4] or ''}"
        return f"(SELECT '{as_of}'::timestamptz{cast} AS {name})"
    return MOMENT.sub(put, re.sub(r"\bage\(([^(),]+)\)", rf"age('{as_of}'::timestamptz::date, \1)", text))


class Check:
    """Compare here."""

    def __init__(self, line):
        self.line = line


class Script:
    """The items of a file, and the oracles it names."""

    def __init__(self, path, text=None):
        self.path = Path(path)
        self.items, self.oracles, self.refused, self.as_of = [], {}, set(), None
        self._read(self.path.read_text() if text is None else text)

    def _read(self, text):
        for item in split(text):
            if isinstance(item, tuple):
                self._directive(*item)
            else:
                self.items.append(item)

    def _directive(self, word, rest, line):
        if word == "check":
            self.items.append(Check(line))
        elif word == "include":
            self._read((ROOT / rest.strip()).read_text())
        elif word == "as-of":
            self.as_of = rest.strip()
        elif word == "refused":
            self.refused |= {name if "." in name else f"public.{name}" for name in rest.replace(",", " ").split()}
        else:
            name, query = rest.split(":", 1)
            name = name.strip()
            self.oracles[name if "." in name else f"public.{name}"] = query.strip().rstrip(";")

    @property
    def statements(self):
        return [item for item in self.items if isinstance(item, Statement)]

    @property
    def checks(self):
        return sum(isinstance(item, Check) for item in self.items)


TOKEN = re.compile(
    r"(?P<directive>(?m:^)--[ ]*(?P<word>check|include|oracle|refused|as-of)\b(?P<rest>[^\n]*))"
    r"|(?P<comment>--[^\n]*|/\*.*?\*/)"
    r"|(?P<quoted>[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")"
    r"|(?P<dollar>\$(?P<tag>[A-Za-z_]*)\$.*?\$(?P=tag)\$)"
    r"|(?P<word_>[A-Za-z_][\w$]*)"
    r"|(?P<end>;)"
    r"|(?P<other>.)", re.S)


def split(text):
    """Statements, and (word, rest, line) for what a comment orders between them."""
    at, begin, blank = 0, 0, True
    while at < len(text):
        match = TOKEN.match(text, at)
        at = match.end()
        if match.lastgroup is None:
            continue
        if match["directive"] and blank:
            yield match["word"], match["rest"], text.count("\n", 0, match.start()) + 1
            begin = at
        elif match["end"]:
            line = text.count("\n", 0, begin + len(text[begin:]) - len(text[begin:].lstrip())) + 1
            statement = text[begin:match.start()].strip()
            data = None
            if re.match(r"COPY\b.*\bFROM\s+STDIN", re.sub(r"^--[^\n]*\n\s*", "", statement), re.I | re.S):
                stop = re.compile(r"^\\\.[ \t]*\n?", re.M).search(text, at)
                start = text.index("\n", at) + 1
                data, at = text[start:stop.start()], stop.end()
            if not blank:
                yield Statement(statement, line, data)
            begin, blank = at, True
        elif not match["comment"] and not match.group().isspace():
            blank = False
    if not blank:
        raise ValueError(f"the text ends within a statement: {text[begin:].strip()[:80]}")
