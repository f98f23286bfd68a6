"""`docker compose --profile NAME up --wait` for the pipelines whose sources are files, an API and a table: it returns with
PostgreSQL's answer over the generated data in the tables, and with the objects in the store."""

import contextlib

import psycopg2
import pytest

from harness.compare import same_rows
from harness.pipelines import Pipeline, strip_key
from harness.s3 import S3Error
from harness.wait import Late, until
from pipelines.test_countries import countries_of
from pipelines.test_products import feed_rows, table_rows
from pipelines.test_retail import event_rows, shop_rows
from pipelines.test_telco import readable

OBJECTS = {"telco": ("csv", "parquet"), "countries": ("csv", "json"), "products": ("xml",), "retail": ("parquet",)}


def telco_rows(folder):
    return {"customers": readable(folder / "telco_customer_churn.csv")}


def countries_rows(folder, snapshot=1):
    return {"countries": countries_of(folder / f"countries_{snapshot}.json")}


def products_rows(folder):
    table = [row for row in table_rows(folder / "products.csv")
             if row["articleStatus"] == "created" and row["b2bReadinessDate"] >= "2025-12-15"]
    return {"products": table, "items": feed_rows(folder / "products.json")}


def retail_rows(folder):
    return {**shop_rows(folder), "events": event_rows(folder)[0]}


ROWS = {"telco": telco_rows, "countries": countries_rows, "products": products_rows, "retail": retail_rows}


class Composed(Pipeline):
    """The pipeline in the stack: its tables are those of the database of its name."""

    def __init__(self, name, stack):
        super().__init__(name, stack.postgres(), "compose", stack.folder)
        self.stack, self.target = stack, name

    def script(self, option):
        return self.stack.run("run", "--rm", "sluice/views", f"--{option}=/usr/share/sluice/schemas/{self.name}/pipeline.sql").stdout

    def table(self, view):
        return [(strip_key(text),) for (text,) in self.execute(f"SELECT row_to_json(v)::text FROM {view} v")]

    def check_tables(self, rows, deadline_s=0):
        """The tables are PostgreSQL's answer over these rows, by the deadline."""
        self.ask_postgresql(rows)
        for view in self.views:
            want = self.expected(view)
            with contextlib.suppress(Late):
                until(lambda view=view, want=want: sorted(self.table(view)) == sorted(want), view, deadline_s, every_s=0.5)
            same_rows(self.table(view), want, f"table {view}")


@pytest.mark.parametrize("name", ROWS)
def test_up_returns_with_the_answers_in_the_tables(up, name):
    stack = up(name)
    pipeline = Composed(name, stack)
    pipeline.check_tables(ROWS[name](stack.files(f"{name}-datagen")))  # at once: healthy means caught up
    check_containers(stack)
    check_objects(stack, name)
    check_rights(stack, name)
    if name == "countries":
        check_next_answer(stack, pipeline)


def check_containers(stack):
    """One-shots have ended well, all else is healthy; nobody is root, nothing can be written."""
    for name, one in stack.containers().items():
        state, host = one["State"], one["HostConfig"]
        assert state["ExitCode"] == 0 and (state["Status"] == "exited" or state["Health"]["Status"] == "healthy"), (name, state)
        assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and "no-new-privileges:true" in host["SecurityOpt"], name
        if state["Status"] == "running":
            uids = stack.run("top", one["Id"], "-eo", "uid,pid").stdout.split()[2::2]
            assert uids and "0" not in uids, (name, uids)


def check_objects(stack, name):
    """Every view that the sink was told has a version, an object of each format."""
    keys = stack.s3(name).list(name)
    topics = [topic for word in stack.containers()[f"{name}-s3-objects"]["Config"]["Cmd"] if word.startswith("--topics=")
              for topic in word.partition("=")[2].split(",")]
    assert len(topics) > 4
    for topic in topics:
        assert f"{topic}/manifest.json" in keys, topic
        for extension in OBJECTS[name]:
            assert any(key.startswith(f"{topic}/data/") and key.endswith(f".{extension}") for key in keys), (topic, extension)
    print(f"{name}: {len(keys)} objects")


def check_rights(stack, name):
    """A pipeline's users reach what is theirs and nothing else; report reads and does not write."""
    other = "acme"
    own = connect(stack, name, f"{name}-upsert-password", name)
    refused(own, "CREATE ROLE more LOGIN")
    own.close()
    for database in (other, "finance_db", "postgres"):
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            connect(stack, name, f"{name}-upsert-password", database)
    report = connect(stack, "report", "report-password", name)
    table = answer(report, "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'gold'")
    answer(report, f"SELECT count(*) FROM {table}")
    refused(report, f"DELETE FROM {table}")
    refused(report, "CREATE TABLE gold.mine (x int)")
    report.close()
    with pytest.raises(S3Error, match="AccessDenied"):
        stack.s3(name).list(other)


def connect(stack, role, secret, database):
    connection = psycopg2.connect(host="127.0.0.1", port=stack.ports["POSTGRES_PORT"], user=role, password=stack.secret(secret),
                                  dbname=database)
    connection.autocommit = True
    return connection


def answer(connection, sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def refused(connection, sql):
    with connection.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(sql)


def check_next_answer(stack, pipeline):
    """The API gives its sixth answer: `up --wait` again, and the tables follow."""
    folder = stack.folder / "countries-datagen-data"
    stack.env["SNAPSHOT"] = "6"
    stack.up()
    pipeline.check_tables(countries_rows(folder, 6), deadline_s=60)
