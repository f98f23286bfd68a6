"""sql-rows against a real PostgreSQL, SQLite and Kafka: what lies in the topic afterwards is what the source held."""

import json
import os
import random
import sqlite3
import threading
from collections import Counter
from pathlib import Path

import psycopg2
import pytest

from harness import ROOT, services
from harness.compare import same_rows
from harness.services import account

SHARED = Path(os.environ.get("SLUICE_SHARED") or ROOT.parent / "shared") / "data"

ORDERS = """
CREATE SCHEMA shop;
CREATE TABLE shop.orders (order_id bigint PRIMARY KEY, code varchar(10), amount numeric(12,2), status text,
                          updated_at timestamp(3) DEFAULT CURRENT_TIMESTAMP(3));
"""


class Rows:
    """One extraction: its flags, its topic, its lives."""

    def __init__(self, kafka, service, prefix, tmp_path, flags, env=None):
        self.kafka, self.make, self.prefix, self.folder = kafka, service, prefix, tmp_path
        self.env = {"SLUICE_SQL_ROWS_KAFKA_BOOTSTRAP": kafka.bootstrap, **(env or {})}
        self.flags = {"topic-prefix": prefix, "state-dir": tmp_path / "seen", "topic-partitions": 2,
                      "give-up-after": "20s", **flags}
        self.topic = self.flags.get("topic") or f"{prefix}.shop.orders"
        self.lives = 0

    def start(self, env=None, **flags):
        self.lives += 1
        extra = {name.replace("_", "-"): value for name, value in flags.items()}
        return self.make("sql-rows", {**self.flags, **extra}, env={**self.env, **(env or {})}, instance=str(self.lives))

    def once(self, expect=0, env=None, **flags):
        """One run; its summary."""
        one = self.start(env=env, once=True, **flags)
        status = one.wait_exit(60)
        assert status == expect, one.tail()
        return account(one.log())

    def killed(self, failpoint, **flags):
        """A run that dies at the failpoint."""
        one = self.start(env={"SLUICE_FAILPOINT": failpoint}, once=True, **flags)
        assert one.wait_exit(60) == -9, one.tail()

    def records(self, topic=None):
        return self.kafka.read(topic or self.topic)

    def events(self):
        """(op, key, row) of every envelope, in the order of their positions."""
        found = []
        for record in self.records():
            if record.value is None:
                continue
            value = record.json()
            row = value["before"] if value["op"] == "d" else value["after"]
            position = tuple(map(int, record.header("sluice.position").split("/")))
            found.append((position, value["op"], record.json_key(), row))
        assert len({position for position, *_ in found}) == len(found), "a position twice"
        return [event[1:] for event in sorted(found, key=lambda event: event[0])]

    def state(self):
        """What the topic says is there now."""
        rows = {}
        for record in self.records():
            value = record.json()
            if value is None or value.get("op") == "d":
                rows.pop(record.key, None)
            else:
                rows[record.key] = tuple((value["after"] if "op" in value else value).values())
        return list(rows.values())

    def dead(self):
        return self.records(f"{self.prefix}.dead-letters")


@pytest.fixture
def shop(pg, kafka, database, service, tmp_path):
    pg.psql(database, stdin=ORDERS)

    def make(**flags):
        words = {name.replace("_", "-"): value for name, value in flags.items()}
        return Rows(kafka, service, database, tmp_path,
                    {"postgres-url": f"dbname={database}", "table": "shop.orders", **words})

    make.sql = lambda statement, parameters=None: pg.execute(database, statement, parameters)
    make.insert = lambda low, high, stamp="CURRENT_TIMESTAMP(3)": pg.psql(
        database, stdin=f"INSERT INTO shop.orders SELECT i, to_char(i, 'FM0000000000'), i * 1.10, 'new', {stamp}"
                        f" FROM generate_series({low}, {high}) i;")
    make.connect = lambda: pg.connect(database, autocommit=False)
    make.table = lambda: [tuple(row) for row in pg.execute(
        database, "SELECT order_id, code, amount::text, status, (extract(epoch FROM updated_at) * 1000)::bigint"
                  " FROM shop.orders")]
    return make


INCREMENTAL = {"mode": "incremental", "timestamp_column": "updated_at", "page_rows": 7}


# --- full ---


