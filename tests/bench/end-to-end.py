#!/usr/bin/python3
"""Drains a backlog of acme changes from PostgreSQL's WAL to gold rows and says what that costs, beside the limits.

On fresh servers of its own: a backlog of small transactions is generated behind a slot; then postgres-cdc, views,
postgres-upsert and s3-objects start at once. The clock stops when the target's offsets stand at the end of every
view's topic; memory and CPU are counted until the gold topics lie in objects too. The tables must then equal
PostgreSQL's own answer, and the objects the topics: only that decides the exit status. Limits of the same run:
pg_recvlogical reading the same backlog, and a bare librdkafka loop copying bronze in transactions (limits.c).
Wall time on a busy machine says little: the load average and the CPU seconds of everything else stand beside it.
"""

import argparse
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.release import BUILD, build  # noqa: E402 - before the rest: it runs these programs
from psycopg2.errors import UndefinedTable  # noqa: E402

from harness.acme import GOLD, Acme  # noqa: E402
from harness.kafka import Kafka  # noqa: E402
from harness.meter import Meter, family_cpu_s  # noqa: E402
from harness.postgres import Postgres  # noqa: E402
from harness.s3 import S3  # noqa: E402
from harness.servers import Stack  # noqa: E402
from harness.services import Service  # noqa: E402
from harness.wait import until  # noqa: E402

NAME = "bench"
STAGES = {"cdc": "postgres-cdc", "views": "views", "upsert": "postgres-upsert", "objects": "s3-objects"}
DEADLINE_S = 1800
COPY_INTERVAL_MS = 200
POLL_S = 0.5  # asking is not free: each time new clients of the broker
SAMPLES_HZ = 499
FLOORS = {"changes/s": (30000, ">="), "RssAnon MB": (100, "<="), "CPU us/change": (20, "<=")}
FULL_CHANGES = 1_000_000
LIVE_AT_FULL = {"orders": 50_000, "order_items": 300_000}


