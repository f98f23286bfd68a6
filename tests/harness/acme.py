"""The acme pipeline whole: source database, postgres-cdc, views, sinks; and the proof that it is right at rest.

Every instance has names of its own (topics, groups, slot, databases), so that many can share the servers.
"""

import re
from pathlib import Path

from . import ROOT
from .compare import same_rows
from .services import account, run
from .wait import until

SCHEMAS = ROOT / "schemas" / "acme"
TABLES = ("customers", "products", "orders", "order_items")
# the pipeline's own views, in the order of the file
VIEWS = re.findall(r"CREATE MATERIALIZED VIEW (\S+)", (SCHEMAS / "pipeline.sql").read_text())
GOLD = [view for view in VIEWS if view.startswith("gold.")]
GOLD_NAMES = [view.partition(".")[2] for view in GOLD]


class Acme:
    """Make it, then start what the test needs. `flags` per service are added to its own."""

    def __init__(self, service, kafka, pg, unique, folder, s3=None, bucket=None, flags=None):
        self.service_fixture, self.kafka, self.pg, self.s3, self.bucket = service, kafka, pg, s3, bucket
        self.name, self.folder = unique, Path(folder)
        self.source, self.target = unique, f"{unique}_t"
        self.more_flags = flags or {}
        self.services = {}
        self.pipeline_file = self.folder / "pipeline.sql"
        text = (SCHEMAS / "pipeline.sql").read_text().replace("'finance_db.", f"'{self.name}.")
        self.pipeline_file.write_text(text)

    # --- databases ---

    def create_source(self):
        self.pg.create_database(self.source)
        self.pg.run_file(self.source, SCHEMAS / "source.sql")
        return self

    def create_target(self):
        self.pg.create_database(self.target)
        self.target_file = self.folder / "target.sql"
        done = run("views", {"ddl": self.pipeline_file, "pipeline": self.name})
        assert done.returncode == 0, done.stderr
        self.target_file.write_text(done.stdout)
        return self

    def drop(self):
        for one in self.services.values():
            one.kill()
        self.pg.drop_database(self.source)
        self.pg.drop_database(self.target)

    # --- services ---

    def flags_of(self, name):
        shared = {"kafka-bootstrap": self.kafka.bootstrap}
        own = {
            "postgres-cdc": {"topic-prefix": self.name, "tables": [f"operations.{table}" for table in TABLES],
                             "postgres-url": f"dbname={self.source}", "idle-advance": "300ms"},
            "views": {"file": self.pipeline_file, "pipeline": self.name, "state-dir": self.folder / "state"},
            "postgres-upsert": {"pipeline": self.name, "target": getattr(self, "target_file", None),
                                "postgres-url": f"dbname={self.target}"},
            "s3-objects": {"pipeline": self.name, "topics": [f"{self.name}.{view}" for view in GOLD],
                           "s3-bucket": self.bucket, "rotate-interval": "500ms",
                           **({"s3-endpoint": self.s3.endpoint} if self.s3 else {})},
        }[name]
        return {**shared, **own, **self.more_flags.get(name, {})}

    def prepare(self, name, instance="", **flags):
        """A service of this pipeline, not started."""
        one = self.service_fixture(name, {**self.flags_of(name), **flags}, start=False, instance=instance)
        self.services[one.title] = one
        return one

    def start(self, *names):
        for name in names:
            self.prepare(name).start()
        for name in names:
            self.services[name].wait_ready(60)
        return self

    def generate(self, wait=True, instance="datagen", **flags):
        """Runs datagen against the source; waits for its end, or returns the running service."""
        flags = {"dataset": "acme", "postgres-url": f"dbname={self.source}", "rate": 0, **flags}
        one = self.service_fixture("datagen", flags, instance=instance)
        if wait:
            code = one.wait_exit(300)
            assert code == 0, one.tail()
            said = account(one.log())
            assert said["status"] == "success" and said["changes"] > 0 and {"connect", "generate"} == set(said["stages_ms"]), said
            return one
        return one.wait_ready()

    # --- at rest ---

    def stored_lsn(self):
        """The end LSN that postgres-cdc has stored, as a number; 0 before there is one."""
        records = self.kafka.latest(f"_sluice.{self.name}.progress")
        return max((lsn_number(record.json()["end_lsn"]) for record in records.values()
                    if record.json()["state"] not in ("snapshot", "none")), default=0)

    def source_lsn(self):
        return lsn_number(self.pg.value(self.source, "SELECT pg_current_wal_lsn()"))

    def wait_captured(self, deadline_s=120):
        """postgres-cdc's stored position is at or past the end of WAL as it is now. No one may be writing."""
        lsn = self.source_lsn()
        until(lambda: self.stored_lsn() >= lsn, f"postgres-cdc to store {lsn:x}", deadline_s, every_s=0.2)

    def wait_read(self, group, topics, deadline_s=120):
        """The group has committed every record of the topics, which were read to their end (EOF) themselves."""
        for topic in topics:
            ends = self.kafka.ends(topic)

            def read(topic=topic, ends=ends):
                committed = self.kafka.committed(group, topic)
                return all(committed.get(partition, 0) >= end for partition, end in ends.items())

            until(read, f"group {group} to read {topic} to {ends}", deadline_s, every_s=0.2)

    def bronze_topics(self):
        return [f"{self.name}.operations.{table}" for table in TABLES]

    def view_topics(self, views=VIEWS):
        return [f"{self.name}.{view}" for view in views]

    def wait_views(self, deadline_s=180):
        self.wait_captured(deadline_s)
        self.wait_read(f"{self.name}-views", self.bronze_topics(), deadline_s)

    def wait_upserted(self, deadline_s=180):
        """The offsets in the target are at the end of each topic."""
        for topic in self.view_topics():
            ends = self.kafka.ends(topic)

            def written(topic=topic, ends=ends):
                rows = self.pg.execute(self.target, "SELECT partition, next_offset FROM sluice.sink_offsets WHERE topic = %s",
                                       (topic,))
                offsets = dict(rows)
                return all(offsets.get(partition, 0) >= end for partition, end in ends.items())

            until(written, f"postgres-upsert to write {topic} to {ends}", deadline_s, every_s=0.2)

    def wait_objects(self, deadline_s=180):
        self.wait_read(f"{self.name}-s3-objects", self.view_topics(GOLD), deadline_s)

    # --- proof ---

    def oracle(self):
        """{view: rows} as PostgreSQL itself answers over the source's tables."""
        script = run("views", {"oracle": self.pipeline_file, "pipeline": self.name})
        assert script.returncode == 0, script.stderr
        database = f"{self.name}_o"
        self.pg.create_database(database)
        try:
            path = self.folder / "oracle.sql"
            path.write_text(with_rows(script.stdout, self.copies()))
            self.pg.run_file(database, path)
            return {view: self.pg.execute(database, f"SELECT row_to_json(v)::text FROM {view} v") for view in VIEWS}
        finally:
            self.pg.drop_database(database)

    def copies(self):
        """COPY blocks with the source's rows that keep the contract, one per table."""
        wheres = {"orders": "status IN ('PENDING','PROCESSING','COMPLETED','REPROCESSING')",
                  "customers": "customer_name <> ''", "products": "unity_price >= 0",
                  "order_items": "order_id IS NOT NULL AND product_id IS NOT NULL AND (quanity IS NULL OR quanity >= 0)"}
        blocks = []
        for table in TABLES:
            query = f"COPY (SELECT * FROM operations.{table} WHERE {wheres[table]}) TO STDOUT"
            rows = self.pg.psql(self.source, "-Atqc", query)
            blocks.append(f"COPY bronze.{table} FROM stdin;\n{rows}" + ("" if rows.endswith("\n") or not rows else "\n") + "\\.\n")
        return blocks

    def check_topics(self, views=VIEWS, at_least=1, oracle=None):
        """Each view's topic holds what PostgreSQL answers."""
        want = oracle or self.oracle()
        for view in views:
            rows = [(record.value.decode(),) for record in self.kafka.latest(f"{self.name}.{view}").values()]
            same_rows(rows, want[view], f"topic {view}", at_least)

    def check_tables(self, views=VIEWS, at_least=1, oracle=None):
        """Each target table holds what PostgreSQL answers."""
        want = oracle or self.oracle()
        for view in views:
            rows = self.pg.execute(self.target, f"SELECT row_to_json(v)::text FROM {view} v")
            same_rows(rows, want[view], f"table {view}", at_least)


def with_rows(script, copies):
    """The oracle's script with the rows put in before its first view."""
    at = re.search(r"^\s*CREATE (MATERIALIZED )?VIEW", script, re.M).start()
    return script[:at] + "\n".join(copies) + "\n" + script[at:]


def lsn_number(text):
    high, low = text.split("/")
    return (int(high, 16) << 32) + int(low, 16)
