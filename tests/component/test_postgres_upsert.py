"""sluice-postgres-upsert against real servers: every row right, exactly once, whatever dies."""

import json
import re
from pathlib import Path

import pytest

from harness import ROOT, services
from harness.compare import same_rows
from harness.wait import until

EX_USAGE, EX_DATAERR, EX_NOPERM, EX_CONFIG = 64, 65, 77, 78

TYPES = """
CREATE SCHEMA IF NOT EXISTS gold;
CREATE TABLE IF NOT EXISTS gold.types (
  id bigint PRIMARY KEY, small smallint, plain integer, amount numeric, price numeric(12,2), day date,
  at timestamp(3), zoned timestamptz, ok boolean, note text, short varchar(5), ratio double precision,
  doc jsonb, raw json, tags text[], grid integer[], blob bytea, uid uuid
);
"""

# an unhandled write leaves a trace here: each change of gold.counters, in the order of the transactions
AUDIT = """
CREATE SCHEMA IF NOT EXISTS gold;
CREATE TABLE IF NOT EXISTS gold.counters (name text PRIMARY KEY, version bigint NOT NULL);
CREATE TABLE audit (n bigserial, op text, name text, version bigint);
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'DELETE' THEN INSERT INTO audit (op, name, version) VALUES (TG_OP, OLD.name, OLD.version);
  ELSE INSERT INTO audit (op, name, version) VALUES (TG_OP, NEW.name, NEW.version); END IF;
  RETURN NULL; END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON gold.counters FOR EACH ROW EXECUTE FUNCTION note_change();
"""
COUNTERS = "CREATE SCHEMA IF NOT EXISTS gold; CREATE TABLE IF NOT EXISTS gold.counters (name text PRIMARY KEY, version bigint NOT NULL);"
COMPACT = {"cleanup.policy": "compact"}


def encode(value):
    return None if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


class Sink:
    """One pipeline: its topics, its database, its instances."""

    def __init__(self, service, kafka, pg, database, pipeline, tmp_path, target):
        self.kafka, self.pg, self.database, self.pipeline = kafka, pg, database, pipeline
        self._service, self._instances = service, 0
        self.target = tmp_path / "target.sql"
        self.target.write_text(target)

    def topic(self, table):
        return f"{self.pipeline}.{table}"

    def create(self, *tables, partitions=1):
        for table in tables:
            self.kafka.create_topic(self.topic(table), partitions, COMPACT)

    def put(self, table, *records):
        """Writes (key, row or None) pairs; bytes go as they are."""
        raw = lambda value: value if isinstance(value, bytes) else encode(value)
        self.kafka.produce(self.topic(table), [(raw(key), raw(value)) for key, value in records])

    def flags(self, **more):
        return {
            "pipeline": self.pipeline, "target": self.target, "kafka-bootstrap": self.kafka.bootstrap,
            "postgres-url": f"dbname={self.database}", "postgres-password-file": self.pg.password_file,
            **{name.replace("_", "-"): value for name, value in more.items()},
        }

    def start(self, env=None, wait=True, **more):
        self._instances += 1
        flags = self.flags(**{"member_id": f"one-{self._instances}", **more})
        one = self._service("postgres-upsert", flags, start=False, instance=str(self._instances))
        one.start(env)
        return one.wait_ready() if wait else one

    def rows(self, query):
        return self.pg.execute(self.database, query)

    def run(self, statement):
        self.pg.psql(self.database, "-c", statement)

    def offsets(self):
        """{(topic, partition): next offset}"""
        return {(topic, n): at for topic, n, at in self.rows("SELECT topic, partition, next_offset FROM sluice.sink_offsets")}

    def caught_up(self, *tables):
        ends = {}
        for table in tables:
            for record in self.kafka.read(self.topic(table)):
                ends[record.topic, record.partition] = record.offset + 1
        stored = self.offsets()
        return all(stored.get(place, 0) >= end for place, end in ends.items())

    def wait(self, one, *tables):
        one.until(lambda: self.caught_up(*tables), f"{tables} to be written", 60)

    def dead_letters(self):
        return self.kafka.read(f"{self.pipeline}.dead-letters")


