"""The manifests of deploy/kubernetes: valid, and with options that the services have.

`kubeconform` checks them where it is installed; SLUICE_KUBERNETES_SCHEMAS names its -schema-location (its own
default is on the internet).
"""

import os
import re
import shutil
import subprocess

import pytest

from harness import ROOT

MANIFESTS = sorted((ROOT / "deploy" / "kubernetes").glob("*/*.yaml"))
KINDS = {"postgres-cdc", "views", "postgres-upsert", "s3-objects"}


def options_of(service):
    """The flags in the service's section of CONFIGURATION.md."""
    section = re.search(rf"^## {service}$(.*?)(?=^## |\Z)", (ROOT / "CONFIGURATION.md").read_text(), re.M | re.S)[1]
    return set(re.findall(r"^\| `(--[a-z0-9-]+)", section, re.M))


def test_manifests_use_the_options_there_are():
    seen = set()
    for path in MANIFESTS:
        text = path.read_text()
        for service in re.findall(r"^\s+image: sluice/([a-z0-9-]+):\d", text, re.M):
            flags = re.findall(r"^\s+- (--[a-z0-9-]+)=", text, re.M)
            assert flags and set(flags) <= options_of(service), f"{path}: {set(flags) - options_of(service)}"
            seen.add(service)
    assert seen == KINDS


def test_manifests_are_valid():
    if shutil.which("kubeconform") is None:
        pytest.skip("there is no kubeconform command")
    done = subprocess.run(
        ["kubeconform", "-strict", "-summary", "-schema-location", os.environ.get("SLUICE_KUBERNETES_SCHEMAS", "default"),
         *MANIFESTS], capture_output=True, text=True, timeout=120)
    print(done.stdout)
    assert done.returncode == 0 and "Valid: 0" not in done.stdout and "Skipped: 0" in done.stdout, done.stdout + done.stderr
