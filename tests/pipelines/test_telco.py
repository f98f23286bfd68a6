"""telco: from the file's rows to gold, on real data, on the twin, and on the rows that go wrong."""

import csv
import json
import re
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

from harness.pipelines import SCHEMAS, csv_rows
from harness.services import account, run

EXPECTED = {
    "silver.customers_staging": "customer_id",
    "gold.churn_summary": "customer_segment",
    "gold.revenue_analysis": "contract_type, payment_method",
    "gold.service_churn_correlation": "internet_service, online_security, tech_support",
    "gold.executive_summary": "1",
}
FILE = "telco_customer_churn.csv"
MARGINALS = {
    "gender": {"Male": 3555, "Female": 3488},
    "SeniorCitizen": {"0": 5901, "1": 1142},
    "Partner": {"No": 3641, "Yes": 3402},
    "Dependents": {"No": 4933, "Yes": 2110},
    "PhoneService": {"Yes": 6361, "No": 682},
    "MultipleLines": {"No": 3390, "Yes": 2971, "No phone service": 682},
    "InternetService": {"Fiber optic": 3096, "DSL": 2421, "No": 1526},
    "Contract": {"Month-to-month": 3875, "Two year": 1695, "One year": 1473},
    "PaperlessBilling": {"Yes": 4171, "No": 2872},
    "PaymentMethod": {"Electronic check": 2365, "Mailed check": 1612, "Bank transfer (automatic)": 1544,
                      "Credit card (automatic)": 1522},
    "Churn": {"No": 5174, "Yes": 1869},
}
SERVICES = ("OnlineSecurity", "OnlineBackup", "DeviceProtection", "TechSupport", "StreamingTV", "StreamingMovies")


def test_real_data(pipeline, shared_data):
    telco = pipeline("telco")
    said, _ = telco.check({"customers": csv_rows(shared_data / "telco" / "Telco-Customer-Churn.ibm-lf.csv", "customerID")})
    for view, order in EXPECTED.items():
        telco.same_as_file(view, shared_data / "expected" / f"telco_{view.replace('.', '_')}.csv", order)
    assert said.count("warned") == 1 and "total_charges_given" in said and "11 rows" in said
    assert telco.rows("quality.silver_validation") == [(7043, 7043, 1869, 0)]
    check_validation_files(telco)
    assert telco.rows("quality.validations") == [(7043, 0, 11, 0, 0, 0)]
    assert telco.rows("gold.insights") == [(Decimal("30.5"), Decimal("1669570.20"), "New", Decimal("47.44"),
                                            "Month-to-month / Electronic check", Decimal("138730.55"))]


def check_validation_files(telco):
    """data/silver/validation_results.json and gold's, of the public file."""
    done = run("report", {"reports": SCHEMAS / "telco" / "reports" / "validation", "postgres-url": f"dbname={telco.target}", "format": "document",
                          "out": telco.folder / "data" / "{name}" / "validation_results.json"}, ["all"], env=telco.pg.env)
    assert done.returncode == 0, done.stderr
    silver, gold = (json.loads((telco.folder / "data" / layer / "validation_results.json").read_text()) for layer in ("silver", "gold"))
    assert silver == {"total_records": 7043, "unique_customers": 7043, "churned_count": 1869, "null_check": 0, "segment_distribution": [
        {"customer_segment": segment, "count": count} for segment, count in (("Growing", 1856), ("Loyal", 3001), ("New", 2186))]}
    assert list(gold) == ["churn_summary", "revenue_analysis_top10", "service_churn_top10", "executive_summary", "table_counts"]
    assert gold["table_counts"] == {"churn_summary": 3, "revenue_analysis": 12, "service_churn_correlation": 9}
    assert list(gold["executive_summary"].values()) == [7043, 1869, 26.54, 456116.60, 139130.85, 64.76, 32.4]
    assert [row["churn_rate_percent"] for row in gold["churn_summary"]] == [25.54, 11.93, 47.44]
    assert len(gold["revenue_analysis_top10"]) == 10 and gold["revenue_analysis_top10"][0]["total_monthly_revenue"] == 138730.55
    assert len(gold["service_churn_top10"]) == 9 and gold["service_churn_top10"][0]["churn_rate_percent"] == 55.01