@pytest.fixture
def sink(service, kafka, pg, database, unique, tmp_path):
    def make(target=TYPES):
        return Sink(service, kafka, pg, database, unique, tmp_path, target)

    return make


def run_to_end(sink, **more):
    return services.run("postgres-upsert", sink.flags(**more), env=sink.pg.env)


# --- rows ---

def test_every_type_is_written_as_it_is(sink):
    one = sink()
    one.create("gold.types")
    row = {
        "id": 9223372036854775807, "small": -32768, "plain": -2147483648, "amount": 0, "price": 12.50, "day": "2025-04-07",
        "at": "2025-04-07T09:00:00.137", "zoned": "2025-04-07T09:00:00.123456+00:00", "ok": True,
        "note": "a\"b\\c\nd\te{f},'g' 日本語 😀 NULL", "short": "héllo", "ratio": "Infinity",
        "doc": {"a": [1, None, "x\"y"]}, "raw": "just text", "tags": ["a", None, "b\"\\,{}", "NULL", ""], "grid": [[1, 2], [3, None]],
        "blob": "\\x00ff", "uid": "00000000-0000-0000-0000-00000000000a",
    }
    exact = encode(row).replace(b'"amount":0', b'"amount":12345678901234567890.000000000100')
    nulls = {name: None for name in row} | {"id": -1}
    texts = {name: None for name in row} | {"id": 0, "note": "NULL", "short": "", "tags": [], "ratio": -0.5}
    one.put("gold.types", ({"id": row["id"]}, exact), ({"id": -1}, nulls), ({"id": 0}, texts))
    running = one.start()
    one.wait(running, "gold.types")
    got = one.pg.csv(one.database, "SELECT to_jsonb(t)::text FROM gold.types t ORDER BY id").count("\n")
    assert got == 4
    ((amount, price, at, zoned, note, ratio, doc, raw, tags, grid, blob),) = one.rows(
        "SELECT amount::text, price::text, at::text, (zoned AT TIME ZONE 'UTC')::text, note, ratio::text, doc::text, raw::text, tags, grid::text,"
        " encode(blob, 'hex') FROM gold.types WHERE id = 9223372036854775807")
    assert amount == "12345678901234567890.000000000100" and price == "12.50" and at == "2025-04-07 09:00:00.137"
    assert zoned == "2025-04-07 09:00:00.123456" and note == row["note"] and ratio == "Infinity"
    assert json.loads(doc) == row["doc"] and raw == '"just text"' and tags == row["tags"] and grid == "{{1,2},{3,NULL}}" and blob == "00ff"
    same_rows(one.rows("SELECT * FROM gold.types WHERE id = -1"), [(-1,) + (None,) * 17], "a row of NULLs")
    same_rows(one.rows("SELECT note, short, cardinality(tags), ratio::text FROM gold.types WHERE id = 0"), [("NULL", "", 0, "-0.5")],
              "texts that look like NULL")
    assert one.dead_letters() == [] and running.metric("sluice_rows_upserted_total") == 3


def test_the_last_record_of_a_key_decides(sink):
    one = sink(COUNTERS)
    one.create("gold.counters", partitions=3)
    put = lambda name, version: ({"name": name}, None if version is None else {"name": name, "version": version})
    one.put("gold.counters", put("a", 1), put("b", 1), put("a", 2), put("b", None), put("c", None), put("d", None), put("d", 7))
    running = one.start()
    one.wait(running, "gold.counters")
    same_rows(one.rows("SELECT * FROM gold.counters"), [("a", 2), ("d", 7)], "after the first batch")
    one.put("gold.counters", put("a", None), put("d", 8), put("unknown", None), put("e", 1))
    one.wait(running, "gold.counters")
    same_rows(one.rows("SELECT * FROM gold.counters"), [("d", 8), ("e", 1)], "after the second")
    running.until(lambda: one.kafka.committed(f"{one.pipeline}-postgres-upsert", one.topic("gold.counters")), "Kafka to be told")
    assert running.terminate() == 0


