"""Gold rows back to their lines: the source records behind them, which give those rows again by themselves."""

from harness.lineage import check_lineage
from harness.pipelines import csv_rows, differences
from pipelines.test_countries import countries_of
from pipelines.test_telco import FILE


def test_telco(live, generate, tmp_path):
    telco = live("telco").start()
    rows = csv_rows(generate("telco", rows=400) / FILE)
    telco.produce("customers", rows)
    telco.settle()
    for view in ("gold.revenue_analysis", "silver.customers_staging"):
        records = check_lineage(telco.file, telco.word, telco.kafka, view, tmp_path)
        assert len(records) == (1 if view.startswith("silver") else telco.value("SELECT customer_count FROM gold.revenue_analysis"
                                " ORDER BY contract_type, payment_method OFFSET 6 LIMIT 1"))


def test_countries(live, generate, tmp_path):
    countries = live("countries").start()
    folder = generate("countries")
    countries.produce("countries", differences([], countries_of(folder / "countries_1.json"), "country"))
    countries.settle()
    for view in ("gold.currency_usage", "silver.countries"):
        check_lineage(countries.file, countries.word, countries.kafka, view, tmp_path)
