"""What a person got wrong is said once, clearly and soon: the flag or place, the value, what would be right.

A refused start ends with the status of sysexits.h that says which kind of mistake it was, and never shows a secret.
A server that never answered may only be away: postgres-cdc and s3-objects leave after thirty seconds with 69, for whoever
started them to decide; report and datagen, which a person waits for, leave with 69 as soon as they know; views and
postgres-upsert, which hold no place anywhere before the broker answers, wait for it, not ready.
"""

import re
import secrets
import time
from pathlib import Path

import pytest

from harness.acme import SCHEMAS
from harness.services import run

USAGE, DATA, NO_INPUT, UNAVAILABLE, CANNOT_CREATE, REFUSED, CONFIGURATION = 64, 65, 66, 69, 73, 77, 78
SOON_S = 10  # no server is asked, or it answers at once
PATIENCE_S = 60  # thirty seconds of waiting are part of the answer
NOWHERE = "127.0.0.1:1"
SECRET = secrets.token_hex(12)

SERVICES = ("postgres-cdc", "views", "postgres-upsert", "s3-objects", "report", "datagen")
WITH_KAFKA = ("postgres-cdc", "views", "postgres-upsert", "s3-objects")
WITH_POSTGRES = ("postgres-cdc", "postgres-upsert", "report", "datagen")
PIPELINE = SCHEMAS / "pipeline.sql"

# enough for each to start; servers are added where they are part of the question
FLAGS = {
    "postgres-cdc": {"topic-prefix": "refusals", "tables": ["operations.orders"]},
    "views": {"file": PIPELINE, "pipeline": "refusals"},
    "postgres-upsert": {"pipeline": "refusals", "target": SCHEMAS / "target.sql"},
    "s3-objects": {"pipeline": "refusals", "topics": ["refusals.gold.open_orders"], "s3-bucket": "refusals",
                   "s3-endpoint": f"http://{NOWHERE}", "s3-access-key": "key"},
    "report": {"query": "top_dates", "reports": SCHEMAS / "reports"},
    "datagen": {"dataset": "acme"},
}
ERROR = re.compile(r'^(?:ts=\S+ level=error service=(\S+) msg=("(?:[^"\\]|\\.)*"|\S+)).*$', re.M)


def errors_of(output, name):
    """The messages of all lines at error level; each is the service's own."""
    found = ERROR.findall(output)
    assert all(service == name for service, _ in found), output
    plain = [text[1:-1] if text.startswith('"') else text for _, text in found]
    return [re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text) for text in plain]


def check_message(name, output, parts):
    """Exactly one message at error level, with all its parts."""
    messages = errors_of(output, name)
    assert len(messages) == 1, output
    print(f"{name}: {messages[0]}")
    missing = [part for part in parts if part not in messages[0]]
    assert not missing, f"{name} does not say {missing}: {messages[0]}"


def refused(name, flags, status, *parts, env=None, arguments=(), hidden=(), deadline_s=SOON_S):
    """Started so, it ends with the status and one message; what is hidden stands nowhere."""
    began = time.monotonic()
    done = run(name, flags, arguments, env, deadline_s)
    output = done.stdout + done.stderr
    assert not [one for one in (SECRET, *hidden) if one in output], f"{name} shows a secret"
    assert done.returncode == status, f"{name} left with {done.returncode}, not {status}:\n{output}"
    check_message(name, output, parts)
    print(f"{name}: status {status} after {time.monotonic() - began:.1f} s")


@pytest.fixture
def hidden(stack, pg, s3, kafka):
    """All servers run; their secrets."""
    return [Path(pg.password_file).read_text().strip(), s3.secret_key]


@pytest.fixture
def with_servers(stack, hidden, bucket, database, pg, kafka, s3, tmp_path):
    """with_servers(NAME, **flags) gives flags and environment with which NAME reaches all its servers."""
    pg.run_file(database, SCHEMAS / "source.sql")

    def give(name, **flags):
        shared = {"kafka-bootstrap": kafka.bootstrap} if name in WITH_KAFKA else {}
        shared |= {"postgres-url": f"dbname={database}"} if name in WITH_POSTGRES else {}
        own = {"postgres-cdc": {"topic-prefix": database}, "views": {"pipeline": database, "state-dir": tmp_path / "state"},
               "postgres-upsert": {"pipeline": database},
               "s3-objects": {"pipeline": database, "s3-bucket": bucket, "s3-endpoint": s3.endpoint,
                              "s3-access-key": s3.access_key}}.get(name, {})
        return {**FLAGS[name], **shared, **own, **{flag.replace("_", "-"): value for flag, value in flags.items()}}, stack.env()

    return give