def test_a_number_keeps_its_digits(sink):
    """1.0 and 1.00 are one key and equal values, but not the same text."""
    one = sink("CREATE SCHEMA IF NOT EXISTS gold; CREATE TABLE IF NOT EXISTS gold.n (k numeric PRIMARY KEY, v numeric);")
    one.create("gold.n")
    one.put("gold.n", (b'{"k":1}', b'{"k":1.0,"v":2.0}'))
    running = one.start()
    one.wait(running, "gold.n")
    one.put("gold.n", (b'{"k":1}', b'{"k":1.00,"v":2.00}'))
    one.wait(running, "gold.n")
    same_rows(one.rows("SELECT k::text, v::text FROM gold.n"), [("1.00", "2.00")], "the representative")
    # two spellings of one key in one batch are one row too, the later record's
    one.put("gold.n", (b'{"k":5.0}', b'{"k":5.0,"v":1}'), (b'{"k":5.00}', b'{"k":5.00,"v":2}'))
    one.wait(running, "gold.n")
    assert one.rows("SELECT count(*) FROM gold.n WHERE k = 5") == [(1,)]


def test_null_in_a_key(sink):
    one = sink("""CREATE SCHEMA IF NOT EXISTS gold;
        CREATE TABLE IF NOT EXISTS gold.pair (a bigint, b text, n bigint NOT NULL, UNIQUE NULLS NOT DISTINCT (a, b));""")
    one.create("gold.pair")
    put = lambda a, b, n: ({"a": a, "b": b}, None if n is None else {"a": a, "b": b, "n": n})
    one.put("gold.pair", put(None, None, 1), put(None, "x", 2), put(1, None, 3), put(1, "x", 4))
    running = one.start()
    one.wait(running, "gold.pair")
    one.put("gold.pair", put(None, None, 10), put(None, "x", 20), put(1, None, None), put(2, None, None))
    one.wait(running, "gold.pair")
    same_rows(one.rows("SELECT * FROM gold.pair"), [(None, None, 10), (None, "x", 20), (1, "x", 4)], "keys with NULL")
    one.put("gold.pair", put(None, None, None), put(1, "x", None))
    one.wait(running, "gold.pair")
    same_rows(one.rows("SELECT * FROM gold.pair"), [(None, "x", 20)], "a deleted key of NULLs")


def test_a_view_of_one_row_and_one_of_keys_alone(sink):
    one = sink("""CREATE SCHEMA IF NOT EXISTS gold;
        CREATE TABLE IF NOT EXISTS gold.total (n bigint NOT NULL); CREATE UNIQUE INDEX IF NOT EXISTS total_one ON gold.total ((true));
        CREATE TABLE IF NOT EXISTS gold.names (name text PRIMARY KEY);""")
    one.create("gold.total", "gold.names")
    one.put("gold.total", ({}, {"n": 1}), ({}, {"n": 2}))
    one.put("gold.names", ({"name": "a"}, {"name": "a"}), ({"name": "b"}, {"name": "b"}))
    running = one.start()
    one.wait(running, "gold.total", "gold.names")
    one.put("gold.total", ({}, {"n": 3}))
    one.put("gold.names", ({"name": "a"}, {"name": "a"}), ({"name": "b"}, None))
    one.wait(running, "gold.total", "gold.names")
    same_rows(one.rows("SELECT * FROM gold.total"), [(3,)], "the total")
    same_rows(one.rows("SELECT * FROM gold.names"), [("a",)], "the names")
    one.put("gold.total", ({}, None))
    one.wait(running, "gold.total")
    assert one.rows("SELECT * FROM gold.total") == []