def test_full_writes_every_row_once_and_then_what_differs(shop):
    shop.insert(1, 50)
    rows = shop(mode="full", page_rows=7)
    assert rows.once()["snapshot"] == 50
    same_rows(rows.state(), shop.table(), "the topic and the table")
    assert {op for op, _key, _row in rows.events()} == {"r"}
    assert rows.once()["rows_processed"] == 0, "the same rows again are nothing"
    shop.sql("UPDATE shop.orders SET status = 'paid' WHERE order_id IN (3, 33)")
    shop.insert(51, 52)
    summary = rows.once()
    assert (summary["updated"], summary["created"], summary["rows_processed"]) == (2, 2, 4)
    same_rows(rows.state(), shop.table(), "the topic and the table")
    assert Counter(op for op, _key, _row in rows.events()) == {"r": 50, "u": 2, "c": 2}


def test_full_finds_deletes_and_writes_a_tombstone(shop):
    shop.insert(1, 20)
    rows = shop(mode="full", page_rows=7, detect_deletes=True)
    rows.once()
    shop.sql("DELETE FROM shop.orders WHERE order_id IN (1, 20)")
    shop.sql("UPDATE shop.orders SET order_id = 100 WHERE order_id = 10")
    assert rows.once()["deleted"] == 3
    same_rows(rows.state(), shop.table(), "the topic and the table")
    gone = [record for record in rows.records() if record.value is None]
    assert {json.loads(record.key)["order_id"] for record in gone} == {1, 10, 20}
    before = [row for op, _key, row in rows.events() if op == "d"]
    assert all(row["code"] is None and row["order_id"] in (1, 10, 20) for row in before)
    assert rows.once()["rows_processed"] == 0


def test_the_envelope_is_one_that_views_reads(shop):
    shop.insert(1, 1)
    rows = shop(mode="full")
    rows.once()
    (record,) = rows.records()
    value = record.json()
    assert list(value) == ["before", "after", "source", "transaction", "op", "ts_ms", "ts_us", "ts_ns"]
    assert value["source"]["connector"] == "sluice-sql-rows" and value["source"]["db"] == rows.prefix
    assert value["after"]["code"] == "0000000001" and value["after"]["amount"] == "1.10"
    assert record.key == b'{"order_id":1}'
    run, ordinal = map(int, record.header("sluice.position").split("/"))
    assert run == value["source"]["run"] and ordinal == 1


# --- incremental ---


def test_incremental_reads_what_is_behind_the_position(shop):
    shop.insert(1, 40)
    rows = shop(**INCREMENTAL)
    assert rows.once()["snapshot"] == 40
    assert rows.once()["rows_processed"] == 0
    shop.insert(41, 60)
    shop.sql("UPDATE shop.orders SET status = 'paid', updated_at = CURRENT_TIMESTAMP(3) WHERE order_id <= 5")
    summary = rows.once()
    assert (summary["created"], summary["updated"]) == (20, 5)
    same_rows(rows.state(), shop.table(), "the topic and the table")


def test_a_commit_with_an_older_stamp_is_not_lost(shop):
    """Three transactions stay open while younger rows are read: one old stamp, one in a savepoint, one without a stamp."""
    shop.insert(1, 30)
    rows = shop(**INCREMENTAL)
    open_ones = [shop.connect() for _ in range(3)]
    cursors = [one.cursor() for one in open_ones]
    cursors[0].execute("INSERT INTO shop.orders VALUES (1001, 'late', 1, 'new', '2001-01-01')")
    cursors[1].execute("SAVEPOINT s; INSERT INTO shop.orders VALUES (1002, 'late', 1, 'new', now() - interval '1 h')")
    cursors[1].execute("RELEASE s")
    cursors[2].execute("INSERT INTO shop.orders VALUES (1003, 'late', 1, 'new', NULL)")
    rows.once()
    shop.insert(31, 60)
    assert rows.once()["created"] == 30
    for one in open_ones:
        one.commit()
        one.close()
    assert rows.once()["created"] == 3
    same_rows(rows.state(), shop.table(), "the topic and the table")
    assert rows.once()["rows_processed"] == 0, "nothing is read twice as new"


