"""sluice-s3-objects against real Kafka and a real S3 store: each record in exactly one object, whatever dies when."""

import csv
import gzip
import io
import json
import re
import signal
import socket
import struct
import xml.etree.ElementTree as ElementTree
from collections import Counter

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions

from harness.modules import need
from harness.services import run
from harness.wait import until

EX_USAGE, EX_DATAERR, EX_UNAVAILABLE, EX_NOPERM, EX_CONFIG = 64, 65, 69, 77, 78
PLACES = ("before-plan", "after-plan", "after-put", "before-advance")
NAME = re.compile(r"(?P<topic>[^/]+)/(?P<partition>\d+)/(?P=topic)\+(?P=partition)\+(?P<start>\d{20})-(?P<end>\d{20})\.(?P<ext>\w+)")
XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


@pytest.fixture
def sink(service, kafka, s3, bucket, unique):
    """sink(**flags) makes the service for topic `<unique>.gold.a`, pipeline `unique`, with small limits.

    Its instances are one static member, so that a killed one's successor need not wait for a session to end.
    """

    def make(topics=None, start=True, instance="", **flags):
        words = {
            "kafka-bootstrap": kafka.bootstrap, "s3-endpoint": s3.endpoint, "s3-bucket": bucket, "pipeline": unique,
            "topics": topics or f"{unique}.gold.a", "rotate-interval": "200ms", "member-id": "one",
            **{name.replace("_", "-"): value for name, value in flags.items()},
        }
        return service("s3-objects", words, start=start, instance=instance)

    return make


@pytest.fixture
def topic(kafka, unique):
    name = f"{unique}.gold.a"
    kafka.create_topic(name, 3, {"cleanup.policy": "compact", "min.compaction.lag.ms": "86400000"})
    return name


def rows(n, start=0):
    """n upserts of different keys, every tenth a delete of the key before."""
    for i in range(start, start + n):
        key = json.dumps({"id": i}, separators=(",", ":")).encode()
        yield key, json.dumps({"id": i, "text": f"row {i}", "amount": 1.5, "none": None}, separators=(",", ":")).encode()
        if i % 10 == 9:
            yield key, None


def read_json(body):
    parsed = json.loads(body)
    assert body == b"[\n" + b",\n".join(line.rstrip(b",") for line in body.split(b"\n")[1:-2]) + b"\n]\n"
    return parsed


def read_ndjson(body):
    assert body.endswith(b"\n")
    return [json.loads(line) for line in body.split(b"\n")[:-1]]


def read_xml(body):
    root = ElementTree.fromstring(body)
    assert root.tag == "rows" and all(row.tag == "row" for row in root)
    return [{cell.tag: None if cell.get(XSI_NIL) == "true" else cell.text or "" for cell in row} for row in root]


READ = {"json": read_json, "ndjson": read_ndjson, "xml": read_xml}


def objects(s3, bucket, ext):
    """[(topic, partition, start, end, rows)] of all objects of a format, in the order of their names."""
    found = []
    for key in s3.list(bucket):
        name = NAME.fullmatch(key)
        assert name, f"a name that is none: {key}"
        if name["ext"] == ext:
            found.append((name["topic"], int(name["partition"]), int(name["start"]), int(name["end"]), READ[ext](s3.get(bucket, key))))
    return found


def offsets(s3, bucket, ext="json"):
    """{(topic, partition, offset): how often it lies in objects}; windows must not overlap and must bound their rows."""
    seen, last = Counter(), {}
    for topic, partition, start, end, lines in objects(s3, bucket, ext):
        inside = [int(line["__offset"]) for line in lines]
        assert inside == sorted(inside) and start <= inside[0] and inside[-1] <= end and inside
        assert start > last.get((topic, partition), -1), f"windows overlap in {topic}/{partition} at {start}"
        last[topic, partition] = end
        seen.update((topic, partition, offset) for offset in inside)
    return seen


