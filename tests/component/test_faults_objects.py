"""sluice-objects and what goes wrong around it: what the user is told, and that the rest goes through."""

import hashlib

import pytest

from harness.disk import small_disk
from harness.proxy import CUT, HANG, STALL, Answer, HttpProxy, s3_refusal
from harness.services import account, run

EX_DATAERR, EX_NOINPUT, EX_UNAVAILABLE, EX_CANTCREAT, EX_IOERR, EX_NOPERM = 65, 66, 69, 73, 74, 77
LIMITED = "id text, n smallint, price numeric(5,2), day date"


class Feed:
    """One bronze topic of one input; run() is one life of the producer."""

    def __init__(self, kafka, unique, folder, input, **flags):
        self.kafka, self.topic, self.letters = kafka, f"{unique}.bronze.a", f"{unique}.dead-letters"
        self.flags = {"kafka-bootstrap": kafka.bootstrap, "topic": self.topic, "input": str(input), "once": True, "key": "id",
                      "state-dir": str(folder / "state"), "http-port": "-1", **dashed(flags)}

    def run(self, status=0, env=None, **more):
        """Its summary, None without one; what it said is in `said`."""
        done = run("objects", {**self.flags, **dashed(more)}, env=env, deadline_s=60)
        self.said = done.stderr
        assert done.returncode == status, (done.returncode, done.stderr)
        for topic in (self.topic, self.letters, f"_sluice.{self.topic}.progress"):
            self.kafka.settle(topic)
        return account(done.stdout)

    def ids(self):
        return {record.json_key()["id"] for record in self.kafka.latest(self.topic).values()}

    def dead(self):
        """{line: (rule, SQLSTATE, message)} of the dead letters."""
        return {int(letter.header("sluice.error.line")): (
            letter.header("sluice.error.rule"), letter.header("sluice.error.sqlstate"), letter.header("sluice.error.message"))
            for letter in self.kafka.read(self.letters)}

    def about(self, name):
        """What is kept of an object's state."""
        return self.kafka.latest(f"_sluice.{self.topic}.progress")[f"file:{name}".encode()].json()


def dashed(flags):
    return {name.replace("_", "-"): value for name, value in flags.items()}


@pytest.fixture
def feed(kafka, unique, tmp_path):
    yield lambda input, **flags: Feed(kafka, unique, tmp_path, input, **flags)
    kafka.forget(unique)


