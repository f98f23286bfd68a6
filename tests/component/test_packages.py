"""The list of packages against what was built."""

import re
import subprocess
from pathlib import Path

import pytest

from harness import ROOT
from harness.services import BUILD


def packages(*sections):
    done = subprocess.run([str(ROOT / "deploy" / "install"), "--list", *sections], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def libraries(binary):
    """The files that the program names itself, as the loader finds them; not what those need in turn."""
    dynamic = subprocess.run(["objdump", "-p", str(binary)], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"NEEDED +(\S+)", dynamic)
    found = dict(re.findall(r"(\S+) => (/\S+)", subprocess.run(["ldd", str(binary)], capture_output=True, text=True).stdout))
    return [Path(found[name]).resolve() for name in names if name in found]


def owner(path):
    done = subprocess.run(["dpkg-query", "-S", str(path)], capture_output=True, text=True)
    if done.returncode != 0:  # /lib is a link to /usr/lib, and dpkg knows one of the two
        done = subprocess.run(["dpkg-query", "-S", str(path).removeprefix("/usr")], capture_output=True, text=True, check=True)
    return done.stdout.partition(":")[0]


def test_the_images_hold_what_the_binaries_load():
    binaries = sorted((BUILD / "bin").glob("sluice-*"))
    if not binaries:
        pytest.skip(f"nothing is built in {BUILD}")
    listed = packages("run") | {"libc6", "libgcc-s1"}
    for binary in binaries:
        loaded = {owner(path) for path in libraries(binary)}
        print(f"{binary.name}: {' '.join(sorted(loaded))}")
        assert loaded <= listed, binary.name


def test_a_section_takes_in_another():
    assert packages("build") < packages("test") and "postgresql-15" in packages("test")
    unknown = subprocess.run([str(ROOT / "deploy" / "install"), "--list", "none"], capture_output=True, text=True)
    assert unknown.returncode == 1 and "[none]" in unknown.stderr
