"""before 'trusted': a source whose records say what was there before, so that views keep none of its rows."""

import json

import pytest

from harness.wait import until

EX_DATAERR, EX_CONFIG = 65, 78

PIPELINE = """
CREATE SCHEMA bronze; CREATE SCHEMA gold;
CREATE FOREIGN TABLE bronze.a (id int PRIMARY KEY, g int NOT NULL, v int CHECK (v < 1000))
  SERVER kafka OPTIONS (topic '{topic}', format 'debezium', before 'trusted');
CREATE MATERIALIZED VIEW gold.a AS SELECT id, v FROM bronze.a WHERE v > 10;
CREATE MATERIALIZED VIEW gold.g AS SELECT g, count(*) AS n, sum(v) AS s, max(v) AS most FROM bronze.a GROUP BY g;
"""
WHOLE = {"retention.ms": "-1"}


@pytest.fixture
def views(service, kafka, unique, tmp_path):
    """views(config): the service over a topic with these settings, prepared and not started."""
    topic = f"{unique}.bronze.a"
    (tmp_path / "pipeline.sql").write_text(PIPELINE.format(topic=topic))

    def make(config=WHOLE):
        kafka.create_topic(topic, 2, config)
        return service("views", {"kafka-bootstrap": kafka.bootstrap, "file": tmp_path / "pipeline.sql", "pipeline": unique,
                                 "state-dir": tmp_path / "state", "commit-interval": "20ms"}, start=False)

    make.changelog = lambda: kafka.latest(f"_sluice.{unique}.changelog").values()
    make.put = lambda *records: kafka.produce(topic, records)
    make.gold = lambda view: {tuple(record.json_key().values()): tuple(record.json().values())
                              for record in kafka.latest(f"{unique}.gold.{view}").values()}
    return make


def change(op, before, after, lsn=7):
    """A record; rows are (id, g, v)."""
    rows = [None if row is None else dict(zip(("id", "g", "v"), row)) for row in (before, after)]
    value = {"before": rows[0], "after": rows[1], "source": {"lsn": lsn}, "op": op}
    return json.dumps({"id": (after or before)[0]}).encode(), json.dumps(value).encode()


FIRST = (change("r", None, (1, 1, 20)), change("r", None, (2, 1, 5)), change("c", None, (3, 2, 40)),
         change("u", (1, 1, 20), (1, 2, 21)), change("u", (1, 2, 21), (1, 2, 22)), change("d", (2, 1, 5), None))


def test_rows_are_taken_away_by_what_the_records_say(views):
    one = views()
    views.put(*FIRST)
    one.start().wait_ready()
    assert views.gold("a") == {(1,): (1, 22), (3,): (3, 40)} and views.gold("g") == {(2,): (2, 2, 62, 40)}
    held = [value for value in views.changelog() if value.value is not None]
    assert len(held) == 3, "the group, the snapshot, the commit record"
    one.kill()
    views.put(change("u", (3, 2, 40), (3, 1, 6)), change("d", (1, 2, 22), None), change("c", None, (2, 1, 12)))
    one.start().wait_ready()
    until(lambda: views.gold("g") == {(1,): (1, 2, 18, 12)}, "the groups")
    assert views.gold("a") == {(2,): (2, 12)}


@pytest.mark.parametrize("record, why", [
    (change("u", None, (3, 2, 41)), "REPLICA IDENTITY FULL"),
    (change("d", (3, None, None), None), "REPLICA IDENTITY FULL"),
    (change("u", (3, 2, 40), (3, 2, 1000)), "violates check constraint"),
    ((change("t", (9, 9, 9), None)[0], b'{"before":null,"after":null,"op":"t"}'), "was truncated"),
    ((b'{"id":3}', b'{"before":'), "can't be used (before: not JSON: end of text"),
    (change("r", None, (4, 4, 4), lsn=8), "second snapshot"),
    (change("u", (1, 2, 22), (1, 2, 23)), "not what the record before it left"),
], ids=["no-before", "partial-before", "contract", "truncate", "undecodable", "snapshot", "chain"])
def test_what_would_be_missing_ends_it(views, record, why):
    """The last one says that something else was there, within one step."""
    one = views()
    views.put(*FIRST)
    if "left" not in why:
        one.start().wait_ready()
        views.put(record)
    else:
        views.put(record, record)
        one.start()
    assert one.wait_exit(30) == EX_DATAERR
    assert why in one.log() and "bronze.a says before 'trusted'" in one.log() and "--rebuild" in one.log()


@pytest.mark.parametrize("config, why", [({}, "retention.ms"), ({"cleanup.policy": "compact", **WHOLE}, "cleanup.policy=compact")],
                         ids=["retention", "compacted"])
def test_a_topic_that_forgets_is_refused(views, config, why):
    one = views(config)
    one.start()
    assert one.wait_exit(30) == EX_CONFIG
    assert why in one.log() and "before 'trusted'" in one.log()


def test_a_topic_that_has_lost_its_beginning_is_refused(views, kafka, stack, unique, tmp_path):
    """Its settings keep all, but somebody has deleted records."""
    one = views()
    views.put(*FIRST)
    topic = f"{unique}.bronze.a"
    partition = kafka.read(topic)[0].partition
    (tmp_path / "upto.json").write_text(json.dumps({"version": 1, "partitions": [{"topic": topic, "partition": partition, "offset": 1}]}))
    stack.run("kafka-tool", "org.apache.kafka.tools.DeleteRecordsCommand", "--bootstrap-server", kafka.bootstrap,
              "--offset-json-file", str(tmp_path / "upto.json"))
    one.start()
    assert one.wait_exit(30) == EX_CONFIG
    assert f"source bronze.a says before 'trusted': topic {topic}, partition {partition} begins at offset 1" in one.log()
    assert not kafka.topics().get(f"{unique}.gold.a") or not kafka.read(f"{unique}.gold.a")