def test_twin_has_the_marginals(generate):
    rows = csv_rows(generate("telco") / FILE)
    assert len(rows) == len({row["customerID"] for row in rows}) == 7043
    assert all(re.fullmatch(r"\d{4}-[A-Z]{5}", row["customerID"]) for row in rows)
    for column, counts in MARGINALS.items():
        assert Counter(row[column] for row in rows) == counts, column
    for row in rows:
        assert (row["PhoneService"] == "No") == (row["MultipleLines"] == "No phone service")
        assert all((row[service] == "No internet service") == (row["InternetService"] == "No") for service in SERVICES)
    blank = [row["tenure"] for row in rows if row["TotalCharges"] == " "]
    assert blank == ["0"] * 11 == [row["tenure"] for row in rows if row["tenure"] == "0"]
    assert {"12", "13", "36", "37", "72"} <= {row["tenure"] for row in rows}
    groups = Counter((row["InternetService"], row["OnlineSecurity"], row["TechSupport"]) for row in rows)
    assert len(groups) == 9 and sum(count < 10 for count in groups.values()) == 1
    halves = [row for row in rows if row["tenure"] != "0"
              and Decimal(row["TotalCharges"]) / int(row["tenure"]) % Decimal("0.01") == Decimal("0.005")]
    assert len(halves) >= 10


def test_twin_is_its_seed_s(generate):
    first, again, other = (generate("telco", word, seed=seed) / FILE for word, seed in (("a", 7), ("b", 7), ("c", 8)))
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()
    crlf = generate("telco", "d", seed=7, crlf=True) / FILE
    assert crlf.read_bytes() == first.read_bytes().replace(b"\n", b"\r\n")
    counted = account(run("datagen", {"out": first.parent / "more" / "of it", "seed": 7}, ["telco"]).stdout)
    assert (counted["status"], counted["files"], counted["bytes"]) == ("success", 1, len(first.read_bytes())) and "generate" in counted["stages_ms"]
    many = csv_rows(generate("telco", "e", rows=20000) / FILE)
    assert len(many) == len({row["customerID"] for row in many}) == 20000


def test_twin(pipeline, generate):
    telco = pipeline("telco")
    telco.check({"customers": csv_rows(generate("telco") / FILE, "customerID")}, {"silver.customers_staging": 7043})
    assert telco.value("SELECT count(*) FROM gold.service_churn_correlation") == 8  # the small group is left out
    assert telco.value("SELECT churn_rate_percent FROM gold.service_churn_correlation"
                       " WHERE (internet_service, online_security, tech_support) = ('DSL', 'Yes', 'No')") == Decimal("15.63")
    compare_with_rules(telco, csv_rows(generate("telco", "again") / FILE))


def test_dirty_rows_stay_and_warn(pipeline, generate):
    """What the rules coerce is a row; each rule says how often."""
    telco = pipeline("telco")
    rows = readable(generate("telco", dirty=True, rows=60) / FILE)
    said, refused = telco.check({"customers": rows})
    assert refused == {"bronze.customers": 0}
    compare_with_rules(telco, rows)
    silver = {row[0]: row[1:] for row in telco.execute(
        "SELECT customer_id, tenure, customer_segment, monthly_charges::text, total_charges::text, avg_monthly_revenue::text"
        " FROM silver.customers_staging")}
    assert silver["9999-DTENN"] == (0, "nan", "45.30", "135.90", "45.30")  # its segment comes before its clamp
    assert silver["9999-DMONN"] == (0, "New", "0.00", "0.00", "-20.50")    # and so does its average
    assert silver["9999-DTENL"] == (101, "nan", "45.30", "4575.30", "45.30")
    assert silver["9999-DTENF"] == (12, "New", "45.30", "543.60", "45.30")
    assert silver["9999-DTENE"] == (10, "New", "45.30", "453.00", "45.30")
    assert silver["9999-DTENS"] == (13, "Growing", "45.30", "588.90", "45.30")
    assert silver["9999-DTOTN"] == (3, "New", "45.30", "-135.90", "-45.30")
    assert silver[""] == (3, "New", "45.30", "135.90", "45.30")
    warned = dict(re.findall(r'warned by rule "(\w+)": (\d+) rows?', said))
    assert warned == {"customer_id_given": "1", "tenure_number": "2", "tenure_in_range": "2", "monthly_charges_number": "1",
                      "total_charges_given": "2", "total_charges_number": "1", "charges_not_negative": "2",
                      "gender_known": "2", "flags_known": "2", "phone_lines_agree": "1", "services_known": "2",
                      "contract_known": "1", "payment_known": "1", "churn_known": "1"}


