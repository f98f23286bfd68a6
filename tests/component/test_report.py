"""sluice-report: its formats beside PostgreSQL's own, a topic's quality beside plain counting, places, summaries."""

import csv
import io
import json
import xml.etree.ElementTree as tree

import pytest

from harness.services import run

SELECT = """SELECT i AS n, i % 2 = 0 AS even, CASE WHEN i <> 2 THEN 'a,"b' || chr(10) || i END AS text, '' AS empty,
  (i * 1.50)::numeric(6,2) AS price, 'NaN'::float8 AS none, jsonb_build_object('k', i) AS doc, chr(1) || '<&>' AS "odd name"
  FROM generate_series(1, 3) i ORDER BY 1"""


@pytest.fixture
def report(pg, database, tmp_path):
    """report(NAME, **flags): the finished process; folder holds what it is asked for."""
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "types.sql").write_text(SELECT)
    (folder / "large.sql").write_text("SELECT i, repeat('x', 10) AS x FROM generate_series(1, 12000) i ORDER BY 1")
    (folder / "asked.sql").write_text("-- $1 word text = none\n-- $2 limit integer = 3, 1..5\nSELECT $1::text AS word, $2::int AS n")
    (folder / "document.sql").write_text("SELECT json_build_object('a', 1) AS doc")

    def ask(*words, **flags):
        named = {flag.replace("_", "-"): value for flag, value in flags.items()}
        return run("report", {"reports": folder, "postgres-url": f"dbname={database}", **named}, arguments=list(words), env=pg.env)

    return ask


def test_formats(report, pg, database):
    copied = pg.psql(database, stdin=f"COPY ({SELECT}) TO STDOUT WITH (FORMAT csv, HEADER)")
    assert report("types", format="csv").stdout.rstrip("\n") == copied.rstrip("\n")
    rows = json.loads(report("types", format="json").stdout)
    assert rows[0] == {"n": 1, "even": False, "text": 'a,"b\n1', "empty": "", "price": 1.5, "none": "NaN", "doc": {"k": 1}, "odd name": "\x01<&>"}
    assert rows[1]["text"] is None and len(rows) == 3
    document = tree.fromstring(report("types", format="xml").stdout)
    first = {cell.tag: cell.text for cell in document[0]}
    assert first["even"] == "false" and first["price"] == "1.50" and first["odd_x0020_name"] == "�<&>" and len(document) == 3
    assert "(12000 rows)" in report("large").stdout
    assert json.loads(report("document", format="document").stdout) == {"a": 1}
    assert report("types", format="document").returncode == 65


def test_parameters_are_bound(report):
    word = "'; DROP TABLE x; --"
    done = report("asked", format="json", parameter=[f"word={word}", "limit=5"])
    assert json.loads(done.stdout) == [{"word": word, "n": 5}]
    assert json.loads(report("asked", format="json").stdout) == [{"word": "none", "n": 3}]
    for wrong in ("limit=6", "limit=1;", "limit=x"):
        done = report("asked", parameter=[wrong])
        assert done.returncode == 64 and "limit must be a whole number from 1 to 5" in done.stderr


def test_places_and_summary(report, tmp_path):
    done = report("large", format="csv", out=tmp_path / "{name}.{ext}", summary_file=tmp_path / "summary.json")
    assert done.returncode == 0 and len((tmp_path / "large.csv").read_text().splitlines()) == 12001
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["status"] == "success" and summary["counts"] == {"report": {"reports": 1, "rows": 12000}}
    assert set(summary["stages_ms"]) == {"connect", "reports"} and "success in" in done.stderr
    refused = report("all", format="csv", out=tmp_path / "one.csv")
    assert refused.returncode == 64 and "{name}" in refused.stderr
    failed = report("types", format="document", summary_file=tmp_path / "summary.json")
    assert failed.returncode == 65 and json.loads((tmp_path / "summary.json").read_text())["status"] == "failed"


def test_again_and_again(service, report, pg, database, tmp_path):
    folder = tmp_path / "reports"
    one = service("report", {"reports": folder, "query": "document", "format": "document", "out": tmp_path / "now.json", "every": "200ms",
                             "postgres-url": f"dbname={database}"}, env=pg.env)
    one.wait_ready()
    one.wait_log("success in.*(?s:.)*success in")
    assert json.loads((tmp_path / "now.json").read_text()) == {"a": 1}
    assert one.terminate() == 0


def quality(kafka, topic, **flags):
    done = run("report", {"quality": topic, "kafka-bootstrap": kafka.bootstrap, "format": "csv", **flags})
    assert done.returncode == 0, done.stderr
    return {row["column"]: row for row in csv.DictReader(io.StringIO(done.stdout))}


def figures(row):
    return [int(row[name]) for name in ("rows", "nulls", "empty", "distinct", "duplicates")]


def test_quality_of_a_topic(kafka, unique):
    topic = f"{unique}.quality"
    kafka.create_topic(topic, partitions=2)
    envelope = '{"before":null,"after":{"id":4,"name":"d"},"op":"c"}'
    records = [(b"1", b'{"id":1,"name":"a"}'), (b"2", b'{"id":2,"name":" "}'), (b"3", b'{"id":3,"name":null,"late":1}'),
               (b"1", b'{"id":1,"name":"d"}'), (b"2", None), (b"4", envelope.encode()), (b"5", b"no json")]
    kafka.produce(topic, records)
    rows = quality(kafka, topic)
    assert figures(rows["id"]) == [3, 0, 0, 3, 0] and figures(rows["name"]) == [3, 1, 0, 1, 1]
    assert figures(rows["late"]) == [3, 2, 0, 1, 0] and rows["late"]["completeness_percent"] == "33.33"
    assert figures(rows["(key)"])[:1] == [3] and rows["(row)"]["counted"] == "exactly"
    records = quality(kafka, topic, **{"quality-of": "records"})
    assert figures(records["id"]) == [5, 0, 0, 4, 1] and figures(records["name"]) == [5, 1, 1, 3, 1]
    assert figures(records["(key)"]) == [5, 0, 0, 4, 1]
    absent = run("report", {"quality": f"{unique}.absent", "kafka-bootstrap": kafka.bootstrap})
    assert absent.returncode == 66 and "there is no topic" in absent.stderr


def test_an_object(pg, database, s3, bucket, tmp_path):
    """Small by one PUT, large in parts."""
    for name, rows in (("small", 2), ("large", 20000)):
        (tmp_path / f"{name}.sql").write_text(f"SELECT i, repeat('x', 1000) AS x FROM generate_series(1, {rows}) i ORDER BY 1")
        done = run("report", {"reports": tmp_path, "postgres-url": f"dbname={database}", "format": "csv", "s3-endpoint": s3.endpoint,
                              "out": f"s3://{bucket}/a/{{name}}.{{ext}}"}, arguments=[name], env={**pg.env, "AWS_ACCESS_KEY_ID": s3.access_key,
                                                                                               "AWS_SECRET_ACCESS_KEY": s3.secret_key})
        assert done.returncode == 0, done.stderr
        body = s3.get(bucket, f"a/{name}.csv")
        assert body.count(b"\n") == rows + 1 and body.startswith(b"i,x\n1,xxx")
