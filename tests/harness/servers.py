"""The real servers, through deploy/servers."""

import os
import shlex
import subprocess
from pathlib import Path

from . import ROOT


class Stack:
    """One state directory of deploy/servers. A server is started when it is first needed."""

    NAMES = ("postgres", "kafka", "s3")

    def __init__(self, state):
        self.state = Path(state)
        self._needed = set()

    def run(self, verb, *names, check=True):
        """Runs deploy/servers and returns the finished process, its output in it."""
        done = subprocess.run(
            [str(ROOT / "deploy" / "servers"), verb, *names],
            env={**os.environ, "SLUICE_STATE": str(self.state)},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=900,
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"deploy/servers {verb} {' '.join(names)}: {done.stderr.strip() or done.stdout.strip()}")
        return done

    def runs(self, name):
        """This session has started it, and not stopped it since."""
        return name in self._needed

    def need(self, *names):
        """Starts those of the servers that this session has not started yet."""
        wanted = [name for name in names if name not in self._needed]
        if wanted:
            self.start(*wanted)

    def start(self, *names):
        """Starts them, or revives or resumes them."""
        self.run("start", *names)
        self._needed.update(names or self.NAMES)

    def stop(self, *names):
        self.run("stop", *names)
        self._needed.difference_update(names or self.NAMES)

    def crash(self, *names):
        """kill -9; start() brings them back with their data."""
        self.run("crash", *names)
        self._needed.difference_update(names)

    def pause(self, *names):
        self.run("pause", *names)

    def resume(self, *names):
        self.run("resume", *names)

    def wipe(self):
        self.run("wipe")
        self._needed.clear()

    def env(self, *names):
        """The variables by which clients find these servers (default: all that were needed)."""
        names = names or sorted(self._needed)
        if not names:
            return {}
        words = shlex.split(self.run("env", *names).stdout)
        return dict(word.split("=", 1) for word in words if word != "export")
