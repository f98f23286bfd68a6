"""--lineage: the source records behind a row of a view; replayed through --local they give that very row."""

from harness.lineage import check_lineage, lineage

QUESTIONS = ("gold.open_orders", "gold.pending_items", "gold.customer_pending_orders_agg", "silver.order_items", "gold.top_dates")


def test_the_records_behind_a_row_give_that_row(make_acme, tmp_path):
    acme = make_acme()
    acme.start("postgres-cdc", "views")
    acme.generate(changes=1500, seed=31)
    acme.wait_views()
    for view in QUESTIONS:
        check_lineage(acme.pipeline_file, acme.name, acme.kafka, view, tmp_path)


def test_what_is_not_there_is_said(make_acme):
    acme = make_acme()
    acme.start("postgres-cdc", "views")
    acme.generate(changes=300, seed=32)
    acme.wait_views()
    ask = lambda view, key: lineage(acme.pipeline_file, acme.name, acme.kafka, view, key)[0]
    done = ask("gold.open_orders", '{ "delivery_date": "1900-01-01", "status": "PENDING" }')
    assert done.returncode == 65 and 'no row with key {"delivery_date":"1900-01-01","status":"PENDING"}' in done.stderr
    assert 'a key looks like {"delivery_date":"20' in done.stderr
    done = ask("gold.nothing", "{}")
    assert done.returncode == 64 and "gold.nothing" in done.stderr
    done = ask("gold.open_orders", None)
    assert done.returncode == 64 and "--lineage-key" in done.stderr
