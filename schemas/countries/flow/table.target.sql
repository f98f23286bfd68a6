-- The tables of pipeline countries_table's views, one a topic. Printed by sluice-views --ddl: change the pipeline, not this file.

CREATE SCHEMA IF NOT EXISTS public;

CREATE TABLE IF NOT EXISTS public.capitals_clean (
  line bigint NOT NULL,
  flags text,
  name text,
  currencies text,
  capital text,
  region text,
  subregion text,
  languages text,
  area text,
  population text,
  timezones text,
  PRIMARY KEY (line)
);
COMMENT ON TABLE public.capitals_clean IS 'Lines of capitals_clean.csv, all text.';
