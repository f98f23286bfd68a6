# shellcheck shell=bash
# What deploy/servers knows about a server of any kind: its folder, its process, its port.
# A server NAME brings NAME_install, NAME_start, NAME_stop_signal, NAME_command (a text that its command line
# alone holds) and NAME_env.

state=${SLUICE_STATE:-$(dirname "$here")/.state}
cache=${SLUICE_CACHE:-$HOME/.cache/sluice}
deadline=${SLUICE_DEADLINE:-60}

die() {
  echo "servers: $*" >&2
  exit 1
}

# say NAME TEXT: the one line a command prints for a server
say() {
  printf '%-9s %s\n' "$1" "$2"
}

# elapsed SINCE: seconds since that EPOCHREALTIME, with one decimal
elapsed() {
  local us=$((${EPOCHREALTIME/./} - ${1/./}))
  printf '%d.%d' $((us / 1000000)) $((us % 1000000 / 100000))
}

# lock FILE: one deploy/servers at a time; servers must not inherit descriptor 9
lock() {
  mkdir -p "$(dirname "$1")"
  exec 9>"$1"
  flock -w 600 9 || die "another deploy/servers holds $1"
}

# wait_until SECONDS COMMAND ...: false when COMMAND has not succeeded in that time
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.05
  done
}

# pid_of NAME: the pid of its living process; a pid that another program now has is not taken for it. While a
# process becomes another program it has no command line, as a dead one has none.
pid_of() {
  local pid line
  pid=$(cat "$state/$1/pid" 2>/dev/null) && [ -n "$pid" ] || return 1
  line=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") || return 1
  if [ -n "$line" ]; then
    grep -qF -- "$("$1_command")" <<<"$line" || return 1
  else
    case $(ps -o stat= -p "$pid") in '' | Z*) return 1 ;; esac
  fi
  echo "$pid"
}

running() {
  pid_of "$1" >/dev/null
}

gone() {
  ! running "$1"
}

# ended PID ...: none of them runs. One that dies has no command line any more but holds its files and ports
# until its last thread is gone: to `ps` a zombie with threads.
ended() {
  local pid
  for pid in "$@"; do
    case $(ps -o stat= -p "$pid") in
      Z*l*) return 1 ;;
      '' | Z*) ;;
      *) return 1 ;;
    esac
  done
}

# family PID: the process and its descendants
family() {
  local child
  echo "$1"
  for child in $(pgrep -P "$1"); do family "$child"; done
}

signal_family() {
  local pid pids
  pid=$(pid_of "$1") || die "$1 is not running"
  mapfile -t pids < <(family "$pid")
  kill "-$2" "${pids[@]}"
}

# state_of NAME: running or paused
state_of() {
  case $(ps -o stat= -p "$(pid_of "$1")") in
    T*) echo paused ;;
    *) echo running ;;
  esac
}

where() {
  echo "pid $(pid_of "$1"), port $(<"$state/$1/port"), log $state/$1/log"
}

# launch NAME COMMAND ...: start COMMAND in the background, apart from the terminal, and note its pid
launch() {
  local name=$1
  shift
  setsid "$@" >>"$state/$name/log" 2>&1 </dev/null 9>&- &
  echo $! >"$state/$name/pid"
  wait_until 5 running "$name" || fail "$name" 'ended at once'
}

# wait_ready NAME COMMAND ...: until COMMAND succeeds; dies when the server does or the deadline passes
wait_ready() {
  local name=$1
  shift
  wait_until "$deadline" dead_or "$name" "$@" || fail "$name" "was not ready in $deadline s"
  running "$name" || fail "$name" 'ended while starting'
}

dead_or() {
  gone "$1" || "${@:2}"
}

fail() {
  tail -n 15 "$state/$1/log" >&2 2>/dev/null || true
  die "$1 $2 (log: $state/$1/log)"
}

port_open() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

given_port() {
  local variable=SLUICE_${1^^}_PORT
  echo "${!variable:-}"
}

# check_given_port NAME: a port given now must be a number and the one the stored data was made with
check_given_port() {
  local given kept
  given=$(given_port "$1")
  [ -n "$given" ] || return 0
  [[ $given =~ ^[0-9]+$ ]] && [ "$given" -ge 1024 ] && [ "$given" -le 65535 ] || die "bad port for $1: $given"
  kept=$(cat "$state/$1/port" 2>/dev/null) || return 0
  [ "$kept" = "$given" ] || echo "$given" >"$state/$1/port"
}

# choose_port NAME OFFSET ...: the given, the remembered or a free port, remembered; it and each port
# OFFSET above it must be free. Chosen below the ranges from which kernels take ports for outgoing calls (the
# lowest known begins at 16000): a client that calls a dead server's port there can come to talk to itself.
choose_port() {
  local name=$1 port tries
  shift
  port=$(cat "$state/$name/port" 2>/dev/null) || port=$(given_port "$name")
  if [ -n "$port" ]; then
    wait_until 5 all_free "$port" "$@" || die "$name: port $taken is taken by another program; give another by --port-$name"
  else
    for tries in {1..50}; do
      port=$((10000 + RANDOM % 5900))
      ! all_free "$port" "$@" || break
      [ "$tries" -lt 50 ] || die "$name: found no free port"
    done
  fi
  echo "$port" >"$state/$name/port"
}

# False with $taken when one of the ports answers.
all_free() {
  local port=$1 offset
  shift
  for offset in 0 "$@"; do
    taken=$((port + offset))
    ! port_open "$taken" || return 1
  done
}

# secret BYTES: that many random bytes in hexadecimal
secret() {
  od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'
}

# keep_secret FILE: standard input into a file that its owner alone can read
keep_secret() {
  (umask 077 && cat >"$1")
}

# export_line NAME VALUE: as `eval` takes it
export_line() {
  printf 'export %s=%q\n' "$1" "$2"
}
