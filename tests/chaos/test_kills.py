"""Everything is killed, at random moments and at named places, while the live workload runs; at the end all is right.

SLUICE_CHAOS_KILLS is the number of kills a service (CI's default 5; 20 for a full run), SLUICE_CHAOS_SEED the seed.
"""

import json
import os
import random
import threading

import pytest

from harness.acme import GOLD
from harness.compare import same_rows
from harness.wal import WalReader, check_bronze
from harness.acme import TABLES

KILLS = int(os.environ.get("SLUICE_CHAOS_KILLS", "5"))
SEED = int(os.environ.get("SLUICE_CHAOS_SEED", "1"))

# Each of these is died at once, and a third of the kills at least: inside an open transaction, or between its commit and what follows.
FAILPOINTS = {
    "postgres-cdc": ("postgres-cdc.open-transaction", "postgres-cdc.before-commit", "postgres-cdc.after-commit"),
    "views": ("views.open-transaction", "views.after-commit", "views.after-apply", "views.before-commit"),
    "postgres-upsert": ("postgres-upsert.before-commit", "postgres-upsert.after-commit"),
    "s3-objects": ("s3-objects.before-plan", "s3-objects.after-plan", "s3-objects.after-put", "s3-objects.before-advance"),
}
SERVICES = tuple(FAILPOINTS)
# Static members are back at once, without one (postgres-upsert) the group waits for the session to end: each of both.
STATIC = {name: {"member-id": "one"} for name in ("views", "s3-objects")}
EX_UNAVAILABLE = 69


def kill_at_failpoint(one, point, dice):
    """A new life that dies at the named place, and another that goes on."""
    one.kill()
    one.start(env={"SLUICE_FAILPOINT": f"{point}:kill@{dice.randint(1, 3)}"})
    code = one.wait_exit(60)
    assert code == -9 and "msg=failpoint" in one.log(), f"{one.title} did not die at {point} ({code})\n{one.tail()}"
    one.start()


def kill_at_random(one, dice):
    """SIGKILL while it works."""
    threading.Event().wait(dice.uniform(0.05, 0.7))
    one.restart(ready=False)


