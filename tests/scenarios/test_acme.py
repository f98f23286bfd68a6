"""acme from PostgreSQL's WAL to gold tables and objects: equal to PostgreSQL's own answer, by snapshot and by stream."""

import json
import urllib.request
from collections import Counter

import pytest

from harness.acme import GOLD, GOLD_NAMES, VIEWS
from harness.compare import same_csv, same_rows
from harness.services import run

SERVICES = ("postgres-cdc", "views", "postgres-upsert")
TASKS = ("open_orders", "top_dates", "pending_items", "open_items", "top_customers")


def replay(acme, shared_data):
    acme.generate(create=True, replay=shared_data / "acme" / "base.dml.sql")


def check_exports(acme, shared_data, tmp_path, tasks=TASKS, form="task", folder="reports"):
    """The reports, exported, are the expected files to the byte (pending_items is empty in this workload)."""
    for task in tasks:
        expected = (shared_data / "expected" / f"acme_base_{form}_{task}.csv").read_text()
        done = run("report", {"postgres-url": f"dbname={acme.target}", "export": True, "export-dir": tmp_path / form,
                              "reports": acme.folder / folder}, [task], env=acme.pg.env)
        assert done.returncode == 0, done.stderr
        same_csv(open(done.stdout.strip()).read(), expected, f"export {task}", at_least=0 if task == "pending_items" else 1)


def check_rest(acme, service, shared_data):
    """The questions by HTTP: the expected files to the byte, and what only a caller can ask for beside PostgreSQL's answer."""
    from harness.acme import SCHEMAS
    one = service("report", {"serve": "127.0.0.1:0", "reports": SCHEMAS / "reports" / "rest", "postgres-url": f"dbname={acme.target}"}, env=acme.pg.env)
    base = f"http://127.0.0.1:{one.wait_ready().wait_log(r'msg=serving .*port=([0-9]+)')[1]}/analytics/orders"

    def ask(question, form="csv"):
        with urllib.request.urlopen(f"{base}{question}{'&' if '?' in question else '?'}format={form}") as answer:
            return answer.read().decode()

    for question, task in (("?status=open", "open_orders"), ("/top?limit=3", "top_dates"), ("/product", "pending_items"),
                           ("/customers?status=pending&limit=3", "top_customers")):
        expected = (shared_data / "expected" / f"acme_base_task_{task}.csv").read_text()
        found = ask(question).replace("customer_id,customer_name,orders\n", "customer_id,customer_name,pending_orders\n")
        same_csv(found, expected, f"GET {question}", at_least=0 if task == "pending_items" else 1)
    open_of = Counter(acme.pg.execute(acme.target, "SELECT customer_id FROM silver.orders WHERE status <> 'COMPLETED'"))
    rows = json.loads(ask("/customers?status=open&limit=1000", "json"))
    assert {(row["customer_id"],): row["orders"] for row in rows} == open_of and len(rows) > 3
    assert rows == sorted(rows, key=lambda row: (-row["orders"], row["customer_id"]))
    processing = json.loads(ask("?status=processing", "json"))
    assert processing and {row["status"] for row in processing} == {"PROCESSING"}
    assert len(json.loads(ask("/top?limit=1", "json"))) == 1


@pytest.fixture
def reports(make_acme):
    """Links the project's reports beside a pipeline."""
    def link(acme):
        from harness.acme import SCHEMAS
        (acme.folder / "reports").symlink_to(SCHEMAS / "reports")
        return acme
    return link


@pytest.mark.parametrize("way", ["snapshot", "stream"])
def test_base_workload(make_acme, reports, service, shared_data, tmp_path, way):
    acme = reports(make_acme())
    if way == "snapshot":
        replay(acme, shared_data)
    acme.start(*SERVICES)
    if way == "stream":
        replay(acme, shared_data)
    acme.wait_views()
    acme.wait_upserted()
    for form in ("task", "seed"):
        (tmp_path / form).mkdir()
    check_exports(acme, shared_data, tmp_path)
    check_exports(acme, shared_data, tmp_path, [task for task in TASKS if task != "open_items"], "seed", "reports/seed")
    if way == "stream":
        check_rest(acme, service, shared_data)
    acme.check_tables(at_least=0)


