# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # read by files.sh; set there
# countries: six answers of an API, one after the other; the last goes through the original's stages as well.

. "$here/demo.d/files.sh"
name=countries
datasets=(countries)
shown=(countries.bronze.countries countries.silver.countries countries.gold.region_summary)
reports=(region_summary subregion_summary currency_usage language_usage timezone_usage data_quality)
object=gold/region_summary.csv
views_flags=(--topic-partitions=1)

api_answers() { curl -fs -o /dev/null --noproxy '*' "http://127.0.0.1:$1/"; }

with_api() { # with_api COMMAND ...: while the API answers at $at with what lies in $api
  api=$state/data/api at=$(free_port)
  mkdir -p "$api"
  /usr/bin/python3 -m http.server --bind 127.0.0.1 --directory "$api" "$at" >"$state/api.log" 2>&1 &
  local server=$!
  until_true 10 api_answers "$at" || die "the API does not answer (log: $state/api.log)"
  "$@"
  kill "$server"
}

produce() { with_api all_answers; }

all_answers() {
  local answers answer number=0
  answers=("$data"/countries_*.json)
  for answer in "${answers[@]}" "${answers[-1]}"; do
    [ "$answer" = "${answers[-1]}" ] || number=$((number + 1))
    cp "$answer" "$api/all.json" || die "there is no $answer"
    touch -d "2026-01-01 $number hours" "$api/all.json" # its Last-Modified: the last is asked for twice
    objects countries "http://127.0.0.1:$at/all.json" --key=country=name.common --format=json \
      "${views_flags[@]}"
  done
}

oracle_rows() {
  cat <<SQL
\\set answer \`cat '$data/countries_6.json'\`
INSERT INTO bronze.countries SELECT one.* FROM json_array_elements(:'answer'::json) AS said (value),
  jsonb_populate_record(NULL::bronze.countries, value::jsonb || jsonb_build_object('country', value::jsonb #> '{name,common}')) AS one;
SQL
}

stage_table() { # stages 06 and 07: two services that go on running, until the table has all lines
  local flow=schemas/countries/flow views
  "$build/bin/sluice-views" --config=$flow/06-table.views.conf --state-dir="$state/producers/06-table" --http-port="$1" \
    --kafka-bootstrap="$SLUICE_KAFKA_BOOTSTRAP" >>"$state/views.log" 2>&1 &
  views=$!
  until_true 60 answers_ready "$1" || die "no views of stage 06 (log: $state/views.log)"
  "$build/bin/sluice-postgres-upsert" --config=$flow/07-table.postgres-upsert.conf --postgres-url=dbname=de --http-port="$2" \
    --kafka-bootstrap="$SLUICE_KAFKA_BOOTSTRAP" >>"$state/postgres-upsert.log" 2>&1 &
  until_true 60 answers_ready "$2" || die "no table of stage 07 (log: $state/postgres-upsert.log)"
  kill $! "$views"
  wait $! "$views"
}

answers_ready() { curl -fs -o /dev/null --noproxy '*' "http://127.0.0.1:$1/readyz"; }

stages() { # the config files of schemas/countries/flow, in their order
  local flow=schemas/countries/flow
  stage_objects $flow/01-answer.objects.conf --input="http://127.0.0.1:$at/all.json"
  once 02-raw --config=$flow/02-raw.s3-objects.conf
  stage_objects $flow/03-clean.objects.conf
  once 04-clean --config=$flow/04-clean.s3-objects.conf
  stage_objects $flow/05-table.objects.conf
  stage_table "$(free_port)" "$(free_port)"
  "$build/bin/sluice-sql-rows" --config=$flow/08-folder.sql-rows.conf --once --postgres-url=dbname=de --state-dir="$state/producers/08-folder" \
    --kafka-bootstrap="$SLUICE_KAFKA_BOOTSTRAP" >>"$state/sql-rows.log" 2>&1 || die "log: $state/sql-rows.log"
  once 09-folder --config=$flow/09-folder.s3-objects.conf
  stage_objects $flow/10-gold.objects.conf
  once 11-gold --config=$flow/11-gold.s3-objects.conf
}

write_objects() {
  gold_as_csv
  step "the original's stages: API, raw, clean, table, folder, gold"
  psql -qX postgres -c "DROP DATABASE IF EXISTS de WITH (FORCE)" -c "CREATE DATABASE de" 2>/dev/null
  with_api stages
  cmp <(bucket "$S3_ENDPOINT/raw/capitals.csv") <(bucket "$S3_ENDPOINT/gold/capitals_clean.csv") || die "gold is not raw"
  echo "  gold/capitals_clean.csv is raw/capitals.csv to the byte, $(bucket "$S3_ENDPOINT/gold/capitals_clean.csv" | wc -c) bytes"
}
