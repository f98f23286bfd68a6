"""sluice-s3-objects --layout snapshot against real Kafka and a real S3 store: the whole view, replaced when it has changed."""

import hashlib
import io
import json
import re
import signal
import urllib.parse
import xml.etree.ElementTree as ElementTree
from collections import Counter

import pytest

from harness.modules import need
from harness.s3 import NAMESPACE, S3Error
from harness.services import account, run

EX_USAGE, EX_DATAERR, EX_NOINPUT = 64, 65, 66
PLACES = ("after-put", "before-manifest", "after-manifest")


@pytest.fixture
def topic(kafka, unique):
    name = f"{unique}.gold.a"
    kafka.create_topic(name, 3, {"cleanup.policy": "compact", "min.compaction.lag.ms": "86400000"})
    return name


@pytest.fixture
def flags(kafka, s3, bucket, topic, unique):
    return {"kafka-bootstrap": kafka.bootstrap, "s3-endpoint": s3.endpoint, "s3-bucket": bucket, "pipeline": unique, "topics": topic,
            "rotate-interval": "100ms", "member-id": "one", "layout": "snapshot", "format": "ndjson"}


@pytest.fixture
def sink(service, flags):
    def make(start=True, instance="", **more):
        return service("s3-objects", {**flags, **{name.replace("_", "-"): value for name, value in more.items()}}, start=start, instance=instance)

    return make


def put(kafka, topic, rows):
    """{id: row or None}, each id always in the same partition."""
    kafka.produce(topic, [(json.dumps({"id": i}).encode(), None if row is None else json.dumps({"id": i, **row}).encode(), None, i % 3) for i, row in rows.items()])


def manifest(s3, bucket, topic, version=None):
    return json.loads(s3.get(bucket, f"{topic}/manifest.json" if version is None else f"{topic}/versions/{version:010}.json"))


def content(s3, bucket, topic, version=None):
    """{id: row} of a version, every object held against what the manifest says."""
    found = {}
    for entry in manifest(s3, bucket, topic, version)["objects"]:
        body = s3.get(bucket, entry["key"])
        assert hashlib.sha256(body).hexdigest() == entry["sha256"] and len(body) == entry["bytes"] and body.count(b"\n") == entry["rows"]
        for line in body.splitlines():
            row = json.loads(line)
            assert row["id"] not in found and ("day" not in row or urllib.parse.quote(str(row["day"])) in entry["by"] or not entry["by"])
            found[row.pop("id")] = row
    return found


def shows(s3, bucket, topic, expected):
    def look():
        try:
            return content(s3, bucket, topic) == expected
        except S3Error as error:
            assert error.status == 404
            return False

    return look


def test_a_view_is_replaced_when_it_changes(sink, kafka, s3, bucket, topic):
    rows = {i: {"v": i} for i in range(100)}
    put(kafka, topic, rows)
    one = sink().wait_ready()
    assert content(s3, bucket, topic) == rows and manifest(s3, bucket, topic)["version"] == 1
    rows = {**{i: {"v": -i} for i in range(50)}, **{i: rows[i] for i in range(60, 100)}}
    put(kafka, topic, {**{i: {"v": -i} for i in range(50)}, **{i: None for i in range(50, 60)}})
    one.until(shows(s3, bucket, topic, rows), "the change")
    last = manifest(s3, bucket, topic)
    alone = sorted([f"{topic}/manifest.json", f"{topic}/versions/{last['version']:010}.json", last["objects"][0]["key"]])
    one.until(lambda: sorted(s3.list(bucket)) == alone, "the version before to go")
    put(kafka, topic, {1: {"v": -1}, 300: {"v": 1}})
    put(kafka, topic, {300: None})  # what comes and goes leaves the bytes as they were, but for their order
    one.until(lambda: one.metric("sluice_lag_records") == 0, "all to be read")
    assert one.terminate() == 0
    assert content(s3, bucket, topic) == rows


def test_bytes_follow_from_the_topic_alone(sink, kafka, s3, bucket, topic):
    put(kafka, topic, {i: {"v": i * 7 % 10} for i in range(50)})
    one = sink(once=True)
    assert one.wait_exit(60) == 0
    said = account(one.log())
    assert (said["service"], said["status"], said["read"], said["dead_letters"]) == ("s3-objects", "success", 50, 0), said
    assert said["objects"] >= 1 and said["bytes"] > 0 and set(said["stages_ms"]) == {"open", "write"}
    before = manifest(s3, bucket, topic)
    for instance in ("two", "three"):
        again = sink(once=True, instance=instance)
        assert again.wait_exit(60) == 0
        assert manifest(s3, bucket, topic) == before and "snapshot" not in [word for line in again.log().splitlines() for word in line.split() if word == "msg=snapshot"]
    body = s3.get(bucket, before["objects"][0]["key"])
    assert body == b"".join(r.value + b"\n" for r in sorted(kafka.read(topic), key=lambda r: (r.partition, r.offset))).replace(b": ", b":").replace(b", ", b",")


