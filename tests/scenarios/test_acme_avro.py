"""acme in Avro at every joint: the same tables as PostgreSQL answers, records that another library reads, and what a registry does to it."""

import json

import pytest

from harness.acme import GOLD, VIEWS
from harness.compare import same_rows
from harness.registry import Decoder
from harness.wait import until

SERVICES = ("postgres-cdc", "views", "postgres-upsert")
EX_CONFIG = 78


@pytest.fixture
def avro_flags(registry):
    reads = {"schema-registry-url": registry.url}
    writes = {**reads, "value-format": "avro"}
    return {"postgres-cdc": writes, "views": writes, "postgres-upsert": reads, "s3-objects": reads}


@pytest.fixture
def make_avro(make_acme, avro_flags):
    return lambda **how: make_acme(flags=avro_flags, **how)


def check_subjects(acme, registry):
    """Every topic has a subject for its keys and one for its values, and every record one of their schemas."""
    subjects = set(registry.subjects())
    for topic in acme.bronze_topics() + acme.view_topics():
        for record in acme.kafka.read(topic):
            for side, part in (("key", record.key), ("value", record.value)):
                assert f"{topic}-{side}" in subjects
                assert part is None or part[:1] == b"\0", (topic, part)


def test_live_workload(make_avro, registry):
    """Snapshot, then deletes, changed keys, nulled customers, renames, rollbacks: all answers, in tables; the same tables as in JSON."""
    acme = make_avro()
    acme.generate(changes=2000, seed=11)
    acme.start(*SERVICES)
    acme.generate(changes=4000, seed=12)
    acme.wait_views()
    acme.wait_upserted()
    oracle = acme.oracle()
    acme.check_tables(VIEWS, oracle=oracle)
    check_subjects(acme, registry)
    assert not acme.kafka.read(f"{acme.name}.dead-letters")
    decoder = Decoder(registry)
    for view in GOLD:
        rows = [json.loads(text) for (text,) in oracle[view]]
        records = [decoder.read(record.value) for record in acme.kafka.latest(f"{acme.name}.{view}").values()]
        whole = [[name for name, value in row.items() if isinstance(value, (int, str)) and not is_time(value)] for row in rows[:1]]
        names = whole[0] if whole else []
        same_rows([tuple(record[name] for name in names) for record in records],
                  [tuple(row[name] for name in names) for row in rows], f"topic {view}", at_least=0)
    kinds = {decoder.read(record.value)["op"] for topic in acme.bronze_topics() for record in acme.kafka.read(topic) if record.value}
    assert kinds == {"r", "c", "u", "d"}


def is_time(value):
    return isinstance(value, str) and len(value) >= 10 and value[4:5] == "-" and value[7:8] == "-"


def test_objects_are_those_of_json(make_avro):
    acme = make_avro(objects=True)
    acme.start("postgres-cdc", "views", "s3-objects")
    acme.generate(changes=2000, seed=3)
    acme.wait_views()
    acme.wait_objects()
    oracle = acme.oracle()
    for view in GOLD:
        latest = {}
        for key in acme.s3.list(acme.bucket, f"{acme.name}.{view}/"):
            for row in json.loads(acme.s3.get(acme.bucket, key)):
                latest[(key.split("/")[1], row.pop("__offset"))] = (row.pop("__op"), row)
        ups = [json.dumps(row, sort_keys=True) for op, row in latest.values() if op == "u"]
        missing = [text for (text,) in oracle[view] if json.dumps(json.loads(text), sort_keys=True) not in ups]
        assert not missing, f"{view}: {missing[:3]}"


def test_a_column_added_in_the_source_flows_on(make_avro, registry):
    acme = make_avro()
    acme.start(*SERVICES)
    acme.generate(changes=500, seed=5)
    acme.wait_views()
    acme.pg.execute(acme.source, "ALTER TABLE operations.orders ADD COLUMN note text")
    acme.generate(changes=500, seed=6)
    acme.pg.execute(acme.source, "ALTER TABLE operations.orders DROP COLUMN note")
    acme.generate(changes=500, seed=7)
    acme.wait_views()
    acme.wait_upserted()
    acme.check_tables()
    topic = f"{acme.name}.operations.orders"
    decoder = Decoder(registry)
    rows = [decoder.read(record.value)["after"] or {} for record in acme.kafka.read(topic) if record.value]
    assert any("note" in row for row in rows) and any(row and "note" not in row for row in rows)


def test_a_column_of_another_type_ends_the_capture_before_its_rows(make_avro, registry):
    """Number to text: no reader of the topic could take both. What came before is there, whole; nothing of what follows."""
    acme = make_avro()
    acme.generate(changes=300, seed=5)
    cdc = acme.prepare("postgres-cdc").start()
    cdc.wait_ready()
    acme.wait_captured()
    topic = f"{acme.name}.operations.order_items"
    before, schema = len(acme.kafka.read(topic)), registry.latest(f"{topic}-value")
    acme.pg.execute(acme.source, "ALTER TABLE operations.order_items ALTER COLUMN quanity TYPE text")
    acme.pg.execute(acme.source, "UPDATE operations.order_items SET quanity = 'some' WHERE order_item_id = (SELECT min(order_item_id) FROM operations.order_items)")
    assert cdc.wait_exit(60) == EX_CONFIG
    assert f"{topic}-value" in cdc.tail() and "compatible" in cdc.tail()
    assert cdc.start().wait_exit(60) == EX_CONFIG  # until somebody has decided
    assert len(acme.kafka.read(topic)) == before > 0 and registry.latest(f"{topic}-value") == schema


def test_an_outage_of_the_registry_is_survived(make_avro, stack, registry):
    acme = make_avro()
    acme.generate(changes=500, seed=7)
    acme.start(*SERVICES)
    acme.generate(changes=500, seed=8)
    acme.wait_views()
    acme.wait_upserted()
    stack.crash("registry")
    try:
        acme.generate(changes=500, seed=9)
        acme.wait_views()
        acme.wait_upserted()
        acme.check_tables()
    finally:
        stack.start("registry")


def test_an_incompatible_view_is_reported_before_data_flows(make_avro, registry):
    acme = make_avro()
    subject = f"{acme.name}.gold.top_customers-value"
    registry.register(subject, {"type": "record", "name": "Value", "namespace": f"{acme.name}.gold.top_customers",
                                "fields": [{"name": "pending_orders", "type": "string"}]})
    acme.start("postgres-cdc")
    views = acme.prepare("views").start()
    assert views.wait_exit(60) == EX_CONFIG
    assert subject in views.tail() and "compatible" in views.tail()
    assert not any(topic in acme.kafka.topics() for topic in acme.view_topics())
    assert f"{acme.name}.silver.orders-value" not in registry.subjects()


def test_a_topic_in_the_other_format_is_refused(make_acme, avro_flags):
    acme = make_acme()
    acme.start("postgres-cdc", "views")
    acme.generate(changes=300, seed=10)
    acme.wait_views()
    acme.services["views"].terminate()
    again = acme.prepare("views", **avro_flags["views"]).start()
    assert again.wait_exit(60) == EX_CONFIG and "--rebuild" in again.tail()
    rebuilt = acme.prepare("views", **avro_flags["views"], rebuild=True).start()
    assert rebuilt.wait_exit(60) == EX_CONFIG
    assert "holds records as JSON" in rebuilt.tail()


def test_avro_without_a_registry_names_the_flag(make_acme):
    acme = make_acme(flags={"views": {"value-format": "avro"}})
    views = acme.prepare("views").start()
    assert views.wait_exit(30) == 64
    assert "--schema-registry-url" in views.tail()
