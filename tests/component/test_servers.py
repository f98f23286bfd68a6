"""The servers themselves: started, stopped and crashed by deploy/servers, and used by clients of every kind."""

import os
import re
import socket

import pytest
from confluent_kafka import Producer

from harness.kafka import Kafka
from harness.postgres import Postgres
from harness.registry import Registry, RegistryError
from harness.s3 import S3, S3Error
from harness.servers import Stack
from harness.wait import until


@pytest.fixture
def own(tmp_path):
    """A stack of the test's own, to stop and to crash."""
    stack = Stack(tmp_path / "state")
    yield stack
    stack.wipe()


def pids(status):
    return re.findall(r"^(\w+) .*pid (\d+)", status.stdout, re.M)


def alive(pid):
    """A zombie that init has not collected yet is dead."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_start_stop_and_status_are_idempotent(own):
    assert own.run("status", check=False).returncode == 3
    own.start()
    first = own.run("status")
    assert [name for name, _ in pids(first)] == ["postgres", "kafka", "s3"]
    own.start()
    assert pids(own.run("status")) == pids(first)

    own.run("stop", "kafka")
    assert own.run("status", check=False).returncode == 3
    own.start("kafka")
    assert dict(pids(own.run("status")))["postgres"] == dict(pids(first))["postgres"]

    own.stop()
    own.stop()
    stopped = own.run("status", check=False)
    assert stopped.returncode == 3
    assert stopped.stdout.count("stopped") == 3
    for _, pid in pids(first):
        assert not alive(pid)


def test_ports_are_remembered_and_a_taken_one_is_refused(own):
    own.start("kafka")
    bootstrap = own.env("kafka")
    own.stop("kafka")
    own.start("kafka")
    assert own.env("kafka") == bootstrap
    own.stop("kafka")
    port = int(bootstrap["SLUICE_KAFKA_BOOTSTRAP"].rpartition(":")[2])
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        refused = own.run("start", "kafka", check=False)
    assert refused.returncode == 1
    assert f"port {port}" in refused.stderr and "--port-kafka" in refused.stderr


def test_two_stacks_do_not_meet(own, tmp_path):
    other = Stack(tmp_path / "other")
    try:
        own.start("postgres")
        other.start("postgres")
        assert own.env("postgres")["PGPORT"] != other.env("postgres")["PGPORT"]
        other.stop("postgres")
        assert own.run("status", "postgres").returncode == 0
    finally:
        other.wipe()


def test_secrets_lie_in_files_that_only_the_owner_reads(own):
    own.start("postgres", "s3")
    for name in ("postgres/password", "postgres/passfile", "s3/keys"):
        assert os.stat(own.state / name).st_mode & 0o777 == 0o600, name
    secrets = {(own.state / "postgres/password").read_text().strip(), own.env("s3")["AWS_SECRET_ACCESS_KEY"]}
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/cmdline", encoding="utf-8", errors="replace") as file:
                line = file.read()
        except OSError:
            continue
        assert not any(secret in line for secret in secrets), f"a secret on the command line of {process}"


def test_a_crashed_server_comes_back_with_its_data(own):
    own.start()
    kafka, pg, s3 = Kafka(own.env("kafka")["SLUICE_KAFKA_BOOTSTRAP"]), Postgres(own.env("postgres")), S3(own.env("s3"))
    kafka.create_topic("kept")
    kafka.produce("kept", [(b"k", b"v")])
    pg.execute("postgres", "CREATE TABLE kept AS SELECT 1 AS n")
    s3.make_bucket("kept")
    s3.put("kept", "object", b"bytes")
    own.crash("postgres", "kafka", "s3")
    assert own.run("status", check=False).returncode == 3
    own.start()
    assert [record.value for record in kafka.read("kept")] == [b"v"]
    assert pg.value("postgres", "SELECT n FROM kept") == 1
    assert s3.get("kept", "object") == b"bytes"


def test_a_paused_server_answers_again_when_resumed(own):
    own.start("postgres")
    pg = Postgres(own.env("postgres"))
    own.pause("postgres")
    assert "paused" in own.run("status", "postgres", check=False).stdout
    own.resume("postgres")
    assert pg.value("postgres", "SELECT 1") == 1


def test_postgres_is_ready_for_change_capture(pg, database):
    settings = dict(pg.execute(database, "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", (
        ["wal_level", "max_replication_slots", "max_wal_senders", "TimeZone", "fsync", "password_encryption"],)))
    assert settings == {"wal_level": "logical", "max_replication_slots": "20", "max_wal_senders": "20",
                        "TimeZone": "UTC", "fsync": "on", "password_encryption": "scram-sha-256"}
    assert pg.value(database, "SELECT datcollate FROM pg_database WHERE datname = current_database()") == "C.UTF-8"
    pg.execute(database, "CREATE TABLE t (k int PRIMARY KEY, v text)")
    pg.execute(database, "SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", (database,))
    pg.execute(database, "INSERT INTO t VALUES (1, %s), (2, NULL)", ("ä,\"b\"",))
    assert pg.execute(database, "SELECT * FROM t ORDER BY k") == [(1, "ä,\"b\""), (2, None)]
    assert pg.csv(database, "SELECT * FROM t ORDER BY k") == 'k,v\n1,"ä,""b"""\n2,\n'


def test_a_wrong_password_is_refused(pg):
    with pytest.raises(Exception, match="password authentication failed"):
        pg.connect(password="wrong")