def test_several_topics_and_partitions_commit_together(sink):
    one = sink("""CREATE SCHEMA IF NOT EXISTS gold; CREATE SCHEMA IF NOT EXISTS silver;
        CREATE TABLE IF NOT EXISTS gold."Odd ""name" (id integer PRIMARY KEY, "a b" text);
        CREATE TABLE IF NOT EXISTS silver.plain (id integer PRIMARY KEY, note text);""")
    topics = [one.topic("x"), one.topic("silver.plain")]
    one.kafka.create_topic(topics[0], 3, COMPACT)
    one.kafka.create_topic(topics[1], 4, COMPACT)
    one.kafka.produce(topics[0], [(encode({"id": i}), encode({"id": i, "a b": f"x{i}"})) for i in range(500)])
    one.put("silver.plain", *[({"id": i}, {"id": i, "note": None}) for i in range(700)])
    running = one.start(topics=[f'{topics[0]}=gold.Odd "name', topics[1]], batch_rows=97)
    one.wait(running, "x", "silver.plain")
    same_rows(one.rows('SELECT id, "a b" FROM gold."Odd ""name"'), [(i, f"x{i}") for i in range(500)], "the quoted table", 500)
    same_rows(one.rows("SELECT id, note FROM silver.plain"), [(i, None) for i in range(700)], "the plain table", 700)
    assert len(one.offsets()) == 7 and running.metric("sluice_batches_total") >= 1200 // 97


def test_acme_target_is_run_and_read_whole(sink):
    text = (ROOT / "schemas" / "acme" / "target.sql").read_text()
    tables = [f"{schema}.{table}" for schema, table in re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)\.(\w+)", text)]
    assert len(tables) >= 8
    one = sink(text)
    one.create(*tables)
    top = lambda key, name, n: ({"customer_id": key, "customer_name": name}, {"customer_id": key, "customer_name": name, "count": n})
    one.put("gold.customer_pending_orders_agg", top(1, "a", 2), top(None, None, 3))
    one.put("gold.open_orders", ({"delivery_date": "2025-04-07", "status": "PENDING"},
                                 {"delivery_date": "2025-04-07", "status": "PENDING", "open_orders": 9}))
    running = one.start()
    one.wait(running, *tables)
    same_rows(one.rows("SELECT * FROM gold.customer_pending_orders_agg"), [(1, "a", 2), (None, None, 3)], "customers")
    same_rows(one.rows("SELECT delivery_date::text, status, open_orders FROM gold.open_orders"), [("2025-04-07", "PENDING", 9)], "orders")
    assert len(one.offsets()) == len(tables)
    running.restart()  # and again over what is there


def test_files_behind_the_target_are_run_at_every_start(sink, tmp_path):
    one = sink(TYPES)
    table = re.search(r"CREATE TABLE IF NOT EXISTS (\w+\.\w+)", TYPES)[1]
    extra = tmp_path / "extra.sql"
    extra.write_text(f"""CREATE TABLE IF NOT EXISTS public.of_ours (id integer);  -- no topic is read for it
CREATE INDEX IF NOT EXISTS extra_index ON {table} ((1));
COMMENT ON TABLE {table} IS 'it''s documented';
GRANT SELECT ON {table} TO PUBLIC;
""")
    one.create(table)
    running = one.start(target=f"{one.target},{extra}")
    one.wait(running, table)
    found = f"""SELECT obj_description('{table}'::regclass), has_table_privilege('pg_monitor', '{table}', 'SELECT'),
                       (SELECT count(*)::int FROM pg_class WHERE relname = 'extra_index')"""
    same_rows(one.rows(found), [("it's documented", True, 1)], "what the second file made")
    running.restart()
    one.wait(running, table)
    running.stop()
    extra.write_text("CREATE INDEX nonsense ON nowhere (x);")
    done = run_to_end(one, target=f"{one.target},{extra}")
    assert done.returncode == EX_CONFIG and str(extra) in done.stderr and "nowhere" in done.stderr, done.stderr


