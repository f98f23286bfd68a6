# shellcheck shell=bash
# shellcheck disable=SC2154 # deploy/demo sets state, build, here and scale, common.sh port, acme.sh tables and gold
# acme at a scale: ROWS rows by snapshot, then a tenth as many changes as a stream, each timed to the gold tables.

. "$here/demo.d/acme.sh"

goal=166667            # rows a second
disk_bytes_a_row=2000  # source, WAL, bronze and silver topics, state, tables; 1,500 were seen at 1,000,000 rows
disk_bytes_least=$((400 << 20)) # 203 MiB were seen at 10,000 rows

per_second() { awk -v n="$1" -v s="$2" 'BEGIN {printf "%d", n / (s > 0 ? s : 0.1)}'; }

# Before a server starts: the estimate, and no further when the disk has less.
check_disk() {
  local needed free folder=$state
  [[ $scale =~ ^[1-9][0-9]{0,10}$ ]] || die "--scale: ROWS is a number of rows, as 1000000"
  [ "$scale" -ge 1000 ] || die "--scale: at least 1000 rows"
  mkdir -p "$state"
  needed=$((disk_bytes_least + scale * disk_bytes_a_row))
  free=${SLUICE_DEMO_FREE_BYTES:-$(df --output=avail -B1 "$folder" | tail -1)}
  step "scale: $scale rows by snapshot, $((scale / 10)) changes streamed"
  echo "  disk: about $((needed >> 20)) MiB needed, $((free >> 20)) MiB free at $folder"
  [ "$free" -ge "$needed" ] || die "--scale $scale needs about $((needed >> 20)) MiB of disk, $((free >> 20)) MiB are free at $folder"
}

rows_at_source() {
  psql -AtqX -d finance_db -c "SELECT (SELECT count(*) FROM operations.orders) + (SELECT count(*) FROM operations.order_items)
    + (SELECT count(*) FROM operations.customers) + (SELECT count(*) FROM operations.products)"
}

metric() { # metric SERVICE NAME: the sum of a service's series
  curl -fs --noproxy '*' "http://127.0.0.1:${port[$1]}/metrics" 2>/dev/null | awk -v name="$2" '$1 ~ "^" name "([{]|$)" {n += $2} END {printf "%d", n}'
}

generate() { # generate CHANGES FLAG ...: as fast as the source takes them
  local changes=$1; shift
  "$build/bin/sluice-datagen" acme --postgres-url=dbname=finance_db --rate=0 --changes="$changes" --http-port=-1 "$@" \
    >>"$state/datagen.log" 2>&1 || die "the workload failed (log: $state/datagen.log)"
}

# The last order of all: delivered on a day that no other order has. Where it stands in gold, what came before it does.
last_order() {
  psql -qX -d finance_db -c "INSERT INTO operations.orders (order_id, order_date, delivery_date, customer_id, status)
    SELECT max(order_id) + 1, '2026-01-01', '$1', 1, 'PENDING' FROM operations.orders"
}

in_gold() {
  local name
  for name in postgres-cdc views postgres-upsert; do ! service_gone "$name" || die "sluice-$name ended (log: $state/$name.log)"; done
  [ "$(psql -AtqX -d analytics -c "SELECT count(*) FROM gold.open_orders WHERE delivery_date = '$1'" 2>/dev/null)" = 1 ]
}

# follow DAY RECORDS: until the last order of that day is in gold; progress by what views have read, of about so many
follow() {
  local day=$1 all=$2 before began_at=$EPOCHREALTIME now=0 left
  before=$(metric views sluice_records_read_total)
  until in_gold "$day"; do
    now=$(($(metric views sluice_records_read_total) - before)); now=$((now < 0 ? 0 : now < all ? now : all - 1))
    left=$(awk -v s="$(seconds_since "$began_at")" -v n="$now" -v all="$all" 'BEGIN {print (n > 0 ? int(s * (all - n) / n) " s left" : "...")}')
    bar "$now" "$all" "$now of $all records read, $left   "
    sleep 0.2
  done
  bar "$all" "$all" "$all records through"
}

snapshotting() { grep -q 'msg="snapshot begins"' "$state/postgres-cdc.log"; }

say_rate() { # say_rate WHAT ROWS SECONDS
  local rate
  rate=$(per_second "$2" "$3")
  echo "  $1: $2 in $3 s, $rate a second, $(awk -v r="$rate" -v g=$goal 'BEGIN {printf "%.1f", 100 * r / g}') % of the goal of $goal"
}

scale_services() {
  rm -f "$state"/{postgres-cdc,views,postgres-upsert}.log
  service_start postgres-cdc --topic-prefix=finance_db --tables="$tables" --postgres-url=dbname=finance_db \
    --kafka-bootstrap="$SLUICE_KAFKA_BOOTSTRAP" --idle-advance=1s
  service_start views --file=schemas/acme/pipeline.sql --state-dir="$state/views" --kafka-bootstrap="$SLUICE_KAFKA_BOOTSTRAP"
  service_start postgres-upsert --pipeline=acme --target=schemas/acme/target.sql --postgres-url=dbname=analytics \
    --kafka-bootstrap="$SLUICE_KAFKA_BOOTSTRAP"
  until_true 60 snapshotting || die "no snapshot begins (log: $state/postgres-cdc.log)"
}

run_demo() {
  local at rows snapshot_s stream_s
  databases
  step "source: about $scale rows"
  generate "$scale" --churn-percent=0
  rows=$(rows_at_source)
  step "snapshot: $rows rows to gold"
  at=$EPOCHREALTIME
  scale_services
  last_order 2999-01-01
  follow 2999-01-01 "$rows"
  snapshot_s=$(seconds_since "$at")
  step "stream: $((scale / 10)) changes to gold"
  at=$EPOCHREALTIME
  generate $((scale / 10)) --seed=2
  last_order 2999-01-02
  follow 2999-01-02 $((scale / 10))
  stream_s=$(seconds_since "$at")
  step "proof: every gold table must equal PostgreSQL's own answer on the source"
  prove acme analytics "${gold[@]}"
  step "figures"
  say_rate "rows by snapshot, from the start of the services" "$rows" "$snapshot_s"
  say_rate "changes by stream, their making included" $((scale / 10)) "$stream_s"
  echo "  disk: $(du -sm "$state" | cut -f1) MiB in $state"
}
