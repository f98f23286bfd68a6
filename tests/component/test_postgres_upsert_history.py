"""A table with history, by the pipeline that postgres-upsert's README shows, over what another pipeline writes."""

import json
import re

from harness import ROOT
from harness.services import run
from harness.wait import until

README = (ROOT / "sinks" / "postgres-upsert" / "README.md").read_text()
SUMMARY = """
CREATE SCHEMA bronze; CREATE SCHEMA gold;
CREATE FOREIGN TABLE bronze.customers (customer_id integer PRIMARY KEY, customer_segment text) SERVER kafka
  OPTIONS (topic '{0}.bronze.customers', format 'json');
CREATE MATERIALIZED VIEW gold.churn_summary AS
  SELECT customer_segment, count(*) AS total_customers FROM bronze.customers GROUP BY customer_segment;
"""
T0_US = 1767225600000000  # 2026-01-01T00:00:00Z


def test_the_readme_s_history(kafka, pg, database, service, unique, tmp_path):
    """A row that changes, one that goes and comes again, one that stays: each version from when to when it held."""
    def customer(hour, id, segment):
        value = segment and json.dumps({"customer_id": id, "customer_segment": segment}).encode()
        when = [("sluice.commit_ts_us", str(T0_US + hour * 3600 * 1000000).encode())]
        kafka.produce(f"{unique}.bronze.customers", [(json.dumps({"customer_id": id}).encode(), value, when)])

    def start(name, text):
        file, target, pipeline = tmp_path / f"{name}.sql", tmp_path / f"{name}_target.sql", unique if name == "summary" else f"{unique}_history"
        file.write_text(text)
        target.write_text(run("views", {"ddl": file, "pipeline": pipeline}).stdout)
        flags = {"kafka-bootstrap": kafka.bootstrap, "pipeline": pipeline}
        service("views", {**flags, "file": file, "state-dir": tmp_path / name}, instance=name).wait_ready(60)
        service("postgres-upsert", {**flags, "target": target, "postgres-url": f"dbname={database}"}, instance=name).wait_ready(60)

    (sql,) = re.findall(r"```sql\n(CREATE SCHEMA gold;.*?)```", README, re.S)
    kafka.create_topic(f"{unique}.bronze.customers", 1)
    start("summary", SUMMARY.format(unique))
    start("history", sql.replace("'telco.", f"'{unique}."))
    rows = lambda: pg.execute(database, "SELECT customer_segment, total_customers, extract(hour FROM valid_from AT TIME ZONE 'UTC')::int,"
                                        " extract(hour FROM valid_to AT TIME ZONE 'UTC')::int, is_current FROM history.churn_summary"
                                        " ORDER BY customer_segment, place")
    present = lambda: pg.execute(database, "SELECT customer_segment, total_customers FROM gold.churn_summary ORDER BY 1")
    steps = [(0, 1, "Loyal", [("Loyal", 1)]), (1, 2, "New", [("Loyal", 1), ("New", 1)]), (2, 3, "New", [("Loyal", 1), ("New", 2)]),
             (3, 2, None, [("Loyal", 1), ("New", 1)]), (4, 3, None, [("Loyal", 1)]), (6, 4, "New", [("Loyal", 1), ("New", 1)])]
    for hour, id, segment, want in steps:
        customer(hour, id, segment)
        until(lambda: present() == want, f"the table of hour {hour}")
    until(lambda: len(rows()) == 5, "five versions")
    assert rows() == [("Loyal", 1, 0, None, True), ("New", 1, 1, 2, False), ("New", 2, 2, 3, False), ("New", 1, 3, 4, False), ("New", 1, 6, None, True)]
