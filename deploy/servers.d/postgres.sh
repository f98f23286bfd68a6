# shellcheck shell=bash
# PostgreSQL 15 from Debian: an own cluster with logical decoding, passwords by SCRAM.

postgres_bin=/usr/lib/postgresql/15/bin

postgres_install() {
  "$here/install" servers
}

postgres_command() {
  echo "-D $state/postgres/data"
}

postgres_stop_signal() {
  echo INT # "fast": ends the sessions and writes a checkpoint
}

# Sets `identity`, the words before a command of PostgreSQL's. It refuses to run as root: there its processes
# belong to the user postgres, and where that user can't reach the folder (a checkout under /root) they
# keep the one capability that passes the modes of the folders above.
postgres_identity() {
  identity=()
  [ "$(id -u)" = 0 ] || return 0
  identity=(setpriv --reuid postgres --regid postgres --init-groups)
  "${identity[@]}" test -w "$state/postgres/data" 2>/dev/null ||
    identity+=(--inh-caps '-all,+dac_override' --ambient-caps '-all,+dac_override')
}

# own_folder DIR: one that the user of PostgreSQL's processes owns
own_folder() {
  mkdir -p -m 700 "$1"
  [ "$(id -u)" != 0 ] || chown postgres:postgres "$1"
}

postgres_start() {
  choose_port postgres
  # a crash of this script may have left half a cluster
  [ -f "$state/postgres/complete" ] || rm -rf "$state/postgres/data"
  own_folder "$state/postgres/data"
  own_folder "$state/postgres/socket"
  postgres_identity
  cd "$state/postgres" # one that the processes' user can enter, whatever the caller's was
  [ -f "$state/postgres/complete" ] || postgres_create
  postgres_configure
  # left by a crash; its pid may be a zombie, or another program by now
  rm -f "$state/postgres/data/postmaster.pid" "$state"/postgres/socket/.s.PGSQL.*
  launch postgres "${identity[@]}" "$postgres_bin/postgres" -D "$state/postgres/data"
  wait_ready postgres "$postgres_bin/pg_isready" -q -h 127.0.0.1 -p "$(<"$state/postgres/port")"
}

postgres_create() {
  local password first=$state/postgres/socket/first-password # where the processes' user can read it
  password=$(secret 16)
  keep_secret "$state/postgres/password" <<<"$password"
  keep_secret "$state/postgres/passfile" <<<"*:*:*:postgres:$password"
  keep_secret "$first" <<<"$password"
  [ "$(id -u)" != 0 ] || chown postgres "$first"
  "${identity[@]}" "$postgres_bin/initdb" -D "$state/postgres/data" -U postgres --pwfile="$first" \
    --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-instructions >"$state/postgres/log" 2>&1 ||
    fail postgres 'initdb failed'
  rm "$first"
  touch "$state/postgres/complete"
}

# The durability settings stay PostgreSQL's own; a session that loads test data turns synchronous_commit off.
postgres_configure() {
  local sockets=$state/postgres/socket
  [ ${#sockets} -lt 80 ] || sockets= # a socket's path may have 107 bytes
  cat >"$state/postgres/data/postgresql.auto.conf" <<EOF_CONF
listen_addresses = '127.0.0.1'
port = $(<"$state/postgres/port")
unix_socket_directories = '$sockets'
max_connections = 100
shared_buffers = 128MB
max_wal_size = 2GB
wal_level = logical
max_replication_slots = 20
max_wal_senders = 20
wal_sender_timeout = 10s
log_min_messages = warning
log_line_prefix = '%m [%p] %u@%d '
log_timezone = 'UTC'
timezone = 'UTC'
EOF_CONF
}

postgres_env() {
  export_line PGHOST 127.0.0.1
  export_line PGPORT "$(<"$state/postgres/port")"
  export_line PGUSER postgres
  export_line PGPASSFILE "$state/postgres/passfile"
  export_line SLUICE_POSTGRES_PASSWORD_FILE "$state/postgres/password"
}
