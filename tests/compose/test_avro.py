"""The stack with deploy/compose/avro.yml: the same answers, by topics in Avro."""

import pytest

from compose.conftest import IN_AVRO
from compose.stack import free_port
from compose.test_acme import check_tables, oracle
from compose.test_profiles import Composed, check_containers, telco_rows
from harness.registry import Registry


def check_acme(stack):
    check_tables(stack, oracle(stack))


def check_telco(stack):
    Composed("telco", stack).check_tables(telco_rows(stack.files("telco-datagen")))


@pytest.mark.parametrize("name,check,topics", (
    ("acme", check_acme, ("finance_db.operations.orders", "acme.gold.open_orders")),
    ("telco", check_telco, ("telco.bronze.customers", "telco.gold.churn_summary")),
))
def test_up_in_avro(up, name, check, topics):
    port = free_port()
    stack = up(name, COMPOSE_FILE=IN_AVRO, REGISTRY_PORT=str(port))
    check(stack)
    check_containers(stack)
    registry = Registry(f"http://127.0.0.1:{port}/apis/ccompat/v7")
    assert registry.ask("GET", "/config")["compatibilityLevel"] == "BACKWARD"
    for topic in topics:
        check_framing(stack.kafka().read(topic), registry, topic)


def check_framing(records, registry, topic):
    """Each record carries the id of its subject's schema, in Confluent's framing."""
    for side in ("key", "value"):
        number, _ = registry.latest(f"{topic}-{side}")
        parts = [part for part in (getattr(record, side) for record in records) if part is not None]
        assert parts and all(part[:5] == b"\0" + number.to_bytes(4, "big") for part in parts), (topic, side)
