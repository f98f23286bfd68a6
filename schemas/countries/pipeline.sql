-- countries: the countries of the world as a public API gives them, typed and counted.
-- Run it in psql over the table (sluice-views --oracle) and you have the answer; run it in sluice-views and the answer
-- stays up to date.

CREATE SCHEMA bronze;
CREATE SCHEMA silver;
CREATE SCHEMA gold;

-- Bronze: the ten fields of the call. `country` is name.common, which tells countries apart. What breaks a rule goes to the
-- dead letters; what is merely empty warns.

CREATE FOREIGN TABLE bronze.countries (
  country    text PRIMARY KEY CHECK (country <> '' AND country = btrim(country)),
  flags      jsonb CHECK (jsonb_typeof(flags) = 'object'),
  name       jsonb NOT NULL CHECK (jsonb_typeof(name) = 'object'),
  currencies jsonb NOT NULL CHECK (jsonb_typeof(currencies) = 'object'),
  capital    jsonb NOT NULL CHECK (jsonb_typeof(capital) = 'array'),
  region     text NOT NULL CHECK (region IN ('Africa', 'Americas', 'Antarctic', 'Asia', 'Europe', 'Oceania')),
  subregion  text,
  languages  jsonb NOT NULL CHECK (jsonb_typeof(languages) = 'object'),
  area       numeric NOT NULL CHECK (area > 0),
  population bigint NOT NULL CHECK (population >= 0),
  timezones  jsonb NOT NULL CHECK (jsonb_typeof(timezones) = 'array'),
  CONSTRAINT capital_given CHECK (capital <> '[]'),
  CONSTRAINT subregion_given CHECK (btrim(subregion) <> ''),
  CONSTRAINT currencies_given CHECK (currencies <> '{}'),
  CONSTRAINT languages_given CHECK (languages <> '{}'),
  CONSTRAINT population_given CHECK (population > 0),
  CONSTRAINT flag_alt_given CHECK (flags->>'alt' <> '')
) SERVER kafka OPTIONS (topic 'countries.bronze.countries', format 'debezium', warn 'capital_given, subregion_given,
  currencies_given, languages_given, population_given, flag_alt_given');

-- Silver: one typed row a country.

CREATE MATERIALIZED VIEW silver.countries AS
  SELECT country AS country_name, btrim(name->>'official') AS official_name,
    capital->>0 AS capital, jsonb_array_length(capital) AS capital_count, region,
    nullif(btrim(subregion), '') AS subregion, area::numeric(14,2) AS area_km2, population,
    CASE WHEN area > 0 THEN round(population::numeric / area, 2) END AS population_density,
    (SELECT count(*) FROM jsonb_object_keys(c.languages))::int AS language_count,
    (SELECT string_agg(value, '|' ORDER BY key COLLATE "C", value) FROM jsonb_each_text(c.languages)) AS languages,
    (SELECT count(*) FROM jsonb_object_keys(c.currencies))::int AS currency_count,
    (SELECT string_agg(key, '|' ORDER BY key COLLATE "C") FROM jsonb_each(c.currencies)) AS currency_codes,
    jsonb_array_length(timezones) AS timezone_count,
    (SELECT string_agg(t, '|' ORDER BY o) FROM jsonb_array_elements_text(c.timezones) WITH ORDINALITY z(t, o)) AS timezones,
    flags->>'png' AS flag_png, flags->>'svg' AS flag_svg, nullif(flags->>'alt', '') AS flag_alt
  FROM bronze.countries c;
COMMENT ON MATERIALIZED VIEW silver.countries IS 'Countries, typed.';

-- Gold.

CREATE MATERIALIZED VIEW gold.region_summary AS
  SELECT region, count(*) AS country_count, count(DISTINCT subregion) AS subregion_count, sum(population) AS total_population,
    sum(area_km2) AS total_area_km2, round(sum(population) / sum(area_km2), 2) AS density_per_km2,
    round(avg(population)) AS avg_population, max(population) AS max_population
  FROM silver.countries GROUP BY region;
COMMENT ON MATERIALIZED VIEW gold.region_summary IS 'Countries by region.';

CREATE MATERIALIZED VIEW gold.subregion_summary AS
  SELECT region, coalesce(subregion, '(none)') AS subregion, count(*) AS country_count, sum(population) AS total_population,
    sum(area_km2) AS total_area_km2, round(sum(population) / sum(area_km2), 2) AS density_per_km2
  FROM silver.countries GROUP BY region, coalesce(subregion, '(none)');
COMMENT ON MATERIALIZED VIEW gold.subregion_summary IS 'Countries by subregion.';

CREATE MATERIALIZED VIEW gold.currency_usage AS
  SELECT e.key AS currency_code, min(e.value->>'name') AS currency_name, count(*) AS country_count,
    sum(c.population) AS total_population
  FROM bronze.countries c, jsonb_each(c.currencies) e GROUP BY e.key;
COMMENT ON MATERIALIZED VIEW gold.currency_usage IS 'Countries and people by currency.';

CREATE MATERIALIZED VIEW gold.language_usage AS
  SELECT e.key AS language_code, min(e.value) AS language_name, count(*) AS country_count, sum(c.population) AS total_population
  FROM bronze.countries c, jsonb_each_text(c.languages) e GROUP BY e.key;
COMMENT ON MATERIALIZED VIEW gold.language_usage IS 'Countries and people by language.';

CREATE MATERIALIZED VIEW gold.timezone_usage AS
  SELECT t.timezone, count(*) AS country_count
  FROM bronze.countries c, jsonb_array_elements_text(c.timezones) t(timezone) GROUP BY t.timezone;
COMMENT ON MATERIALIZED VIEW gold.timezone_usage IS 'Countries by time zone.';

CREATE MATERIALIZED VIEW gold.data_quality AS
  SELECT count(*) AS records, count(DISTINCT country) AS distinct_names,
    count(*) FILTER (WHERE capital = '[]') AS capital_missing,
    count(*) FILTER (WHERE btrim(coalesce(subregion, '')) = '') AS subregion_missing,
    count(*) FILTER (WHERE currencies = '{}') AS currencies_missing,
    count(*) FILTER (WHERE languages = '{}') AS languages_missing,
    count(*) FILTER (WHERE timezones = '[]') AS timezones_missing,
    count(*) FILTER (WHERE population = 0) AS population_zero, count(*) FILTER (WHERE area <= 0) AS area_nonpositive,
    count(*) FILTER (WHERE coalesce(flags->>'alt', '') = '') AS flag_alt_missing,
    count(*) FILTER (WHERE jsonb_array_length(capital) > 1) AS multi_capital,
    sum(population) AS total_population, sum(area)::numeric(16,2) AS total_area_km2
  FROM bronze.countries;
COMMENT ON MATERIALIZED VIEW gold.data_quality IS 'What is empty, and the world''s sums.';