def expect_all(kafka, s3, bucket, topic, exts=("json",), bad=0):
    """Objects hold each record of the topic once, and nothing else."""
    records = kafka.read(topic)
    wanted = {(r.topic, r.partition, r.offset): r for r in records}
    for ext in exts:
        seen = offsets(s3, bucket, ext)
        assert len(wanted) - bad == len(seen) > 0 and set(seen) <= set(wanted) and max(seen.values()) == 1
        for name, partition, _, _, lines in objects(s3, bucket, ext):
            for line in lines:
                record = wanted[name, partition, int(line["__offset"])]
                assert line["__op"] == ("d" if record.value is None else "u")
                expected = record.json_key() if record.value is None else record.json()
                assert [k for k in line if not k.startswith("__")] == list(expected)
                if ext != "xml":
                    assert {k: v for k, v in line.items() if not k.startswith("__")} == json.loads(record.value or record.key)
    print(f"{topic}: {len(wanted)} records, each in one object")


def all_written(kafka, s3, bucket, topic, ext="json", bad=0):
    wanted = len(kafka.read(topic)) - bad
    return lambda: sum(offsets(s3, bucket, ext).values()) >= wanted


# --- what an object holds, and when it ends ---


def test_rows_become_objects_of_every_format(sink, kafka, s3, bucket, topic):
    kafka.produce(topic, rows(100))
    one = sink(format=",".join(READ)).wait_ready()
    one.until(all_written(kafka, s3, bucket, topic, "xml"), "all rows to be written")
    expect_all(kafka, s3, bucket, topic, tuple(READ))
    assert one.terminate() == 0


def test_an_object_ends_by_records(sink, kafka, s3, bucket, topic):
    kafka.produce(topic, [(b'{"id":1}', b'{"id":1}', None, 0)] * 95)
    one = sink(rotate_records=10, rotate_interval="1h").wait_unready()
    one.until(lambda: len(s3.list(bucket)) == 9, "nine objects")
    assert [(start, end) for _, _, start, end, _ in objects(s3, bucket, "json")] == [(i * 10, i * 10 + 9) for i in range(9)]
    one.until(lambda: one.metric("sluice_buffered_records") == 5, "five records to wait")
    assert one.terminate() == 0  # what waits is written at the end
    expect_all(kafka, s3, bucket, topic)


def test_an_object_ends_by_bytes(sink, kafka, s3, bucket, topic):
    kafka.produce(topic, [(b'{"id":1}', b'{"id":1,"x":"%s"}' % (b"x" * 500), None, 0)] * 40)
    one = sink(rotate_bytes="2kB", rotate_interval="1h").wait_unready()
    one.until(lambda: one.metric("sluice_records_written_total") >= 36, "most to be written")
    assert all(len(lines) == 4 for *_, lines in objects(s3, bucket, "json"))
    assert one.terminate() == 0
    expect_all(kafka, s3, bucket, topic)


def test_an_object_ends_by_time(sink, kafka, s3, bucket, topic):
    one = sink(rotate_interval="300ms").wait_ready()
    for i in range(3):
        kafka.produce(topic, [(b'{"id":1}', b'{"id":1}', None, 0)])
        one.until(lambda: len(s3.list(bucket)) == i + 1, f"object {i + 1}")
    expect_all(kafka, s3, bucket, topic)


def test_the_buffer_is_bounded(sink, kafka, s3, bucket, topic):
    kafka.produce(topic, [(b'{"id":1}', b'{"id":1,"x":"%s"}' % (b"x" * 900), None, i % 3) for i in range(300)])
    one = sink(rotate_interval="1h", buffer_size="50kB").wait_unready()
    one.until(lambda: one.metric("sluice_records_read_total") == 300, "all to be read")
    one.until(lambda: one.metric("sluice_buffered_bytes") <= 50_000, "the buffer to be small")
    assert one.metric("sluice_objects_written_total") >= 3
    assert one.terminate() == 0
    expect_all(kafka, s3, bucket, topic)


def test_xml_stays_well_formed_whatever_a_row_holds(sink, kafka, s3, bucket, topic):
    nasty = {"": 1, "a b": "<&>\"']]>", "1": "\r\n\t\x00\x01\x1f\ufffe", "xml": "\U0001f600", "a:b": [1, [], {"x": None}], "ü": {"<": "\ud800"}}
    kafka.produce(topic, [(b'{"id":1}', json.dumps({"row": i, **nasty}).encode(), None, 0) for i in range(3)])
    one = sink(format="xml").wait_ready()
    one.until(lambda: one.metric("sluice_records_written_total") == 3, "the rows to be written")
    cells = objects(s3, bucket, "xml")[0][-1][0]
    assert cells["a_x0020_b"] == "<&>\"']]>" and cells["_x0031_"] == "\r\n\t" + "\ufffd" * 4
    assert cells["_x0078_ml"] == "\U0001f600" and cells["_x0000_"] == "1" and "a_x003A_b" in cells
    assert one.metric("sluice_characters_replaced_total") == 3 * 5


