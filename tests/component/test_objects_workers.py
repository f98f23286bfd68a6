"""sluice-objects --state-table: workers that share the objects of a folder or an S3 prefix, each object read once."""

import hashlib
from collections import Counter

import pytest

from harness.services import account, run

EX_USAGE, EX_DATAERR, EX_CONFIG = 64, 65, 78


class Workers:
    """One bronze topic written by workers that share a table."""

    def __init__(self, kafka, pg, database, service, unique, folder, input):
        self.kafka, self.pg, self.database, self.service = kafka, pg, database, service
        self.topic, self.folder = f"{unique}.bronze.a", folder
        self.letters = f"{unique}.dead-letters"
        self.flags = {
            "kafka-bootstrap": kafka.bootstrap, "topic": self.topic, "input": str(input), "once": True, "key": "id",
            "contents": "added", "http-port": "-1", "postgres-url": f"dbname={database}", "state-table": "files",
            "lease": "1s", "commit-records": "50",
        }
        self.env = {"PGHOST": pg.host, "PGPORT": pg.port, "PGUSER": pg.user,
                    "SLUICE_OBJECTS_POSTGRES_PASSWORD_FILE": pg.password_file}

    def start(self, instance, failpoint=None, **more):
        """A worker that leaves when all is done."""
        flags = {**self.flags, "state-dir": str(self.folder / f"state-{instance}"), **dashed(more)}
        env = {**self.env, **({"SLUICE_FAILPOINT": failpoint} if failpoint else {})}
        return self.service("objects", flags, env=env, instance=instance, http=False)

    def run(self, status=0, env=None, **more):
        """One worker to its end; its summary, None without one."""
        done = run("objects", {**self.flags, "state-dir": str(self.folder / "state-one"), **dashed(more)},
                   env={**self.env, **(env or {})}, deadline_s=60)
        self.said = done.stderr
        assert done.returncode == status, (done.returncode, done.stderr)
        return account(done.stdout)

    def rows(self):
        """How often each key was written."""
        self.kafka.settle(self.topic)
        records = self.kafka.read(self.topic)
        assert {record.json()["op"] for record in records} == {"c"}
        return Counter(record.json_key()["id"] for record in records)

    def dead(self):
        self.kafka.settle(self.letters)
        return self.kafka.read(self.letters)

    def table(self, columns="name, status"):
        return self.pg.execute(self.database, f"SELECT {columns} FROM files WHERE topic = '{self.topic}' ORDER BY files.name")


def dashed(flags):
    return {name.replace("_", "-"): value for name, value in flags.items()}


@pytest.fixture
def workers(kafka, pg, database, service, unique, tmp_path):
    yield lambda input: Workers(kafka, pg, database, service, unique, tmp_path, input)
    kafka.forget(unique)


def write_files(folder, n, rows):
    """n files of so many rows each, the last line of each a second row of its first key; the keys."""
    folder.mkdir(exist_ok=True)
    for i in range(n):
        ids = [f"{i}-{j}" for j in range(rows)]
        lines = "".join(f"{id},some text\n" for id in [*ids, ids[0]])
        (folder / f"{i:02}.csv").write_text("id,text\n" + lines)
    return {f"{i}-{j}" for i in range(n) for j in range(rows)}


def test_workers_share_files_and_some_are_killed(workers, tmp_path):
    keys = write_files(tmp_path / "in", 30, 200)
    all_of = workers(tmp_path / "in")
    at = {"a": "after-claim:kill@3", "b": "open-transaction:kill@430", "c": "before-commit:kill@7", "d": "after-commit:kill@8",
          "e": "before-report:kill@2"}
    killed = [all_of.start(name, failpoint=f"objects.{place}") for name, place in at.items()]
    assert [one.wait_exit(60) for one in killed] == [-9] * 5  # with more files left than they can have read
    left = [all_of.start(name) for name in ("x", "y", "z")]
    assert [one.wait_exit(60) for one in left] == [0, 0, 0]
    rows = all_of.rows()
    assert set(rows) == keys and set(rows.values()) == {1}
    letters = Counter(letter.header("sluice.error.file") for letter in all_of.dead())
    assert len(letters) == 30 and set(letters.values()) == {1}
    table = all_of.table("name, status, attempts, rows, dead, lease_until, length(sha256)")
    assert {row[1:2] + row[3:] for row in table} == {("COMPLETED", 201, 1, None, 64)} and len(table) == 30
    assert sum(row[2] for row in table) == 30 + 5  # attempts
    assert len(set(all_of.table("worker"))) >= 3


def test_a_late_worker_is_fenced(workers, tmp_path):
    keys = write_files(tmp_path / "in", 2, 500)
    all_of = workers(tmp_path / "in")
    late = all_of.start("late", failpoint="objects.before-commit:stop@3")
    late.wait_log("msg=failpoint")
    assert all_of.run()["rows"] == 2 * 501  # after the lease was over; those that stand are read, not written
    assert [row for row in all_of.table() if row[1] != "COMPLETED"] == []
    late.go_on()
    assert late.wait_exit(30) == 0 and "another worker has taken over" in late.log()
    rows = all_of.rows()
    assert set(rows) == keys and set(rows.values()) == {1}
    assert len(all_of.dead()) == 2


