# shellcheck shell=bash
# What the demos of all pipelines share: looks, services, servers, the proof. Sourced by deploy/demo, which sets root, state
# and build.

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' plain=$'\e[0m'; fi

seconds_since() { local us=$((${EPOCHREALTIME/./} - ${1/./})); printf '%d.%d' $((us / 1000000)) $((us % 1000000 / 100000)); }
step() { printf '\n%s[%5s s] %s%s\n' "$bold" "$(seconds_since "$began")" "$*" "$plain"; }
die() { printf 'demo: %s\n' "$*" >&2; exit 1; }

# bar DONE ALL TEXT: a progress bar at a terminal, one plain line at the end otherwise
bar() {
  local width=40 done=$1 all=$2 text=$3 filled
  filled=$((done * width / all))
  if [ -t 1 ]; then
    printf '\r  [%s%s] %s ' "$(printf '%*s' "$filled" '' | tr ' ' '#')" "$(printf '%*s' $((width - filled)) '')" "$text"
    [ "$done" -lt "$all" ] || echo
  elif [ "$done" -ge "$all" ]; then
    echo "  $text"
  fi
}

# until_true SECONDS COMMAND ...: false when it has not succeeded by then
until_true() {
  local end=$((SECONDS + $1)); shift
  until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done
}

# --- services ---

service_pid() { # its pid while that very process lives
  local pid
  pid=$(cat "$state/$1.pid" 2>/dev/null) && grep -qaF "sluice-$1" "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"
}

service_gone() { ! service_pid "$1" >/dev/null; }

service_start() { # service_start NAME FLAG ...; its command line is kept, so that it can be started again
  local name=$1; shift
  { echo "${port[$name]}"; printf '%q ' "$@"; } >"$state/$name.flags"
  setsid "$build/bin/sluice-$name" "$@" --http-port="${port[$name]}" >>"$state/$name.log" 2>&1 </dev/null &
  echo $! >"$state/$name.pid"
  while service_gone "$name" && kill -0 $! 2>/dev/null; do sleep 0.02; done # until the child has become the service
}

services_kept() { # those of the last demo, in the order of their start
  local name
  for name in "${all_services[@]}"; do [ ! -f "$state/$name.flags" ] || echo "$name"; done
}

start_again() { # servers and services of the last demo, over the data it left
  local name flags kept
  mapfile -t kept < <(services_kept)
  [ ${#kept[@]} -gt 0 ] || die "there is nothing to start: no demo has run"
  "$here/servers" start
  eval "$("$here/servers" env)"
  format=$(<"$state/format")
  [ "$format" = json ] || in_avro
  for name in "${kept[@]}"; do
    { read -r "port[$name]"; IFS= read -r flags || true; } <"$state/$name.flags"
    if service_gone "$name"; then eval "service_start $name $flags"; fi
  done
  wait_ready "${kept[@]}"
}

show_status() { # false when a service of the last demo, or a server, does not run
  local name wrong=0
  for name in $(services_kept); do
    if service_gone "$name"; then echo "$name: not running"; wrong=1; else echo "$name: pid $(service_pid "$name")"; fi
  done
  "$here/servers" status && [ $wrong -eq 0 ]
}

show_logs() { # show_logs [SERVICE]: of one service or of all
  local name
  if [ $# -gt 0 ]; then cat "$state/$1.log"; return; fi
  for name in $(services_kept); do sed "s/^/$name: /" "$state/$name.log"; done
}

service_ready() {
  if service_gone "$1"; then tail -n 5 "$state/$1.log" >&2; die "sluice-$1 ended (log: $state/$1.log)"; fi
  curl -fs -o /dev/null --noproxy '*' "http://127.0.0.1:${port[$1]}/readyz"
}

service_stop() {
  local pid
  if pid=$(service_pid "$1"); then kill "$pid"; until_true 15 service_gone "$1" || kill -9 "$pid"; fi
  rm -f "$state/$1.pid"
}

free_port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

declare -A port
all_services=(datagen postgres-cdc views postgres-upsert s3-objects)

stop_services() { local name; for name in "${all_services[@]}"; do service_stop "$name"; done; }

# --- the parts of a demo ---

prepare() {
  step "packages"
  "$here/install" build run servers
  step "build"
  [ -f "$build/build.ninja" ] || cmake --preset "$(basename "$build")" -B "$build" >/dev/null
  cmake --build "$build" -j "$(nproc)" >"$state/build.log" 2>&1 || { tail -n 30 "$state/build.log"; die "the build failed"; }
  step "servers"
  "$here/servers" wipe kafka s3 registry >/dev/null # topics, objects and schemas of the demo before
  "$here/servers" start
  [ "$format" = json ] || "$here/servers" start registry
  eval "$("$here/servers" env)"
  [ "$format" = json ] || in_avro
  echo "$format" >"$state/format"
  local name
  for name in "${all_services[@]}"; do port[$name]=$(free_port); done
}

in_avro() { # whoever writes topics writes Avro, whoever reads them knows where the schemas are
  local name
  for name in POSTGRES_CDC OBJECTS VIEWS; do export "SLUICE_${name}_VALUE_FORMAT=avro"; done
  for name in POSTGRES_CDC OBJECTS VIEWS POSTGRES_UPSERT S3_OBJECTS; do export "SLUICE_${name}_SCHEMA_REGISTRY_URL=$SLUICE_SCHEMA_REGISTRY_URL"; done
}

# views_of FILE [SCHEMA]: the materialized views of a pipeline, of one schema or of all
views_of() { grep -oP "^CREATE MATERIALIZED VIEW \K${2:-\\w+}\.\w+" "$1"; }

wait_ready() {
  local name
  for name in "$@"; do
    until_true 60 service_ready "$name" || die "sluice-$name is not ready (log: $state/$name.log)"
    echo "  $name: ready, log $state/$name.log"
  done
}

records_of() { # records_of TOPIC: its first two, a line each; in Avro a dot stands for each byte that is no text
  local kcat=(kcat -C -b "$SLUICE_KAFKA_BOOTSTRAP" -t "$1" -o beginning -c 2 -e -q)
  case $format in
    json) "${kcat[@]}" -f '    %k => %s\n' ;;
    avro) "${kcat[@]}" -f '    %k => %s<end>' | LC_ALL=C tr -c '[:print:]' . | sed 's/<end>/\n/g' ;;
  esac 2>/dev/null
}

show_topics() { # the first two records of each
  local topic
  step "topics, as kcat shows them"
  for topic in "$@"; do
    echo "  $topic"
    records_of "$topic" | cut -c1-220
  done
  [ "$format" = json ] || show_schemas "$@"
}

show_schemas() { # the newest of each topic's values
  local topic
  step "schemas in the registry, $SLUICE_SCHEMA_REGISTRY_URL/subjects"
  for topic in "$@"; do curl -fs --noproxy '*' "$SLUICE_SCHEMA_REGISTRY_URL/subjects/$topic-value/versions/latest" | cut -c1-180 | sed 's/^/  /'; done
}

# --- the S3 store ---

bucket() { # bucket CURL-ARGUMENT ...: a signed request
  curl -fs --noproxy '*' --aws-sigv4 "aws:amz:$AWS_REGION:s3" -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' \
    -K <(printf 'user = "%s:%s"\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY") "$@"
}

list_objects() { # list_objects BUCKET: bytes and key of each (of the first thousand)
  bucket "$S3_ENDPOINT/$1?list-type=2&max-keys=1000" | grep -oE '<Key>[^<]+|<Size>[0-9]+' |
    awk -F'>' '$1 == "<Key" {key = $2} $1 == "<Size" {printf "%10d  %s\n", $2, key}'
}

show_objects() { # show_objects BUCKET [KEY]: the first objects, how many there are, and how KEY begins
  step "objects in the bucket $1"
  list_objects "$1" >"$state/objects"
  [ -s "$state/objects" ] || die "there are no objects in the bucket $1"
  head -n 8 "$state/objects" | sed 's/^/  /'
  awk 'NR > 8 {more = 1} {bytes += $1} END {printf "  %s%d objects, %d bytes\n", more ? "... " : "", NR, bytes}' "$state/objects"
  [ $# -lt 2 ] || { echo "  $2 begins so:"; bucket "$S3_ENDPOINT/$1/$2" | sed -n '1,4p' | cut -c1-160 | sed 's/^/    /'; }
}

show_reports() { # show_reports PIPELINE DATABASE REPORT ...: the first rows of each, and how many there are
  local pipeline=$1 database=$2 report
  shift 2
  step "gold tables in the database $database"
  for report in "$@"; do
    echo "  $report"
    "$build/bin/sluice-report" "$report" --reports="schemas/$pipeline/reports" --postgres-url="dbname=$database" |
      cut -c1-180 | awk 'NR <= 7 {print "    " $0} END {if (NR > 7) print "    " $0}'
  done
}

# ask_postgresql PIPELINE: the source's rows (oracle_rows prints how they are loaded) under the pipeline's own statements, in the
# database PIPELINE_oracle: PostgreSQL's answer.
ask_postgresql() {
  "$build/bin/sluice-views" --oracle="schemas/$1/pipeline.sql" >"$state/oracle.sql"
  psql -qX postgres -c "DROP DATABASE IF EXISTS $1_oracle WITH (FORCE)" -c "CREATE DATABASE $1_oracle" 2>/dev/null
  {
    sed '/^CREATE MATERIALIZED VIEW\|^CREATE VIEW/,$d' "$state/oracle.sql"
    oracle_rows
    sed -n '/^CREATE MATERIALIZED VIEW\|^CREATE VIEW/,$p' "$state/oracle.sql"
  } | psql -qX -v ON_ERROR_STOP=1 -d "$1_oracle" >/dev/null
}

rows_of() { # rows_of DATABASE VIEW COLUMNS
  psql -AtqX -d "$1" -c "SELECT row_to_json(v) FROM (SELECT $3 FROM $2) v" | LC_ALL=C sort
}

equal() { # equal PIPELINE DATABASE VIEW: in the view's columns; a table may have a key and times of its own beside them
  local columns
  columns=$(psql -AtqX -d "$1_oracle" -c "SELECT string_agg(quote_ident(attname), ',' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = '$3'::regclass AND attnum > 0 AND NOT attisdropped")
  cmp -s <(rows_of "$2" "$3" "$columns") <(rows_of "$1_oracle" "$3" "$columns")
}

prove() { # prove PIPELINE DATABASE VIEW ...: every table equals PostgreSQL's answer, or the demo fails
  local pipeline=$1 database=$2 view rows wrong=0
  shift 2
  ask_postgresql "$pipeline"
  for view in "$@"; do
    if ! until_true 60 equal "$pipeline" "$database" "$view"; then echo "  $view: DIFFERENT"; wrong=1; continue; fi
    rows=$(psql -AtqX -d "${pipeline}_oracle" -c "SELECT count(*) FROM $view")
    if [ "$rows" -gt 0 ]; then echo "  $view: $rows rows, equal"
    else echo "  $view: PostgreSQL has no rows, which proves nothing"; wrong=1; fi
  done
  psql -qX postgres -c "DROP DATABASE ${pipeline}_oracle WITH (FORCE)"
  [ $wrong -eq 0 ] || die "the proof failed"
}
