"""sluice-report: its formats beside PostgreSQL's own, a topic's quality beside plain counting, places, summaries."""

import csv
import io
import json
import xml.etree.ElementTree as tree

import pytest

from harness.s3 import NAMESPACE
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


def test_quality_of_more_than_fits(kafka, unique, tmp_path):
    """A topic with more keys than the memory holds is gone through in parts, and different values that do not fit are estimated."""
    topic = f"{unique}.large"
    kafka.create_topic(topic, partitions=2)
    last = {}
    records = []
    for n in range(40000):
        key = n % 30000
        row = {"id": key, "group": n % 7, "text": f"v{n}"} if n % 10 else {"id": key, "group": None}
        last[key] = row
        records.append((str(key).encode(), json.dumps(row).encode()))
    records += [(str(key).encode(), None) for key in range(0, 1000)]
    for key in range(1000):
        del last[key]
    kafka.produce(topic, records)
    rows = quality(kafka, topic, **{"quality-memory": "1MiB", "summary-file": tmp_path / "summary.json"})
    summary = json.loads((tmp_path / "summary.json").read_text())["counts"]["topic"]
    assert summary == {"records": 41000, "rows": 29000, "undecodable": 0, "parts": 3}
    nulls = sum("text" not in row for row in last.values())
    assert figures(rows["id"])[:3] == [29000, 0, 0] and figures(rows["text"])[:3] == [29000, nulls, 0] == [29000, *figures(rows["group"])[1:3]]
    assert figures(rows["group"])[3:] == [7, 29000 - nulls - 7] and rows["(row)"]["nulls"] == str(nulls)
    for column, different in (("id", 29000), ("text", 29000 - nulls), ("(key)", 29000)):
        assert abs(int(rows[column]["distinct"]) - different) < 0.03 * different
    assert rows["id"]["counted"] == "about" and rows["group"]["counted"] == "exactly"


def test_quality_of_avro(kafka, registry, unique, tmp_path):
    """What sluice-objects has written as Avro, envelopes of it: as the file's rows are, the last of each key."""
    file, topic = tmp_path / "a.csv", f"{unique}.bronze.a"
    written = {"topic": topic, "input": file, "key": "id", "columns": "id bigint, name text, price numeric(6,2)", "once": True, "null-text": "",
               "kafka-bootstrap": kafka.bootstrap, "state-dir": tmp_path / "state", "value-format": "avro", "schema-registry-url": registry.url}
    for text in ("id,name,price\n1,a,1.50\n2,b,\n3,b,2.50\n", "id,name,price\n1,a,1.50\n2,,\n4,d,2.50\n"):
        file.write_text(text)
        assert run("objects", written).returncode == 0
    kafka.settle(topic)
    rows = quality(kafka, topic, **{"schema-registry-url": registry.url})
    assert figures(rows["id"]) == [3, 0, 0, 3, 0] and figures(rows["name"])[:2] == [3, 1] and figures(rows["price"])[:2] == [3, 1]
    assert figures(rows["(key)"]) == [3, 0, 0, 3, 0]
    blind = run("report", {"quality": topic, "kafka-bootstrap": kafka.bootstrap, "format": "csv"})
    assert blind.returncode != 0 and "give --schema-registry-url" in blind.stderr


def test_an_object(pg, database, s3, bucket, tmp_path):
    """Small by one PUT, large in parts; parts of a run that was killed are given up by the next one."""
    def unfinished():
        listed = tree.fromstring(s3.request("GET", f"/{bucket}", {"uploads": ""}))
        return sorted(upload.findtext(f"{NAMESPACE}Key") for upload in listed.iter(f"{NAMESPACE}Upload"))

    s3.request("POST", f"/{bucket}/a/large.csv.other", {"uploads": ""})  # another's, under a longer key
    for name, rows in (("small", 2), ("large", 20000)):
        (tmp_path / f"{name}.sql").write_text(f"SELECT i, repeat('x', 1000) AS x FROM generate_series(1, {rows}) i ORDER BY 1")
        flags = {"reports": tmp_path, "postgres-url": f"dbname={database}", "format": "csv", "s3-endpoint": s3.endpoint,
                 "out": f"s3://{bucket}/a/{{name}}.{{ext}}"}
        env = {**pg.env, "AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key}
        if name == "large":
            killed = run("report", flags, arguments=[name], env={**env, "SLUICE_FAILPOINT": "report.after-part:kill"})
            assert killed.returncode == -9 and unfinished() == ["a/large.csv", "a/large.csv.other"]
        done = run("report", flags, arguments=[name], env=env)
        assert done.returncode == 0, done.stderr
        assert unfinished() == ["a/large.csv.other"] and ("given up" in done.stderr) == (name == "large")
        body = s3.get(bucket, f"a/{name}.csv")
        assert body.count(b"\n") == rows + 1 and body.startswith(b"i,x\n1,xxx")
