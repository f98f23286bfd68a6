"""retail: the shop's three files and its events, on the fixed data set and on the twin."""

import json
import re
from collections import Counter, defaultdict
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from harness.pipelines import SCHEMAS, csv_rows

KEYS = {"customers": "customer_id", "transactions": "transaction_id", "products": "product_id"}
EXPECTED = {
    "silver.customers_enriched": "customer_id",
    "silver.transactions_clean": "transaction_id",
    "silver.products_active": "product_id",
    "gold.customer_analytics": "segment_revenue DESC, 1, 2",
    "gold.category_analytics": "total_revenue DESC, 1",
    "gold.payment_analytics": "usage_count DESC, 1",
    "gold.device_analytics": "transaction_count DESC, 1, 2",
    "gold.product_analytics": "category, product_count DESC, supplier",
}
OF_EVENTS = ("silver.events", "gold.user_engagement", "gold.event_funnel", "gold.device_location_analytics", "gold.revenue_analysis")
FIELDS = ("user_id", "event", "device", "location", "product_id", "amount", "quantity", "page", "duration_seconds", "query", "email")


def rare_event(line, day, **fields):
    return {"_file": "events.ndjson", "_line": line, "timestamp": f"{day}T12:00:00", "device": "mobile", "location": "Oslo", **fields}


RARE_EVENTS = [  # days on which a rate of the funnel has nothing to divide by, and users of one event
    rare_event(20001, "2026-01-20", user_id=6001, event="signup", email="new@example.com"),
    rare_event(20002, "2026-01-21", user_id=6002, event="purchase", product_id="P1", amount=Decimal("10.05"), quantity=3),
    rare_event(20003, "2026-01-22", user_id=6003, event="view", page="/home", duration_seconds=0),
]


def test_fixed_data(pipeline, shared_data):
    retail = pipeline("retail")
    rows = {table: csv_rows(shared_data / "dat535" / f"{table}.csv", key) for table, key in KEYS.items()}
    _, refused = retail.check(rows, {view: 0 for view in OF_EVENTS})
    assert not any(refused.values())
    for view, order in EXPECTED.items():
        retail.same_as_file(view, shared_data / "expected" / f"dat535_{view.replace('.', '_')}.csv", order)
    assert retail.execute("SELECT customer_segment, count(*) FROM silver.customers_enriched GROUP BY 1 ORDER BY 2 DESC") == [
        ("Premium", 6981), ("Gold", 1491), ("Silver", 1032), ("Bronze", 496)]
    check_doubles(retail, rows["customers"])
    assert retail.execute("SELECT records, duplicates, completed, pending, cancelled, refunded, completeness_percent::text"
                          " FROM quality.transactions") == [(50000, 0, 12538, 12596, 12497, 12369, "100.00")]