def test_an_update_that_leaves_the_stamp_alone_is_seen(shop):
    shop.insert(1, 10)
    rows = shop(**INCREMENTAL)
    rows.once()
    shop.sql("UPDATE shop.orders SET status = 'silent' WHERE order_id = 4")
    assert rows.once()["updated"] == 1
    same_rows(rows.state(), shop.table(), "the topic and the table")


def test_without_the_horizon_late_commits_would_be_lost(shop):
    """The tests above can fail: with late commits ignored the row is missing, with an overlap it is there."""
    shop.insert(1, 10)
    rows = shop(**INCREMENTAL)
    late = shop.connect()
    late.cursor().execute("INSERT INTO shop.orders VALUES (99, 'late', 1, 'new', now() - interval '2 min')")
    rows.once(late_commits="ignore")
    late.commit()
    late.close()
    assert rows.once(late_commits="ignore")["rows_processed"] == 0
    assert rows.once(overlap="1m")["rows_processed"] == 0, "the overlap is too short for it"
    summary = rows.once(overlap="10m")
    assert summary["created"] == 1 and summary["read"] > 1
    same_rows(rows.state(), shop.table(), "the topic and the table")


def test_incremental_by_id_with_deletes(shop):
    shop.insert(1, 30)
    rows = shop(mode="incremental", id_column="order_id", page_rows=7, detect_deletes=True)
    rows.once()
    shop.insert(31, 35)
    shop.sql("DELETE FROM shop.orders WHERE order_id % 10 = 0")
    summary = rows.once()
    assert (summary["created"], summary["deleted"]) == (5, 3)
    same_rows(rows.state(), shop.table(), "the topic and the table")


def test_many_rows_of_one_stamp_are_paged_by_the_key(shop):
    shop.insert(1, 100, "'2025-01-01'")
    rows = shop(**INCREMENTAL)
    assert rows.once()["snapshot"] == 100
    shop.insert(101, 140, "'2025-01-01'")
    assert rows.once()["created"] == 40
    same_rows(rows.state(), shop.table(), "the topic and the table")


def test_another_question_than_the_positions_is_refused_until_resync(shop):
    shop.insert(1, 5)
    rows = shop(**INCREMENTAL)
    rows.once()
    one = rows.start(once=True, id_column="order_id", timestamp_column=None)
    assert one.wait_exit(60) == 78 and "--resync" in one.log()
    summary = rows.once(id_column="order_id", timestamp_column=None, resync=True)
    assert summary["read"] == 5 and summary["rows_processed"] == 0


def test_a_changing_source_under_reading(shop):
    """Writers insert, update and delete in transactions of any length while runs follow each other; at rest all is equal."""
    shop.insert(1, 200)
    rows = shop(**INCREMENTAL, detect_deletes=True)
    stop, errors = threading.Event(), []

    def write(seed):
        dice = random.Random(seed)
        connection = shop.connect()
        cursor = connection.cursor()
        serial = seed * 100000
        while not stop.is_set():
            for _ in range(dice.randint(1, 12)):
                what, key = dice.random(), dice.randint(1, 200)
                if what < 0.4:
                    serial += 1
                    cursor.execute("INSERT INTO shop.orders VALUES (%s, 'w', 1, 'new', clock_timestamp() - %s * interval '1 s')",
                                   (serial, dice.choice([0, 0, 5, 3600])))
                elif what < 0.8:
                    cursor.execute("UPDATE shop.orders SET status = %s, updated_at = now() WHERE order_id = %s",
                                   (str(dice.random()), key))
                else:
                    cursor.execute("DELETE FROM shop.orders WHERE order_id = %s", (key,))
            connection.rollback() if dice.random() < 0.2 else connection.commit()
        connection.close()

    def guarded(seed):
        try:
            write(seed)
        except psycopg2.errors.DeadlockDetected:
            pass
        except Exception as error:  # pylint: disable=broad-except
            errors.append(error)

    writers = [threading.Thread(target=guarded, args=(seed,)) for seed in (1, 2, 3)]
    one = rows.start(every="100ms")
    one.wait_ready()
    for writer in writers:
        writer.start()
    one.until(lambda: one.log().count('"status":"success"') >= 8, "eight runs", 60)
    stop.set()
    for writer in writers:
        writer.join()
    seen = one.log().count('"status":"success"')
    one.until(lambda: one.log().count('"status":"success"') >= seen + 2, "two runs at rest", 60)
    assert one.terminate() == 0
    assert not errors
    same_rows(rows.state(), shop.table(), "the topic and the table")


