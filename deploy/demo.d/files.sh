# shellcheck shell=bash
# shellcheck disable=SC2154 # deploy/demo sets state, build and here, common.sh port
# A pipeline whose source is files. Its own script sets name, datasets, shown and reports, and defines produce (the files
# into bronze) and oracle_rows (the same files into PostgreSQL).

upsert_flags=()
views_flags=()
data=${given:-$state/data} # given: files that the user has

objects() { # objects SOURCE PLACE FLAG ...: one run of sluice-objects, and what it says of it
  local source=$1 place=$2; shift 2
  "$build/bin/sluice-objects" --topic="$name.bronze.$source" --input="$place" --once --state-dir="$state/producers/$source" \
    --kafka-bootstrap="$SLUICE_KAFKA_BOOTSTRAP" "$@" 2>>"$state/objects.log" | sed 's/^/  /' || die "log: $state/objects.log"
}

generate() {
  local dataset
  mkdir -p "$state/producers"
  if [ -n "${given:-}" ]; then return; fi
  step "files: the same seed gives the same bytes"
  mkdir -p "$data"
  for dataset in "${datasets[@]}"; do "$build/bin/sluice-datagen" "$dataset" --out="$data" >>"$state/datagen.log" 2>&1 || die "log: $state/datagen.log"; done
  wc -c "$data"/* | sed 's/^/  /'
}

services() {
  local target=schemas/$name/target.sql
  step "services"
  psql -qX postgres -c "DROP DATABASE IF EXISTS $name WITH (FORCE)" -c "CREATE DATABASE $name" 2>/dev/null
  [ ! -f "schemas/$name/tuning.sql" ] || target+=,schemas/$name/tuning.sql
  service_start views --file="schemas/$name/pipeline.sql" --state-dir="$state/views" \
    --kafka-bootstrap="$SLUICE_KAFKA_BOOTSTRAP" "${views_flags[@]}"
  [ -z "${given:-}" ] || wait_ready views # so that the tables hold all when their service is ready
  service_start postgres-upsert --pipeline="$name" --target="$target" --postgres-url="dbname=$name" \
    --kafka-bootstrap="$SLUICE_KAFKA_BOOTSTRAP" "${upsert_flags[@]}"
  wait_ready views postgres-upsert
}

once() { # once NAME FLAG ...: one run of s3-objects, NAME being what its log says; its account, short
  local what=$1; shift
  "$build/bin/sluice-s3-objects" "$@" --once --s3-endpoint="$S3_ENDPOINT" --kafka-bootstrap="$SLUICE_KAFKA_BOOTSTRAP" \
    2>>"$state/s3-objects.log" >"$state/account" || die "log: $state/s3-objects.log"
  sed -E "s/.*\"duration_ms\":([0-9]+).*\"objects\":([0-9]+).*/  $what: \2 objects in \1 ms/" "$state/account"
}

stage_objects() { # stage_objects FILE FLAG ...: one run of sluice-objects by its config file
  local file=$1 stage; shift
  stage=${file##*/}
  "$build/bin/sluice-objects" --config="$file" "$@" --once --state-dir="$state/producers/${stage%%.*}" --s3-endpoint="$S3_ENDPOINT" \
    --kafka-bootstrap="$SLUICE_KAFKA_BOOTSTRAP" >"$state/account" 2>>"$state/objects.log" || die "log: $state/objects.log"
  sed -E "s/.*\"duration_ms\":([0-9]+).*/  ${stage%%.*}: read in \1 ms/" "$state/account"
}

gold_as_csv() { # replaced when it changes
  local topics
  topics=$(views_of "schemas/$name/pipeline.sql" gold | sed "s/^/$name./" | paste -sd,)
  once gold --pipeline="$name" --group="$name-gold-csv" --topics="$topics" --layout=snapshot --format=csv --schema="schemas/$name/target.sql" \
    --s3-bucket="$name" --key-template='gold/{table}.{ext}'
}

write_objects() { gold_as_csv; } # a pipeline's own script may have another idea

show_rows() { # show_rows VIEW ...: and why records are dead letters
  local view
  step "tables"
  for view in "$@"; do echo "  $view: $(psql -AtqX -d "$name" -c "SELECT count(*) FROM $view") rows"; done
  step "dead letters, by reason"
  kcat -C -b "$SLUICE_KAFKA_BOOTSTRAP" -t "$name.dead-letters" -o beginning -e -q -f '%h\n' 2>/dev/null |
    sed -E 's/(.*,)?sluice\.error\.rule=([^,]*).*/\2/' | sort | uniq -c | sed 's/^/  /'
}

run_demo() {
  local views
  mapfile -t views < <(views_of "schemas/$name/pipeline.sql")
  generate
  step "producers: each says what its run has written"
  produce
  services
  if [ -n "${given:-}" ]; then
    show_rows "${views[@]}"
  else
    step "proof: every table must equal PostgreSQL's own answer over the same files"
    prove "$name" "$name" "${views[@]}"
  fi
  show_topics "${shown[@]}"
  show_reports "$name" "$name" "${reports[@]}"
  step "objects: one run of s3-objects each"
  bucket -X PUT "$S3_ENDPOINT/$name" >/dev/null
  write_objects
  show_objects "$name" "$object"
  step "done. Everything still runs; try next:"
  cat <<TEXT
  eval "\$(SLUICE_STATE=$SLUICE_STATE deploy/servers env)"
  kcat -C -b \$SLUICE_KAFKA_BOOTSTRAP -t ${shown[0]} -o beginning -e
  $build/bin/sluice-report ${reports[0]} --reports=schemas/$name/reports --postgres-url=dbname=$name
  $build/bin/sluice-views --explain=schemas/$name/pipeline.sql
  deploy/demo stop
TEXT
}
