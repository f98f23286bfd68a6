"""Each pipeline with its services running: bronze records in, tables out, equal to PostgreSQL's answer over the same rows."""

from harness.pipelines import csv_rows, differences
from pipelines.test_countries import countries_of
from pipelines.test_products import feed_rows, table_rows
from pipelines.test_retail import KEYS, event_rows, shop_rows
from pipelines.test_telco import FILE, readable


def test_telco_changes_write_what_changed(live, generate):
    """k changed rows write k rows of silver, and of gold only the rows whose value changed."""
    telco = live("telco").start()
    rows = readable(generate("telco", rows=1500, dirty=True) / FILE)
    telco.produce("customers", rows)
    telco.settle()
    telco.check_tables({"customers": rows})
    written = {view: telco.written(view) for view in telco.views}
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
