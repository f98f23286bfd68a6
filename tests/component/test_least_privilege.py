"""The roles and policies that deploy/compose makes: each service does its work with its own, and is refused all else."""

import json
import os
import subprocess

import psycopg2
import pytest

from harness import ROOT
from harness.s3 import S3Error
from harness.services import run
from harness.wait import until

EX_NOPERM = 77
PIPELINES = ("acme", "telco", "countries", "products", "retail")
NOT_ALLOWED = "42501"

TARGET = "CREATE SCHEMA IF NOT EXISTS gold; CREATE TABLE IF NOT EXISTS gold.a (id integer PRIMARY KEY, n integer);"

# what a role may not do in a database that it may enter
REFUSED = {
    ("cdc", "finance_db"): ("INSERT INTO operations.customers (customer_name) VALUES ('x')", "UPDATE operations.orders SET status = 'x'",
                            "DELETE FROM operations.orders", "TRUNCATE operations.orders", "ALTER TABLE operations.orders ADD COLUMN x int",
                            "CREATE TABLE operations.x (i int)", "CREATE TABLE x (i int)", "SELECT pg_read_file('/etc/passwd')"),
    ("datagen", "finance_db"): ("TRUNCATE operations.orders", "DROP TABLE operations.orders", "CREATE TABLE operations.x (i int)",
                                "SELECT pg_create_logical_replication_slot('x', 'pgoutput')"),
    ("acme", "acme"): ("CREATE ROLE x", "CREATE DATABASE x", "COPY (SELECT 1) TO PROGRAM 'true'", "SELECT * FROM pg_authid",
                       "SELECT pg_create_logical_replication_slot('x', 'pgoutput')"),
    ("report", "acme"): ("INSERT INTO gold.a VALUES (9, 9)", "UPDATE gold.a SET n = 9", "DELETE FROM gold.a", "TRUNCATE gold.a",
                         "DELETE FROM sluice.sink_offsets", "CREATE TABLE gold.x (i int)", "CREATE TABLE x (i int)",
                         "CREATE TEMP TABLE x (i int)", "CREATE SCHEMA x"),
}
# and which it may not enter
SHUT = (("cdc", "acme"), ("cdc", "postgres"), ("datagen", "acme"), ("acme", "finance_db"), ("acme", "telco"), ("acme", "postgres"),
        ("report", "finance_db"), ("report", "postgres"))


def initialise(script, secrets, env):
    """Runs one of deploy/compose's, as its container does."""
    subprocess.run([ROOT / "deploy" / "secrets", secrets], check=True)
    subprocess.run([ROOT / "deploy" / "compose" / script], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60,
                   env={**os.environ, **env, "SLUICE_SECRETS": str(secrets), "SLUICE_SCHEMAS": str(ROOT / "schemas")})


class Roles:
    """The databases and roles that postgres-init.sh makes; their names are the cluster's, so they are gone at the end."""

    def __init__(self, pg, secrets):
        self.pg, self.secrets = pg, secrets

    def password_file(self, role):
        return self.secrets / f"{role}-upsert-password" if role in PIPELINES else self.secrets / f"{role}-password"

    def login(self, role, database):
        """A service's flags."""
        return {"postgres-url": f"user={role} dbname={database}", "postgres-password-file": self.password_file(role)}

    def connect(self, role, database):
        return self.pg.connect(database, user=role, password=self.password_file(role).read_text().strip())

    def forget(self):
        for database in ("finance_db", *PIPELINES):
            self.pg.drop_database(database)
        for role in ("cdc", "report", "datagen", *PIPELINES):
            self.pg.execute("postgres", f"DROP ROLE IF EXISTS {role}")
        self.pg.execute("postgres", "GRANT CONNECT, TEMPORARY ON DATABASE postgres TO PUBLIC")


@pytest.fixture
def roles(pg, tmp_path):
    roles = Roles(pg, tmp_path / "secrets")
    roles.forget()
    try:
        initialise("postgres-init.sh", roles.secrets, pg.env)
        yield roles
    finally:
        roles.forget()


