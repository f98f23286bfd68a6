"""The stack of docker-compose.yml, brought up whole: images built, every container new, all of it gone at the end.

Needs an engine that the `docker` command reaches and Compose 2.20; where there is none, the tests say so and are
skipped. The servers' images must be there or a registry to pull them from; POSTGRES_IMAGE, KAFKA_IMAGE, S3_IMAGE and
MC_IMAGE name others.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile

import pytest

from .stack import ComposeStack


IN_AVRO = "docker-compose.yml:deploy/compose/avro.yml"


def why_not():
    """What is missing to run the stack, or None."""
    if shutil.which("docker") is None:
        return "there is no docker command"
    for command in (("docker", "version"), ("docker", "compose", "version")):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            return f"`{' '.join(command)}`: {(done.stderr or done.stdout).strip()}"
    return None


@pytest.fixture(scope="session")
def compose():
    """The engine, or the reason to skip."""
    reason = why_not()
    if reason:
        pytest.skip(f"no container engine: {reason}")


@pytest.fixture(scope="session")
def images(compose):
    """All images, built once."""
    folder = tempfile.mkdtemp(prefix="sluice-compose-")
    try:
        ComposeStack("sluice-test", folder, "*", COMPOSE_FILE=IN_AVRO).build()
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def stack_of(profile, **environment):
    """The profile, up: `up --wait` has returned."""
    folder = tempfile.mkdtemp(prefix="sluice-compose-")
    stack = ComposeStack(f"sluice-test-{os.getpid()}", folder, profile, **environment)
    try:
        stack.up()
        yield stack
    finally:
        stack.down()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def acme(images):
    with stack_of("acme") as stack:
        yield stack


@pytest.fixture
def up(images):
    """up(PROFILE): its stack, gone at the test's end."""
    with contextlib.ExitStack() as life:
        yield lambda profile, **environment: life.enter_context(stack_of(profile, **environment))
