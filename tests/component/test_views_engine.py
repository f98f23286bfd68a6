"""Views kept up to date through inserts, updates and deletes, against PostgreSQL's answer over what is left.

Every line is a step of its own, so each transition of every operator of the wide pipeline happens many times.
"""

import json
import random

import psycopg2.extras
import pytest

from test_views_sql import random_rows, two_databases, views, wide  # noqa: F401 (fixtures among them)

KEYS = {"a": ("id",), "b": ("y", "x")}


def versions(cursor, table, seeds):
    """For each key the rows it has in several random worlds, as PostgreSQL's JSON."""
    found = {}
    for seed in seeds:
        cursor.execute(f"CREATE TEMP TABLE version (LIKE bronze.{table})")
        psycopg2.extras.execute_values(cursor, "INSERT INTO version VALUES %s", random_rows(seed)[table])
        cursor.execute("SELECT row_to_json(whole)::text FROM version AS whole")
        for (row,) in cursor.fetchall():
            value = json.loads(row)
            found.setdefault(tuple(value[column] for column in KEYS[table]), []).append(row)
        cursor.execute("DROP TABLE version")
    return found


def history(chance, rows):
    """A life of one key: the lines, and the row that is left (or None)."""
    lines, last = [], None
    for _ in range(chance.randint(1, 5)):
        if last is not None and chance.random() < 0.3:
            lines.append(f'{{"before":{last},"after":null,"op":"d"}}')
            last = None
        else:
            last = chance.choice(rows)
            lines.append(last)
    return lines, last


def interleave(chance, lives):
    """All lines of all lives, each life in its order."""
    order = [i for i, lines in enumerate(lives) for _ in lines]
    chance.shuffle(order)
    places = [iter(lines) for lines in lives]
    return [next(places[i]) for i in order]


def answers(path, folder):
    found, view = {}, None
    for line in views("--file", path, "--local", folder).stdout.splitlines():
        if line.startswith("{"):
            found[view].append(line)
        else:
            view = line.split()[1]
            found[view] = []
    return found


@pytest.mark.parametrize("seed", range(1, 7))
def test_changes(pg, two_databases, wide, tmp_path, seed):  # noqa: F811
    chance = random.Random(seed)
    oracle = two_databases[0]
    pg.psql(oracle, stdin=views("--oracle", wide).stdout)
    cursor = pg.connect(oracle).cursor()
    cursor.execute("SET TimeZone = 'UTC'")
    deletes = 0
    for table in KEYS:
        lives = [history(chance, rows) for rows in versions(cursor, table, range(seed * 10, seed * 10 + 3)).values()]
        lines = interleave(chance, [lines for lines, _ in lives])
        deletes += sum('"op":"d"' in line for line in lines)
        (tmp_path / f"{table}.jsonl").write_text("".join(line + "\n" for line in lines))
        left = [(row,) for _, row in lives if row is not None]
        psycopg2.extras.execute_values(
            cursor, f"INSERT INTO bronze.{table} SELECT whole.* FROM (VALUES %s) AS t(line),"
            f" json_populate_record(NULL::bronze.{table}, line::json) AS whole", left)
    assert deletes > 10
    cursor.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'm' ORDER BY oid")
    found, rows_n = answers(wide, tmp_path), 0
    for (view,) in cursor.fetchall():
        cursor.execute(f"REFRESH MATERIALIZED VIEW {view}")
        cursor.execute(f"SELECT row_to_json(whole)::text FROM {view} AS whole")
        expected = sorted(row for (row,) in cursor.fetchall())
        assert sorted(found.get(view, [])) == expected, view
        rows_n += len(expected)
    assert rows_n > 100