def test_what_the_table_says(workers, tmp_path):
    keys = write_files(tmp_path / "in", 3, 10)
    bad = tmp_path / "in" / "bad.csv"
    bad.write_text("name\nx\n")
    all_of = workers(tmp_path / "in")
    assert all_of.run(status=EX_DATAERR)["failed"] == 1
    columns = "name, status, attempts, reason"
    good = [(f"0{i}.csv", "COMPLETED", 1, None) for i in range(3)]
    assert all_of.table(columns)[:3] == good
    name, status, attempts, reason = all_of.table(columns)[3]
    assert (name, status, attempts) == ("bad.csv", "FAILED", 1) and "id" in reason
    all_of.run(status=EX_DATAERR)  # tried again
    assert all_of.table(columns)[3] == (name, "FAILED", 2, reason)
    bad.write_text("id,text\n9,x\n")
    assert all_of.run()["created"] == 1
    assert all_of.table(columns) == [*good, ("bad.csv", "COMPLETED", 1, None)]
    (tmp_path / "in" / "01.csv").touch()
    assert all_of.run()["rows"] == 0  # the same bytes
    # the table is lost: what counts stands in Kafka
    all_of.pg.execute(all_of.database, "DROP TABLE files")
    again = all_of.run()
    assert (again["rows"], again["skipped"]) == (0, 4)
    assert all_of.table() == [(f"0{i}.csv", "COMPLETED") for i in range(3)] + [("bad.csv", "COMPLETED")]
    assert set(all_of.rows()) == keys | {"9"}
    # what can't be shared, and a topic that is written the other way
    for contents in ("whole", "each"):
        all_of.run(status=EX_USAGE, contents=contents)
    all_of.run(status=EX_USAGE, input="-")
    all_of.run(status=EX_USAGE, state_table="a.b.c")
    all_of.run(status=EX_CONFIG, state_table=None)
    all_of.run(status=EX_CONFIG, state_table="nowhere.files")
    assert "nowhere" in all_of.said and "sqlstate=3F000" in all_of.said


def test_a_lost_connection_to_the_table(workers, tmp_path):
    keys = write_files(tmp_path / "in", 3, 10)
    all_of = workers(tmp_path / "in")
    one = all_of.start("one", failpoint="objects.before-report:stop@2", lease="1h")
    one.wait_log("msg=failpoint")
    all_of.pg.execute(all_of.database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                      " WHERE application_name = 'sluice-objects' AND datname = current_database()")
    one.go_on()
    assert one.wait_exit(30) == 0
    assert all_of.table("status, attempts") == [("COMPLETED", 1), ("COMPLETED", 2), ("COMPLETED", 1)]
    rows = all_of.rows()
    assert set(rows) == keys and set(rows.values()) == {1}


def test_a_stopped_worker_gives_its_object_back(workers, s3, bucket):
    """And objects of S3: another goes on at once, though the lease is long."""
    for i in range(2):
        s3.put(bucket, f"in/{i}.csv", b"id,text\n" + b"".join(b"%d-%d,%s\n" % (i, j, b"x" * 300) for j in range(20000)))
    all_of = workers(f"s3://{bucket}/in/")
    all_of.flags |= {"lease": "1h", "commit-records": "3000", "s3-endpoint": s3.endpoint, "s3-region": s3.region}
    all_of.env |= {"AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key}
    one = all_of.start("one", failpoint="objects.after-commit:stop@2")
    one.wait_log("msg=failpoint")
    one.ask_to_stop()
    one.go_on()
    assert one.wait_exit() == 0
    assert ("PENDING",) in all_of.table("status")
    all_of.run()
    rows = all_of.rows()
    assert len(rows) == 40000 and set(rows.values()) == {1}
    assert all_of.table("name, status") == [(f"in/{i}.csv", "COMPLETED") for i in range(2)]


def test_a_bucket_is_copied_by_workers(workers, s3, bucket):
    """Byte for byte, its SHA-256 beside each object and in the table; one that is not what its sum says is FAILED, and no copy of it is."""
    bodies = {f"in/{i}.csv": b"id,text\n" + b"".join(b"%d-%d,%s\n" % (i, j, b"x" * 300) for j in range(300)) for i in range(6)}
    for key, body in bodies.items():
        s3.put(bucket, key, body, {"x-amz-meta-sha256": hashlib.sha256(body if key != "in/4.csv" else b"other").hexdigest()})
    copy = f"{bucket}-copy"
    all_of = workers(f"s3://{bucket}/in/")
    all_of.flags |= {"s3-endpoint": s3.endpoint, "s3-region": s3.region, "raw-bucket": copy, "raw-key": "out/{name}", "s3-create-bucket": True}
    all_of.env |= {"AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key}
    killed = all_of.start("a", failpoint="objects.raw-stored:kill@2")
    assert killed.wait_exit(60) == -9
    left = [all_of.start(name) for name in ("x", "y")]
    assert {one.wait_exit(60) for one in left} <= {0, EX_DATAERR}
    del bodies["in/4.csv"]
    try:
        assert {key: s3.get(copy, key) for key in s3.list(copy)} == {f"out/{key}": body for key, body in bodies.items()}
        sums = {key: hashlib.sha256(body).hexdigest() for key, body in bodies.items()}
        assert {key: s3.head(copy, f"out/{key}")["x-amz-meta-sha256"] for key in bodies} == sums
        table = {name: (status, sha256) for name, status, sha256 in all_of.table("name, status, sha256")}
        assert {name: sha256 for name, (status, sha256) in table.items() if status == "COMPLETED"} == sums
        assert table["in/4.csv"][0] == "FAILED" and len(table) == 6
        rows = all_of.rows()
        assert len(rows) == 5 * 300 and set(rows.values()) == {1}
    finally:
        s3.empty(copy)
        s3.remove_bucket(copy)
