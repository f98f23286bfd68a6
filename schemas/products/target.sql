-- The tables of pipeline products's views, one a topic. Printed by sluice-views --ddl: change the pipeline, not this file.

CREATE SCHEMA IF NOT EXISTS silver;
CREATE SCHEMA IF NOT EXISTS gold;
CREATE SCHEMA IF NOT EXISTS quality;

CREATE TABLE IF NOT EXISTS silver.products (
  ean text NOT NULL,
  style_number text,
  style_option text,
  size text,
  color text,
  brand_name text,
  brandcode text,
  subbrand_name text,
  product_category text,
  product_subcategory text,
  gender text,
  season text,
  country_of_origin text,
  price_eur numeric,
  price_usd numeric,
  price_gbp numeric,
  gross_price_eur numeric,
  ready_at timestamp with time zone,
  article_status text,
  created_at timestamp with time zone,
  updated_at timestamp with time zone,
  ean_valid boolean,
  PRIMARY KEY (ean)
);
COMMENT ON TABLE silver.products IS 'Articles of the table, typed.';

CREATE TABLE IF NOT EXISTS silver.item_prices (
  ean text NOT NULL,
  kind text NOT NULL,
  "position" bigint NOT NULL,
  currency text,
  price numeric,
  region text,
  __hash text NOT NULL,
  __ordinal bigint NOT NULL,
  PRIMARY KEY (__hash, __ordinal)
);
COMMENT ON TABLE silver.item_prices IS 'Prices of the JSON feed, one row each.';

CREATE TABLE IF NOT EXISTS gold.status_summary (
  article_status text,
  articles bigint NOT NULL,
  first_ready timestamp with time zone,
  last_ready timestamp with time zone,
  UNIQUE NULLS NOT DISTINCT (article_status)
);
COMMENT ON TABLE gold.status_summary IS 'Articles by status.';

CREATE TABLE IF NOT EXISTS gold.category_prices (
  product_category text,
  brand_name text,
  articles bigint NOT NULL,
  avg_price_eur numeric,
  min_price_eur numeric,
  max_price_eur numeric,
  with_usd bigint NOT NULL,
  with_gbp bigint NOT NULL,
  UNIQUE NULLS NOT DISTINCT (product_category, brand_name)
);
COMMENT ON TABLE gold.category_prices IS 'Prices by category and brand.';

CREATE TABLE IF NOT EXISTS gold.currency_prices (
  kind text NOT NULL,
  currency text,
  prices bigint NOT NULL,
  avg_price numeric,
  articles bigint NOT NULL,
  UNIQUE NULLS NOT DISTINCT (kind, currency)
);
COMMENT ON TABLE gold.currency_prices IS 'Prices of the JSON feed by currency.';

CREATE TABLE IF NOT EXISTS quality.products (
  records bigint NOT NULL,
  check_digit_wrong bigint NOT NULL,
  leading_zero bigint NOT NULL,
  usd_missing bigint,
  gbp_missing bigint,
  subbrand_missing bigint
);
CREATE UNIQUE INDEX IF NOT EXISTS products_one_row ON quality.products ((true));
