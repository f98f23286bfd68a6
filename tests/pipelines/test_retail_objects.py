"""retail: the original's eleven sets as Parquet directories, by the config files of schemas/retail/flow, read back by DuckDB;
and the customers out of a database in place of their file."""

import hashlib
import json
from decimal import Decimal

import pytest

from harness.modules import need
from harness.pipelines import SCHEMAS, csv_rows
from harness.services import run
from harness.wait import until
from pipelines.test_retail import KEYS, OF_EVENTS, event_rows, shop_rows

SOURCES = {"customers.csv": "s1", "transactions.csv": "s2", "products.csv": "s3", "events.ndjson": "s4"}
BRONZE = ["bronze.customers", "bronze.transactions", "bronze.products"]
SILVER = ["silver.customers_enriched", "silver.transactions_clean", "silver.products_active"]
GOLD = [f"gold.{name}_analytics" for name in ("customer", "category", "payment", "device", "product")]
DOUBLES = {"bronze.customers": ["total_spent"], "bronze.products": ["price", "weight_kg"], "gold.customer_analytics": ["avg_age", "segment_revenue"],
           "silver.transactions_clean": ["amount"], "silver.customers_enriched": ["total_spent", "avg_order_value"]}
DAYS = 8  # the stage of the partitions by day


@pytest.fixture
def shop(flow, pipeline, generate):
    """A flow over files of its own: follow(FIRST, LAST) runs its stages."""
    one = flow("retail")
    one.data, one.oracle, one.store = generate("retail", rows=1500), pipeline("retail"), one.bucket("pipeline-data")
    (generate("events", rows=200) / "events.ndjson").rename(one.data / "events.ndjson")

    def follow(first=1, last=99):
        return one.run(first, last, **{stage: {"input": one.data / name} for name, stage in SOURCES.items()})

    one.follow = follow
    return one


def manifest(shop, name, version=None):
    tail = "manifest.json" if version is None else f"versions/{version:010}.json"
    return json.loads(shop.s3.get(shop.store, f"{shop.topic('retail.' + name)}/{tail}"))


def read_back(shop, name, folder):
    """Columns as {name: DuckDB's type} and the rows of the present version, each object held against its SHA-256."""
    duckdb = need("duckdb")
    files = []
    for number, entry in enumerate(manifest(shop, name)["objects"]):
        body = shop.s3.get(shop.store, entry["key"])
        assert hashlib.sha256(body).hexdigest() == entry["sha256"] and entry["key"].startswith(name.replace(".", "/"))
        files.append(str(folder / f"{name}-{number}.parquet"))
        (folder / f"{name}-{number}.parquet").write_bytes(body)
    found = duckdb.sql(f"SELECT * FROM read_parquet({files}, hive_partitioning = false)")
    return dict(zip(found.columns, map(str, found.types))), found.fetchall()


def in_order(rows):
    return sorted((tuple(float(value) if isinstance(value, Decimal) else value for value in row) for row in rows), key=repr)


def check(shop, folder):
    """All eleven sets are PostgreSQL's answer over the files."""
    shop.oracle.ask_postgresql({**shop_rows(shop.data), "events": event_rows(shop.data)[0]})
    for name in BRONZE + SILVER + GOLD:
        types, rows = read_back(shop, name, folder)
        assert all(types[column] == "DOUBLE" for column in DOUBLES.get(name, []))
        columns = ", ".join(typed(column, kind) if name in BRONZE else f'"{column}"' for column, kind in types.items())
        expected = in_order(shop.pg.execute(shop.oracle.oracle, f"SELECT {columns} FROM {name}"))
        assert rows and in_order(rows) == expected, name


def typed(column, kind):
    """A column of bronze, which the oracle has as text."""
    if kind == "VARCHAR":
        return f'"{column}"'
    return f"nullif(\"{column}\"::text, '')::{kind.replace('DOUBLE', 'double precision')}"


def objects_of_days(shop):
    """{key: ETag} of the partitions of the present version."""
    return {entry["key"]: shop.s3.head(shop.store, entry["key"])["etag"] for entry in manifest(shop, "silver.transactions_clean")["objects"]}


