"""sluice-s3-objects and what goes wrong around it: what the user is told, and that the rest goes through."""

import json
import re

import pytest

from harness.disk import small_disk
from harness.proxy import CLOSE, HANG, HttpProxy, s3_refusal
from harness.wait import until

EX_NOINPUT, EX_CANTCREAT, EX_NOPERM, EX_CONFIG = 66, 73, 77, 78

SCHEMA = """CREATE TABLE IF NOT EXISTS gold.a (id bigint NOT NULL, n smallint, price numeric(5,2), day date, text text, PRIMARY KEY (id));
"""


class Sink:
    """One topic, one bucket behind a proxy, one service."""

    def __init__(self, service, kafka, s3, bucket, unique, folder, proxy):
        self.kafka, self.s3, self.bucket, self.topic, self.pipeline = kafka, s3, bucket, f"{unique}.gold.a", unique
        self.schema = folder / "target.sql"
        self.schema.write_text(SCHEMA)
        self.make, self.proxy = service, proxy
        kafka.create_topic(self.topic, 1)

    def start(self, env=None, start=True, **more):
        flags = {"kafka-bootstrap": self.kafka.bootstrap, "s3-endpoint": self.proxy.url, "s3-bucket": self.bucket, "pipeline": self.pipeline,
                 "topics": self.topic, "rotate-interval": "100ms", "member-id": "one", "format": "ndjson", "s3-timeout": "500ms",
                 **{name.replace("_", "-"): value for name, value in more.items()}}
        return self.make("s3-objects", flags, env=env, start=start)

    def put(self, *records):
        self.kafka.produce(self.topic, [(json.dumps({"id": id}).encode(), row if isinstance(row, bytes) else json.dumps(row).encode())
                                        for id, row in records])

    def ids(self):
        """Of all lines of all objects, in order: one twice would show."""
        lines = [line for key in self.s3.list(self.bucket) for line in self.s3.get(self.bucket, key).splitlines()]
        return sorted(json.loads(line)["id"] for line in lines)


def row(id, **more):
    return id, {"id": id, "n": 1, "price": 1.5, "day": "2026-01-01", "text": "x", **more}


@pytest.fixture
def sink(service, kafka, s3, bucket, unique, tmp_path):
    with HttpProxy(s3.endpoint) as proxy:
        yield Sink(service, kafka, s3, bucket, unique, tmp_path, proxy)


def test_records_that_do_not_fit(sink):
    """Cut JSON, no UTF-8, numbers and days out of range: each a dead letter with its column, the others are lines."""
    whole = json.dumps(row(20)[1]).encode()
    sink.put(row(1), (10, whole[: len(whole) // 2]), (11, whole.replace(b'"x"', b'"\xff"')), row(12, n=32768), row(13, price=1000),
             row(14, day="2026-02-30"), (2, {"id": 2}), row(3, more=[1]))
    one = sink.start(format="csv", schema=sink.schema).wait_ready()
    one.until(lambda: len(sink.s3.list(sink.bucket)) == 1, "the object")
    body = sink.s3.get(sink.bucket, next(iter(sink.s3.list(sink.bucket)))).decode()
    assert body == ("id,n,price,day,text,__op,__offset\n1,1,1.50,2026-01-01,x,u,0\n2,,,,,u,6\n3,1,1.50,2026-01-01,x,u,7\n")
    told = {letter.json_key()["id"]: letter.header("sluice.error.message") for letter in sink.kafka.read(f"{sink.pipeline}.dead-letters")}
    assert set(told) == {10, 11, 12, 13, 14}, told
    assert "UTF-8" in told[11] and "column n" in told[12] and "column price" in told[13] and "column day" in told[14], told
    assert one.metric("sluice_dead_letters_total") == 5 and one.ready() == 200


def test_a_store_in_trouble_is_waited_for_and_each_record_lies_there_once(sink):
    """SlowDown, 500, no room (507), silence, a lost connection: 503 and why, then everything is written, nothing twice."""
    sink.put(row(1))
    one = sink.start().wait_ready()
    one.until(lambda: sink.ids() == [1], "the first row")
    for id, (what, word) in enumerate(((s3_refusal(503, "SlowDown"), "SlowDown"), (s3_refusal(500, "InternalError"), "InternalError"),
                                       (s3_refusal(507, "XMinioStorageFull"), "XMinioStorageFull"), (HANG, "does not answer"),
                                       (CLOSE, "does not answer")), 2):
        fault = sink.proxy.fault(what, "PUT")
        sink.put(row(id))
        one.wait_unready()
        one.wait_log(re.escape(word))
        assert sink.ids() == list(range(1, id)) and fault.hits >= 1
        sink.proxy.heal()
        one.wait_ready(60)
        one.until(lambda: sink.ids() == list(range(1, id + 1)), "the row")
    assert one.lives == 1 and one.metric("sluice_retries_total") >= 4


@pytest.mark.parametrize("refusal, status, words", [
    (s3_refusal(403, "AccessDenied"), EX_NOPERM, ("AccessDenied", "--s3-access-key")),
    (s3_refusal(404, "NoSuchBucket"), EX_CONFIG, ("no such bucket", "--s3-bucket")),
], ids=["403", "NoSuchBucket"])
def test_a_right_or_a_bucket_that_goes_away_ends_it(sink, refusal, status, words):
    """Said once, with the bucket; given back, the next start goes on without loss."""
    sink.put(row(1))
    one = sink.start().wait_ready()
    one.until(lambda: sink.ids() == [1], "the first row")
    sink.proxy.fault(refusal)
    sink.put(row(2))
    assert one.wait_exit(30) == status
    (line,) = [line for line in one.log().splitlines() if "level=error" in line]
    assert all(word in line for word in (sink.bucket, *words)), line
    sink.proxy.heal()
    one.start().wait_ready()
    one.until(lambda: sink.ids() == [1, 2], "both rows")


def test_a_schema_file_that_is_not_there(sink, tmp_path):
    one = sink.start(schema=tmp_path / "absent.sql", format="csv")
    assert one.wait_exit(30) == EX_NOINPUT and "--schema" in one.log() and "absent.sql" in one.log()


def test_a_full_disk_under_a_snapshot(sink, tmp_path):
    """The rows of a view spill to TMPDIR: without room there it ends, with room the next life writes the view."""
    sink.put(*[row(i, text="x" * 2000) for i in range(8000)])
    with small_disk(tmp_path / "disk", "2m") as disk:
        spill = {"TMPDIR": str(disk.path), "SQLITE_TMPDIR": str(disk.path)}
        one = sink.start(layout="snapshot", env=spill)
        assert one.wait_exit(60) == EX_CANTCREAT, one.tail()
        (line,) = [line for line in one.log().splitlines() if "level=error" in line]
        assert "full" in line and "TMPDIR" in line, line
        assert sink.s3.list(sink.bucket) == {}
        one.env.update(TMPDIR=str(tmp_path), SQLITE_TMPDIR=str(tmp_path))
        one.start().wait_ready(60)
        until(lambda: len([key for key in sink.s3.list(sink.bucket) if "/data/" in key]) == 1, "the view")
