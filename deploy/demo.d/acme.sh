# shellcheck shell=bash
# shellcheck disable=SC2154 # deploy/demo sets state and build, common.sh port
# acme: order changes of a live database become topics, tables and objects.

tables=operations.customers,operations.products,operations.orders,operations.order_items
mapfile -t gold < <(views_of schemas/acme/pipeline.sql gold)

databases() {
  step "databases: finance_db is the orders' own, analytics gets the answers"
  psql -qX -v ON_ERROR_STOP=1 postgres <<'SQL'
DROP DATABASE IF EXISTS finance_db WITH (FORCE);
DROP DATABASE IF EXISTS analytics WITH (FORCE);
CREATE DATABASE finance_db;
CREATE DATABASE analytics;
SQL
  psql -qX -d finance_db -f schemas/acme/source.sql
}

services() {
  local topics
  step "services"
  topics=$(printf 'acme.%s,' "${gold[@]}")
  service_start postgres-cdc --topic-prefix=finance_db --tables="$tables" --postgres-url=dbname=finance_db \
    --kafka-bootstrap="$SLUICE_KAFKA_BOOTSTRAP" --idle-advance=1s
  service_start views --file=schemas/acme/pipeline.sql --state-dir="$state/views" --kafka-bootstrap="$SLUICE_KAFKA_BOOTSTRAP"
  service_start postgres-upsert --pipeline=acme --target=schemas/acme/target.sql --postgres-url=dbname=analytics \
    --kafka-bootstrap="$SLUICE_KAFKA_BOOTSTRAP"
  service_start s3-objects --pipeline=acme --topics="${topics%,}" --format=json,xml --rotate-interval=2s \
    --s3-endpoint="$S3_ENDPOINT" --s3-bucket=acme --kafka-bootstrap="$SLUICE_KAFKA_BOOTSTRAP"
  wait_ready postgres-cdc views postgres-upsert s3-objects
}

generated() { curl -fs --noproxy '*' "http://127.0.0.1:${port[datagen]}/metrics" 2>/dev/null | sed -n 's/^sluice_changes_total //p'; }

workload() {
  local now=0 wanted=8000
  step "workload: orders come, change and go"
  service_start datagen acme --postgres-url=dbname=finance_db --rate=1000
  until_true 10 service_ready datagen || die "the workload did not start"
  while [ "$now" -lt $wanted ]; do
    now=$(generated); now=${now%.*}; now=${now:-0}
    bar $((now < wanted ? now : wanted)) $wanted "$now changes"
    sleep 0.2
  done
}

oracle_rows() {
  local table
  for table in customers products orders order_items; do
    echo "COPY bronze.$table FROM stdin;"
    psql -qX -d finance_db -c "COPY operations.$table TO STDOUT"
    echo '\.'
  done
}

next_steps() {
  step "done. Everything still runs; try next:"
  cat <<TEXT
  eval "\$(SLUICE_STATE=$SLUICE_STATE deploy/servers env)"
  kcat -C -b \$SLUICE_KAFKA_BOOTSTRAP -t acme.gold.top_customers -o beginning -e
  $build/bin/sluice-report top_dates --postgres-url=dbname=analytics
  $build/bin/sluice-views --explain=schemas/acme/pipeline.sql
  psql -d finance_db -c "UPDATE operations.orders SET status = 'COMPLETED' WHERE order_id = 1"
  deploy/demo stop
TEXT
}

run_demo() {
  databases
  bucket -X PUT "$S3_ENDPOINT/acme" >/dev/null
  services
  workload
  show_topics finance_db.operations.orders acme.silver.orders acme.gold.open_orders
  show_reports acme analytics top_dates top_customers pending_items open_items open_orders
  show_objects acme
  step "proof: the workload stops, and every gold table must equal PostgreSQL's own answer on the source"
  service_stop datagen
  rm "$state/datagen.flags" # it is not started again
  prove acme analytics "${gold[@]}"
  next_steps
}
