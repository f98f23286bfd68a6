"""sluice-objects in Avro: the records another library reads, the same changes as in JSON, and what a registry does to it."""

import json
import subprocess
from collections import Counter

import pytest

from component.test_objects import counted, counts, producer  # noqa: F401  (a fixture)
from harness.registry import Decoder
from harness.wait import until

EX_USAGE, EX_CONFIG = 64, 78


@pytest.fixture
def avro_feed(producer, registry):  # noqa: F811
    """Like `producer`; its flags write Avro."""
    def make(input, **flags):
        feed = producer(input)
        plain, more = feed.flags, {"value_format": "avro", "schema_registry_url": registry.url, **flags}
        feed.flags = lambda **how: plain(**{**more, **how})
        feed.decoder = Decoder(registry)
        return feed

    return make


def changes(feed):
    """(op, key, row) of every record that is no tombstone, by Apache's own library."""
    values = [(feed.decoder.read(record.key), feed.decoder.read(record.value)) for record in feed.records() if record.value is not None]
    return [(value["op"], key, value["before" if value["op"] == "d" else "after"]) for key, value in values]


def test_csv_gives_the_changes_of_json(avro_feed, registry, tmp_path):
    """Typed columns, a key in an order of its own, characters beyond the BMP; the store lost before each run."""
    file = tmp_path / "a.csv"
    file.write_text("id,price,day,ok,note\n1,1.5,2024-02-29,t,a😀\n2,,,f,\n3,10,2024-01-01,t,x\n")
    feed = avro_feed(file, key="note,id", columns="id int, price numeric(10,2), day date, ok boolean")
    assert counts(feed.run()) == counted(rows=3, created=3)
    assert ("c", {"note": "a😀", "id": 1}, {"id": 1, "price": "1.50", "day": 19782, "ok": True, "note": "a😀"}) in changes(feed)
    assert {f"{feed.topic}-key", f"{feed.topic}-value"} <= set(registry.subjects())
    file.write_text("id,price,day,ok,note\n1,1.5,2024-02-29,t,a😀\n2,7,,f,\n")
    subprocess.run(["rm", "-rf", feed.state], check=True)
    assert counts(feed.run()) == counted(rows=2, updated=1, deleted=1, unchanged=1)
    assert Counter(op for op, *_ in changes(feed)) == {"c": 3, "u": 1, "d": 1}
    subprocess.run(["rm", "-rf", feed.state], check=True)
    file.write_text("id,price,day,ok,note\n")
    assert counts(feed.run()) == counted(deleted=2)
    gone = [row for op, key, row in changes(feed) if op == "d" and key == {"note": "", "id": 2}]
    assert gone == [{"id": 2, "price": None, "day": None, "ok": None, "note": ""}]


def test_a_delete_before_any_row_takes_the_schema_there_is(avro_feed, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text("id\n1\n2\n")
    (folder / "b.csv").write_text("id\n3\n")
    feed = avro_feed(folder, key="id")
    feed.run()
    (folder / "b.csv").unlink()
    assert counts(feed.run())["deleted"] == 1
    assert [key for op, key, _ in changes(feed) if op == "d"] == [{"id": "3"}]


def test_json_by_its_declared_members(avro_feed, tmp_path):
    """Missing members, numbers and texts, nested values; a member that nobody declared is not left out unseen."""
    file = tmp_path / "a.json"
    file.write_text(json.dumps([
        {"id": 1, "name": {"common": "Chad"}, "area": 1284000.0, "tags": ["a", "b"], "note": "x"},
        {"name": {"common": "Togo"}, "id": "2", "area": None, "extra": 1},
        {"name": {"common": "Mali"}, "id": "x"},
        {"name": {"common": "Fiji"}, "note": 5},
    ]))
    feed = avro_feed(file, key="country=name.common", columns="id int, name jsonb, area float8, tags jsonb, note text")
    assert counts(feed.run()) == counted(rows=4, created=2, dead=2)
    found = {key["country"]: row for _, key, row in changes(feed)}
    assert found["Chad"]["area"] == 1284000.0 and json.loads(found["Chad"]["tags"]) == ["a", "b"]
    assert json.loads(found["Chad"]["name"]) == {"common": "Chad"} and found["Chad"]["country"] == "Chad"
    assert (found["Fiji"]["id"], found["Fiji"]["note"]) == (None, "5")
    assert sorted(letter.header("sluice.error.line") for letter in feed.dead()) == ["2", "3"]
    subprocess.run(["rm", "-rf", feed.state], check=True)
    file.write_text(file.read_text().replace(" ", "  "))
    assert counts(feed.run())["unchanged"] == 2
    file.write_text("[{}]")
    feed.run(columns=None, status=EX_USAGE)
    assert "--columns" in feed.process.stderr


def test_a_column_added_and_a_schema_refused(avro_feed, registry, tmp_path):
    """A new column flows; one that the readers can't read fails the object before a record is written."""
    file = tmp_path / "a.csv"
    file.write_text("id,n\n1,1\n")
    feed = avro_feed(file, key="id", columns="n int")
    feed.run()
    file.write_text("id,n,note\n1,1,hello\n")
    assert counts(feed.run())["updated"] == 1
    assert [row.get("note") for _, _, row in changes(feed)] == [None, "hello"]
    file.write_text("id,n,note\n2,t,x\n")
    feed.run(columns="n boolean", status=EX_CONFIG)
    assert len(feed.records()) == 2 and f"subject {feed.topic}-value" in feed.process.stderr


def test_an_outage_of_the_registry_is_survived(avro_feed, stack, service, tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("id\n1\n2\n")
    feed = avro_feed(file, key="id")
    one = service("objects", {**feed.flags(), "every": "100ms", "http-port": None}, http=False)
    until(lambda: feed.topic in feed.kafka.topics() and len(feed.records()) == 2, "the first run")
    stack.crash("registry")
    try:
        file.write_text("id\n2\n3\n4\n")
        one.until(lambda: len(feed.records()) == 6, "two creates, a delete and its tombstone")
    finally:
        stack.start("registry")
    assert one.terminate() == 0
    assert Counter(op for op, *_ in changes(feed)) == {"c": 4, "d": 1}


def test_the_other_format_is_refused(avro_feed, tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("id\n1\n")
    feed = avro_feed(file, key="id")
    feed.run(value_format="json")
    feed.run(status=EX_CONFIG)
    assert "holds records as JSON" in feed.process.stderr
    feed.run(schema_registry_url=None, status=EX_USAGE)
    assert "--schema-registry-url" in feed.process.stderr
