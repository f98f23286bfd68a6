"""postgres-cdc against a real PostgreSQL and a real Kafka.

The oracle of what must lie in bronze is a second slot of its own, read through SQL and decoded here.
"""

import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
from collections import Counter
from pathlib import Path

import psycopg2
import pytest

from harness import services
from harness.compare import same_rows
from harness.services import Ended, free_port
from harness.wait import until

TABLES = """
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id int PRIMARY KEY, status text, amount numeric(12,2), note text);
CREATE TABLE shop.items (item text, order_id int, n int, PRIMARY KEY (order_id, item));
ALTER TABLE shop.items REPLICA IDENTITY FULL;
"""


class Capture:
    """One database under capture: the service, its topics and the independent slot."""

    def __init__(self, pg, kafka, stack, database, service, flags=None, env=None):
        self.pg, self.kafka, self.database, self.make = pg, kafka, database, service
        self.prefix = database
        self.progress_topic = f"_sluice.{database}.progress"
        self.slot = f"sluice_{database}"
        self.publication = f"sluice_{database}"
        self.env = {"SLUICE_POSTGRES_CDC_KAFKA_BOOTSTRAP": kafka.bootstrap, **(env or {})}
        self.flags = {
            "topic-prefix": database, "postgres-url": f"dbname={database}", "topic-partitions": 3,
            "tables": ["shop.orders", "shop.items"], **(flags or {}),
        }
        self.oracle = f"oracle_{database}"
        self.one = None

    def sql(self, statement, parameters=None):
        return self.pg.execute(self.database, statement, parameters)

    def script(self, text):
        self.pg.psql(self.database, stdin=text)

    def publish(self, tables="shop.orders, shop.items"):
        self.sql(f"CREATE PUBLICATION {self.publication} FOR TABLE {tables}")
        self.sql("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", (self.oracle,))

    def start(self, env=None, ready=True, instance="", **flags):
        extra = {name.replace("_", "-"): value for name, value in flags.items()}
        one = self.make("postgres-cdc", {**self.flags, **extra}, env={**self.env, **(env or {})}, instance=instance)
        self.one = one
        return one.wait_ready() if ready else one

    def topic(self, table):
        return f"{self.prefix}.shop.{table}"

    def stored(self):
        """The last stored position, as its JSON; None for none."""
        if self.progress_topic not in self.kafka.topics():
            return None
        records = self.kafka.read(self.progress_topic)
        return records[-1].json() if records else None

    def wait_caught_up(self, deadline_s=60):
        """Until the stored position has reached what the server has written by now."""
        target = lsn(self.pg.value(self.database, "SELECT pg_current_wal_lsn()::text"))

        def reached():
            stored = self.stored()
            return stored and stored["state"] == "streaming" and lsn(stored["end_lsn"]) >= target

        self.one.until(reached, "the stored position to catch up", deadline_s)

    def bronze(self, table):
        return self.kafka.read(self.topic(table))

    def state(self, table):
        """What the topic says the table holds now: the last value of each key, by a plain fold."""
        rows = {}
        for record in sorted(self.bronze(table), key=lambda r: (r.partition, r.offset)):
            value = record.json()
            if record.key is None:
                rows = {key: row for key, row in rows.items() if row[0] != record.partition}
            elif value is None or value["op"] == "d":
                rows.pop(record.key, None)
            else:
                rows[record.key] = (record.partition, value["after"])
        return [tuple(row.values()) for _partition, row in rows.values()]

    def check_state(self, at_least=1):
        """Bronze folds to the table's rows."""
        for table, columns in (("orders", "id, status, amount::text, note"), ("items", "item, order_id, n")):
            same_rows(self.state(table), self.sql(f"SELECT {columns} FROM shop.{table}"), f"state of {table}", at_least)

    def check_stream(self, at_least=1):
        """Every change of the oracle lies in bronze under its position, once; and nothing else does."""
        expected = []
        for change in self.changes():
            ops = {"I": ["c"], "D": ["d"], "T": ["t"] * 3, "U": ["u"]}[change["kind"]]
            expected += [(change["table"], *change["position"], op) for op in ops]
        actual, pairs = [], Counter()
        for table in ("orders", "items"):
            for record in self.bronze(table):
                if record.value is None:
                    continue
                final, ordinal = map(int, record.header("sluice.position").split("/"))
                if ordinal > 0:
                    actual.append((table, final, ordinal, record.json()["op"]))
        # a key change is d and c under one position
        for row in expected:
            if row[3] == "u":
                pairs[row[:3]] += 1
        seen = Counter(row[:3] for row in actual if row[3] in "cd")
        changed = {position for position in pairs if seen[position] == 2}
        expected = [row for row in expected if not (row[3] == "u" and row[:3] in changed)]
        expected += [(*position, op) for position in changed for op in "dc"]
        same_rows(actual, expected, "bronze and the oracle's slot", at_least)

    def changes(self):
        """What the independent slot has, decoded here: kind, table, (final LSN, ordinal)."""
        found, tables, final, ordinal = [], {}, 0, 0
        rows = self.sql(
            "SELECT data FROM pg_logical_slot_peek_binary_changes(%s, NULL, NULL, 'proto_version', '1',"
            " 'publication_names', %s)", (self.oracle, self.publication))
        for (data,) in rows:
            data = bytes(data)
            kind = chr(data[0])
            if kind == "B":
                (final,), ordinal = struct.unpack(">Q", data[1:9]), 0
            elif kind == "R":
                tables[data[1:5]] = data[5:].split(b"\0")[1].decode()
            elif kind in "IUD":
                ordinal += 1
                found.append({"kind": kind, "table": tables[data[1:5]], "position": (final, ordinal)})
            elif kind == "T":
                ordinal += 1
                (n,) = struct.unpack(">I", data[1:5])
                for i in range(n):
                    oid = data[6 + 4 * i:10 + 4 * i]
                    found.append({"kind": kind, "table": tables[oid], "position": (final, ordinal)})
        return found