def test_kafka_keeps_bytes_headers_positions_and_tombstones(kafka, unique):
    kafka.create_topic(unique, partitions=3, config={"cleanup.policy": "compact"})
    kafka.produce(unique, [
        (b"a", b"1", [("h", b"x"), ("h", b"y"), ("empty", None)], 2),
        (b"\xff\x00", b"\x00\xfe", None, 1),
        (b"a", None, None, 2),
        (b"b", b'{"n": 1.10}', None, 0),
    ])
    records = kafka.read(unique)
    assert sorted((r.partition, r.offset, r.key, r.value) for r in records) == [
        (0, 0, b"b", b'{"n": 1.10}'), (1, 0, b"\xff\x00", b"\x00\xfe"), (2, 0, b"a", b"1"), (2, 1, b"a", None)]
    first = next(r for r in records if r.key == b"a")
    assert first.headers == [("h", b"x"), ("h", b"y"), ("empty", None)] and first.header("h") == "y"
    assert set(kafka.latest(unique)) == {b"b", b"\xff\x00"}
    assert str(kafka.latest(unique)[b"b"].json()["n"]) == "1.10"
    assert [r.offset for r in kafka.read(unique, start={0: 1, 1: 1, 2: 1})] == [1]


def test_kcat_shows_what_was_written(kafka, unique):
    kafka.create_topic(unique)
    kafka.produce(unique, [(b"key", b'{"a":1}', [("h", b"v")]), (b"key", None)])
    shown = kafka.kcat(unique)
    assert [(r["offset"], r["key"], r["payload"], r.get("headers")) for r in shown] == [
        (0, "key", '{"a":1}', ["h", "v"]), (1, "key", None, None)]


def test_an_aborted_transaction_is_not_read(kafka, unique):
    kafka.create_topic(unique)
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": unique, "log_level": 3})
    producer.init_transactions(30)
    for value, end in ((b"aborted", producer.abort_transaction), (b"committed", producer.commit_transaction)):
        producer.begin_transaction()
        producer.produce(unique, value)
        producer.flush(30)
        end(30)
    assert [r.value for r in kafka.read(unique)] == [b"committed"]
    assert [r.value for r in kafka.read(unique, isolation="read_uncommitted")] == [b"aborted", b"committed"]


def test_topics_are_never_made_by_accident(kafka, unique):
    with pytest.raises(KeyError):
        kafka.read(unique)
    assert unique not in kafka.topics()


def test_a_compacted_topic_is_compacted_soon(kafka, unique):
    kafka.create_topic(unique, config={
        "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.01", "segment.ms": "100", "max.compaction.lag.ms": "200"})
    kafka.produce(unique, [(b"k", str(n).encode()) for n in range(50)])

    def compacted():
        kafka.produce(unique, [(b"other", b"rolls the segment")])
        return len([r for r in kafka.read(unique) if r.key == b"k"]) == 1

    until(compacted, "one record of the key to be left", 60, every_s=0.5)
    assert kafka.latest(unique)[b"k"].value == b"49"


def test_s3_put_get_list(s3, bucket):
    body = bytes(range(256)) * 5000
    s3.put(bucket, "topic/0/topic+0+1-2.json", body, {"content-type": "application/json"})
    s3.put(bucket, "a b+ü=1.xml", b"<rows/>")
    assert s3.get(bucket, "topic/0/topic+0+1-2.json") == body
    assert s3.list(bucket) == {"a b+ü=1.xml": 7, "topic/0/topic+0+1-2.json": len(body)}
    assert list(s3.list(bucket, "topic/")) == ["topic/0/topic+0+1-2.json"]
    s3.empty(bucket)
    assert s3.list(bucket) == {}


def test_s3_lists_more_than_a_page(s3, bucket):
    for number in range(1005):
        s3.put(bucket, f"o/{number:05d}", b"x")
    assert len(s3.list(bucket, "o/")) == 1005


def test_s3_verifies_signatures(s3, bucket, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(s3, "secret_key", "wrong")
        with pytest.raises(S3Error) as refused:
            s3.put(bucket, "x", b"x")
    assert refused.value.status == 403


def test_s3_has_no_bucket_that_was_not_made(s3):
    with pytest.raises(S3Error) as refused:
        s3.put("never-made", "x", b"x")
    assert refused.value.status == 404


def test_the_registry_runs_only_when_named(own):
    own.start("registry")
    status = own.run("status", check=False)
    assert status.returncode == 3 and status.stdout.count("stopped") == 3
    assert [name for name, _ in pids(status)] == ["registry"]
    assert list(own.env("registry")) == ["SLUICE_SCHEMA_REGISTRY_URL"]
    own.stop()
    assert own.run("status", "registry", check=False).returncode == 3
    own.wipe()
    assert "registry" not in own.run("status", check=False).stdout


def test_a_crashed_registry_comes_back_with_its_schemas(own):
    own.start("registry")
    registry = Registry(own.env("registry")["SLUICE_SCHEMA_REGISTRY_URL"])
    schema = {"type": "record", "name": "Kept", "fields": [{"name": "n", "type": "int"}]}
    number = registry.register("kept-value", schema)
    own.crash("registry")
    own.start("registry")
    assert registry.schema(number) == schema
    assert registry.latest("kept-value") == (number, schema)


def test_the_registry_refuses_what_readers_could_not_read(registry, unique):
    field = {"name": "n", "type": "int"}
    schema = {"type": "record", "name": "R", "fields": [field]}
    number = registry.register(f"{unique}-value", schema)
    assert registry.register(f"{unique}-value", schema) == number
    added = {"name": "more", "type": ["null", "string"], "default": None}
    wider = registry.register(f"{unique}-value", {**schema, "fields": [field, added]})
    assert wider != number
    with pytest.raises(RegistryError) as refused:
        registry.register(f"{unique}-value", {**schema, "fields": [field, {"name": "other", "type": "int"}]})
    assert refused.value.status == 409
