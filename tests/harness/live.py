"""A pipeline of schemas/ with its services running: topics with names of their own, views, and the tables behind them."""

import re

from .compare import same_rows
from .pipelines import COMMIT_TIMES, SCHEMAS, Pipeline, as_json, strip_key
from .services import account, run
from .wait import until


class Live(Pipeline):
    """The producer's part is done by hand (`produce`, in JSON), or by a service that the test starts on `topic_of`.

    With `registry` every topic is in Avro, its schemas there: `writes` and `reads` are the flags that say so.
    """

    def __init__(self, name, pg, kafka, service, unique, folder, registry=None):
        folder.mkdir(exist_ok=True)
        text = (SCHEMAS / name / "pipeline.sql").read_text()
        self.word, self.kafka, self.service = unique, kafka, service
        self.reads = {"schema-registry-url": registry.url} if registry else {}
        self.writes = {"value-format": "avro", **self.reads} if registry else {}
        self.runs, self.seen = 0, {}
        self.topics = dict(re.findall(r"CREATE FOREIGN TABLE bronze\.(\w+) .*?topic '([^']+)'", text, re.S))
        for source, topic in self.topics.items():
            text = text.replace(f"topic '{topic}'", f"topic '{self.topic_of(source)}'")
        self.keys = {name: key_of(columns) for name, columns in re.findall(
            r"CREATE FOREIGN TABLE bronze\.(\w+) \((.*?)\) SERVER", text, re.S)}
        file = folder / "pipeline.sql"
        file.write_text(text)
        super().__init__(name, pg, unique, folder, file)

    def topic_of(self, source):
        return f"{self.word}.bronze.{source}"

    def start(self, tuned=False, **flags):
        """Views and postgres-upsert, on topics that are there already; `tuned`: with the pipeline's own additions to its tables."""
        for source in self.topics:
            if self.topic_of(source) not in self.kafka.topics():
                self.kafka.create_topic(self.topic_of(source), 2)
        self.pg.create_database(self.target)
        ddl = self.folder / "target.sql"
        done = run("views", {"ddl": self.file, "pipeline": self.word})
        assert done.returncode == 0, done.stderr
        ddl.write_text(done.stdout)
        target = f"{ddl},{SCHEMAS / self.name / 'tuning.sql'}" if tuned else ddl
        broker = {"kafka-bootstrap": self.kafka.bootstrap, "pipeline": self.word}
        self.views_service = self.service("views", {**broker, **self.writes, "file": self.file, "state-dir": self.folder / "state", **flags})
        self.views_service.wait_ready(60)
        self.upsert = self.service("postgres-upsert", {
            **broker, **self.reads, "target": target, "commit-time-columns": ",".join(COMMIT_TIMES),
            "postgres-url": f"dbname={self.target}"})
        self.upsert.wait_ready(60)
        return self

    def produce(self, source, changes):
        """Rows (created) or envelopes, as a producer writes them."""
        key = self.keys[source]
        records = []
        for change in changes:
            envelope = change if "op" in change else {"before": None, "after": change, "op": "c"}
            row = envelope["after"] or envelope["before"]
            records.append((as_json({name: row[name] for name in key}).encode(), as_json(envelope).encode()))
        self.kafka.produce(self.topic_of(source), records)

    def read_objects(self, source, place, key, **flags):
        """sluice-objects reads the place once; returns how many records it has added to the topic."""
        said = self.run_producer("objects", source, {"input": place, "key": key, **flags})
        return self.wait_added(source, said["created"] + said["updated"] + 2 * said["deleted"])  # a delete and its tombstone

    def read_table(self, source, **flags):
        """sluice-sql-rows runs once; returns how many records it has added to the topic."""
        said = self.run_producer("sql-rows", source, {"topic-prefix": self.word, **flags})
        return self.wait_added(source, said["rows_processed"])

    def run_producer(self, name, source, flags):
        """The summary of one run."""
        self.runs += 1
        one = self.service(name, {"topic": self.topic_of(source), "once": True, "kafka-bootstrap": self.kafka.bootstrap,
                                  "state-dir": self.folder / f"{name}-{source}", **self.writes, **flags}, instance=f"{source}{self.runs}")
        assert one.wait_exit(120) == 0, one.tail()
        return account(one.log())

    def wait_added(self, source, added):
        """A commit returns before every partition has its mark: waits until readers see what was added."""
        self.seen[source] = self.seen.get(source, 0) + added
        until(lambda: self.records(self.topic_of(source)) >= self.seen[source], f"{self.seen[source]} records in {source}", 30)
        assert self.records(self.topic_of(source)) == self.seen[source]
        return added

    def records(self, topic):
        return len(self.kafka.read(topic)) if topic in self.kafka.topics() else 0

    def settle(self, deadline_s=120):
        """Views have read bronze to its end, and the tables hold all that the views' topics do."""
        for source in self.topics:
            topic = self.topic_of(source)
            ends = self.kafka.ends(topic)
            until(lambda: all(self.kafka.committed(f"{self.word}-views", topic).get(partition, 0) >= end
                              for partition, end in ends.items()), f"views to read {topic} to {ends}", deadline_s, every_s=0.2)
        for view in self.views:
            topic = f"{self.word}.{view}"
            ends = self.kafka.ends(topic)

            def written():
                offsets = dict(self.pg.execute(self.target, "SELECT partition, next_offset FROM sluice.sink_offsets WHERE topic = %s",
                                               (topic,)))
                return all(offsets.get(partition, 0) >= end for partition, end in ends.items())

            until(written, f"postgres-upsert to write {topic} to {ends}", deadline_s, every_s=0.2)

    def write_objects(self, s3, bucket, **flags):
        """One run of sluice-s3-objects: every view as CSV, its columns and keys those of the tables; returns {view: text}."""
        one = self.service("s3-objects", {
            "kafka-bootstrap": self.kafka.bootstrap, "pipeline": self.word, "topics": ",".join(f"{self.word}.{view}" for view in self.views),
            "layout": "snapshot", "format": "csv", "schema": self.folder / "target.sql", "key-template": "{table}.{ext}",
            "s3-endpoint": s3.endpoint, "s3-bucket": bucket, "once": True, **self.reads, **flags})
        assert one.wait_exit(60) == 0, one.tail()
        return {view: s3.get(bucket, f"{view.partition('.')[2]}.csv").decode() for view in self.views}

    def check_tables(self, rows, at_least=None):
        """The tables are PostgreSQL's answer over these rows; returns how many of them the contract refused."""
        refused = self.ask_postgresql(rows)
        for view in self.views:
            actual = self.pg.execute(self.target, f"SELECT row_to_json(v)::text FROM {view} v")
            same_rows([(strip_key(text),) for (text,) in actual], self.expected(view), f"table {view}", (at_least or {}).get(view, 1))
        return refused

    def written(self, view):
        """How many records the view's topic holds, tombstones among them."""
        return len(self.kafka.read(f"{self.word}.{view}"))

    def dead_letters(self):
        topic = f"{self.word}.dead-letters"
        return self.kafka.read(topic) if topic in self.kafka.topics() else []


def key_of(columns):
    """The names of a source's key, of a column's PRIMARY KEY or the table's."""
    whole = re.search(r"^ *PRIMARY KEY \(([^)]*)\)", columns, re.M)
    if whole:
        return [name.strip().strip('"') for name in whole[1].split(",")]
    return [re.search(r'"?(\w+)"? +[\w()]+ PRIMARY KEY', columns)[1]]
