#!/bin/sh
# Makes a bucket for each pipeline (a missing one is an error to the sink, as it should be) and a user of its name, who may list
# it and read, write and delete its objects, and nothing of the others. Run at every start; what is there stays.
# tests/component/test_least_privilege.py tries the policy.
set -eu
secrets=${SLUICE_SECRETS:-/run/secrets}
store="http://$(cat "$secrets/s3-root-user"):$(cat "$secrets/s3-root-password")@s3:9000"
export MC_HOST_store="$store"

for pipeline in acme telco countries products retail; do
  mc mb --ignore-existing "store/$pipeline"
  cat >/tmp/policy.json <<JSON
{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": ["arn:aws:s3:::$pipeline"]},
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
     "Resource": ["arn:aws:s3:::$pipeline/*"]}
  ]
}
JSON
  mc admin policy create store "$pipeline-objects" /tmp/policy.json
  # from stdin: a secret is not for the process list
  printf '%s\n%s\n' "$pipeline" "$(cat "$secrets/$pipeline-s3-secret-key")" | mc admin user add store
  mc admin policy attach store "$pipeline-objects" --user "$pipeline" ||
    mc admin policy entities store --user "$pipeline" | grep -q "$pipeline-objects"
done
