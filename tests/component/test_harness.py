"""The harness itself, with a service that is none of ours: what is relied on by every other test must fail when it should."""

import signal
import stat
import subprocess

import pytest

from harness import ROOT, services
from harness.compare import same_csv, same_rows
from harness.kafka import Record
from harness.services import Ended, parse_metrics
from harness.wait import Late, until

FAKE = """#!/usr/bin/python3
import http.server, os, sys
port = int([word for word in sys.argv if word.startswith("--http-port=")][0].partition("=")[2])
if "--fail" in sys.argv:
    sys.exit(64)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ready = not os.path.exists("unready")
        self.send_response(503 if self.path == "/readyz" and not ready else 200)
        self.end_headers()
        self.wfile.write(b'sluice_rows_total{table="a"} 2\\nsluice_rows_total{table="b"} 3\\n')
    def log_message(self, *_):
        pass

print("msg=listening port=%d word=%s" % (port, os.environ.get("WORD")), flush=True)
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def fake(tmp_path, monkeypatch, stack):
    """A build folder with one service in it."""
    binary = tmp_path / "build" / "bin" / "sluice-fake"
    binary.parent.mkdir(parents=True)
    binary.write_text(FAKE)
    binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(services, "BUILD", tmp_path / "build")
    return tmp_path


def test_a_service_lives_and_is_watched(fake, service):
    one = service("fake", {"topic": ["a", "b"], "bare": True, "absent": None}, env={"WORD": "x"})
    one.wait_ready()
    assert one.wait_log(r"msg=listening port=(\d+)")[1] == str(one.http_port)
    assert one.metric("sluice_rows_total") == 5 and one.metric("sluice_rows_total", table="b") == 3
    with pytest.raises(KeyError):
        one.metric("sluice_rows_total", table="c")
    assert one.rss_anon() > 0 and one.cpu_seconds() >= 0
    (fake / "unready").touch()
    one.wait_unready()
    assert one.terminate() == -signal.SIGTERM
    assert services.words({"a": ["x", 1], "b": True, "c": None, "d": False}) == ["--a=x", "--a=1", "--b"]


def test_a_service_has_several_lives_and_one_log(fake, service):
    one = service("fake", env={"WORD": "first"}).wait_ready()
    one.restart(env={"WORD": "second"})
    assert "word=second" in one.log() and "word=first" not in one.log()
    assert "word=first" in one.log(all_lives=True)
    one.stop()
    until(lambda: open(f"/proc/{one.pid}/stat").read().rpartition(")")[2].split()[0] == "T", "the stop")
    one.go_on()
    assert one.ready() == 200


def test_waiting_for_a_dead_service_fails_at_once(fake, service):
    one = service("fake", {"fail": True})
    with pytest.raises(Ended, match="ended with 64"):
        one.wait_ready(deadline_s=60)
    assert one.wait_exit() == 64


def test_a_fault_is_not_overlooked(fake, tmp_path):
    one = services.Service("fake", {}, tmp_path)
    one.start().wait_ready()
    one.process.send_signal(signal.SIGSEGV)
    one.wait_exit()
    one.start().wait_ready()
    assert one.faults() == ["SIGSEGV"]
    with open(one.log_path, "a") as log:
        log.write("==1==ERROR: AddressSanitizer: heap-use-after-free\n")
    assert one.faults()[-1] == "ERROR: AddressSanitizer"


def test_a_service_that_is_not_built_is_named(fake, service):
    with pytest.raises(RuntimeError, match="sluice-other is not built"):
        service("other")


def test_comparing_nothing_with_nothing_fails():
    with pytest.raises(AssertionError, match="compares nothing"):
        same_rows([], [], "nothing")
    with pytest.raises(AssertionError, match="1 rows differ"):
        same_rows([(1,), (1,)], [(1,)], "twice")
    with pytest.raises(AssertionError, match="line 2"):
        same_csv("a\n1\n", "a\n2\n", "text")
    same_rows([(1, None), (2, "b")], [(2, "b"), (1, None)], "any order")


def test_waiting_ends_at_the_deadline():
    with pytest.raises(Late, match="for rain"):
        until(lambda: False, "rain", 0)


def test_metrics_are_parsed():
    text = '# HELP a b\na{x="1",le="+Inf"} 3\nb 1.5e3\nc{q="say \\"}\\""} NaN\n'
    found = parse_metrics(text)
    assert found["a", (("le", "+Inf"), ("x", "1"))] == 3 and found["b", ()] == 1500 and len(found) == 3
    with pytest.raises(ValueError):
        parse_metrics("<html>")


def test_a_record_reads_fractions_without_loss():
    assert str(Record("t", 0, 0, None, b"0.10", [], 0).json()) == "0.10"


def test_a_promise_whose_test_was_skipped_is_found(tmp_path):
    """What tests/run says after a run, of results with one test skipped for a reason of its own and one for want of data."""
    case = '<testcase classname="pipelines.test_{}" name="{}">{}</testcase>'
    skipped = '<skipped message="{}"/>'
    (tmp_path / "pipelines.xml").write_text("<testsuites><testsuite>" + "".join(
        case.format(*words) for words in (("countries", "test_twin", ""), ("countries", "test_twin_has_the_shape", skipped.format("too slow")),
                                          ("countries", "test_real_data", skipped.format("x: data that the project does not ship")),
                                          ("commands", "test_as_typed[a]", skipped.format("one of two")), ("commands", "test_as_typed[b]", ""))
    ) + "</testsuite></testsuites>")
    done = subprocess.run([ROOT / "tests" / "gates" / "check_ran.py", tmp_path / "pipelines.xml"], capture_output=True, text=True, timeout=30)
    said = done.stdout.splitlines()
    assert done.returncode == 1 and any("test_countries.py::test_twin_has_the_shape was skipped: too slow" in line for line in said)
    assert any("test_telco.py::test_twin did not run" in line for line in said) and "findings" in said[-1]
    assert not any(word in line for line in said for word in ("test_countries.py::test_twin ", "test_real_data was", "test_as_typed", "ctest:", "component"))
