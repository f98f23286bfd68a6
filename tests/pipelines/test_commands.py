"""The commands of schemas/*/README.md, typed as they stand there, from the demo on: each ends with the exit status that the README
states. Where it states another one as well ("69 without a database"), that is brought about too."""

import os
import re
import shutil
import subprocess
import time

import pytest
from gates.readme_commands import commands

from harness import ROOT
from harness.mail import MailServer
from harness.services import BUILD, environment
from harness.services import words as words_of
from harness.typed import Shell, words

pytestmark = pytest.mark.xdist_group("demo")  # one after the other: they share the demo's servers

ROWS = "3000"  # of the largest file; 1000 and less leave views without rows
NOWHERE = "127.0.0.1:1"
SOON = "SLUICE_SQL_ROWS_GIVE_UP_AFTER=1s SLUICE_OBJECTS_GIVE_UP_AFTER=1s"
BROKEN = "mkdir -p none/release; touch none/release/build.ninja; export SLUICE_BUILD=$PWD/none/release SLUICE_DEMO_STATE=$PWD/none; {}"
NO_DEMO = "export SLUICE_DEMO_STATE=$PWD/none; {}"
SERVICES = {  # what each must be told besides
    "postgres-cdc": {},
    "sql-rows": {"topic-prefix": "prefix"},
    "objects": {"topic": "topic", "input": "file"},
    "views": {},
    "postgres-upsert": {"pipeline": "pipeline"},
    "s3-objects": {"topics": "topic", "pipeline": "pipeline", "s3-bucket": "bucket"},
    "report": {},
    "datagen": {"dataset": "retail"},
}
ORIGINALS = {  # the variables that each original reads
    "telco": "",
    "countries": "MINIO_URL MINIO_ACCESS_KEY MINIO_SECRET_KEY BUCKET_NAME DB_USER DB_PASSWORD DB_HOST DB_PORT DB_NAME AWS_PROFILE"
                 " AWS_REGION S3_BUCKET_NAME S3_FOLDER_PREFIX API_BASE_URL",
    "acme": "",
    "products": "DB_TYPE DB_MEMORY CSV_FILE_PATH KAFKA_BOOTSTRAP_SERVERS KAFKA_TOPIC KAFKA_ACKS KAFKA_RETRIES KAFKA_BATCH_SIZE"
                " KAFKA_LINGER_MS KAFKA_BUFFER_MEMORY DEFAULT_DAYS_BACK ARTICLE_STATUS LOG_LEVEL LOG_BACKUP_COUNT ENV MINIO_ENDPOINT"
                " MINIO_ACCESS_KEY MINIO_SECRET_KEY MINIO_REGION S3_BUCKET S3_JSON_KEY S3_XML_KEY",
    "retail": "num_customers num_transactions num_products data_dir",
}
FAILURES = {  # as READMEs word them: how a command comes to that
    "when a stage fails": BROKEN,
    "when a step fails": BROKEN,
    "when a step fails or a table differs from PostgreSQL's answer": BROKEN,
    "when something of it does not run": NO_DEMO,
    "before the first demo": NO_DEMO,
    "before the first `run`": NO_DEMO,
    "and the same for a word that is none": ("help$", "none"),
    "without a database": "export PGPORT=1; {}",
    "without a broker": f"export SLUICE_KAFKA_BOOTSTRAP={NOWHERE} {SOON}; {{}}",
    "without a store": f"export S3_ENDPOINT=http://{NOWHERE} {SOON}; {{}}",
    "without a mail server": f"export SMTP_URL=smtp://{NOWHERE}; {{}}",
    "without a place to write": "export SLUICE_REPORT_EXPORT_DIR=/proc/none; {}",
    "without the file": "{} --load-csv=data/none.csv",
    "without an object": "{} --input=s3://raw/none.csv",
    "for a feed that is cut": "head -c 3000 data/products.json >data/cut.json; {} --input=data/cut.json",
    "for no such report": ("sluice-report [a-z_]+", "sluice-report none"),
    "for no such service": ("logs.*", "logs none"),
}


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    folder = tmp_path_factory.mktemp("typed")
    mail = MailServer(folder, tls=None)
    shell = Shell(folder, SLUICE_DATAGEN_ROWS=ROWS, SMTP_URL=mail.url(), SLUICE_REPORT_SMTP_TLS="off")
    shell.mail = mail
    yield shell
    mail.close()
    assert shell.run("./deploy/demo reset")[0] == 0
    shutil.rmtree(folder)