def in_order(records):
    """By position; where a key change shares one: delete, tombstone, create."""
    def place(record):
        op = record.value and record.json()["op"]
        return (*map(int, record.header("sluice.position").split("/")), ("d", None).index(op) if op in ("d", None) else 2)

    return sorted(records, key=place)


def lsn(text):
    high, low = text.split("/")
    return int(high, 16) << 32 | int(low, 16)


@pytest.fixture
def capture(pg, kafka, stack, database, service):
    made = Capture(pg, kafka, stack, database, service)
    made.script(TABLES)
    return made


def load(capture, seed, transactions=60, stop=None):
    """Inserts, updates, deletes, key changes, roll-backs, over both tables; small and large transactions."""
    chance = random.Random(seed)
    connection = capture.pg.connect(capture.database, autocommit=False)
    try:
        with connection.cursor() as cursor:
            for number in range(transactions):
                if stop is not None and stop.is_set():
                    break
                base = seed * 1000000 + number * 100
                for i in range(chance.choice([1, 1, 1, 2, 5, 40])):
                    cursor.execute("INSERT INTO shop.orders VALUES (%s, 'NEW', %s, %s)", (base + i, chance.random(), "x" * i))
                    cursor.execute("INSERT INTO shop.items VALUES ('a', %s, %s)", (base + i, i))
                cursor.execute("UPDATE shop.orders SET status = 'PAID' WHERE id %% 7 = %s AND id >= %s", (number % 7, base - 500))
                cursor.execute("UPDATE shop.items SET order_id = -order_id WHERE order_id = %s", (base,))
                cursor.execute("DELETE FROM shop.orders WHERE id = %s", (base + 1,))
                connection.rollback() if chance.random() < 0.2 else connection.commit()
    finally:
        connection.close()


# --- what changes look like ---

