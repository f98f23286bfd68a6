"""The registry client, driven through tests/component/registry_driver.c: against the real registry, and one that misbehaves."""

import base64
import http.server
import json
import re
import struct
import subprocess
import threading

import pytest

from harness.services import BUILD, environment

EX_NOPERM, EX_CONFIG, EX_UNAVAILABLE = 77, 78, 69
RETRY, DEAD_LETTER, STOP = 1, 3, 4
FIELD = {"name": "n", "type": "int"}
SCHEMA = {"type": "record", "name": "R", "fields": [FIELD]}


def compact(schema):
    return json.dumps(schema, separators=(",", ":"))


def framed(number, body):
    return (b"\0" + struct.pack(">i", number) + body).hex()


class Driver:
    """One client handle; ask() sends one command and returns its answer."""

    def __init__(self, flags):
        self.process = subprocess.Popen(
            [str(BUILD / "tests" / "registry-driver"), *(f"--{name}={value}" for name, value in flags.items())],
            env=environment({}), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def ask(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def error(self, *words):
        """(kind, exit status, text) of an answer that must be an error."""
        answer = self.ask(*words)
        match = re.fullmatch(r"error (\d) (\d+) (.*)", answer)
        assert match, f"no error but {answer!r}"
        return int(match[1]), int(match[2]), match[3]


@pytest.fixture
def driver():
    made = []

    def make(flags):
        made.append(Driver(flags))
        return made[-1]

    yield make
    for one in made:
        one.process.stdin.close()
        assert one.process.wait(10) == 0


@pytest.fixture
def real(driver, registry):
    return driver({"schema-registry-url": registry.url + "/"})


def test_a_schema_has_one_id(real, registry, unique):
    number = int(real.ask("register", f"{unique}-value", compact(SCHEMA)).removeprefix("ok "))
    assert real.ask("register", f"{unique}-value", compact(SCHEMA)) == f"ok {number}"
    assert registry.latest(f"{unique}-value") == (number, SCHEMA)
    assert registry.register(f"{unique}-value", SCHEMA) == number
    assert real.ask("json", framed(number, b"\x02")) == 'ok {"n":1}'


def test_what_is_not_framed_stays_as_it_is(real):
    assert real.ask("json", b'{"a":1}'.hex()) == 'ok {"a":1}'


def test_an_incompatible_schema_is_refused_with_the_reason(real, unique):
    subject = f"{unique}-value"
    assert real.ask("check", subject, compact(SCHEMA)).startswith("ok compatible")
    real.ask("register", subject, compact(SCHEMA))
    added = {"name": "more", "type": ["null", "string"], "default": None}
    wider = {**SCHEMA, "fields": [FIELD, added]}
    assert real.ask("check", subject, compact(wider)).startswith("ok compatible")
    assert real.ask("register", subject, compact(wider)).startswith("ok ")
    other = {**SCHEMA, "fields": [FIELD, {"name": "must", "type": "int"}]}
    assert real.ask("check", subject, compact(other)).startswith("ok incompatible")
    kind, status, text = real.error("register", subject, compact(other))
    assert (kind, status) == (STOP, EX_CONFIG)
    assert subject in text and "must" in text


def test_no_schema_is_refused(real, unique):
    kind, status, _ = real.error("register", f"{unique}-value", '{"type":"strange"}')
    assert (kind, status) == (STOP, EX_CONFIG)


def test_an_unknown_id_is_for_the_dead_letters(real):
    kind, _, text = real.error("json", framed(1 << 30, b""))
    assert kind == DEAD_LETTER and str(1 << 30) in text


def test_bytes_that_do_not_fit_are_for_the_dead_letters(real, unique):
    number = int(real.ask("register", f"{unique}-value", compact(SCHEMA)).removeprefix("ok "))
    kind, _, text = real.error("json", framed(number, b"\x02\x02"))
    assert kind == DEAD_LETTER and "schema" in text


def test_an_outage_is_survived_with_what_is_known(real, registry, stack, unique):
    number = int(real.ask("register", f"{unique}-value", compact(SCHEMA)).removeprefix("ok "))
    assert real.ask("json", framed(number, b"\x02")) == 'ok {"n":1}'
    stack.crash("registry")
    assert real.ask("json", framed(number, b"\x04")) == 'ok {"n":2}'
    assert real.ask("register", f"{unique}-value", compact(SCHEMA)) == f"ok {number}"
    kind, status, text = real.error("register", f"{unique}-key", compact(SCHEMA))
    assert (kind, status) == (RETRY, EX_UNAVAILABLE) and "--schema-registry-url" in text
    stack.start("registry")
    assert real.ask("register", f"{unique}-key", compact(SCHEMA)).startswith("ok ")


def test_avro_without_a_registry_names_the_flag(driver):
    kind, status, text = driver({}).error("json", framed(1, b""))
    assert (kind, status) == (STOP, EX_CONFIG) and "--schema-registry-url" in text


# ---- one that misbehaves ----


@pytest.fixture
def moody():
    """A registry whose answers are a list of (status, body), the last one for ever; it notes what it was asked."""
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.do_POST()

        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            server = self.server
            server.asked.append((self.path, self.headers.get("Authorization")))
            status, body = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answers, server.asked = [], []
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_what_may_pass_is_asked_again(driver, moody, status):
    moody.answers = [(status, b"busy"), (status, b""), (200, b'{"id":7}')]
    assert driver({"schema-registry-url": moody.url}).ask("register", "a+b/c", '"int"') == "ok 7"
    assert len(moody.asked) == 3 and moody.asked[0][0] == "/subjects/a%2Bb%2Fc/versions"


def test_the_patience_is_bounded(driver, moody):
    moody.answers = [(500, b'{"error_code":50001,"message":"the store is down"}')]
    kind, status, text = driver({"schema-registry-url": moody.url}).error("register", "s", '"int"')
    assert (kind, status) == (RETRY, EX_UNAVAILABLE) and "the store is down" in text
    assert len(moody.asked) == 5


def test_the_password_comes_from_a_file_and_shows_nowhere(driver, moody, tmp_path):
    (tmp_path / "password").write_text("s3cr3t\n")
    flags = {"schema-registry-url": moody.url, "schema-registry-username": "ann",
             "schema-registry-password-file": tmp_path / "password"}
    moody.answers = [(200, b'{"id":7}'), (401, b"no")]
    ours = driver(flags)
    assert ours.ask("register", "s", '"int"') == "ok 7"
    assert moody.asked[0][1] == "Basic " + base64.b64encode(b"ann:s3cr3t").decode()
    kind, status, text = ours.error("register", "t", '"int"')
    assert (kind, status) == (STOP, EX_NOPERM) and "s3cr3t" not in text


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"id":"7"}', b'{"id":0}', b'{"id":99999999999}'])
def test_an_answer_of_another_kind_is_refused(driver, moody, body):
    moody.answers = [(200, body)]
    kind, status, text = driver({"schema-registry-url": moody.url}).error("register", "s", '"int"')
    assert (kind, status) == (STOP, EX_CONFIG) and "no schema registry" in text


def test_a_schema_of_another_kind_is_for_the_dead_letters(driver, moody):
    moody.answers = [(200, b'{"schemaType":"PROTOBUF","schema":"syntax = \\"proto3\\";"}')]
    kind, _, text = driver({"schema-registry-url": moody.url}).error("json", framed(5, b""))
    assert kind == DEAD_LETTER and "id 5" in text
