"""A shell at the root of a checkout of a test's own: what is typed there, and what becomes of it."""

import os
import re
import shlex
import signal
import subprocess
import urllib.error
import urllib.request

from . import ROOT
from .services import BUILD, environment, free_port
from .wait import until

OWN = {"build", "data", ".state", ".git"}  # what typed commands write to, or must not


def words(command):
    """The command without its comment and its spaces."""
    return " ".join(shlex.split(command, comments=True))


class Shell:
    """Variables that a command exports are there for the next one."""

    def __init__(self, folder, **env):
        self.root, self.kept = folder / "sluice", folder / "environment"
        (self.root / "build").mkdir(parents=True)
        for entry in ROOT.iterdir():
            if entry.name not in OWN:
                (self.root / entry.name).symlink_to(entry)
        (self.root / "build" / "release").symlink_to(BUILD)
        self.env = environment({"SLUICE_BUILD": str(BUILD), "SLUICE_DEMO_STATE": str(self.root / ".state" / "demo"), **env})
        self.kept.touch()

    def run(self, script, deadline_s=300):
        """(exit status, what it printed)"""
        done = subprocess.run(["bash", "-c", f". {self.kept}\n{script}"], cwd=self.root, env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=deadline_s)
        return done.returncode, done.stdout

    def type(self, command):
        return self.run(f"trap 'export -p >{self.kept}' EXIT\n{command}")

    def type_and_stop(self, command):
        """For a service that goes on: seen ready, asked to stop, and its exit status then."""
        port = free_port()
        variable = f"SLUICE_{re.search(r'sluice-([a-z-]+)', command)[1].upper().replace('-', '_')}_HTTP_PORT"
        log = self.root / ".state" / "typed.log"
        with open(log, "wb") as out, subprocess.Popen(["bash", "-c", f". {self.kept}\nexport {variable}={port}\nexec {command}"], cwd=self.root,
                                                      env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out) as process:
            try:
                until(lambda: process.poll() is not None or answers(port), f"{command} to be ready", 60)
                process.send_signal(signal.SIGTERM)
                return process.wait(30), log.read_text(errors="replace")
            finally:
                process.kill()


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.HTTPError, OSError):
        return False