# --- the command line, the environment, the configuration file ---

BAD_VALUES = [
    ("postgres-cdc", "commit-interval", "200", ["unit", "500ms"]),
    ("postgres-cdc", "commit-records", "0", ["between 1 and"]),
    ("postgres-cdc", "commit-records", "many", ["whole number"]),
    ("postgres-cdc", "commit-size", "8", ["between 1024 and"]),
    ("postgres-cdc", "snapshot-mode", "always", ["initial, never"]),
    ("postgres-cdc", "tombstones-on-delete", "perhaps", ["true or false"]),
    ("postgres-cdc", "topic-prefix", "a b", ["topic"]),
    ("postgres-cdc", "tables", "orders", ["SCHEMA.TABLE"]),
    ("postgres-cdc", "slot", "Upper", ["lower case"]),
    ("views", "commit-interval", "1", ["unit"]),
    ("views", "batch-rows", "1000001", ["between 1 and 1000000"]),
    ("views", "state-size", "lots", ["MiB"]),
    ("views", "kafka-sasl-mechanism", "GSSAPI", ["PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"]),
    ("postgres-upsert", "flush-interval", "5x", ["unit"]),
    ("postgres-upsert", "batch-rows", "0", ["between 1 and"]),
    ("postgres-upsert", "topics", "orders", ["TOPIC"]),
    ("s3-objects", "rotate-interval", "60", ["unit"]),
    ("s3-objects", "rotate-records", "0", ["between 1 and"]),
    ("s3-objects", "format", "json,yaml", ["yaml", "csv, json, ndjson, parquet, xml"]),
    ("s3-objects", "s3-timeout", "-1s", []),
    ("report", "postgres-connect-timeout", "5", ["unit"]),
    ("report", "query", "top_cats", ["top_dates"]),
    ("datagen", "rate", "-1", ["between 0 and"]),
    ("datagen", "churn-percent", "101", ["between 0 and 100"]),
    ("datagen", "dataset", "sales", ["acme", "retail"]),
]


@pytest.mark.parametrize("name", SERVICES)
def test_unknown_flags_are_refused(name):
    refused(name, {**FLAGS[name], "no-such-flag": 1}, USAGE, "--no-such-flag", "--help")
    refused(name, {}, USAGE, "-x", "--help", arguments=["-x"])


def variable(name, option):
    return f"SLUICE_{name}_{option}".upper().replace("-", "_")


@pytest.mark.parametrize("name, flag, value, right", BAD_VALUES, ids=[f"{row[0]}-{row[1]}-{row[2]}" for row in BAD_VALUES])
def test_bad_values_are_refused(name, flag, value, right):
    refused(name, {**FLAGS[name], flag: value}, USAGE, f"--{flag}", value.split(",")[-1], *right)


@pytest.mark.parametrize("name", SERVICES)
def test_values_of_every_service_are_checked_alike(name, tmp_path):
    """A value that is wrong is refused wherever it stands; the place is named: flag, variable, or line of a file."""
    option = "http-port" if name != "report" else "postgres-connect-timeout"
    refused(name, {**FLAGS[name], option: "x1"}, USAGE, f"--{option}", '"x1"')
    refused(name, FLAGS[name], CONFIGURATION, variable(name, option), '"x1"', env={variable(name, option): "x1"})
    file = tmp_path / "service.conf"
    for text, parts in [(f"# fine\n{option} = x1\n", [f"{file}:2", option, '"x1"']),
                        ("\n\nno-such-flag = 1\n", [f"{file}:3", "no-such-flag"]),
                        ("just words\n", [f"{file}:1", "name = value"])]:
        file.write_text(text)
        refused(name, {**FLAGS[name], "config": file}, CONFIGURATION, *parts)
    refused(name, {**FLAGS[name], "config": tmp_path / "absent.conf"}, NO_INPUT, "--config", "absent.conf")