def main():
    options = parse()
    build("bench_limits", "sluice-datagen", *(f"sluice-{STAGES[stage]}" for stage in options.stages or STAGES))
    folder = Path(tempfile.mkdtemp(prefix="sluice-bench-"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # leaves through the finally
    bench = None
    try:
        bench = Bench(options, folder)
        return bench.run()
    finally:
        if bench:
            bench.close()
        shutil.rmtree(folder)


def parse():
    parser = argparse.ArgumentParser(prog="tests/bench/run end-to-end", description=__doc__.split("\n")[0])
    parser.add_argument("--changes", type=int, default=FULL_CHANGES, metavar="N", help="the backlog (%(default)s)")
    parser.add_argument("--stages", nargs="?", const=",".join(STAGES), metavar="LIST",
                        help="one service after the other instead of all at once: cdc,views,upsert,objects or the first of them")
    parser.add_argument("--perf", action="store_true", help="profile each service with perf")
    parser.add_argument("--items-per-order", type=int, default=6, metavar="N", help="of datagen (%(default)s)")
    parser.add_argument("--churn-percent", type=int, default=80, metavar="N", help="of datagen (%(default)s)")
    parser.add_argument("--set", action="append", default=[], metavar="SERVICE:FLAG=VALUE",
                        help="a flag for a service, as views:commit-interval=500ms")
    options = parser.parse_args()
    options.stages = options.stages.split(",") if options.stages else None
    if options.stages and options.stages != list(STAGES)[:len(options.stages)]:
        parser.error(f"--stages: {', then '.join(STAGES)}")
    options.flags = {}
    for one in options.set:
        service, _, flag = one.partition(":")
        name, _, value = flag.partition("=")
        options.flags.setdefault(service, {})[name] = value
    return options


class Bench:
    """The servers, the pipeline, and what was measured."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.started, self.failed = [], False
        self.stack = Stack(folder / "servers")
        self.stack.need("postgres", "kafka", "s3")
        self.env = self.stack.env()
        self.pg, self.kafka = Postgres(self.env), Kafka(self.env["SLUICE_KAFKA_BOOTSTRAP"])
        postmaster, self.broker_pid, store = (int((self.stack.state / name / "pid").read_text())
                                              for name in ("postgres", "kafka", "s3"))
        walsender = lambda: family_cpu_s(postmaster, "walsender")
        self.servers = {"broker": lambda: family_cpu_s(self.broker_pid), "walsender": walsender,
                        "postgres": lambda: family_cpu_s(postmaster) - walsender(), "S3 store": lambda: family_cpu_s(store)}
        self.s3 = S3(self.env)
        self.s3.make_bucket(NAME)
        flags = {**options.flags, "s3-objects": {"rotate-interval": "2s", **options.flags.get("s3-objects", {})}}
        self.acme = Acme(self.service, self.kafka, self.pg, NAME, folder, self.s3, NAME, flags)

    def close(self):
        for one in self.started:
            one.kill()
        self.kafka = self.acme = None  # else the client tells that its broker is gone
        self.stack.wipe()

    def service(self, name, flags=None, start=True, **how):
        one = Service(name, flags, self.folder, env=self.env, **how)
        self.started.append(one)
        return one.start() if start else one

    # --- what happens ---

    def run(self):
        self.prepare()
        self.generate()
        title("limits")
        self.recvlogical_s = self.limit_recvlogical()
        stages = self.options.stages
        for stage in stages or ():
            self.measure(f"{stage} alone", [stage])
            if stage == "cdc":
                self.limit_copy()
        if not stages:
            self.measure("drain: all services at once", list(STAGES))
            self.limit_copy()
        if not stages or stages == list(STAGES):
            self.compare()
        return 1 if self.failed else 0

    def prepare(self):
        """The source, its slot and topics (by a first run over empty tables), the limit's slot, the target."""
        self.acme.create_source()
        capture = self.acme.prepare("postgres-cdc", instance="first").start()
        capture.wait_ready()
        self.acme.wait_captured()
        code = capture.terminate()
        assert code == 0, capture.tail()
        self.publication = self.pg.value(self.acme.source, "SELECT pubname FROM pg_publication")
        self.pg.execute(self.acme.source, "SELECT pg_create_logical_replication_slot('bench_limit', 'pgoutput')")
        if not self.options.stages or len(self.options.stages) > 1:
            self.acme.create_target()

    def generate(self):
        options, began = self.options, time.monotonic()
        transactions = self.transactions()
        generator = self.acme.generate(wait=False, changes=options.changes, **{
            "items-per-order": options.items_per_order, "churn-percent": options.churn_percent})
        assert generator.wait_exit(DEADLINE_S) == 0, generator.tail()
        transactions = self.transactions() - transactions
        self.end_lsn = self.pg.value(self.acme.source, "SELECT pg_current_wal_insert_lsn()")
        # one more, so that a reader sees without delay that it has passed the end
        self.pg.execute(self.acme.source, "UPDATE operations.products SET updated_at = now() WHERE product_id = 1")
        self.changes = options.changes + 1
        title("backlog")
        print(f"{self.changes} changes in {transactions} transactions, generated in {time.monotonic() - began:.1f} s")
        for table, wanted in LIVE_AT_FULL.items():
            live = self.pg.value(self.acme.source, f"SELECT count(*) FROM operations.{table}")
            few = live < wanted and options.changes >= FULL_CHANGES
            print(f"live {table}: {live} (at {FULL_CHANGES} changes at least {wanted}){' TOO FEW' if few else ''}")
            self.failed |= few

    def transactions(self):
        return self.pg.value("postgres", "SELECT txid_snapshot_xmax(txid_current_snapshot())")

    def measure(self, what, stages):
        """Starts these services at once and waits until each has done all there is to do."""
        names = [STAGES[stage] for stage in stages]
        load, perfs, through_s = os.getloadavg()[0], [], {}
        began = time.monotonic()
        with Meter(self.servers) as meter:
            services = {name: self.acme.prepare(name).start() for name in names}
            for name, one in services.items():
                meter.watch(name, one.pid)
            if self.options.perf:
                for name, one in services.items():
                    # of threads that start while perf attaches it would see nothing
                    until(lambda: one.ready() == 200 or not one.running(), f"{name} to be ready", 60)
                    perfs.append(Perf(name, one.pid, self.folder))
                perfs.append(Perf("broker", self.broker_pid, self.folder))
            try:
                for stage in stages:
                    self.wait(stage, services)
                    through_s[stage] = time.monotonic() - began
            except AssertionError:
                for one in services.values():
                    print(one.tail(), file=sys.stderr)
                raise
            for perf in perfs:
                perf.stop()
        counters = {name: totals(one) for name, one in services.items()}
        for one in services.values():
            one.terminate(60)
        title(f"{what} (load average {load:.1f} before, {os.getloadavg()[0]:.1f} after)")
        print("through after", ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in through_s.items()))
        wall_s = through_s.get("upsert") or max(through_s.values())
        self.say_costs(meter, names, wall_s)
        for name, counted in counters.items():
            print(f"{name} counted {' '.join(f'{what}={value:.15g}' for what, value in counted.items())}")
        if len(stages) > 1:
            self.say_floors(meter, names, wall_s)
        for perf in perfs:
            perf.report(meter.cpu_s[perf.name] / self.changes * 1e6)

    def wait(self, stage, services):
        """Until the stage is through; a service that ends meanwhile ends the benchmark."""
        done = {"cdc": lambda: self.acme.wait_captured(0),
                "views": lambda: self.acme.wait_read(f"{NAME}-views", self.acme.bronze_topics(), 0),
                "upsert": lambda: self.acme.wait_upserted(0),
                "objects": lambda: self.acme.wait_objects(0)}[stage]

        def through():
            for one in services.values():
                assert one.running(), f"{one.title} has ended"
            try:
                done()
                return True
            except AssertionError:
                return False

        until(through, f"{stage} to be through", DEADLINE_S, every_s=POLL_S, ignore=(KeyError, UndefinedTable))

    def compare(self):
        title("comparison with PostgreSQL's own answer")
        try:
            self.acme.check_tables()
            self.check_objects()
        except AssertionError as error:
            print(error)
            self.failed = True

    def check_objects(self):
        """The objects hold each record of the gold topics once, and nothing else."""
        want = sorted((f"{NAME}.{view}", record.partition, record.offset)
                      for view in GOLD for record in self.kafka.read(f"{NAME}.{view}"))
        keys, found = self.s3.list(NAME), []
        for key in keys:
            topic, partition, _name = key.split("/")
            found += [(topic, int(partition), row["__offset"]) for row in json.loads(self.s3.get(NAME, key))]
        same = found and sorted(found) == want
        print(f"{len(keys)} objects of the gold topics: {len(found)} rows, expected {len(want)}: {'equal' if same else 'DIFFERENT'}")
        self.failed |= not same

    # --- limits ---

    def limit_recvlogical(self):
        """Reads the backlog as pgoutput to /dev/null; the seconds it took."""
        command = ["pg_recvlogical", "-d", self.acme.source, "-S", "bench_limit", "--start", "--no-loop", "-f", "/dev/null",
                   "-o", "proto_version=1", "-o", f"publication_names={self.publication}", f"--endpos={self.end_lsn}"]
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        with Meter(self.servers) as meter:
            began = time.monotonic()
            subprocess.run(command, env={**os.environ, **self.env}, check=True, timeout=DEADLINE_S)
            wall_s = time.monotonic() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        own_s = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        server_s = meter.cpu_s["walsender"] + meter.cpu_s["postgres"]
        print(f"pg_recvlogical: {wall_s:.2f} s, {self.changes / wall_s:.0f} changes/s, "
              f"CPU {own_s / self.changes * 1e6:.2f} us/change, PostgreSQL {server_s / self.changes * 1e6:.2f} us/change")
        self.pg.execute(self.acme.source, "SELECT pg_drop_replication_slot('bench_limit')")
        return wall_s

    def limit_copy(self):
        """Bare librdkafka over bronze: reading, and copying in transactions."""
        title("limits over bronze")
        self.kafka.create_topic("bench.copy", 4)
        topics, brokers = self.acme.bronze_topics(), self.kafka.bootstrap
        for what, arguments in (("consume", [brokers]), ("copy", [brokers, "bench.copy", str(COPY_INTERVAL_MS)])):
            with Meter(self.servers) as meter:
                done = subprocess.run([str(BUILD / "bench" / "bench_limits"), what, *arguments, *topics],
                                      stdout=subprocess.PIPE, text=True, check=True, timeout=DEADLINE_S)
            got = {name: float(value) for name, value in re.findall(r"(\w+)=([\d.]+)", done.stdout)}
            n = got["records"]
            print(f"{what}: {n:.0f} records of {got['bytes'] / n:.0f} bytes, {got['wall_s']:.2f} s, {n / got['wall_s']:.0f} records/s, "
                  f"CPU {got['cpu_s'] / n * 1e6:.2f} us/record, broker {meter.cpu_s['broker'] / n * 1e6:.2f} us/record")
            self.copy_s = got["wall_s"]
        if not self.options.stages:
            self.say_ratios()

    # --- what is said ---

    def say_costs(self, meter, names, wall_s):
        changes = self.changes
        print(f"{wall_s:.2f} s, {changes / wall_s:.0f} changes/s")
        print(f"{'':24}{'CPU s':>8}{'us/change':>11}{'RssAnon MB':>12}{'RssFile MB':>12}")
        for name in (*names, *self.servers, "self", "others"):
            label = {"self": "this program", "others": "others on the machine"}.get(name, name)
            line = f"{label:24}{meter.cpu_s[name]:8.2f}{meter.cpu_s[name] / changes * 1e6:11.2f}"
            peak = meter.peak.get(name)
            print(line + (f"{peak['RssAnon'] / 1e6:12.1f}{peak['RssFile'] / 1e6:12.1f}" if peak else ""))
        for name in names:
            series = meter.series[name]
            tenths = [series[len(series) * i // 10] for i in range(10)] if series else []
            print(f"RssAnon of {name} over time, MB: {' '.join(f'{size / 1e6:.0f}' for size in tenths)}")
        state = self.folder / "state"
        if "views" in names and state.exists():
            used = sum(file.stat().st_blocks * 512 for file in state.rglob("*") if file.is_file())
            print(f"LMDB's files: {used / 1e6:.1f} MB; views' RssFile is mostly their pages")

    def say_floors(self, meter, names, wall_s):
        cpu_us = sum(meter.cpu_s[name] for name in names) / self.changes * 1e6
        measured = {"changes/s": self.changes / wall_s, "RssAnon MB": meter.together["RssAnon"] / 1e6, "CPU us/change": cpu_us}
        self.drain_s = wall_s
        print(f"{'all services':24}{'measured':>12}{'floor':>12}")
        for what, (floor, relation) in FLOORS.items():
            value = measured[what]
            met = value >= floor if relation == ">=" else value <= floor
            print(f"{what:24}{value:12.1f}{f'{relation} {floor}':>12}  {'met' if met else 'NOT met'}")

    def say_ratios(self):
        print(f"drain took {self.drain_s / self.recvlogical_s:.1f} x pg_recvlogical, {self.drain_s / self.copy_s:.1f} x the copy loop")


class Perf:
    """A profile of one process, by perf's clock event (there may be no hardware counters)."""

    BIGGEST = 10

    def __init__(self, name, pid, folder):
        self.name, self.file = name, folder / f"{name}.perf"
        self.process = subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", str(SAMPLES_HZ), "-g", "-p", str(pid),
                                         "-o", str(self.file)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.error = self.process.communicate()[1]

    def report(self, us_per_change):
        """By library, the biggest functions by themselves, and the service's own ones with what they call."""
        program = f"sluice-{self.name}"
        reports = {"threads and libraries": ["--no-children", "--sort", "comm,dso"],
                   "biggest functions": ["--no-children", "--sort", "dso,symbol"],
                   "own functions with their callees": ["--children", "--sort", "symbol", "--dsos", program]}
        if self.name == "broker":
            reports = {"threads": ["--no-children", "--sort", "comm"]}
        for what, arguments in reports.items():
            done = subprocess.run(["perf", "report", "-i", str(self.file), "--stdio", "-g", "none", "-w", "0", *arguments],
                                  capture_output=True, text=True)
            title(f"{self.name}: {what}")
            lines = [line for line in done.stdout.splitlines() if re.match(r"\s+[\d.]+%", line)]
            if not lines:
                print(f"no samples: {self.error or ''}{done.stderr}")
            n = self.BIGGEST * (3 if "--children" in arguments else 1)
            for line in lines[:n]:
                share = float(line.split("%")[0])
                print(f"{share / 100 * us_per_change:7.2f} us/change {re.sub(r'[- ]+$', '', line)}")


def totals(service):
    """{name: number} of the counters that a service shows, each summed over its labels, without those that are 0."""
    found = {}
    for (name, _labels), value in service.metrics().items():
        if name.endswith("_total") and value:
            short = name.removeprefix("sluice_").removesuffix("_total")
            found[short] = found.get(short, 0) + value
    return found


def title(text):
    print(f"\n== {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
