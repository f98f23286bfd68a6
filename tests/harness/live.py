"""A pipeline of schemas/ with its services running: topics with names of their own, views, and the tables behind them."""

import re

from .compare import same_rows
from .pipelines import Pipeline, as_json
from .services import run
from .wait import until


class Live(Pipeline):
    """The producer's part is done by hand (`produce`), or by a service that the test starts on `topic_of`."""

    def __init__(self, name, pg, kafka, service, unique, folder):
        folder.mkdir(exist_ok=True)
        from .pipelines import SCHEMAS
        text = (SCHEMAS / name / "pipeline.sql").read_text()
        self.word, self.kafka, self.service = unique, kafka, service
        self.topics = dict(re.findall(r"CREATE FOREIGN TABLE bronze\.(\w+) .*?topic '([^']+)'", text, re.S))
        for source, topic in self.topics.items():
            text = text.replace(f"topic '{topic}'", f"topic '{self.topic_of(source)}'")
        keys = re.findall(r"CREATE FOREIGN TABLE bronze\.(\w+) \(.*?\"?(\w+)\"? +[\w()]+ PRIMARY KEY", text, re.S)
        self.keys = dict(keys)
        file = folder / "pipeline.sql"
        file.write_text(text)
        super().__init__(name, pg, unique, folder, file)

    def topic_of(self, source):
        return f"{self.word}.bronze.{source}"

    def start(self, **flags):
        """Views and postgres-upsert, on topics that are there already."""
        for source in self.topics:
            if self.topic_of(source) not in self.kafka.topics():
                self.kafka.create_topic(self.topic_of(source), 2)
        self.pg.create_database(self.target)
        ddl = self.folder / "target.sql"
        done = run("views", {"ddl": self.file, "pipeline": self.word})
        assert done.returncode == 0, done.stderr
        ddl.write_text(done.stdout)
        broker = {"kafka-bootstrap": self.kafka.bootstrap, "pipeline": self.word}
        self.views_service = self.service("views", {**broker, "file": self.file, "state-dir": self.folder / "state", **flags})
        self.views_service.wait_ready(60)
        self.upsert = self.service("postgres-upsert", {**broker, "target": ddl, "postgres-url": f"dbname={self.target}"})
        self.upsert.wait_ready(60)
        return self

    def produce(self, source, changes):
        """Rows (created) or envelopes, as a producer writes them."""
        key = self.keys[source]
        records = []
        for change in changes:
            envelope = change if "op" in change else {"before": None, "after": change, "op": "c"}
            row = envelope["after"] or envelope["before"]
            records.append((as_json({key: row[key]}).encode(), as_json(envelope).encode()))
        self.kafka.produce(self.topic_of(source), records)

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

    def check_tables(self, rows, at_least=None):
        """The tables are PostgreSQL's answer over these rows; returns how many of them the contract refused."""
        refused = self.ask_postgresql(rows)
        for view in self.views:
            actual = self.pg.execute(self.target, f"SELECT row_to_json(v)::text FROM {view} v")
            same_rows([(self.without_key(text),) for (text,) in actual], self.expected(view), f"table {view}", (at_least or {}).get(view, 1))
        return refused

    @staticmethod
    def without_key(text):
        return re.sub(r',"__hash":"[0-9a-f]+","__ordinal":\d+\}$', "}", text)

    def written(self, view):
        """How many records the view's topic holds, tombstones among them."""
        return len(self.kafka.read(f"{self.word}.{view}"))

    def dead_letters(self):
        topic = f"{self.word}.dead-letters"
        return self.kafka.read(topic) if topic in self.kafka.topics() else []
