"""Each pipeline from its source's files to its tables, by the real services, against PostgreSQL's answer over the same rows."""

import hashlib
import io
import json
import shutil
import zipfile
from collections import Counter
from datetime import datetime
from decimal import Decimal

from pipelines.test_countries import countries_of, stream
from pipelines.test_products import feed_rows, table_rows
from pipelines.test_retail import KEYS, event_rows, shop_rows
from pipelines.test_telco import FILE, readable

from harness import ROOT
from harness.compare import same_rows
from harness.registry import Decoder
from harness.services import run
from harness.web import Web

SCHEMAS = ROOT / "schemas" / "products"


def rules(pipeline):
    return Counter(letter.header("sluice.error.rule") for letter in pipeline.dead_letters())


def test_telco(live, generate, s3, bucket):
    """The dirty file: what can't be a row is a dead letter, all else is a row; the same file again is nothing new."""
    telco = live("telco")
    file = generate("telco", rows=2000, dirty=True) / FILE
    rows = read_dirty(telco, file)
    check_objects(telco, telco.write_objects(s3, bucket))
    make_strict(telco, rows)


def test_telco_in_avro(live, generate, s3, bucket, registry):
    """The same with every topic in Avro, bronze too, which another library reads; then what changed in the file."""
    telco = live("telco", registry)
    file = generate("telco", rows=600, dirty=True) / FILE
    rows = read_dirty(telco, file)
    check_objects(telco, telco.write_objects(s3, bucket))
    decoder = Decoder(registry)
    read = lambda topic: [(decoder.read(record.key), record.value and decoder.read(record.value)) for record in telco.kafka.read(topic)]
    bronze = read(telco.topic_of("customers"))
    assert all((key, change["op"]) == ({"customerID": change["after"]["customerID"]}, "c") for key, change in bronze)
    same_rows([change["after"].items() for _, change in bronze], [row.items() for row in rows], "bronze")
    change_two_customers(telco, file)
    telco.settle()
    telco.check_tables({"customers": readable(file)})
    for view in telco.views:
        assert read(f"{telco.word}.{view}")
        assert {f"{telco.word}.{view}-key", f"{telco.word}.{view}-value"} <= set(registry.subjects())


def read_dirty(telco, file):
    """Brings the dirty file into the tables; returns its usable rows."""
    rows = readable(file)
    assert telco.read_objects("customers", file, "customerID") == len(rows)
    assert telco.read_objects("customers", file, "customerID") == 0
    telco.start()
    telco.settle()
    assert telco.check_tables({"customers": rows}) == {"bronze.customers": 0}
    assert sum(rules(telco).values()) == 4  # too few fields, too many, no UTF-8, a customer's second row
    return rows


def check_objects(telco, found):
    """`found` is {view: object}: each holds the lines of PostgreSQL's CSV."""
    for view, text in found.items():
        want = telco.pg.psql(telco.oracle, "-c", f"COPY (SELECT * FROM {view}) TO STDOUT (FORMAT csv, HEADER)").splitlines()
        lines = text.splitlines()
        assert lines[0] == want[0]
        same_rows(zip(lines[1:]), zip(want[1:]), f"object {view}")


def make_strict(telco, rows):
    """--contract=strict over the same bronze: what warned before leaves the tables for the dead letters."""
    before = rules(telco)
    assert telco.views_service.terminate() == 0
    flags = {name: value for name, value in telco.views_service.flags.items() if name != "http-port"}
    telco.flags = {"contract": "strict"}
    refused = telco.service("views", {**flags, **telco.flags}, instance="refused")
    assert refused.wait_exit(30) != 0 and "--rebuild" in refused.log()
    telco.service("views", {**flags, **telco.flags, "rebuild": True}, instance="strict").wait_ready(60)
    telco.settle()
    left_out = telco.check_tables({"customers": rows})["bronze.customers"]
    new = rules(telco) - before
    assert left_out == sum(new.values()) >= 15 and {"tenure_in_range", "charges_not_negative", "gender_known"} <= set(new)


