#!/bin/bash
# Run once by the postgres image in a new cluster: the operational database that is captured, the analytics
# database that is written, and for each service a role with no more rights than it needs.
set -euo pipefail

psql -v ON_ERROR_STOP=1 -d postgres <<'SQL'
\set cdc_password `cat /run/secrets/cdc-password`
\set upsert_password `cat /run/secrets/upsert-password`
\set report_password `cat /run/secrets/report-password`
\set datagen_password `cat /run/secrets/datagen-password`
CREATE ROLE cdc LOGIN REPLICATION PASSWORD :'cdc_password';
CREATE ROLE upsert LOGIN PASSWORD :'upsert_password';
CREATE ROLE report LOGIN PASSWORD :'report_password';
CREATE ROLE datagen LOGIN PASSWORD :'datagen_password';
CREATE DATABASE finance_db;
CREATE DATABASE analytics OWNER upsert;
REVOKE ALL ON DATABASE finance_db, analytics FROM PUBLIC;
GRANT CONNECT ON DATABASE finance_db TO cdc, datagen;
GRANT CONNECT ON DATABASE analytics TO report;
SQL

psql -v ON_ERROR_STOP=1 -q -d finance_db -f /schemas/acme/source.sql
# the publication is made here: one for a schema takes a superuser
psql -v ON_ERROR_STOP=1 -d finance_db <<'SQL'
GRANT USAGE ON SCHEMA operations TO cdc, datagen;
GRANT SELECT ON ALL TABLES IN SCHEMA operations TO cdc;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA operations TO datagen;
CREATE PUBLICATION acme FOR TABLES IN SCHEMA operations;
SQL

# what upsert will create, report may read
psql -v ON_ERROR_STOP=1 -d analytics <<'SQL'
ALTER DEFAULT PRIVILEGES FOR ROLE upsert GRANT USAGE ON SCHEMAS TO report;
ALTER DEFAULT PRIVILEGES FOR ROLE upsert GRANT SELECT ON TABLES TO report;
SQL
