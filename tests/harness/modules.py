"""Python packages that Debian does not have: those of tests/requirements.txt, held to their hashes, in a folder of their own."""

import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from . import ROOT

REQUIREMENTS = ROOT / "tests" / "requirements.txt"


def folder():
    """Where they are; fetched once for each content of the list."""
    cache = Path(os.environ.get("SLUICE_CACHE") or Path.home() / ".cache" / "sluice")
    home = cache / f"python-{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]}"
    if not home.exists():
        cache.mkdir(parents=True, exist_ok=True)
        part = tempfile.mkdtemp(prefix=f"{home.name}.", dir=cache)
        subprocess.run(
            ["/usr/bin/python3", "-m", "pip", "install", "-q", "--no-deps", "--only-binary", ":all:", "--require-hashes",
             "--root-user-action", "ignore", "--disable-pip-version-check", "--target", part, "-r", str(REQUIREMENTS)],
            check=True, timeout=600,
        )
        try:
            os.rename(part, home)
        except OSError:  # another session was faster
            shutil.rmtree(part)
    return home


def need(name):
    """Imports a package of the list."""
    place = str(folder())
    if place not in sys.path:
        sys.path.append(place)
    return importlib.import_module(name)
