"""A disk that is soon full: a small tmpfs. Mounting needs root; without it the test skips, saying so."""

import contextlib
import os
import subprocess
from pathlib import Path

import pytest


class Disk:
    """`path` is its root; what it holds is gone at the end."""

    def __init__(self, path):
        self.path = Path(path)
        self._ballast = self.path / ".ballast"

    def fill(self, leave=0):
        """Takes all that is free, but `leave` bytes."""
        with open(self._ballast, "ab") as file:
            left = os.statvfs(self.path)
            size = max(left.f_bavail * left.f_frsize - leave, 0)
            if size:
                os.posix_fallocate(file.fileno(), file.tell(), size)

    def free(self):
        self._ballast.unlink()


@contextlib.contextmanager
def small_disk(path, size="4m"):
    path.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "tmpfs", str(path)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"a small disk needs the right to mount one: {done.stderr.strip()}")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