def test_every_kind_of_change(capture):
    capture.publish()
    one = capture.start()
    capture.script("""
        INSERT INTO shop.orders VALUES (1, E'q"\\\\ \\n\\t é 😀', 1.50, NULL), (2, NULL, NULL, '');
        UPDATE shop.orders SET status = 'PAID' WHERE id = 1;
        UPDATE shop.orders SET id = 11 WHERE id = 1;
        DELETE FROM shop.orders WHERE id = 2;
        INSERT INTO shop.items VALUES ('a', 5, 1);
        UPDATE shop.items SET n = 2;
        UPDATE shop.items SET item = 'b';
        BEGIN; INSERT INTO shop.orders VALUES (3); ROLLBACK;
        BEGIN; INSERT INTO shop.orders VALUES (4); SAVEPOINT s; INSERT INTO shop.orders VALUES (5); ROLLBACK TO s; COMMIT;
        TRUNCATE shop.orders, shop.items;
        INSERT INTO shop.orders VALUES (6);
        INSERT INTO shop.items VALUES ('z', 6, 6);
    """)
    capture.wait_caught_up()
    by_order = in_order(capture.bronze("orders"))
    seen = [(r.json_key() and r.json_key()["id"], r.value and r.json()["op"]) for r in by_order]
    assert [x for x in seen if x[1] != "t"] == [
        (1, "c"), (2, "c"), (1, "u"), (1, "d"), (1, None), (11, "c"), (2, "d"), (2, None), (4, "c"), (6, "c")]
    assert [x for x in seen if x[1] == "t"] == [(None, "t")] * 3
    assert sorted(r.partition for r in by_order if r.value and r.json()["op"] == "t") == [0, 1, 2]
    first = by_order[0]
    assert list(first.json()) == ["before", "after", "source", "transaction", "op", "ts_ms", "ts_us", "ts_ns"]
    assert first.value.startswith(rb'{"before":null,"after":{"id":1,"status":"q\"\\ \n\t ' + "é".encode() + rb' \uD83D\uDE00","amount":"1.50","note":null},')
    source = first.json()["source"]
    assert source["db"] == capture.database and source["schema"] == "shop" and source["table"] == "orders"
    assert source["snapshot"] == "false" and source["name"] == capture.prefix
    assert json.loads(source["sequence"])[1] == str(source["lsn"])
    assert int(first.header("sluice.commit_ts_us")) == source["ts_us"]
    assert [name for name, _ in first.headers] == ["sluice.position", "sluice.commit_ts_us"]
    items = in_order(capture.bronze("items"))
    assert items[0].key == b'{"order_id":5,"item":"a"}'  # the primary key's order, not the table's
    assert items[1].json()["before"] == {"item": "a", "order_id": 5, "n": 1}  # REPLICA IDENTITY FULL
    capture.check_stream(at_least=12)
    capture.check_state()
    assert one.metric("sluice_changes_total", op="t") == 6 and one.metric("sluice_changes_total", op="u") == 2


def test_large_values_that_did_not_change(capture):
    capture.publish()
    capture.sql("ALTER TABLE shop.orders ALTER note SET STORAGE EXTERNAL")
    capture.sql("CREATE TABLE shop.full_orders (LIKE shop.orders INCLUDING ALL)")
    capture.sql("ALTER TABLE shop.full_orders REPLICA IDENTITY FULL")
    capture.sql(f"ALTER PUBLICATION {capture.publication} ADD TABLE shop.full_orders")
    capture.start(tables=["shop.orders", "shop.items", "shop.full_orders"])
    capture.script("""
        INSERT INTO shop.orders VALUES (1, 'a', 1, repeat('x', 9000)); UPDATE shop.orders SET status = 'b';
        INSERT INTO shop.full_orders VALUES (1, 'a', 1, repeat('x', 9000)); UPDATE shop.full_orders SET status = 'b';
    """)
    capture.wait_caught_up()
    assert capture.bronze("orders")[1].json()["after"]["note"] == "__debezium_unavailable_value"
    after = capture.bronze("full_orders")[1].json()["after"]
    assert after["note"] == "x" * 9000 and after["status"] == "b"


def test_a_table_that_changes_its_shape(capture):
    capture.publish()
    capture.start()
    capture.script("""
        INSERT INTO shop.orders VALUES (1);
        ALTER TABLE shop.orders ADD extra int DEFAULT 7, DROP note;
        CREATE DOMAIN shop.cents AS numeric(8,2);
        ALTER TABLE shop.orders ADD price shop.cents;
        INSERT INTO shop.orders (id, price) VALUES (2, 3.5);
    """)
    capture.wait_caught_up()
    rows = {r.json()["after"]["id"]: r.json()["after"] for r in capture.bronze("orders")}
    assert list(rows[1]) == ["id", "status", "amount", "note"]
    assert rows[2] == {"id": 2, "status": None, "amount": None, "extra": 7, "price": "3.50"}


def test_only_the_tables_asked_for(capture):
    capture.publish()
    capture.start(tables="shop.items")
    capture.script("INSERT INTO shop.orders VALUES (1); INSERT INTO shop.items VALUES ('a', 1, 1);"
                   "BEGIN; INSERT INTO shop.orders VALUES (2); INSERT INTO shop.items VALUES ('b', 1, 1); COMMIT")
    capture.wait_caught_up()
    assert sorted(r.header("sluice.position").split("/")[1] for r in capture.bronze("items")) == ["1", "2"]
    assert capture.topic("orders") not in capture.kafka.topics()


