"""A topic of Avro whose records have no keys: lines to s3-objects, and to what works by keys a dead letter each."""

import json

import pytest

from harness.wait import until

SCHEMA = {"type": "record", "name": "row", "fields": [{"name": "id", "type": "long"}, {"name": "text", "type": ["null", "string"]}]}
KEY = {"type": "record", "name": "key", "fields": [{"name": "id", "type": "long"}]}
PIPELINE = """
CREATE SCHEMA bronze; CREATE SCHEMA gold;
CREATE FOREIGN TABLE bronze.a (id bigint PRIMARY KEY, text text) SERVER kafka OPTIONS (topic '{topic}', format 'avro');
CREATE MATERIALIZED VIEW gold.a AS SELECT id, text FROM bronze.a;
"""
TARGET = "CREATE SCHEMA IF NOT EXISTS gold; CREATE TABLE IF NOT EXISTS gold.a (id bigint PRIMARY KEY, text text);"


@pytest.fixture
def topic(kafka, registry, unique):
    """Five rows without a key, a cut one, a tombstone without one, and a row with its key."""
    name = f"{unique}.bronze.a"
    kafka.create_topic(name, 1)
    framed = lambda number, body: b"\0" + number.to_bytes(4, "big") + body
    row = lambda id: framed(rows, bytes([2 * id, 2, 2]) + b"x")
    rows, keys = registry.register(f"{name}-value", SCHEMA), registry.register(f"{name}-key", KEY)
    kafka.produce(name, [(None, row(id)) for id in range(5)] + [(None, row(5)[:-1]), (None, None), (framed(keys, bytes([14])), row(7))])
    return name


def test_a_keyless_topic_in_avro(service, kafka, registry, pg, database, s3, bucket, unique, tmp_path, topic):
    (tmp_path / "pipeline.sql").write_text(PIPELINE.format(topic=topic))
    (tmp_path / "target.sql").write_text(TARGET)
    flags = lambda what: {"kafka-bootstrap": kafka.bootstrap, "pipeline": f"{unique}.{what}", "schema-registry-url": registry.url,
                          **({} if what == "views" else {"member-id": "one"})}
    one = service("views", {**flags("views"), "file": tmp_path / "pipeline.sql", "state-dir": tmp_path / "state", "commit-interval": "20ms"})
    two = service("postgres-upsert", {**flags("upsert"), "topics": f"{topic}=gold.a", "target": tmp_path / "target.sql",
                                      "postgres-url": f"dbname={database}", "postgres-password-file": pg.password_file})
    three = service("s3-objects", {**flags("s3"), "topics": topic, "s3-endpoint": s3.endpoint, "s3-bucket": bucket, "format": "ndjson",
                                   "rotate-interval": "100ms"})
    dead = lambda what: {int(letter.header("sluice.error.offset")): letter.header("sluice.error.message")
                         for letter in kafka.read(f"{unique}.{what}.dead-letters")}

    one.wait_ready()
    assert [record.json() for record in kafka.latest(f"{unique}.views.gold.a").values()] == [{"id": 7, "text": "x"}]
    two.wait_ready()
    assert pg.execute(database, "SELECT id, text FROM gold.a") == [(7, "x")]
    for what in ("views", "upsert"):
        told = dead(what)
        assert set(told) == set(range(7)) and all("has no key" in told[offset] for offset in (0, 1, 2, 3, 4, 6)), told

    three.wait_ready()
    lines = lambda: [json.loads(line) for key in s3.list(bucket) for line in s3.get(bucket, key).splitlines()]
    until(lambda: len(lines()) == 6, "the lines")
    assert sorted((line["id"], line["text"]) for line in lines()) == [(id, "x") for id in (0, 1, 2, 3, 4, 7)]
    told = dead("s3")
    assert set(told) == {5, 6}, told
