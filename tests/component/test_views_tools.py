"""sluice-views without a broker: --test, --local, --explain --format json."""

import json
import subprocess

import pytest

from harness.services import BUILD

PIPELINE = """
CREATE FOREIGN TABLE bronze.a (id int PRIMARY KEY, k text, n numeric(6,2) CHECK (n < 100), "T" timestamp(3))
  SERVER kafka OPTIONS (topic 'a', format 'debezium');
CREATE FOREIGN TABLE bronze.b (id int PRIMARY KEY, a int) SERVER kafka OPTIONS (topic 'b', format 'json');
CREATE MATERIALIZED VIEW silver.a AS SELECT * FROM bronze.a;
CREATE MATERIALIZED VIEW gold.k AS SELECT a.k, count(*) AS n, sum(a.n) AS s FROM bronze.a a JOIN bronze.b ON b.a = a.id GROUP BY a.k;
CREATE MATERIALIZED VIEW gold.f AS SELECT sum(n::float8) AS s FROM bronze.a;
CREATE MATERIALIZED VIEW gold.d AS SELECT id, 10 / n AS q FROM bronze.a;
"""


@pytest.fixture(params=["derived", "trusted"])
def pipeline(tmp_path, request):
    """Over rows a source that trusts its before images is as any other."""
    (tmp_path / "pipeline.sql").write_text(PIPELINE.replace("'debezium')", f"'debezium', before '{request.param}')"))
    return tmp_path / "pipeline.sql"


def views(*arguments):
    return subprocess.run([BUILD / "bin" / "sluice-views", *arguments], capture_output=True, text=True, check=False)


def tap(pipeline, script):
    (pipeline.parent / "test.sql").write_text(script)
    done = views("--test", pipeline.parent / "test.sql")
    lines = done.stdout.splitlines()
    assert lines[0] == "TAP version 13" and lines[-1].startswith("1.."), done
    return done.returncode, lines[1:-1]


def test_changes(pipeline):
    status, lines = tap(pipeline, """
-- A comment; then another.
-- test: every change there is
INSERT INTO bronze.a (id, k, n, "T") VALUES (1, 'x;''y', 1.5, '2025-01-01'), (2, $$x;'y$$, 2, NULL);
INSERT INTO bronze.b SELECT id + 10, id FROM bronze.a;
-- then gold.k
VALUES ('x;''y', 2, 3.5);
UPDATE bronze.a AS t SET n = t.n * 2, k = (SELECT max(k) FROM bronze.a) || '!' /* all */ WHERE t.id = 2;
UPDATE bronze.a SET id = 3 WHERE id = 1; -- a key changes
-- then silver.a (id, n, "T")
VALUES (2, 4.00, NULL), (3, 1.500, timestamp '2025-01-01');
BEGIN;
DELETE FROM bronze.a WHERE id = 2;
INSERT INTO bronze.a (id, n) VALUES (2, 0), (4, 100);
COMMIT;
-- then dead_letters (source, rule)
VALUES ('bronze.a', 'a_n_check');
-- then silver.a (id)
SELECT id FROM bronze.a WHERE id < 4;
-- then gold.d (id)
VALUES (3);
TRUNCATE TABLE bronze.a, bronze.b;
-- then silver.a: no rows
-- test nothing is left of the one before
-- then silver.a no rows
-- then dead_letters: no rows
""")
    assert (status, lines) == (0, ["ok 1 - every change there is", "ok 2 - nothing is left of the one before"])


def test_differences(pipeline):
    status, lines = tap(pipeline, """-- test: rows
INSERT INTO bronze.a (id, k, n) VALUES (1, 'a', 1), (2, 'b', 2);
-- then silver.a (id, n)
VALUES (1, 1.5), (3, 3);
-- test: of nothing
-- then gold.f
VALUES (NULL::float8);
""")
    assert status == 1
    assert lines == ["not ok 1 - rows", "# line 3: silver.a is not as expected", "#   different  id=1: n is 1.00, expected 1.50",
                     "#   too many   id=2, n=2.00", "#   missing    id=3, n=3.00", "ok 2 - of nothing"]


