#!/bin/bash
# Run once by the postgres image in a new cluster: the operational database that is captured, the analytics
# database that is written, and a role for each with no more rights than its service needs.
set -euo pipefail

psql -v ON_ERROR_STOP=1 -U postgres -d postgres <<'SQL'
\set cdc_password `cat /run/secrets/cdc-password`
\set upsert_password `cat /run/secrets/upsert-password`
CREATE ROLE cdc LOGIN REPLICATION PASSWORD :'cdc_password';
CREATE ROLE upsert LOGIN PASSWORD :'upsert_password';
CREATE DATABASE finance_db;
CREATE DATABASE analytics OWNER upsert;
GRANT CREATE ON DATABASE finance_db TO cdc;
SQL

psql -v ON_ERROR_STOP=1 -U postgres -d finance_db -f /schemas/acme/source.sql
# a publication for tables takes their owner
psql -v ON_ERROR_STOP=1 -U postgres -d finance_db <<'SQL'
GRANT USAGE ON SCHEMA operations TO cdc;
GRANT SELECT ON ALL TABLES IN SCHEMA operations TO cdc;
CREATE PUBLICATION sluice FOR ALL TABLES;
SQL
