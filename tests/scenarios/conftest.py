"""Fixtures of the scenarios: whole pipelines."""

import os

import pytest

from harness import ROOT
from harness.acme import Acme


@pytest.fixture
def make_acme(service, kafka, pg, unique, tmp_path, request):
    """make_acme(objects=False, **flags of services) gives an acme pipeline with empty databases, dropped at the end."""
    made = []

    def make(objects=False, flags=None, word=""):
        s3, bucket = None, None
        if objects:
            s3, bucket = request.getfixturevalue("s3"), request.getfixturevalue("bucket")
        folder = tmp_path / (word or "acme")
        folder.mkdir()
        one = Acme(service, kafka, pg, f"{unique}{word}", folder, s3, bucket, flags)
        made.append(one)
        return one.create_source().create_target()

    yield make
    for one in made:
        one.drop()


@pytest.fixture
def shared_data():
    """Fixed data that is no part of the project; a test that needs it skips where it is absent."""
    folder = os.environ.get("SLUICE_SHARED") or ROOT.parent / "shared"
    path = ROOT.__class__(folder) / "data"
    if not path.is_dir():
        pytest.skip(f"{path} is not there: this test compares with data that the project does not ship")
    return path