@pytest.mark.parametrize("statement, reason", [
    ("INSERT INTO bronze.c VALUES (1)", 'test.sql:2: the pipeline has no foreign table "bronze.c"'),
    ("INSERT INTO bronze.a (id, x) VALUES (1, 2)", 'test.sql:2: there is no column "x"'),
    ("INSERT INTO bronze.a VALUES (1, 'a', 1, NULL), (1, 'b', 1, NULL)", "with that key is there already"),
    ("INSERT INTO bronze.a (id) VALUES ('one')", 'invalid input syntax for type integer: "one"'),
    ("UPDATE bronze.a SET n = m + 1", 'test.sql:2:25: column "m" does not exist'),
    ("DELETE FROM bronze.a\n  WHERE idd = 1", 'test.sql:3:9: column "idd" does not exist'),
    ("DELETE FROM bronze.a USING bronze.b", "only WHERE can stand here"),
    ("CREATE TABLE t ()", "only INSERT, UPDATE, DELETE, TRUNCATE, BEGIN and COMMIT can stand here"),
    ("-- then gold.x\nVALUES (1)", 'test.sql:2: the pipeline has no materialized view "gold.x"'),
    ("-- then gold.k (s)", "VALUES or SELECT is missing"),
])
def test_not_understood(pipeline, statement, reason):
    status, lines = tap(pipeline, f"-- test: it\n{statement}\n;\n-- test: next\nTRUNCATE bronze.a;\n")
    assert status == 1 and lines[0] == "not ok 1 - it" and lines[-1] == "ok 2 - next"
    assert reason in "\n".join(lines)


def test_files(pipeline, tmp_path):
    folder = tmp_path / "rows"
    folder.mkdir()
    # one key more than a batch has, so that state outlives a step
    (folder / "a.csv").write_text('n,id,k\n' + "".join(f"1,{i},z\n" for i in range(100, 20100)) + '1.005,1,"a ""b"",\nc"\n,2,\n3,3,""\r\n100,4,d\n')
    (folder / "b.ndjson").write_text('{"id":1,"a":1}\n{"before":{"id":1,"a":1},"after":{"id":1,"a":3},"op":"u"}\n\n{"id":2,"a":1}\n')
    (folder / "b.jsonl").write_text('{"before":null,"after":{"id":3,"a":3},"op":"c"}\n')
    done = views("--file", pipeline, "--local", folder, "--print", "gold.k")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"k": "", "n": 2, "s": 6.0}, {"k": 'a "b",\nc', "n": 1, "s": 1.01}]
    assert f'{folder}/a.csv:20006: left out by rule "a_n_check"' in done.stderr
    whole = views("--file", pipeline, "--local", folder).stdout.splitlines()
    assert len(whole) == 20003 + 2 + 1 + 20003 + 4 and '{"id":2,"k":null,"n":null,"T":null}' in whole


@pytest.mark.parametrize("text, reason", [
    ("id,x\n1,2\n", ':1: bronze.b has no column "x"'),
    ("id,id\n1,2\n", ':1: column "id" stands in the header twice'),
    ("id,a\n1,2\n1\n", ":3: 1 value, the header has 2"),
    ("id,a\nx,2\n", ':2: column "id": invalid input syntax for type integer: "x"'),
    ('id,a\n1,"2\n', ":2: a quote is never closed"),
])
def test_bad_csv(pipeline, tmp_path, text, reason):
    (tmp_path / "b.csv").write_text(text)
    done = views("--file", pipeline, "--local", tmp_path)
    assert done.returncode != 0 and f"{tmp_path}/b.csv{reason}" in done.stderr


def test_explain(pipeline):
    told = json.loads(views("--explain", pipeline, "--format", "json").stdout)
    assert {view["name"]: view["equality"] for view in told["views"]} == {
        "silver.a": "exact", "gold.k": "exact", "gold.f": "floats correctly rounded", "gold.d": "exact"}
    text = views("--explain", pipeline).stdout
    join, = (one for one in told["operators"] if one["kind"] == "join")
    assert [one["exchange"] for one in join["inputs"]] == [["id"], ["a"]] or [one["exchange"] for one in join["inputs"]] == [["a"], ["id"]]
    for one in told["operators"]:
        assert f"#{one['node']} {one['does']}" in text
        assert one["state"] is None or f"; state: {one['state']}" in text
    assert "2 sources, 4 views" in text and ", 1 join)" in text
