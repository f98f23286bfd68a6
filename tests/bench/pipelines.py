#!/usr/bin/python3
"""Times pipelines from their files to their tables beside the same SQL in PostgreSQL or DuckDB, and formats beside gzip and sha256sum.

Parts: telco, countries, retail, acme, formats; without one all of them. On servers of its own. What is compared is measured in the
same run, CPU seconds beside wall time: on a busy machine the latter says little. The exit status is 1 when rows differ or a floor
is missed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.release import BUILD, ROOT, build  # noqa: E402 - before the rest: it runs these programs
from harness.acme import Acme  # noqa: E402
from harness.kafka import Kafka  # noqa: E402
from harness.live import Live  # noqa: E402
from harness.meter import Meter, family_cpu_s  # noqa: E402
from harness.modules import need  # noqa: E402
from harness.pipelines import strip_key  # noqa: E402
from harness.postgres import Postgres  # noqa: E402
from harness.s3 import S3  # noqa: E402
from harness.servers import Stack  # noqa: E402
from harness.services import Service, run  # noqa: E402
from harness.wait import until  # noqa: E402

PARTS = ("telco", "countries", "retail", "acme", "formats")
SERVICES = ("datagen", "objects", "postgres-cdc", "views", "postgres-upsert", "s3-objects")
MEMORY_MB, TIMES_PSQL, CORE_MB_S = 100, 15, 300
DEADLINE_S = 300
FIRST_VIEW = re.compile(r"^CREATE (MATERIALIZED )?VIEW", re.M)


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run pipelines", description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (all)")
    parts = parser.parse_args().parts or PARTS
    if not set(parts) <= set(PARTS):
        parser.error(f"parts are {', '.join(PARTS)}")
    build("bench_csv", "object_driver", *(f"sluice-{one}" for one in SERVICES))
    folder, bench = Path(tempfile.mkdtemp(prefix="sluice-bench-")), None
    try:
        bench = Bench(folder)
        for part in parts:
            title(f"{part} (load average {os.getloadavg()[0]:.1f})")
            getattr(bench, part)()
        return 1 if bench.missed else 0
    finally:
        if bench:
            bench.close()
        shutil.rmtree(folder)


class Bench:
    """The servers, and what is measured on them."""

    def __init__(self, folder):
        self.folder, self.started, self.missed = folder, [], False
        self.stack = Stack(folder / "servers")
        self.stack.need("postgres", "kafka", "s3")
        self.env = self.stack.env()
        self.pg, self.kafka, self.s3 = Postgres(self.env), Kafka(self.env["SLUICE_KAFKA_BOOTSTRAP"]), S3(self.env)
        self.pids = {name: int((self.stack.state / name / "pid").read_text()) for name in ("postgres", "kafka", "s3")}

    def close(self):
        for one in self.started:
            one.kill()
        self.kafka = None
        self.stack.wipe()

    def service(self, name, flags=None, start=True, **how):
        one = Service(name, flags, self.folder, env=self.env, **how)
        self.started.append(one)
        return one.start() if start else one

    def floor(self, what, value, most=None, least=None, unit=""):
        met = (most is None or value <= most) and (least is None or value >= least)
        wanted = f"<= {most}" if most is not None else f">= {least}"
        print(f"{what:44}{value:10.2f} {unit:5} {wanted:>9}  {'met' if met else 'NOT met'}", flush=True)
        self.missed |= not met

    # --- files to tables ---

    def telco(self):
        ours_s, psql_s = self.files("telco", ["telco"], [("customers", "telco_customer_churn.csv", "customerID")], telco_rows)
        self.floor("telco, times psql", ours_s / psql_s, most=TIMES_PSQL)
        self.floor("telco, from the file to the tables", ours_s, most=3, unit="s")

    def countries(self):
        ours_s, psql_s = self.files("countries", ["countries"], [("countries", "countries_1.json", "country=name.common")], countries_rows,
                                    **{"topic-partitions": 1})
        print(f"times psql {ours_s / psql_s:.1f}")
        self.floor("countries, from the file to the tables", ours_s, most=0.4, unit="s")

    def retail(self):
        shop = [(table, f"{table}.csv", key) for table, key in
                (("customers", "customer_id"), ("transactions", "transaction_id"), ("products", "product_id"))]
        ours_s, psql_s = self.files("retail", ["retail"], shop, retail_rows)
        print(f"times psql {ours_s / psql_s:.1f}")
        self.in_duckdb(ours_s)

    def in_duckdb(self, ours_s):
        """The pipeline's own statements over the files; amounts are DECIMAL(18,3) there."""
        try:
            database = need("duckdb").connect()
        except (ImportError, subprocess.CalledProcessError) as error:
            print(f"DuckDB: not here ({type(error).__name__}); PostgreSQL above is what retail stands beside")
            return
        text = re.sub(r"\bat\b", "at_", (ROOT / "schemas" / "retail" / "pipeline.sql").read_text())  # a reserved word there
        began, cpu_s = time.monotonic(), time.process_time()
        for schema in ("bronze", "silver", "gold", "quality"):
            database.execute(f"CREATE SCHEMA {schema}")
        for table in ("customers", "transactions", "products"):
            columns = "* REPLACE (customer_id::integer AS customer_id)" if table == "customers" else "*"
            database.execute(f"CREATE TABLE bronze.{table} AS SELECT {columns} FROM read_csv("
                             f"'{self.folder / 'data-retail' / table}.csv', header = true, all_varchar = true)")
        views = [(name, body) for name, body in re.findall(r"CREATE MATERIALIZED VIEW (\S+) AS(.*?);", text, re.S)
                 if "silver.events" not in body and name != "silver.events"]
        for name, body in views:
            database.execute(f"CREATE TABLE {name} AS {body}")
        took_s = time.monotonic() - began
        print(f"DuckDB, {len(views)} views: {took_s:.3f} s, CPU {time.process_time() - cpu_s:.2f} s; ours is {ours_s / took_s:.1f} times that")

    def files(self, name, datasets, sources, oracle_rows, **flags):
        """The running services take the files once; the same rows and SQL by psql. Wall seconds of both. The flags are views'."""
        data = self.folder / f"data-{name}"
        for dataset in datasets:
            done = run("datagen", {"out": data}, [dataset], deadline_s=120)
            assert done.returncode == 0, done.stderr
        psql_s = self.by_psql(name, data, oracle_rows)
        live = Live(name, self.pg, self.kafka, self.service, f"bench_{name}", self.folder / name)
        live.start(**flags)
        with self.pg.connect(f"{name}_psql") as connection, connection.cursor() as cursor:
            want = {view: rows_of(cursor, view) for view in live.views}
        with Meter({"broker": lambda: family_cpu_s(self.pids["kafka"]), "postgres": lambda: family_cpu_s(self.pids["postgres"])}) as meter:
            for one in (live.views_service, live.upsert):
                meter.watch(one.title.split("-bench")[0], one.pid)
            began = time.monotonic()
            for source, file, key in sources:
                one = self.service("objects", {"topic": live.topic_of(source), "once": True, "kafka-bootstrap": self.kafka.bootstrap,
                                               "input": data / file, "key": key, "state-dir": self.folder / f"seen-{name}-{source}"},
                                   instance=f"{name}-{source}")
                meter.watch(one.title, one.pid)
                assert one.wait_exit(DEADLINE_S) == 0, one.tail()
            read_s = time.monotonic() - began
            self.wait_equal(live, want)
            ours_s = time.monotonic() - began
        print(f"ours: {ours_s:.3f} s from the file to the tables (the producer was done after {read_s:.3f} s)")
        self.say_costs(meter, f"{name}, all services together")
        for one in (live.views_service, live.upsert):
            one.terminate(60)
        return ours_s, psql_s

    def by_psql(self, name, data, oracle_rows):
        """COPY, then each view's SELECT, in one psql; the tables stand before."""
        script = run("views", {"oracle": ROOT / "schemas" / name / "pipeline.sql"}).stdout
        views_at = FIRST_VIEW.search(script).start()
        database = f"{name}_psql"
        self.pg.create_database(database)
        self.pg.psql(database, stdin=script[:views_at])
        cpu_s = lambda: family_cpu_s(self.pids["postgres"])
        before, began = cpu_s(), time.monotonic()
        self.pg.psql(database, "-q", "-v", "ON_ERROR_STOP=1", stdin=oracle_rows(data) + script[views_at:])
        took_s = time.monotonic() - began
        print(f"psql: {took_s:.3f} s, PostgreSQL's CPU {cpu_s() - before:.2f} s")
        return took_s

    def wait_equal(self, live, want):
        """Until every table is the answer; asks for all by one statement of one connection, and for the rows once their numbers are right."""
        counts = f"SELECT {', '.join(f'(SELECT count(*) FROM {view})' for view in live.views)}"
        with self.pg.connect(live.target) as connection, connection.cursor() as cursor:
            def equal():
                cursor.execute(counts)
                if cursor.fetchone() != tuple(len(want[view]) for view in live.views):
                    return False
                return all(rows_of(cursor, view) == want[view] for view in live.views)

            until(equal, f"the tables of {live.name} to be equal", DEADLINE_S, every_s=0.005)

    def say_costs(self, meter, what):
        print("CPU s: " + ", ".join(f"{name} {used:.2f}" for name, used in meter.cpu_s.items()))
        print("peak RssAnon + RssFile MB: " + ", ".join(
            f"{name} {peak['RssAnon'] / 1e6:.0f} + {peak['RssFile'] / 1e6:.0f}" for name, peak in meter.peak.items()))
        self.floor(what, meter.together["RssAnon"] / 1e6, most=MEMORY_MB, unit="MB")

    # --- memory of the widest pipeline ---

    def acme(self):
        self.s3.make_bucket("bench")
        acme = Acme(self.service, self.kafka, self.pg, "bench_acme", self.folder, self.s3, "bench").create_source().create_target()
        acme.generate(changes=50_000)
        names = ("postgres-cdc", "views", "postgres-upsert", "s3-objects")
        with Meter({}) as meter:
            began = time.monotonic()
            for name in names:
                meter.watch(name, acme.prepare(name).start().pid)
            acme.generate(changes=50_000, seed=2, instance="more")
            acme.wait_views()
            acme.wait_upserted()
            took_s = time.monotonic() - began
            acme.wait_objects()
        print(f"acme: 50,000 changes as a snapshot and 50,000 live ones in {took_s:.1f} s")
        self.say_costs(meter, "acme, all services together")
        acme.check_tables()
        acme.drop()

    # --- formats ---

    def formats(self):
        done = subprocess.run([str(BUILD / "bench" / "bench_csv")], capture_output=True, text=True)
        print(done.stdout, end="")
        self.missed |= done.returncode != 0
        rows = self.folder / "rows.ndjson"
        rows.write_text(rows_of_transactions())
        schema = self.folder / "rows.sql"
        schema.write_text(TABLE)
        for name, flags in FORMATS.items():
            self.one_format(name, rows, {"schema": schema, **flags} if "xml" not in name else flags)

    def one_format(self, name, rows, flags):
        """Input and output a second of CPU, beside gzip -1 and sha256sum over the bytes that come out."""
        kind, words = name.split()[0], [f"--{flag}" + ("" if value is True else f"={value}") for flag, value in flags.items()]
        driver = [str(BUILD / "tests" / "object_driver"), f"--format={kind}", "--repeat=20", "--topic=gold.t", *words]
        out = self.folder / f"out.{kind}"
        with open(rows, "rb") as source, open(out, "wb") as target:
            subprocess.run(driver, stdin=source, stdout=target, check=True, timeout=DEADLINE_S)
        with open(rows, "rb") as source:
            said = subprocess.run([*driver, "--discard"], stdin=source, capture_output=True, check=True, text=True, timeout=DEADLINE_S).stdout
        read, written, cpu_s = (float(word) for word in said.split())
        gzip_s, sha_s = child_cpu_s(["gzip", "-1c", out]), child_cpu_s(["sha256sum", out])
        print(f"{name:14} {read / 1e6 / cpu_s:6.0f} MB/s in, {written / 1e6 / cpu_s:6.0f} MB/s out; of the same bytes gzip -1 "
              f"{written / 1e6 / gzip_s:6.0f}, sha256sum {written / 1e6 / sha_s:6.0f} MB/s")
        if kind == "xml":
            self.floor(f"{name}, out a core", written / 1e6 / cpu_s, least=CORE_MB_S, unit="MB/s")
        else:
            self.floor(f"{name}, CPU beside gzip -1 of its input", cpu_s / (child_cpu_s(["gzip", "-1c", rows]) * 20), most=1)
        out.unlink()


