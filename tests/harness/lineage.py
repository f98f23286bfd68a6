"""The source records behind a row of a view, and what they give when they are all there is."""

import json
from decimal import Decimal

from .services import run


def lineage(file, pipeline, kafka, view, key):
    """(the finished command, its records) of `sluice-views --lineage`."""
    done = run("views", {"file": file, "pipeline": pipeline, "lineage": view, "lineage-key": key, "kafka-bootstrap": kafka.bootstrap},
               deadline_s=120)
    return done, [json.loads(line) for line in done.stdout.splitlines()]


def replay(file, folder, records, view):
    """The rows of the view over these records alone, by --local."""
    folder.mkdir()
    for record in records:
        with open(folder / f"{record['source'].partition('.')[2]}.jsonl", "a") as lines:
            lines.write(json.dumps(record["value"]) + "\n")
    done = run("views", {"file": file, "local": folder}, deadline_s=60)
    assert done.returncode == 0, done.stderr
    rows, heading = [], ""
    for line in done.stdout.splitlines():
        if line.startswith("-- "):
            heading = line[3:]
        elif heading == view:
            rows.append(json.loads(line, parse_float=Decimal))
    return rows


def check_lineage(file, pipeline, kafka, view, folder, spared=3):
    """Some row of the view: its records stand where they say, give that row, and none of the first ones can be spared."""
    held = kafka.latest(f"{pipeline}.{view}")
    key = sorted(held)[len(held) // 2]
    row = held[key].json()
    done, records = lineage(file, pipeline, kafka, view, key.decode())
    assert done.returncode == 0 and records, done.stderr
    print(f"{view} {key.decode()}: {done.stderr.strip()}")
    topics = {topic: {(r.partition, r.offset): r for r in kafka.read(topic)} for topic in {record["topic"] for record in records}}
    for record in records:
        source = topics[record["topic"]][record["partition"], record["offset"]]
        assert source.json() == record["value"] and json.loads(source.key) == record["key"]
    assert row in replay(file, folder / f"{view}-all", records, view)
    for number in range(min(len(records), spared)):
        assert row not in replay(file, folder / f"{view}-{number}", records[:number] + records[number + 1:], view)
    return records