def test_roles(roles, service, kafka, pg, unique, tmp_path):
    (tmp_path / "target.sql").write_text(TARGET)
    upsert = {"pipeline": unique, "target": tmp_path / "target.sql", "kafka-bootstrap": kafka.bootstrap, "member-id": "one"}
    kafka.create_topic(f"{unique}.gold.a", 1)
    kafka.produce(f"{unique}.gold.a", [(json.dumps({"id": id}).encode(), json.dumps({"id": id, "n": id}).encode()) for id in (1, 2)])
    source = {"topic-prefix": unique, "kafka-bootstrap": kafka.bootstrap}
    tables = pg.value("finance_db", "SELECT count(*) FROM pg_tables WHERE schemaname = 'operations'")
    assert tables >= 4

    # each does its work
    done = run("datagen", {"rate": 0, "changes": 300, **roles.login("datagen", "finance_db")}, arguments=["acme"], env=pg.env)
    assert done.returncode == 0, done.stderr
    orders = pg.value("finance_db", "SELECT count(*) FROM operations.orders")
    cdc = service("postgres-cdc", {**source, "publication": "acme", **roles.login("cdc", "finance_db")})
    sink = service("postgres-upsert", {**upsert, **roles.login("acme", "acme")})
    cdc.wait_ready()
    with roles.connect("datagen", "finance_db") as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM operations.orders WHERE order_id = (SELECT min(order_id) FROM operations.orders)")
    captured = lambda: [record.json()["op"] for record in kafka.read(f"{unique}.operations.orders") if record.value]
    until(lambda: captured().count("r") == orders and captured().count("d") == 1, f"{orders} orders and the one deleted since")
    polled = run("sql-rows", {**source, "table": "operations.customers", "topic": f"{unique}.polled", "once": True, "mode": "full",
                              "state-dir": tmp_path / "seen", **roles.login("cdc", "finance_db")}, env=pg.env)
    assert polled.returncode == 0 and kafka.read(f"{unique}.polled"), polled.stderr
    sink.wait_ready()
    (tmp_path / "rows.sql").write_text("SELECT id, n FROM gold.a ORDER BY id")
    told = run("report", {"reports": tmp_path, "format": "json", **roles.login("report", "acme")}, arguments=["rows"], env=pg.env)
    assert json.loads(told.stdout) == [{"id": 1, "n": 1}, {"id": 2, "n": 2}], told.stderr

    # and nothing else: statements, databases, and the services with another's role
    for (role, database), statements in REFUSED.items():
        connection = roles.connect(role, database)
        for statement in statements:
            with pytest.raises(psycopg2.Error) as refusal, connection.cursor() as cursor:
                cursor.execute(statement)
            assert refusal.value.pgcode == NOT_ALLOWED, (role, statement, refusal.value)
        connection.close()
    for role, database in SHUT:
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            roles.connect(role, database)
    for role, database in (("report", "acme"), ("telco", "acme")):
        done = run("postgres-upsert", {**upsert, **roles.login(role, database)}, env=pg.env)
        assert done.returncode == EX_NOPERM and "permission denied" in done.stderr, (done.returncode, done.stderr)
    done = run("postgres-cdc", {**source, "publication": "acme", **roles.login("datagen", "finance_db")}, env=pg.env)
    assert done.returncode == EX_NOPERM and "REPLICATION" in done.stderr, (done.returncode, done.stderr)
    assert pg.execute("acme", "SELECT * FROM gold.a ORDER BY id") == [(1, 1), (2, 2)]


# s3-init.sh's client: keeps each policy, does nothing else
MC = """#!/bin/sh
[ "$1 $2 $3" != "admin policy create" ] || cp "$6" "$(dirname "$0")/$5.json"
[ "$1 $2 $3" != "admin user add" ] || cat >/dev/null
"""


def test_the_store_s_policy(service, kafka, s3, bucket, unique, tmp_path):
    """The policy of a pipeline's user, as s3-init.sh hands it to MinIO, enforced by SeaweedFS for a user of its own."""
    client = tmp_path / "bin" / "mc"
    client.parent.mkdir()
    client.write_text(MC)
    client.chmod(0o755)
    initialise("s3-init.sh", tmp_path / "secrets", {"PATH": f"{client.parent}:{os.environ['PATH']}"})
    assert {path.stem for path in client.parent.glob("*.json")} == {f"{pipeline}-objects" for pipeline in PIPELINES}
    policy = (client.parent / "acme-objects.json").read_text()
    assert policy.count(":::acme") == 2
    other = f"{bucket}-other"
    s3.make_bucket(other)
    s3.put(other, "secret", b"not yours")
    user = s3.user(unique, policy.replace(":::acme", f":::{bucket}"))
    try:
        store = {"S3_ENDPOINT": s3.endpoint, "AWS_REGION": s3.region, "AWS_ACCESS_KEY_ID": user.access_key,
                 "AWS_SECRET_ACCESS_KEY": user.secret_key}
        kafka.create_topic(f"{unique}.gold.a", 1)
        rows = [json.dumps({"id": id, "text": os.urandom(300_000).hex()}).encode() for id in range(10)]
        kafka.produce(f"{unique}.gold.a", [(json.dumps({"id": id}).encode(), row) for id, row in enumerate(rows)])
        flags = {"kafka-bootstrap": kafka.bootstrap, "s3-endpoint": s3.endpoint, "pipeline": unique, "member-id": "one",
                 "topics": f"{unique}.gold.a", "format": "ndjson", "layout": "snapshot", "rotate-interval": "100ms", "part-size": "5MiB", "keep-versions": 1}
        service("s3-objects", {**flags, "s3-bucket": bucket}, env=store).wait_ready()
        written = lambda: [key for key in user.list(bucket) if "/data/" in key]
        (key,) = until(written, "an object")
        assert user.head(bucket, key)["etag"].strip('"').endswith("-2"), "not in parts"
        assert user.get(bucket, key).count(b"\n") == len(rows)
        kafka.produce(f"{unique}.gold.a", [(json.dumps({"id": id}).encode(), None) for id in range(9)])
        until(lambda: key not in user.list(bucket), "the version before to be removed")
        read = run("objects", {"input": f"s3://{bucket}/{unique}.gold.a/data/", "topic": f"{unique}.back", "key": "id", "once": True,
                               "kafka-bootstrap": kafka.bootstrap, "s3-endpoint": s3.endpoint, "state-dir": tmp_path / "state"}, env=store)
        assert read.returncode == 0 and len(kafka.read(f"{unique}.back")) == 1, read.stderr

        refused = run("s3-objects", {**flags, "s3-bucket": other}, env=store)
        assert refused.returncode == EX_NOPERM and "AccessDenied" in refused.stderr, refused.stderr
        for request in (("GET", f"/{other}/secret"), ("GET", f"/{other}", {"list-type": "2"}), ("PUT", f"/{other}/x"), ("DELETE", f"/{other}/secret"),
                        ("PUT", f"/{bucket}-new"), ("DELETE", f"/{bucket}"), ("PUT", f"/{bucket}", {"policy": ""})):
            with pytest.raises(S3Error) as refusal:
                user.request(*request)
            assert refusal.value.status == 403, (request, refusal.value)
        assert s3.get(other, "secret") == b"not yours"
    finally:
        s3.remove_user(unique)
        s3.remove_bucket(other)
