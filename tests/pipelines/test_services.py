"""Each pipeline with its services running: bronze records in, tables out, equal to PostgreSQL's answer over the same rows."""

from collections import Counter
from decimal import Decimal

from harness.pipelines import SCHEMAS, csv_rows, differences
from harness.services import account
from pipelines.test_countries import countries_of
from pipelines.test_products import feed_rows, table_rows
from pipelines.test_retail import KEYS, event_rows, shop_rows
from pipelines.test_telco import FILE, readable


def test_telco_changes_write_what_changed(live, generate):
    """k changed rows write k rows of silver, and of gold only the rows whose value changed."""
    telco = live("telco").start(tuned=True)
    rows = [row for row in readable(generate("telco", rows=1500, dirty=True) / FILE) if not row["TotalCharges"].startswith("-")]  # a CHECK's
    telco.produce("customers", rows)
    telco.settle()
    telco.check_tables({"customers": rows})
    written = {view: telco.written(view) for view in telco.views}
    before = committed(telco)
    newer = [dict(row) for row in rows]
    changed = [row for row in newer if row["Contract"] == "One year" and row["PaymentMethod"] == "Mailed check"][:5]
    for row in changed:
        row["StreamingTV"] = "Yes" if row["StreamingTV"] != "Yes" else "No"  # no gold table looks at it
    richer = next(row for row in newer if row["Contract"] == "Two year" and row["tenure"] == "72" and row["InternetService"] != "No")
    richer["MonthlyCharges"] = "999.95"
    changes = list(differences(rows, newer, "customerID"))
    assert len(changes) == len(changed) + 1 == 6
    telco.produce("customers", changes)
    telco.settle()
    telco.check_tables({"customers": newer})
    more = {view: telco.written(view) - before for view, before in written.items()}
    assert more == {"silver.customers_staging": 6, "gold.churn_summary": 1, "gold.revenue_analysis": 1,
                    "gold.service_churn_correlation": 1, "gold.executive_summary": 1, "gold.insights": 1,
                    "quality.silver_validation": 0, "quality.validations": 0}
    assert {table: len(times - before[table]) for table, times in committed(telco).items()} == {
        "silver.customers_staging": 6, "gold.churn_summary": 1, "gold.revenue_analysis": 1, "gold.executive_summary": 1}


def committed(telco):
    """{table: {(row's key, when the source committed what it was computed of)}}; each row says when."""
    columns = {"silver.customers_staging": "customer_id, ingestion_timestamp", "gold.churn_summary": "customer_segment, calculated_at",
               "gold.revenue_analysis": "contract_type || payment_method, calculated_at", "gold.executive_summary": "1, report_timestamp"}
    rows = {table: telco.pg.execute(telco.target, f"SELECT {both} FROM {table}") for table, both in columns.items()}
    assert all(moment is not None for of_table in rows.values() for _, moment in of_table)
    return {table: set(of_table) for table, of_table in rows.items()}


def test_telco_is_computed_anew_from_bronze(live, generate):
    """Bronze keeps what came; a rebuild reads all of it again and ends at the same gold, writing nothing."""
    telco = live("telco").start()
    rows = csv_rows(generate("telco", rows=700) / FILE)
    telco.produce("customers", rows)
    telco.settle()
    written = {view: telco.written(view) for view in telco.views}
    assert telco.views_service.terminate() == 0
    flags = {name: value for name, value in telco.views_service.flags.items() if name != "http-port"}
    again = telco.service("views", {**flags, "rebuild": True}, instance="again").wait_ready(60)
    telco.settle()
    telco.check_tables({"customers": rows})
    assert {view: telco.written(view) for view in telco.views} == written
    assert again.running() and len(telco.kafka.read(telco.topic_of("customers"))) == 700


def test_retail_dead_letters_and_silver_are_what_came(live, generate):
    retail = live("retail").start()
    folder = generate("retail", rows=2000, dirty=True)
    rows = {table: [row for row in lines if None not in row] for table, lines in shop_rows(folder).items()}
    events, _ = event_rows(generate("events", rows=3000))
    for table in KEYS:
        retail.produce(table, rows[table])
    retail.produce("events", events)
    retail.settle()
    refused = retail.check_tables({**rows, "events": events})
    assert refused["bronze.events"] == 135
    dead = [letter.header("sluice.error.topic") for letter in retail.dead_letters()]
    assert dead.count(retail.topic_of("events")) + retail.value("SELECT count(*) FROM silver.events") == len(events)


def test_countries_follow_the_snapshots(live, generate):
    countries = live("countries").start()
    folder = generate("countries")
    snapshots = [[], *(countries_of(folder / f"countries_{number}.json") for number in range(1, 7))]
    for before, after in zip(snapshots, snapshots[1:]):
        countries.produce("countries", differences(before, after, "country"))
    countries.settle()
    countries.check_tables({"countries": snapshots[-1]})


def test_products(live, generate):
    products = live("products").start()
    folder = generate("products")
    rows, items = table_rows(folder / "products.csv"), feed_rows(folder / "products.json")
    products.produce("products", rows)
    products.produce("items", items)
    products.settle()
    products.check_tables({"products": rows, "items": items})


def as_real(rows):
    """A number out of a REAL column shows that it is one: 126.0."""
    return [{name: Decimal(repr(float(value))) if isinstance(value, Decimal) else value for name, value in row.items()}
            for row in rows]


def test_products_from_the_file_by_a_table(live, generate, tmp_path):
    """CSV to SQLite to a topic by sql-rows, a newer file as changes, its bad lines as dead letters; views and tables follow."""
    products = live("products").start()
    clean, newer = generate("products"), generate("products", "d", dirty=True)
    rows, items = as_real(table_rows(clean / "products.csv")), feed_rows(clean / "products.json")

    def extract(csv):
        one = products.service("sql-rows", {
            "kafka-bootstrap": products.kafka.bootstrap, "topic-prefix": products.word, "topic": products.topic_of("products"),
            "sqlite": ":memory:", "load-csv": csv, "into": "products", "table": "products", "detect-deletes": True, "once": True,
            "ddl": SCHEMAS / "products" / "source.sql", "state-dir": tmp_path / "seen"}, instance=csv.parent.name)
        assert one.wait_exit(60) == 0, one.tail()
        return account(one.log())

    first = extract(clean / "products.csv")
    assert (first["snapshot"], first["dead_letters"]) == (len(rows), 0)
    products.produce("items", items)
    products.settle()
    products.check_tables({"products": rows, "items": items})
    lines = (newer / "products.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    changed = lines[1:3] + [line.replace(",approved,", ",retired,") for line in lines[5:40]]  # and two are gone
    good = [lines[0], *changed, *(line for line in lines[40:] if "few,fields" not in line)]
    (newer / "good.csv").write_text("".join(good), encoding="utf-8")
    usable = as_real(table_rows(newer / "good.csv"))
    (newer / "products.csv").write_text("".join([lines[0], *changed, *lines[40:]]), encoding="utf-8")
    second = extract(newer / "products.csv")
    changes = Counter(change["op"] for change in differences(rows, usable, "ean"))
    assert changes["u"] > 0 and changes["d"] == 2
    assert (second["created"], second["updated"], second["deleted"]) == (changes["c"], changes["u"], changes["d"])
    assert second["dead_letters"] == 2, "a key that stands twice, a line with too few fields"
    products.settle()
    products.check_tables({"products": usable, "items": items})