# --- killed anywhere ---


@pytest.mark.parametrize("failpoint", [
    "sql-rows.open-transaction:kill@13", "sql-rows.page:kill@3", "sql-rows.before-commit:kill@2",
    "sql-rows.after-commit:kill@2", "sql-rows.before-end:kill", "sql-rows.before-commit:kill",
])
@pytest.mark.parametrize("mode", ["full", "incremental"])
def test_killed_and_started_again_it_writes_each_change_once(shop, mode, failpoint):
    shop.insert(1, 40)
    rows = shop(**(INCREMENTAL if mode == "incremental" else {"mode": "full", "page_rows": 7}), commit_records=10)
    rows.killed(failpoint)
    rows.once()
    assert Counter((op, key["order_id"]) for op, key, _row in rows.events()) == Counter(("r", i) for i in range(1, 41))
    shop.insert(41, 80)
    rows.killed(failpoint)
    rows.once()
    created = Counter(key["order_id"] for op, key, _row in rows.events() if op == "c")
    assert created == Counter(range(41, 81))
    same_rows(rows.state(), shop.table(), "the topic and the table")
    assert rows.once()["rows_processed"] == 0


def test_without_the_position_in_the_transaction_a_kill_would_lose_rows(shop):
    """The test above can fail: a position that is written on its own, or not at all, is noticed."""
    shop.insert(1, 10)
    rows = shop(**INCREMENTAL)
    rows.once()
    position = rows.records(f"_sluice.{rows.prefix}.progress")
    shop.insert(11, 20)
    rows.once(env={"SLUICE_FAILPOINT": "sql-rows.skip-progress:on"})
    assert rows.records(f"_sluice.{rows.prefix}.progress") == position


def test_lost_state_is_made_anew_from_the_topic(shop, tmp_path):
    shop.insert(1, 30)
    rows = shop(mode="full", detect_deletes=True)
    rows.once()
    shop.sql("DELETE FROM shop.orders WHERE order_id = 30")
    rows.once()
    summary = rows.once(state_dir=tmp_path / "other")
    assert summary["read"] == 29 and summary["rows_processed"] == 0
    shop.sql("DELETE FROM shop.orders WHERE order_id = 29")
    assert rows.once(state_dir=tmp_path / "third")["deleted"] == 1
    same_rows(rows.state(), shop.table(), "the topic and the table")


def test_a_second_instance_fences_the_first(shop):
    shop.insert(1, 5)
    rows = shop(mode="full")
    first = rows.start(every="200ms")
    first.wait_ready()
    second = rows.start(every="200ms", state_dir=rows.folder / "second")
    second.wait_ready()
    assert first.wait_exit(30) == 75, first.tail()
    shop.insert(6, 9)
    second.until(lambda: len(rows.state()) == 9, "the new rows")
    same_rows(rows.state(), shop.table(), "the topic and the table")


# --- when ---


def test_cron_by_an_injected_clock(shop, tmp_path):
    shop.insert(1, 3)
    clock = tmp_path / "clock"

    def at(seconds):
        new = tmp_path / "clock.new"
        new.write_text(str(seconds))
        new.rename(clock)

    midnight = 1764547200  # 2025-12-01T00:00:00Z
    at(midnight)
    rows = shop(mode="full")
    one = rows.start(cron="0 1 * * *", env={"SLUICE_TEST_CLOCK": clock})
    one.wait_ready()
    at(midnight + 3599)
    assert '"status"' not in one.log(), "it is not one o'clock yet"
    at(midnight + 3600)
    one.wait_log(r'"execution_time":"2025-12-01T01:00:00.000Z".*"status":"success"')
    shop.insert(4, 5)
    at(midnight + 86400 + 3600)
    one.wait_log(r'"execution_time":"2025-12-02T01:00:00.000Z".*"created":2')
    assert one.terminate() == 0
    # two nights in which nothing ran are made up for by one run
    shop.insert(6, 6)
    at(midnight + 3 * 86400 + 7200)
    one = rows.start(cron="0 1 * * *", env={"SLUICE_TEST_CLOCK": clock})
    one.wait_log(r'"execution_time":"2025-12-04T02:00:00.000Z".*"created":1')
    assert one.terminate() == 0
    same_rows(rows.state(), shop.table(), "the topic and the table")