@pytest.mark.parametrize("name, flag", [("postgres-cdc", "topic-prefix"), ("views", "file"), ("postgres-upsert", "pipeline"),
                                        ("s3-objects", "pipeline"), ("s3-objects", "topics"), ("s3-objects", "s3-bucket"),
                                        ("report", "query"), ("datagen", "dataset")])
def test_missing_flags_are_named(name, flag):
    refused(name, {**FLAGS[name], flag: None}, USAGE, f"--{flag} is required", variable(name, flag))


@pytest.mark.parametrize("name, secret", [
    *((name, "kafka-password") for name in WITH_KAFKA), *((name, "postgres-password") for name in WITH_POSTGRES),
    ("s3-objects", "s3-secret-key"), ("s3-objects", "s3-session-token")])
def test_a_secret_in_the_open_is_refused_and_not_shown(name, secret, tmp_path):
    right = (variable(name, secret), f"--{secret}-file")
    refused(name, {**FLAGS[name], secret: SECRET}, USAGE, f"--{secret}", *right)
    refused(name, {}, USAGE, f"--{secret}", *right, arguments=[f"--{secret}", SECRET])
    refused(name, {}, USAGE, f"-{secret}", "--help", arguments=[f"-{secret}={SECRET}"])
    file = tmp_path / "service.conf"
    file.write_text(f"{secret} = {SECRET}\n")
    refused(name, {**FLAGS[name], "config": file}, CONFIGURATION, f"{file}:1", secret, *right)
    refused(name, {**FLAGS[name], f"{secret}-file": tmp_path / "absent"}, NO_INPUT, f"--{secret}-file", "absent")


@pytest.mark.parametrize("name", WITH_POSTGRES)
def test_a_url_with_a_password_is_refused_and_not_shown(name):
    for url in (f"postgresql://somebody:{SECRET}@127.0.0.1:1/db", f"host=127.0.0.1 port=1 password={SECRET}",
                f"host=127.0.0.1 pasword={SECRET}"):
        refused(name, {**FLAGS[name], "postgres-url": url}, CONFIGURATION, "--postgres-url")


@pytest.mark.parametrize("name", WITH_KAFKA)
def test_bad_properties_of_the_client_are_refused(name, with_servers, hidden):
    for given, parts in [("no.such.property=1", ["no.such.property"]), ("fetch.min.bytes=none", ["fetch.min.bytes"]),
                         ("linger", ["NAME=VALUE"]), ("group.id=mine", ["group.id", "decided by Sluice"]),
                         (f"ssl.key.password.none={SECRET}", ["ssl.key.password.none"])]:
        flags, env = with_servers(name, kafka_config=given)
        refused(name, flags, USAGE, "--kafka-config", *parts, env=env, hidden=hidden)


# --- files ---

UNSUPPORTED = """CREATE FOREIGN TABLE bronze.orders (order_id bigint PRIMARY KEY, status text)
  SERVER kafka OPTIONS (topic 'refusals.operations.orders', format 'debezium');
CREATE MATERIALIZED VIEW silver.orders AS
  SELECT order_id, %s AS answer FROM bronze.orders;
"""


@pytest.mark.parametrize("way", ["file", "check", "explain", "oracle", "ddl", "local"])
def test_sql_that_is_not_supported_is_refused_with_its_place(way, tmp_path):
    """Line, column, reason, and the line with a caret under the place: when only asked and when told to run."""
    path = tmp_path / "pipeline.sql"
    for expression, reason in [("random()", "random() changes by itself"), ("no_such(status)", "no_such"),
                               ("status +", "syntax error"), ("missing", "missing")]:
        path.write_text(UNSUPPORTED % expression)
        line = path.read_text().splitlines()[3]
        column = line.index(expression) + 1
        flags = {"file": path, "local": tmp_path} if way == "local" else {way: path}
        done = run("views", {**flags, "pipeline": "refusals", "kafka-bootstrap": NOWHERE if way == "file" else None}, deadline_s=SOON_S)
        assert done.returncode == DATA and done.stdout == "", done
        if way == "file":
            (text,) = errors_of(done.stderr, "views")
        else:
            text = done.stderr.rstrip("\n")
        first, shown, caret = text.split("\n")
        assert re.match(rf"{re.escape(str(path))}:4:\d+: ", first) and reason in first, text
        assert shown == line and re.fullmatch(r" *\^", caret), text
        if reason != "syntax error":
            assert f":4:{column}: " in first and len(caret) == column, text