def test_a_negative_total_meets_the_rule_of_the_table(live, generate):
    """Silver keeps what the rules leave as it came; tuning.sql's table takes none below 0: that row alone is a dead letter."""
    telco = live("telco").start(tuned=True)
    rows = readable(generate("telco", rows=60, dirty=True) / FILE)
    telco.produce("customers", rows)
    telco.settle()
    (letter,) = telco.dead_letters()
    assert letter.header("sluice.error.rule") == "total_charges_not_negative" and letter.json_key() == {"customer_id": "9999-DTOTN"}
    assert letter.json()["total_charges"] == Decimal("-135.90")
    assert telco.value("SELECT count(*) FROM silver.customers_staging") == len(rows) - 1
    assert telco.value("SELECT total_customers FROM gold.executive_summary") == len(rows)


def test_telco_reloads_what_changed(live, generate):
    telco = live("telco").start()
    file = generate("telco", rows=500) / FILE
    rows = readable(file)
    assert telco.read_objects("customers", file, "customerID") == 500
    check_bronze_files(telco, file)
    gone = change_two_customers(telco, file)
    telco.settle()
    rows = readable(file)
    assert len(rows) == 499 and gone not in {row["customerID"] for row in rows}
    telco.check_tables({"customers": rows})


def test_telco_is_downloaded(live, generate, tmp_path):
    """As Kaggle gives it: over HTTPS to who has a kaggle.json, by way of another server, as a zip archive."""
    telco = live("telco").start()
    file, archive = generate("telco", rows=300) / FILE, io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(file, FILE)
    (tmp_path / "kaggle.json").write_text('{"username":"analyst","key":"0123456789abcdef"}')
    login = json.loads((tmp_path / "kaggle.json").read_text())
    (tmp_path / "key").write_text(login["key"])
    store, service = Web(archive.getvalue(), tls=tmp_path), Web(user=f"{login['username']}:{login['key']}", tls=tmp_path / "service")
    service.faults = [("status", 302, {"Location": store.url("/archive.zip?signed=1")})]
    flags = {"format": "csv", "url-username": login["username"], "url-password-file": tmp_path / "key", "url-ca-file": tmp_path / "trusted"}
    (tmp_path / "trusted").write_text(store.ca_file.read_text() + service.ca_file.read_text())
    try:
        assert telco.read_objects("customers", service.url("/api/v1/datasets/download/blastchar/telco-customer-churn"), "customerID", **flags) == 300
    finally:
        store.close()
        service.close()
    assert service.statuses() == [302] and store.statuses() == [200]
    assert "Authorization" not in store.requests[0][1]  # the login is for who asked for it
    telco.settle()
    telco.check_tables({"customers": readable(file)})


def change_two_customers(telco, file):
    """Another gender, which silver has as it was, and a line less; returns the id of the one that is gone."""
    lines = file.read_bytes().splitlines(keepends=True)
    lines[5] = lines[5].replace(b"Male", b"male") if b"Male" in lines[5] else lines[5].replace(b"Female", b"FEMALE")
    gone = lines.pop(9)
    file.write_bytes(b"".join(lines))
    assert telco.read_objects("customers", file, "customerID") == 3  # an update, a delete and its tombstone
    return gone.partition(b",")[0].decode()