def test_every_goes_on_and_ends_on_sigterm(shop):
    shop.insert(1, 3)
    rows = shop(mode="full")
    one = rows.start(every="100ms")
    one.wait_log(r'"snapshot":3')
    shop.insert(4, 4)
    one.wait_log(r'"created":1')
    assert one.metric("sluice_changes_total", op="c") == 1 and one.ready() == 200
    assert one.terminate() == 0


def test_a_dead_broker_ends_it_with_69(service, tmp_path, shop):
    shop.insert(1, 3)
    port = services.free_port()
    rows = shop(mode="full")
    one = rows.start(once=True, kafka_bootstrap=f"127.0.0.1:{port}", give_up_after="1s")
    assert one.wait_exit(90) == 69, one.tail()
    assert '"status":"failed"' in one.log() and "level=error" in one.log()


def test_a_database_that_went_away_is_tried_again(shop):
    rows = shop(mode="full", postgres_url=f"host=127.0.0.1 port={services.free_port()} dbname=nothing")
    one = rows.start(once=True, give_up_after="1s")
    assert one.wait_exit(60) == 69 and "--postgres-url" in one.log()


@pytest.mark.parametrize("flags, words", [
    ({"table": "shop.nothing"}, "shop"),
    ({"key_columns": "nothing"}, "nothing"),
    ({"table": None, "query": "SELEC 1", "topic": "t", "key_columns": "a"}, "syntax"),
    ({"table": None, "query": "SELECT 1 AS a WHERE 1 = :b", "topic": "t", "emit": "all"}, ":b has no value"),
    ({"table": None, "query": "SELECT 1 AS a", "topic": "t", "emit": "all", "parameter": "b=1"}, ":b"),
])
def test_what_can_not_be_asked_is_told_at_once(shop, flags, words):
    rows = shop(mode="full")
    one = rows.start(once=True, **flags)
    assert one.wait_exit(60) in (64, 78), one.tail()
    assert words in one.log()


# --- queries and types of PostgreSQL ---


def test_a_query_with_parameters_as_of_a_day(shop):
    shop.insert(1, 10, "date '2025-03-01' + i * interval '1 day'")
    rows = shop(table=None, topic=None, mode="full", key_columns="order_id", parameter="status=new",
                query="SELECT order_id, status, updated_at::date AS day, ':status' AS quoted FROM shop.orders -- :none\n"
                      " WHERE status = :status AND updated_at >= :as_of::date - 2;")
    rows.topic = f"{rows.prefix}.recent"
    rows.flags["topic"] = rows.topic
    summary = rows.once(as_of="2025-03-10")
    assert summary["query_criteria"] == {"status": "new", "as_of": "2025-03-10"}
    same_rows([row[:2] for row in rows.state()], [(i, "new") for i in (7, 8, 9, 10)], "the last days")
    assert all(row[3] == ":status" for row in rows.state())


def test_plain_rows_are_as_row_to_json_says(pg, kafka, database, service, tmp_path):
    pg.psql(database, stdin="""
        CREATE SCHEMA shop;
        CREATE TABLE shop.orders (id int PRIMARY KEY, b boolean, f double precision, n numeric, t timestamptz, d date,
            j jsonb, x text, y bytea, z uuid, a int[]);
        INSERT INTO shop.orders VALUES
            (1, true, 1.5, 12345678901234567890.12, '2025-01-02 03:04:05.678+00', '2025-01-02', '{"a": [1, null]}',
             E'q"\\\\\\n', '\\x00ff', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{1,2}'),
            (2, NULL, 'NaN', 'NaN', NULL, 'infinity', NULL, NULL, NULL, NULL, NULL);
    """)
    rows = Rows(kafka, service, database, tmp_path, {"postgres-url": f"dbname={database}", "table": "shop.orders",
                                                     "mode": "full", "format": "json"})
    rows.once()
    expected = {row[0]: row[1] for row in pg.execute(
        database, "SELECT id, row_to_json(o)::text FROM (SELECT id, b, f, n, t, d, j, x, y::text, z, a::text"
                  " FROM shop.orders) o")}
    found = {record.json_key()["id"]: json.loads(record.value) for record in rows.records()}
    assert found == {key: json.loads(text) for key, text in expected.items()}
    pg.execute(database, "DELETE FROM shop.orders WHERE id = 1")
    assert rows.once(detect_deletes=True, state_dir=tmp_path / "anew")["deleted"] == 1
    assert rows.records()[-1].value is None or any(record.value is None for record in rows.records())