# --- the snapshot ---

def test_snapshot_markers_and_position(capture):
    capture.script("INSERT INTO shop.items VALUES ('a', 1, 1);"
                   "INSERT INTO shop.orders SELECT i, E'a\\tb\\\\c\\nd', i, NULL FROM generate_series(1, 4) i")
    capture.publish()
    capture.start()
    capture.wait_caught_up()
    (item,) = capture.bronze("items")
    rows = sorted(capture.bronze("orders"), key=lambda r: r.json_key()["id"])
    assert item.json()["source"]["snapshot"] == "first" and item.json()["op"] == "r"
    assert [r.json()["source"]["snapshot"] for r in rows] == ["first_in_data_collection", "true", "true", "last"]
    assert rows[0].json()["after"] == {"id": 1, "status": "a\tb\\c\nd", "amount": "1.00", "note": None}
    assert {r.header("sluice.position") for r in rows} == {f"{rows[0].json()['source']['lsn']}/0"}
    assert json.loads(rows[0].json()["source"]["sequence"])[0] is None
    assert capture.sql("SELECT count(*) FROM pg_replication_slots WHERE temporary AND database = current_database()") == [(0,)]
    capture.check_state()


def test_snapshot_and_stream_meet_without_gap(capture):
    capture.publish()
    stop = threading.Event()
    writers = [threading.Thread(target=load, args=(capture, seed, 100000, stop)) for seed in (1, 2)]
    for writer in writers:
        writer.start()
    try:
        until(lambda: capture.sql("SELECT count(*) FROM shop.orders")[0][0] > 500, "rows")
        capture.start()
        before = capture.one.metric("sluice_changes_total", op="u")
        capture.one.until(lambda: capture.one.metric("sluice_changes_total", op="u") > before + 200, "updates")
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    capture.wait_caught_up()
    capture.check_state(at_least=500)


def test_an_existing_slot_is_used(capture):
    capture.publish()
    capture.sql("SELECT pg_create_logical_replication_slot('given_' || %s, 'pgoutput')", (capture.database,))
    capture.sql("INSERT INTO shop.orders VALUES (1)")
    capture.sql("UPDATE shop.orders SET status = 'x'")
    capture.start(slot=f"given_{capture.database}")
    capture.sql("INSERT INTO shop.orders VALUES (2)")
    capture.wait_caught_up()
    assert sorted((r.json_key()["id"], r.json()["op"]) for r in capture.bronze("orders")) == [(1, "r"), (2, "c")]


def test_without_a_snapshot(capture):
    capture.publish()
    capture.sql("INSERT INTO shop.orders VALUES (1)")
    capture.start(snapshot_mode="never")
    capture.sql("INSERT INTO shop.orders VALUES (2)")
    capture.wait_caught_up()
    assert [(r.json_key()["id"], r.json()["op"]) for r in capture.bronze("orders")] == [(2, "c")]


@pytest.mark.parametrize("failpoint", ["mid-snapshot:kill@700", "before-commit:kill@3", "after-commit:kill@3",
                                       "open-transaction:kill@500", "before-snapshot-done:kill"])
def test_a_snapshot_cut_short_starts_again_and_retracts(capture, failpoint):
    capture.publish()
    capture.script("INSERT INTO shop.orders SELECT i, 'old', i, NULL FROM generate_series(1, 600) i;"
                   "INSERT INTO shop.items SELECT 'a', i, i FROM generate_series(1, 600) i")
    one = capture.start(env={"SLUICE_FAILPOINT": "postgres-cdc." + failpoint}, ready=False, commit_records=100)
    assert one.wait_exit(30) == -9
    assert "msg=failpoint" in one.log() and capture.stored()["state"] == "snapshot"
    left = sum(len(capture.bronze(t)) for t in ("orders", "items") if capture.topic(t) in capture.kafka.topics())
    capture.script("DELETE FROM shop.items WHERE order_id % 3 = 0; UPDATE shop.items SET n = -1 WHERE order_id % 3 = 1;"
                   "DELETE FROM shop.orders WHERE id <= 10")
    capture.start(commit_records=100)
    capture.wait_caught_up()
    assert capture.stored()["attempt"] == 2 and left >= 100
    capture.check_state(at_least=400)
    assert capture.one.metric("sluice_retractions_total") >= 33
    gone = [r for r in capture.bronze("items") if r.value and r.json()["op"] == "d"]
    assert gone and all(r.header("sluice.position") == f"{r.json()['source']['lsn']}/0" for r in gone)
    assert all(r.json()["before"]["order_id"] == r.json_key()["order_id"] for r in gone)