def plan_kills(names, kills, dice):
    """(service, failpoint or None for a random moment), in random order: each failpoint, and what is left of the kills at random."""
    plan = []
    for name in names:
        points = FAILPOINTS[name]
        named = max(len(points), kills // 3)
        plan += [(name, points[i % len(points)]) for i in range(named)] + [(name, None)] * max(2, kills - named)
    dice.shuffle(plan)
    return plan


def kill_all(acme, dice, kills, backlog):
    """The kills; prints where each fell and counts those that fell while there was a backlog."""
    plan, loaded = plan_kills(SERVICES, kills, dice), 0
    for number, (name, point) in enumerate(plan, 1):
        behind = backlog()
        loaded += bool(behind)
        if point:
            kill_at_failpoint(acme.services[name], point, dice)
        else:
            kill_at_random(acme.services[name], dice)
        print(f"kill {number}: {name} {point or 'at random'}; bronze grew: {behind}")
    assert loaded >= len(plan) // 2, f"only {loaded} of {len(plan)} kills fell while the workload ran"


def revive(acme):
    """As a supervisor does: a service killed just before the broker was, and so never in touch with it, gives up after a while."""
    for one in acme.services.values():
        if not one.running() and one.process.returncode == EX_UNAVAILABLE:
            print(f"{one.title} is started again: it never reached the broker")
            one.start()


def check_all(acme, reader, objects=True):
    acme.wait_views(240)
    acme.wait_upserted(240)
    check_bronze(acme, reader)
    oracle = acme.oracle()
    acme.check_topics(oracle=oracle)
    acme.check_tables(oracle=oracle)
    if objects:
        acme.wait_objects(240)
        check_objects(acme)


def check_objects(acme):
    """Objects hold each topic-partition-offset once, and their union is the topic."""
    for view in GOLD:
        topic = f"{acme.name}.{view}"
        want = [(r.partition, r.offset, r.value is None) for r in acme.kafka.read(topic)]
        held = []
        for key in acme.s3.list(acme.bucket, f"{topic}/"):
            rows = json.loads(acme.s3.get(acme.bucket, key))
            held += [(int(key.split("/")[1]), row["__offset"], row["__op"] == "d") for row in rows]
        same_rows(held, want, f"objects of {view}")


class Bronze:
    """Says whether the workload has moved on since the last question."""

    def __init__(self, generator):
        self.generator, self.last = generator, -1

    def __call__(self):
        now = self.generator.metric("sluice_changes_total")
        moved, self.last = now > self.last, now
        return moved


def test_kills_while_streaming(make_acme, stack):
    dice = random.Random(SEED)
    acme = make_acme(objects=True, flags=STATIC)
    reader = WalReader(acme.pg, acme.source, f"{acme.name}_wal", TABLES)
    acme.generate(changes=2000, seed=SEED)
    acme.start(*SERVICES)
    generator = acme.generate(wait=False, rate=600, seed=SEED + 1)
    kill_all(acme, dice, KILLS, Bronze(generator))
    stack.crash("kafka")
    stack.start("kafka")
    revive(acme)
    stack.crash("postgres")
    stack.start("postgres")
    generator.wait_ready(60)
    generator.terminate()
    for one in acme.services.values():
        one.wait_ready(120)
    check_all(acme, reader)


def test_kills_inside_a_snapshot(make_acme):
    """The snapshot starts over each time, while its rows are updated and deleted; what failed attempts left is retracted."""
    dice = random.Random(SEED + 7)
    kills = max(2, KILLS // 4)
    acme = make_acme()
    reader = WalReader(acme.pg, acme.source, f"{acme.name}_wal", TABLES)
    acme.generate(changes=int(os.environ.get("SLUICE_CHAOS_SNAPSHOT_ROWS", "20000")), seed=SEED, **{"changes-per-transaction": 200})
    capture = acme.prepare("postgres-cdc", **{"commit-records": 500})
    generator = acme.generate(wait=False, rate=400, seed=SEED + 2, **{"churn-percent": 90})
    for number in range(kills):
        capture.start(env={"SLUICE_FAILPOINT": f"postgres-cdc.mid-snapshot:kill@{dice.randint(1, 12)}"})
        assert capture.wait_exit(120) == -9 and "mid-snapshot" in capture.log(), capture.tail()
        print(f"kill {number + 1}: inside the snapshot")
    capture.start(env={"SLUICE_FAILPOINT": "postgres-cdc.before-snapshot-done:kill"})
    assert capture.wait_exit(120) == -9 and "before-snapshot-done" in capture.log(), capture.tail()
    capture.start().wait_ready(120)
    views = acme.prepare("views").start(env={"SLUICE_FAILPOINT": "views.skip-offsets:on,views.after-apply:kill@3"})
    assert views.wait_exit(60) == -9, views.tail()  # the group is behind the state, and the state is what counts
    views.start()
    acme.start("postgres-upsert")
    generator.terminate()
    check_all(acme, reader, objects=False)


@pytest.mark.parametrize("name", SERVICES)
def test_a_stopped_instance_is_replaced_and_writes_nothing_twice(make_acme, name):
    acme = make_acme(objects=True)
    reader = WalReader(acme.pg, acme.source, f"{acme.name}_wal", TABLES)
    acme.start(*SERVICES)
    generator = acme.generate(wait=False, rate=300, seed=SEED + 3)
    first = acme.services[name]
    flags = {"state-dir": acme.folder / "state-b"} if name == "views" else {}
    second = acme.prepare(name, instance="b", **flags).start()
    first.stop()
    second.wait_ready(90)
    first.go_on()
    moved = Bronze(generator)
    moved()
    second.until(lambda: moved() and second.ready() == 200, "the second instance to go on", 30)
    generator.terminate()
    check_all(acme, reader)


def test_the_test_notices_a_position_left_out_of_the_transaction(make_acme):
    """One kill with the defect built in must be seen: a test that can't fail proves nothing. (Further on, upserts
    repeated end in the same rows, so only bronze can show it.)"""
    acme = make_acme()
    reader = WalReader(acme.pg, acme.source, f"{acme.name}_wal", TABLES)
    acme.start("postgres-cdc", "views", "postgres-upsert")
    capture = acme.services["postgres-cdc"]
    capture.kill()
    acme.generate(changes=600, seed=SEED + 4)
    defect = "postgres-cdc.skip-progress:on"
    capture.start(env={"SLUICE_FAILPOINT": f"{defect},postgres-cdc.after-commit:kill@1"})
    assert capture.wait_exit(60) == -9
    capture.start(env={"SLUICE_FAILPOINT": defect})
    acme.wait_captured()
    with pytest.raises(AssertionError, match="doubled"):
        check_bronze(acme, reader)
