# shellcheck shell=bash
# Apache Kafka: one node that is broker and controller (KRaft), its jars fetched by their Maven coordinates.

kafka_version=$(sed -n 's:.*<kafka.version>\(.*\)</kafka.version>.*:\1:p' "$here/kafka/pom.xml")
kafka_home=$cache/kafka-$kafka_version

kafka_command() {
  echo "kafka.Kafka $state/kafka/server.properties"
}

kafka_controller_command() {
  echo "kafka.Kafka $state/kafka/controller.properties"
}

kafka_stop_signal() {
  echo TERM
}

# Sets `java`, the words before the name of a class. C1 alone starts in half the CPU time and serves as fast as tests need.
kafka_java() {
  java=(env -u JAVA_TOOL_OPTIONS java -XX:TieredStopAtLevel=1 -Xlog:cds=off -Xlog:cds+dynamic=off
    -Dorg.slf4j.simpleLogger.defaultLogLevel=error
    # a class archive serves the class path it was made with: one string, always in this order
    -cp "$(printf '%s:' "$kafka_home"/jars/*.jar)")
}

kafka_tool() {
  local java
  kafka_java
  "${java[@]}" "$@"
}

kafka_install() {
  "$here/install" servers
  [ ! -f "$kafka_home/complete" ] || return 0
  mkdir -p "$kafka_home"
  (
    flock -w 600 8 || die "another deploy/servers installs Kafka"
    [ -f "$kafka_home/complete" ] || kafka_fetch
  ) 8>"$kafka_home/lock"
}

kafka_fetch() {
  local began=$EPOCHREALTIME
  say kafka "fetching version $kafka_version ..."
  rm -rf "$kafka_home/jars"
  mvn -q -B -C -f "$here/kafka/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
    -DoutputDirectory="$kafka_home/jars" >"$kafka_home/maven.log" 2>&1 || {
    tail -n 5 "$kafka_home/maven.log" >&2
    die "maven could not fetch Kafka $kafka_version"
  }
  kafka_train
  touch "$kafka_home/complete"
  say kafka "fetched in $(elapsed "$began") s"
}

# One throw-away broker leaves what makes every later start quick: the checkpoint that formatting writes (the
# same for all clusters, so that no start pays a JVM for it) and an archive of the loaded classes.
kafka_train() (
  state=$kafka_home/training
  SLUICE_KAFKA_PORT=
  rm -rf "$state"
  mkdir -p "$state/kafka"
  kafka_choose_ports
  kafka_configure
  kafka_tool kafka.tools.StorageTool format -t "$(kafka_uuid)" -c "$state/kafka/server.properties" >/dev/null
  cp "$state/kafka/data/bootstrap.checkpoint" "$kafka_home/"
  kafka_launch -XX:ArchiveClassesAtExit="$kafka_home/classes.jsa"
  kafka_tool org.apache.kafka.tools.TopicCommand --bootstrap-server "127.0.0.1:$(<"$state/kafka/port")" \
    --create --topic trained >/dev/null
  kill -TERM "$(pid_of kafka)"
  wait_until "$deadline" gone kafka || die 'the broker that trains the class archive did not stop'
  rm -rf "$state"
)

kafka_uuid() {
  head -c 16 /dev/urandom | base64 | tr '+/' 'xy' | cut -c 1-22
}

kafka_choose_ports() {
  choose_port kafka 1
}

kafka_start() {
  kafka_choose_ports
  kafka_configure
  kafka_format
  kafka_fence
  kafka_launch -XX:SharedArchiveFile="$kafka_home/classes.jsa"
}

# After a crash this node's own record says that it leads every partition, until it registers anew. In between the
# transaction coordinator ends transactions, finds partitions without a leader, takes them for deleted and leaves
# their markers out: what was aborted is then committed by the next transaction. In a cluster other controllers
# have fenced the broker by the time it is back; here the node does it alone, as a controller without a broker.
kafka_fence() {
  local java began=$EPOCHREALTIME folder=$state/kafka/data
  { [ -d "$folder/__cluster_metadata-0" ] && [ ! -f "$folder/.kafka_cleanshutdown" ]; } || return 0
  sed -e 's/^process.roles=.*/process.roles=controller/' -e 's/^listeners=CLIENT:[^,]*,/listeners=/' \
    -e '/^advertised.listeners=/d' -e '/^inter.broker.listener.name=/d' -e 's/^broker.session.timeout.ms=.*/broker.session.timeout.ms=300/' \
    "$state/kafka/server.properties" >"$state/kafka/controller.properties"
  kafka_java
  mkdir -p "$state/kafka_controller"
  launch kafka_controller "${java[@]}" -XX:SharedArchiveFile="$kafka_home/classes.jsa" \
    -Dorg.slf4j.simpleLogger.log.org.apache.kafka.controller=info kafka.Kafka "$state/kafka/controller.properties"
  wait_ready kafka_controller grep -qi 'fencing broker 1' "$state/kafka_controller/log"
  kill -TERM "$(pid_of kafka_controller)"
  wait_until "$deadline" gone kafka_controller || die 'the controller that fences the broker did not stop'
  rm -rf "$state/kafka_controller"
  say kafka "fenced after a crash in $(elapsed "$began") s"
}

kafka_launch() {
  local java
  kafka_java
  launch kafka "${java[@]}" "$1" "-Xmx${SLUICE_KAFKA_HEAP:-512m}" kafka.Kafka "$state/kafka/server.properties"
  wait_ready kafka port_open "$(<"$state/kafka/port")"
}

kafka_format() {
  local folder=$state/kafka/data
  [ ! -f "$folder/meta.properties" ] || return 0
  cp "$kafka_home/bootstrap.checkpoint" "$folder/"
  printf '%s\n' version=1 "cluster.id=$(kafka_uuid)" node.id=1 "directory.id=$(kafka_uuid)" >"$folder/meta.properties"
}

# What differs from Kafka's defaults: one replica and one partition where it has three and fifty; and the
# delays that would have a test wait (first join of a group, log cleaner, time-outs of transactions; a
# node that comes back after a crash waits for its own former session to end).
kafka_configure() {
  local port
  port=$(<"$state/kafka/port")
  mkdir -p "$state/kafka/data"
  cat >"$state/kafka/server.properties" <<EOF_CONF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((port + 1))
listeners=CLIENT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
advertised.listeners=CLIENT://127.0.0.1:$port
listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=CLIENT
log.dirs=$state/kafka/data
auto.create.topics.enable=false
num.partitions=1
default.replication.factor=1
min.insync.replicas=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=100
log.initial.task.delay.ms=500
log.cleaner.backoff.ms=500
log.cleaner.dedupe.buffer.size=8388608
EOF_CONF
}

kafka_env() {
  export_line SLUICE_KAFKA_BOOTSTRAP "127.0.0.1:$(<"$state/kafka/port")"
}
