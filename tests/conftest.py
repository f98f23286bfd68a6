"""Fixtures of the tests against real servers.

SLUICE_TEST_STATE names a state directory of deploy/servers to use and to leave running, which saves the start;
otherwise the session makes one and removes it. SLUICE_BUILD names the build folder (build/dev).
"""

import itertools
import os
import re
import shutil
import tempfile

import pytest

from harness.kafka import Kafka
from harness.postgres import Postgres
from harness.registry import Registry
from harness.s3 import S3
from harness.servers import Stack
from harness.services import Service

numbers = itertools.count(1)


@pytest.fixture(scope="session")
def stack():
    """The servers; each is started by the first fixture that needs it."""
    given = os.environ.get("SLUICE_TEST_STATE")
    if given:
        yield Stack(given)
        return
    folder = tempfile.mkdtemp(prefix="sluice-test-")
    stack = Stack(folder)
    try:
        yield stack
    finally:
        stack.wipe()
        shutil.rmtree(folder)


@pytest.fixture
def kafka(stack):
    stack.need("kafka")
    return Kafka(stack.env("kafka")["SLUICE_KAFKA_BOOTSTRAP"])


@pytest.fixture
def pg(stack):
    stack.need("postgres")
    return Postgres(stack.env("postgres"))


@pytest.fixture
def s3(stack):
    stack.need("s3")
    return S3(stack.env("s3"))


@pytest.fixture
def registry(stack, unique):
    """The schema registry; a test's own subjects, which bear its name, are removed at its end."""
    stack.need("registry")
    registry = Registry(stack.env("registry")["SLUICE_SCHEMA_REGISTRY_URL"])
    yield registry
    stack.start("registry")
    registry.forget(unique)


@pytest.fixture
def unique(request):
    """A word that no other test of this or another session has: for topics, databases, slots, groups, buckets."""
    word = re.sub(r"[^a-z0-9]+", "_", request.node.name.lower()).strip("_")[:24].strip("_")
    return f"{word}_{os.getpid()}_{next(numbers)}"


@pytest.fixture
def database(pg, unique):
    """The name of an empty database, dropped at the end with its slots."""
    pg.create_database(unique)
    yield unique
    pg.drop_database(unique)


@pytest.fixture
def bucket(s3, unique):
    """The name of an empty bucket, removed at the end: the store keeps volumes for each, and has few."""
    name = unique.replace("_", "-")
    s3.make_bucket(name)
    yield name
    s3.remove_bucket(name)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    if outcome.get_result().failed:
        item.failed = True


@pytest.fixture
def service(request, stack, tmp_path, unique):
    """service(NAME, {flag: value}, ...) starts `sluice-NAME` (start=False: only prepares it); see harness.services.

    The servers that the test's other fixtures need are in its environment (PGHOST, S3_ENDPOINT, ...). What a test
    starts never outlives it, nor do the topics that bear its name (fixture unique); after a failure the end of each log is printed. A service that died of a fault
    of its own, or of which a sanitizer spoke, fails the test.
    """
    started = []

    def make(name, flags=None, start=True, env=None, **how):
        one = Service(name, flags, tmp_path, env={**stack.env(), **(env or {})}, **how)
        started.append(one)
        return one.start() if start else one

    yield make
    faults = {one.title: one.faults() for one in started}
    for one in started:
        if getattr(request.node, "failed", False) or faults[one.title]:
            print(one.tail())
    if stack.runs("kafka"):
        Kafka(stack.env("kafka")["SLUICE_KAFKA_BOOTSTRAP"]).forget(unique)
    assert not any(faults.values()), f"a service failed by itself: {faults}"
