"""Random views over random rows: the plan, run over files, against PostgreSQL's answer to the same text.

SLUICE_RANDOM_SEED repeats a run, SLUICE_RANDOM_N sets how many views are made. A view that the planner refuses is
left out; most must be planned.
"""

import os
import random
import re

import psycopg2.extras

from test_views_sql import random_rows, two_databases, views  # noqa: F401 (a fixture among them)

SEED = int(os.environ.get("SLUICE_RANDOM_SEED", "11"))
N = int(os.environ.get("SLUICE_RANDOM_N", "60"))

SOURCES = """
CREATE FOREIGN TABLE bronze.a (id bigint PRIMARY KEY, k int, s2 smallint, t text, v varchar(20), c char(5),
  n numeric(12,2), nn numeric, f4 real, f8 double precision, b boolean NOT NULL, d date, ts timestamp(3),
  tz timestamptz, u uuid, odd text, o int NOT NULL) SERVER kafka OPTIONS (topic 'a', format 'json');
CREATE FOREIGN TABLE bronze.b (x int, y int, a_id bigint, name text NOT NULL, PRIMARY KEY (y, x))
  SERVER kafka OPTIONS (topic 'b');
"""
COLUMNS = {
    "a": {"int": ["id", "k", "s2"], "text": ["t", "v", "odd"], "numeric": ["n"], "bool": ["b"], "time": ["d", "ts"]},
    "b": {"int": ["x", "y", "a_id"], "text": ["name"]},
}
KEYS = {"a": ["id"], "b": ["y", "x"]}

CONDITIONS = {
    "int": ["{} > 1", "{} IN (1, 2, 5, 30)", "{} BETWEEN 1 AND 5", "{} IS NULL", "{} NOT IN (1, 3)", "{} % 2 = 0",
            "{} IS DISTINCT FROM 3"],
    "text": ["{} <> 'a'", "{} IS NULL", "coalesce({}, '') < 'n'", "upper({}) = 'Z'", "{} LIKE '%o%'"],
    "numeric": ["{} > 1", "{} IS NOT NULL", "{} = 1.5"],
    "bool": ["{}", "NOT {}", "{} IS NOT TRUE"],
    "time": ["{} > '2020-06-01'", "{} IS NULL"],
}
VALUES = {
    "int": ["{}", "{} + 1", "{} * 2", "CASE WHEN {0} > 2 THEN {0} END", "CASE {} WHEN 1 THEN 'one' ELSE 'more' END"],
    "text": ["{}", "upper({})", "{} || '!'", "coalesce({}, 'none')", "nullif({}, 'a')", "length({})"],
    "numeric": ["{}", "{} * 2", "round({}, 1)"],
    "bool": ["{}"],
    "time": ["{}"],
}
AGGREGATES = {
    "int": ["sum({})", "avg({})", "min({})", "max({})", "count({})", "coalesce(sum({}), 0)", "count(*)"],
    "text": ["min({})", "max({})", "count({})"],
    "numeric": ["sum({})", "avg({})", "max({})"],
    "bool": ["count({})"],
    "time": ["min({})", "max({})"],
}
JOINS = ["JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN"]