def test_ndjson_is_a_row_a_line_whatever_a_row_holds(sink, kafka, s3, bucket, topic):
    nasty = {"\n": "\r\n\u2028\u0085", "a": [1, [], {"x": {"\r": None}}], "ü": "\ud800", "n": 1.5}
    kafka.produce(topic, [(b'{"id":1}', json.dumps({"row": i, **nasty}, indent=1).encode(), None, 0) for i in range(3)])
    one = sink(format="ndjson").wait_ready()
    one.until(lambda: one.metric("sluice_records_written_total") == 3, "the rows to be written")
    lines = [line for *_, found in objects(s3, bucket, "ndjson") for line in found]
    assert lines == [{"row": i, **nasty, "__op": "u", "__offset": i} for i in range(3)]


TARGET = """CREATE TABLE IF NOT EXISTS gold.a (
  id bigint NOT NULL,
  text text,
  amount numeric(10,2),
  "none" date,
  PRIMARY KEY (id)
);
"""


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "target.sql"
    path.write_text(TARGET)
    return path


def test_csv_and_parquet_by_declared_types(sink, kafka, s3, bucket, topic, target, tmp_path):
    """Keys by template, text zipped, each row typed; both give the same rows, after a kill too."""
    kafka.produce(topic, [*rows(100), (b'{"id":-1}', b'{"id":-1,"amount":"much"}')])
    flags = {"format": "csv,parquet", "schema": target, "compression": "gzip", "rotate_records": 30,
             "key_template": "{ext}/{table}/{partition}-{start}-{end}.{ext}"}
    one = sink(start=False, **flags)
    one.start(env={"SLUICE_FAILPOINT": "s3-objects.after-put:kill@3"})
    assert one.wait_exit(30) == -signal.SIGKILL
    one.start().wait_ready()
    one.until(lambda: one.metric("sluice_lag_records") == 0 and one.metric("sluice_buffered_records") == 0, "all to be written")
    assert one.terminate() == 0
    parquet = need("pyarrow.parquet")
    seen = {"csv": [], "parquet": []}
    for key in s3.list(bucket):
        ext, name, file = key.split("/")
        assert name == "a" and re.fullmatch(r"\d-\d{20}-\d{20}\.(csv\.gz|parquet)", file)
        body = s3.get(bucket, key)
        if ext == "csv.gz":
            for line in csv.DictReader(io.StringIO(gzip.decompress(body).decode())):
                seen["csv"].append((file[0], int(line["__offset"]), line["__op"], int(line["id"]), line["text"] or None, line["amount"], line["none"]))
        else:
            for line in parquet.read_table(io.BytesIO(body)).to_pylist():
                assert line["none"] is None
                seen["parquet"].append((file[0], line["__offset"], line["__op"], line["id"], line["text"], "" if line["amount"] is None else str(line["amount"]), ""))
    assert seen["csv"] == seen["parquet"] and len(set(seen["csv"])) == len(seen["csv"]) == 110
    assert Counter(op for _, _, op, *_ in seen["csv"]) == {"u": 100, "d": 10} and {amount for *_, amount, _ in seen["csv"]} == {"1.50", ""}
    letters = kafka.read(f"{topic.split('.')[0]}.dead-letters")
    assert [letter.key for letter in letters] == [b'{"id":-1}'] and "column amount" in letters[0].header("sluice.error.message")


def test_rows_out_of_an_envelope_as_nested_xml(sink, kafka, s3, bucket, topic):
    product = {"ean": "0123", "price": 55.0, "prices": [{"value": 18.5}], "name": "<&>"}
    kafka.produce(topic, [(b'{"id":1}', json.dumps({"before": None, "after": product, "op": "c"}).encode(), None, 0)])
    one = sink(format="xml", row_from="after", xml_style="tree", xml_root="products", xml_record="product", xml_wrap="prices=price").wait_ready()
    one.until(lambda: s3.list(bucket), "the object")
    body = s3.get(bucket, next(iter(s3.list(bucket)))).decode()
    assert body == """<?xml version="1.0" encoding="UTF-8"?>
<products>
  <product>
    <ean>0123</ean>
    <price>55.0</price>
    <prices>
      <price>
        <value>18.5</value>
      </price>
    </prices>
    <name>&lt;&amp;&gt;</name>
    <__op>u</__op>
    <__offset>0</__offset>
  </product>
</products>
"""


