#!/usr/bin/python3
"""The views through a real broker with exactly-once on: what a record costs, beside the limit and beside a peer.

Workloads are those of bench_views (views/workloads.c): filter-313, group, join, top, and all four in one pipeline. For
each the broker gets the load (publish.c) in new topics of four partitions. Then, one after the other over the same
topics: a bare librdkafka loop that copies in transactions (limits.c), sluice-views, sluice-views with sources that say
before 'trusted' (they keep no rows, as the peer's), and Kafka Streams with exactly_once_v2 (peers/), which is left out
where Maven or a JDK is missing. The views' rows must equal PostgreSQL's own
answer over the rows that the load ends with: that decides the exit status; how the peer's compare is told. CPU seconds
are those of the whole process, its start included; wall time on a busy machine says little, so load average and the CPU
that others used stand beside it.
"""

import argparse
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent))

from harness.release import BUILD, build  # noqa: E402 - before the rest: it runs these programs

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition  # noqa: E402

from harness.acme import with_rows  # noqa: E402
from harness.kafka import Kafka  # noqa: E402
from harness.meter import Meter, cpu_s, family_cpu_s  # noqa: E402
from harness.postgres import Postgres  # noqa: E402
from harness.servers import Stack  # noqa: E402
from harness.services import Service, run  # noqa: E402

VIEWS = {"filter-313": "gold.filtered", "group": "gold.grouped", "join": "gold.joined", "top": "gold.top"}
WORKLOADS = {**{name: [name] for name in VIEWS}, "all": list(VIEWS)}
TABLES = {"filter-313": ["shop.orders"], "group": ["shop.orders"], "join": ["shop.orders", "shop.customers"],
          "top": ["shop.orders"], "all": ["shop.orders", "shop.customers"]}
PARTITIONS, COPY_INTERVAL_MS, DEADLINE_S = 4, 200, 1800
QUIET_S = 5  # the peer has come to its end when no topic has moved for so long
OURS, TRUSTED, LIMIT, PEER = "sluice-views", "sluice-views, trusted", "librdkafka copy (limit)", "Kafka Streams"
KEEPS_ALL = {"retention.ms": -1}  # what a trusted source's topic must do
FLOOR = 5  # of the peer's records a CPU second
ORACLE = "bench_oracle"


