"""sluice-sql-rows is killed at each of its failpoints and at random, in every mode: bronze is the source, each change once.

SLUICE_CHAOS_KILLS is the number of kills at random (default 5), SLUICE_CHAOS_SEED the seed.
"""

import os
import random
import threading
from collections import Counter, defaultdict

import pytest

from harness.compare import same_rows

KILLS = int(os.environ.get("SLUICE_CHAOS_KILLS", "5"))
SEED = int(os.environ.get("SLUICE_CHAOS_SEED", "1"))

# Each with the highest pass at which it is died at: a round has about 30 rows, 7 a page and 10 a transaction.
PLACES = {"sql-rows.open-transaction": 12, "sql-rows.page": 3, "sql-rows.before-commit": 2, "sql-rows.after-commit": 2, "sql-rows.before-end": 1}

MODES = {
    "full": {"mode": "full", "detect-deletes": True},
    "everything": {"mode": "full", "emit": "all"},
    "timestamp": {"mode": "incremental", "timestamp-column": "at"},
    "id-and-deletes": {"mode": "incremental", "id-column": "id", "detect-deletes": True},
}

SOURCE = "CREATE TABLE items (id bigint PRIMARY KEY, version bigint NOT NULL DEFAULT 1, at timestamp(3) DEFAULT clock_timestamp())"


class Extraction:
    """One table, its topic, and the lives of the producer between them."""

    def __init__(self, service, kafka, pg, database, folder, mode):
        self.kafka, self.sql, self.mode = kafka, lambda statement: pg.execute(database, statement), mode
        self.topic, self.progress_topic = f"{database}.public.items", f"_sluice.{database}.progress"
        flags = {"postgres-url": f"dbname={database}", "table": "public.items", "topic-prefix": database, "topic-partitions": 2,
                 "state-dir": str(folder / "seen"), "page-rows": 7, "commit-records": 10, **MODES[mode]}
        env = {"SLUICE_SQL_ROWS_KAFKA_BOOTSTRAP": kafka.bootstrap, "SLUICE_SQL_ROWS_POSTGRES_PASSWORD_FILE": pg.password_file}
        self.one = service("sql-rows", flags, start=False, env=env, http=False)
        self.ids, self.tables = 0, []
        self.sql(SOURCE)

    def change(self, dice):
        """One transaction of what the mode can see; how the table is then is kept."""
        first, self.ids = self.ids + 1, self.ids + dice.randint(30, 40)
        statements = [f"INSERT INTO items (id) SELECT generate_series({first}, {self.ids})"]
        if self.mode != "id-and-deletes":
            statements.append(f"UPDATE items SET version = version + 1, at = clock_timestamp() WHERE id % 5 = {dice.randrange(5)} AND id < {first}")
        if "deletes" in self.mode or self.mode == "full":
            statements.append(f"DELETE FROM items WHERE id % 11 = {dice.randrange(11)}")
        self.sql("; ".join(statements))
        self.tables.append(self.table())

    def table(self):
        return sorted(map(tuple, self.sql("SELECT id, version FROM items")))

    def die_at(self, place, nth):
        self.one.flags.update({"once": True, "every": None})
        self.one.start(env={"SLUICE_FAILPOINT": f"{place}:kill@{nth}"})
        code = self.one.wait_exit(60)
        assert code == -9 and f"msg=failpoint name={place}" in self.one.log(), f"it did not die at {place}@{nth} ({code})\n{self.one.tail()}"

    def die_at_random(self, dice):
        """Somewhere in a start or in runs that follow each other, while the table changes."""
        self.one.flags.update({"once": None, "every": "20ms"})
        self.one.start()
        for _ in range(3):
            threading.Event().wait(dice.uniform(0.0, 0.15))
            self.change(dice)
        self.one.kill()

    def finish(self):
        self.one.flags.update({"once": True, "every": None})
        self.one.start()
        assert self.one.wait_exit(60) == 0, self.one.tail()

    def settled(self):
        """Nothing is open any more, whatever was killed: (the stored position or None, the topic's records)."""
        self.kafka.fence(f"{self.topic}-sql-rows")
        for topic in (self.topic, self.progress_topic):
            self.kafka.settle(topic)
        stored = self.kafka.latest(self.progress_topic).get(self.topic.encode())
        return stored.json() if stored else None, self.kafka.read(self.topic)

    def check_position(self, quiet):
        """What is stored is of the same transaction as the last rows; `quiet`: the table was left alone while they were read."""
        stored, records = self.settled()
        written = [event for event in map(event_of, records) if event]
        assert not written or stored, "rows without a position"
        assert all(event.run <= stored["run"] for event in written), "rows of a run that the position does not know"
        if quiet and self.mode in ("timestamp", "id-and-deletes"):
            where = reached(stored)
            rows = {(id, version) for _, op, id, version in written if op != "d"}
            for id, version, at in self.sql("SELECT id, version, at::text FROM items"):
                before = where is not None and ((id,) if self.mode != "timestamp" else (at, id)) <= where
                assert before == ((id, version) in rows), f"row {id} of {at}, position {where}"