# --- SQLite ---


def sqlite(path, script):
    with sqlite3.connect(path) as database:
        database.executescript(script)
    database.close()


PARTS = """
CREATE TABLE parts (ean TEXT PRIMARY KEY, n INTEGER, price REAL, exact DECIMAL(10,2), active BOOLEAN, made DATE,
                    raw BLOB, changed TEXT);
INSERT INTO parts VALUES ('0001', 7, 55.0, 12.5, 1, '2025-01-02', x'00ff', '2025-01-01T00:00:00.000Z');
INSERT INTO parts VALUES ('001', NULL, 1e-07, 3, 0, NULL, NULL, '2025-01-02T00:00:00.000Z');
INSERT INTO parts VALUES ('1', 9223372036854775807, 1e22, NULL, NULL, NULL, NULL, '2025-01-03T00:00:00.000Z');
"""


@pytest.fixture
def parts(kafka, service, unique, tmp_path):
    path = tmp_path / "parts.db"
    sqlite(path, PARTS)

    def make(**flags):
        rows = Rows(kafka, service, unique, tmp_path, {"sqlite": path, "table": "parts",
                                                       **{name.replace("_", "-"): value for name, value in flags.items()}})
        rows.topic = flags.get("topic") or f"{unique}.main.parts"
        return rows

    make.sql = lambda script: sqlite(path, script)
    return make


def test_sqlite_columns_stay_as_they_are_declared(parts):
    rows = parts(mode="full")
    rows.once()
    after = {record.json_key()["ean"]: record.value for record in rows.records()}
    assert set(after) == {"0001", "001", "1"}, "leading zeros stay"
    assert (b'"after":{"ean":"0001","n":7,"price":55.0,"exact":"12.5","active":true,"made":20090,"raw":"AP8=",'
            b'"changed":"2025-01-01T00:00:00.000Z"}') in after["0001"]
    assert b'"price":1.0E-7,"exact":"3","active":false,"made":null' in after["001"]
    assert b'"n":9223372036854775807,"price":1.0E22' in after["1"]


def test_sqlite_plain_rows(parts):
    rows = parts(mode="full", format="json")
    rows.once()
    after = {record.json_key()["ean"]: record.value for record in rows.records()}
    assert after["0001"] == (b'{"ean":"0001","n":7,"price":55.0,"exact":12.5,"active":true,"made":"2025-01-02",'
                             b'"raw":"\\\\x00ff","changed":"2025-01-01T00:00:00.000Z"}')
    assert b'"price":1e-07' in after["001"] and b'"price":1e+22' in after["1"]
    assert rows.once(state_dir=rows.folder / "anew")["rows_processed"] == 0, "plain rows restore what was seen"


def test_sqlite_incremental_with_an_overlap(parts):
    rows = parts(mode="incremental", timestamp_column="changed", overlap="36h", page_rows=2)
    assert rows.once()["snapshot"] == 3
    assert rows.once()["rows_processed"] == 0
    parts.sql("INSERT INTO parts (ean, changed) VALUES ('late', '2025-01-02T01:00:00.000Z'),"
              " ('new', '2025-01-04T00:00:00.000Z'), ('unstamped', NULL), ('too late', '2024-01-01T00:00:00.000Z')")
    assert rows.once()["created"] == 3
    assert {row[0] for row in rows.state()} == {"0001", "001", "1", "late", "new", "unstamped"}


def test_sqlite_incremental_without_an_overlap_is_refused(parts):
    one = parts(mode="incremental", timestamp_column="changed").start(once=True)
    assert one.wait_exit() == 64 and "--overlap" in one.log()