def test_eleven_sets_as_parquet(shop, tmp_path, stack):
    shop.follow()
    check(shop, tmp_path)
    before = objects_of_days(shop)
    assert len(before) > 50 and all("transaction_date=20" in key for key in before)
    add_a_day(shop.data / "transactions.csv")
    shop.follow(2, 2)
    shop.follow(5, 9)
    check(shop, tmp_path)
    after = objects_of_days(shop)
    assert [key for key in after if key not in before] == [key for key in after if "transaction_date=2027-01-01" in key] != []
    assert before.items() <= after.items()  # no other object was written again: their ETags stay
    restore_the_first(shop, stack, before, after)


def add_a_day(path):
    with open(path, "a", encoding="utf-8") as file:
        for number in range(3):
            file.write(f"{number}.5,safari,1,mobile,CA,cash,Books,PROD_0001,completed,2027-01-01T0{number}:00:00,TXN_99{number}\n")


def restore_the_first(shop, stack, before, after):
    """Versions are listed, read and brought back by number."""
    def ask(action, **flags):
        _, _, options = shop.stages[DAYS]
        done = run("s3-objects", {**options, "kafka-bootstrap": shop.kafka.bootstrap, "s3-endpoint": shop.s3.endpoint, "action": action, **flags},
                   env=stack.env("s3"))
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert [line.split()[1] for line in ask("versions").splitlines()] == ["version=1", "version=2"]
    ask("restore", version=1)
    assert objects_of_days(shop) == before and manifest(shop, "silver.transactions_clean")["version"] == 3
    ask("restore", version=2)
    assert objects_of_days(shop) == after


def test_customers_from_a_database(live, pg, generate):
    """postgres-cdc in place of the file: the same silver and gold, at the start and after changes."""
    retail = live("retail")
    folder, database = generate("retail", rows=1000), f"{retail.word}_shop"
    pg.create_database(database)
    try:
        pg.run_file(database, SCHEMAS / "retail" / "source.sql")
        with open(folder / "customers.csv", encoding="utf-8") as file, pg.connect(database).cursor() as cursor:
            cursor.copy_expert("COPY bronze.customers FROM STDIN (FORMAT csv, HEADER)", file)
        cdc = retail.service("postgres-cdc", {"topic-prefix": retail.word, "tables": "bronze.customers", "postgres-url": f"dbname={database}",
                                              "kafka-bootstrap": retail.kafka.bootstrap, "idle-advance": "300ms"}).wait_ready(60)
        for table in ("transactions", "products"):
            retail.read_objects(table, folder / f"{table}.csv", KEYS[table])
        retail.start()
        rows = shop_rows(folder)
        arrive(retail, len(rows["customers"]))
        retail.check_tables(rows, {view: 0 for view in OF_EVENTS})
        change(pg, database, folder / "customers.csv")
        arrive(retail, len(rows["customers"]) + 4)
        rows["customers"] = csv_rows(folder / "customers.csv", "customer_id")
        retail.check_tables(rows, {view: 0 for view in OF_EVENTS})
        assert cdc.terminate() == 0 and not retail.dead_letters()
    finally:
        pg.drop_database(database)


def arrive(retail, records):
    until(lambda: sum(retail.kafka.ends(retail.topic_of("customers")).values()) >= records, f"{records} records of customers", 60)
    retail.settle()


def change(pg, database, path):
    """An update, a delete (two records) and an insert; then the file says what the table says."""
    pg.execute(database, "UPDATE bronze.customers SET total_spent = 9999.99, city = NULL WHERE customer_id = 1")
    pg.execute(database, "DELETE FROM bronze.customers WHERE customer_id = 2")
    pg.execute(database, "INSERT INTO bronze.customers VALUES (70001, 'A', 'B', 'a@b', 33, 'Austin', '2026-01-01', 0, 0)")
    path.write_text(pg.csv(database, "SELECT * FROM bronze.customers ORDER BY customer_id"), encoding="utf-8")