def to_type(name):
    """The README's commands, each once; what ends the demo comes last. Containers are the business of tests/compose."""
    found = {}
    for command in commands((ROOT / "schemas" / name / "README.md").read_text(encoding="utf-8")):
        if command.stated is not None and not command.text.startswith("docker compose "):
            key = words(command.text)
            found[key] = [command.line, command.text, ";".join([*found.get(key, ["", "", ""])[2:], command.stated])]
    ends = [key for key in found if re.fullmatch(r"\./deploy/demo (stop|reset)", key)]
    return [found[key] for key in [*(key for key in found if key not in ends), *ends]]


def failing(stated, command):
    """(exit status, what to type for it) of each failure that is stated."""
    for status, phrase in re.findall(r"(\d+) ([a-z][^,;|]*)", stated):
        how = FAILURES[phrase.strip()]
        bare = command.partition(" # ")[0].rstrip()
        yield int(status), re.sub(*how, bare) if isinstance(how, tuple) else how.format(bare)


@pytest.mark.parametrize("name", ["countries", "products", "retail", "acme", "telco"])  # telco ends with a reset
def test_as_typed(shell, name):
    findings, said = [], {}
    for line, command, stated in to_type(name):
        runs_on = re.search(r"until (it is )?stopped", stated)
        ways = [(int(re.search(r"\d+|$", stated)[0] or 0), shell.type_and_stop if runs_on else shell.type, command)]
        ways += [(status, shell.run, typed) for status, typed in failing(stated, command)]
        for want, how, typed in ways:
            began = time.monotonic()
            status, said[typed] = how(typed)
            print(f"{time.monotonic() - began:6.1f} s  exit {status}  {typed}")
            if status != want:
                findings.append(f"schemas/{name}/README.md:{line}: {typed}\n  ends with {status}, not {want}:\n{said[typed][-1500:]}")
    assert not findings, "\n".join(findings)
    assert len(said) >= 5
    if name == "acme":
        check_acme(shell, said)


@pytest.mark.parametrize("name", ["countries", "products", "retail", "acme", "telco"])
def test_env_sample(name, tmp_path):
    """Each of the original's variables is named. Sourced as its first line says, each of ours is an option of its service."""
    (tmp_path / "schemas").symlink_to(ROOT / "schemas")
    sample = ROOT / "schemas" / name / ".env.sample"
    env, taken = sourced(sample), set()
    wanted = set(re.findall(r"^(SLUICE_\w+)=", sample.read_text(encoding="utf-8"), re.M))
    for service, needed in SERVICES.items():
        prefix = f"SLUICE_{upper(service)}_"
        given = {word: value for word, value in env.items() if word.startswith(prefix)}
        if given:
            flags = {flag: value for flag, value in needed.items() if prefix + upper(flag) not in given}
            said = first_words(service, flags, given, tmp_path)
            assert "msg=starting" in said or service == "report" and "there is no report" in said, said
            taken |= set(given)
    assert len(wanted) >= 9 and taken == wanted
    assert set(ORIGINALS[name].split()) <= set(re.findall(r"\w+", sample.read_text(encoding="utf-8")))


def upper(word):
    return word.upper().replace("-", "_")


def sourced(file):
    """The environment after `set -a; . FILE; set +a` in an empty one."""
    done = subprocess.run(["bash", "-c", f"set -a; . {file}; set +a; env -0"], env={"PATH": os.environ["PATH"]},
                          check=True, timeout=30, capture_output=True, text=True)
    return dict(word.split("=", 1) for word in done.stdout.split("\0") if "=" in word)


def first_words(service, flags, given, folder):
    """What a service says once it has read its options, which is before it reaches for a server."""
    command = [BUILD / "bin" / f"sluice-{service}", *(["none"] if service == "report" else ["--http-port=-1"])]
    one = subprocess.Popen([*command, *words_of(flags)], cwd=folder, env=environment(given), text=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = next((line for line in one.stderr if "msg=starting" in line or "level=error" in line), "nothing")
    one.kill()
    one.communicate(timeout=30)
    return said


def check_acme(shell, said):
    """The mail came; the run at a scale tells its rates."""
    ((_, _, message),) = shell.mail.mails
    assert len(list(message.iter_attachments())) >= 4
    (text,) = (text for command, text in said.items() if "--scale" in command)
    rows = re.search(r"--scale (\d+)", " ".join(said))[1]
    assert len(re.findall(r"^  gold\.\w+: \d+ rows, equal$", text, re.M)) >= 8
    snapshot, stream = re.findall(r": (\d+) in [\d.]+ s, \d+ a second, [\d.]+ % of the goal of 166667$", text, re.M)
    assert int(snapshot) >= int(rows) and int(stream) == int(rows) // 10