def check_bronze_files(telco, file):
    """data/bronze/metadata.json and validation_results.json."""
    def document(name, **flags):
        path = telco.folder / "data" / "bronze" / f"{name}.json"
        done = run("report", {"kafka-bootstrap": telco.kafka.bootstrap, "format": "document", "out": path, **flags})
        assert done.returncode == 0, done.stderr
        return json.loads(path.read_text())

    topic, size = telco.topic_of("customers"), file.stat().st_size
    source = {"dataset_source": "Kaggle", "dataset_slug": "blastchar/telco-customer-churn"}
    found = document("metadata", files=topic, parameter=[f"{name}={value}" for name, value in source.items()])
    assert datetime.fromisoformat(found.pop("download_timestamp")).timestamp() >= file.stat().st_mtime - 1
    assert found == {**source, "file_path": file.name, "file_size_bytes": size, "file_size_mb": round(size / (1 << 20), 2)}
    checked = document("validation_results", quality=topic)
    header = file.read_text().partition("\n")[0].split(",")
    assert checked.pop("memory_usage_mb") > 0.1 and datetime.fromisoformat(checked.pop("validation_timestamp"))
    assert checked == {"file_exists": True, "row_count": 500, "column_count": 21, "columns": header, "has_nulls": False, "null_columns": []}
    listed = run("report", {"files": topic, "kafka-bootstrap": telco.kafka.bootstrap, "format": "json"})
    (row,) = json.loads(listed.stdout)
    assert (row["file"], row["status"], row["rows"], row["size"]) == (file.name, "COMPLETED", 500, size)
    assert row["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    absent = run("report", {"files": telco.topic_of("absent"), "kafka-bootstrap": telco.kafka.bootstrap})
    assert absent.returncode == 66 and "no file is known" in absent.stderr


def test_countries(live, generate):
    """An answer of the API after the other: as many changes as between them, none for the same one again."""
    countries = live("countries").start()
    folder = generate("countries")
    answer = folder / "answer" / "countries.json"
    answer.parent.mkdir()
    snapshots = [[]]
    for number in range(1, 7):
        shutil.copy(folder / f"countries_{number}.json", answer)
        snapshots.append(countries_of(answer))
        changes = stream(snapshots[-2:])
        tombstones = sum(change["op"] == "d" for change in changes)
        assert countries.read_objects("countries", answer, "country=name.common") == len(changes) + tombstones
        assert countries.read_objects("countries", answer, "country=name.common") == 0
    countries.settle()
    countries.check_tables({"countries": snapshots[-1]})


def test_dirty_countries(live, generate):
    """An answer with a country for each rule: the producer takes the one without a name and the second of a name, views the others; each once."""
    countries = live("countries").start()
    answer = generate("countries", dirty=True) / "countries_5.json"
    clean = generate("countries", "clean") / "countries_5.json"
    text = json.loads(answer.read_text(), parse_float=Decimal)
    first = {}
    for one in text:
        if "common" in one["name"]:
            first.setdefault(one["name"]["common"], {"country": one["name"]["common"], **one})
    assert len(text) == 260 and len(first) == 258
    assert countries.read_objects("countries", answer, "country=name.common") == 258
    countries.settle()
    refused = countries.check_tables({"countries": list(first.values())})
    assert refused == {"bronze.countries": 8} and countries.value("SELECT count(*) FROM silver.countries") == len(countries_of(clean)) == 250
    found = rules(countries)
    assert sum(found.values()) == 10 and found["duplicate key"] == 1
    assert {"countries_country_check", "countries_region_check", "countries_area_check", "countries_population_check", "countries_currencies_check",
            "countries_timezones_check"} <= set(found), found
    assert countries.read_objects("countries", clean, "country=name.common") == 8 * 2  # they go, each with its tombstone
    countries.settle()
    countries.check_tables({"countries": countries_of(clean)})
    assert sum(rules(countries).values()) == 10


def test_retail(live, generate):
    """Dead letters and silver together are what came, files and events."""
    retail = live("retail").start()
    folder = generate("retail", rows=2000, dirty=True)
    all_rows = shop_rows(folder)
    rows = {table: [row for row in lines if None not in row] for table, lines in all_rows.items()}
    broken = sum(map(len, all_rows.values())) - sum(map(len, rows.values()))  # a field too many
    for table, key in KEYS.items():
        retail.read_objects(table, folder / f"{table}.csv", key)
    events_file = generate("events", rows=3000) / "events.ndjson"
    events, cut = event_rows(events_file.parent)
    assert retail.read_objects("events", events_file, None) == len(events)
    retail.settle()
    refused = retail.check_tables({**rows, "events": events})
    dead = sum(rules(retail).values())
    assert dead == sum(refused.values()) + cut + broken + 3  # a key twice in each of the three files
    assert retail.value("SELECT count(*) FROM silver.events") + refused["bronze.events"] + cut == 3000


def test_products(live, generate):
    """CSV to SQLite to Kafka with its filter, and the JSON feed."""
    products = live("products").start()
    folder = generate("products")
    rows, items = table_rows(folder / "products.csv"), feed_rows(folder / "products.json")
    ready = [row for row in rows if row["articleStatus"] == "created" and row["b2bReadinessDate"] >= "2025-12-15"]
    assert 5 < len(ready) < 100
    added = products.read_table("products", **{"sqlite": ":memory:", "load-csv": folder / "products.csv", "into": "products",
                                               "ddl": SCHEMAS / "source.sql", "query-file": SCHEMAS / "recent.sql", "key-columns": "ean",
                                               "parameter": ["articleStatus=created", "days_back=30"], "as-of": "2026-01-14"})
    assert added == len(ready)
    assert products.read_objects("items", folder / "products.json", "ean") == len(items)
    products.settle()
    products.check_tables({"products": ready, "items": items})
