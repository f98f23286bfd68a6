# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # read by files.sh; set there
# telco: one CSV file of customers.

. "$here/demo.d/files.sh"
name=telco
datasets=(telco)
shown=(telco.bronze.customers telco.silver.customers_staging telco.gold.churn_summary)
reports=(churn_summary revenue_analysis service_churn_correlation executive_summary insights validations)
upsert_flags=(--commit-time-columns=ingestion_timestamp,calculated_at,report_timestamp)
object=gold/churn_summary.csv

produce() {
  objects customers "$data/telco_customer_churn.csv" --key=customerID
  objects customers "$data/telco_customer_churn.csv" --key=customerID # the same file again: nothing is new
}

oracle_rows() { echo "\\copy bronze.customers FROM '$data/telco_customer_churn.csv' WITH (FORMAT csv, HEADER)"; }