class Query:
    """One random SELECT."""

    def __init__(self, chance):
        self.chance = chance
        self.tables = []  # (alias, table)
        self.source = self.make_from()

    def pick(self, *of):
        return self.chance.choice(of)

    def some(self, templates, table=None):
        """A template filled with a column of its kind."""
        alias, name = table or self.chance.choice(self.tables)
        kind = self.chance.choice(list(COLUMNS[name]))
        return self.chance.choice(templates[kind]).format(f"{alias}.{self.chance.choice(COLUMNS[name][kind])}")

    def number(self, table):
        return f"{table[0]}.{self.chance.choice(COLUMNS[table[1]]['int'])}"

    def make_from(self):
        text = ""
        for i in range(self.pick(1, 1, 2, 2, 3)):
            table = (f"q{i}", self.pick("a", "b"))
            item = f"bronze.{table[1]} {table[0]}"
            if self.chance.random() < 0.2:
                inner = self.some(CONDITIONS, ("z", table[1]))
                item = f"(SELECT * FROM bronze.{table[1]} z WHERE {inner}) {table[0]}"
            if text:
                other = self.chance.choice(self.tables)
                text += f" {self.pick(*JOINS)} {item} ON {self.number(other)} = {self.number(table)}"
                for _ in range(self.pick(0, 0, 1)):
                    text += f" AND {self.some(CONDITIONS, self.pick(other, table))}"
            else:
                text = item
            self.tables.append(table)
        conditions = [self.some(CONDITIONS) for _ in range(self.pick(0, 0, 1, 2))]
        if self.chance.random() < 0.2:
            conditions.append(f"({self.some(CONDITIONS)} OR {self.some(CONDITIONS)})")
        return f"FROM {text}" + (f" WHERE {' AND '.join(conditions)}" if conditions else "")

    def keys(self):
        return [f"{alias}.{column}" for alias, name in self.tables for column in KEYS[name]]

    def rows(self):
        columns = [f"{key} AS {key.replace('.', '_')}" for key in self.keys()]
        columns += [f"{self.some(VALUES)} AS e{i}" for i in range(self.pick(1, 2))]
        return f"SELECT {', '.join(columns)} {self.source}"

    def top(self):
        order = [self.some(VALUES)] * self.pick(0, 1) + self.chance.sample(self.keys(), len(self.keys()))
        order = [item + self.pick("", " DESC", " NULLS FIRST", " DESC NULLS LAST") for item in order]
        return f"{self.rows()} ORDER BY {', '.join(order)} LIMIT {self.pick(1, 3, 7)} OFFSET {self.pick(0, 0, 2)}"

    def distinct(self):
        return f"SELECT DISTINCT {self.some(VALUES)} AS e0, {self.some(VALUES)} AS e1 {self.source}"

    def one(self):
        return f"SELECT {self.some(AGGREGATES)} AS g0, {self.some(AGGREGATES)} AS g1 {self.source}"

    def group(self):
        groups = list(dict.fromkeys(self.some(VALUES) for _ in range(self.pick(1, 2))))
        columns = [f"{group} AS c{i}" for i, group in enumerate(groups)]
        columns.append(f"{self.some(AGGREGATES)} AS g0")
        by = ", ".join(self.pick(groups, [str(i + 1) for i in range(len(groups))]))
        text = f"SELECT {', '.join(columns)} {self.source} GROUP BY {by}"
        if self.chance.random() < 0.3:
            text += " HAVING count(*) > 1"
        if self.chance.random() < 0.3:
            text += f" ORDER BY g0 {self.pick('', 'DESC')}, {', '.join(f'c{i}' for i in range(len(groups)))} LIMIT 3"
        return text

    def text(self):
        return self.pick(self.rows, self.group, self.group, self.distinct, self.one, self.top)()


def planned(path, chance):
    """The pipeline of the views that the planner takes, and how many were refused."""
    texts, refused = [], []
    for i in range(N):
        text = f"CREATE MATERIALIZED VIEW gold.v{i} AS {Query(chance).text()};\n"
        path.write_text(SOURCES + text)
        done = views("--check", path, check=False)
        if done.returncode == 0:
            texts.append(text)
        else:
            assert done.returncode == 65, done.stderr
            refused.append(done.stderr)
    path.write_text(SOURCES + "".join(texts))
    return len(texts), refused


def fill(cursor, folder, chance):
    """The same rows in the oracle's tables and in files."""
    cursor.execute("SET TimeZone = 'UTC'")
    for table, rows in random_rows(chance.randrange(1 << 30)).items():
        psycopg2.extras.execute_values(cursor, f"INSERT INTO bronze.{table} VALUES %s", rows)
        cursor.execute(f"SELECT row_to_json(whole)::text FROM bronze.{table} AS whole ORDER BY random()")
        (folder / f"{table}.jsonl").write_text("".join(row + "\n" for (row,) in cursor.fetchall()))


def representatives(row):
    """1.50 and 1.5 are one group; which of them stands for it PostgreSQL leaves open."""
    return re.sub(r"(\.\d*?)0+(?=[,}])", lambda found: found.group(1).rstrip("."), row)


def test_random_views(pg, two_databases, tmp_path):  # noqa: F811
    chance = random.Random(SEED)
    path = tmp_path / "random" / "pipeline.sql"
    path.parent.mkdir()
    count, refused = planned(path, chance)
    assert count > N * 2 / 3, refused
    pg.psql(two_databases[0], stdin=views("--oracle", path).stdout)
    cursor = pg.connect(two_databases[0]).cursor()
    fill(cursor, tmp_path, chance)
    answers, view = {}, None
    for line in views("--file", path, "--local", tmp_path).stdout.splitlines():
        if line.startswith("{"):
            answers[view].append(line)
        else:
            view = re.search(r"gold\.v\d+", line).group()
            answers[view] = []
    cursor.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'm' ORDER BY oid")
    rows_n = 0
    for (name,) in cursor.fetchall():
        cursor.execute(f"REFRESH MATERIALIZED VIEW {name}")
        cursor.execute(f"SELECT row_to_json(whole)::text FROM {name} AS whole")
        expected = sorted(representatives(row) for (row,) in cursor.fetchall())
        definition = re.search(rf"{re.escape(name)} AS .*", path.read_text()).group()
        assert sorted(representatives(row) for row in answers.get(name, [])) == expected, (SEED, definition)
        rows_n += len(expected)
    assert rows_n > count