def test_options_that_can_not_be_are_refused(sink, target, topic):
    refused(sink(instance="types", format="parquet"), EX_USAGE, "--schema FILE")
    refused(sink(instance="columns", format="csv"), EX_USAGE, "--columns")
    refused(sink(instance="table", format="csv", schema=target, topics=topic.replace("gold.a", "gold.b")), EX_CONFIG, "--schema", "gold.b")
    refused(sink(instance="column", format="csv", schema=target, columns="id,nope"), EX_CONFIG, "nope")
    refused(sink(instance="delimiter", format="csv", columns="id", csv_delimiter="ab"), EX_USAGE, "--csv-delimiter")
    refused(sink(instance="template", key_template="{topic}/{start}-{end}.{ext}"), EX_USAGE, "{partition}")
    refused(sink(instance="name", key_template="{topic}/{day}/{partition}/{start}-{end}.{ext}"), EX_USAGE, "{day}")


# --- what it must not do twice or leave out ---


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("times", (1, 3))
def test_killed_at_a_failpoint(sink, kafka, s3, bucket, topic, place, times):
    kafka.produce(topic, rows(60))
    one = sink(start=False, format="json,xml", rotate_records=7)
    one.start(env={"SLUICE_FAILPOINT": f"s3-objects.{place}:kill@{times}"})
    assert one.wait_exit(30) == -signal.SIGKILL
    assert f"msg=failpoint name=s3-objects.{place}" in one.log()
    kafka.produce(topic, rows(30, 1000))
    one.flags["rotate-records"] = 11  # without the plan, another window would end elsewhere
    one.start().wait_ready()
    one.until(all_written(kafka, s3, bucket, topic, "xml"), "all rows to be written")
    expect_all(kafka, s3, bucket, topic, ("json", "xml"))
    assert one.terminate() == 0


def test_killed_again_and_again(sink, kafka, s3, bucket, topic):
    one = sink(start=False, format="json,xml", rotate_records=5)
    fell = Counter()
    for life in range(12):
        kafka.produce(topic, rows(20, life * 100))
        place = PLACES[life % 4]
        one.flags["rotate-records"] = 5 + life % 5
        one.start(env={"SLUICE_FAILPOINT": f"s3-objects.{place}:kill@{1 + life % 3}"})
        assert one.wait_exit(30) == -signal.SIGKILL
        fell[place] += 1
    print(f"killed: {dict(fell)}")
    one.start().wait_ready()
    one.until(all_written(kafka, s3, bucket, topic, "xml"), "all rows to be written")
    expect_all(kafka, s3, bucket, topic, ("json", "xml"))


def test_dead_letters_are_written_once(sink, kafka, s3, bucket, topic, unique):
    bad = [(b"k1", b"no json", [("h", b"v"), ("null", None)]), (b'{"id":1}', b"[1]"), (None, None), (b"no json", None),
           (b'{"id":2}', b'{"__op":"x"}'), (b'{"id":3}', b'{"a":1} ')]
    topic = f"{unique}.gold.b"  # not compacted: such a topic takes no record without a key
    kafka.create_topic(topic, 3)
    kafka.produce(topic, [*rows(20), *bad[:3], *rows(20, 100), *bad[3:]])
    one = sink(topics=topic, start=False)
    one.start(env={"SLUICE_FAILPOINT": "s3-objects.before-advance:kill@2"})
    assert one.wait_exit(30) == -signal.SIGKILL
    one.start().wait_ready()
    one.until(lambda: len(kafka.read(f"{unique}.dead-letters")) >= 5, "the dead letters")
    one.until(all_written(kafka, s3, bucket, topic, bad=5), "all rows to be written")
    assert one.terminate() == 0
    letters = kafka.read(f"{unique}.dead-letters")
    assert Counter((r.key, r.value) for r in letters) == Counter((key, value) for key, value, *_ in bad[:5])
    first = next(r for r in letters if r.key == b"k1")
    assert first.headers[:2] == [("h", b"v"), ("null", None)]
    assert first.header("sluice.error.topic") == topic and "not JSON" in first.header("sluice.error.message")
    where = {(r.partition, r.offset) for r in kafka.read(topic) if (r.key, r.value) == (b"k1", b"no json")}
    assert (int(first.header("sluice.error.partition")), int(first.header("sluice.error.offset"))) in where
    expect_all(kafka, s3, bucket, topic, bad=5)


