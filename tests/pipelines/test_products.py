"""products: the table's rows and the JSON feed to typed rows and prices."""

import json
import re
from collections import Counter
from decimal import Decimal

from harness.pipelines import csv_rows

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
