#!/bin/bash
# Run once by the postgres image in a new cluster: the operational database that is captured, a database for each pipeline's
# answers, and for each service a role with no more rights than it needs (tests/component/test_least_privilege.py tries them).
set -euo pipefail
export secrets=${SLUICE_SECRETS:-/run/secrets}

psql -v ON_ERROR_STOP=1 -d postgres <<'SQL'
\set cdc_password `cat "$secrets/cdc-password"`
\set report_password `cat "$secrets/report-password"`
\set datagen_password `cat "$secrets/datagen-password"`
CREATE ROLE cdc LOGIN REPLICATION PASSWORD :'cdc_password';
CREATE ROLE report LOGIN PASSWORD :'report_password';
CREATE ROLE datagen LOGIN PASSWORD :'datagen_password';
CREATE DATABASE finance_db;
REVOKE ALL ON DATABASE finance_db, postgres FROM PUBLIC;
GRANT CONNECT ON DATABASE finance_db TO cdc, datagen;
SQL

psql -v ON_ERROR_STOP=1 -q -d finance_db -f "${SLUICE_SCHEMAS:-/schemas}/acme/source.sql"
# the publication is made here: one for a schema takes a superuser
psql -v ON_ERROR_STOP=1 -d finance_db <<'SQL'
GRANT USAGE ON SCHEMA operations TO cdc, datagen;
GRANT SELECT ON ALL TABLES IN SCHEMA operations TO cdc;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA operations TO datagen;
CREATE PUBLICATION acme FOR TABLES IN SCHEMA operations;
SQL

# a pipeline's sink has the database of its name and no other; what it will create, report may read
for pipeline in acme telco countries products retail; do
  psql -v ON_ERROR_STOP=1 -d postgres -v pipeline=$pipeline <<'SQL'
\set password `cat "$secrets"/:pipeline-upsert-password`
CREATE ROLE :pipeline LOGIN PASSWORD :'password';
CREATE DATABASE :pipeline OWNER :pipeline;
REVOKE ALL ON DATABASE :pipeline FROM PUBLIC;
GRANT CONNECT ON DATABASE :pipeline TO report;
\c :pipeline
ALTER DEFAULT PRIVILEGES FOR ROLE :pipeline GRANT USAGE ON SCHEMAS TO report;
ALTER DEFAULT PRIVILEGES FOR ROLE :pipeline GRANT SELECT ON TABLES TO report;
SQL
done
