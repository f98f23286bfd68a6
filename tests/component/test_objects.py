"""sluice-objects against a real Kafka: files and URLs as changes, what can't be used in dead letters, nothing lost or doubled."""

import contextlib
import gzip
import io
import os
import subprocess
import sys
import threading
import zipfile
from collections import Counter
from decimal import Decimal

import pytest

from harness.meter import memory
from harness.services import account, run
from harness.wait import until
from harness.web import Web

EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_UNAVAILABLE, EX_NOPERM, EX_TEMPFAIL, EX_CONFIG = 64, 65, 66, 69, 77, 75, 78
LARGE_TEXT = "x" * 4074
PLACES = ("open-transaction", "before-commit", "after-commit")


@pytest.fixture
def web():
    made = Web()
    yield made
    made.close()


class Producer:
    """One bronze topic fed by sluice-objects, run after run."""

    def __init__(self, kafka, topic, state, input):
        self.kafka, self.topic, self.state, self.input = kafka, topic, state, input
        self.letters = topic.split(".")[0] + ".dead-letters"
        self.process = None

    def flags(self, **more):
        return {
            "kafka-bootstrap": self.kafka.bootstrap, "topic": self.topic, "input": str(self.input),
            "state-dir": str(self.state), "http-port": "-1",
            **{name.replace("_", "-"): value for name, value in more.items()},
        }

    def run(self, status=0, env=None, **more):
        """Runs once; the account."""
        self.process = run("objects", {**self.flags(**more), "once": True}, env=env, deadline_s=60)
        assert self.process.returncode == status, self.process.stderr
        for topic in (self.topic, self.letters, f"_sluice.{self.topic}.progress") if status >= 0 else ():
            self.kafka.settle(topic)
        return account(self.process.stdout)

    def records(self):
        return self.kafka.read(self.topic)

    def events(self):
        return [(record.json()["op"], record) for record in self.records() if record.value is not None]

    def rows(self):
        """What the topic holds now: {key text: row}."""
        return {key.decode(): record.json()["after"] for key, record in self.kafka.latest(self.topic).items()}

    def dead(self):
        return self.kafka.read(self.letters)

    def file(self, name):
        """What the progress topic says of the object."""
        return self.kafka.latest(f"_sluice.{self.topic}.progress")[f"file:{name}".encode()].json()


@pytest.fixture
def producer(kafka, stack, unique, tmp_path):
    def make(input, topic="a"):
        return Producer(kafka, f"{unique}.bronze.{topic}", tmp_path / f"state-{topic}", input)

    yield make
    kafka.forget(unique)


def counts(summary):
    return {name: summary[name] for name in ("rows", "created", "updated", "deleted", "unchanged", "dead_letters")}


def counted(rows=0, created=0, updated=0, deleted=0, unchanged=0, dead=0):
    return {"rows": rows, "created": created, "updated": updated, "deleted": deleted, "unchanged": unchanged, "dead_letters": dead}


# --- changes ---


def test_csv_gives_creates_updates_and_deletes(producer, tmp_path):
    file = tmp_path / "customers.csv"
    file.write_bytes(b"\xef\xbb\xbfid,name,note\r\n1,Ann,\"a \"\"b\"\"\r\nc\"\r\n2,Bo\xc3\xa9,\r\n3,Cy,x\r\n")
    feed = producer(file)
    assert counts(feed.run(key="id")) == counted(rows=3, created=3)
    ops = feed.events()
    assert [op for op, _ in ops] == ["c"] * 3
    assert feed.rows() == {
        '{"id":"1"}': {"id": "1", "name": "Ann", "note": 'a "b"\r\nc'},
        '{"id":"2"}': {"id": "2", "name": "Boé", "note": ""},
        '{"id":"3"}': {"id": "3", "name": "Cy", "note": "x"},
    }
    third = next(record for _, record in ops if record.key == b'{"id":"3"}')
    source = third.json()["source"]
    assert (source["connector"], source["file"], source["line"]) == ("sluice-objects", "customers.csv", 5)
    assert third.header("sluice.position") == "1/3" and int(third.header("sluice.commit_ts_us")) == source["ts_us"]

    assert counts(feed.run(key="id")) == counted()  # the file is as it was
    os.utime(file)
    assert counts(feed.run(key="id")) == counted()  # touched, but the same bytes
    file.write_text("id,name,note\n2,Boé,\n1,Ann,other\n4,Di,\n")
    assert counts(feed.run(key="id")) == counted(rows=3, created=1, updated=1, deleted=1, unchanged=1)
    assert set(feed.rows()) == {'{"id":"1"}', '{"id":"2"}', '{"id":"4"}'}
    deleted = [record for op, record in feed.events() if op == "d"]
    assert [(record.key, record.json()["before"], record.json()["after"]) for record in deleted] == [(b'{"id":"3"}', {"id": "3"}, None)]
    assert [record.value for record in feed.records() if record.key == b'{"id":"3"}'][-1] is None
    assert not feed.dead()