# --- records that can't be written ---

def test_bad_records_are_dead_lettered_and_the_rest_flows(sink):
    one = sink("""CREATE SCHEMA IF NOT EXISTS gold;
        CREATE TABLE IF NOT EXISTS gold.t (id integer PRIMARY KEY, n integer CONSTRAINT small CHECK (n < 1000), name varchar(4));""")
    one.kafka.create_topic(one.topic("gold.t"), 1, {"cleanup.policy": "delete"})  # a compacted one takes no record without a key
    good = [({"id": i}, {"id": i, "n": i, "name": "ok"}) for i in range(300)]
    bad = [
        ({"id": 1000}, b"not json", "decode", ""), ({"id": 1001}, b"[1]", "decode", ""), (None, {"id": 1, "n": 1, "name": None}, "decode", ""),
        ({"id": 1002}, {"id": 1002, "n": 1, "name": "a\u0000b"}, "decode", "22P05"), ({"id": 1003}, {"id": 1003, "n": "x", "name": None}, "decode", "22P02"),
        ({"id": 1004}, {"id": 1004, "n": 99999999999, "name": None}, "decode", "22003"), ({"id": 7}, {"id": 7, "n": 5000, "name": "bad"}, "small", "23514"),
        ({"id": 8}, {"id": 8, "n": 1, "name": "longer"}, "target", "22001"), ({"id": 9}, {"id": 9, "n": 5001, "name": "bad"}, "small", "23514"),
        ({"id": 9}, {"id": 9, "n": 5002, "name": "bad"}, "small", "23514"), ({"n": 1}, None, "decode", ""),
    ]
    one.put("gold.t", *good, *[record[:2] for record in bad], ({"id": 300}, {"id": 300, "n": 300, "name": "ok"}))
    running = one.start()
    one.wait(running, "gold.t")
    # a refused record leaves its key as it was: the earlier record of the same batch stands
    same_rows(one.rows("SELECT * FROM gold.t"), [(i, i, "ok") for i in range(301)], "the good rows", 301)
    letters = sorted(one.dead_letters(), key=lambda letter: int(letter.header("sluice.error.offset")))
    assert len(letters) == len(bad) and running.metric("sluice_dead_letters_total") == len(bad)
    for letter, (key, value, rule, sqlstate), offset in zip(letters, bad, range(300, 400)):
        assert letter.key == encode(key) and letter.value == (value if isinstance(value, bytes) else encode(value))
        assert letter.header("sluice.error.topic") == one.topic("gold.t") and letter.header("sluice.error.offset") == str(offset)
        assert letter.header("sluice.error.rule") == rule, letter.headers
        assert not sqlstate or letter.header("sluice.error.sqlstate") == sqlstate, letter.headers
    assert running.ready() == 200


def test_a_field_without_a_column_stops_with_what_mends_it(sink):
    one = sink(COUNTERS)
    one.create("gold.counters")
    one.put("gold.counters", ({"name": "a"}, {"name": "a", "version": 1, "extra": 2}))
    running = one.start(wait=False)
    assert running.wait_exit(30) == EX_CONFIG
    assert 'extra' in running.log() and 'ALTER TABLE' in running.log()
    one.run("ALTER TABLE gold.counters ADD COLUMN extra integer")
    running.start()
    one.wait(running, "gold.counters")
    same_rows(one.rows("SELECT * FROM gold.counters"), [("a", 1, 2)], "after the ALTER")


# --- what only a person mends ---

