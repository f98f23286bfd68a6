"""The planner against PostgreSQL: --oracle runs unmodified, and every view has the same columns and types in both.

WIDE holds one of every construct that the planner takes.
"""

import random
import subprocess

import psycopg2.extras
import pytest

from harness import ROOT
from harness.services import BUILD

WIDE = r"""
-- wide: one of every construct; Größe
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE FOREIGN TABLE bronze.a (
  id bigint, k int OPTIONS (warn 'a_k_check'), CHECK (k > 0), s2 smallint, t text, v varchar(20), c char(5), n numeric(12,2), nn numeric, f4 real, f8 double precision,
  b boolean NOT NULL, d date, ts timestamp(3), tz timestamptz, u uuid, "Odd Name" text CHECK ("Odd Name" <> 'x''y'), "order" int NOT NULL,
  CHECK (k > 0 AND s2 < 5), CHECK (k < 7), CONSTRAINT zz CHECK (id > 0),
  PRIMARY KEY (id)
) SERVER kafka OPTIONS (topic 'a', format 'json', warn 'zz, order not null');
CREATE FOREIGN TABLE bronze.b (x int, y int, a_id bigint, name text COLLATE "C" NOT NULL, PRIMARY KEY (y, x)) SERVER kafka OPTIONS (topic 'b');
COMMENT ON FOREIGN TABLE bronze.b IS 'it''s b';
CREATE VIEW silver.plain AS SELECT a.*, a.k + 1 AS k1 FROM bronze.a;
CREATE MATERIALIZED VIEW gold.exprs WITH (topic = 'gold-exprs', partitions = 4) AS
 SELECT id, k + id AS e1, k + s2 AS e2, k * 2.5 AS e3, n * 2 AS e4, -n AS e5, f4 + f8 AS e6, f4 + 1 AS e7, upper(v) AS e8, v || t AS e9,
   t || 5 AS e10, coalesce(n, 0) AS e11, coalesce(v, '') AS e12, case when b then n else n end AS e13, case k when 1 then 'one' when 2 then v end AS e14,
   nullif(v, 'x') AS e15, nullif(k, id) AS e16, k::numeric(10,3) AS e17, v::varchar(5) AS e18, t::char(3) AS e19, d - d AS e21, d + 1 AS e22,
   k BETWEEN 1 AND 5 AS e23, k NOT BETWEEN SYMMETRIC 5 AND 1 AS e24, v IN ('a', 'b') AS e25, k IN (1, 2.5) AS e26, k NOT IN (id, 3) AS e27,
   b IS TRUE AS e28, b IS NOT UNKNOWN AS e29, k IS DISTINCT FROM NULL AS e30, k IS NOT DISTINCT FROM id AS e31, greatest(k, s2, id) AS e32, least(n, 1.5) AS e33,
   t LIKE 'a%' AS e34, 'lit' AS e35, NULL AS e36, 99999999999 AS e37, 99999999999999999999 AS e38, true AS e39, date '2020-01-01' AS e40, t < v AS e41, d < ts AS e42, lower(c) AS e43,
   abs(n) AS e44, round(n, 1) AS e45, length(t) AS e46, '2020-01-01'::date AS e47, not b AS e48, k / s2 AS e49, k % 2 as e50, ts::date AS e51, c AS e52, "Odd Name", "order", u, tz, ts
 FROM bronze.a;
CREATE MATERIALIZED VIEW gold.aggs AS
 SELECT k, count(*), count(t) AS ct, sum(k) AS s1, sum(id) AS s2, sum(s2) AS s3, sum(n) AS s4, sum(nn) AS s5, sum(f4) AS s6, sum(f8) AS s7,
  avg(k) AS a1, avg(id) AS a2, avg(n) AS a3, avg(f4) AS a4, avg(f8) AS a5, min(v) AS m1, max(t) AS m2, min(n) AS m3, max(ts) AS m4, min(d) AS m5, max(s2) AS m6, min(c) AS m7, max(tz) as m8,
  sum(k) + count(*) AS x1, avg(k)::int AS x2, max(k) FROM bronze.a GROUP BY k HAVING count(*) > 1 AND sum(n) IS NOT NULL;
CREATE MATERIALIZED VIEW gold.joined AS
 WITH big AS (SELECT * FROM silver.plain WHERE k1 > 3)
 SELECT p.id, p.k, b.y, b.x, b.name, q.k AS qk FROM big p LEFT JOIN bronze.b AS b ON b.a_id = p.id AND b.name <> 'q' AND p.b LEFT JOIN bronze.a q ON q.id = b.a_id WHERE p.s2 > 1;
CREATE MATERIALIZED VIEW gold.comma AS SELECT a.id, b.x, b.y, a2.k FROM bronze.a, bronze.b, bronze.a AS a2 WHERE a.id = b.a_id AND a2.id = b.x AND a.k < b.x + a2.k AND b.name = 'z' AND true;
CREATE MATERIALIZED VIEW gold.fd AS SELECT a.id, a.t, count(b.x) AS n FROM bronze.a LEFT JOIN bronze.b ON b.a_id = a.id GROUP BY a.id;
CREATE MATERIALIZED VIEW gold.one (total, biggest) AS SELECT count(*), max(n) FROM bronze.a;
CREATE MATERIALIZED VIEW gold.top AS SELECT b.name, b.x, a.t, b.y FROM bronze.b JOIN bronze.a ON a.id = b.a_id ORDER BY a.id, b.x DESC NULLS LAST, 4 LIMIT 3 OFFSET 1;
CREATE MATERIALIZED VIEW gold.dist AS SELECT DISTINCT k, v FROM bronze.a ORDER BY v, k;
CREATE MATERIALIZED VIEW gold.uses AS SELECT d.k, d.v, t.total FROM gold.dist d JOIN gold.one t ON t.total = d.k + 76;
CREATE MATERIALIZED VIEW gold.rj AS SELECT id, t.name, t.x, t.y, x.k FROM bronze.a x RIGHT JOIN (SELECT a_id AS id, name, x, y FROM bronze.b) t USING (id);
"""

