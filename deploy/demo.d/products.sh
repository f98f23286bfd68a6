# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # read by files.sh; set there
# products: a CSV file by SQLite to Kafka, with its filter, and a JSON feed.

. "$here/demo.d/files.sh"
name=products
datasets=(products)
shown=(product-updates products.bronze.items products.silver.products)
reports=(status_summary category_prices currency_prices quality)
object=products.xml
as_of=2026-01-14 days_back=30 status=created

produce() {
  "$build/bin/sluice-sql-rows" --topic-prefix=products --topic=product-updates --once --state-dir="$state/producers/products" \
    --sqlite=:memory: --load-csv="$data/products.csv" --into=products --ddl=schemas/products/source.sql \
    --query-file=schemas/products/recent.sql --parameter="articleStatus=$status" --parameter="days_back=$days_back" --as-of=$as_of \
    --key-columns=ean --kafka-bootstrap="$SLUICE_KAFKA_BOOTSTRAP" 2>>"$state/sql-rows.log" | sed 's/^/  /' || die "log: $state/sql-rows.log"
  objects items "$data/products.json" --key=ean
}

oracle_rows() {
  cat <<SQL
\\copy bronze.products FROM '$data/products.csv' WITH (FORMAT csv, HEADER)
DELETE FROM bronze.products WHERE NOT ("articleStatus" = '$status'
  AND "b2bReadinessDate" >= to_char(date '$as_of' - $days_back, 'YYYY-MM-DD"T"00:00:00.000"Z"'));
$(for column in price_eur price_usd price_gbp '"grossPrice_eur"'; do # REAL prints 55 as 55.0
    echo "UPDATE bronze.products SET $column = $column::numeric(10,1) WHERE $column = trunc($column);"; done)
\\set feed \`cat '$data/products.json'\`
INSERT INTO bronze.items SELECT one.* FROM json_array_elements(:'feed'::json) AS said (value),
  json_populate_record(NULL::bronze.items, value) AS one;
SQL
}

# The silver products as XML; and the JSON object of one bucket as XML object of another, by the config files of schemas/products/flow.
write_objects() {
  local flow=schemas/products/flow
  once products.xml --pipeline=products --group=products-xml --topics=products.silver.products --layout=snapshot --format=xml \
    --xml-style=tree --xml-root=products --xml-record=product --s3-bucket=products --key-template='{table}.{ext}'
  bucket -X PUT "$S3_ENDPOINT/input-bucket" >/dev/null
  bucket -X PUT "$S3_ENDPOINT/output-bucket" >/dev/null
  bucket -T "$data/products.json" "$S3_ENDPOINT/input-bucket/sample_products.json" >/dev/null
  stage_objects $flow/01-feed.objects.conf
  once output.xml --config=$flow/02-xml.s3-objects.conf
}
