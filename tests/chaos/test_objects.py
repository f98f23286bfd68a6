"""sluice-objects is killed at each of its failpoints and at random, alone and as workers that share a table: every file
COMPLETED in the end, bronze what the files hold, each change once, and the raw bucket without half an object.

SLUICE_CHAOS_KILLS is the number of kills at random (default 5), SLUICE_CHAOS_SEED the seed.
"""

import hashlib
import os
import random
import threading
import xml.etree.ElementTree as ElementTree
from collections import Counter

import pytest

from harness.compare import same_rows
from harness.s3 import NAMESPACE

KILLS = int(os.environ.get("SLUICE_CHAOS_KILLS", "5"))
SEED = int(os.environ.get("SLUICE_CHAOS_SEED", "1"))
FILES = 4

# Each with the highest pass at which it is died at: a round changes at least two files.
PLACES = {"objects.open-transaction": 60, "objects.before-commit": 4, "objects.after-commit": 4, "objects.raw-planned": 2, "objects.raw-stored": 2}
OF_WORKERS = {"objects.after-claim": 2, "objects.before-report": 2}


class Feed:
    """A folder of files, its topic and raw bucket, and the lives of the producer between them."""

    def __init__(self, service, kafka, s3, bucket, unique, folder, more, env):
        self.kafka, self.s3, self.bucket, self.unique, self.folder = kafka, s3, bucket, unique, folder / "in"
        self.topic, self.letters = f"{unique}.bronze.a", f"{unique}.dead-letters"
        self.progress_topic = f"_sluice.{self.topic}.{'objects' if 'state-table' in more else 'progress'}"
        flags = {"kafka-bootstrap": kafka.bootstrap, "topic": self.topic, "input": str(self.folder), "once": True, "key": "id",
                 "state-dir": str(folder / "state"), "commit-records": 25, "raw-bucket": bucket, "s3-endpoint": s3.endpoint,
                 "s3-region": s3.region, **more}
        env = {"AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key, **env}
        self.one = service("objects", flags, start=False, env=env, http=False)
        self.rows, self.contents, self.ids = {}, set(), 0
        self.folder.mkdir()

    def write(self, name, rows):
        """A file as a whole, put in place at once; its last line is bad, and not that of another content."""
        self.rows[name] = rows
        text = "id,x\n" + "".join(f"{id},{x}\n" for id, x in rows.items()) + f"bad {len(self.contents)}\n"
        self.contents.add(text.encode())
        (self.folder / "part").write_text(text)
        (self.folder / "part").rename(self.folder / name)

    def add(self, dice, name):
        first, self.ids = self.ids, self.ids + dice.randint(40, 90)
        self.write(name, {id: 0 for id in range(first, self.ids)})

    def change(self, dice, name):
        """Some rows are gone, some are others, some are new."""
        kept = {id: x + (dice.random() < 0.4) for id, x in self.rows[name].items() if dice.random() < 0.9}
        first, self.ids = self.ids, self.ids + 10
        self.write(name, {**kept, **{id: 0 for id in range(first, self.ids)}})

    def start(self, place=None, nth=1):
        self.one.start(env={"SLUICE_FAILPOINT": f"{place}:kill@{nth}"} if place else None)

    def die_at(self, place, nth):
        self.start(place, nth)
        code = self.one.wait_exit(60)
        assert code == -9 and f"msg=failpoint name={place}" in self.one.log(), f"it did not die at {place}@{nth} ({code})\n{self.one.tail()}"

    def die_at_random(self, dice):
        self.start()
        threading.Event().wait(dice.uniform(0.1, 0.5))
        self.one.kill()

    def finish(self):
        self.start()
        assert self.one.wait_exit(60) == 0, self.one.tail()
        for topic in (self.topic, self.letters, self.progress_topic):
            self.kafka.settle(topic)

    def check_bronze(self):
        """Each content of each key once, in order; at the end what the files hold. Each bad line once for a file's content."""
        state, seen = {}, Counter()
        for record in self.kafka.read(self.topic):
            if record.value is None:
                continue
            value, id = record.json(), int(record.json_key()["id"])
            x = int(value["after"]["x"]) if value["op"] != "d" else None
            assert (value["op"] in "cr") == (id not in state) and (x is None or x > state.get(id, -1)), f"{value['op']} of {id}: {x} after {state.get(id)}"
            seen[id, x] += 1
            state.update({id: x}) if x is not None else state.pop(id)
        assert set(seen.values()) == {1}, "a change is there twice"
        same_rows(state.items(), [row for rows in self.rows.values() for row in rows.items()], "bronze and the files")
        letters = Counter((letter.header("sluice.error.file"), letter.value) for letter in self.kafka.read(self.letters))
        assert set(letters.values()) == {1}, f"a dead letter is there twice: {letters}"
        last = {(name, (self.folder / name).read_bytes().splitlines()[-1]) for name in self.rows}
        assert last <= set(letters) and all(value.startswith(b"bad ") for _, value in letters)

    def check_states(self):
        states = {key[5:].decode(): record.json() for key, record in self.kafka.latest(self.progress_topic).items() if key.startswith(b"file:")}
        assert set(states) == set(self.rows)
        for name, state in states.items():
            content = (self.folder / name).read_bytes()
            assert state["status"] == "COMPLETED" and state["sha256"] == sum_of(content), state
            assert state["raw"].startswith(f"s3://{self.bucket}/") and self.s3.get(self.bucket, state["raw"].split("/", 3)[3]) == content

    def check_raw(self):
        """Whole objects alone, each under its own sum, each of a content that a file had; no upload is open."""
        objects = {key: self.s3.get(self.bucket, key) for key in self.s3.list(self.bucket)}
        assert all(sum_of(body) in key for key, body in objects.items())
        assert set(objects.values()) <= self.contents and len(set(objects.values())) == len(objects), "a content is kept twice"
        uploads = ElementTree.fromstring(self.s3.request("GET", f"/{self.bucket}", {"uploads": ""}))
        assert not list(uploads.iter(f"{NAMESPACE}Upload"))


def sum_of(body):
    return hashlib.sha256(body).hexdigest()


@pytest.fixture
def feed(service, kafka, s3, bucket, unique, tmp_path):
    return lambda env=None, **more: Feed(service, kafka, s3, bucket, unique, tmp_path,
                                         {name.replace("_", "-"): value for name, value in more.items()}, env or {})


def test_a_producer_alone_is_killed(feed):
    dice = random.Random(SEED)
    one = feed()
    for i in range(FILES):
        one.add(dice, f"{i}.csv")
    for kill in [*PLACES.items(), *[None] * KILLS]:
        one.die_at(kill[0], dice.randint(1, kill[1])) if kill else one.die_at_random(dice)
        for name in dice.sample(sorted(one.rows), 2):
            one.change(dice, name)
    one.finish()
    one.check_bronze()
    one.check_states()
    one.check_raw()


def test_a_worker_is_killed(feed, pg, database):
    dice = random.Random(SEED)
    one = feed(contents="added", state_table="files", postgres_url=f"dbname={database}", lease="100ms",
               env={"SLUICE_OBJECTS_POSTGRES_PASSWORD_FILE": pg.password_file})
    for kill in [*PLACES.items(), *OF_WORKERS.items(), *[None] * KILLS]:
        for _ in range(2):
            one.add(dice, f"{len(one.rows)}.csv")
        one.die_at(kill[0], dice.randint(1, kill[1])) if kill else one.die_at_random(dice)
    one.finish()
    one.check_bronze()
    one.check_states()
    one.check_raw()
    files = pg.execute(database, "SELECT name, status, lease_until FROM files")
    assert sorted(files) == [(name, "COMPLETED", None) for name in sorted(one.rows)]