def test_missing_files_are_named(tmp_path, with_servers, hidden):
    absent = tmp_path / "absent.sql"
    for way in ("check", "explain", "oracle", "ddl"):
        done = run("views", {way: absent}, deadline_s=SOON_S)
        assert done.returncode == NO_INPUT and f"--{way}" in done.stderr and str(absent) in done.stderr, done
        assert done.stderr.count("\n") == 1
    refused("views", {**FLAGS["views"], "file": absent, "kafka-bootstrap": NOWHERE}, NO_INPUT, "--file", str(absent))
    refused("postgres-upsert", {**FLAGS["postgres-upsert"], "target": absent}, NO_INPUT, "--target", str(absent))
    refused("report", {**FLAGS["report"], "reports": absent}, NO_INPUT, "--reports", str(absent))
    flags, env = with_servers("datagen", replay=absent)
    refused("datagen", flags, NO_INPUT, "--replay", str(absent), env=env, hidden=hidden)
    for name in WITH_KAFKA:
        flags, env = with_servers(name, kafka_ca_file=absent)
        refused(name, flags, NO_INPUT, "--kafka-ca-file", str(absent), env=env, hidden=hidden)


def test_folders_that_cannot_be_written_are_named(tmp_path, with_servers, hidden):
    """Behind a file nobody can make a folder, root neither."""
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file" / "state", Path("/proc/sluice")):
        flags, env = with_servers("views", state_dir=folder)
        refused("views", flags, CANNOT_CREATE, "--state-dir", str(folder), env=env, hidden=hidden)
        flags, env = with_servers("report", export=True, export_dir=folder)
        refused("report", flags, CANNOT_CREATE, "--export-dir", str(folder), env=env, hidden=hidden)
    # also before the broker answers, and on an instance that would stand by
    refused("views", {**FLAGS["views"], "state-dir": folder, "kafka-bootstrap": NOWHERE}, CANNOT_CREATE, "--state-dir", str(folder))


# --- servers ---

@pytest.mark.parametrize("name", WITH_POSTGRES)
def test_postgres_that_refuses(name, with_servers, hidden, pg, tmp_path):
    wrong = tmp_path / "wrong"
    wrong.write_text(SECRET + "\n")
    flags, env = with_servers(name, postgres_password_file=wrong)
    refused(name, flags, REFUSED, "--postgres-password-file", f'password authentication failed for user "{pg.user}"',
            env=env, hidden=hidden)
    flags, env = with_servers(name, postgres_url="dbname=no_such_database")
    refused(name, flags, CONFIGURATION, "--postgres-url", 'database "no_such_database" does not exist', env=env, hidden=hidden)
    flags, env = with_servers(name, postgres_url="dbname=postgres user=no_such_role")
    refused(name, flags, REFUSED, "--postgres-url", "no_such_role", env=env, hidden=hidden)
    flags, env = with_servers(name)
    without = {key: value for key, value in env.items() if "PASSWORD" not in key and key != "PGPASSFILE"}
    refused(name, flags, REFUSED, "--postgres-password-file", env={**without, "PGPASSFILE": "/dev/null"}, hidden=hidden)


def test_tables_that_are_missing(with_servers, hidden, pg, database):
    flags, env = with_servers("postgres-cdc", tables=["operations.orders", "operations.cats"])
    refused("postgres-cdc", flags, CONFIGURATION, "--tables", "operations.cats", env=env, hidden=hidden)
    flags, env = with_servers("report")
    refused("report", flags, CONFIGURATION, "top_dates", "gold.top_dates", "does not exist", env=env, hidden=hidden)
    pg.execute(database, "DROP SCHEMA operations CASCADE")
    flags, env = with_servers("datagen")
    refused("datagen", flags, CONFIGURATION, "operations.orders", "--create", env=env, hidden=hidden)