COLUMNS = """
SELECT n.nspname || '.' || c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind = %s AND n.nspname IN ('silver', 'gold')
 ORDER BY n.nspname, c.relname, a.attnum"""

NAMES = """
SELECT conname FROM pg_constraint WHERE conrelid = 'bronze.a'::regclass AND contype = 'c' ORDER BY conname COLLATE "C"
"""


def views(*arguments, check=True):
    """What sluice-views prints."""
    done = subprocess.run([str(BUILD / "bin" / "sluice-views"), *map(str, arguments)],
                          capture_output=True, text=True, timeout=60)
    if check and done.returncode != 0:
        raise AssertionError(done.stderr)
    return done


@pytest.fixture
def wide(tmp_path):
    path = tmp_path / "wide" / "pipeline.sql"
    path.parent.mkdir()
    path.write_text(WIDE)
    return path


@pytest.fixture
def two_databases(pg, unique):
    """One for the oracle, one for the target tables, both with C collation."""
    names = [f"{unique}_oracle", f"{unique}_target"]
    for name in names:
        pg.drop_database(name)
        pg.execute("postgres", f'CREATE DATABASE "{name}" TEMPLATE template0'
                   " ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
    yield names
    for name in names:
        pg.drop_database(name)


@pytest.mark.parametrize("which", ["acme", "wide"])
def test_types_are_postgresqls(pg, two_databases, which, wide):
    path = ROOT / "schemas" / "acme" / "pipeline.sql" if which == "acme" else wide
    oracle, target = two_databases
    pg.psql(oracle, stdin=views("--oracle", path).stdout)
    pg.psql(target, stdin=views("--ddl", path).stdout)
    expected = pg.execute(oracle, COLUMNS, ("m",))
    assert pg.execute(target, COLUMNS, ("r",)) == expected
    assert len(expected) > 40


def random_rows(seed):
    """Rows of bronze.a and bronze.b, many of them with NULLs; floats whose sums are exact in any order."""
    chance = random.Random(seed)
    a = [(i, chance.choice([None, 1, 2, 3, 5, 6]), chance.choice([None, 1, 2, 3, 4]),
          chance.choice([None, "a", "b", "abc", "Zed", "", "\u00e9"]), chance.choice([None, "x", "y", "foo"]),
          chance.choice([None, "q", "zz"]), chance.choice([None, "1.5", "2.25", "-3", "10.10"]),
          chance.choice([None, "1.0", "1.00", "2.123456"]), chance.choice([None, 1.5, -2.25, 0]),
          chance.choice([None, 0.5, 1e10, -5]), chance.choice([True, False]),
          chance.choice([None, "2020-01-01", "2024-02-29"]), chance.choice([None, "2020-01-01 10:00:00.123"]),
          chance.choice([None, "2020-01-01 00:00:00+02"]),
          chance.choice([None, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]), chance.choice([None, "odd", "o2"]),
          chance.randint(0, 9)) for i in range(1, 80)]
    b = [(x, y, chance.choice([None, *range(1, 90)]), chance.choice(["z", "q", "n"]))
         for y in range(1, 6) for x in range(1, 8) if chance.random() < 0.8]
    return {"a": a, "b": b}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_answers_are_postgresqls(pg, two_databases, wide, tmp_path, seed):
    """The plan, run over files, gives what PostgreSQL gives to the views of the same text."""
    oracle = two_databases[0]
    pg.psql(oracle, stdin=views("--oracle", wide).stdout)
    connection = pg.connect(oracle)
    cursor = connection.cursor()
    cursor.execute("SET TimeZone = 'UTC'")
    for table, rows in random_rows(seed).items():
        psycopg2.extras.execute_values(cursor, f"INSERT INTO bronze.{table} VALUES %s", rows)
        cursor.execute(f"SELECT row_to_json(whole)::text FROM bronze.{table} AS whole ORDER BY random()")
        (tmp_path / f"{table}.jsonl").write_text("".join(row + "\n" for (row,) in cursor.fetchall()))
    cursor.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'm' ORDER BY oid")
    expected = {}
    for (view,) in cursor.fetchall():
        cursor.execute(f"REFRESH MATERIALIZED VIEW {view}")
        cursor.execute(f"SELECT row_to_json(whole)::text FROM {view} AS whole")
        expected[view] = sorted(row for (row,) in cursor.fetchall())
    connection.close()
    answers, view = {}, None
    for line in views("--file", wide, "--local", tmp_path).stdout.splitlines():
        if line.startswith("{"):
            answers[view].append(line)
        else:
            view = next(name for name in expected if name in line.split())
            answers[view] = []
    assert sum(len(rows) for rows in expected.values()) > 150
    for name, rows in expected.items():
        assert sorted(answers.get(name, [])) == rows, name


def test_ddl_can_be_run_again(pg, two_databases, wide):
    ddl = views("--ddl", wide).stdout
    for _ in range(2):
        pg.psql(two_databases[1], stdin=ddl)


def test_rules_have_postgresqls_names(pg, two_databases, wide):
    """What warns is dropped from the oracle by name, so a wrong name would fail; the others keep theirs."""
    pg.psql(two_databases[0], stdin=views("--oracle", wide).stdout)
    names = [name for (name,) in pg.execute(two_databases[0], NAMES)]
    assert names == ["a_Odd Name_check", "a_check", "a_k_check1"]


def test_a_rule_that_warns_rejects_nothing(pg, two_databases, wide):
    pg.psql(two_databases[0], stdin=views("--oracle", wide).stdout)
    pg.execute(two_databases[0], "INSERT INTO bronze.a (id, b) VALUES (-1, true)")
    assert pg.value(two_databases[0], "SELECT count(*) FROM bronze.a") == 1


def test_a_folder_that_is_not_there_is_named(wide, tmp_path):
    done = views("--file", wide, "--local", tmp_path / "absent", check=False)
    assert done.returncode == 66 and "--local" in done.stderr and str(tmp_path / "absent") in done.stderr and not done.stdout, done


def test_a_refusal_names_the_place(tmp_path):
    path = tmp_path / "pipeline.sql"
    path.write_text("CREATE FOREIGN TABLE t (id int PRIMARY KEY) SERVER kafka OPTIONS (topic 't');\n"
                    "CREATE MATERIALIZED VIEW v AS SELECT id, now() FROM t;\n")
    done = views("--check", path, check=False)
    assert done.returncode == 65
    assert f"{path}:2:42: now() changes by itself" in done.stderr
    assert done.stdout == ""