def test_only_committed_records_are_written(sink, kafka, s3, bucket, topic):
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": topic})
    producer.init_transactions(30)
    for number in range(9):
        producer.begin_transaction()
        for i in range(5):
            producer.produce(topic, json.dumps({"id": number, "i": i, "aborted": number % 3 == 1}), b'{"id":1}', partition=0)
        producer.flush(30)
        producer.abort_transaction(30) if number % 3 == 1 else producer.commit_transaction(30)
    one = sink(rotate_records=4, start=False)
    one.start(env={"SLUICE_FAILPOINT": "s3-objects.after-put:kill@3"})
    assert one.wait_exit(30) == -signal.SIGKILL
    one.flags["rotate-records"] = 7
    one.start().wait_ready()
    one.until(all_written(kafka, s3, bucket, topic), "all rows to be written")
    expect_all(kafka, s3, bucket, topic)
    assert not any(line["aborted"] for *_, lines in objects(s3, bucket, "json") for line in lines)
    assert sum(offsets(s3, bucket).values()) == 30


def test_the_offsets_have_expired(sink, kafka, s3, bucket, topic):
    kafka.produce(topic, rows(40))
    one = sink(format="json,xml").wait_ready()
    one.until(all_written(kafka, s3, bucket, topic, "xml"), "all rows to be written")
    assert one.terminate() == 0
    kafka.produce(topic, rows(40, 500))
    # another group has committed nothing, just as one whose offsets have expired
    two = sink(format="json,xml", group="another", instance="two").wait_ready()
    two.until(all_written(kafka, s3, bucket, topic, "xml"), "the rest to be written")
    assert two.terminate() == 0
    assert "going on behind the last object" in two.log()
    expect_all(kafka, s3, bucket, topic, ("json", "xml"))


def test_a_topic_that_has_lost_what_was_to_be_read(sink, kafka, s3, bucket, topic, stack, unique, tmp_path):
    topic = f"{topic}.short"
    kafka.create_topic(topic, 1, {"cleanup.policy": "delete"})  # a compacted one deletes none
    kafka.produce(topic, [(b'{"id":1}', b'{"id":1}', None, 0)] * 9)
    one = sink(rotate_records=5, topics=topic, start=False)
    until(lambda: commit(kafka, f"{unique}-s3-objects", topic, 0, ""), "the offset to be committed")
    (tmp_path / "upto.json").write_text(json.dumps({"version": 1, "partitions": [{"topic": topic, "partition": 0, "offset": 4}]}))
    stack.run("kafka-tool", "org.apache.kafka.tools.DeleteRecordsCommand", "--bootstrap-server", kafka.bootstrap,
              "--offset-json-file", str(tmp_path / "upto.json"))
    refused(one.start(), EX_DATAERR, f"{topic}/0: the offset to read from is not there")
    assert s3.list(bucket) == {}


def test_the_offsets_have_expired_between_two_formats(sink, kafka, s3, bucket, topic):
    kafka.produce(topic, [(b'{"id":1}', b'{"id":%d}' % i, None, 0) for i in range(20)])
    one = sink(format="json,xml", rotate_records=10).wait_ready()
    one.until(all_written(kafka, s3, bucket, topic, "xml"), "all rows to be written")
    assert one.terminate() == 0
    s3.delete(bucket, f"{topic}/0/{topic}+0+{10:020}-{19:020}.xml")
    kafka.produce(topic, [(b'{"id":1}', b'{"id":%d}' % i, None, 0) for i in range(20, 25)])
    two = sink(format="json,xml", group="another", instance="two").wait_ready()
    two.until(all_written(kafka, s3, bucket, topic, "xml"), "the rest to be written")
    assert two.metric("sluice_objects_found_total") == 1
    expect_all(kafka, s3, bucket, topic, ("json", "xml"))