def test_sqlite_rows_that_can_not_be_used_are_dead_letters(parts):
    parts.sql("""
        INSERT INTO parts (ean, n) VALUES ('number', 'seven');
        INSERT INTO parts (ean, made) VALUES ('date', 'yesterday');
        INSERT INTO parts (ean, n) VALUES (NULL, 1);
        INSERT INTO parts (ean, changed) VALUES (CAST(x'6cff' AS TEXT), 'bytes');
    """)
    rows = parts(mode="full", detect_deletes=True, page_rows=2)
    summary = rows.once()
    assert summary["dead_letters"] == 4 and summary["snapshot"] == 3
    reasons = {record.header("sluice.error.message") for record in rows.dead()}
    assert len(reasons) == 4 and any('"n"' in text and "seven" in text for text in reasons), reasons
    assert any("key column" in text for text in reasons) and any('"made"' in text for text in reasons)
    assert any(b"seven" in record.value for record in rows.dead()), "the row is there whole"
    again = rows.once()
    assert again["dead_letters"] == 0 and again["rows_processed"] == 0, "told once, as long as they stay so"
    parts.sql("UPDATE parts SET n = 7 WHERE ean = 'number'")
    mended = rows.once()
    assert mended["created"] == 1 and mended["deleted"] == 0
    parts.sql("UPDATE parts SET n = 'x' WHERE ean = '0001'")
    broken = rows.once()
    assert broken["dead_letters"] == 1 and broken["deleted"] == 0, "what was good of it stays"


def test_a_key_that_is_not_unique_goes_to_the_dead_letters(parts):
    rows = parts(table=None, topic=None, query="SELECT 'same' AS k, ean FROM parts", mode="full", key_columns="k")
    rows.topic = f"{rows.prefix}.same"
    rows.flags["topic"] = rows.topic
    # no page may begin behind a key that can stand twice
    summary = rows.once(page_rows=1)
    assert summary["snapshot"] == 1 and summary["dead_letters"] == 2
    assert {record.header("sluice.error.rule") for record in rows.dead()} == {"duplicate key"}


@pytest.mark.parametrize("content, status", [(None, 66), (b"this is no database at all, " * 100, 65)])
def test_a_sqlite_file_that_can_not_be_read(kafka, service, unique, tmp_path, content, status):
    path = tmp_path / "bad.db"
    if content is not None:
        path.write_bytes(content)
    rows = Rows(kafka, service, unique, tmp_path, {"sqlite": path, "table": "parts", "mode": "full"})
    rows.topic = f"{unique}.main.parts"
    rows.once(expect=status)


# --- CSV ---

DDL = """CREATE TABLE products (ean TEXT PRIMARY KEY, styleNumber TEXT, styleOption TEXT, size TEXT, color TEXT,
 brandName TEXT, brandcode TEXT, subbrandName TEXT, productCategory TEXT, productSubcategory TEXT, gender TEXT,
 ediSeason TEXT, ediStyleName TEXT, countryOfOrigin TEXT, price_eur REAL, price_usd REAL, price_gbp REAL,
 grossPrice_eur REAL, b2bReadinessDate TEXT, articleStatus TEXT, enrichmentStatus TEXT, createdOn TEXT,
 lastUpdated TEXT, fabricComposition TEXT, washingInstructions TEXT, ediDescription TEXT);"""

RECENT = ("SELECT * FROM products WHERE articleStatus = :articleStatus"
          " AND b2bReadinessDate >= date(:as_of, '-' || :days_back || ' days')")


def csv_rows(kafka, service, unique, tmp_path, csv, ddl, **flags):
    (tmp_path / "ddl.sql").write_text(ddl)
    rows = Rows(kafka, service, unique, tmp_path, {
        "sqlite": ":memory:", "load-csv": csv, "ddl": tmp_path / "ddl.sql", "mode": "full", "topic-partitions": 1,
        **{name.replace("_", "-"): value for name, value in flags.items()}})
    rows.topic = flags.get("topic") or f"{unique}.main.{flags['table']}"
    return rows


def test_products_of_a_day_are_the_expected_file(kafka, service, unique, tmp_path):
    csv = SHARED / "products" / "products.csv"
    if not csv.exists():
        pytest.skip(f"{csv} is not here")
    rows = csv_rows(kafka, service, unique, tmp_path, csv, DDL, into="products", query=RECENT, format="json",
                    topic=f"{unique}.product-updates", parameter=["articleStatus=created", "days_back=30"],
                    summary_count="products_processed", pipeline="products")
    summary = rows.once(as_of="2025-12-31")
    expected = (SHARED / "expected" / "products_clean_kafka_asof2025-12-31_30d.jsonl").read_bytes()
    assert b"".join(record.value + b"\n" for record in rows.records()) == expected
    assert all(record.key is None for record in rows.records())
    assert summary["products_processed"] == 17 and summary["pipeline"] == "products"
    assert summary["query_criteria"] == {"articleStatus": "created", "days_back": 30, "as_of": "2025-12-31"}
    assert rows.once(as_of="2030-01-01")["products_processed"] == 0