def test_only_the_parts_that_changed_are_written(sink, kafka, s3, bucket, topic):
    days = [f"2026-01-{day:02}" for day in range(1, 11)] + [None, "a/b c"]
    rows = {i: {"day": days[i % 12], "v": i} for i in range(120)}
    put(kafka, topic, rows)
    one = sink(partition_by="day", key_template="{topic}/{by}{table}.{ext}", order_by="v").wait_ready()
    keys = [key for key in s3.list(bucket) if key.endswith(".ndjson")]
    assert f"{topic}/day=2026-01-01/a.ndjson" in keys and f"{topic}/day=__HIVE_DEFAULT_PARTITION__/a.ndjson" in keys and f"{topic}/day=a%2Fb%20c/a.ndjson" in keys and len(keys) == 12
    before = stamps(s3, bucket)
    written = one.metric("sluice_objects_written_total")
    put(kafka, topic, {500: {"day": "2026-01-11", "v": 1}, 0: {"day": days[1], "v": 0}, **{i: None for i in range(2, 120, 12)}})
    rows[500], rows[0] = {"day": "2026-01-11", "v": 1}, {"day": days[1], "v": 0}
    for i in range(2, 120, 12):
        del rows[i]

    def settled():
        look = {}
        for key in s3.list(bucket):
            if key.endswith(".ndjson"):
                try:
                    lines = [json.loads(line) for line in s3.get(bucket, key).splitlines()]
                except S3Error:  # deleted since it was listed
                    return False
                assert [line["v"] for line in lines] == sorted(line["v"] for line in lines)
                look.update({line.pop("id"): line for line in lines})
        return look == rows

    one.until(settled, "the change")
    one.until(lambda: f"{topic}/day={days[2]}/a.ndjson" not in s3.list(bucket), "the empty part to go")
    after = stamps(s3, bucket)
    changed = {key for key in before.keys() | after.keys() if key.endswith(".ndjson") and before.get(key) != after.get(key)}
    assert changed == {f"{topic}/day={day}/a.ndjson" for day in (days[0], days[1], days[2], "2026-01-11")}
    assert one.metric("sluice_objects_written_total") <= written + 2 * 3  # in one version or two


def stamps(s3, bucket):
    """{key: (ETag, time of the last write)}"""
    page = ElementTree.fromstring(s3.request("GET", f"/{bucket}", {"list-type": "2"}))
    return {entry.findtext(f"{NAMESPACE}Key"): (entry.findtext(f"{NAMESPACE}ETag"), entry.findtext(f"{NAMESPACE}LastModified")) for entry in page.iter(f"{NAMESPACE}Contents")}


def test_versions_are_kept_listed_read_and_restored(sink, flags, kafka, s3, bucket, topic, stack):
    contents = {}
    for version in range(1, 6):
        contents[version] = {i: {"v": version} for i in range(version)}
        put(kafka, topic, contents[version])
        one = sink(once=True, keep_versions=3, partition_by="v", instance=f"v{version}")
        assert one.wait_exit(60) == 0
    assert [key for key in s3.list(bucket) if "/versions/" in key] == [f"{topic}/versions/{v:010}.json" for v in (3, 4, 5)]
    named = {entry["key"] for v in (3, 4, 5) for entry in manifest(s3, bucket, topic, v)["objects"]}
    assert named == {key for key in s3.list(bucket) if "/data/" in key}
    for version in (3, 4, 5):
        assert content(s3, bucket, topic, version) == contents[version]

    def ask(**more):
        done = run("s3-objects", {**flags, **more}, env=stack.env("s3"))
        return done.returncode, done.stdout, done.stderr

    status, out, _ = ask(action="versions")
    assert status == 0 and [line.split()[:2] for line in out.splitlines()] == [[topic, f"version={v}"] for v in (3, 4, 5)] and out.splitlines()[-1].split()[2] == "present"
    status, out, _ = ask(action="read", version=3)
    assert status == 0 and {row.pop("id"): row for row in map(json.loads, out.splitlines())} == contents[3]
    assert ask(action="restore", version=3)[0] == 0
    assert content(s3, bucket, topic) == contents[3] and manifest(s3, bucket, topic)["version"] == 6
    status, _, err = ask(action="read", version=1)
    assert status == EX_NOINPUT and "no version 1" in err
    victim = manifest(s3, bucket, topic, 4)["objects"][0]["key"]
    s3.put(bucket, victim, b"rot")
    assert ask(action="read", version=4)[0] == EX_DATAERR and ask(action="restore", version=4)[0] == EX_DATAERR
    assert ask(action="restore")[0] == EX_USAGE and ask(keep_versions=2, **{"key-template": "x/{table}", "keep-versions": 2})[0] == EX_USAGE