def test_live_workload(make_acme):
    """Deletes, changed keys, re-assigned and nulled customers, renames, rollbacks: all eight answers, in topics and tables."""
    acme = make_acme()
    acme.generate(changes=3000, seed=11)
    acme.start(*SERVICES)
    acme.generate(changes=6000, seed=12)
    acme.wait_views()
    acme.wait_upserted()
    oracle = acme.oracle()
    assert len(GOLD) == 8
    acme.check_topics(VIEWS, oracle=oracle)
    acme.check_tables(VIEWS, oracle=oracle)
    kinds = Counter(record.json()["op"] for topic in acme.bronze_topics() for record in acme.kafka.read(topic) if record.value)
    assert kinds["r"] and kinds["c"] and kinds["u"] and kinds["d"], kinds


def test_objects_hold_each_record_once(make_acme):
    acme = make_acme(objects=True, flags={"s3-objects": {"format": ["json", "xml"]}})
    acme.start("postgres-cdc", "views", "s3-objects")
    acme.generate(changes=3000, seed=3)
    acme.wait_views()
    acme.wait_objects()
    for view in GOLD:
        topic = f"{acme.name}.{view}"
        records = [(r.partition, r.offset) for r in acme.kafka.read(topic)]
        held = []
        for key in acme.s3.list(acme.bucket, f"{topic}/"):
            if key.endswith(".json"):
                partition = int(key.split("/")[1])
                held += [(partition, row["__offset"]) for row in json.loads(acme.s3.get(acme.bucket, key))]
        same_rows(held, records, f"objects of {view}")


def test_truncate(make_acme):
    acme = make_acme()
    acme.start(*SERVICES)
    acme.generate(changes=1500, seed=5)
    acme.wait_views()
    acme.pg.execute(acme.source, "TRUNCATE operations.order_items")
    acme.generate(changes=1500, seed=6)
    acme.wait_views()
    acme.wait_upserted()
    acme.check_tables()


def test_people_can_read_every_topic(make_acme):
    acme = make_acme()
    acme.start("postgres-cdc", "views")
    acme.generate(changes=1500, seed=7)
    acme.wait_views()
    for topic in acme.bronze_topics() + acme.view_topics():
        seen = acme.kafka.kcat(topic)
        assert seen, topic
        for message in seen:
            json.loads(message["key"])
            if message.get("payload") is not None:
                json.loads(message["payload"])


def test_bad_records_are_dead_lettered_and_the_rest_flows(make_acme):
    acme = make_acme()
    acme.start("postgres-cdc", "views")
    acme.generate(changes=1000, seed=8)
    acme.wait_views()
    orders = f"{acme.name}.operations.orders"
    envelope = {"before": None, "source": {"ts_us": 1, "lsn": 1}, "transaction": None, "op": "c", "ts_ms": 1,
                "after": {"order_id": 77, "order_date": None, "delivery_date": None, "customer_id": 1, "status": "PENDING",
                          "updated_at": None, "updated_by": None, "created_at": None, "created_by": None}}
    unknown = {**envelope, "after": {**envelope["after"], "status": "LOST"}}
    far = [("sluice.position", b"999999999999999/1")]
    acme.kafka.produce(orders, [
        (b'{"order_id":77}', b"this is not JSON", far),
        (b'{"order_id":78}', json.dumps(unknown | {"after": {**unknown["after"], "order_id": 78}}).encode(), far),
        (None, json.dumps(envelope).encode(), far),
        (b'{"order_id":79}', json.dumps(envelope | {"after": {**envelope["after"], "order_id": 79}}).encode(), far),
    ])
    acme.wait_views()
    letters = {record.header("sluice.error.rule"): record for record in acme.kafka.read(f"{acme.name}.dead-letters")}
    assert set(letters) == {"decode", "orders_status_check", "key"}
    assert letters["decode"].value == b"this is not JSON"
    assert letters["orders_status_check"].header("sluice.error.sqlstate") == "23514"
    assert letters["key"].key is None
    for record in letters.values():
        assert record.header("sluice.error.topic") == orders
        assert record.header("sluice.error.offset").isdigit() and record.header("sluice.error.message")
        assert record.header("sluice.position") == "999999999999999/1"
    silver = acme.kafka.latest(f"{acme.name}.silver.orders")
    assert b'{"order_id":79}' in silver and b'{"order_id":78}' not in silver


