"""sluice-objects --raw-bucket: objects kept as they came, each once, before the rows that come of it."""

import hashlib
import os
import re
import threading
from collections import Counter

import pytest

from harness.proxy import HttpProxy, s3_refusal
from harness.services import account, run
from harness.web import Web

EX_USAGE, EX_UNAVAILABLE, EX_NOPERM, EX_CONFIG = 64, 69, 77, 78
ROWS = b"id,x\n" + b"".join(b"%d,row\n" % i for i in range(300))


class Kept:
    """One bronze topic whose objects are kept in a bucket."""

    def __init__(self, kafka, s3, bucket, unique, folder, input):
        self.kafka, self.s3, self.bucket, self.topic = kafka, s3, bucket, f"{unique}.bronze.a"
        self.flags = {"kafka-bootstrap": kafka.bootstrap, "topic": self.topic, "input": str(input), "once": True, "key": "id",
                      "state-dir": str(folder / "state"), "http-port": "-1", "raw-bucket": bucket,
                      "s3-endpoint": s3.endpoint, "s3-region": s3.region}
        self.env = {"AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key}

    def run(self, status=0, env=None, **more):
        done = run("objects", {**self.flags, **{name.replace("_", "-"): value for name, value in more.items()}},
                   env={**self.env, **(env or {})}, deadline_s=60)
        self.said = done.stderr
        assert done.returncode == status, (done.returncode, done.stderr)
        for topic in (self.topic, f"_sluice.{self.topic}.progress"):
            if topic in self.kafka.topics():
                self.kafka.settle(topic)
        return account(done.stdout)

    def ops(self):
        return Counter(record.json()["op"] for record in self.kafka.read(self.topic) if record.value is not None)

    def state(self, name):
        return self.kafka.latest(f"_sluice.{self.topic}.progress")[f"file:{name}".encode()].json()

    def objects(self):
        """{key: body} of the bucket."""
        return {key: self.s3.get(self.bucket, key) for key in self.s3.list(self.bucket)}

    def metadata(self, key):
        """What stands beside an object's bytes."""
        headers = self.s3.head(self.bucket, key)
        return {name.removeprefix("x-amz-meta-"): value for name, value in headers.items() if name.startswith("x-amz-meta-")}


@pytest.fixture
def kept(kafka, s3, bucket, unique, tmp_path):
    yield lambda input: Kept(kafka, s3, bucket, unique, tmp_path, input)
    kafka.forget(unique)


def sum_of(body):
    return hashlib.sha256(body).hexdigest()


def test_each_content_is_kept_once(kept, tmp_path):
    file = tmp_path / "a ü.csv"
    file.write_bytes(ROWS)
    one = kept(file)
    one.run()
    ((key, body),) = one.objects().items()
    assert body == ROWS and re.fullmatch(rf"{re.escape(one.topic)}/\d{{4}}-\d\d-\d\d/{sum_of(ROWS)}/a ü\.csv", key)
    about = one.metadata(key)
    assert about["sha256"] == sum_of(ROWS) and about["size"] == str(len(ROWS)) and about["source"] == "a%20%C3%BC.csv"
    assert about["topic"] == one.topic and int(about["read-unix-us"]) > 0 and about["source-etag"]
    state = one.state(file.name)
    assert state["raw"] == f"s3://{one.bucket}/{key}" and state["sha256"] == sum_of(ROWS) and state["status"] == "COMPLETED"
    file.touch()
    assert one.run()["rows"] == 0 and len(one.objects()) == 1
    file.write_bytes(ROWS + b"new,row\n")
    one.run()
    assert sorted(one.objects().values(), key=len) == [ROWS, ROWS + b"new,row\n"]


@pytest.mark.parametrize("place", ["raw-planned", "raw-stored", "open-transaction", "before-commit", "after-commit"])
def test_killed_around_it(kept, tmp_path, place):
    """Whatever dies, and on whatever day it goes on: one object, its rows once, and no row before the object."""
    file = tmp_path / "a.csv"
    file.write_bytes(ROWS)
    one = kept(file)
    nth = 2 if place.endswith("commit") else 1  # the first commit is that of the plan
    one.run(status=-9, env={"SLUICE_FAILPOINT": f"objects.{place}:kill@{nth}"})
    planned = one.state("a.csv")["raw"]
    before = one.objects()
    assert len(before) == (place != "raw-planned")
    assert one.ops() == ({"c": 300} if place == "after-commit" else {})
    one.run(raw_key="{date}/another/{sha256}")  # as another day would make it
    assert one.state("a.csv")["raw"] == planned and one.state("a.csv")["status"] == "COMPLETED"
    assert one.objects() == {planned.removeprefix(f"s3://{one.bucket}/"): ROWS} and one.ops() == {"c": 300}


def test_large_and_from_a_pipe(kept, tmp_path):
    """Two parts and a bit, through what can be read but once."""
    body = b"id,x\n" + b"".join(b"%d,%s\n" % (i, b"y" * 990) for i in range(17000))
    pipe = tmp_path / "big.csv"
    os.mkfifo(pipe)
    threading.Thread(target=pipe.write_bytes, args=(body,), daemon=True).start()
    one = kept(pipe)
    assert one.run(contents="added")["created"] == 17000
    ((key, there),) = one.objects().items()
    assert there == body and one.metadata(key)["sha256"] == sum_of(body)


def test_url_under_a_fixed_key(kept):
    """Without {sha256} the key holds the last content."""
    web = Web(b"id\n1\n")
    try:
        one = kept(web.url("/capitals.csv"))
        one.run(raw_key="capitals.csv")
        assert one.objects() == {"capitals.csv": b"id\n1\n"}
        web.body = b"id\n1\n2\n"
        assert one.run(raw_key="capitals.csv")["created"] == 1
        assert one.objects() == {"capitals.csv": b"id\n1\n2\n"}
        assert one.run(raw_key="capitals.csv")["skipped"] == 1
    finally:
        web.close()


def test_store_that_takes_nothing(kept, s3, tmp_path):
    """The object FAILED, none of its rows is written; the next run keeps it and writes them."""
    file = tmp_path / "a.csv"
    file.write_bytes(ROWS)
    one = kept(file)
    one.run(status=EX_CONFIG, raw_bucket="no-such-" + one.bucket)
    state = one.state("a.csv")
    assert state["status"] == "FAILED" and "--raw-bucket no-such-" in state["error"] and one.ops() == {}
    with HttpProxy(s3.endpoint) as proxy:
        proxy.fault(s3_refusal(403, "AccessDenied"), "PUT")
        one.run(status=EX_NOPERM, s3_endpoint=proxy.url)
        proxy.heal()
        proxy.fault(s3_refusal(503, "SlowDown"), "PUT")
        one.run(status=EX_UNAVAILABLE, s3_endpoint=proxy.url, s3_timeout="500ms")
    assert "SlowDown" in one.state("a.csv")["error"] and one.state("a.csv")["attempts"] == 3
    assert one.ops() == {} and one.objects() == {}
    one.run()
    assert list(one.objects().values()) == [ROWS] and one.ops() == {"c": 300}


def test_template_is_checked(kept, tmp_path):
    one = kept(tmp_path)
    one.run(status=EX_USAGE, raw_key="{day}/{name}")
    assert "{day}" in one.said and "{date}" in one.said
