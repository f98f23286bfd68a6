"""`docker compose --profile acme up --wait`, as a user runs it: it returns with the answers in the tables."""

import json
import subprocess

from harness.acme import GOLD, TABLES, VIEWS, with_rows
from harness.compare import same_rows
from harness.wait import until

SERVICES = ("acme-postgres-cdc", "acme-views", "acme-postgres-upsert", "acme-s3-objects")
SERVERS = ("postgres", "kafka", "s3")
ONE_SHOTS = ("acme-seed", "s3-volume", "s3-init")
PIPELINE = "/usr/share/sluice/schemas/acme/pipeline.sql"


def oracle(stack):
    """{view: rows} as PostgreSQL answers over the captured tables as they are."""
    pg = stack.postgres()
    script = stack.run("run", "--rm", "sluice/views", f"--oracle={PIPELINE}").stdout
    copies = []
    for table in TABLES:
        rows = pg.psql("finance_db", "-Atqc", f"COPY operations.{table} TO STDOUT")
        copies.append(f"COPY bronze.{table} FROM stdin;\n{rows}\\.\n")
    pg.create_database("oracle")
    try:
        path = stack.folder / "oracle.sql"
        path.write_text(with_rows(script, copies))
        pg.run_file("oracle", path)
        return {view: pg.execute("oracle", f"SELECT row_to_json(v)::text FROM {view} v") for view in VIEWS}
    finally:
        pg.drop_database("oracle")


def tables(stack):
    pg = stack.postgres()
    return {view: pg.execute("acme", f"SELECT row_to_json(v)::text FROM {view} v") for view in VIEWS}


def check_tables(stack, want):
    have = tables(stack)
    for view in VIEWS:
        same_rows(have[view], want[view], f"table {view}")


def settle(stack, want):
    """Waits until the tables are what PostgreSQL answers."""
    until(lambda: all(sorted(rows) == sorted(want[view]) for view, rows in tables(stack).items()),
          "the tables to equal PostgreSQL's answer", 120, every_s=0.5)


def orders(stack):
    return stack.postgres().value("finance_db", "SELECT count(*) FROM operations.orders")


def test_up_returns_with_the_answers_in_the_tables(acme):
    check_tables(acme, oracle(acme))  # at once: healthy means caught up
    assert all(acme.health(service) == "healthy" for service in SERVICES + SERVERS)
    assert [acme.containers()[name]["State"]["ExitCode"] for name in ONE_SHOTS] == [0, 0, 0]


def test_objects_hold_the_gold_rows(acme):
    keys = acme.s3("acme").list("acme")
    for view in GOLD:
        for extension in ("json", "xml"):
            assert any(key.startswith(f"acme.{view}/") and key.endswith(extension) for key in keys), (view, extension)
    print(f"{len(keys)} objects")


def test_nobody_is_root_and_nothing_can_be_written(acme):
    containers = acme.containers()
    assert set(containers) == {*SERVICES, *SERVERS, *ONE_SHOTS}
    for name, one in containers.items():
        assert one["HostConfig"]["ReadonlyRootfs"], name
        assert one["HostConfig"]["CapDrop"] == ["ALL"] and not one["HostConfig"]["Privileged"], name
        assert "no-new-privileges:true" in one["HostConfig"]["SecurityOpt"], name
        assert not one["HostConfig"]["Ulimits"], name
        for bindings in (one["HostConfig"]["PortBindings"] or {}).values():
            assert all(binding["HostIp"] == "127.0.0.1" and int(binding["HostPort"]) < 32768 for binding in bindings), name
    for name in SERVICES + SERVERS:
        uids = acme.run("top", containers[name]["Id"], "-eo", "uid,pid").stdout.split()[2::2]
        assert uids and "0" not in uids, (name, uids)
        touch = acme.run("exec", containers[name]["Id"], "bash", "-c", ": >/usr/bin/new", check=False)
        assert touch.returncode != 0 and "Read-only file system" in touch.stderr, (name, touch.stderr)
        secrets = [word for word in one_line(containers[name]) if word in passwords(acme)]
        assert not secrets, f"{name} shows a secret"


def one_line(container):
    """Every word of a container's command line and environment."""
    config = container["Config"]
    return [part for text in (config["Cmd"] or []) + config["Env"] for part in text.split("=")]


def passwords(stack):
    return {path.read_text() for path in stack.secrets.iterdir()}


def test_kcat_on_the_host_reads_every_topic(acme):
    listed = json.loads(kcat(acme, "-L", "-J"))["topics"]
    topics = {topic["topic"]: len(topic["partitions"]) for topic in listed if not topic["topic"].startswith("__")}
    for table in TABLES:
        assert f"finance_db.operations.{table}" in topics
    for view in VIEWS:
        assert f"acme.{view}" in topics
    for topic in sorted(topics):
        lines = kcat(acme, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%p %k %s\n").splitlines()
        print(f"{topic}: {topics[topic]} partitions, {len(lines)} records")
        if topic.startswith(("finance_db.operations.", "acme.silver.", "acme.gold.")):
            assert lines, topic
    gold = kcat(acme, "-C", "-t", "acme.gold.top_customers", "-o", "beginning", "-e", "-q", "-f", "%k %s\n")
    print(gold)


def kcat(stack, *words):
    done = subprocess.run(["kcat", "-b", stack.bootstrap, *words], check=True, capture_output=True, timeout=60)
    return done.stdout.decode(errors="replace")  # the changelog's entries are no text


def test_report_is_a_command(acme):
    shown = acme.one_off("report", "top_customers")
    print(shown)
    want = acme.postgres().execute("acme", "SELECT customer_name FROM gold.top_customers")
    assert want and all(name in shown for (name,) in want)


def test_the_live_workload_reaches_the_tables(acme):
    """Changes come while a service is killed and started anew; at rest the tables are PostgreSQL's answer."""
    before = orders(acme)
    acme.up("acme-datagen")
    until(lambda: orders(acme) >= before + 50, "50 more orders", 60, every_s=0.5)
    for name in SERVICES:
        acme.run("kill", "--signal", "KILL", acme.containers()[name]["Id"])
    acme.compose("up", "--detach", "--wait", "--no-deps", *SERVICES, deadline_s=120)
    until(lambda: orders(acme) >= before + 150, "100 more orders", 60, every_s=0.5)
    acme.compose("stop", "acme-datagen")
    assert acme.containers()["acme-datagen"]["State"]["ExitCode"] == 0
    want = oracle(acme)
    settle(acme, want)
    check_tables(acme, want)


def test_health_tells_when_the_broker_is_away(acme):
    acme.compose("pause", "kafka")
    try:
        for name in SERVICES:
            until(lambda name=name: acme.health(name) == "unhealthy", f"{name} to be unhealthy", 90, every_s=1)
    finally:
        acme.compose("unpause", "kafka")
    for name in SERVICES:
        until(lambda name=name: acme.health(name) == "healthy", f"{name} to be healthy again", 90, every_s=1)


def test_down_and_up_again_goes_on(acme):
    """Without --volumes everything is kept; the seed adds to it."""
    before = orders(acme)
    acme.down(keep=True)
    assert not acme.containers()
    acme.up()
    assert orders(acme) > before
    want = oracle(acme)
    settle(acme, want)
    check_tables(acme, want)
