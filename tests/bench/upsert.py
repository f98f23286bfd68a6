#!/usr/bin/python3
"""Drains gold records from Kafka into a PostgreSQL table with sluice-postgres-upsert and says what that costs, beside
what the server does alone.

Three backlogs after each other: N new keys, N updates of them in random order, N/10 deletes. Limits of the same run
and server: COPY of the same rows into a table of the same shape, and a loop inside the server that upserts the same
updates from a table in transactions of the same size. Wall time on a busy machine says little: CPU us a row beside it.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.release import build  # noqa: E402 - before the rest: it runs these programs
from harness.kafka import Kafka  # noqa: E402
from harness.postgres import Postgres  # noqa: E402
from harness.servers import Stack  # noqa: E402
from harness.services import Service  # noqa: E402

DATABASE, PIPELINE, TABLE = "bench", "bench", "gold.customers"
TOPIC = f"{PIPELINE}.{TABLE}"
COLUMNS = "customer_id bigint PRIMARY KEY, customer_name text, pending_orders bigint, amount numeric, updated_at timestamp(3)"
TARGET = f"CREATE SCHEMA IF NOT EXISTS gold;\nCREATE TABLE IF NOT EXISTS {TABLE} ({COLUMNS});\n"
DEADLINE_S = 600


def main():
    options = parse()
    build("sluice-postgres-upsert")
    folder = Path(tempfile.mkdtemp(prefix="sluice-bench-"))
    stack = Stack(folder / "state")
    try:
        stack.need("postgres", "kafka")
        run(options, stack, folder)
    finally:
        stack.wipe()
        shutil.rmtree(folder)


def parse():
    parser = argparse.ArgumentParser(prog="tests/bench/run upsert", description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=500_000, metavar="N", help="keys (%(default)s)")
    parser.add_argument("--partitions", type=int, default=4, metavar="N", help="of the topic (%(default)s)")
    parser.add_argument("--batch-rows", type=int, default=10_000, metavar="N", help="as the service's (%(default)s)")
    parser.add_argument("--queue-size", default="2MiB", metavar="SIZE", help="--kafka-queue-size of the service (%(default)s)")
    return parser.parse_args()


def run(options, stack, folder):
    kafka, pg = Kafka(stack.env("kafka")["SLUICE_KAFKA_BOOTSTRAP"]), Postgres(stack.env("postgres"))
    pg.create_database(DATABASE)
    kafka.create_topic(TOPIC, options.partitions, {"cleanup.policy": "compact"})
    (folder / "target.sql").write_text(TARGET)
    service = Service("postgres-upsert", {
        "pipeline": PIPELINE, "target": folder / "target.sql", "kafka-bootstrap": kafka.bootstrap, "member-id": "bench",
        "postgres-url": f"dbname={DATABASE}", "postgres-password-file": pg.password_file, "batch-rows": options.batch_rows, "kafka-queue-size": options.queue_size,
    }, folder, env=stack.env())
    rows, keys = options.rows, list(range(options.rows))
    random.Random(1).shuffle(keys)
    print(f"{rows} rows, {options.partitions} partitions, batches of {options.batch_rows}; load average {os.getloadavg()[0]:.1f}")
    drain(service, kafka, pg, "insert", ((key, value(key, 1)) for key in range(rows)), rows)
    drain(service, kafka, pg, "update", ((key, value(key, 2)) for key in keys), rows)
    drain(service, kafka, pg, "delete", ((key, None) for key in keys[:rows // 10]), rows // 10)
    expected = rows - rows // 10
    found = pg.execute(DATABASE, f"SELECT count(*), count(*) FILTER (WHERE pending_orders % 100 = 2) FROM {TABLE}")
    assert found == [(expected, expected)], found
    limits(pg, options, keys)


def value(key, version):
    return (f'{{"customer_id":{key},"customer_name":"Customer number {key}","pending_orders":{key * 100 + version},'
            f'"amount":{key}.{version:02},"updated_at":"2025-04-07T09:00:00.137"}}').encode()


def drain(service, kafka, pg, what, records, n):
    """Puts the backlog on the topic while the service is down, then starts it and waits for the end."""
    kafka.produce(TOPIC, ((f'{{"customer_id":{key}}}'.encode(), row) for key, row in records), **{"linger.ms": 50})
    ends = end_offsets(kafka)
    service.start()
    began = None
    while True:
        stored = sum(next_offsets(pg))
        if began is None and "msg=writing" in service.log():
            began = time.monotonic()
        if stored >= ends:
            break
        assert service.running(), service.tail()
        time.sleep(0.02)
    seconds = time.monotonic() - began
    cpu = service.cpu_seconds()
    print(f"{what:7} {n / seconds:9.0f} rows/s   {cpu / n * 1e6:5.2f} us of client CPU a row   RssAnon {service.rss_anon() / 1e6:.0f} MB")
    service.terminate()


def end_offsets(kafka):
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "bench"})
    try:
        return sum(consumer.get_watermark_offsets(TopicPartition(TOPIC, p), timeout=30)[1] for p in range(kafka.topics()[TOPIC]))
    finally:
        consumer.close()


def next_offsets(pg):
    there = pg.value(DATABASE, "SELECT to_regclass('sluice.sink_offsets') IS NOT NULL")
    return [at for (at,) in pg.execute(DATABASE, "SELECT next_offset FROM sluice.sink_offsets")] if there else [0]


def limits(pg, options, keys):
    """What the server does alone with the same rows."""
    pg.execute(DATABASE, f"CREATE TABLE copied ({COLUMNS})")
    pg.execute(DATABASE, "CREATE TABLE updates (n bigserial PRIMARY KEY, LIKE copied)")
    lines = "".join(f"{key}\tCustomer number {key}\t{key * 100 + 1}\t{key}.01\t2025-04-07T09:00:00.137\n" for key in range(options.rows))
    began = time.monotonic()
    pg.psql(DATABASE, "-c", "COPY copied FROM STDIN", stdin=lines)
    report("COPY into an empty table", options.rows, began)
    lines = "".join(f"{key}\tCustomer number {key}\t{key * 100 + 2}\t{key}.02\t2025-04-07T09:00:00.137\n" for key in keys)
    pg.psql(DATABASE, "-c", "COPY updates (customer_id, customer_name, pending_orders, amount, updated_at) FROM STDIN", stdin=lines)
    began = time.monotonic()
    pg.psql(DATABASE, stdin=f"""DO $$ BEGIN FOR i IN 0..{(options.rows - 1) // options.batch_rows} LOOP
        INSERT INTO copied AS t SELECT customer_id, customer_name, pending_orders, amount, updated_at FROM updates
        WHERE n > i * {options.batch_rows} AND n <= (i + 1) * {options.batch_rows} ORDER BY customer_id
        ON CONFLICT (customer_id) DO UPDATE SET customer_name = EXCLUDED.customer_name, pending_orders = EXCLUDED.pending_orders,
        amount = EXCLUDED.amount, updated_at = EXCLUDED.updated_at;
        COMMIT; END LOOP; END $$;""")
    report("updates in a loop inside the server", options.rows, began)


def report(what, n, began):
    print(f"limit: {what}: {n / (time.monotonic() - began):.0f} rows/s")


main()
