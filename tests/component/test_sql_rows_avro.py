"""sql-rows in Avro: the records another library reads, the same rows as in JSON, and what a registry does to it."""

import subprocess
from collections import Counter

import pytest

from component.test_sql_rows import INCREMENTAL, shop  # noqa: F401  (a fixture)
from harness.compare import same_rows
from harness.registry import Decoder

EX_USAGE, EX_CONFIG = 64, 78


@pytest.fixture
def avro_shop(shop, registry):  # noqa: F811
    def make(**flags):
        rows = shop(**{"value_format": "avro", "schema_registry_url": registry.url, **flags})
        rows.decoder = Decoder(registry)
        return rows

    return make


def envelopes(rows):
    """(op, key, row) of every record that is no tombstone, by Apache's own library."""
    found = []
    for record in rows.records():
        if record.value is not None:
            value = rows.decoder.read(record.value)
            found.append((value["op"], rows.decoder.read(record.key)["order_id"], value["before" if value["op"] == "d" else "after"]))
    return found


def state(rows):
    latest = {}
    for op, key, row in envelopes(rows):
        latest[key] = row
        if op == "d":
            del latest[key]
    return [tuple(row.values()) for row in latest.values()]


@pytest.mark.parametrize("how", [{"mode": "full", "page_rows": 7}, INCREMENTAL], ids=["full", "incremental"])
def test_changes_are_those_of_json(avro_shop, shop, registry, how):  # noqa: F811
    """Creates, updates, deletes; the store lost between two runs; as many events, and rows of the same content."""
    shop.insert(1, 30)
    shop.sql("UPDATE shop.orders SET code = 'a😀\x01\"', amount = NULL WHERE order_id = 3")
    rows = avro_shop(detect_deletes=True, **how)
    assert rows.once()["rows_processed"] == 30
    assert {f"{rows.topic}-key", f"{rows.topic}-value"} <= set(registry.subjects())
    shop.insert(31, 40)
    shop.sql("UPDATE shop.orders SET status = 'old', updated_at = CURRENT_TIMESTAMP(3) WHERE order_id <= 5")
    shop.sql("DELETE FROM shop.orders WHERE order_id > 37")
    shop.sql("DELETE FROM shop.orders WHERE order_id = 10")
    subprocess.run(["rm", "-rf", rows.flags["state-dir"]], check=True)
    said = rows.once()
    assert (said["created"], said["updated"], said["deleted"]) == (7, 5, 1)
    same_rows(state(rows), shop.table(), "the topic and the table")
    gone = next(row for op, _, row in envelopes(rows) if op == "d")
    assert gone == {"order_id": 10, "code": None, "amount": None, "status": None, "updated_at": None}
    subprocess.run(["rm", "-rf", rows.flags["state-dir"]], check=True)
    assert rows.once()["rows_processed"] == 0, "what the topic holds was told from its headers"
    assert Counter(op for op, _, _ in envelopes(rows)) == {"r": 30, "c": 7, "u": 5, "d": 1}


def test_plain_rows_have_their_types(avro_shop, shop):  # noqa: F811
    shop.insert(1, 3, "'2026-02-28 13:14:15.5'")
    rows = avro_shop(format="json", detect_deletes=True)
    rows.once()
    first = next(row for row in map(rows.decoder.read, (record.value for record in rows.records())) if row["order_id"] == 1)
    assert str(first["amount"]) == "1.10" and (first["code"], first["updated_at"]) == ("0000000001", 1772284455500000)
    shop.sql("DELETE FROM shop.orders WHERE order_id = 1")
    assert rows.once()["deleted"] == 1
    assert [rows.decoder.read(record.key) for record in rows.records() if record.value is None] == [{"order_id": 1}]


def test_a_column_added_and_a_schema_refused(avro_shop, shop, registry):  # noqa: F811
    shop.insert(1, 3)
    rows = avro_shop()
    rows.once()
    shop.sql("ALTER TABLE shop.orders ADD COLUMN note text")
    assert rows.once()["rows_processed"] == 3
    assert Counter(row.get("note", "none") for _, _, row in envelopes(rows)) == {"none": 3, None: 3}
    shop.sql("ALTER TABLE shop.orders ALTER COLUMN amount TYPE double precision")
    before = len(rows.records())
    said = rows.once(expect=EX_CONFIG)
    assert len(rows.records()) == before and f"subject {rows.topic}-value" in said["error"] and "compatible" in said["error"]


def test_an_outage_of_the_registry_is_survived(avro_shop, shop, stack):  # noqa: F811
    """One that began after the schemas were told: rows and deletes go on."""
    shop.insert(1, 5)
    rows = avro_shop(every="200ms", detect_deletes=True)
    one = rows.start()
    one.wait_log('"snapshot":5')
    stack.crash("registry")
    try:
        shop.insert(6, 9)
        shop.sql("DELETE FROM shop.orders WHERE order_id = 1")
        one.until(lambda: len(rows.records()) == 11, "four creates, a delete and its tombstone")
    finally:
        stack.start("registry")
    assert one.terminate() == 0
    same_rows(state(rows), shop.table(), "the topic and the table")


def test_the_other_format_is_refused(avro_shop, shop):  # noqa: F811
    shop.insert(1, 3)
    rows = avro_shop()
    rows.once(value_format="json")
    again = rows.start(once=True)
    assert again.wait_exit(60) == EX_CONFIG and "holds records as JSON" in again.tail()
    unnamed = rows.make("sql-rows", {**rows.flags, "once": True, "schema-registry-url": None}, env=rows.env, instance="none")
    assert unnamed.wait_exit(30) == EX_USAGE and "--schema-registry-url" in unnamed.tail()
