"""acme by polled extraction instead of the log: the same answers, and fewer versions of a row seen."""

import pytest

from harness.acme import GOLD_NAMES, TABLES
from harness.services import run
from scenarios.test_acme import TASKS, check_exports, replay


def poll(acme, table, **flags):
    """sql-rows on one table, into the topic that postgres-cdc would fill."""
    words = {"kafka-bootstrap": acme.kafka.bootstrap, "topic-prefix": acme.name, "table": f"operations.{table}",
             "postgres-url": f"dbname={acme.source}", "mode": "incremental", "timestamp-column": "updated_at",
             "state-dir": acme.folder / "seen", "detect-deletes": True,
             **{name.replace("_", "-"): value for name, value in flags.items()}}
    number = sum(name.startswith(f"poll-{table}") for name in acme.services)
    one = acme.service_fixture("sql-rows", words, instance=f"{table}-{number}")
    acme.services[f"poll-{table}-{number}"] = one
    return one


def poll_once(acme):
    for one in [poll(acme, table, once=True) for table in TABLES]:
        assert one.wait_exit(120) == 0, one.tail()


def settle(acme):
    acme.wait_read(f"{acme.name}-views", acme.bronze_topics())
    acme.wait_upserted()


def test_one_late_poll_gives_the_answers_and_sees_each_order_once(make_acme, shared_data, tmp_path):
    from harness.acme import SCHEMAS
    acme = make_acme()
    (acme.folder / "reports").symlink_to(SCHEMAS / "reports")
    replay(acme, shared_data)
    poll_once(acme)
    acme.start("views", "postgres-upsert")
    settle(acme)
    (tmp_path / "task").mkdir()
    check_exports(acme, shared_data, tmp_path)
    acme.check_tables(at_least=0)
    orders = acme.kafka.read(f"{acme.name}.operations.orders")
    assert len(orders) == 312, "a poll sees the last version of each of 312 orders; the log has 1,021"
    poll_once(acme)
    assert len(acme.kafka.read(f"{acme.name}.operations.orders")) == 312, "a second poll of the same rows writes nothing"


@pytest.mark.parametrize("seed", [5, 6])
def test_a_live_workload_is_followed(make_acme, seed):
    """Deletes, changed keys, rollbacks and transactions that commit late, polled all the while; equal once it is at rest."""
    acme = make_acme()
    acme.generate(changes=200, seed=seed, create=True)
    polls = [poll(acme, table, every="200ms") for table in TABLES]
    for one in polls:
        one.wait_ready(60)
    acme.start("views", "postgres-upsert")
    acme.generate(changes=2500, seed=seed + 100, instance="more")
    for one in polls:
        done = one.metric("sluice_runs_total", status="success")
        one.until(lambda one=one, done=done: one.metric("sluice_runs_total", status="success") >= done + 2, "two runs at rest", 60)
    for one in polls:
        assert one.metric("sluice_dead_letters_total") == 0
        assert one.terminate() == 0
    settle(acme)
    acme.check_tables(at_least=0)
    gold = acme.pg.execute(acme.target, "SELECT count(*) FROM gold." + GOLD_NAMES[0])
    assert gold[0][0] > 0
