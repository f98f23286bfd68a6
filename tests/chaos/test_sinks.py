"""The sinks where a live pipeline does not take them: snapshots of a view, and a target that refuses records.

SLUICE_CHAOS_KILLS is the number of kills at random (default 5), SLUICE_CHAOS_SEED the seed.
"""

import hashlib
import json
import os
import random
import threading
from collections import Counter

import pytest

from harness.wait import until

KILLS = int(os.environ.get("SLUICE_CHAOS_KILLS", "5"))
SEED = int(os.environ.get("SLUICE_CHAOS_SEED", "1"))

OF_SNAPSHOTS = ("s3-objects.after-put", "s3-objects.before-manifest", "s3-objects.after-manifest")
DAYS = ("1", "2", "a b&<ü>", "50%2F/+")  # what stands in keys, and comes back escaped otherwise in a listing
COMPACT = {"cleanup.policy": "compact", "min.compaction.lag.ms": "86400000"}

TARGET = """CREATE SCHEMA IF NOT EXISTS gold;
CREATE TABLE IF NOT EXISTS gold.a (id integer PRIMARY KEY, n smallint CHECK (n >= 0));
"""
AUDIT = """CREATE TABLE audit (id integer, n smallint);
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit VALUES (NEW.id, NEW.n); RETURN NULL; END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON gold.a FOR EACH ROW EXECUTE FUNCTION note_change();
"""


class View:
    """A topic of rows by id, changed batch by batch."""

    def __init__(self, kafka, topic, dice):
        self.kafka, self.topic, self.dice, self.rows, self.held = kafka, topic, dice, {}, []
        kafka.create_topic(topic, 3, COMPACT)

    def change(self):
        """New rows, others and some that go; how the view is then is kept."""
        news = {self.dice.randrange(60): {"day": self.dice.choice(DAYS), "v": len(self.held)} for _ in range(20)}
        gone = self.dice.sample(sorted(self.rows), len(self.rows) // 10)
        batch = [(encode({"id": id}), encode({"id": id, **row}), None, id % 3) for id, row in news.items()]
        batch += [(encode({"id": id}), None, None, id % 3) for id in gone]
        self.rows.update(news)
        for id in gone:
            del self.rows[id]
        self.kafka.produce(self.topic, batch)
        self.held.append(dict(self.rows))


def encode(value):
    return json.dumps(value).encode()


def snapshot(s3, bucket, topic):
    """{id: row} of the present version, each object as its manifest says; nothing before the first."""
    if f"{topic}/manifest.json" not in s3.list(bucket):
        return {}
    found = {}
    for entry in json.loads(s3.get(bucket, f"{topic}/manifest.json"))["objects"]:
        body = s3.get(bucket, entry["key"])
        assert hashlib.sha256(body).hexdigest() == entry["sha256"] and len(body) == entry["bytes"] and body.count(b"\n") == entry["rows"]
        rows = [json.loads(line) for line in body.splitlines()]
        assert not found.keys() & {row["id"] for row in rows}, "a row is there twice"
        found.update({row.pop("id"): row for row in rows})
    return found


def die_at(one, place):
    one.start(env={"SLUICE_FAILPOINT": f"{place}:kill"})
    assert one.wait_exit(60) == -9 and f"msg=failpoint name={place}" in one.log(), f"it did not die at {place}\n{one.tail()}"


def test_snapshots_are_killed(service, kafka, s3, bucket, unique):
    """Whenever it dies, the manifest names a whole version: what a reader finds is what the view was after some batch."""
    dice = random.Random(SEED)
    view = View(kafka, f"{unique}.gold.a", dice)
    flags = {"kafka-bootstrap": kafka.bootstrap, "s3-endpoint": s3.endpoint, "s3-bucket": bucket, "pipeline": unique, "topics": view.topic,
             "rotate-interval": "50ms", "member-id": "one", "layout": "snapshot", "format": "ndjson", "partition-by": "day"}
    one = service("s3-objects", flags, start=False)
    for place in [*OF_SNAPSHOTS, *[None] * KILLS]:
        view.change()
        if place:
            die_at(one, place)
        else:
            one.start()
            threading.Event().wait(dice.uniform(0.1, 0.5))
            one.kill()
        assert snapshot(s3, bucket, view.topic) in [{}, *view.held]
    view.change()
    one.start().wait_ready()
    assert snapshot(s3, bucket, view.topic) == view.rows
    last = json.loads(s3.get(bucket, f"{view.topic}/manifest.json"))
    named = {f"{view.topic}/manifest.json", f"{view.topic}/versions/{last['version']:010}.json", *(entry["key"] for entry in last["objects"])}
    one.until(lambda: set(s3.list(bucket)) == named, "what lives that were cut short have left to go")
    assert one.terminate() == 0


@pytest.fixture
def target(kafka, pg, database, unique, tmp_path):
    (tmp_path / "target.sql").write_text(TARGET)
    pg.psql(database, stdin=TARGET + AUDIT)
    kafka.create_topic(f"{unique}.gold.a", 1, COMPACT)
    return {"pipeline": unique, "target": tmp_path / "target.sql", "kafka-bootstrap": kafka.bootstrap, "member-id": "one",
            "postgres-url": f"dbname={database}", "postgres-password-file": pg.password_file}


def test_a_sink_that_sets_records_aside_is_killed(service, kafka, pg, database, unique, target):
    """Between the dead letters and the commit of the others: each row once in the table's history, each dead letter at least once."""
    topic, letters = f"{unique}.gold.a", f"{unique}.dead-letters"
    one = service("postgres-upsert", target, start=False)
    good, bad = set(), set()
    for life in range(3):
        batch = range(life * 50, life * 50 + 50)
        good |= {id for id in batch if id % 10}
        bad |= {id for id in batch if id % 10 == 0}
        kafka.produce(topic, [(encode({"id": id}), encode({"id": id, "n": 1 if id % 10 else -1})) for id in batch])
        die_at(one, "postgres-upsert.isolated")
        stood = {id for (id,) in pg.execute(database, "SELECT id FROM gold.a")}
        assert stood <= good and (life > 0 or not stood), "a part of a batch stands"
    one.start()
    until(lambda: {id for (id,) in pg.execute(database, "SELECT id FROM gold.a")} == good, "the rows", 30)
    one.wait_ready()
    assert Counter(id for (id,) in pg.execute(database, "SELECT id FROM audit")) == Counter(good)
    told = Counter((letter.json_key()["id"], letter.header("sluice.error.offset")) for letter in kafka.read(letters))
    assert {id for id, _ in told} == bad and len(told) == len(bad)
    assert one.metric("sluice_dead_letters_total") > 0
