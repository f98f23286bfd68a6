"""The stages of schemas/NAME/flow, each the config file of a service, run in their order under names of a test's own."""

import re

from .pipelines import SCHEMAS
from .services import account
from .wait import until

TOPIC_OPTIONS = ("topic", "topics", "pipeline", "group", "topic-prefix")
RUNNING = ("views", "postgres-upsert")  # they never end; all others run once


class Flow:
    """Topics, pipelines and groups get the word in front, buckets behind; `flags` of `run` win over the files, "env" among them is
    a stage's environment."""

    def __init__(self, name, service, kafka, s3, pg, word, folder):
        self.service, self.kafka, self.s3, self.pg, self.word = service, kafka, s3, pg, word
        self.folder = folder / "flow"
        self.folder.mkdir()
        self.name, self.runs, self.running = name, 0, {}
        self.buckets = set()
        self.stages = {}
        for file in sorted((SCHEMAS / name / "flow").glob("*.conf")):
            number, _, stage = file.stem.partition("-")
            title, _, service_name = stage.partition(".")
            self.stages[int(number)] = (title, service_name, self.own(file.read_text()))

    def topic(self, name):
        return f"{self.word}.{name}"

    def bucket(self, name):
        """The test's bucket of this name, made when it is met first."""
        own = f"{name[:12]}-{self.word.replace('_', '-')}"[:63].strip("-")
        if own not in self.buckets:
            self.s3.make_bucket(own)
            self.buckets.add(own)
        return own

    def own(self, text):
        """A config file as {option: value} with the test's names."""
        options = dict(re.findall(r"^([\w-]+) = (.*)$", text, re.M))
        for name in TOPIC_OPTIONS:
            if name in options:
                options[name] = ",".join(map(self.topic, options[name].split(",")))
        for name in ("s3-bucket", "raw-bucket"):
            if name in options:
                options[name] = self.bucket(options[name])
        if options.get("input", "").startswith("s3://"):
            bucket, _, key = options["input"][len("s3://"):].partition("/")
            options["input"] = f"s3://{self.bucket(bucket)}/{key}"
        for name in ("file", "target"):
            if name in options:
                options[name] = self.own_sql(SCHEMAS.parent / options[name])
        if "schema" in options:
            options["schema"] = SCHEMAS.parent / options["schema"]
        return options

    def own_sql(self, file):
        copy = self.folder / file.name
        copy.write_text(re.sub(r"topic '([^']+)'", lambda match: f"topic '{self.topic(match[1])}'", file.read_text()))
        return copy

    def drop(self):
        for bucket in self.buckets:
            self.s3.remove_bucket(bucket)

    def run(self, first=1, last=99, **flags):
        """Runs the stages from `first` to `last`; flags by stage: s2={"nested": "repr"}. The producers' summaries by stage."""
        said = {}
        for number in [number for number in self.stages if first <= number <= last]:
            said[number] = self.run_stage(number, flags.get(f"s{number}", {}))
        return {number: summary for number, summary in said.items() if summary}

    def run_stage(self, number, more):
        title, name, options = self.stages[number]
        env = more.get("env", {})
        flags = {"kafka-bootstrap": self.kafka.bootstrap, **options, **{flag: value for flag, value in more.items() if flag != "env"}}
        if name in RUNNING:
            self.keep_running(number, name, flags)
            return None
        self.runs += 1
        if name == "s3-objects":
            flags.setdefault("s3-endpoint", self.s3.endpoint)
        else:
            flags["state-dir"] = self.folder / f"seen-{title}"
        if str(flags.get("input", "")).startswith("s3://") or "raw-bucket" in flags:
            flags.setdefault("s3-endpoint", self.s3.endpoint)
        one = self.service(name, {**flags, "once": True}, instance=f"{title}{self.runs}", env=env)
        assert one.wait_exit(120) == 0, one.tail()
        return account(one.log())

    def keep_running(self, number, name, flags):
        """Started when it is met first; then waited for until it has done all that there is."""
        if number not in self.running:
            if name == "views":
                flags["state-dir"] = self.folder / "views"
            self.running[number] = self.service(name, flags, instance=str(number)).wait_ready(60)
        if name == "views":
            sources = re.findall(r"topic '([^']+)'", flags["file"].read_text())
            self.until_read(f"{flags['pipeline']}-views", sources)
        else:
            self.until_written(flags)

    def until_read(self, group, topics):
        for topic in topics:
            ends = self.kafka.ends(topic)
            until(lambda: all(self.kafka.committed(group, topic).get(partition, 0) >= end for partition, end in ends.items()),
                  f"{group} to read {topic}", 60, every_s=0.1)

    def until_written(self, flags):
        """The tables hold all that the views' topics do."""
        database = re.search(r"dbname=(\w+)", flags["postgres-url"])[1]
        for table in re.findall(r"CREATE TABLE IF NOT EXISTS (\S+)", flags["target"].read_text()):
            topic = f"{flags['pipeline']}.{table}"
            ends = self.kafka.ends(topic)

            def written():
                offsets = dict(self.pg.execute(database, "SELECT partition, next_offset FROM sluice.sink_offsets WHERE topic = %s", (topic,)))
                return all(offsets.get(partition, 0) >= end for partition, end in ends.items())

            until(written, f"postgres-upsert to write {topic}", 60, every_s=0.1)
