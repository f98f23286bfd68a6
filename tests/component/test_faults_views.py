"""sluice-views and what goes wrong around it: what the user is told, and that the rest goes through."""

import json

import pytest

from harness.disk import small_disk
from harness.wait import until

EX_CANTCREAT = 73

PIPELINE = """
CREATE SCHEMA bronze; CREATE SCHEMA gold;
CREATE FOREIGN TABLE bronze.a (id int PRIMARY KEY, n smallint NOT NULL, price numeric(5,2), doc jsonb, note text)
  SERVER kafka OPTIONS (topic '{topic}', format 'debezium');
CREATE MATERIALIZED VIEW gold.a AS SELECT id, n, price, doc, note FROM bronze.a;
CREATE MATERIALIZED VIEW gold.ratio AS SELECT id, 100 / n AS per, (n * 1000)::smallint AS much FROM bronze.a;
"""


@pytest.fixture
def views(service, kafka, unique, tmp_path):
    """views(**flags): the service over one topic of envelopes, prepared and not started."""
    topic = f"{unique}.bronze.a"
    kafka.create_topic(topic, 1)
    (tmp_path / "pipeline.sql").write_text(PIPELINE.format(topic=topic))

    def make(**flags):
        return service("views", {"kafka-bootstrap": kafka.bootstrap, "file": tmp_path / "pipeline.sql", "pipeline": unique,
                                 "state-dir": tmp_path / "state", "commit-interval": "20ms", **flags}, start=False)

    make.put = lambda *records: kafka.produce(topic, records)
    make.gold = lambda view="a": {record.json_key()["id"]: record.json() for record in kafka.latest(f"{unique}.gold.{view}").values()}
    make.letters = lambda: kafka.read(f"{unique}.dead-letters")
    make.quarantine = lambda: kafka.latest(f"{unique}.quarantine").values()
    return make


def envelope(id, text=None, **row):
    """A record: the row, or a text in its place."""
    value = text if text is not None else json.dumps({"before": None, "after": {"id": id, **row}, "op": "c"}).encode()
    return json.dumps({"id": id}).encode(), value


GOOD = {"n": 5, "price": "1.50", "doc": '{"a": 1}', "note": "x"}


def test_records_of_another_shape_go_to_the_dead_letters(views):
    """Cut JSON, bytes that are no UTF-8, fields too few, of another type, too large; more fields than declared are fine."""
    whole = envelope(20, **GOOD)[1]
    views.put(
        envelope(1, **GOOD), envelope(2, **GOOD, more=[1, 2]), envelope(3, n=5),
        envelope(10, whole[: len(whole) // 2]), envelope(11, whole.replace(b'"x"', b'"\xff"').replace(b"20", b"11")),
        envelope(12, price="1.00"), envelope(13, **{**GOOD, "n": 32768}), envelope(14, **{**GOOD, "price": "1000.00"}),
        envelope(15, **{**GOOD, "doc": '{"a": [1'}), envelope(16, **{**GOOD, "n": "five"}), envelope(17, b"<html>504</html>"),
        envelope(4, **GOOD))
    one = views().start().wait_ready()
    gold = views.gold()
    assert set(gold) == {1, 2, 3, 4} and gold[3]["note"] is None and gold[1]["doc"] == {"a": 1}
    letters = {letter.json_key()["id"]: letter for letter in views.letters()}
    told = {id: (letter.header("sluice.error.rule"), letter.header("sluice.error.sqlstate")) for id, letter in letters.items()}
    states = {10: "", 11: "", 12: "23502", 13: "22003", 14: "22003", 15: "22P02", 16: "22P02", 17: ""}
    assert told == {id: ("decode", state) for id, state in states.items()}, told
    assert letters[17].value == b"<html>504</html>"
    assert one.metric("sluice_dead_letters_total") == 8 and one.ready() == 200


def test_a_number_out_of_range_withholds_its_row_until_it_is_mended(views):
    views.put(envelope(1, **GOOD), envelope(2, **{**GOOD, "n": 0}), envelope(3, **{**GOOD, "n": 40}), envelope(4, **{**GOOD, "n": 2}))
    one = views().start().wait_ready()
    assert set(views.gold()) == {1, 2, 3, 4} and set(views.gold("ratio")) == {1, 4}
    states = {record.json()["sqlstate"] if "sqlstate" in record.json() else str(record.json()) for record in views.quarantine()}
    assert states == {"22012", "22003"}
    views.put(envelope(2, **GOOD), envelope(3, **GOOD))
    until(lambda: set(views.gold("ratio")) == {1, 2, 3, 4} and not views.quarantine(), "the rows to come back")
    assert one.ready() == 200 and not views.letters()


def test_a_full_disk_ends_it_and_freed_it_goes_on(views, tmp_path):
    """What was committed stands in Kafka; with room again the state is brought up to date from there."""
    big = {**GOOD, "note": "x" * 2000}
    with small_disk(tmp_path / "disk", "32m") as disk:
        one = views(**{"state-dir": disk.path / "state"})
        disk.fill()
        one.start()
        assert one.wait_exit(30) == EX_CANTCREAT
        assert "--state-dir" in one.log() and "No space left" in one.log() and one.log().count("level=error") == 1
        disk.free()
        views.put(*[envelope(i, **big) for i in range(500)])
        one.start().wait_ready()
        disk.fill(leave=1 << 20)
        views.put(*[envelope(i, **big) for i in range(500, 3000)])
        assert one.wait_exit(60) == EX_CANTCREAT
        assert "--state-dir" in one.log() and "No space left" in one.log() and one.log().count("level=error") == 1
        one.start()
        assert one.wait_exit(30) == EX_CANTCREAT
        disk.free()
        one.start().wait_ready()
        views.put(envelope(3000, **big))
        until(lambda: len(views.gold()) == 3001, "all rows")
        assert {row["per"] for row in views.gold("ratio").values()} == {20}