def test_values_that_do_not_fit_are_dead_letters(feed, tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("id,n,price,day\n1,1,1.00,2026-01-01\n2,32768,1,\n3,1,1000,\n4,1,1,2026-02-30\n5,-32768,-999.99,\n")
    one = feed(file, columns=LIMITED)
    assert one.run()["dead_letters"] == 3 and one.ids() == {"1", "5"}
    dead = one.dead()
    assert {line: state for line, (_, state, _) in dead.items()} == {3: "22003", 4: "22003", 5: "22008"}
    assert all(word in dead[line][2] for line, word in ((3, '"n"'), (4, '"price"'), (5, '"day"'))), dead


@pytest.mark.parametrize("name, body, status, reason", [
    ("b.xml", b"<r><p><id>7</id></p><p><id>8\x01</id></p></r>", EX_DATAERR, "line 1"),
    ("b.xml", b"<r><p><id>7</id></p><p><id>&#0;</id></p></r>", EX_DATAERR, "line 1"),
    ("b.xml", b"<r>\n<p><id>7</id></p>\n<p><id>8</id>", EX_DATAERR, "cut off"),
    ("b.xml", b"<r><p><id>\xff</id></p></r>", EX_DATAERR, "line 1"),
    ("b.csv", None, EX_NOINPUT, "No such file"),
], ids=["control-character", "reference-to-nul", "cut", "utf-8", "dangling-link"])
def test_one_object_fails_and_the_others_go_through(feed, tmp_path, name, body, status, reason):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.xml").write_text("<r><p><id>1</id></p></r>")
    (folder / "c.xml").write_text("<r><p><id>3</id></p></r>")
    if body is None:
        (folder / name).symlink_to(tmp_path / "nowhere")
    else:
        (folder / name).write_bytes(body)
    one = feed(folder, record_element="p")
    summary = one.run(status)
    assert summary["failed"] == 1 and {"1", "3"} <= one.ids() and "8" not in one.ids()
    about = one.about(name)
    assert about["status"] == "FAILED" and reason in about["error"], about
    assert name in one.said and reason in one.said


def test_a_file_that_can_not_be_read(feed, tmp_path):
    """Bytes that the disk does not give: reading fails, opening does not."""
    (tmp_path / "a.csv").symlink_to("/proc/self/mem")
    one = feed(tmp_path / "a.csv")
    assert one.run(EX_IOERR)["failed"] == 1
    assert "Input/output error" in one.about("a.csv")["error"] and "a.csv" in one.said


def test_a_store_that_refuses_slows_down_and_hangs(feed, s3, bucket):
    """One object is forbidden: it alone fails. What may pass is tried again; silence, in the middle of a body too, ends by --s3-timeout."""
    for name, body in (("a", b"id\n1\n"), ("b", b"id\n2\n"), ("c", b"id\n3\n")):
        s3.put(bucket, f"{name}.csv", body)
    keys = {"AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key}
    with HttpProxy(s3.endpoint) as proxy:
        one = feed(f"s3://{bucket}/", s3_endpoint=proxy.url, s3_region=s3.region, s3_timeout="500ms", give_up_after="1s")
        proxy.fault(s3_refusal(403, "AccessDenied"), "GET", r"/b\.csv")
        assert one.run(EX_NOPERM, env=keys)["failed"] == 1
        assert one.ids() == {"1", "3"} and "AccessDenied" in one.about("b.csv")["error"]
        proxy.heal()
        passing = [proxy.fault(s3_refusal(503, "SlowDown"), "GET", times=2), proxy.fault(HANG, "GET", times=1),
                   proxy.fault(CUT, "GET", r"/b\.csv", times=1)]
        assert one.run(env=keys)["created"] == 1 and one.ids() == {"1", "2", "3"}
        assert [fault.hits for fault in passing] == [2, 1, 1]
        s3.put(bucket, "d.csv", b"id\n4\n")
        stall = proxy.fault(STALL, "GET", r"/d\.csv", times=1)
        assert one.run(EX_UNAVAILABLE, env=keys)["failed"] == stall.hits == 1 and one.ids() == {"1", "2", "3"}
        assert "does not answer" in one.about("d.csv")["error"] and "d.csv" in one.said
        assert one.run(env=keys)["created"] == 1 and one.ids() == {"1", "2", "3", "4"}
        proxy.fault(s3_refusal(503, "SlowDown"))
        one.run(EX_UNAVAILABLE, env=keys)
        assert "SlowDown" in one.said and one.ids() == {"1", "2", "3", "4"}
    assert s3.secret_key not in one.said


def test_bytes_that_are_not_those_of_the_sum_beside_them(feed, s3, bucket):
    """A download that was changed on its way is fetched again; an object that is not what its SHA-256 says fails alone."""
    keys = {"AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key}
    right, wrong = (hashlib.sha256(body).hexdigest() for body in (b"id\n1\n", b"id\n0\n"))
    for name, number, told in (("a", 1, right.upper()), ("b", 2, wrong), ("c", 3, "no sum"), ("d", 4, None)):
        s3.put(bucket, f"{name}.csv", b"id\n%d\n" % number, {"x-amz-meta-sha256": told} if told else None)
    with HttpProxy(s3.endpoint) as proxy:
        one = feed(f"s3://{bucket}/", s3_endpoint=proxy.url, s3_region=s3.region)
        etag = s3.head(bucket, "a.csv")["etag"]
        changed = proxy.fault(Answer(206, b"id\n7\n", {"ETag": etag}), "GET", r"/a\.csv", times=2)
        assert one.run(EX_DATAERR, env=keys)["failed"] == 1
        assert changed.hits == 2 and one.ids() == {"1", "3", "4"}
        assert "x-amz-meta-sha256" in one.about("b.csv")["error"] and "b.csv" in one.said
        assert [path for method, path, _ in proxy.requests if (method, path) == ("GET", f"/{bucket}/b.csv")] == [f"/{bucket}/b.csv"] * 3
        s3.put(bucket, "b.csv", b"id\n0\n", {"x-amz-meta-sha256": wrong})
        assert one.run(env=keys)["created"] == 1 and one.ids() == {"0", "1", "3", "4"}


def test_a_full_disk_is_named_and_freed_it_goes_on(feed, s3, bucket, tmp_path):
    """First the state, then the download have no room: nothing is written by halves, nothing lost."""
    s3.put(bucket, "a.csv", b"id,x\n" + b"".join(b"%d,%s\n" % (i, b"x" * 90) for i in range(10000)))
    keys = {"AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key}
    with small_disk(tmp_path / "disk", "8m") as disk:
        one = feed(f"s3://{bucket}/", s3_endpoint=s3.endpoint, s3_region=s3.region, state_dir=disk.path / "state")
        disk.fill()
        one.run(EX_CANTCREAT, env=keys)
        assert "--state-dir" in one.said and "No space left" in one.said
        disk.free()
        disk.fill(leave=1 << 20)  # the store has room, the download fits, what is learnt of it does not
        one.run(EX_CANTCREAT, env=keys)
        assert "--state-dir" in one.said and "No space left" in one.said
        disk.fill(leave=200 << 10)
        one.run(EX_CANTCREAT, env=keys)
        assert "--state-dir" in one.said and "No space left" in one.said
        disk.free()
        one.run(env=keys)
        records = one.kafka.read(one.topic)
        assert len(records) == len(one.ids()) == 10000
