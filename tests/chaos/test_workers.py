"""Workers that share files are killed, paused beyond their leases and robbed of their table; each row is written once.

SLUICE_CHAOS_KILLS is the number of kills and of pauses (default 5), SLUICE_CHAOS_SEED the seed.
"""

import os
import random
import threading
from collections import Counter

KILLS = int(os.environ.get("SLUICE_CHAOS_KILLS", "5"))
SEED = int(os.environ.get("SLUICE_CHAOS_SEED", "1"))
WORKERS, FILES = 4, 24


def write_files(folder, dice):
    """Files of few rows and of many, a second row of a key and a bad row at the end of each; the keys."""
    folder.mkdir()
    keys = set()
    for i in range(FILES):
        ids = [f"{i}-{j}" for j in range(dice.choice([10, 500, 3000]))]
        (folder / f"{i:02}.csv").write_text("id,text\n" + "".join(f"{id},{'x' * 60}\n" for id in [*ids, ids[0]]) + "bad\n")
        keys.update(ids)
    return keys


def pause(seconds):
    threading.Event().wait(seconds)


def disturb(one, dice, action):
    """One thing that happens to a worker; a worker that was done is started again."""
    pause(dice.uniform(0.02, 0.3))
    if not one.running():
        one.start()
    elif action == "kill":
        one.kill()
        one.start()
    else:
        one.stop()
        pause(dice.uniform(0.1, 0.7))
        one.go_on()


def test_workers_are_killed_and_paused(service, kafka, pg, database, unique, tmp_path):
    dice = random.Random(SEED)
    keys = write_files(tmp_path / "in", dice)
    topic = f"{unique}.bronze.a"
    flags = {"topic": topic, "input": str(tmp_path / "in"), "once": True, "key": "id", "contents": "added", "state-table": "files",
             "postgres-url": f"dbname={database}", "lease": "300ms", "commit-records": "100"}
    env = {"SLUICE_OBJECTS_POSTGRES_PASSWORD_FILE": pg.password_file, "SLUICE_OBJECTS_KAFKA_BOOTSTRAP": kafka.bootstrap}
    workers = [service("objects", {**flags, "state-dir": str(tmp_path / f"state-{i}")}, env=env, instance=str(i), http=False)
               for i in range(WORKERS)]
    plan = ["kill", "pause"] * KILLS
    dice.shuffle(plan)
    for i, action in enumerate(plan):
        disturb(workers[dice.randrange(WORKERS)], dice, action)
        if i == len(plan) // 2:
            pg.execute(database, "DROP TABLE IF EXISTS files")
    assert [one.wait_exit(120) for one in workers] == [0] * WORKERS
    for name in (topic, f"{unique}.dead-letters"):
        kafka.settle(name)
    rows = Counter(record.json_key()["id"] for record in kafka.read(topic))
    assert set(rows) == keys and set(rows.values()) == {1}
    letters = Counter((letter.header("sluice.error.file"), letter.header("sluice.error.line")) for letter in kafka.read(f"{unique}.dead-letters"))
    assert len(letters) == 2 * FILES and set(letters.values()) == {1}
    assert pg.execute(database, "SELECT status, count(*) FROM files GROUP BY status") == [("COMPLETED", FILES)]
    print(f"workers: {sum('taken over' in one.log(all_lives=True) for one in workers)} were fenced")