# --- nothing lost, nothing doubled ---

def test_restarts_under_load(capture):
    capture.publish()
    one = capture.start(commit_interval="20ms")
    stop = threading.Event()
    writer = threading.Thread(target=load, args=(capture, 1, 100000, stop))
    writer.start()
    try:
        for life in range(6):
            before = one.metric("sluice_changes_total")
            one.until(lambda: one.metric("sluice_changes_total") > before + 300, "changes")
            if life % 2:
                assert one.terminate() == 0
                one.start().wait_ready()
            else:
                one.restart()
    finally:
        stop.set()
        writer.join()
    capture.wait_caught_up()
    capture.check_stream(at_least=1000)
    capture.check_state(at_least=100)


@pytest.mark.parametrize("failpoint", ["before-commit:kill@2", "after-commit:kill@2", "open-transaction:kill@150"])
def test_killed_at(capture, failpoint):
    """Small transactions, and one that spans many Kafka transactions, with a kill in each of three lives."""
    capture.publish()
    one = capture.start(commit_records=50)
    one.kill()
    load(capture, 1, 40)
    capture.sql("INSERT INTO shop.orders SELECT i, 'big', 1, NULL FROM generate_series(-1000, -1) i")
    load(capture, 2, 10)
    for _life in range(3):
        one.start(env={"SLUICE_FAILPOINT": "postgres-cdc." + failpoint})
        assert one.wait_exit(30) == -9 and "msg=failpoint" in one.log()
    one.start().wait_ready()
    capture.wait_caught_up()
    capture.check_stream(at_least=1500)
    capture.check_state(at_least=200)


def test_killed_inside_a_large_transaction(capture):
    capture.publish()
    one = capture.start(commit_records=50)
    one.kill()
    capture.sql("INSERT INTO shop.orders SELECT i, 'big', 1, NULL FROM generate_series(1, 1000) i")
    one.start(env={"SLUICE_FAILPOINT": "postgres-cdc.after-commit:kill@5"})
    assert one.wait_exit(30) == -9
    stored = capture.stored()
    assert stored["changes"] == 250 and lsn(stored["final_lsn"]) >= lsn(stored["end_lsn"])
    one.start().wait_ready()
    capture.wait_caught_up()
    capture.check_stream(at_least=1000)


def test_the_tests_notice_a_position_outside_the_transaction(capture):
    capture.publish()
    one = capture.start()
    one.kill()
    load(capture, 1, 20)
    one.start(env={"SLUICE_FAILPOINT": "postgres-cdc.skip-progress:on,postgres-cdc.after-commit:kill"})
    assert one.wait_exit(30) == -9
    one.start().wait_ready()
    capture.wait_caught_up()
    with pytest.raises(AssertionError, match="surplus"):
        capture.check_stream()


def test_the_broker_goes_away_and_comes_back(capture, stack):
    capture.publish()
    one = capture.start(transaction_timeout="4s")
    load(capture, 1, 20)
    stack.crash("kafka")
    try:
        load(capture, 2, 20)
        one.wait_unready(40)
    finally:
        stack.start("kafka")
    one.wait_ready(60)
    load(capture, 3, 5)
    capture.wait_caught_up()
    capture.check_stream(at_least=200)


def test_postgresql_restarts(capture, stack):
    capture.publish()
    one = capture.start()
    load(capture, 1, 20)
    stack.stop("postgres")
    try:
        one.wait_unready()
    finally:
        stack.start("postgres")
    one.wait_ready(60)
    load(capture, 2, 20)
    stack.crash("postgres")
    stack.start("postgres")
    load(capture, 3, 20)
    capture.wait_caught_up()
    capture.check_stream(at_least=200)
    assert one.running()


def test_a_second_instance_stands_by_and_takes_over(capture):
    capture.publish()
    first = capture.start(instance="first")
    load(capture, 1, 10)
    second = capture.start(instance="second", ready=False)
    second.wait_log("standing by")
    assert second.ready() == 503 and first.ready() == 200
    first.kill()
    second.wait_ready(30)
    load(capture, 2, 10)
    capture.wait_caught_up()
    capture.check_stream(at_least=50)