def test_refusals_are_clear_and_soon(sink, tmp_path):
    one = sink("CREATE SCHEMA IF NOT EXISTS gold; CREATE TABLE IF NOT EXISTS gold.nokey (a integer, b integer, UNIQUE (a));")
    one.run("CREATE SCHEMA gold; CREATE TABLE gold.keyed (at timestamptz PRIMARY KEY, b integer)")
    one.create("gold.nokey")
    wrong = tmp_path / "wrong"
    wrong.write_text("nonsense")
    for more, status, words in [
        ({"postgres_password_file": wrong}, EX_NOPERM, ["password"]),
        ({"postgres_url": "dbname=not_there"}, EX_CONFIG, ["not_there"]),
        ({"target": tmp_path / "absent.sql"}, 66, ["absent.sql"]),
        ({"topics": "x"}, EX_USAGE, ["--topics x"]),
        ({"batch_rows": 0}, EX_USAGE, ["--batch-rows"]),
        ({"topics": f"{one.topic('gold.nokey')}=gold.missing"}, EX_CONFIG, ["gold", "missing", "CREATE TABLE"]),
        ({}, EX_CONFIG, ["no key", "ADD PRIMARY KEY", "NULLS NOT DISTINCT"]),
        ({"topics": f"{one.topic('gold.nokey')}=gold.keyed", "commit_time_columns": "x,b"}, EX_CONFIG,
         ["--commit-time-columns names b", "integer", "timestamp with time zone"]),
        ({"topics": f"{one.topic('gold.nokey')}=gold.keyed", "commit_time_columns": "at,b"}, EX_CONFIG, ["names at", "part of the key"]),
    ]:
        done = run_to_end(one, **more)
        assert done.returncode == status, (more, done.stderr)
        assert all(word in done.stderr for word in words) and "nonsense" not in done.stderr, done.stderr


def test_offsets_that_do_not_fit_are_refused_until_a_resync(sink):
    one = sink(COUNTERS)
    one.create("gold.counters", partitions=2)
    put = lambda name, version: ({"name": name}, {"name": name, "version": version})
    one.put("gold.counters", *[put(f"n{i}", i) for i in range(50)])
    running = one.start()
    one.wait(running, "gold.counters")
    assert running.terminate() == 0

    def refused(change, words, **more):
        one.run(change)
        done = run_to_end(one, **more)
        assert done.returncode == EX_CONFIG and words in done.stderr and "--resync" in done.stderr, done.stderr

    refused("UPDATE sluice.sink_offsets SET cluster_id = 'elsewhere' WHERE partition = 1", "cluster elsewhere")
    cluster = one.rows("SELECT cluster_id FROM sluice.sink_offsets WHERE partition = 0")[0][0]
    refused(f"UPDATE sluice.sink_offsets SET cluster_id = '{cluster}', next_offset = 1000 + next_offset", "beyond the topic's end")
    one.run("UPDATE sluice.sink_offsets SET next_offset = next_offset - 1000, updated_at = now() - interval '8 days'")
    idle = one.start()  # away for long, but nothing happened since
    assert idle.terminate() == 0
    one.put("gold.counters", put("n1", 100), ({"name": "n2"}, None))
    refused("UPDATE sluice.sink_offsets SET updated_at = now() - interval '8 days'", "longer than --max-away")

    # deleted from the topic so long ago that its tombstone is gone as well
    one.run("INSERT INTO gold.counters VALUES ('ghost', 1), ('ghost too', 2)")
    again = one.start(resync=True, batch_rows=7)
    again.wait_log("resync done")
    one.wait(again, "gold.counters")
    expected = [(f"n{i}", 100 if i == 1 else i) for i in range(50) if i != 2]
    same_rows(one.rows("SELECT * FROM gold.counters"), expected, "after the resync", 49)
    assert one.rows("SELECT count(*) FROM sluice.sink_offsets WHERE resync") == [(0,)]


