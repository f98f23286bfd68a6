"""The manifests of deploy/kubernetes: valid, and with options that the services have."""

import re

from harness import ROOT

from .kubernetes import complaints, kubeconform

MANIFESTS = sorted((ROOT / "deploy" / "kubernetes").glob("*/*.yaml"))
KINDS = {"postgres-cdc", "objects", "sql-rows", "views", "postgres-upsert", "s3-objects"}


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


def test_manifests_name_what_there_is():
    """Each pipeline of schemas/ has a folder; its pods ask its own ConfigMap for keys that are in it, and its Secret for no more than theirs."""
    folders = {path.parent.name for path in MANIFESTS}
    assert folders == {path.parent.name for path in (ROOT / "schemas").glob("*/pipeline.sql")}
    for path in MANIFESTS:
        name, text = path.parent.name, path.read_text()
        config = (path.parent / "config.yaml").read_text()
        for owner, key in re.findall(r"configMapKeyRef: \{name: ([a-z-]+), key: ([a-z0-9-]+)\}", text):
            assert owner == name and f"\n  {key}: " in config, (path, owner, key)
        assert set(re.findall(r"secretName: ([a-z-]+)", text)) <= {name}, path
        read, given = (set(re.findall(rf, text)) for rf in (r"-file=/run/secrets/sluice/([a-z0-9-]+)", r"items: \[\{key: ([a-z0-9-]+),"))
        assert read == given, path
        for image in re.findall(r"image: sluice/([a-z0-9-]+)", text):
            assert (path.name == f"{image}.yaml" or path.name.startswith(f"{image}-")) and "readOnlyRootFilesystem: true" in text, path


def test_manifests_are_valid():
    told = [complaints(path) for path in MANIFESTS]
    assert not [words for _number, words in told if words]
    resources = sum(number for number, _words in told)
    assert resources > len(MANIFESTS)
    said = kubeconform(MANIFESTS)
    if said is not None:  # the same schemas, by the tool of the trade
        print(said)
        assert f"Valid: {resources}, Invalid: 0, Errors: 0, Skipped: 0" in said, said


def test_a_manifest_that_is_not_valid_is_found(tmp_path):
    """A word that the API does not know, and a number where it wants a text."""
    text = (ROOT / "deploy" / "kubernetes" / "telco" / "views.yaml").read_text()
    for number, (word, other) in enumerate((("replicas:", "replicaz:"), ("serviceName: ", "serviceName: 7 # "))):
        assert word in text
        bad = tmp_path / f"{number}.yaml"
        bad.write_text(text.replace(word, other, 1))
        assert len(complaints(bad)[1]) == 1
        assert "Invalid: 1" in (kubeconform([bad]) or "Invalid: 1")
