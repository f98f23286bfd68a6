"""products: the table's rows and the JSON feed to typed rows and prices."""

import json
import re
from datetime import date, timedelta
from collections import Counter
from decimal import Decimal

import pytest

from harness.pipelines import SCHEMAS, csv_rows
from harness.services import run

REAL = ("price_eur", "price_usd", "price_gbp", "grossPrice_eur")


def table_rows(path):
    """As the table gives them: empty is NULL, REAL is a number, all else text."""
    return [{name: None if value == "" else Decimal(repr(float(value))) if name in REAL else value for name, value in row.items()}
            for row in csv_rows(path, "ean")]


def feed_rows(path):
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def check_digit_holds(ean):
    digits = [int(digit) for digit in ean]
    return len(digits) == 13 and (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10 == 0


def compare(products, rows, items):
    said, refused = products.check({"products": rows, "items": items})
    assert not any(refused.values())
    wrong = sum(not check_digit_holds(row["ean"]) for row in rows)
    assert f'warned by rule "ean_check_digit": {wrong} rows of bronze.products' in said
    assert products.rows("quality.products") == [(
        len(rows), wrong, sum(row["ean"].startswith("0") for row in rows), sum(row["price_usd"] is None for row in rows),
        sum(row["price_gbp"] is None for row in rows), sum(row["subbrandName"] is None for row in rows))]
    assert dict(products.execute("SELECT article_status, articles FROM gold.status_summary")) == Counter(
        row["articleStatus"] for row in rows)
    prices = sorted((item["ean"], kind, number, price["priceCurrency"], Decimal(price["price"]), price["validInRegion"])
                    for item in items for kind, name in (("selling", "itemSellingPrices"), ("gross", "itemGrossPrices"))
                    for number, price in enumerate(item.get(name, []), 1))
    assert sorted(products.execute("SELECT ean, kind, position, currency, price, region FROM silver.item_prices")) == prices
    return wrong


def test_real_data(pipeline, shared_data):
    folder = shared_data / "products"
    assert compare(pipeline("products"), table_rows(folder / "products.csv"), feed_rows(folder / "products.json")) == 10


def test_twin(pipeline, generate):
    folder = generate("products")
    rows, items = table_rows(folder / "products.csv"), feed_rows(folder / "products.json")
    assert compare(pipeline("products"), rows, items) == 10
    assert len(rows) == 500 and sum(row["ean"].startswith("0") for row in rows) == 5
    texts = "".join(str(value) for row in rows for value in row.values())
    assert all(char in texts for char in "&<>\"',é°")
    assert any(row["styleNumber"].startswith("0") for row in rows) and all(row["brandcode"][0] == "0" for row in rows)


def test_twin_of_the_feed(generate):
    text = (generate("products") / "products.json").read_text(encoding="utf-8")
    items = json.loads(text)
    assert len(items) == len({item["ean"] for item in items}) == 67
    assert all(re.search(form, text) for form in (r": \d+\.0,", r": \d+\.\d,", r": 1e-07,", r": 1e\+22", r": 18\.50", r": 12,"))
    assert {"\x01", "\x1f", "\t", "\n", "&", "<", ">", "'", '"', "😀"} <= set("".join(
        value for item in items for value in item.values() if isinstance(value, str)))
    assert {True, False, None} <= {value for item in items for value in item.values() if isinstance(value, (bool, type(None)))}
    assert {"weights", "tags"} <= {name for item in items for name in item}
    absent = Counter(name for name in items[0] for item in items if name not in item)
    assert all(absent[name] > 10 for name in ("ediSeason", "subbrandName", "ediStyleName"))


def test_twin_is_its_seed_s(generate):
    for name in ("products.csv", "products.json"):
        first, again, other = (generate("products", f"{word}{name}", seed=seed) / name for word, seed in (("a", 7), ("b", 7), ("c", 8)))
        assert first.read_bytes() == again.read_bytes() != other.read_bytes()
    dirty = (generate("products", "d", dirty=True) / "products.csv").read_text().splitlines()
    assert len(dirty) == 503 and dirty[-1].count(",") == 2


def sql_rows(kafka, unique, csv, tmp_path, **flags):
    """One run of the table's producer with the query of schemas/products; its summary."""
    done = run("sql-rows", {
        "kafka-bootstrap": kafka.bootstrap, "topic-prefix": unique, "topic": f"{unique}.product-updates", "topic-partitions": 1,
        "sqlite": ":memory:", "load-csv": csv, "into": "products", "ddl": SCHEMAS / "products" / "source.sql",
        "query-file": SCHEMAS / "products" / "recent.sql", "format": "json", "once": True, "pipeline": "sql_to_kafka",
        "summary-count": "products_processed", "state-dir": tmp_path / "seen", **flags}, deadline_s=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("as_of, days_back, status", [("2025-12-31", 30, "created"), ("2025-07-01", 90, "created"),
                                                      ("2025-09-01", 200, "retired"), ("2035-01-01", 30, "created")])
def test_recent_articles(kafka, unique, generate, tmp_path, as_of, days_back, status):
    """The filter as plain Python states it: as text, no upper bound, the table's order; all columns, empty as null."""
    csv = generate("products") / "products.csv"
    since = (date.fromisoformat(as_of) - timedelta(days=days_back)).isoformat()
    expected = [row for row in table_rows(csv) if row["articleStatus"] == status and (row["b2bReadinessDate"] or "") >= since]
    summary = sql_rows(kafka, unique, csv, tmp_path, **{
        "as-of": as_of, "parameter": [f"articleStatus={status}", f"days_back={days_back}"]})
    records = kafka.read(f"{unique}.product-updates")
    assert [record.json() for record in records] == expected
    assert all(list(record.json()) == list(table_rows(csv)[0]) for record in records)
    assert (len(expected) > 0) == (as_of < "2030")
    assert summary["products_processed"] == len(expected) and summary["pipeline"] == "sql_to_kafka"
    assert summary["status"] == "success" and summary["kafka_topic"] == f"{unique}.product-updates"
    assert summary["query_criteria"] == {"articleStatus": status, "days_back": days_back, "as_of": as_of}


def test_recent_articles_of_the_real_data(kafka, unique, shared_data, tmp_path):
    sql_rows(kafka, unique, shared_data / "products" / "products.csv", tmp_path, **{
        "as-of": "2025-12-31", "parameter": ["articleStatus=created", "days_back=30"]})
    lines = b"".join(record.value + b"\n" for record in kafka.read(f"{unique}.product-updates"))
    assert lines == (shared_data / "expected" / "products_clean_kafka_asof2025-12-31_30d.jsonl").read_bytes()


def test_env_sample_names_every_option_that_a_run_needs(kafka, unique, generate, tmp_path):
    """The sample's variables, with this broker, file and topic, are a run."""
    import shlex
    text = (SCHEMAS / "products" / ".env.sample").read_text()
    env = dict(word.split("=", 1) for line in text.splitlines() for word in shlex.split(line, comments=True))
    csv = generate("products") / "products.csv"
    env.update({"SLUICE_SQL_ROWS_LOAD_CSV": csv, "SLUICE_SQL_ROWS_KAFKA_BOOTSTRAP": kafka.bootstrap,
                "SLUICE_SQL_ROWS_TOPIC": f"{unique}.t", "SLUICE_SQL_ROWS_TOPIC_PREFIX": unique,
                "SLUICE_SQL_ROWS_DDL": SCHEMAS / "products" / "source.sql",
                "SLUICE_SQL_ROWS_LOG_FILE": tmp_path / "logs" / "log_%Y_%m_%d.log",
                "SLUICE_SQL_ROWS_QUERY_FILE": SCHEMAS / "products" / "recent.sql"})
    done = run("sql-rows", {"once": True, "as-of": "2025-12-31", "state-dir": tmp_path / "seen"}, env=env, deadline_s=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["products_processed"] == len(kafka.read(f"{unique}.t")) > 0
