-- The tables of pipeline countries's views, one a topic. Printed by sluice-views --ddl: change the pipeline, not this file.

CREATE SCHEMA IF NOT EXISTS silver;
CREATE SCHEMA IF NOT EXISTS gold;

CREATE TABLE IF NOT EXISTS silver.countries (
  country_name text NOT NULL,
  official_name text,
  capital text,
  capital_count integer,
  region text NOT NULL,
  subregion text,
  area_km2 numeric(14,2),
  population bigint NOT NULL,
  population_density numeric,
  language_count integer,
  languages text,
  currency_count integer,
  currency_codes text,
  timezone_count integer,
  timezones text,
  flag_png text,
  flag_svg text,
  flag_alt text,
  PRIMARY KEY (country_name)
);
COMMENT ON TABLE silver.countries IS 'Countries, typed.';

CREATE TABLE IF NOT EXISTS gold.region_summary (
  region text NOT NULL,
  country_count bigint NOT NULL,
  subregion_count bigint NOT NULL,
  total_population numeric,
  total_area_km2 numeric,
  density_per_km2 numeric,
  avg_population numeric,
  max_population bigint,
  PRIMARY KEY (region)
);
COMMENT ON TABLE gold.region_summary IS 'Countries by region.';

CREATE TABLE IF NOT EXISTS gold.subregion_summary (
  region text NOT NULL,
  subregion text NOT NULL,
  country_count bigint NOT NULL,
  total_population numeric,
  total_area_km2 numeric,
  density_per_km2 numeric,
  PRIMARY KEY (region, subregion)
);
COMMENT ON TABLE gold.subregion_summary IS 'Countries by subregion.';

CREATE TABLE IF NOT EXISTS gold.currency_usage (
  currency_code text,
  currency_name text,
  country_count bigint NOT NULL,
  total_population numeric,
  UNIQUE NULLS NOT DISTINCT (currency_code)
);
COMMENT ON TABLE gold.currency_usage IS 'Countries and people by currency.';

CREATE TABLE IF NOT EXISTS gold.language_usage (
  language_code text,
  language_name text,
  country_count bigint NOT NULL,
  total_population numeric,
  UNIQUE NULLS NOT DISTINCT (language_code)
);
COMMENT ON TABLE gold.language_usage IS 'Countries and people by language.';

CREATE TABLE IF NOT EXISTS gold.timezone_usage (
  timezone text,
  country_count bigint NOT NULL,
  UNIQUE NULLS NOT DISTINCT (timezone)
);
COMMENT ON TABLE gold.timezone_usage IS 'Countries by time zone.';

CREATE TABLE IF NOT EXISTS gold.data_quality (
  records bigint NOT NULL,
  distinct_names bigint NOT NULL,
  capital_missing bigint NOT NULL,
  subregion_missing bigint NOT NULL,
  currencies_missing bigint NOT NULL,
  languages_missing bigint NOT NULL,
  timezones_missing bigint NOT NULL,
  population_zero bigint NOT NULL,
  area_nonpositive bigint NOT NULL,
  flag_alt_missing bigint NOT NULL,
  multi_capital bigint NOT NULL,
  total_population numeric,
  total_area_km2 numeric(16,2)
);
CREATE UNIQUE INDEX IF NOT EXISTS data_quality_one_row ON gold.data_quality ((true));
COMMENT ON TABLE gold.data_quality IS 'What is empty, and the world''s sums.';
