"""sluice-report and what goes wrong around it: what the user is told, and that the rest goes through."""

import csv
import io
import json
import re
import subprocess
import xml.etree.ElementTree as tree
from urllib.parse import urlsplit

import pytest

from harness.disk import small_disk
from harness.proxy import CLOSE, HANG, HttpProxy, TcpProxy, s3_refusal
from harness.services import BUILD, environment, run

EX_DATAERR, EX_UNAVAILABLE, EX_CANTCREAT, EX_NOPERM, EX_CONFIG = 65, 69, 73, 77, 78

REPORTS = {
    "a_good": "SELECT i AS n FROM generate_series(1, 3) i ORDER BY 1",
    "b_range": "SELECT (i * 1000000000)::int AS n FROM generate_series(1, 3) i ORDER BY 1",
    "c_shape": "SELECT gone FROM gold.t",
    "d_bytes": b"SELECT '\xff' AS n",
    "e_good": "SELECT 'x' AS y",
}


@pytest.fixture
def report(pg, database, tmp_path):
    """report(NAME, **flags) is (exit status, stdout, errors)."""
    folder = tmp_path / "reports"
    folder.mkdir()
    for name, sql in REPORTS.items():
        (folder / f"{name}.sql").write_bytes(sql if isinstance(sql, bytes) else sql.encode())
    pg.psql(database, stdin="CREATE SCHEMA gold; CREATE TABLE gold.t (id int)")

    def ask(name, env=None, **flags):
        words = {"reports": folder, "postgres-url": f"dbname={database}", **{flag.replace("_", "-"): value for flag, value in flags.items()}}
        done = run("report", words, arguments=[name], env={**pg.env, **(env or {})}, deadline_s=90)
        return done.returncode, done.stdout, [line for line in done.stderr.splitlines() if "level=error" in line]

    ask.folder = folder
    return ask


def test_a_report_that_fails_does_not_keep_the_others_away(report, tmp_path):
    for flags in ({}, {"export": True, "export_dir": tmp_path}):
        status, out, errors = report("all", **flags)
        assert status == EX_DATAERR and len(errors) == 4, errors
        for line, words in zip(errors, (("b_range", "out of range", "22003"), ("c_shape", "gone", "42703"), ("d_bytes", "UTF8", "22021"),
                                        ("3 of 5 reports failed",))):
            assert all(word in line for word in words), line
        assert "a_good" in out and "e_good" in out
    assert sorted(file.name.split("_result_")[0] for file in tmp_path.glob("*.csv")) == ["a_good", "e_good"]
    status, out, errors = report("c_shape")
    assert status == EX_CONFIG and len(errors) == 1 and out == ""


def test_a_full_disk_leaves_no_half_of_a_file(report, tmp_path):
    (report.folder / "f_large.sql").write_text("SELECT repeat('x', 1000) FROM generate_series(1, 2000)")
    with small_disk(tmp_path / "disk", "1m") as disk:
        status, out, errors = report("f_large", export=True, export_dir=disk.path)
        assert status == EX_CANTCREAT and "No space left" in errors[0] and str(disk.path) in errors[0] and out == ""
        assert list(disk.path.glob("*.csv")) == []
        status, out, errors = report("all", export=True, export_dir=disk.path)
        assert "4 of 6 reports failed" in errors[-1] and len(out.splitlines()) == 2