def test_a_resync_cut_short_starts_again_by_itself(sink):
    one = sink(COUNTERS)
    one.create("gold.counters")
    one.put("gold.counters", *[({"name": f"n{i}"}, {"name": f"n{i}", "version": i}) for i in range(50)])
    running = one.start(member_id="same")
    one.wait(running, "gold.counters")
    running.kill()
    one.run("INSERT INTO gold.counters VALUES ('ghost', 1)")
    cut = one.start(wait=False, member_id="same", resync=True, batch_rows=10, env={"SLUICE_FAILPOINT": "postgres-upsert.after-commit:kill@3"})
    cut.wait_exit()
    assert one.rows("SELECT count(*) FROM sluice.sink_offsets WHERE resync") == [(1,)]
    again = one.start(member_id="same")
    again.wait_log("resync done")
    one.wait(again, "gold.counters")
    same_rows(one.rows("SELECT * FROM gold.counters"), [(f"n{i}", i) for i in range(50)], "after the second resync", 50)


def test_an_expired_offset_is_refused(sink, stack, tmp_path):
    one = sink(COUNTERS)
    one.kafka.create_topic(one.topic("gold.counters"), 1, {"cleanup.policy": "delete"})
    one.put("gold.counters", *[({"name": f"n{i}"}, {"name": f"n{i}", "version": i}) for i in range(20)])
    running = one.start()
    one.wait(running, "gold.counters")
    assert running.terminate() == 0
    upto = tmp_path / "upto.json"
    upto.write_text(json.dumps({"version": 1, "partitions": [{"topic": one.topic("gold.counters"), "partition": 0, "offset": 10}]}))
    stack.run("kafka-tool", "org.apache.kafka.tools.DeleteRecordsCommand", "--bootstrap-server", one.kafka.bootstrap,
              "--offset-json-file", str(upto))
    one.run("UPDATE sluice.sink_offsets SET next_offset = 5")
    done = run_to_end(one)
    assert done.returncode == EX_CONFIG and "has expired" in done.stderr, done.stderr


# --- what dies and comes back ---

NAMES, VERSIONS = 40, 60


def history():
    """Versions of counters in the order of the topic: each name's only grow."""
    return [({"name": f"n{i}"}, {"name": f"n{i}", "version": v}) for v in range(1, VERSIONS + 1) for i in range(NAMES)]


def audit_is_sound(one):
    """Every write of a name has a higher version than the one before: nothing was written twice, nothing went back."""
    last, writes = {}, one.rows("SELECT name, version FROM audit ORDER BY n")
    wrong = []
    for name, version in writes:
        if version <= last.get(name, 0):
            wrong.append((name, last[name], version))
        last[name] = version
    print(f"audit: {len(writes)} writes, {len(wrong)} of them wrong")
    return not wrong


def audited(sink):
    one = sink(COUNTERS)
    one.pg.psql(one.database, stdin=AUDIT)
    one.create("gold.counters", partitions=3)
    return one


def check_counters(one):
    same_rows(one.rows("SELECT * FROM gold.counters"), [(f"n{i}", VERSIONS) for i in range(NAMES)], "counters", NAMES)


@pytest.mark.parametrize("place, defect", [("before-commit", False), ("after-commit", False), ("before-commit", True)],
                         ids=["before-commit", "after-commit", "offsets-apart"])
def test_killed_at_a_failpoint_nothing_is_lost_or_written_twice(sink, place, defect):
    """With the deliberate defect the place lies between the two transactions, and the audit must see it."""
    one = audited(sink)
    one.put("gold.counters", *history())
    running = one.start(
        wait=False, batch_rows=250, env={"SLUICE_FAILPOINT": f"postgres-upsert.{place}:kill@3" + (",postgres-upsert.offsets-apart:on" if defect else "")})
    assert running.wait_exit(30) == -9 and "msg=failpoint" in running.log()
    running.flags["batch-rows"] = 91  # other batches than before
    running.start()
    one.wait(running, "gold.counters")
    check_counters(one)
    assert audit_is_sound(one) == (not defect)