def test_a_stopped_instance_writes_nothing_when_it_goes_on(capture):
    """SIGSTOP inside an open transaction; the server ends its reading; the second instance takes over."""
    capture.publish()
    capture.start().kill()
    load(capture, 1, 30)
    first = capture.start(instance="first", ready=False, env={"SLUICE_FAILPOINT": "postgres-cdc.before-commit:stop@1"})
    first.wait_log("msg=failpoint")
    second = capture.start(instance="second", ready=False)
    second.wait_ready(60)
    capture.wait_caught_up()
    first.go_on()
    until(lambda: not first.running() or "standing by" in first.log(), "the first to give up", 40)
    load(capture, 2, 10)
    capture.wait_caught_up()
    capture.check_stream(at_least=50)


def test_an_idle_sources_slot_moves_on(capture):
    capture.publish()
    capture.start(idle_advance="500ms")
    capture.wait_caught_up()
    capture.pg.execute("postgres", "CREATE TABLE IF NOT EXISTS elsewhere (n int)")
    capture.pg.execute("postgres", "INSERT INTO elsewhere SELECT generate_series(1, 1000)")
    target = lsn(capture.pg.value("postgres", "SELECT pg_current_wal_lsn()::text"))

    def confirmed():
        return lsn(capture.pg.value("postgres", "SELECT confirmed_flush_lsn::text FROM pg_replication_slots"
                                    " WHERE slot_name = %s", (capture.slot,)))

    until(lambda: confirmed() >= target, "the slot to move on", 20)
    assert lsn(capture.stored()["end_lsn"]) >= confirmed()


# --- what is refused ---

def refused(capture, pattern, status, **flags):
    one = capture.start(ready=False, **flags)
    assert one.wait_exit(20) == status, one.tail()
    assert re.search(pattern, one.log()), one.log()


def drop_slot(capture):
    until(lambda: capture.sql("SELECT pg_drop_replication_slot(%s)", (capture.slot,)), "the slot to be free",
          ignore=(psycopg2.errors.ObjectInUse,))


def established(capture):
    capture.publish()
    one = capture.start()
    capture.sql("INSERT INTO shop.orders VALUES (1)")
    capture.wait_caught_up()
    one.terminate()


def test_a_slot_that_is_gone_or_recreated_is_refused(capture):
    established(capture)
    drop_slot(capture)
    refused(capture, "is gone, a position is stored", 78)
    capture.sql("INSERT INTO shop.orders VALUES (2)")
    capture.sql("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", (capture.slot,))
    refused(capture, "ahead of the stored position", 78)
    # what the message says to do
    drop_slot(capture)
    capture.sql("DELETE FROM shop.orders WHERE id = 1")
    capture.kafka.delete_topic(capture.progress_topic)
    capture.start()
    capture.wait_caught_up()
    same_rows(capture.state("orders"), capture.sql("SELECT id, status, amount::text, note FROM shop.orders"), "orders afresh")


def test_an_advanced_slot_is_refused(capture):
    established(capture)
    capture.sql("INSERT INTO shop.orders VALUES (2)")
    until(lambda: capture.sql("SELECT pg_replication_slot_advance(%s, pg_current_wal_lsn())", (capture.slot,)),
          "the slot to be free", ignore=(psycopg2.errors.ObjectInUse,))
    refused(capture, "ahead of the stored position", 78)


def test_a_position_of_elsewhere_is_refused(capture):
    established(capture)
    stored = capture.stored()
    for change, pattern in (({"system_id": "1"}, "belongs to the PostgreSQL cluster 1"),
                            ({"timeline": 2}, "is on timeline 2"),
                            ({"slot": "another"}, "belongs to the slot .?\"another")):
        capture.kafka.produce(capture.progress_topic, [(capture.prefix.encode(), json.dumps({**stored, **change}).encode())])
        refused(capture, pattern, 78)
    capture.kafka.produce(capture.progress_topic, [(capture.prefix.encode(), b"nonsense")])
    refused(capture, "stored position", 65)


def test_slots_that_can_not_be_used(capture):
    capture.publish()
    capture.sql("SELECT pg_create_logical_replication_slot('td_' || %s, 'test_decoding')", (capture.database,))
    refused(capture, "plugin .?\"test_decoding", 78, slot=f"td_{capture.database}")
    refused(capture, "--slot: .*Upper", 64, slot="Upper")