def rows_of(cursor, view):
    cursor.execute(f"SELECT row_to_json(v)::text FROM {view} v")
    return sorted(strip_key(text) for (text,) in cursor.fetchall())


FORMATS = {"xml rows": {}, "xml tree": {"xml-style": "tree"}, "csv": {}, "ndjson": {}, "parquet": {"parquet-doubles": True}}
TABLE = """CREATE TABLE IF NOT EXISTS gold.t (
  transaction_id text NOT NULL, customer_id bigint, amount numeric, device text, location text, payment_method text,
  status text, "timestamp" text, day date, PRIMARY KEY (transaction_id)
);
"""


def rows_of_transactions(n=50_000):
    """As silver.transactions_clean has them."""
    return "".join(
        f'{{"transaction_id":"TXN_{i:07}","customer_id":{i * 7919 % 10000},"amount":{i * 37 % 99500 / 100 + 5:.2f},'
        f'"device":"{("mobile", "desktop", "tablet")[i % 3]}","location":"{("US", "CA", "UK", "DE", "FR")[i % 5]}",'
        f'"payment_method":"{("credit_card", "debit_card", "paypal", "cash")[i % 4]}","status":"completed",'
        f'"timestamp":"2025-{i % 12 + 1:02}-{i % 28 + 1:02}T{i % 24:02}:00:00","day":"2025-{i % 12 + 1:02}-{i % 28 + 1:02}"}}\n'
        for i in range(n))


def child_cpu_s(command):
    """CPU seconds of a program whose output nobody wants."""
    before = os.times()
    subprocess.run([str(word) for word in command], stdout=subprocess.DEVNULL, check=True, timeout=DEADLINE_S)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def telco_rows(data):
    return f"\\copy bronze.customers FROM '{data}/telco_customer_churn.csv' WITH (FORMAT csv, HEADER)\n"


def countries_rows(data):
    return f"""\\set answer `cat '{data}/countries_1.json'`
INSERT INTO bronze.countries SELECT one.* FROM json_array_elements(:'answer'::json) AS said (value),
  jsonb_populate_record(NULL::bronze.countries, value::jsonb || jsonb_build_object('country', value::jsonb #> '{{name,common}}')) AS one;
"""


def retail_rows(data):
    text = {"customers": "first_name, last_name, email, age, city, total_spent", "transactions": "amount", "products": "category"}
    return "".join(f"\\copy bronze.{table} FROM '{data}/{table}.csv' WITH (FORMAT csv, HEADER, FORCE_NOT_NULL ({columns}))\n"
                   for table, columns in text.items())


def title(text):
    print(f"\n== {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
