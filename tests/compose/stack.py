"""docker-compose.yml under a project name, ports and passwords of its own."""

import json
import os
import random
import socket
import subprocess
import time
from pathlib import Path

from harness import ROOT
from harness.kafka import Kafka
from harness.postgres import Postgres
from harness.s3 import S3

BUILD_S, UP_S = 1800, 300


class ComposeStack:
    def __init__(self, project, folder, profile, **environment):
        self.project, self.profile, self.folder = project, profile, Path(folder)
        self.secrets = self.folder / "secrets"
        subprocess.run([ROOT / "deploy" / "secrets", self.secrets], check=True)
        self.ports = {name: free_port() for name in ("POSTGRES_PORT", "KAFKA_PORT", "S3_PORT")}
        self.env = {**os.environ, "COMPOSE_PROJECT_NAME": project, "SLUICE_SECRETS": str(self.secrets),
                    **{name: str(port) for name, port in self.ports.items()}, **environment}
        self.bootstrap = f"127.0.0.1:{self.ports['KAFKA_PORT']}"

    # --- life ---

    def run(self, *words, deadline_s=60, check=True):
        done = subprocess.run(["docker", *words], cwd=ROOT, env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=deadline_s)
        if check and done.returncode != 0:
            raise AssertionError(f"docker {' '.join(words)}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return done

    def compose(self, *words, **how):
        return self.run("compose", "--profile", self.profile, *words, **how)

    def build(self):
        began = time.monotonic()
        self.run("compose", "--profile", "*", "build", "--quiet", deadline_s=BUILD_S)
        print(f"images built in {time.monotonic() - began:.1f} s")

    def up(self, *services):
        """Returns when all are healthy and every one-shot has done its work."""
        began = time.monotonic()
        done = self.compose("up", "--detach", "--wait", *services, deadline_s=UP_S, check=False)
        if done.returncode != 0:
            logs = self.compose("logs", "--no-color", "--tail", "10", check=False).stdout
            raise AssertionError(f"up: exit {done.returncode}\n{logs}\n{done.stderr[-1000:]}")
        print(f"up {' '.join(services)} in {time.monotonic() - began:.1f} s")

    def down(self, keep=False):
        began = time.monotonic()
        self.run("compose", "--profile", "*", "down", *([] if keep else ["--volumes"]), deadline_s=120)
        print(f"down in {time.monotonic() - began:.1f} s")

    # --- what there is ---

    def containers(self):
        """{service: what `docker inspect` says}, ended ones too."""
        ids = self.run("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={self.project}").stdout.split()
        found = json.loads(self.run("inspect", *ids).stdout) if ids else []
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}

    def health(self, service):
        return self.containers()[service]["State"]["Health"]["Status"]

    def one_off(self, service, *words):
        """A command's standard output: docker compose run --rm SERVICE WORDS."""
        return self.run("compose", "run", "--rm", "--no-TTY", service, *words, deadline_s=120).stdout

    # --- the servers, seen from the host ---

    def postgres(self):
        password = self.folder / "postgres-password"
        password.write_text((self.secrets / "postgres-password").read_text())
        return Postgres({"PGHOST": "127.0.0.1", "PGPORT": str(self.ports["POSTGRES_PORT"]), "PGUSER": "postgres",
                         "PGPASSWORD": password.read_text(), "SLUICE_POSTGRES_PASSWORD_FILE": str(password)})

    def kafka(self):
        return Kafka(self.bootstrap)

    def s3(self, pipeline):
        """The store, as the pipeline's own user."""
        return S3({"S3_ENDPOINT": f"http://127.0.0.1:{self.ports['S3_PORT']}", "AWS_REGION": "us-east-1",
                   "AWS_ACCESS_KEY_ID": pipeline, "AWS_SECRET_ACCESS_KEY": self.secret(f"{pipeline}-s3-secret-key")})

    def secret(self, name):
        return (self.secrets / name).read_text()

    def files(self, service):
        """A copy of the one-shot's /data."""
        folder = self.folder / f"{service}-data"
        self.run("cp", f"{self.containers()[service]['Id']}:/data", str(folder))
        return folder


def free_port():
    """Below the range that outgoing connections take."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