def test_a_second_instance_stands_by_and_takes_over(sink, kafka, s3, bucket, topic):
    kafka.produce(topic, rows(30))
    one = sink(rotate_records=7, instance="one").wait_ready()
    two = sink(rotate_records=7, member_id="two", instance="two")
    two.wait_unready()
    owner, other = (one, two) if one.ready() == 200 else (two, one)
    owner.kill()
    other.wait_ready(60)
    kafka.produce(topic, rows(30, 1000))
    other.until(all_written(kafka, s3, bucket, topic), "all rows to be written")
    expect_all(kafka, s3, bucket, topic)


@pytest.mark.parametrize("place", ("after-plan", "after-put"))
def test_a_stopped_owner_wakes_behind_its_time(sink, kafka, s3, bucket, topic, place):
    """SIGSTOP in the middle of a plan, past the session time-out: the other finishes it, the first writes nothing more."""
    kafka.produce(topic, rows(60))
    one = sink(rotate_records=7, instance="one", member_id=None, start=False)
    one.start(env={"SLUICE_FAILPOINT": f"s3-objects.{place}:stop@3"})
    one.wait_log("msg=failpoint")
    two = sink(rotate_records=5, instance="two", member_id=None).wait_ready(60)
    kafka.produce(topic, rows(30, 1000))
    one.go_on()
    two.until(all_written(kafka, s3, bucket, topic), "all rows to be written")
    one.wait_log("release the task")
    kafka.produce(topic, rows(30, 2000))
    until(all_written(kafka, s3, bucket, topic), "the last rows to be written", 60)
    expect_all(kafka, s3, bucket, topic)


# --- what it waits for, and what it refuses ---


def test_a_topic_that_comes_later_is_waited_for(sink, kafka, s3, bucket, topic, unique):
    later = f"{unique}.gold.later"
    one = sink(topics=f"{topic},{later}")
    one.wait_log(f"the topic {later} does not exist yet")
    one.wait_unready()
    kafka.create_topic(later, 1)
    kafka.produce(later, rows(10))
    one.wait_ready()
    one.until(all_written(kafka, s3, bucket, later), "its rows to be written")
    expect_all(kafka, s3, bucket, later)


def test_a_topic_that_grows_is_read_whole(sink, kafka, s3, bucket, topic):
    kafka.produce(topic, rows(20))
    one = sink().wait_ready()
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.create_partitions([NewPartitions(topic, 5)])[topic].result(30)
    until(lambda: kafka.topics()[topic] == 5, "the topic to have five partitions")
    kafka.produce(topic, [(b'{"id":1}', b'{"id":1}', None, partition) for partition in range(5)])
    one.until(all_written(kafka, s3, bucket, topic), "all rows to be written")
    assert {partition for _, partition, _ in offsets(s3, bucket)} == set(range(5))
    expect_all(kafka, s3, bucket, topic)


def test_a_store_that_goes_away_is_waited_for(sink, kafka, s3, bucket, topic, stack):
    kafka.produce(topic, rows(20))
    one = sink().wait_ready()
    one.until(all_written(kafka, s3, bucket, topic), "the first rows")
    stack.crash("s3")
    try:
        kafka.produce(topic, rows(20, 100))
        one.wait_unready()
        one.wait_log("does not answer")
    finally:
        stack.start("s3")
    one.wait_ready(60)
    one.until(all_written(kafka, s3, bucket, topic), "the rest", 60)
    expect_all(kafka, s3, bucket, topic)


def test_a_broker_that_goes_away_is_waited_for(sink, kafka, s3, bucket, topic, stack):
    kafka.produce(topic, rows(20))
    one = sink().wait_ready()
    one.until(all_written(kafka, s3, bucket, topic), "the first rows")
    stack.crash("kafka")
    try:
        one.wait_unready(60)
    finally:
        stack.start("kafka")
    one.wait_ready(60)
    kafka.produce(topic, rows(20, 100))
    one.until(all_written(kafka, s3, bucket, topic), "the rest", 60)
    expect_all(kafka, s3, bucket, topic)


def refused(one, status, *parts):
    assert one.wait_exit(90) == status  # thirty seconds of waiting for a first answer are part of it
    errors = [line for line in one.log().splitlines() if "level=error" in line]
    assert len(errors) == 1 and all(part in errors[0] for part in parts), one.log()


