"""The alert rules: Prometheus's own checker takes them, each fires on its trouble alone, each metric in them exists."""

import contextlib
import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from harness import ROOT

RULES = ROOT / "deploy" / "prometheus" / "sluice.rules.yml"
CASES = ROOT / "deploy" / "prometheus" / "sluice.test.yml"


@pytest.fixture(scope="module")
def promtool():
    """From Debian's package, unpacked into the cache: installing it would start a server."""
    cache = Path(os.environ.get("SLUICE_CACHE", Path.home() / ".cache" / "sluice")) / "promtool"
    program = cache / "usr" / "bin" / "promtool"
    if not program.exists():
        unpack(cache)
    return program


def unpack(cache):
    """All of it at once: the workers beside this one may be at it too."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.parent) as folder:
        subprocess.run(["apt-get", "download", "-q", "prometheus"], cwd=folder, check=True, capture_output=True, timeout=300)
        part = Path(folder) / "whole"
        for package in Path(folder).glob("prometheus_*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, part], check=True, timeout=60)
        with contextlib.suppress(OSError):  # another was quicker
            part.rename(cache)


def test_the_rules_are_valid(promtool):
    done = subprocess.run([promtool, "check", "rules", RULES], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "10 rules found" in done.stdout, done.stdout + done.stderr


def test_each_alert_fires_on_its_trouble_alone(promtool):
    done = subprocess.run([promtool, "test", "rules", CASES], cwd=CASES.parent, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "SUCCESS" in done.stdout, done.stdout + done.stderr


def test_each_metric_of_the_rules_is_a_service_s():
    used = set(re.findall(r"\bsluice_[a-z_]+", RULES.read_text()))
    counted = {name for folder in ("common", "producers", "processors", "sinks") for file in (ROOT / folder).rglob("*.c")
               for name in re.findall(r'"(sluice_[a-z_]+)"', file.read_text())}
    assert len(used) >= 8 and used <= counted, used - counted
