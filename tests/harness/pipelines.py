"""A pipeline of schemas/ over rows: what sluice-views makes of them, and what PostgreSQL answers over the same rows.

The rows of a source are what its producer would put on the topic: dicts, in order. PostgreSQL itself says which rows the
contract leaves out.
"""

import csv
import json
import re

from . import ROOT
from .compare import same_csv, same_rows
from .services import run

SCHEMAS = ROOT / "schemas"
COMMIT_TIMES = ["ingestion_timestamp", "calculated_at", "report_timestamp"]  # columns that postgres-upsert fills

# Each line goes in by itself; what the contract refuses is counted, as the engine leaves it out.
LOAD = """
DO $load$
DECLARE one record; refused bigint := 0;
BEGIN
  FOR one IN SELECT line FROM lines ORDER BY n LOOP
    BEGIN
      INSERT INTO {table} SELECT * FROM json_populate_record(NULL::{table}, one.line::json);
    EXCEPTION WHEN check_violation OR not_null_violation OR data_exception THEN refused := refused + 1;
    END;
  END LOOP;
  PERFORM set_config('loading.refused', refused::text, false);
END $load$"""


class Pipeline:
    """`rows` is {source: [row, ...]}, a source being the last part of its name; a row is a dict that json.dumps takes."""

    def __init__(self, name, pg, unique, folder, file=None, flags=None):
        self.name, self.pg, self.folder = name, pg, folder
        self.flags = flags or {}
        self.file = file or SCHEMAS / name / "pipeline.sql"
        self.oracle, self.target = f"{unique}_o", f"{unique}_t"
        self.views = re.findall(r"CREATE MATERIALIZED VIEW (\S+)", self.file.read_text())
        self.sources = re.findall(r"CREATE FOREIGN TABLE (\S+)", self.file.read_text())

    def drop(self):
        for database in (self.oracle, self.target):
            self.pg.drop_database(database)

    def create(self, database, option):
        self.pg.drop_database(database)
        self.pg.execute("postgres", f'CREATE DATABASE "{database}" TEMPLATE template0 ENCODING UTF8 LC_COLLATE "C" LC_CTYPE "C"')
        self.pg.psql(database, stdin=self.script(option))

    def script(self, option):
        """What sluice-views prints of the pipeline's file."""
        done = run("views", {option: self.file, **self.flags})
        assert done.returncode == 0, done.stderr
        return done.stdout

    # --- PostgreSQL's answer ---

    def ask_postgresql(self, rows):
        """Loads the rows and computes the views; returns how many rows the contract left out, by source."""
        self.create(self.oracle, "oracle")
        refused = {}
        connection = self.pg.connect(self.oracle)
        with connection.cursor() as cursor:
            cursor.execute("SET TimeZone = 'UTC'")
            cursor.execute("CREATE TEMP TABLE lines (n serial, line text)")
            for source in self.sources:
                given = rows.get(source.partition(".")[2], [])
                cursor.execute("TRUNCATE lines")
                copy_lines(cursor, given)
                cursor.execute(LOAD.format(table=source))
                cursor.execute("SELECT current_setting('loading.refused')::bigint")
                refused[source] = cursor.fetchone()[0]
            for view in self.views:
                cursor.execute(f"REFRESH MATERIALIZED VIEW {view}")
        connection.close()
        return refused

    def expected(self, view):
        return self.pg.execute(self.oracle, f"SELECT row_to_json(v)::text FROM {view} v")

    # --- the engine's ---

    def run_local(self, rows):
        """Runs the views over files and brings what they hold into the target's tables; returns what was said on stderr."""
        for source in self.sources:
            short = source.partition(".")[2]
            lines = (as_json(row) + "\n" for row in rows.get(short, []))
            (self.folder / f"{short}.jsonl").write_text("".join(lines))
        done = run("views", {"file": self.file, "local": self.folder, **self.flags}, deadline_s=120)
        assert done.returncode == 0, done.stderr
        self.found, view = {view: [] for view in self.views}, None
        for line in done.stdout.splitlines():
            if line.startswith("-- "):
                view = line.split()[1]
            else:
                self.found[view].append(line)
        self.create(self.target, "ddl")
        self.fill_target()
        return done.stderr

    def fill_target(self):
        connection = self.pg.connect(self.target)
        with connection.cursor() as cursor:
            cursor.execute("SET TimeZone = 'UTC'")
            cursor.execute("CREATE TEMP TABLE lines (n serial, line text)")
            for view, lines in self.found.items():
                cursor.execute("TRUNCATE lines")
                copy_lines(cursor, lines)
                cursor.execute(f"INSERT INTO {view} SELECT whole.* FROM lines, json_populate_record(NULL::{view}, line::json) whole")
        connection.close()

    # --- both ---

    def check(self, rows, at_least=None, changes=None):
        """Every view is PostgreSQL's; returns what the engine said and how many rows PostgreSQL refused, by source.

        With `changes`, {source: [envelope, ...]}, the engine gets these and PostgreSQL the rows that they lead to.
        """
        refused = self.ask_postgresql(rows)
        said = self.run_local(changes or rows)
        for view in self.views:
            actual = [(strip_key(line),) for line in self.found[view]]
            same_rows(actual, self.expected(view), view, (at_least or {}).get(view, 1))
        assert said.count("left out by rule") == sum(refused.values()), said[-2000:]
        return said, refused

    def same_as_file(self, view, path, order):
        """The view's table, with the columns of the file's header and in this order, is the file to the byte."""
        want = path.read_text(encoding="utf-8")
        columns = ", ".join(f'"{name}"' for name in next(csv.reader([want.splitlines()[0]])))
        same_csv(self.pg.csv(self.target, f"SELECT {columns} FROM {view} ORDER BY {order}"), want, path.name)

    def value(self, sql):
        """A value out of the target's tables."""
        return self.pg.value(self.target, sql)

    def execute(self, sql):
        return self.pg.execute(self.target, sql)

    def rows(self, view):
        """A view's table whole."""
        return self.execute(f"SELECT * FROM {view}")