def test_preflight_names_table_troubles(capture):
    capture.script("""
        CREATE TABLE shop.keyless (n int);
        CREATE TABLE shop.full_keyless (n int); ALTER TABLE shop.full_keyless REPLICA IDENTITY FULL;
        CREATE TABLE shop.nothing (n int PRIMARY KEY); ALTER TABLE shop.nothing REPLICA IDENTITY NOTHING;
        CREATE UNLOGGED TABLE shop.unlogged (n int PRIMARY KEY);
        CREATE TABLE shop.other (n int PRIMARY KEY);
        CREATE VIEW shop.looked AS SELECT 1;
    """)
    refused(capture, "does not exist: name --tables, or CREATE PUBLICATION", 78, tables=None)
    capture.publish("shop.orders, shop.keyless, shop.full_keyless, shop.nothing")
    refused(capture, 'there is no table .?"shop.nope', 78, tables="shop.nope")
    refused(capture, "shop.looked is not a table", 78, tables="shop.looked")
    refused(capture, "ALTER TABLE shop.unlogged SET LOGGED", 78, tables="shop.unlogged")
    refused(capture, "ALTER PUBLICATION .* ADD TABLE shop.other", 78, tables="shop.other")
    refused(capture, "ALTER TABLE shop.keyless ADD PRIMARY KEY", 78, tables="shop.keyless")
    refused(capture, "ALTER TABLE shop.full_keyless ADD PRIMARY KEY", 78, tables="shop.full_keyless")
    refused(capture, "ALTER TABLE shop.nothing REPLICA IDENTITY DEFAULT", 78, tables="shop.nothing")
    capture.sql(f"ALTER PUBLICATION {capture.publication} SET (publish = 'insert')")
    refused(capture, "SET \\(publish = 'insert, update, delete, truncate'\\)", 78, tables="shop.orders")


def test_preflight_names_role_troubles(capture, tmp_path):
    capture.publish()
    name = capture.database
    password = tmp_path / "password"
    password.write_text("cdc_1234\n")
    try:
        capture.sql(f"CREATE ROLE {name}_replication REPLICATION")
        capture.sql(f"CREATE USER {name} PASSWORD 'cdc_1234' ROLE {name}_replication")
        flags = {"postgres_url": f"dbname={name} user={name}", "postgres_password_file": str(password)}
        refused(capture, f"ALTER ROLE {name} REPLICATION .*the other way round", 77, **flags)
        capture.sql(f"ALTER ROLE {name} REPLICATION")
        refused(capture, "GRANT SELECT ON shop.items", 77, **flags)
        capture.script(f"GRANT USAGE ON SCHEMA shop TO {name}; GRANT SELECT ON ALL TABLES IN SCHEMA shop TO {name}")
        capture.start(**flags).terminate()
        password.write_text("wrong\n")
        refused(capture, "password authentication failed", 77, **flags)
        assert "wrong" not in capture.one.log()
    finally:
        capture.script(f"DROP OWNED BY {name}; DROP ROLE {name}; DROP ROLE {name}_replication")


def test_a_missing_database_and_a_wrong_flag(capture):
    refused(capture, "--postgres-url: .*does not exist", 78, postgres_url="dbname=nope_nope")
    refused(capture, "--topic-prefix", 64, topic_prefix="a b")
    assert services.run("postgres-cdc", {"http-port": -1}).returncode == 64