def test_killed_again_and_again(sink):
    one = audited(sink)
    one.put("gold.counters", *history())
    running = one.start(wait=False, batch_rows=50)
    kills = 0
    for round in range(12):
        place = ("before-commit", "after-commit")[round % 2]
        running.kill()
        running.flags["batch-rows"] = 30 + round
        running.start(env={"SLUICE_FAILPOINT": f"postgres-upsert.{place}:kill@{2 + round % 3}"})
        kills += running.wait_exit(30) == -9
        assert not one.caught_up("gold.counters")
    running.start()
    one.wait(running, "gold.counters")
    check_counters(one)
    assert kills == 12 and audit_is_sound(one)


def test_a_zombie_writes_nothing(sink):
    one = audited(sink)
    one.put("gold.counters", *history()[:1200])
    first = one.start(wait=False, batch_rows=100, env={"SLUICE_FAILPOINT": "postgres-upsert.before-commit:stop@4"})
    until(lambda: Path(f"/proc/{first.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T", "the first to be stopped", 30)
    second = one.start(batch_rows=70)
    one.wait(second, "gold.counters")
    first.go_on()
    first.wait_log("another instance has moved the offsets")
    one.put("gold.counters", *history()[1200:2000])
    one.wait(second, "gold.counters")
    # the group decides anew who writes; the other stands by, and takes over when the writer leaves
    until(lambda: sorted([first.ready(), second.ready()]) == [200, 503], "one of the two to write", 30)
    assert first.metric("sluice_fenced_total") >= 1
    writer, standby = (first, second) if first.ready() == 200 else (second, first)
    assert writer.terminate() == 0
    one.put("gold.counters", *history()[2000:])
    standby.wait_ready()
    one.wait(standby, "gold.counters")
    check_counters(one)
    assert audit_is_sound(one)


def test_postgres_crashes_and_returns(sink, stack):
    one = audited(sink)
    running = one.start(batch_rows=100)
    one.put("gold.counters", *history()[:1000])
    stack.crash("postgres")
    one.put("gold.counters", *history()[1000:1700])
    running.wait_unready()
    stack.start("postgres")
    running.wait_ready(60)
    one.put("gold.counters", *history()[1700:])
    one.wait(running, "gold.counters")
    check_counters(one)
    assert audit_is_sound(one) and running.lives == 1 and running.metric("sluice_retries_total") >= 1


def test_broker_crashes_and_returns(sink, stack):
    one = audited(sink)
    running = one.start(batch_rows=100)
    one.put("gold.counters", *history()[:1000])
    stack.crash("kafka")
    running.wait_unready(60)
    stack.start("kafka")
    running.wait_ready(60)
    one.put("gold.counters", *history()[1000:])
    one.wait(running, "gold.counters")
    check_counters(one)
    assert audit_is_sound(one) and running.lives == 1


def test_a_lock_that_is_held_is_waited_for(sink):
    """A transaction that fails for a while (here a lock time-out) is made again, and records are not blamed."""
    one = audited(sink)
    one.run(f"ALTER DATABASE \"{one.database}\" SET lock_timeout = '300ms'")
    running = one.start(batch_rows=100)
    holder = one.pg.connect(one.database, autocommit=False)
    try:
        holder.cursor().execute("LOCK gold.counters IN ACCESS EXCLUSIVE MODE")
        one.put("gold.counters", *history())
        running.wait_unready()
    finally:
        holder.close()
    running.wait_ready()
    one.wait(running, "gold.counters")
    check_counters(one)
    assert audit_is_sound(one) and one.dead_letters() == []


def test_topics_that_come_later_are_waited_for(sink):
    one = sink(COUNTERS)
    running = one.start(wait=False)
    running.wait_log("is not there yet")
    running.wait_unready()
    one.create("gold.counters")
    one.put("gold.counters", ({"name": "a"}, {"name": "a", "version": 1}))
    running.wait_ready()
    one.wait(running, "gold.counters")
    same_rows(one.rows("SELECT * FROM gold.counters"), [("a", 1)], "the late topic")