def test_what_is_refused_at_the_start(sink, topic, stack, kafka, s3, bucket):
    refused(sink(instance="bucket", s3_bucket="no-such-bucket"), EX_CONFIG, "--s3-bucket no-such-bucket")
    secret = "the-wrong-secret"
    wrong = sink(instance="secret", start=False)
    wrong.env["AWS_SECRET_ACCESS_KEY"] = secret
    refused(wrong.start(), EX_NOPERM, "SignatureDoesNotMatch")
    assert secret not in wrong.log(all_lives=True)
    refused(sink(instance="format", format="json,yaml"), EX_USAGE, "--format", "yaml", "csv, json, ndjson, parquet, xml")
    refused(sink(instance="twice", topics=f"{topic},{topic}"), EX_USAGE, "twice")
    refused(sink(instance="broker", kafka_bootstrap="127.0.0.1:1"), EX_UNAVAILABLE, "127.0.0.1:1")
    refused(sink(instance="store", s3_endpoint="http://127.0.0.1:1"), EX_UNAVAILABLE, "127.0.0.1:1")
    assert s3.list(bucket) == {}
    assert run("s3-objects", {"help": True}).returncode == 0
    assert "--topics" in run("s3-objects").stderr


def ask_broker(kafka, api_key, version, body):
    """One request in Kafka's own protocol, for what the Python client can't do: the metadata of offsets."""
    host, port = kafka.bootstrap.split(":")
    request = struct.pack(">hhih", api_key, version, 1, -1) + body
    with socket.create_connection((host, int(port)), 30) as broker, broker.makefile("rb") as answer:
        broker.sendall(struct.pack(">i", len(request)) + request)
        return answer.read(struct.unpack(">i", answer.read(4))[0])[4:]


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


def commit(kafka, group, topic, offset, metadata):
    """Commits an offset of partition 0 with metadata; true when the broker takes it (the group must be empty)."""
    place = struct.pack(">i", 1) + text(topic) + struct.pack(">iiq", 1, 0, offset) + text(metadata)
    answer = ask_broker(kafka, 8, 2, text(group) + struct.pack(">i", -1) + text("") + struct.pack(">q", -1) + place)
    return struct.unpack(">h", answer[-2:])[0] == 0


def committed_metadata(kafka, group, topic):
    """(offset, metadata) of partition 0."""
    answer = ask_broker(kafka, 9, 1, text(group) + struct.pack(">i", 1) + text(topic) + struct.pack(">ii", 1, 0))
    fields = answer[4 + 2 + len(topic) + 4 + 4:]
    return struct.unpack(">q", fields[:8])[0], fields[10:-2].decode()


def test_a_foreign_object_in_the_way_stops_it(sink, kafka, s3, bucket, topic, unique):
    kafka.produce(topic, [(b'{"id":1}', b'{"id":1}', None, 0)] * 5)
    s3.put(bucket, f"{topic}/0/{topic}+0+{0:020}-{4:020}.json", b"not ours")
    one = sink(rotate_records=5, start=False)
    until(lambda: commit(kafka, f"{unique}-s3-objects", topic, 0, ""), "the offset to be committed")
    refused(one.start(), EX_DATAERR, "has other contents than the plan gives")
    assert s3.get(bucket, f"{topic}/0/{topic}+0+{0:020}-{4:020}.json") == b"not ours"


def test_plans_that_can_not_be_kept_stop_it(sink, kafka, s3, bucket, topic, unique):
    kafka.produce(topic, [(b'{"id":1}', b'{"id":1}', None, 0)] * 9)
    group = f"{unique}-s3-objects"
    one = sink(start=False, rotate_records=5)
    one.start(env={"SLUICE_FAILPOINT": "s3-objects.after-plan:kill"})
    assert one.wait_exit(30) == -signal.SIGKILL
    refused(sink(instance="formats", format="xml"), EX_CONFIG, "--format")
    offset, metadata = committed_metadata(kafka, group, topic)
    plan = json.loads(metadata)
    assert offset == 0 and plan["v"] == 1 and plan["plan"]["end"] == 4 and plan["plan"]["count"] == 5
    for instance, other, part in (
        ("count", json.dumps({**plan, "plan": {**plan["plan"], "count": 6}}), "made over 6 records, but 5 are there now"),
        ("foreign", "somebody else's", "no plan of this version"),
    ):
        until(lambda: commit(kafka, group, topic, 0, other), "the group to be empty", 30)
        refused(sink(instance=instance), EX_DATAERR, part)
    assert s3.list(bucket) == {}