@pytest.fixture
def own_server(request):
    """A PostgreSQL of this test alone, with the wal_level asked for; its port."""
    folder = Path(tempfile.mkdtemp(prefix="sluice-own-"))
    user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"] if os.geteuid() == 0 else []
    port = free_port()
    if user:
        shutil.chown(folder, "postgres", "postgres")
    programs = Path("/usr/lib/postgresql/15/bin")
    subprocess.run([*user, programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust"], check=True,
                   capture_output=True, cwd=folder)
    server = subprocess.Popen(
        [*user, programs / "postgres", "-D", folder / "data", "-p", str(port), "-c", f"wal_level={request.param}",
         "-c", "unix_socket_directories=", "-c", "listen_addresses=127.0.0.1"], cwd=folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: subprocess.run([programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode == 0,
              "the server to answer")
        yield port
    finally:
        server.send_signal(signal.SIGINT)  # fast: whoever is connected is cut off
        server.wait(30)
        shutil.rmtree(folder)


@pytest.mark.parametrize("own_server", ["replica"], indirect=True)
def test_wal_level_replica(capture, own_server):
    refused(capture, "wal_level is replica: ALTER SYSTEM SET wal_level = 'logical'", 78,
            postgres_url=f"host=127.0.0.1 port={own_server} user=postgres")


@pytest.mark.parametrize("own_server", ["logical"], indirect=True)
def test_a_server_that_waits_for_itself_and_a_slot_that_nobody_reads(capture, own_server):
    """Both as the message says: the one is mended by it, the other told with what it holds back."""
    url = f"host=127.0.0.1 port={own_server} user=postgres"
    server = psycopg2.connect(url)
    server.autocommit = True
    asked = server.cursor()
    asked.execute(TABLES)
    asked.execute("CREATE PUBLICATION p FOR TABLE shop.orders, shop.items; CREATE ROLE cdc LOGIN REPLICATION; GRANT USAGE ON SCHEMA shop TO cdc;"
                  " GRANT SELECT ON ALL TABLES IN SCHEMA shop TO cdc")
    flags = {"postgres_url": f"host=127.0.0.1 port={own_server} user=cdc dbname=postgres", "publication": "p"}
    ended = []

    def subscribe():
        with pytest.raises(psycopg2.errors.QueryCanceled):
            own = psycopg2.connect(url)
            own.autocommit = True
            own.cursor().execute(f"CREATE SUBSCRIPTION s CONNECTION '{url} dbname=postgres' PUBLICATION p")
        ended.append(True)

    subscriber = threading.Thread(target=subscribe)
    subscriber.start()
    waits = lambda: asked.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
                                  " AND waitstart < clock_timestamp() - interval '5 s'") or asked.fetchone()[0]
    until(waits, "the subscription to have waited")
    refused(capture, "this server waits for itself: .* create it WITH \\(create_slot = false\\)", 78, **flags)
    asked.execute(re.search(r"SELECT pg_cancel_backend\(\d+\)", capture.one.log())[0])
    subscriber.join(30)
    assert ended
    asked.execute("SELECT pg_create_logical_replication_slot('cdc_pgoutput', 'pgoutput'), pg_create_physical_replication_slot('old', true)")
    until(lambda: asked.execute("SELECT count(*) FROM pg_replication_slots") or asked.fetchone()[0] == 2, "the subscription's slot to go")
    one = capture.start(**flags)
    told = {re.search(r" slot=(\S+)", line)[1]: line for line in one.log().splitlines() if "a slot that nobody reads" in line}
    assert set(told) == {"cdc_pgoutput", "old"} and all(re.search(r" bytes=[1-9]", line) for line in told.values()), told
    assert "mend=\"--slot=cdc_pgoutput reads it, or SELECT pg_drop_replication_slot('cdc_pgoutput')" in told["cdc_pgoutput"]
    assert "mend=\"SELECT pg_drop_replication_slot('old')" in told["old"]
    one.terminate()
    server.close()


def test_servers_that_were_never_there(capture, tmp_path):
    capture.publish()
    one = capture.start(ready=False, kafka_bootstrap=f"127.0.0.1:{free_port()}")
    assert one.wait_exit(40) == 69 and "127.0.0.1" in one.log()
    one = capture.start(ready=False, postgres_url=f"host=127.0.0.1 port={free_port()}")
    assert one.wait_exit(40) == 69 and "--postgres-url" in one.log()


@pytest.mark.parametrize("own_server", ["logical"], indirect=True)
def test_a_stop_while_a_new_slot_waits(capture, own_server):
    """A transaction that has written holds back every new slot: told, alive, and given up without a trace; then it goes on."""
    server = psycopg2.connect(f"host=127.0.0.1 port={own_server} user=postgres")
    server.autocommit = True
    asked = server.cursor()
    asked.execute(TABLES + "INSERT INTO shop.orders VALUES (1); CREATE PUBLICATION p FOR TABLE shop.orders, shop.items")
    open_one = psycopg2.connect(f"host=127.0.0.1 port={own_server} user=postgres")
    open_one.cursor().execute("INSERT INTO shop.orders VALUES (2)")
    senders = lambda: asked.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender'") or asked.fetchone()[0]
    one = capture.start(ready=False, postgres_url=f"host=127.0.0.1 port={own_server} user=postgres", publication="p")
    one.wait_log(f"the slot comes when .* processes={open_one.info.backend_pid}")
    until(senders, "the server to make the slot")
    one.wait_unready()
    assert one.terminate() == 0 and senders() == 0
    one.start()
    one.wait_log("the slot comes when")
    open_one.commit()
    one.wait_ready()
    assert [row[0] for row in sorted(capture.state("orders"))] == [1, 2]
    one.terminate()
    server.close()