def test_a_store_that_refuses(with_servers, hidden, tmp_path):
    flags, env = with_servers("s3-objects", s3_bucket="no-such-bucket")
    refused("s3-objects", flags, CONFIGURATION, "--s3-bucket no-such-bucket", env=env, hidden=hidden)
    wrong = tmp_path / "wrong"
    wrong.write_text(SECRET + "\n")
    flags, env = with_servers("s3-objects", s3_secret_key_file=wrong)
    refused("s3-objects", flags, REFUSED, "--s3-secret-key-file", env=env, hidden=hidden)
    refused("s3-objects", with_servers("s3-objects")[0], REFUSED, "--s3-secret-key-file",
            env={**env, "AWS_SECRET_ACCESS_KEY": SECRET}, hidden=hidden)
    flags, _ = with_servers("s3-objects", s3_access_key="nobody")
    refused("s3-objects", flags, REFUSED, "--s3-access-key", "nobody", env=env, hidden=hidden)
    refused("s3-objects", {**flags, "s3-access-key": None}, CONFIGURATION, "--s3-access-key",
            env={key: value for key, value in env.items() if not key.startswith("AWS_")})
    flags, env = with_servers("s3-objects", s3_endpoint="ftp://127.0.0.1")
    refused("s3-objects", flags, CONFIGURATION, "--s3-endpoint", "ftp://127.0.0.1", "http://HOST:PORT", env=env, hidden=hidden)


@pytest.mark.parametrize("name", ["views", "postgres-upsert"])
def test_a_broker_that_never_answers_is_waited_for(name, with_servers, hidden, service):
    flags, env = with_servers(name, kafka_bootstrap=NOWHERE)
    one = service(name, flags, env=env)
    says_soon(one, "--kafka-bootstrap", NOWHERE)
    one.wait_unready(5)
    assert one.terminate(5) == 0, one.tail()
    assert not errors_of(one.log(), name) and not [secret for secret in hidden if secret in one.log()]


@pytest.mark.parametrize("name", ["report", "datagen"])
def test_a_database_that_does_not_answer_a_person(name, with_servers, hidden):
    flags, env = with_servers(name, postgres_url="host=127.0.0.1 port=1 dbname=db")
    refused(name, flags, UNAVAILABLE, "--postgres-url", "127.0.0.1", "port 1", env=env, hidden=hidden)


def test_a_target_that_never_answers_is_waited_for(with_servers, hidden, service):
    flags, env = with_servers("postgres-upsert", postgres_url="host=127.0.0.1 port=1 dbname=db")
    one = service("postgres-upsert", flags, env=env)
    says_soon(one, "--postgres-url", "127.0.0.1", "port 1")
    one.wait_unready(5)
    assert one.terminate(5) == 0, one.tail()


def test_a_server_that_never_answers_ends_the_start(with_servers, hidden, service):
    """All at once, as each takes its thirty seconds."""
    started = []
    for name, flag, value, parts in [("postgres-cdc", "kafka-bootstrap", NOWHERE, [NOWHERE]),
                                     ("postgres-cdc", "postgres-url", "host=127.0.0.1 port=1 dbname=db", ["127.0.0.1", "port 1"]),
                                     ("s3-objects", "kafka-bootstrap", NOWHERE, [NOWHERE]),
                                     ("s3-objects", "s3-endpoint", f"http://{NOWHERE}", [NOWHERE])]:
        flags, env = with_servers(name)
        one = service(name, {**flags, flag: value}, env=env, instance=f"without-{flag}")
        started.append((one, [f"--{flag}", *parts]))
    for one, parts in started:
        says_soon(one, *parts)
        assert one.ready() in (503, None)
    for one, parts in started:
        assert one.wait_exit(PATIENCE_S) == UNAVAILABLE, one.tail()
        check_message(one.name, one.log(), parts)
        assert not [secret for secret in hidden if secret in one.log()]


def says_soon(one, *parts):
    """Within a few seconds of its start a line names flag and address."""
    line = one.wait_log(r"(?m)^.*level=(warn|error)(?!.*a slot that nobody reads).*$", 5)[0]  # such slots are other tests'
    print(line)
    assert all(part in line for part in parts), line