def differences(before, after, key):
    """The envelopes that lead from one set of rows to another: what a producer emits for a newer file."""
    old, new = ({row[key]: row for row in rows} for rows in (before, after))
    for name, row in new.items():
        if name not in old:
            yield {"before": None, "after": row, "op": "c"}
        elif old[name] != row:
            yield {"before": old[name], "after": row, "op": "u"}
    for name, row in old.items():
        if name not in new:
            yield {"before": row, "after": None, "op": "d"}


def strip_key(line):
    """The row as PostgreSQL's query gives it: without the key of a view that has none, and the source's commit time."""
    line = re.sub(rf',"(?:{"|".join(COMMIT_TIMES)})":"[^"]*"\}}$', "}", line)
    return re.sub(r',"__hash":"[0-9a-f]+","__ordinal":\d+\}$', "}", line)


def as_json(row):
    """A row's JSON; a Decimal is a number with all its digits."""
    numbers = []

    def keep(value):
        numbers.append(value)
        return f"@number {len(numbers) - 1}@"

    text = json.dumps(row, ensure_ascii=False, default=keep)
    return re.sub(r'"@number (\d+)@"', lambda match: str(numbers[int(match[1])]), text) if numbers else text


def copy_lines(cursor, rows):
    """Text goes as it is, rows as JSON, into `lines`."""
    import psycopg2.extras
    texts = [(row if isinstance(row, str) else as_json(row),) for row in rows]
    psycopg2.extras.execute_values(cursor, "INSERT INTO lines (line) VALUES %s", texts, page_size=5000)


def csv_rows(path, key=None):
    """The rows of a CSV file as its producer gives them: every field text; of a key the first row alone."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if key is None:
        return rows
    first = {}
    for row in rows:
        first.setdefault(row[key], row)
    return list(first.values())