def check_doubles(retail, customers):
    """The README's table has each cell that doubles, rounded half up as Spark does, give otherwise."""
    half_up = lambda value: Decimal(repr(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    spent = {int(row["customer_id"]): (float(row["total_spent"]), int(row["total_orders"])) for row in customers}
    sums, differ = defaultdict(float), []
    for number, segment, city, ours in retail.execute("SELECT customer_id, customer_segment, city, avg_order_value FROM silver.customers_enriched ORDER BY 1"):
        total, orders = spent[number]
        sums[segment, city] += total
        if orders and half_up(total / orders) != ours:
            differ.append(("silver.customers_enriched", str(number), "avg_order_value", str(ours), str(half_up(total / orders))))
    for segment, city, ours in retail.execute("SELECT customer_segment, city, segment_revenue FROM gold.customer_analytics ORDER BY 1, 2"):
        if Decimal(repr(sums[segment, city])) != ours:
            differ.append(("gold.customer_analytics", f"{segment}, {city}", "segment_revenue", str(ours), repr(sums[segment, city])))
    table = re.findall(r"^\| (\w+\.\w+) \| (.*?) \| (\w+) \| (\S+) \| (\S+) \|$", (SCHEMAS / "retail" / "README.md").read_text(), re.M)
    assert len(differ) == 20 + 31 and table == differ


def shop_rows(folder):
    return {table: csv_rows(folder / f"{table}.csv", key) for table, key in KEYS.items()}


def event_rows(folder):
    """Lines that are JSON, each with its number, and how many are none."""
    rows, cut = [], 0
    for number, line in enumerate((folder / "events.ndjson").read_text(encoding="utf-8").splitlines(), 1):
        try:
            rows.append({"_file": "events.ndjson", "_line": number, **json.loads(line, parse_float=Decimal)})
        except ValueError:
            cut += 1
    return rows, cut


def test_twin_has_the_shape(generate):
    rows = shop_rows(generate("retail"))
    assert {table: len(lines) for table, lines in rows.items()} == {"customers": 10000, "transactions": 50000, "products": 200}
    customers, transactions, products = rows["customers"], rows["transactions"], rows["products"]
    assert {row["customer_id"] for row in customers} == {str(number) for number in range(1, 10001)}
    assert any(row["total_orders"] == "0" for row in customers)
    assert all(18 <= int(row["age"]) <= 80 for row in customers if row["age"])
    for column in ("age", "email", "city", "total_spent"):
        assert any(row[column] == "" for row in customers), column
    assert len({row["email"] for row in customers}) < 10000 - 10  # some have the address of another
    spent = Counter(row["total_spent"] for row in customers)
    assert spent["1500"] == 2000  # ties, on the edge of a segment
    assert {len({row[column] for row in transactions}) for column in ("browser", "status")} == {4}
    assert [len({row[column] for row in transactions}) for column in ("device", "location", "payment_method",
                                                                      "product_category")] == [3, 7, 6, 8]
    content = Counter(tuple(value for column, value in row.items() if column != "transaction_id") for row in transactions)
    assert sum(count - 1 for count in content.values()) >= 49
    assert all(5 <= Decimal(row["amount"]) <= 1000 for row in transactions if row["amount"])
    assert any(row["stock_quantity"] == "0" for row in products) and {row["is_active"] for row in products} == {"true", "false"}


def test_twin(pipeline, generate):
    retail = pipeline("retail")
    rows = shop_rows(generate("retail", rows=20000))
    retail.check(rows, {view: 0 for view in OF_EVENTS})
    found = dict(retail.execute("SELECT customer_id, (customer_segment, avg_order_value)::text FROM silver.customers_enriched"))
    for row in rows["customers"]:
        spent, orders = Decimal(row["total_spent"] or 0), int(row["total_orders"])
        segment = "Premium" if spent > 3000 else "Gold" if spent > 1500 else "Silver" if spent > 500 else "Bronze"
        average = "0.0" if orders == 0 else "" if row["total_spent"] == "" else str(
            (spent / orders).quantize(Decimal("0.01"), ROUND_HALF_UP))
        assert found[int(row["customer_id"])] == f"({segment},{average})", row
    revenue = defaultdict(Decimal)
    for row in rows["transactions"]:
        if row["status"] == "completed" and row["amount"]:
            revenue[row["product_category"]] += Decimal(row["amount"])
    assert dict(retail.execute("SELECT product_category, total_revenue FROM gold.category_analytics")) == revenue
    assert retail.value("SELECT duplicates FROM quality.transactions") >= 19
    assert retail.value("SELECT completeness_percent FROM quality.customers") < 100
    assert retail.value("SELECT sum(completed_revenue) FROM gold.customer_lifetime_value") == sum(revenue.values())


def test_dirty_rows_are_left_out(pipeline, generate):
    retail = pipeline("retail")
    folder = generate("retail", rows=10000, dirty=True)
    rows = shop_rows(folder)
    broken = [row for row in rows["transactions"] if None in row]  # a field too many: the producer's dead letter
    rows["transactions"] = [row for row in rows["transactions"] if None not in row]
    said, refused = retail.check(rows, {view: 0 for view in OF_EVENTS})
    assert len(broken) == 2 and refused["bronze.transactions"] == 2
    assert said.count('left out by rule "transactions_status_check"') == 2
    assert len((folder / "products.csv").read_text().splitlines()) == 1 + len(rows["products"]) + 1  # one key twice


def test_events(pipeline, generate):
    """Dead letters and silver together are the events that came in."""
    retail = pipeline("retail")
    rows, cut = event_rows(generate("events", rows=20000))
    rows += RARE_EVENTS
    _, refused = retail.check({"events": rows}, {view: 1 if view in OF_EVENTS else 0 for view in retail.views})
    silver = retail.value("SELECT count(*) FROM silver.events")
    assert (silver, refused["bronze.events"], cut) == (19000 + len(RARE_EVENTS), 900, 100)
    good = [row for row in rows if isinstance(row.get("user_id"), int)
            and all(row.get(field) for field in ("timestamp", "event", "device", "location"))]
    assert len(good) == silver
    compare_fields(retail, good)
    compare_engagement(retail, good)
    compare_funnel(retail, good)
    compare_devices(retail, good)


def compare_fields(retail, events):
    """silver.events: each field with its type, NULL where the event has none."""
    expected = {}
    for event in events:
        stamp = datetime.fromisoformat(event["timestamp"])
        expected[event["_line"]] = ("events.ndjson", event["_line"], stamp, stamp.date(), *(event.get(field) for field in FIELDS))
    found = {row[1]: row for row in retail.rows("silver.events")}
    assert found == expected


def compare_engagement(retail, events):
    """gold.user_engagement once more in plain Python."""
    of_user = defaultdict(list)
    for event in events:
        of_user[event["user_id"]].append(event)
    found = {row[0]: row[1:] for row in retail.rows("gold.user_engagement")}
    assert found.keys() == of_user.keys()
    for user, mine in of_user.items():
        stamps = sorted(datetime.fromisoformat(event["timestamp"]) for event in mine)
        days = len({stamp.date() for stamp in stamps})
        bought = [event for event in mine if event["event"] == "purchase"]
        seconds = [event["duration_seconds"] for event in mine if "duration_seconds" in event]
        session = cents(Decimal(sum(seconds)) / len(seconds)) if seconds else None
        period = Decimal(int((stamps[-1] - stamps[0]).total_seconds())) / 86400
        score = cents(len(mine) * days / (period + 1))
        total, kinds, active, spent, items, average, first, last, days_period, engagement = found[user]
        assert (total, kinds, active, items) == (len(mine), len({event["event"] for event in mine}), days,
                                                 sum(event["quantity"] for event in bought))
        assert spent == sum(event["amount"] for event in bought)
        assert (average, first, last, engagement) == (session, stamps[0], stamps[-1], score)
        assert abs(days_period - period) < Decimal("1e-9")


def compare_devices(retail, events):
    """gold.device_location_analytics once more."""
    of_place = defaultdict(list)
    for event in events:
        of_place[event["device"], event["location"]].append(event["user_id"])
    expected = [(*place, len(users), len(set(users))) for place, users in of_place.items()]
    assert sorted(retail.rows("gold.device_location_analytics")) == sorted(expected)


def compare_funnel(retail, events):
    """gold.event_funnel and gold.revenue_analysis once more."""
    of_day = defaultdict(list)
    for event in events:
        of_day[datetime.fromisoformat(event["timestamp"]).date()].append(event)
    rate = lambda part, whole: cents(Decimal(100 * part) / whole) if whole else None
    expected, revenue = [], []
    for day, mine in of_day.items():
        count = Counter(event["event"] for event in mine)
        views, carts, bought = count["view"], count["add_to_cart"], count["purchase"]
        amounts = [event["amount"] for event in mine if event["event"] == "purchase"]
        expected.append((day, len(mine), len({event["user_id"] for event in mine}), views, carts, bought, sum(amounts),
                         rate(carts, views), rate(bought, carts), rate(bought, views)))
        if amounts:
            users = {event["user_id"] for event in mine if event["event"] == "purchase"}
            revenue.append((day, sum(amounts), len(users), len(amounts), cents(sum(amounts) / len(amounts))))
    assert sorted(retail.rows("gold.event_funnel")) == sorted(expected)
    assert sorted(retail.rows("gold.revenue_analysis")) == sorted(revenue)


def test_event_twin_has_the_shape(generate):
    rows, cut = event_rows(generate("events"))
    invalid = sum(row.get("user_id") == "invalid" for row in rows)
    missing = sum(any(field not in row for field in ("timestamp", "user_id", "event", "device", "location")) for row in rows)
    assert (len(rows) + cut, invalid, missing, cut) == (100000, 2500, 2000, 500)
    good = [row for row in rows if isinstance(row.get("user_id"), int)]
    assert {row["user_id"] for row in good} == set(range(1, 5001))
    assert {row["event"] for row in good if "event" in row} == {
        "login", "view", "purchase", "logout", "signup", "search", "add_to_cart"}
    assert [len({row[field] for row in good if field in row}) for field in ("device", "location")] == [3, 10]
    details = {"purchase": {"product_id", "amount", "quantity"}, "view": {"page", "duration_seconds"}, "search": {"query"},
               "signup": {"email"}}
    for row in good:
        if "event" in row:
            assert row.keys() - {"_file", "_line", "timestamp", "user_id", "event", "device", "location"} == details.get(row["event"], set())
    days = {row["timestamp"][:10] for row in rows if "timestamp" in row}
    assert len(days) == 7 and max(days) == "2026-01-13"


def test_twins_are_their_seed_s(generate):
    for dataset, name in (("retail", "transactions.csv"), ("events", "events.ndjson")):
        first, again, other = (generate(dataset, word, seed=seed, rows=3000) / name for word, seed in (("a", 7), ("b", 7), ("c", 8)))
        assert first.read_bytes() == again.read_bytes() != other.read_bytes()


def cents(value):
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)
