"""sluice-postgres-upsert and what goes wrong around it: what the user is told, and that the rest goes through."""

import json
import re
import shutil
import tempfile
from pathlib import Path

import pytest

from harness.disk import small_disk
from harness.proxy import TcpProxy
from harness.services import run
from harness.wait import until

EX_CONFIG = 78

TARGET = """CREATE SCHEMA IF NOT EXISTS gold;
CREATE TABLE IF NOT EXISTS gold.a (id integer PRIMARY KEY, n smallint, price numeric(5,2), doc jsonb, name text, code text UNIQUE);
"""


class Sink:
    """One topic, one table, one service."""

    def __init__(self, service, kafka, pg, database, unique, folder):
        self.kafka, self.pg, self.database, self.topic, self.pipeline = kafka, pg, database, f"{unique}.gold.a", unique
        self.target = folder / "target.sql"
        self.target.write_text(TARGET)
        self.make = service
        kafka.create_topic(self.topic, 1)

    def flags(self, **more):
        return {"pipeline": self.pipeline, "target": self.target, "kafka-bootstrap": self.kafka.bootstrap, "member-id": "one",
                "postgres-url": f"dbname={self.database}", "postgres-password-file": self.pg.password_file,
                **{name.replace("_", "-"): value for name, value in more.items()}}

    def start(self, **more):
        return self.make("postgres-upsert", self.flags(**more))

    def refused(self, *words, **more):
        """It ends at once with 78 and says all of these; returns what it says."""
        done = run("postgres-upsert", self.flags(**more), env=self.pg.env)
        errors = [line for line in done.stderr.splitlines() if "level=error" in line]
        assert done.returncode == EX_CONFIG and len(errors) == 1, done.stderr
        assert all(word in errors[0] for word in words), errors[0]
        return errors[0]

    def put(self, *records):
        self.kafka.produce(self.topic, [(json.dumps({"id": id}).encode(), row if isinstance(row, bytes) else json.dumps(row).encode())
                                        for id, row in records])

    def sql(self, statement):
        return self.pg.execute(self.database, statement)

    def ids(self):
        return {id for (id,) in self.sql("SELECT id FROM gold.a")}


def row(id, **more):
    return id, {"id": id, "n": 1, "price": 1.5, "doc": {"a": 1}, "name": "x", "code": str(id), **more}


@pytest.fixture
def sink(service, kafka, pg, database, unique, tmp_path):
    return Sink(service, kafka, pg, database, unique, tmp_path)