def test_output_that_nobody_keeps_is_an_error(report, pg, database):
    with open("/dev/full", "w") as full:
        done = subprocess.run([str(BUILD / "bin" / "sluice-report"), "a_good", f"--reports={report.folder}", f"--postgres-url=dbname={database}"],
                              env=environment(pg.env), stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == EX_CANTCREAT and "standard output" in done.stderr and "No space left" in done.stderr


def test_a_database_that_says_nothing(report, pg, database):
    with TcpProxy(pg.host, pg.port) as proxy:
        proxy.silence()
        status, _out, errors = report("a_good", postgres_url=f"host=127.0.0.1 port={proxy.port} dbname={database}",
                                      postgres_connect_timeout="500ms")
        assert status == EX_UNAVAILABLE and "no answer" in errors[0] and str(proxy.port) in errors[0]


def test_xml_is_well_formed_whatever_a_value_holds(report):
    """What XML 1.0 can't hold becomes U+FFFD; names that it does not take are escaped."""
    (report.folder / "a_good.sql").write_text("SELECT i AS n, chr(i) || '<&>\"]]>' AS \"<odd & name>\" FROM generate_series(1, 65535) i "
                                              "WHERE i NOT BETWEEN 55296 AND 57343 ORDER BY 1")
    status, out, errors = report("a_good", format="xml")
    assert status == 0 and not errors
    rows = tree.fromstring(out)
    assert len(rows) == 65535 - 2048
    for row in rows:
        number, text = row[0].text, row[1].text
        code = int(number)
        held = code in (9, 10, 13) or 32 <= code <= 0xFFFD
        assert text == (chr(code) if held else "\ufffd") + "<&>\"]]>", (number, text[0])
    assert row[1].tag == "_x003C_odd_x0020__x0026__x0020_name_x003E_"


def test_a_store_that_refuses_slows_down_and_hangs(report, s3, bucket):
    """One object is forbidden: the others go through. What may pass is tried again; what stays is told and ends it."""
    for name in ("b_range", "c_shape", "d_bytes"):
        (report.folder / f"{name}.sql").unlink()
    keys = {"AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key}
    with HttpProxy(s3.endpoint) as proxy:
        def ask(place="{name}.csv", into=bucket):
            return report("all", env=keys, format="csv", out=f"s3://{into}/{place}", s3_endpoint=proxy.url, s3_region=s3.region, s3_timeout="500ms")

        proxy.fault(s3_refusal(403, "AccessDenied"), "PUT", r"/a_good\.csv")
        status, _out, errors = ask()
        assert status == EX_NOPERM and "AccessDenied" in errors[0] and "a_good" in errors[0] and s3.secret_key not in str(errors)
        assert s3.list(bucket).keys() == {"e_good.csv"}
        proxy.heal()
        passing = [proxy.fault(s3_refusal(503, "SlowDown"), "PUT", "a_good", times=2), proxy.fault(CLOSE, "PUT", "a_good", times=1),
                   proxy.fault(s3_refusal(500, "InternalError"), "PUT", "e_good", times=1),
                   proxy.fault(s3_refusal(429, "TooManyRequests"), "PUT", "e_good", times=1)]
        status, _out, errors = ask("again/{name}.csv")
        assert (status, errors) == (0, []) and [fault.hits for fault in passing] == [2, 1, 1, 1]
        assert s3.get(bucket, "again/a_good.csv") == b"n\n1\n2\n3\n" and s3.get(bucket, "again/e_good.csv") == b"y\nx\n"
        proxy.fault(HANG, "PUT", "a_good", times=1)
        status, _out, errors = ask("later/{name}.csv")
        assert status == EX_UNAVAILABLE and "does not answer" in errors[0] and not s3.list(bucket, "later/")
        status, _out, errors = ask(into="no-such-bucket")
        assert status == EX_CONFIG and "there is no such bucket" in errors[0]
        proxy.fault(s3_refusal(503, "SlowDown"), "PUT")
        status, _out, errors = ask("never/{name}.csv")
        assert status == EX_UNAVAILABLE and "SlowDown" in errors[0]
        assert not s3.list(bucket, "never/")


def quality(kafka, topic, **flags):
    done = run("report", {"quality": topic, "kafka-bootstrap": kafka.bootstrap, "format": "csv", **flags}, deadline_s=90)
    rows = {row["column"]: row for row in csv.DictReader(io.StringIO(done.stdout))}
    return done.returncode, rows, done.stderr


def test_records_that_can_not_be_read_are_counted_apart(kafka, unique, tmp_path):
    """JSON cut in half, bytes that are no UTF-8, what is no object: told, and the others are counted without them."""
    topic = f"{unique}.quality"
    kafka.create_topic(topic, partitions=1)
    kafka.produce(topic, [(b"1", b'{"id":1,"n":1e400}'), (b"2", b'{"id":2,'), (b"3", b'{"id":"\xff"}'), (b"4", b"[1]"), (b"5", b'{"id":3}')])
    status, rows, said = quality(kafka, topic, **{"summary-file": tmp_path / "summary.json"})
    assert status == 0 and [rows["id"][name] for name in ("rows", "nulls", "distinct")] == ["2", "0", "2"], said
    assert json.loads((tmp_path / "summary.json").read_text())["counts"]["topic"] == {"records": 5, "rows": 2, "undecodable": 3, "parts": 1}
    assert re.search(rf"level=warn.*topic={topic} partition=0 offset=1 why=", said) and said.count("level=warn") == 1, said


def test_a_registry_in_trouble(kafka, registry, unique, tmp_path):
    """What may pass is asked again; a schema that is not there costs its record alone."""
    file, topic = tmp_path / "a.csv", f"{unique}.bronze.a"
    file.write_text("id,name\n1,a\n2,b\n")
    written = run("objects", {"topic": topic, "input": file, "key": "id", "once": True, "kafka-bootstrap": kafka.bootstrap,
                              "state-dir": tmp_path / "state", "value-format": "avro", "schema-registry-url": registry.url})
    assert written.returncode == 0, written.stderr
    kafka.produce(topic, [(b"9", b"\0\x7f\xff\xff\xffx")])
    kafka.settle(topic)
    with HttpProxy(registry.url) as proxy:
        url = proxy.url + urlsplit(registry.url).path
        passing = [proxy.fault(s3_refusal(status, "x"), times=1) for status in (500, 429, 503)]
        status, rows, said = quality(kafka, topic, **{"schema-registry-url": url})
        assert status == 0 and [fault.hits for fault in passing] == [1, 1, 1], said
        assert rows["name"]["rows"] == "2" and re.search("level=warn.*no schema of id 2147483647", said), said
        proxy.fault(s3_refusal(500, "x"))
        status, rows, said = quality(kafka, topic, **{"schema-registry-url": url})
        assert status == EX_UNAVAILABLE and not rows and "500" in said