def main():
    options = parse()
    build("bench_limits", "bench_publish", "sluice-views")
    folder = Path(tempfile.mkdtemp(prefix="sluice-bench-"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # leaves through the finally
    stack = Stack(folder / "servers")
    try:
        peer = build_peer(folder) if options.peer else None
        stack.need("postgres", "kafka")
        right = [Bench(options, stack, folder / name, name, peer).run() for name in options.workloads or WORKLOADS]
        return 0 if all(right) else 1
    finally:
        stack.wipe()
        shutil.rmtree(folder)


def parse():
    parser = argparse.ArgumentParser(prog="tests/bench/run views-kafka", description=__doc__.split("\n")[0])
    parser.add_argument("--changes", type=int, default=1_000_000, metavar="N",
                        help="behind the first rows, of which there are as many as belong to so many (%(default)s)")
    parser.add_argument("--no-peer", dest="peer", action="store_false", help="without Kafka Streams")
    parser.add_argument("--set", action="append", default=[], metavar="FLAG=VALUE", help="a flag for sluice-views")
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=f"{', '.join(WORKLOADS)}; without one, all of these")
    options = parser.parse_args()
    for workload in options.workloads:
        if workload not in WORKLOADS:
            parser.error(f"no workload {workload}")
    return options


def build_peer(folder):
    """The command that runs the peer; None, and why, where it can't be built. Its jars are kept in the cache."""
    pom, source = HERE / "peers" / "pom.xml", HERE / "peers" / "StreamsPeer.java"
    missing = [name for name in ("mvn", "javac", "java") if not shutil.which(name)]
    if missing:
        return print(f"Kafka Streams is left out: there is no {' and no '.join(missing)}")
    cache = Path(os.environ.get("SLUICE_CACHE") or Path.home() / ".cache" / "sluice").absolute()
    jars, classes = cache / f"bench-peers-{hashlib.sha256(pom.read_bytes()).hexdigest()[:12]}", folder / "classes"
    commands = [["javac", "-cp", f"{jars}/*", "-d", str(classes), str(source)]]
    if not (jars / "complete").exists():
        commands.insert(0, ["mvn", "-q", "-B", "-C", "-f", str(pom), "dependency:copy-dependencies", "-DincludeScope=runtime",
                            f"-DoutputDirectory={jars}"])
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            return print(f"Kafka Streams is left out: {command[0]} failed\n{(done.stdout + done.stderr)[-2000:]}")
    (jars / "complete").touch()
    return ["java", "-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{jars}/*:{classes}", "StreamsPeer"]


def tool(name, *arguments):
    """What a program of this folder prints."""
    done = subprocess.run([str(BUILD / "bench" / f"bench_{name}"), *map(str, arguments)], stdout=subprocess.PIPE, text=True,
                          check=True, timeout=DEADLINE_S)
    return done.stdout


def numbers(text):
    return {name: float(value) for name, value in re.findall(r"(\w+)=([\d.]+)", text)}


class Bench:
    """One workload: its topics are there while it runs."""

    def __init__(self, options, stack, folder, workload, peer):
        self.options, self.folder, self.workload, self.peer = options, folder, workload, peer
        self.tables, self.views = TABLES[workload], WORKLOADS[workload]
        self.name = f"bench-{workload}"
        self.per_cpu_s, self.right = {}, True
        env, broker = stack.env(), int((stack.state / "kafka" / "pid").read_text())
        self.pg, self.kafka = Postgres(env), Kafka(env["SLUICE_KAFKA_BOOTSTRAP"])
        self.servers = {"broker": lambda: family_cpu_s(broker)}
        folder.mkdir()

    def run(self):
        """False when rows were wrong."""
        self.prepare()
        self.measure_all()
        for topic in self.kafka.topics():
            self.kafka.delete_topic(topic)
        self.kafka = None  # else the client tells that its broker is gone
        return self.right

    def prepare(self):
        """The pipeline, the load in its topics, and the right answers."""
        selects = [f"CREATE MATERIALIZED VIEW {VIEWS[view]} AS {tool('publish', 'select', view)};\n" for view in self.views]
        sources = (HERE / "views" / "sources.sql").read_text()
        self.pipeline, self.trusted = self.folder / "pipeline.sql", self.folder / "trusted.sql"
        self.pipeline.write_text(sources + "".join(selects))
        self.trusted.write_text(sources.replace("format 'debezium'", "format 'debezium', before 'trusted'") + "".join(selects))
        for table in self.tables:
            self.kafka.create_topic(table, PARTITIONS, KEEPS_ALL)
        made = numbers(tool("publish", "load", self.kafka.bootstrap, self.folder, self.options.changes, self.workload))
        self.records = int(made["records"])
        title(f"{self.workload}: {self.records} records of {made['bytes'] / self.records:.0f} bytes")
        self.answers = self.ask_postgres()

    def measure_all(self):
        print(f"{'':24}{'wall s':>8}{'records/s':>11}{'CPU s':>8}{'records/CPU-s':>15}{'RssAnon MB':>12}{'broker CPU s':>14}"
              f"{'others CPU s':>14}{'load avg':>10}")
        self.copy()
        self.sluice(OURS, self.pipeline, self.name)
        self.sluice(TRUSTED, self.trusted, f"{self.name}-trusted")
        if self.peer:
            self.streams()
        self.say_ratios()
        self.compare(OURS, f"{self.name}.{{view}}", lambda value: [value])
        self.compare(TRUSTED, f"{self.name}-trusted.{{view}}", lambda value: [value])
        if self.peer:
            self.compare(PEER, "peer.{workload}", lambda value: value.split(b"\n"))

    # --- the runs ---

    def copy(self):
        self.kafka.create_topic("bench.copy", PARTITIONS)
        load = os.getloadavg()[0]
        with Meter(self.servers) as meter:
            got = numbers(tool("limits", "copy", self.kafka.bootstrap, "bench.copy", COPY_INTERVAL_MS, *self.tables))
        self.say(LIMIT, meter, got["wall_s"], got["cpu_s"], load)
        self.kafka.delete_topic("bench.copy")

    def sluice(self, who, pipeline, name):
        """It is ready once the views hold all that the topics held when it started."""
        flags = dict(one.split("=", 1) for one in self.options.set)
        service = Service("views", {"kafka-bootstrap": self.kafka.bootstrap, "file": pipeline, "pipeline": name,
                                    "state-dir": self.folder / name, **flags}, self.folder)
        load, began = os.getloadavg()[0], time.monotonic()
        with Meter(self.servers) as meter:
            service.start()
            try:
                meter.watch("views", service.pid)
                service.wait_ready(DEADLINE_S)
                wall_s, read = time.monotonic() - began, service.metric("sluice_records_read_total")
            except BaseException:
                service.kill()
                raise
        code = service.terminate(60)
        assert code == 0, service.tail()
        assert read == self.records, f"sluice-views read {read:.0f} records of {self.records}"
        self.say(who, meter, wall_s, meter.cpu_s["views"], load, meter.peak["views"]["RssAnon"])

    def streams(self):
        """It is through when it has committed the ends of its sources and no topic moves any more."""
        for view in self.views:
            self.kafka.create_topic(f"peer.{view}", PARTITIONS)
        load, began = os.getloadavg()[0], time.monotonic()
        log = self.folder / "peer.log"
        with Meter(self.servers) as meter, open(log, "wb") as output:
            process = subprocess.Popen([*self.peer, self.kafka.bootstrap, f"peer-{self.workload}", str(self.folder / "peer"), *self.views],
                                       stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
            try:
                meter.watch("peer", process.pid)
                moved_at, used_s = self.wait_streams(process)
            except BaseException:
                process.kill()
                print(log.read_text(errors="replace")[-4000:], file=sys.stderr)
                raise
        process.terminate()
        process.wait(60)
        self.say(PEER, meter, moved_at - began, used_s, load, meter.peak["peer"]["RssAnon"])

    def wait_streams(self, process):
        """When a topic moved last, and the CPU seconds that the process had used then."""
        consumer = Consumer({"bootstrap.servers": self.kafka.bootstrap, "group.id": "harness"})
        moved_at, used_s, last, deadline = time.monotonic(), 0.0, None, time.monotonic() + DEADLINE_S
        try:
            ends = {table: self.ends(consumer, table, PARTITIONS) for table in self.tables}
            while True:
                assert process.poll() is None, f"{PEER} ended with {process.returncode}"
                now = {topic: self.ends(consumer, topic, n) for topic, n in self.kafka.topics().items() if topic.startswith("peer")}
                if now != last:
                    last, moved_at, used_s = now, time.monotonic(), cpu_s(process.pid)
                elif time.monotonic() - moved_at >= QUIET_S and all(
                        self.kafka.committed(f"peer-{self.workload}", table) == ends[table] for table in self.tables):
                    return moved_at, used_s
                assert time.monotonic() < deadline, f"{PEER} is not through after {DEADLINE_S} s"
                time.sleep(0.5)  # asking is not free
        finally:
            consumer.close()

    @staticmethod
    def ends(consumer, topic, partitions):
        """Of a topic that has just been made the leaders may not be known yet: None."""
        try:
            return {p: consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=30)[1] for p in range(partitions)}
        except KafkaException:
            return None

    # --- right or wrong ---

    def ask_postgres(self):
        """{view: Counter of rows as JSON} over the rows that the load ends with."""
        script = run("views", {"oracle": self.pipeline, "pipeline": self.name})
        assert script.returncode == 0, script.stderr
        self.pg.create_database(ORACLE)
        loads = [f"CREATE TEMP TABLE rows (r json);\n\\copy rows FROM '{self.folder / table}.jsonl'\n"
                 f"INSERT INTO {table} SELECT r.* FROM rows, json_populate_record(NULL::{table}, r) r;\nDROP TABLE rows;\n"
                 for table in self.tables]
        self.pg.psql(ORACLE, stdin=with_rows(script.stdout, loads))
        answers = {view: self.pg.psql(ORACLE, "-Atc", f"SELECT row_to_json(v) FROM {VIEWS[view]} v") for view in self.views}
        return {view: Counter(answer.encode().split(b"\n")[:-1]) for view, answer in answers.items()}

    def compare(self, who, topic, rows):
        """`topic`: of a view; `rows(value)`: the rows that a record holds."""
        for view in self.views:
            values = self.latest(topic.format(view=VIEWS[view], workload=view))
            found, wanted = Counter(row for value in values for row in rows(value)), self.answers[view]
            same = found == wanted and wanted.total() > 0
            print(f"{who}, {view}: {found.total()} rows, expected {wanted.total()}: {'equal' if same else 'DIFFERENT'}")
            self.right &= same or who == PEER

    def latest(self, topic):
        """The last value of each key of a topic. In batches: the harness's own reading takes a record at a time."""
        consumer = Consumer({"bootstrap.servers": self.kafka.bootstrap, "group.id": "harness", "enable.auto.commit": False,
                             "enable.partition.eof": True, "isolation.level": "read_committed"})
        rows, left, deadline = {}, self.kafka.topics()[topic], time.monotonic() + DEADLINE_S
        try:
            consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(left)])
            while left:
                assert time.monotonic() < deadline, f"{topic}: not read in {DEADLINE_S} s"
                for message in consumer.consume(10_000, 0.3):  # waits so long unless so many come
                    if message.error() is None:
                        rows[message.key()] = message.value()
                    else:
                        assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
                        left -= 1
        finally:
            consumer.close()
        return [value for value in rows.values() if value is not None]

    # --- what is said ---

    def say(self, who, meter, wall_s, cpu_s, load, rss=None):
        self.per_cpu_s[who] = self.records / cpu_s
        memory = f"{rss / 1e6:12.1f}" if rss else f"{'':12}"
        print(f"{who:24}{wall_s:8.1f}{self.records / wall_s:11.0f}{cpu_s:8.2f}{self.records / cpu_s:15.0f}{memory}"
              f"{meter.cpu_s['broker']:14.1f}{meter.cpu_s['others']:14.1f}{load:10.1f}", flush=True)

    def say_ratios(self):
        """In records a CPU second."""
        for who in (OURS, TRUSTED):
            print(f"{who} / {LIMIT}: {self.per_cpu_s[who] / self.per_cpu_s[LIMIT]:.2f}")
            if PEER in self.per_cpu_s:
                ratio = self.per_cpu_s[who] / self.per_cpu_s[PEER]
                print(f"{who} / {PEER}: {ratio:.1f} (floor {FLOOR}: {'met' if ratio >= FLOOR else 'NOT met'})")


def title(text):
    print(f"\n== {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
