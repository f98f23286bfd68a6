"""Fixtures of the pipelines' tests: each pipeline of schemas/ beside PostgreSQL."""

import os
from pathlib import Path

import pytest

from harness import ROOT
from harness.flow import Flow
from harness.live import Live
from harness.pipelines import Pipeline
from harness.services import run


@pytest.fixture
def pipeline(pg, unique, tmp_path):
    """pipeline(NAME, **views' flags): its databases are dropped at the end."""
    made = []

    def make(name, word="", **flags):
        folder = tmp_path / f"{name}{word}"
        folder.mkdir()
        made.append(Pipeline(name, pg, f"{unique}{word}", folder, flags=flags))
        return made[-1]

    yield make
    for one in made:
        one.drop()


@pytest.fixture
def generate(tmp_path):
    """generate(DATA SET, flag=value ...): the folder with its files."""
    def make(dataset, word="", **flags):
        folder = tmp_path / f"data-{dataset}{word}"
        done = run("datagen", {"out": folder, **flags}, [dataset], deadline_s=120)
        assert done.returncode == 0, done.stderr
        return folder

    return make


@pytest.fixture
def shared_data():
    """Fixed data that is no part of the project; a test that needs it skips where it is absent."""
    path = Path(os.environ.get("SLUICE_SHARED") or ROOT.parent / "shared") / "data"
    if not path.is_dir():
        pytest.skip(f"{path} is not there: this test compares with data that the project does not ship")
    return path


@pytest.fixture
def live(pg, kafka, service, unique, tmp_path):
    """live(NAME): the pipeline on topics of its own, in Avro with a registry; start() runs its services. Dropped at the end."""
    made = []

    def make(name, registry=None):
        made.append(Live(name, pg, kafka, service, unique, tmp_path / name, registry))
        return made[-1]

    yield make
    for one in made:
        one.drop()


@pytest.fixture
def flow(pg, kafka, s3, service, unique, tmp_path):
    """flow(NAME): the stages of schemas/NAME/flow under names of the test's own; buckets go at the end."""
    made = []

    def make(name):
        made.append(Flow(name, service, kafka, s3, pg, unique, tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.drop()
