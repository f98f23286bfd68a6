"""sluice-postgres-cdc and what goes wrong around it: what the user is told, and that the rest goes through."""

import pytest

PIPELINE = """
CREATE SCHEMA bronze; CREATE SCHEMA gold;
CREATE FOREIGN TABLE bronze.t (id int PRIMARY KEY, name text, price numeric, day date)
  SERVER kafka OPTIONS (topic '{topic}', format 'debezium');
CREATE MATERIALIZED VIEW gold.names AS SELECT id, name, price, day FROM bronze.t;
"""


@pytest.fixture
def anything(pg, database):
    """A database without an encoding, which holds any bytes, with one published table."""
    pg.execute("postgres", f'DROP DATABASE "{database}"')
    pg.execute("postgres", f"CREATE DATABASE \"{database}\" TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
    pg.execute(database, "CREATE TABLE t (id int PRIMARY KEY, name text, price numeric, day date)")
    pg.execute(database, f"CREATE PUBLICATION sluice_{database} FOR TABLE t")
    return database


def test_what_no_reader_takes_passes_through_and_the_rest_with_it(service, kafka, pg, anything, tmp_path):
    """Bytes that are no UTF-8, in the snapshot and behind it, stand in bronze as they were; views put them into the dead
    letters. Numbers and days at the end of PostgreSQL's ranges are values like others."""
    def put(first):
        names = [r"'good'", r"E'caf\xe9'", r"E'\xc3\xa9'", r"""E'\xf0"}}'""", r"E'\xf0\x9f\x98\x80'"]
        rows = [f"({first + i}, {name}, 'NaN'::numeric, '5874897-12-31'::date)" for i, name in enumerate(names)]
        pg.execute(anything, f"INSERT INTO t VALUES {', '.join(rows)}")

    topic = f"{anything}.public.t"
    put(1)
    one = service("postgres-cdc", {"topic-prefix": anything, "postgres-url": f"dbname={anything}", "topic-partitions": 1,
                                   "kafka-bootstrap": kafka.bootstrap, "tables": "public.t"}).wait_ready()
    put(11)
    one.until(lambda: len(kafka.read(topic)) == 10, "ten rows")
    assert one.ready() == 200 and sum(b"caf\xe9" in record.value for record in kafka.read(topic)) == 2
    pipeline = tmp_path / "pipeline.sql"
    pipeline.write_text(PIPELINE.format(topic=topic))
    views = service("views", {"kafka-bootstrap": kafka.bootstrap, "file": pipeline, "pipeline": anything,
                              "state-dir": tmp_path / "state"}).wait_ready()
    gold = {record.json()["id"]: record.json() for record in kafka.latest(f"{anything}.gold.names").values()}
    assert {key: row["name"] for key, row in gold.items()} == {1: "good", 3: "é", 5: "😀", 11: "good", 13: "é", 15: "😀"}
    assert gold[5]["price"] == "NaN" and gold[5]["day"] == "5874897-12-31"
    letters = kafka.read(f"{anything}.dead-letters")
    assert sorted(letter.json_key()["id"] for letter in letters) == [2, 4, 12, 14]
    assert all("UTF-8" in letter.header("sluice.error.message") for letter in letters)
    assert views.metric("sluice_dead_letters_total") == 4
