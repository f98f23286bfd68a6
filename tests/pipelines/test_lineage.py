"""Gold rows back to their lines: the source records behind them, which give those rows again by themselves."""

from harness.lineage import check_lineage
from harness.pipelines import differences
from pipelines.test_countries import countries_of
from pipelines.test_telco import FILE


def test_telco(live, generate, tmp_path):
    """Down to the file's line: the one that the record names is the record's row."""
    telco = live("telco").start()
    file = generate("telco", rows=400) / FILE
    assert telco.read_objects("customers", file, "customerID") == 400
    telco.settle()
    lines = file.read_text(encoding="utf-8").splitlines()
    for view in ("gold.revenue_analysis", "silver.customers_staging"):
        records = check_lineage(telco.file, telco.word, telco.kafka, view, tmp_path)
        assert len(records) == (1 if view.startswith("silver") else telco.value("SELECT customer_count FROM gold.revenue_analysis"
                                " ORDER BY contract_type, payment_method OFFSET 6 LIMIT 1"))
        for record in records:
            place = record["value"]["source"]
            assert place["file"] == FILE and lines[place["line"] - 1].split(",")[0] == record["key"]["customerID"]


def test_countries(live, generate, tmp_path):
    countries = live("countries").start()
    folder = generate("countries")
    countries.produce("countries", differences([], countries_of(folder / "countries_1.json"), "country"))
    countries.settle()
    for view in ("gold.currency_usage", "silver.countries"):
        check_lineage(countries.file, countries.word, countries.kafka, view, tmp_path)