class Event(tuple):
    """(position, op, id, version or None)"""

    run = property(lambda self: self[0][0])


def event_of(record):
    """None for a tombstone."""
    if record.value is None:
        return None
    value = record.json()
    position = tuple(map(int, record.header("sluice.position").split("/")))
    return Event((position, value["op"], record.json_key()["id"], value["after"]["version"] if value["after"] else None))


def reached(stored):
    """The last written row's columns of order, None before the first."""
    values = [value.partition(":")[2] for value in (stored or {}).get("after", [])]
    return (*values[:-1], int(values[-1])) if values else None


def check_changes(records, table):
    """Each content of each key once, in order; at the end what the table holds."""
    written = sorted(filter(None, map(event_of, records)))
    twice = [what for what, n in Counter((id, version) for _, _, id, version in written).items() if n > 1]
    assert not twice and len({event[0] for event in written}) == len(written), f"written twice: {twice}"
    state = {}
    for _, op, id, version in written:
        assert (op == "d") == (version is None) and (op != "d" or id in state) and (op not in "rc" or id not in state), (op, id)
        assert op == "d" or version > state.get(id, 0), f"{id} goes back to {version}"
        state.pop(id) if op == "d" else state.update({id: version})
    same_rows(state.items(), table, "bronze and the table")
    gone = Counter(record.json_key()["id"] for record in records if record.value is None)
    assert gone == Counter(id for _, op, id, _ in written if op == "d"), "a tombstone for each delete"


def check_runs(records, tables):
    """Each run holds one state of the table whole, the last one the last."""
    runs = defaultdict(list)
    for (run, ordinal), _, id, version in sorted(map(event_of, records)):
        runs[run].append((id, version))
        assert ordinal == len(runs[run]), "a position is missing"
    for run, rows in sorted(runs.items()):
        assert sorted(rows) in tables, f"run {run} is no state of the table"
    same_rows(rows, tables[-1], "the last run and the table")


@pytest.fixture
def extraction(service, kafka, pg, database, tmp_path):
    return lambda mode: Extraction(service, kafka, pg, database, tmp_path, mode)


@pytest.mark.parametrize("mode", MODES)
def test_rows_are_killed(extraction, mode):
    dice = random.Random(SEED)
    one = extraction(mode)
    for place, most in PLACES.items():
        one.change(dice)
        most = most if mode != "everything" or place == "sql-rows.open-transaction" else 1  # a page and a transaction a run
        one.die_at(place, dice.randint(1, most))
        one.check_position(quiet=True)
    for _ in range(KILLS):
        one.die_at_random(dice)
        one.check_position(quiet=False)
    one.finish()
    records = one.settled()[1]
    check_runs(records, one.tables) if mode == "everything" else check_changes(records, one.table())


@pytest.mark.parametrize("mode", ["full", "timestamp"])
def test_a_position_left_out_of_the_transaction_is_noticed(extraction, mode):
    """The test above can fail."""
    one = extraction(mode)
    one.change(random.Random(SEED))
    one.finish()
    one.change(random.Random(SEED))
    one.one.start(env={"SLUICE_FAILPOINT": "sql-rows.skip-progress:on"})
    assert one.one.wait_exit(60) == 0
    with pytest.raises(AssertionError, match="position"):
        one.check_position(quiet=True)
