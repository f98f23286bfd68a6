-- The clean object's lines as a table of text, as the original kept it; the line tells rows apart and orders them.

CREATE SCHEMA clean;

CREATE FOREIGN TABLE clean.capitals_clean (
  line bigint PRIMARY KEY, "FLAGS" text, "NAME" text, "CURRENCIES" text, "CAPITAL" text, "REGION" text, "SUBREGION" text,
  "LANGUAGES" text, "AREA" text, "POPULATION" text, "TIMEZONES" text
) SERVER kafka OPTIONS (topic 'countries.table.capitals_clean', format 'debezium');

CREATE MATERIALIZED VIEW public.capitals_clean AS
  SELECT line, "FLAGS" AS flags, "NAME" AS name, "CURRENCIES" AS currencies, "CAPITAL" AS capital, "REGION" AS region,
    "SUBREGION" AS subregion, "LANGUAGES" AS languages, "AREA" AS area, "POPULATION" AS population, "TIMEZONES" AS timezones
  FROM clean.capitals_clean;
COMMENT ON MATERIALIZED VIEW public.capitals_clean IS 'Lines of capitals_clean.csv, all text.';