def test_a_strict_contract(pipeline, generate, shared_data):
    """The proposed rules reject; blank total charges, which the public file has, stay a warning. Views are PostgreSQL's over the rest."""
    telco = pipeline("telco", contract="strict")
    rows = readable(generate("telco", dirty=True, rows=60) / FILE)
    said, refused = telco.check({"customers": rows})
    left_out = Counter(re.findall(r'left out by rule "(\w+)"', said))
    assert dict(re.findall(r'warned by rule "(\w+)": (\d+) rows?', said)) == {"total_charges_given": "2"}
    assert left_out == {"customer_id_given": 1, "tenure_number": 2, "tenure_in_range": 2, "monthly_charges_number": 1, "total_charges_number": 1,
                        "charges_not_negative": 2, "gender_known": 2, "flags_known": 2, "phone_lines_agree": 1, "services_known": 2,
                        "contract_known": 1, "payment_known": 1, "churn_known": 1}
    assert refused == {"bronze.customers": sum(left_out.values())}
    assert telco.value("SELECT count(*) FROM silver.customers_staging") == len(rows) - sum(left_out.values())
    assert telco.value("SELECT count(*) FROM silver.customers_staging WHERE customer_segment = 'nan'") == 0
    real = pipeline("telco", "real", contract="strict")
    said, refused = real.check({"customers": csv_rows(shared_data / "telco" / "Telco-Customer-Churn.ibm-lf.csv", "customerID")})
    assert refused == {"bronze.customers": 0} and "left out" not in said and "11 rows" in said


def readable(path):
    """The rows that reach bronze: UTF-8, of 21 fields, the first of their key."""
    first = {}
    with open(path, newline="", encoding="utf-8", errors="surrogateescape") as file:
        reader = csv.reader(file)
        header = next(reader)
        for fields in reader:
            if len(fields) == len(header) and "\udcc3" not in "".join(fields):
                first.setdefault(fields[0], dict(zip(header, fields)))
    return list(first.values())


# --- the rules once more, in plain Python ---

FLAGS = {"Yes": True, "No": False, "No phone service": False, "No internet service": False}
CENT = Decimal("0.01")


def number(text):
    return Decimal(text.strip()) if re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", text) else Decimal(0)


def cents(value):
    return value.quantize(CENT, ROUND_HALF_UP)


def silver_of(row):
    total, tenure, monthly = number(row["TotalCharges"]), int(number(row["tenure"])), number(row["MonthlyCharges"])
    average = total / tenure if tenure > 0 else monthly
    segment = ("nan" if tenure < 0 or tenure > 100 else "New" if tenure <= 12 else "Growing" if tenure <= 36 else "Loyal")
    plain = lambda column, other: "No" if row[column] == other else row[column]
    return (row["customerID"], row["gender"].title(), {"1": True, "0": False}.get(row["SeniorCitizen"]),
            FLAGS.get(row["Partner"]), FLAGS.get(row["Dependents"]), max(tenure, 0), FLAGS.get(row["PhoneService"]),
            plain("MultipleLines", "No phone service"), row["InternetService"],
            *(plain(service, "No internet service") for service in SERVICES), row["Contract"],
            FLAGS.get(row["PaperlessBilling"]), row["PaymentMethod"], cents(max(monthly, Decimal(0))), cents(total),
            cents(average), segment, {"Yes": True, "No": False}.get(row["Churn"]))


def compare_with_rules(telco, rows):
    found = sorted(telco.rows("silver.customers_staging"))
    assert found == sorted(silver_of(row) for row in rows)
