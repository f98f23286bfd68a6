"""sluice-objects --notifications-topic: what S3's event notifications tell of is read, once, and nothing else."""

import json
import urllib.parse
from collections import Counter

import pytest

from harness.services import account, run
from harness.wait import until

EX_USAGE, EX_CONFIG = 64, 78


class Told:
    """One bronze topic of an S3 prefix whose changes are told in a topic."""

    def __init__(self, kafka, s3, bucket, service, unique, folder):
        self.kafka, self.s3, self.bucket, self.service = kafka, s3, bucket, service
        self.topic, self.events, self.letters = f"{unique}.bronze.a", f"{unique}.events", f"{unique}.dead-letters"
        self.flags = {
            "kafka-bootstrap": kafka.bootstrap, "topic": self.topic, "input": f"s3://{bucket}/in/", "key": "id",
            "contents": "added", "state-dir": str(folder / "state"), "notifications-topic": self.events,
            "s3-endpoint": s3.endpoint, "s3-region": s3.region,
        }
        self.env = {"AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key}

    def run(self, status=0, failpoint=None, **more):
        flags = {**self.flags, "http-port": "-1", "once": True, **{name.replace("_", "-"): value for name, value in more.items()}}
        done = run("objects", flags, env={**self.env, **({"SLUICE_FAILPOINT": failpoint} if failpoint else {})}, deadline_s=60)
        self.said = done.stderr
        assert done.returncode == status, (done.returncode, done.stderr)
        return account(done.stdout)

    def put(self, name, *ids, tell=True):
        """An object with a row an id; the event of it as AWS writes it, or told."""
        self.s3.put(self.bucket, name, "".join(["id,text\n", *(f"{id},x\n" for id in ids)]).encode())
        if tell:
            self.tell(self.created(name))

    def created(self, name):
        about = self.s3.head(self.bucket, name)
        return record("ObjectCreated:Put", self.bucket, name, size=int(about["content-length"]), eTag=about["etag"].strip('"'))

    def tell(self, *records):
        """One notification with these records."""
        self.say({"Records": list(records)})

    def say(self, *values):
        self.kafka.produce(self.events, [(None, value if isinstance(value, bytes) else json.dumps(value).encode()) for value in values])

    def rows(self):
        self.kafka.settle(self.topic)
        return Counter((event.json()["op"], event.json_key()["id"]) for event in self.kafka.read(self.topic) if event.value is not None)


def record(event, bucket, name, **object):
    """A record as the developer's guide to AWS shows it; the key is encoded as in a form."""
    return {
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-central-1", "eventTime": "2026-01-01T00:00:00.000Z",
        "eventName": event, "userIdentity": {"principalId": "A"}, "requestParameters": {"sourceIPAddress": "10.0.0.1"},
        "s3": {"s3SchemaVersion": "1.0", "configurationId": "c", "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
               "object": {"key": urllib.parse.quote_plus(name, safe="/"), "sequencer": "0A1B", **object}},
    }


@pytest.fixture
def told(kafka, s3, bucket, service, unique, tmp_path):
    one = Told(kafka, s3, bucket, service, unique, tmp_path)
    kafka.create_topic(one.events, partitions=2)
    yield one
    kafka.forget(unique)


def test_what_is_told_is_read_once(told):
    told.put("in/a.csv", "1")
    told.run()  # a first start lists; what was told before it does not count
    told.put("in/untold.csv", "9", tell=False)
    told.run()
    assert told.rows() == {("c", "1"): 1}
    told.put("in/b ü+.csv", "2", "3")
    told.put("out/c.csv", "8")
    told.put("in/d.csv", "4", tell=False)
    minio = told.created("in/d.csv")
    minio["eventName"] = "s3:" + minio["eventName"]
    minio["s3"]["object"]["key"] = "in%2Fd.csv"
    told.put("in/gone.csv", "7")
    told.s3.delete(told.bucket, "in/gone.csv")
    told.say({"EventName": minio["eventName"], "Key": f"{told.bucket}/in/d.csv", "Records": [minio]}, b'{"Records":[{}]}',
             {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": told.bucket},
             {"Records": [record("ObjectCreated:Put", "another", "in/x.csv"), record("ObjectTagging:Put", told.bucket, "in/untold.csv")]})
    told.kafka.produce(told.events, [(None, json.dumps({"Records": [told.created("in/b ü+.csv")]}).encode())])  # at least once
    told.tell(record("ObjectRemoved:Delete", told.bucket, "in/gone.csv"))
    told.run(status=-9, failpoint="objects.before-commit:kill@1", commit_records=1)
    told.run(status=-9, failpoint="objects.after-commit:kill@2", commit_records=1)
    told.run()
    told.run()
    rows = {("c", "1"): 1, ("c", "2"): 1, ("c", "3"): 1, ("c", "4"): 1}
    assert told.rows() == rows
    told.kafka.settle(told.letters)
    (letter,) = told.kafka.read(told.letters)
    assert letter.value == b'{"Records":[{}]}' and letter.header("sluice.error.rule") == "notification"
    assert "eventName" in letter.header("sluice.error.message") and letter.header("sluice.error.topic") == told.events
    # without --once it stays and is told
    one = told.service("objects", told.flags, env=told.env).wait_ready()
    until(lambda: ("c", "9") in told.rows(), "what was never told, from the listing of a start", 20)
    told.put("in/e.csv", "5")
    until(lambda: ("c", "5") in told.rows(), "what is told", 20)
    assert one.terminate() == 0
    assert told.rows() == rows | {("c", "9"): 1, ("c", "5"): 1}


def test_an_object_that_is_gone_before_it_is_read_is_no_failure(told):
    """Its removal is told of later, or by another partition."""
    told.put("in/a.csv", "1")
    told.run()
    told.put("in/gone.csv", "7")
    told.s3.delete(told.bucket, "in/gone.csv")
    told.run()
    assert told.rows() == {("c", "1"): 1}
    told.tell(record("ObjectRemoved:Delete", told.bucket, "in/gone.csv"))
    told.run()
    assert told.rows() == {("c", "1"): 1}


def test_a_removed_object_takes_its_rows_along(told):
    told.put("in/a.csv", "1", "2")
    told.put("in/b.csv", "2", "3")
    told.run(contents="whole")
    told.s3.delete(told.bucket, "in/b.csv")
    told.tell(record("ObjectRemoved:Delete", told.bucket, "in/b.csv"))
    told.run(contents="whole")
    assert told.rows() == {("c", "1"): 1, ("c", "2"): 1, ("c", "3"): 1, ("d", "3"): 1}


def test_what_notifications_need(told):
    told.run(status=EX_USAGE, input="-")
    told.run(status=EX_USAGE, state_table="files")
    told.run(status=EX_CONFIG, notifications_topic=f"{told.events}.none")
    assert "there is no topic" in told.said