def test_csv_lines_that_can_not_be_used_and_the_rest(kafka, service, unique, tmp_path):
    csv = tmp_path / "parts.csv"
    csv.write_bytes(b'\xef\xbb\xbfean,n,name\r\n0001,1,"a, ""quoted""\r\nname"\r\n0002,2\r\n0003,3,caf\xe9\r\n0001,4,again\r\n'
                    b"0005,5,\xc3\xa9t\xc3\xa9\r\n0006,6,nul\x00\r\n0007,x,number\r\n0008,,\r\n")
    rows = csv_rows(kafka, service, unique, tmp_path, csv,
                    "CREATE TABLE parts (ean TEXT PRIMARY KEY, n INTEGER, name VARCHAR(20));", into="parts", table="parts")
    summary = rows.once()
    same_rows(rows.state(), [("0001", 1, 'a, "quoted"\r\nname'), ("0005", 5, "été"), ("0008", None, None)], "the good lines")
    dead = {(record.header("sluice.error.rule"), record.header("sluice.error.offset")) for record in rows.dead()}
    assert dead == {("load-csv", "4"), ("load-csv", "5"), ("load-csv", "6"), ("load-csv", "8"), ("decode", "3")}
    assert summary["dead_letters"] == 5
    again = rows.once()
    assert again["dead_letters"] == 0 and again["rows_processed"] == 0
    csv.write_bytes(b"ean,n,name\n0001,1,changed\n0009,9,new\n")
    changed = rows.once(detect_deletes=True)
    assert (changed["updated"], changed["created"], changed["deleted"]) == (1, 1, 2)


@pytest.mark.parametrize("content, ddl, status", [
    (None, "CREATE TABLE parts (ean TEXT PRIMARY KEY)", 66),
    (b"", "CREATE TABLE parts (ean TEXT PRIMARY KEY)", 65),
    (b"ean,other\n1,2\n", "CREATE TABLE parts (ean TEXT PRIMARY KEY)", 78),
    (b"ean\n1\n", "CREATE TABEL parts (ean TEXT PRIMARY KEY)", 78),
])
def test_csv_that_can_not_be_loaded(kafka, service, unique, tmp_path, content, ddl, status):
    csv = tmp_path / "parts.csv"
    if content is not None:
        csv.write_bytes(content)
    csv_rows(kafka, service, unique, tmp_path, csv, ddl, into="parts", table="parts").once(expect=status)


@pytest.mark.parametrize("failpoint", ["sql-rows.open-transaction:kill@20", "sql-rows.before-commit:kill",
                                       "sql-rows.before-end:kill"])
def test_all_rows_of_a_run_or_none(kafka, service, unique, tmp_path, failpoint):
    csv = tmp_path / "parts.csv"
    csv.write_text("ean\n" + "".join(f"{i:05}\n" for i in range(50)))
    rows = csv_rows(kafka, service, unique, tmp_path, csv, "CREATE TABLE parts (ean TEXT);", into="parts", table="parts",
                    emit="all", format="json")
    rows.killed(failpoint)
    assert rows.records() == []
    assert rows.once()["rows_processed"] == 50
    assert [record.json()["ean"] for record in rows.records()] == [f"{i:05}" for i in range(50)]


def test_the_loaded_file_stays_for_others_to_read(kafka, service, unique, tmp_path):
    csv = tmp_path / "parts.csv"
    csv.write_text("ean\n0001\n")
    path = tmp_path / "kept.db"
    rows = csv_rows(kafka, service, unique, tmp_path, csv, "CREATE TABLE parts (ean TEXT PRIMARY KEY);", into="parts",
                    table="parts", sqlite=path)
    rows.once()
    assert sqlite3.connect(path).execute("SELECT ean, typeof(ean) FROM parts").fetchall() == [("0001", "text")]
