# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # read by files.sh; set there
# retail: three CSV files of a shop, and its visitors' events, one in twenty malformed.

. "$here/demo.d/files.sh"
name=retail
datasets=(retail events)
shown=(retail.bronze.transactions retail.silver.transactions_clean retail.gold.category_analytics retail.dead-letters)
reports=(customer_analytics category_analytics payment_analytics device_analytics product_analytics event_funnel user_engagement quality)
object=gold/category_analytics.csv

produce() {
  objects customers "$data/customers.csv" --key=customer_id
  objects transactions "$data/transactions.csv" --key=transaction_id
  objects products "$data/products.csv" --key=product_id
  objects events "$data/events.ndjson"
}

# A line that is no JSON or breaks the contract is left out, as a dead letter is.
oracle_rows() {
  cat <<SQL
\\copy bronze.customers FROM '$data/customers.csv' WITH (FORMAT csv, HEADER, FORCE_NOT_NULL (first_name, last_name, email, age, city, total_spent))
\\copy bronze.transactions FROM '$data/transactions.csv' WITH (FORMAT csv, HEADER, FORCE_NOT_NULL (amount))
\\copy bronze.products FROM '$data/products.csv' WITH (FORMAT csv, HEADER, FORCE_NOT_NULL (category))
CREATE TEMP TABLE lines (n bigserial, line text);
\\copy lines (line) FROM '$data/events.ndjson' WITH (FORMAT csv, QUOTE e'\\x01', DELIMITER e'\\x02')
DO \$\$
DECLARE one record;
BEGIN
  FOR one IN SELECT * FROM lines LOOP
    BEGIN
      INSERT INTO bronze.events SELECT * FROM jsonb_populate_record(NULL::bronze.events,
        one.line::jsonb || jsonb_build_object('_file', 'events.ndjson', '_line', one.n));
    EXCEPTION WHEN check_violation OR not_null_violation OR data_exception THEN NULL;
    END;
  END LOOP;
END \$\$;
SQL
}

# The eleven sets as Parquet directories, by the config files of schemas/retail/flow; and gold's tables as CSV.
write_objects() {
  local file stage
  for file in schemas/retail/flow/*.s3-objects.conf; do
    stage=${file##*/}
    once "${stage%%.*} (Parquet)" --config="$file" --s3-bucket=retail
  done
  once gold --pipeline=retail --group=retail-gold-csv --layout=snapshot --format=csv --schema=schemas/retail/target.sql \
    --topics=retail.gold.category_analytics --s3-bucket=retail --key-template='gold/{table}.{ext}'
}
