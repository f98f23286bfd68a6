"""The release build, for benchmarks. To be imported before the rest of the harness: it makes that run these programs."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("SLUICE_BENCH_BUILD") or ROOT / "build" / "release").absolute()
os.environ["SLUICE_BUILD"] = str(BUILD)


def build(*targets):
    """Builds them; ends with what the build says when it fails."""
    commands = [["ninja", "-C", str(BUILD), *targets]]
    if not (BUILD / "build.ninja").exists():
        commands.insert(0, ["cmake", "--preset", "release", "-B", str(BUILD)])
    for command in commands:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stdout[-4000:] + done.stderr)