def test_a_row_that_breaks_the_contract_leaves_the_views(make_acme):
    acme = make_acme()
    acme.start(*SERVICES)
    acme.generate(changes=1500, seed=9)
    acme.pg.execute(acme.source, "UPDATE operations.orders SET status = 'LOST' WHERE order_id % 5 = 0")
    acme.wait_views()
    acme.wait_upserted()
    acme.check_tables()
    assert acme.kafka.read(f"{acme.name}.dead-letters")
    acme.pg.execute(acme.source, "UPDATE operations.orders SET status = 'PENDING' WHERE status = 'LOST'")
    acme.wait_views()
    acme.wait_upserted()
    acme.check_tables()


def test_a_rule_that_only_warns_is_counted_by_its_name(make_acme):
    acme = make_acme()
    text = acme.pipeline_file.read_text()
    topic = f"topic '{acme.name}.operations.orders'"
    assert topic in text
    acme.pipeline_file.write_text(text.replace(topic, f"warn 'orders_status_check', {topic}"))
    acme.start("postgres-cdc", "views")
    acme.generate(changes=1000, seed=11)
    [(lost,)] = acme.pg.execute(acme.source, """WITH lost AS (UPDATE operations.orders SET status = 'LOST' WHERE order_id % 5 = 0 RETURNING 1)
                                                SELECT count(*)::int FROM lost""")
    acme.wait_views()
    views = acme.services["views"]
    assert lost > 0 and views.metric("sluice_contract_warnings_total", source="bronze.orders", rule="orders_status_check") >= lost
    assert sum(b"LOST" in record.value for record in acme.kafka.latest(f"{acme.name}.silver.orders").values()) == lost
    assert not acme.kafka.read(f"{acme.name}.dead-letters")
    assert "orders_status_check" in views.log()


def test_rebuild_after_the_plan_has_changed(make_acme):
    """Another plan is refused naming --rebuild, which writes the differences only."""
    acme = make_acme()
    acme.start("postgres-cdc", "views")
    acme.generate(changes=2000, seed=10)
    acme.wait_views()
    views = acme.services["views"]
    assert views.terminate() == 0
    before = {view: acme.kafka.read(f"{acme.name}.{view}") for view in VIEWS}
    text = acme.pipeline_file.read_text()
    assert "LIMIT 3" in text
    acme.pipeline_file.write_text(text.replace("LIMIT 3", "LIMIT 5"))
    views.start()
    assert views.wait_exit(60) == 78
    assert "--rebuild" in views.log()
    again = acme.prepare("views", instance="rebuilt", rebuild=True)
    again.start().wait_ready(60)
    for view, records in before.items():
        added = len(acme.kafka.read(f"{acme.name}.{view}")) - len(records)
        wanted = 2 if view in ("gold.top_dates", "gold.top_customers") else 0
        assert added == wanted, f"a rebuild writes only what differs: {added} records of {view}, not {wanted}"
    acme.generate(changes=500, seed=13)
    acme.wait_views()
    acme.check_topics()


def test_lost_state_is_restored(make_acme):
    """The local store removed: the changelog brings it back, and nothing is written twice."""
    import shutil
    acme = make_acme()
    acme.start("postgres-cdc", "views")
    acme.generate(changes=2000, seed=14)
    acme.wait_views()
    views = acme.services["views"]
    views.kill()
    counts = {view: len(acme.kafka.read(f"{acme.name}.{view}")) for view in VIEWS}
    shutil.rmtree(acme.folder / "state")
    views.start().wait_ready(60)
    assert counts == {view: len(acme.kafka.read(f"{acme.name}.{view}")) for view in VIEWS}
    acme.generate(changes=1000, seed=15)
    acme.wait_views()
    acme.check_topics()


def test_gold_names_are_what_the_readme_says():
    assert GOLD_NAMES == ["open_orders_agg", "order_items_pending_agg", "customer_pending_orders_agg", "open_orders",
                          "top_dates", "pending_items", "open_items", "top_customers"]
