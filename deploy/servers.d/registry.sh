# shellcheck shell=bash
# Apicurio Registry: a schema registry that speaks Confluent's API, fetched by its Maven coordinates. Started only
# when it is named: most of what there is to try needs none.

registry_version=$(sed -n 's:.*<registry.version>\(.*\)</registry.version>.*:\1:p' "$here/registry/pom.xml")
registry_home=$cache/registry-$registry_version

registry_command() {
  echo "-Dapicurio.datasource.url=jdbc:h2:file:$state/registry/data/registry;WRITE_DELAY=0"
}

registry_stop_signal() {
  echo TERM
}

registry_install() {
  "$here/install" servers
  [ ! -f "$registry_home/complete" ] || return 0
  mkdir -p "$registry_home"
  (
    flock -w 600 8 || die "another deploy/servers installs the registry"
    [ -f "$registry_home/complete" ] || registry_fetch
  ) 8>"$registry_home/lock"
}

registry_fetch() {
  local began=$EPOCHREALTIME
  say registry "fetching version $registry_version ..."
  mvn -q -B -C -f "$here/registry/pom.xml" dependency:copy -DoutputDirectory="$registry_home/download" \
    >"$registry_home/maven.log" 2>&1 || {
    tail -n 5 "$registry_home/maven.log" >&2
    die "maven could not fetch the registry $registry_version"
  }
  tar xzf "$registry_home"/download/*.tar.gz -C "$registry_home"
  rm -r "$registry_home/download"
  touch "$registry_home/complete"
  say registry "fetched in $(elapsed "$began") s"
}

registry_start() {
  local port
  choose_port registry
  port=$(<"$state/registry/port")
  mkdir -p "$state/registry/data" "$state/registry/temporary"
  # its tables in a file, each commit at once: what was registered is there again after a crash
  launch registry env -u JAVA_TOOL_OPTIONS java -Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
    -Djava.io.tmpdir="$state/registry/temporary" -Dquarkus.http.host=127.0.0.1 -Dquarkus.http.port="$port" \
    "$(registry_command)" -Dapicurio.rest.deletion.artifact.enabled=true \
    -jar "$registry_home/apicurio-registry-app-$registry_version-runner.jar"
  wait_ready registry registry_answers "$port"
  # Confluent's default, where Apicurio's is to take any schema
  registry_ask "$port" config -X PUT -H 'Content-Type: application/json' -d '{"compatibility":"BACKWARD"}' ||
    fail registry 'did not take its compatibility level'
}

registry_ask() {
  curl -sf -m 5 --noproxy '*' -o /dev/null "http://127.0.0.1:$1/apis/ccompat/v7/$2" "${@:3}"
}

registry_answers() {
  registry_ask "$1" subjects
}

registry_env() {
  export_line SLUICE_SCHEMA_REGISTRY_URL "http://127.0.0.1:$(<"$state/registry/port")/apis/ccompat/v7"
}