@pytest.mark.parametrize("place", PLACES)
def test_killed_on_the_way_to_a_version(sink, kafka, s3, bucket, topic, place):
    """Whatever stands when it dies, readers see a whole version, and the next life ends at the topic's content."""
    rows = {i: {"day": i % 4, "v": 0} for i in range(40)}
    put(kafka, topic, rows)
    assert sink(once=True, partition_by="day", instance="zero").wait_exit(60) == 0
    one = sink(start=False, partition_by="day", once=True)
    for life in range(1, 5):
        before = content(s3, bucket, topic)
        rows.update({i: {"day": i % 4, "v": life} for i in range(life, 40, 3)})
        put(kafka, topic, {i: rows[i] for i in range(life, 40, 3)})
        one.start(env={"SLUICE_FAILPOINT": f"s3-objects.{place}:kill@1"})
        assert one.wait_exit(60) == -signal.SIGKILL
        assert content(s3, bucket, topic) in (before, rows)
        if life % 2 == 0:  # and once more with other content than the killed one had
            rows[1000 + life] = {"day": 0, "v": life}
            put(kafka, topic, {1000 + life: rows[1000 + life]})
        one.start()
        assert one.wait_exit(60) == 0
        assert content(s3, bucket, topic) == rows
    live = {entry["key"] for entry in manifest(s3, bucket, topic)["objects"]}
    assert live == {key for key in s3.list(bucket) if "/data/" in key}, "what the killed ones have put and not named is gone"


def test_a_version_that_another_wrote_comes_first(sink, kafka, s3, bucket, topic):
    """A predecessor died between its version and the manifest: the version is taken over, the next one follows it."""
    put(kafka, topic, {1: {"v": 1}})
    assert sink(once=True, instance="zero").wait_exit(60) == 0
    other = {**manifest(s3, bucket, topic), "version": 2}
    s3.put(bucket, f"{topic}/versions/{2:010}.json", json.dumps(other, separators=(",", ":")).encode())
    put(kafka, topic, {2: {"v": 2}})
    one = sink(once=True)
    assert one.wait_exit(60) == 0
    assert manifest(s3, bucket, topic)["version"] == 3 and content(s3, bucket, topic) == {1: {"v": 1}, 2: {"v": 2}}


def test_a_large_view_goes_in_parts_and_little_memory(sink, kafka, s3, bucket, topic):
    text = "".join(chr(97 + i * i % 26) for i in range(1000))
    rows = {i: {"v": text[i % 900:] + text} for i in range(12000)}
    put(kafka, topic, rows)
    one = sink(format="ndjson", part_size="5MiB", parallel_parts=2, kafka_queue_size="4MiB").wait_ready(60)
    entry = manifest(s3, bucket, topic)["objects"][0]
    assert entry["bytes"] > 15 << 20 and content(s3, bucket, topic) == rows
    peak = int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{one.process.pid}/status").read())[1])
    print(f"{entry['bytes'] >> 20} MiB in parts, peak RSS {peak >> 10} MiB")
    assert peak < 70 << 10


def test_dead_letters_are_sent_once(sink, kafka, s3, bucket, topic, unique, tmp_path):
    (tmp_path / "t.sql").write_text("CREATE TABLE a (id bigint, v integer);")
    put(kafka, topic, {1: {"v": 1}, 2: {"v": "x"}, 3: {"v": 3}})
    more = {"format": "csv", "schema": tmp_path / "t.sql", "order_by": "id"}
    for life in range(3):
        one = sink(start=False, instance=f"l{life}", once=True, **more)
        one.start(env={"SLUICE_FAILPOINT": "s3-objects.after-manifest:kill"} if life == 0 else {})
        assert one.wait_exit(60) == (-signal.SIGKILL if life == 0 else 0)
    assert [letter.key for letter in kafka.read(f"{unique}.dead-letters")] == [b'{"id": 2}']
    assert s3.get(bucket, manifest(s3, bucket, topic)["objects"][0]["key"]) == b"id,v\n1,1\n3,3\n"


def test_parquet_and_xml_of_one_view_at_fixed_keys(sink, kafka, s3, bucket, topic, tmp_path):
    (tmp_path / "t.sql").write_text("CREATE TABLE gold.a (id bigint, price numeric(10,2), day date);")
    put(kafka, topic, {i: {"price": i + 0.5, "day": "2026-01-14"} for i in range(20)})
    one = sink(once=True, format="parquet,xml", schema=tmp_path / "t.sql", key_template="out/{table}.{ext}", order_by="id", xml_root="as", xml_record="a", xml_style="tree")
    assert one.wait_exit(60) == 0
    table = need("pyarrow.parquet").read_table(io.BytesIO(s3.get(bucket, "out/a.parquet")))
    assert table["id"].to_pylist() == list(range(20)) and str(table.schema.field("price").type) == "decimal128(10, 2)"
    assert s3.get(bucket, "out/a.xml").startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<as>\n  <a>\n    <id>0</id>\n    <price>0.5</price>')
    assert set(s3.list(bucket)) == {f"{topic}/manifest.json", f"{topic}/versions/0000000001.json", "out/a.parquet", "out/a.xml"}


def test_a_view_without_rows_has_its_header(sink, kafka, s3, bucket, topic):
    assert sink(once=True, format="csv,json", columns="id,v").wait_exit(60) == 0
    assert Counter(s3.get(bucket, entry["key"]) for entry in manifest(s3, bucket, topic)["objects"]) == Counter([b"id,v\n", b"[\n\n]\n"])
