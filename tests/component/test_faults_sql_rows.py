"""sluice-sql-rows and what goes wrong around it: what the user is told, and that the rest goes through."""

import json
import sqlite3

import pytest

from harness.disk import small_disk
from harness.proxy import TcpProxy
from harness.services import account, run

EX_UNAVAILABLE, EX_CANTCREAT, EX_CONFIG = 69, 73, 78


class Rows:
    """One extraction; run() is one life of the producer."""

    def __init__(self, kafka, unique, folder, topic, **flags):
        self.kafka, self.topic, self.letters = kafka, topic, f"{unique}.dead-letters"
        self.flags = {"kafka-bootstrap": kafka.bootstrap, "topic-prefix": unique, "mode": "full", "once": True, "http-port": "-1",
                      "state-dir": str(folder / "seen"), "give-up-after": "10s", **dashed(flags)}

    def run(self, status=0, env=None, **more):
        """Its summary, None without one; what it said is in `said`."""
        done = run("sql-rows", {**self.flags, **dashed(more)}, env=env, deadline_s=60)
        self.said = done.stderr
        assert done.returncode == status, (done.returncode, done.stderr)
        for topic in (self.topic, self.letters):
            self.kafka.settle(topic)
        return account(done.stdout)

    def rows(self):
        """{key: row} that the topic holds."""
        return {next(iter(record.json_key().values())): record.json()["after"] for record in self.kafka.latest(self.topic).values()}

    def dead(self):
        """{value: (rule, SQLSTATE, message)} of the dead letters."""
        return {letter.value: (letter.header("sluice.error.rule"), letter.header("sluice.error.sqlstate"),
                               letter.header("sluice.error.message")) for letter in self.kafka.read(self.letters)}


def dashed(flags):
    return {name.replace("_", "-"): value for name, value in flags.items()}


@pytest.fixture
def extract(kafka, unique, tmp_path):
    yield lambda topic, **flags: Rows(kafka, unique, tmp_path, f"{unique}.{topic}", **flags)
    kafka.forget(unique)


def test_values_that_no_column_holds(extract, tmp_path):
    """SQLite takes anything for a column. What is not of the declared kind is a dead letter; SQLite's kinds are wider than
    their names (an INTEGER is a bigint, a DECIMAL has any length, JSON is text): what is too wide for others is refused by them."""
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.executescript("""
            CREATE TABLE parts (id TEXT PRIMARY KEY, n SMALLINT, b BIGINT, price DECIMAL(5,2), day DATE, doc JSON);
            INSERT INTO parts VALUES ('1', 32767, 9223372036854775807, 999.99, '2026-01-01', '{"a": [1]}');
            INSERT INTO parts (id, n) VALUES ('2', 99999);
            INSERT INTO parts (id, b) VALUES ('3', 9223372036854775808);
            INSERT INTO parts (id, price) VALUES ('4', 123456.789);
            INSERT INTO parts (id, day) VALUES ('5', '2026-02-30');
            INSERT INTO parts (id, doc) VALUES ('6', '{"a": [1');  -- cut in half
            INSERT INTO parts (id, n) VALUES ('7', -32768);
        """)
    one = extract("main.parts", sqlite=tmp_path / "a.db", table="parts")
    summary = one.run()
    rows = one.rows()
    assert set(rows) == {"1", "2", "4", "6", "7"} and summary["dead_letters"] == 2
    assert (rows["2"]["n"], rows["4"]["price"], rows["6"]["doc"]) == (99999, "123456.789", '{"a": [1')
    reasons = {json.loads(row)["id"]: reason for row, (_, _, reason) in one.dead().items()}
    assert set(reasons) == {"3", "5"} and 'column "b"' in reasons["3"] and 'column "day"' in reasons["5"], reasons


def test_bytes_that_are_no_utf8(extract, pg, database):
    """A database without an encoding gives bytes as they were put in: the row is a dead letter, the others go on."""
    pg.execute("postgres", f"DROP DATABASE \"{database}\"")
    pg.execute("postgres", f"CREATE DATABASE \"{database}\" TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
    pg.execute(database, "CREATE TABLE t (id int PRIMARY KEY, name text)")
    pg.execute(database, "INSERT INTO t VALUES (1, 'good'), (2, E'caf\\xe9'), (3, E'\\xc3\\xa9')")
    one = extract("public.t", postgres_url=f"dbname={database}", table="public.t")
    one.run(env=pg.env)
    ((row, (rule, state, reason)),) = one.dead().items()
    assert b"caf\xe9" in row and (rule, state) == ("decode", "22021") and "name" in reason, reason
    assert one.rows()[1]["name"] == "good" and one.rows()[3]["name"] == "é" and 2 not in one.rows()


def test_a_database_that_falls_silent_and_one_of_another_shape(extract, pg, database):
    """Silence ends by a time-out and is tried again; a column that came later is read from then on, one that went is not."""
    pg.execute(database, "CREATE TABLE t (id int PRIMARY KEY, name text, old int)")
    pg.execute(database, "INSERT INTO t SELECT i, 'x', i FROM generate_series(1, 100) i")
    with TcpProxy(pg.host, pg.port) as proxy:
        one = extract("public.t", postgres_url=f"host=127.0.0.1 port={proxy.port} dbname={database}", table="public.t")
        proxy.silence()
        one.run(EX_UNAVAILABLE, env=pg.env, give_up_after="1s", postgres_connect_timeout="1s")
        assert "--postgres-url" in one.said and str(proxy.port) in one.said
        proxy.heal()
        assert one.run(env=pg.env)["snapshot"] == 100
    pg.execute(database, "ALTER TABLE t DROP old, ADD fresh text DEFAULT 'y'")
    summary = one.run(env=pg.env, postgres_url=f"dbname={database}")
    assert summary["updated"] == 100
    assert one.rows()[7] == {"id": 7, "name": "x", "fresh": "y"}


def test_a_full_disk_is_named_and_freed_it_goes_on(extract, tmp_path):
    """First the state has no room, then the database that the CSV is loaded into."""
    (tmp_path / "a.csv").write_text("id,x\n" + "".join(f"{i:05},{'x' * 90}\n" for i in range(10000)))
    (tmp_path / "a.sql").write_text("CREATE TABLE a (id TEXT PRIMARY KEY, x TEXT);")
    with small_disk(tmp_path / "disk", "8m") as disk:
        one = extract("main.a", table="a", into="a", load_csv=tmp_path / "a.csv", ddl=tmp_path / "a.sql", sqlite=":memory:",
                      state_dir=disk.path / "state")
        disk.fill()
        one.run(EX_CANTCREAT)
        assert "--state-dir" in one.said and "No space left" in one.said
        disk.free()
        disk.fill(leave=200 << 10)
        one.run(EX_CANTCREAT)
        assert "--state-dir" in one.said and "No space left" in one.said
        disk.free()
        disk.fill(leave=600 << 10)
        one.run(EX_CANTCREAT, sqlite=disk.path / "a.db", state_dir=tmp_path / "state")
        assert "a.db" in one.said and "full" in one.said, one.said
        disk.free()
        one.run(sqlite=disk.path / "a.db")
        records = one.kafka.read(one.topic)
        assert len(records) == len(one.rows()) == 10000
