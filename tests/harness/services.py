"""A Sluice service under test: started, watched, killed, stopped, continued, started again."""

import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from . import ROOT
from .wait import until

BUILD = Path(os.environ.get("SLUICE_BUILD") or ROOT / "build" / "dev")
if not BUILD.is_absolute():
    BUILD = ROOT / BUILD
TAIL_LINES = 40
FAULTS = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
SANITIZERS = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:")


class Ended(AssertionError):
    """The service ended while the test needed it running."""


class Service:
    """One instance of `sluice-NAME`. Its output goes to a file that goes on through all its lives.

    `flags` is {flag: value}: True gives a bare flag, a list repeats it, None leaves it out. `instance` tells two
    of one kind apart. `http=False` is for a program without an endpoint.
    """

    def __init__(self, name, flags, folder, env=None, instance="", http=True, arguments=()):
        self.name = name
        self.title = f"{name}-{instance}" if instance else name
        self.flags = dict(flags or {})
        self.arguments = list(arguments)
        self.folder = Path(folder)
        self.log_path = self.folder / f"{self.title}.log"
        self.env = dict(env or {})
        self.http_port = free_port() if http else None
        if http:
            self.flags.setdefault("http-port", self.http_port)
        self.process = None
        self.lives = 0
        self._fault_signals = []

    # --- life ---

    def start(self, env=None):
        """Starts it; `env` holds for this life alone (a failpoint to die at, say)."""
        if self.running():
            raise RuntimeError(f"{self.title} runs already")
        binary = BUILD / "bin" / f"sluice-{self.name}"
        if not binary.exists():
            raise RuntimeError(f"{binary} is not built (SLUICE_BUILD names the build folder)")
        self.lives += 1
        self._note_end()
        with open(self.log_path, "ab") as log:
            log.write(f"--- life {self.lives} ---\n".encode())
        self._life_starts_at = self.log_path.stat().st_size
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [str(binary), *self.arguments, *words(self.flags)], cwd=self.folder, env=environment({**self.env, **(env or {})}),
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )
        return self

    def running(self):
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self):
        return self.process.pid

    def kill(self):
        """SIGKILL, also when it is stopped or has ended already; returns when it is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        """SIGSTOP: it holds its sockets and does nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        """SIGCONT."""
        self.process.send_signal(signal.SIGCONT)

    def terminate(self, deadline_s=15):
        """SIGTERM: asks it to end, and returns its exit code."""
        self.ask_to_stop()
        return self.wait_exit(deadline_s)

    def ask_to_stop(self):
        """SIGTERM, without waiting for what comes of it."""
        self.process.send_signal(signal.SIGTERM)

    def wait_exit(self, deadline_s=15):
        """Its exit code, negative for the signal that ended it."""
        try:
            return self.process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.title} still runs after {deadline_s:g} s\n{self.tail()}") from None

    def _note_end(self):
        if self.process is not None and -(self.process.poll() or 0) in FAULTS:
            self._fault_signals.append(signal.Signals(-self.process.returncode).name)

    def faults(self):
        """What no test may overlook: signals that ended a life by the program's own fault, sanitizers' reports."""
        self.kill()
        self._note_end()
        return self._fault_signals + SANITIZERS.findall(self.log(all_lives=True) if self.lives else "")

    def restart(self, env=None, ready=True):
        """SIGKILL and a new life."""
        self.kill()
        self.start(env)
        return self.wait_ready() if ready else self

    # --- what it tells ---

    def ready(self):
        """The status of /readyz; None while nothing answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/readyz", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def wait_ready(self, deadline_s=30):
        self.until(lambda: self.ready() == 200, "/readyz to say 200", deadline_s)
        return self

    def wait_unready(self, deadline_s=30):
        self.until(lambda: self.ready() == 503, "/readyz to say 503", deadline_s)
        return self

    def until(self, condition, what, deadline_s=30):
        """Waits for the condition, but no longer than the service lives."""
        def alive_and_true():
            answer = condition()
            if not answer and not self.running():
                raise Ended(f"{self.title} ended with {self.process.returncode} before {what}\n{self.tail()}")
            return answer

        return until(alive_and_true, f"{self.title}: {what}", deadline_s)

    def metrics(self):
        """{(name, ((label, value), ...)): number} of /metrics, labels sorted."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics", timeout=5) as answer:
            return parse_metrics(answer.read().decode())

    def metric(self, name, **labels):
        """The sum over the series of this name that carry these labels; KeyError when there is none."""
        found = [value for (series, pairs), value in self.metrics().items()
                 if series == name and labels.items() <= dict(pairs).items()]
        if not found:
            raise KeyError(f"{self.title} has no metric {name} {labels}")
        return sum(found)

    def log(self, all_lives=False):
        """What it printed, in this life or in all."""
        with open(self.log_path, "rb") as file:
            file.seek(0 if all_lives else self._life_starts_at)
            return file.read().decode(errors="replace")

    def wait_log(self, pattern, deadline_s=30):
        """The first match of the regular expression in what this life has printed."""
        return self.until(lambda: re.search(pattern, self.log()), f"a log line like {pattern!r}", deadline_s)

    def tail(self, lines=TAIL_LINES):
        text = self.log_path.read_text(errors="replace").splitlines() if self.log_path.exists() else []
        return "\n".join([f"--- the last lines of {self.log_path} ---", *text[-lines:]])

    # --- what it costs ---

    def rss_anon(self):
        """Bytes of anonymous memory: what it allocated, without mapped files."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"^RssAnon:\s+(\d+) kB", status, re.M)[1]) * 1024

    def cpu_seconds(self):
        """User and system time of all threads of this life."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(name, flags=None, arguments=(), env=None, deadline_s=30):
    """Runs sluice-NAME to its end; returns the finished process, stdout and stderr as text in it."""
    return subprocess.run(
        [str(BUILD / "bin" / f"sluice-{name}"), *arguments, *words(flags or {})], env=environment(env or {}),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=deadline_s,
    )


def account(text):
    """What a run said of itself last (common/service/account.h), its counts of all layers beside the rest; None: nothing."""
    said = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return {**said[-1], **{what: n for layer in said[-1].get("counts", {}).values() for what, n in layer.items()}} if said else None


def words(flags):
    result = []
    for flag, value in flags.items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is True:
                result.append(f"--{flag}")
            elif one is not None and one is not False:
                result.append(f"--{flag}={one}")
    return result


def environment(extra):
    """Little of the caller's environment, so that a test means the same everywhere."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "ASAN_OPTIONS", "TSAN_OPTIONS",
                                                "UBSAN_OPTIONS", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, **{name: str(value) for name, value in extra.items()}}


def free_port():
    """Below the ports that kernels take for outgoing calls: it stays free while the service that had it is away."""
    for port in random.sample(range(5000, 10000), 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise RuntimeError("no free port between 5000 and 10000")


SERIES = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


def parse_metrics(text):
    """Prometheus text format; a line that is none raises ValueError."""
    found = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        match = SERIES.match(line)
        if not match:
            raise ValueError(f"not a line of Prometheus' text format: {line!r}")
        found[match[1], tuple(sorted(LABEL.findall(match[2] or "")))] = float(match[3])
    return found