def test_records_that_the_table_does_not_take(sink):
    """Cut JSON, no UTF-8, numbers out of range, a second row with a unique code: each a dead letter, the others are rows."""
    whole = json.dumps(row(20)[1]).encode()
    sink.put(row(1), (10, whole[: len(whole) // 2]), (11, whole.replace(b'"x"', b'"\xff"')), row(12, n=32768), row(13, price=1000),
             row(14, code="1"), (15, whole.replace(b'{"a": 1}', b'{"a": [1')), (2, {"id": 2, "code": "2"}), row(3))
    one = sink.start().wait_ready()
    assert sink.ids() == {1, 2, 3} and sink.sql("SELECT n, name FROM gold.a WHERE id = 2") == [(None, None)]
    letters = sink.kafka.read(f"{sink.pipeline}.dead-letters")
    told = {letter.json_key()["id"]: (letter.header("sluice.error.rule"), letter.header("sluice.error.sqlstate")) for letter in letters}
    assert set(told) == {10, 11, 12, 13, 14, 15} and told[14] == ("a_code_key", "23505"), told
    assert told[12][1] == told[13][1] == "22003", told
    assert "UTF-8" in next(letter for letter in letters if letter.json_key()["id"] == 11).header("sluice.error.message")
    assert one.metric("sluice_dead_letters_total") == 6 and one.ready() == 200


def test_a_table_of_another_shape(sink):
    """At the start and while it runs it ends with what mends it, having written nothing wrong; mended it goes on."""
    sink.put(row(1))
    sink.sql("CREATE SCHEMA gold")
    for table, words in (("(id integer PRIMARY KEY)", ("ALTER TABLE", "ADD COLUMN")),
                         ("(id integer, n smallint, price numeric, doc jsonb, name text, code text)", ("no key", "ADD PRIMARY KEY"))):
        sink.sql(f"CREATE TABLE gold.a {table}")
        sink.refused("gold", *words)
        sink.sql("DROP TABLE gold.a")
    # keyed by other columns than the records, rows would fall into one: nothing is written, and what it says mends the table
    for key, own in (("n", r'(\"n\")'), ("id, n", r'(\"id\", \"n\")')):
        sink.sql(f"DROP TABLE IF EXISTS gold.a; CREATE TABLE gold.a (id integer NOT NULL, n smallint, price numeric, doc jsonb, name text,"
                 f" code text, PRIMARY KEY ({key}))")
        mending = sink.refused(sink.topic, r'keyed by (\"id\")', f"by {own}", 'ADD PRIMARY KEY')
        assert sink.ids() == set()
    sink.sql(re.search(r': (ALTER TABLE .*)" doing=', mending)[1].replace(r'\"', '"') + "; ALTER TABLE gold.a ALTER n DROP NOT NULL")
    one = sink.start().wait_ready()
    until(lambda: sink.ids() == {1}, "the first row")
    for id, (change, mend, word) in enumerate((("DROP COLUMN name", "ADD COLUMN name text", "name"),
                                               ("ALTER COLUMN n TYPE date USING NULL", "ALTER COLUMN n TYPE smallint USING NULL", "date"),
                                               ("SET SCHEMA public", None, "gold")), 2):
        sink.sql(f"ALTER TABLE gold.a {change}")
        sink.put(row(id))
        assert one.wait_exit(30) == EX_CONFIG, one.tail()
        (line,) = [line for line in one.log().splitlines() if "level=error" in line]
        assert word in line and "--ddl" in line and r'\"gold\".\"a\"' in line, line
        sink.sql(f"ALTER TABLE gold.a {mend}" if mend else "ALTER TABLE public.a SET SCHEMA gold")
        one.start().wait_ready()
        until(lambda: sink.ids() == set(range(1, id + 1)), "the row")
    assert f"{sink.pipeline}.dead-letters" not in sink.kafka.topics() or not sink.kafka.read(f"{sink.pipeline}.dead-letters")


def test_a_full_disk_of_the_target_is_waited_for(sink, pg, unique):
    """Not a record's fault: nothing is dead-lettered, /readyz says 503 and why, and with room again all rows come."""
    # outside of pytest's folder, which the server may not enter
    with tempfile.TemporaryDirectory(prefix="sluice-tablespace-") as home, small_disk(Path(home) / "disk", "16m") as disk:
        Path(home).chmod(0o755)
        data = Path(pg.password_file).parent / "data"
        shutil.chown(disk.path, data.owner(), data.group())
        pg.execute("postgres", f"CREATE TABLESPACE {unique} LOCATION '{disk.path}'")
        try:
            sink.target.write_text(TARGET.replace(");", f") TABLESPACE {unique};"))
            sink.put(row(1))
            one = sink.start().wait_ready()
            disk.fill()
            sink.put(*[row(i, name="x" * 2000) for i in range(2, 2000)])
            one.wait_unready()
            one.wait_log("No space left on device")
            assert sink.ids() == {1}
            disk.free()
            one.wait_ready(60)
            until(lambda: len(sink.ids()) == 1999, "all rows", 60)
            assert f"{sink.pipeline}.dead-letters" not in sink.kafka.topics() or not sink.kafka.read(f"{sink.pipeline}.dead-letters")
            assert one.lives == 1 and one.metric("sluice_retries_total") >= 1
            one.kill()
        finally:
            pg.drop_database(sink.database)
            pg.execute("postgres", f"DROP TABLESPACE {unique}")


def test_a_target_that_falls_silent(sink, pg):
    sink.put(row(1))
    with TcpProxy(pg.host, pg.port) as proxy:
        one = sink.start(postgres_url=f"host=127.0.0.1 port={proxy.port} dbname={sink.database}").wait_ready()
        proxy.silence()
        sink.put(row(2))
        one.wait_unready(60)
        proxy.heal()
        one.wait_ready(60)
        until(lambda: sink.ids() == {1, 2}, "both rows")


def test_a_full_disk_under_the_log_is_told_and_costs_nothing_else(sink, tmp_path):
    """common/base/log_file, so any service's --log-file: stderr has every line, the file says how many it lacks."""
    letters = lambda: len(sink.kafka.read(f"{sink.pipeline}.dead-letters"))
    with small_disk(tmp_path / "disk") as disk:
        one = sink.start(log_file=disk.path / "log_%Y.log").wait_ready()
        (file,) = disk.path.glob("log_*.log")
        disk.fill()
        sink.put(*[(id, b"cut") for id in range(10, 110)], row(1))  # more lines than the file's last page takes
        one.wait_log("log file takes no lines, they are here alone: No space left")
        until(lambda: sink.ids() == {1} and letters() == 100, "the row and the dead letters")
        assert one.ready() == 200
        disk.free()
        sink.put((110, b"cut"), row(2))
        missing = int(one.wait_log(r"log file takes lines again, (\d+) are missing")[1])
        until(lambda: len(one.log().splitlines()) - len(file.read_text().splitlines()) == missing, f"a file without {missing} lines")
        assert missing > 1 and set(file.read_text().splitlines()) < set(one.log().splitlines())
        until(lambda: sink.ids() == {1, 2} and letters() == 101, "the second row")
        one.kill()
