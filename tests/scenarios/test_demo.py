"""deploy/demo acme --scale ROWS is refused before anything starts when the disk is small (tests/pipelines/test_commands.py runs it); in Avro."""

import os
import re
import subprocess

import pytest

from harness import ROOT
from harness.services import BUILD


@pytest.fixture
def demo(tmp_path):
    env = {**os.environ, "SLUICE_DEMO_STATE": str(tmp_path / "demo"), "SLUICE_BUILD": str(BUILD)}

    def ask(*words, **more):
        return subprocess.run([ROOT / "deploy" / "demo", *words], env={**env, **more}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=300)

    yield ask
    assert ask("stop").returncode == 0
    subprocess.run([ROOT / "deploy" / "servers", "wipe"], env={**env, "SLUICE_STATE": str(tmp_path / "demo" / "servers")}, check=True,
                   capture_output=True, timeout=60)


def test_scale_is_refused(demo, tmp_path):
    refused = demo("acme", "--scale", "1000000", SLUICE_DEMO_FREE_BYTES="1000000000")
    assert refused.returncode == 1 and re.search(r"needs about \d+ MiB of disk, 953 MiB are free", refused.stderr)
    assert not (tmp_path / "demo" / "servers").exists()
    assert demo("acme", "--scale", "many").returncode == 1 and demo("acme", "--size", "1").returncode == 64


def test_in_avro(demo):
    """By its own registry: bronze and gold are framed, and every table is PostgreSQL's answer."""
    assert demo("telco", "--format", "xml").returncode == demo("retail", "--format", "avro").returncode == 64
    done = demo("telco", "--format", "avro", SLUICE_DATAGEN_ROWS="3000")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert len(re.findall(r"^  \w+\.\w+: \d+ rows, equal$", done.stdout, re.M)) == 8
    assert '{"subject":"telco.bronze.customers-value","version":1' in done.stdout
    assert re.search(r"^  telco\.bronze\.customers\n    \.{6}\S{10} => \.{6}", done.stdout, re.M)
    assert demo("stop").returncode == 0
    again = demo("start")
    assert again.returncode == 0, again.stdout[-3000:] + again.stderr[-3000:]
