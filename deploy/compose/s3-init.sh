#!/bin/sh
# Makes the bucket (a missing one is an error to the sink, as it should be) and a user that may list it and read and
# write its objects, no more. Run at every start; what is there stays.
set -eu
store="http://$(cat /run/secrets/s3-root-user):$(cat /run/secrets/s3-root-password)@s3:9000"
export MC_HOST_store="$store"

mc mb --ignore-existing store/acme
cat >/tmp/policy.json <<'JSON'
{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": ["arn:aws:s3:::acme"]},
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:aws:s3:::acme/*"]}
  ]
}
JSON
mc admin policy create store acme-objects /tmp/policy.json
# from stdin: a secret is not for the process list
printf '%s\n%s\n' acme "$(cat /run/secrets/s3-secret-key)" | mc admin user add store
mc admin policy attach store acme-objects --user acme || mc admin policy entities store --user acme | grep -q acme-objects