def test_types_nulls_and_no_header(producer, tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("007;1.50;2026-02-28;yes;NA;\n008;x;2026-01-01;no;t;5\n009;2;;;u;5\n")
    feed = producer(file)
    summary = feed.run(key="id", header="false", delimiter=";", null_text="NA",
                       columns="id text, price numeric(10,2), day date, ok boolean, note text, n int")
    assert counts(summary) == counted(rows=3, created=2, dead=1)
    assert feed.rows() == {
        '{"id":"007"}': {"id": "007", "price": "1.50", "day": 20512, "ok": True, "note": None, "n": None},
        '{"id":"009"}': {"id": "009", "price": "2.00", "day": None, "ok": None, "note": "u", "n": 5},
    }
    (letter,) = feed.dead()
    assert letter.header("sluice.error.sqlstate") == "22P02" and 'column "price"' in letter.header("sluice.error.message")


def test_json_array_keeps_numbers_and_lifts_the_key(producer, tmp_path):
    file = tmp_path / "countries.json"
    file.write_text('[\n {"name": {"common": "Peru", "x": [1, 2]}, "area": 1285216.0, "big": 12345678901234567890.10},\n'
                    ' {"name": {"common": "Chile"}, "area": 756102, "t": "\\u00e9\\/"}]')
    feed = producer(file)
    assert counts(feed.run(key="country=name.common")) == counted(rows=2, created=2)
    rows = feed.rows()
    assert rows['{"country":"Peru"}'] == {"country": "Peru", "name": {"common": "Peru", "x": [1, 2]},
                                          "area": Decimal("1285216.0"), "big": Decimal("12345678901234567890.10")}
    assert rows['{"country":"Chile"}']["t"] == "é/"
    assert b'"area":1285216.0,"big":12345678901234567890.10}' in b"".join(record.value for record in feed.records())
    # printed in another way, the content is the same
    file.write_text('[{"name":{"common":"Peru","x":[1,2]},"area":1285216.0,"big":12345678901234567890.10},{"name":{"common":"Chile"},"area":756102,"t":"é/"}]')
    assert counts(feed.run(key="country=name.common")) == counted(rows=2, unchanged=2)


def test_ndjson_events_are_keyed_by_their_lines(producer, tmp_path):
    folder = tmp_path / "events"
    folder.mkdir()
    (folder / "1.ndjson").write_text('{"event":"a"}\n\n{"event":"b"}\n{"event":\n')
    feed = producer(folder)
    assert counts(feed.run(contents="added")) == counted(rows=3, created=2, dead=1)
    assert feed.rows() == {
        '{"_file":"1.ndjson","_line":1}': {"_file": "1.ndjson", "_line": 1, "event": "a"},
        '{"_file":"1.ndjson","_line":3}': {"_file": "1.ndjson", "_line": 3, "event": "b"},
    }
    (folder / "2.jsonl.gz").write_bytes(gzip.compress(b'{"event":"c"}\n'))
    summary = feed.run(contents="added")
    assert counts(summary) == counted(rows=1, created=1) and (summary["objects"], summary["skipped"]) == (2, 1)
    assert len(feed.rows()) == 3


def test_json_root_and_xml(producer, tmp_path):
    nested = tmp_path / "nested.json"
    nested.write_text('{"page": 1, "data": {"items": [{"id": 1}, {"id": 2}], "more": false}}')
    feed = producer(nested, "json")
    assert counts(feed.run(key="id", root="data.items")) == counted(rows=2, created=2)
    one = tmp_path / "one.json"
    one.write_text('{"id": 1,\n "x": [2]}')
    feed = producer(one, "one")
    assert counts(feed.run(key="id", root=".")) == counted(rows=1, created=1)
    xml = tmp_path / "products.xml"
    xml.write_text('<products><product ean="1"><name>A &amp; B</name><price><v>1</v></price><price><v>2</v></price></product>'
                   "<product ean=\"2\"><name/></product></products>")
    feed = producer(xml, "xml")
    assert counts(feed.run(key="ean=@ean", record_element="product")) == counted(rows=2, created=2)
    assert feed.rows() == {
        '{"ean":"1"}': {"ean": "1", "@ean": "1", "name": "A & B", "price": [{"v": "1"}, {"v": "2"}]},
        '{"ean":"2"}': {"ean": "2", "@ean": "2", "name": ""},
    }


def test_xml_without_a_record_is_another_document_unless_it_says_nothing(producer, tmp_path):
    feed_xml = tmp_path / "products.xml"
    feed_xml.write_text('<products><product ean="1"/><product ean="2"/></products>')
    feed = producer(feed_xml)
    assert counts(feed.run(key="ean=@ean", record_element="product")) == counted(rows=2, created=2)
    feed_xml.write_text("<error>\n  <code>500</code>\n</error>")
    summary = feed.run(status=EX_DATAERR, key="ean=@ean", record_element="product")
    assert summary["failed"] == 1 and summary["deleted"] == 0
    about = feed.file("products.xml")
    assert about["status"] == "FAILED" and "no element product is in it" in about["error"]
    assert len(feed.rows()) == 2
    feed_xml.write_text("<products>\n  <page n='1'/>\n</products>")
    assert counts(feed.run(key="ean=@ean", record_element="product")) == counted(deleted=2)


class Pipe(io.BytesIO):
    """What can't be sought in: sizes and checksum stand behind the file."""

    def seekable(self):
        return False

    def seek(self, *where):
        raise OSError

    def tell(self):
        raise OSError


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("into", [io.BytesIO, Pipe])
@pytest.mark.parametrize("zip64", [False, True])
def test_zip_as_it_is_met(producer, tmp_path, method, into, zip64):
    """With its sizes before and behind the file, of 32 and of 64 bits; one that is stored with its size behind has no end."""
    packed = into()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("folder/", "")  # deflated: two bytes
        with archive.open("folder/data.csv", "w", force_zip64=zip64) as file:
            file.write(b"id,x\n" + b"".join(b"%d,%d\n" % (i, i) for i in range(5000)))
    (tmp_path / "data.csv.zip").write_bytes(packed.getvalue())
    feed = producer(tmp_path / "data.csv.zip", "zip")
    if into is Pipe and method == zipfile.ZIP_STORED:
        assert feed.run(key="id", status=EX_DATAERR)["failed"] == 1
    else:
        assert counts(feed.run(key="id")) == counted(rows=5000, created=5000)


def test_each_file_is_the_content_of_its_time(producer, tmp_path):
    folder = tmp_path / "days"
    folder.mkdir()
    (folder / "2026-01-01.csv").write_text("id,x\n1,a\n2,a\n")
    (folder / "2026-01-02.csv").write_text("id,x\n1,b\n3,a\n")
    feed = producer(folder)
    assert counts(feed.run(key="id", contents="each")) == counted(rows=4, created=3, updated=1, deleted=1)
    assert feed.rows() == {'{"id":"1"}': {"id": "1", "x": "b"}, '{"id":"3"}': {"id": "3", "x": "a"}}
    (folder / "2026-01-03.csv").write_text("id,x\n1,b\n")
    assert counts(feed.run(key="id", contents="each")) == counted(rows=1, deleted=1, unchanged=1)
    positions = [tuple(map(int, record.header("sluice.position").split("/"))) for record in feed.records()
                 if record.key == b'{"id":"3"}' and record.value]
    assert positions == sorted(set(positions)) and len(positions) == 2


def test_whole_folder_later_files_win_and_removed_ones_delete(producer, tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "a.csv").write_text("id,x\n1,a\n2,a\n")
    (folder / "b.csv").write_text("id,x\n2,b\n3,b\n")
    feed = producer(folder)
    assert counts(feed.run(key="id")) == counted(rows=4, created=3, unchanged=1)
    assert {key: row["x"] for key, row in feed.rows().items()} == {'{"id":"1"}': "a", '{"id":"2"}': "b", '{"id":"3"}': "b"}
    assert counts(feed.run(key="id")) == counted()
    (folder / "b.csv").unlink()
    assert counts(feed.run(key="id")) == counted(rows=2, updated=1, deleted=1, unchanged=1)
    assert {key: row["x"] for key, row in feed.rows().items()} == {'{"id":"1"}': "a", '{"id":"2"}': "a"}


# --- bad input ---


def test_bad_rows_go_to_dead_letters_once(producer, tmp_path):
    file = tmp_path / "dirty.csv"
    file.write_bytes(b"id,x\n1,a\n2\n3,b,c\n\xff\xfe,a\n4,\0\n1,again\n5,ok\n\"6,never closed\n7,ok\n")
    feed = producer(file)
    assert counts(feed.run(key="id")) == counted(rows=9, created=3, dead=6)
    assert set(feed.rows()) == {'{"id":"1"}', '{"id":"5"}', '{"id":"7"}'}
    letters = {letter.header("sluice.error.line"): letter for letter in feed.dead()}
    assert set(letters) == {"3", "4", "5", "6", "7", "9"}
    assert letters["4"].value == b"3,b,c" and letters["4"].header("sluice.error.message") == "3 fields, the header has 2"
    assert letters["5"].value == b"\xff\xfe,a" and letters["5"].header("sluice.error.sqlstate") == "22021"
    assert letters["7"].header("sluice.error.rule") == "duplicate key" and letters["7"].header("sluice.error.first_line") == "2"
    assert letters["9"].value == b'"6,never closed' and letters["9"].header("sluice.error.file") == "dirty.csv"
    os.utime(file)
    feed.run(key="id")
    assert len(feed.dead()) == 6  # what is known is not told again


@pytest.mark.parametrize("name, body, reason", [
    ("b.csv", b"name,x\n1,2\n", "lacks the key's column"),
    ("b.csv", b"id,id\n1,2\n", "has twice"),
    ("b.csv", b"", "its header is missing"),
    ("b.json", b'[{"id":"9"},{"id":', "cut off"),
    ("b.json", b'[{"id":"9"} {"id":"8"}]', "comma"),
    ("b.json", b'{"message":"too many requests"}', "an array of rows was expected"),
    ("b.csv.gz", gzip.compress(b"id,x\n9,9\n" * 999, mtime=0)[:-30], "cut off"),
    ("b.csv.zip", b"PK\3\4no", "zip archive"),
    ("b.dat", b"id,x\n", "give --format"),
])
def test_unusable_object_fails_alone(producer, tmp_path, name, body, reason):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text("id,x\n1,a\n")
    (folder / "c.csv").write_text("id,x\n3,c\n")
    feed = producer(folder)
    feed.run(key="id")
    (folder / "c.csv").unlink()
    (folder / "a.csv").write_text("id,x\n2,a\n")
    (folder / name).write_bytes(body)
    summary = feed.run(status=EX_USAGE if name == "b.dat" else EX_DATAERR, key="id")
    assert summary["failed"] == 1 and summary["deleted"] == 0  # what can't be read may still hold a key
    assert {'{"id":"1"}', '{"id":"2"}', '{"id":"3"}'} <= set(feed.rows())
    about = feed.file(name)
    assert about["status"] == "FAILED" and reason in about["error"] and about["attempts"] == 1
    (folder / name).unlink()
    feed.run(key="id")
    assert set(feed.rows()) == {'{"id":"2"}'}


def test_missing_input(producer, tmp_path):
    assert producer(tmp_path / "none.csv").run(status=EX_NOINPUT, key="id")["failed"] == 1
    (tmp_path / "empty").mkdir()
    said = producer(tmp_path / "empty", "b").run(status=EX_NOINPUT, key="id")
    assert said["status"] == "failed" and "connect" in said["stages_ms"]
    unreachable = run("objects", {"kafka-bootstrap": "127.0.0.1:1", "topic": "x", "input": "x.csv", "once": True,
                                  "every": "1s", "state-dir": str(tmp_path / "s"), "http-port": "-1"})
    assert unreachable.returncode == EX_USAGE and "--every" in unreachable.stderr


# --- URLs ---


def test_url_is_asked_only_for_news(producer, web, tmp_path):
    web.body, web.user = b'[{"id":1},{"id":2}]', "me:secret"
    password = tmp_path / "password"
    password.write_text("secret\n")
    feed = producer(web.url("/all?fields=id,name"))
    how = {"key": "id", "format": "json", "url_username": "me", "url_password_file": str(password)}
    assert counts(feed.run(**how)) == counted(rows=2, created=2)
    assert counts(feed.run(**how)) == counted()
    web.body = b'[{"id":2},{"id":3}]'
    assert counts(feed.run(**how)) == counted(rows=2, created=1, deleted=1, unchanged=1)
    assert web.statuses() == [200, 304, 200]
    assert feed.events()[0][1].json()["source"]["file"] == web.url("/all")
    web.etag = False
    feed.run(**how)
    assert counts(feed.run(**how)) == counted()  # the same bytes, without an ETag
    password.write_text("wrong")
    assert feed.run(status=EX_NOPERM, **how)["failed"] == 1
    assert "secret" not in feed.process.stderr
    assert len(feed.rows()) == 2


def test_url_is_tried_again(producer, web):
    web.body = b"id,x\n" + b"".join(b"%d,%d\n" % (i, i) for i in range(1000))
    web.faults = [("status", 429, {"Retry-After": "1"}), ("status", 500), ("cut",), ("close",), ("hang",)]
    feed = producer(web.url("/data.csv"))
    assert counts(feed.run(key="id", url_timeout="500ms", url_attempts="9")) == counted(rows=1000, created=1000)
    assert web.statuses() == [429, 500, "cut", "close", "hang", 200]
    assert len(feed.records()) == 1000 and not feed.dead()


@pytest.mark.parametrize("fault, status, reason", [
    (("status", 404), EX_NOINPUT, "HTTP status 404"),
    (("status", 403), EX_NOPERM, "HTTP status 403"),
    (("status", 503), EX_UNAVAILABLE, "HTTP status 503"),
    (("hang",), EX_UNAVAILABLE, "silent"),
    (("cut",), EX_UNAVAILABLE, ""),
])
def test_url_that_stays_bad_fails_and_deletes_nothing(producer, web, fault, status, reason):
    web.body = b"id\n1\n2\n"
    feed = producer(web.url("/data.csv"))
    feed.run(key="id")
    web.body = b"id\n1\n"
    web.faults = [fault] * 3
    assert counts(feed.run(status=status, key="id", url_timeout="300ms", url_attempts="2")) == counted()
    about = feed.file(web.url("/data.csv"))
    assert about["status"] == "FAILED" and reason in about["error"]
    assert len(feed.rows()) == 2
    web.faults = []
    assert counts(feed.run(key="id")) == counted(rows=1, deleted=1, unchanged=1)


def test_url_size_limit(producer, web):
    web.body = b"id\n" + b"1\n" * 1000
    feed = producer(web.url("/data.csv"))
    assert feed.run(status=EX_DATAERR, key="id", url_size="1kB")["failed"] == 1
    assert "--url-size" in feed.file(web.url("/data.csv"))["error"]


def test_secret_in_a_url_is_refused(producer, web):
    feed = producer(web.url("/x.csv").replace("//", "//user:hidden@"))
    feed.run(status=EX_USAGE, key="id")
    assert "--url-username" in feed.process.stderr and "hidden" not in feed.process.stderr


# --- nothing is lost or doubled ---


def many(n, changed=0):
    """n rows, the first `changed` of them with another text; every hundredth comes twice, a bad one with it."""
    lines = ["id,x"]
    for i in range(n):
        lines.append(f"{i},{'new' if i < changed else 'old'} {'x' * 40}")
        if i % 100 == 0:
            lines += [f"{i},twice", "bad"]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("lost", [False, True], ids=["store-kept", "store-lost"])
def test_killed_between_transactions(producer, tmp_path, place, lost):
    file = tmp_path / "a.csv"
    file.write_text(many(1000))
    feed = producer(file)
    how = {"key": "id", "commit_records": "100"}
    nth = 350 if place == "open-transaction" else 4
    for _ in range(2):
        feed.run(status=-9, env={"SLUICE_FAILPOINT": f"objects.{place}:kill@{nth}"}, **how)
        if lost:
            subprocess.run(["rm", "-rf", feed.state], check=True)
    feed.run(**how)
    ops = Counter((op, record.key) for op, record in feed.events())
    assert len(ops) == 1000 and set(ops.values()) == {1}
    letters = Counter(letter.header("sluice.error.line") for letter in feed.dead())
    assert len(letters) == 20 and set(letters.values()) == {1}
    # a changed file, killed and read again
    file.write_text(many(900, changed=500))
    feed.run(status=-9, env={"SLUICE_FAILPOINT": f"objects.{place}:kill@{nth}"}, **how)
    feed.run(**how)
    ops = Counter(op for op, _ in feed.events())
    assert ops == {"c": 1000, "u": 500, "d": 100}
    assert len(feed.rows()) == 900
    assert counts(feed.run(**how)) == counted()


@pytest.mark.parametrize("place", ["after-commit:kill@6", "before-commit:kill@6", "open-transaction:kill@550"])
def test_goes_on_inside_a_file(producer, tmp_path, place):
    """Killed, it does not read again what it knows; what was met there is neither a new key nor a gone one."""
    file = tmp_path / "a.csv"
    file.write_text(many(1000))
    feed = producer(file)
    how = {"key": "id", "commit_records": "100"}
    feed.run(**how)
    news = ["id,x", *(f"{i},again" for i in range(100, 1000)), "100,twice", "bad", "new,x"]  # 0 to 99 are gone
    file.write_text("\n".join(news) + "\n")
    feed.run(status=-9, env={"SLUICE_FAILPOINT": f"objects.{place}"}, **how)
    summary = feed.run(**how)
    assert 'msg="goes on inside an object"' in feed.process.stderr
    assert summary["rows"] in (403, 503) and (summary["deleted"], summary["dead_letters"]) == (100, 2)
    ops = Counter(op for op, _ in feed.events())
    assert ops == {"c": 1001, "u": 900, "d": 100} and len(feed.rows()) == 901
    first = [letter.header("sluice.error.first_line") for letter in feed.dead() if letter.header("sluice.error.line") == "902"]
    assert first == ["2"]
    state = feed.file("a.csv")
    assert (state["status"], state["rows"], state["dead"]) == ("COMPLETED", 903, 2)
    # a store that another life has written without is not trusted that far
    file.write_text("\n".join(news[:700]) + "\n")
    feed.run(status=-9, env={"SLUICE_FAILPOINT": "objects.before-commit:kill@1"}, **how)
    subprocess.run(["mv", feed.state, f"{feed.state}.old"], check=True)
    file.write_text("\n".join([*news, *(f"more-{i},x" for i in range(500))]) + "\n")
    feed.run(status=-9, env={"SLUICE_FAILPOINT": "objects.before-commit:kill@4"}, **how)
    subprocess.run(f"rm -rf {feed.state} && mv {feed.state}.old {feed.state}", shell=True, check=True)
    assert feed.run(**how)["rows"] == 1403 and "goes on inside" not in feed.process.stderr
    assert len(feed.rows()) == 1401


def test_predecessor_is_fenced(producer, service, web, kafka, unique, tmp_path):
    """A second instance takes over; the first, which wakes up late, ends and has written nothing more."""
    file = tmp_path / "a.csv"
    file.write_text(many(500))
    feed = producer(file)
    first = service("objects", {**feed.flags(key="id"), "every": "200ms", "http-port": None}, http=False)
    until(lambda: len(feed.records()) == 500 if feed.topic in kafka.topics() else False, "the first run")
    first.stop()
    file.write_text(many(400))
    feed.state = tmp_path / "other"
    assert counts(feed.run(key="id"))["deleted"] == 100
    first.go_on()
    file.write_text(many(300))
    assert first.wait_exit(60) == EX_TEMPFAIL
    assert Counter(op for op, _ in feed.events()) == {"c": 500, "d": 100}


def test_every_reads_again_and_stops_cleanly(producer, service, kafka, tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("id\n1\n")
    feed = producer(file)
    live = service("objects", {**feed.flags(key="id"), "every": "100ms", "http-port": None}, start=False)
    live.flags["http-port"] = live.http_port
    live.start().wait_ready()
    file.write_text("id\n1\n2\n")
    until(lambda: len(feed.rows()) == 2, "the second run")
    file.unlink()
    live.wait_log("object failed")
    file.write_text("id\n2\n3\n")
    until(lambda: set(feed.rows()) == {'{"id":"2"}', '{"id":"3"}'}, "the third run")
    assert live.metric("sluice_changes_total", op="c") == 3 and live.metric("sluice_keys") == 2
    assert live.terminate() == 0


# --- large ---


FRAMES = {"csv": ("id,x\n", "{0:010d},{0:010d}{1}", "\n", "\n"), "json": ("[", '{{"id":"{0:010d}","x":"{0:010d}{1}"}}', ",\n", "]"),
          "ndjson": ("", '{{"id":"{0:010d}","x":"{0:010d}{1}"}}', "\n", "\n"),
          "xml": ("<rows>", "<row><id>{0:010d}</id><x>{0:010d}{1}</x></row>", "", "</rows>")}


def write_rows(pipe, form, size):
    """Rows of 4 kB, each of another key, until about `size` bytes are written."""
    head, row, between, tail = FRAMES[form]
    with open(pipe, "w") as out:
        out.write(head)
        for i in range(size // 4096):
            out.write((between if i else "") + row.format(i, LARGE_TEXT))
        out.write(tail)


@pytest.mark.parametrize("form", FRAMES)
def test_pipe_in_bounded_memory(producer, tmp_path, service, capfd, form):
    """What does not fit into memory passes through a pipe; the store's pages are the kernel's to take."""
    size = int(os.environ.get("SLUICE_LARGE_BYTES", 256 << 20))
    pipe = tmp_path / f"big.{form}"
    os.mkfifo(pipe)
    feed = producer(pipe)
    threading.Thread(target=write_rows, args=(pipe, form, size), daemon=True).start()
    more = {"record-element": "row"} if form == "xml" else {}
    live = service("objects", {**feed.flags(key="id"), **more, "once": True, "http-port": None}, http=False)
    peaks = Counter()

    def ended():
        if live.running():
            with contextlib.suppress(OSError, TypeError):  # it ends meanwhile
                peaks.update({"anonymous": max(0, live.rss_anon() - peaks["anonymous"]),
                              "with the store's pages": max(0, sum(memory(live.pid).values()) - peaks["with the store's pages"])})
        return not live.running()

    until(ended, "the end of the run", deadline_s=60 + size / (4 << 20), every_s=0.02)
    assert live.wait_exit() == 0, live.tail()
    with capfd.disabled():
        print(f"objects: {size >> 20} MiB of {form} through a pipe, peak RSS "
              + ", ".join(f"{peak / (1 << 20):.1f} MiB {kind}" for kind, peak in peaks.items()), file=sys.stderr)
    assert account(live.log())["created"] == size // 4096
    assert 0 < peaks["anonymous"] <= peaks["with the store's pages"] <= 64 << 20, peaks


# --- S3 ---


def test_s3_prefix(producer, s3, bucket):
    s3.put(bucket, "in/a.json", b'[{"ean":"001","price":55.0},{"ean":"002"}]')
    s3.put(bucket, "in/b.json", b'[{"ean":"003"}]')
    s3.put(bucket, "other.json", b"[]")
    feed = producer(f"s3://{bucket}/in/")
    how = {"key": "ean", "s3_endpoint": s3.endpoint, "s3_region": s3.region}
    keys = {"AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key}
    assert counts(feed.run(env=keys, **how)) == counted(rows=3, created=3)
    assert feed.events()[0][1].json()["source"]["file"].startswith("in/")
    assert counts(feed.run(env=keys, **how)) == counted()
    s3.put(bucket, "in/b.json", b'[{"ean":"003","new":1}]')
    s3.put(bucket, "in/c.csv", b"ean,x\n4,y\n")
    summary = feed.run(env=keys, **how)
    assert counts(summary) == counted(rows=4, created=1, updated=1, unchanged=2)
    s3.delete(bucket, "in/a.json")
    assert counts(feed.run(env=keys, **how))["deleted"] == 2
    assert set(feed.rows()) == {'{"ean":"003"}', '{"ean":"4"}'}
    assert feed.run(status=EX_NOPERM, env={**keys, "AWS_SECRET_ACCESS_KEY": "wrong"}, **how)["status"] == "failed"
    assert "wrong" not in feed.process.stderr
    missing = producer(f"s3://no-such-{bucket}/x", "missing")
    assert missing.run(status=EX_CONFIG, env=keys, **how)["status"] == "failed"
    assert "no such bucket" in missing.process.stderr


def test_s3_object_larger_than_a_range(producer, s3, bucket):
    body = b"id,x\n" + b"".join(b"%d,%s\n" % (i, b"y" * 990) for i in range(17000))  # three ranges of 8 MiB
    s3.put(bucket, "big.csv", body)
    feed = producer(f"s3://{bucket}/big.csv")
    how = {"key": "id", "s3_endpoint": s3.endpoint, "s3_region": s3.region, "contents": "added"}
    summary = feed.run(env={"AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key}, **how)
    assert counts(summary) == counted(rows=17000, created=17000) and summary["bytes"] == len(body)


# --- read by views ---


def test_views_reads_the_topic(producer, service, kafka, unique, tmp_path):
    """The pipeline's view over the topic is the file's content, through updates and deletes."""
    file = tmp_path / "a.csv"
    file.write_text("id,tenure,churn\n1,5,Yes\n2,40,No\n3,,No\n")
    feed = producer(file)
    feed.run(key="id")
    pipeline = tmp_path / "pipeline.sql"
    pipeline.write_text(f"""
        CREATE SCHEMA bronze; CREATE SCHEMA gold;
        CREATE FOREIGN TABLE bronze.a (id text PRIMARY KEY, tenure text, churn text)
          SERVER kafka OPTIONS (topic '{feed.topic}', format 'debezium');
        CREATE MATERIALIZED VIEW gold.churn AS
          SELECT churn, count(*) AS n, sum(nullif(tenure, '')::int) AS months FROM bronze.a GROUP BY churn;
    """)
    views = service("views", {"kafka-bootstrap": kafka.bootstrap, "file": pipeline, "pipeline": unique,
                              "state-dir": tmp_path / "views"}, start=False)
    views.start().wait_ready()

    def gold():
        topic = f"{unique}.gold.churn"
        if topic not in kafka.topics():
            return None
        return {row["churn"]: (row["n"], row["months"]) for row in (r.json() for r in kafka.latest(topic).values())}

    until(lambda: gold() == {"Yes": (1, 5), "No": (2, 40)}, "the first load")
    file.write_text("id,tenure,churn\n1,6,Yes\n2,40,Yes\n")
    feed.run(key="id")
    until(lambda: gold() == {"Yes": (2, 46)}, "the second")
