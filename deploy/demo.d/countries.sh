# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # read by files.sh; set there
# countries: six answers of an API, one after the other.

. "$here/demo.d/files.sh"
name=countries
datasets=(countries)
shown=(countries.bronze.countries countries.silver.countries countries.gold.region_summary)
reports=(region_summary subregion_summary currency_usage language_usage timezone_usage data_quality)
object=gold/region_summary.csv

api_answers() { curl -fs -o /dev/null --noproxy '*' "http://127.0.0.1:$1/"; }

produce() {
  local number api=$data/api at
  mkdir -p "$api"
  at=$(free_port)
  /usr/bin/python3 -m http.server --bind 127.0.0.1 --directory "$api" "$at" >"$state/api.log" 2>&1 &
  local server=$!
  until_true 10 api_answers "$at" || die "the API does not answer (log: $state/api.log)"
  for number in 1 2 3 4 5 6 6; do
    cp "$data/countries_$number.json" "$api/all.json"
    touch -d "2026-01-0$number" "$api/all.json" # its Last-Modified: the sixth is asked for twice
    objects countries "http://127.0.0.1:$at/all.json" --key=country=name.common --format=json
  done
  kill "$server"
}

oracle_rows() {
  cat <<SQL
\\set answer \`cat '$data/countries_6.json'\`
INSERT INTO bronze.countries SELECT one.* FROM json_array_elements(:'answer'::json) AS said (value),
  jsonb_populate_record(NULL::bronze.countries, value::jsonb || jsonb_build_object('country', value::jsonb #> '{name,common}')) AS one;
SQL
}
