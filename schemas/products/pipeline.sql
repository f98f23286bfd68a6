-- products: articles of a fashion house, from a table and from a JSON feed.
-- Run it in psql over the tables (sluice-views --oracle) and you have the answer; run it in sluice-views and the answer
-- stays up to date.

CREATE SCHEMA bronze;
CREATE SCHEMA silver;
CREATE SCHEMA gold;
CREATE SCHEMA quality;

-- Bronze: the 26 columns of the table, as declared there; a wrong check digit of an EAN-13 only warns.

CREATE FOREIGN TABLE bronze.products (
  ean                   text PRIMARY KEY CHECK (ean <> ''),
  "styleNumber"         text,
  "styleOption"         text,
  size                  text,
  color                 text,
  "brandName"           text,
  brandcode             text,
  "subbrandName"        text,
  "productCategory"     text,
  "productSubcategory"  text,
  gender                text,
  "ediSeason"           text,
  "ediStyleName"        text,
  "countryOfOrigin"     text,
  price_eur             numeric CHECK (price_eur >= 0),
  price_usd             numeric CHECK (price_usd >= 0),
  price_gbp             numeric CHECK (price_gbp >= 0),
  "grossPrice_eur"      numeric CHECK ("grossPrice_eur" >= 0),
  "b2bReadinessDate"    text CHECK ("b2bReadinessDate" ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$'),
  "articleStatus"       text,
  "enrichmentStatus"    text,
  "createdOn"           text CHECK ("createdOn" ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$'),
  "lastUpdated"         text CHECK ("lastUpdated" ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$'),
  "fabricComposition"   text,
  "washingInstructions" text,
  "ediDescription"      text,
  CONSTRAINT ean_check_digit CHECK (CASE WHEN ean ~ '^\d{13}$' THEN
    (substr(ean, 1, 1)::int + substr(ean, 3, 1)::int + substr(ean, 5, 1)::int + substr(ean, 7, 1)::int + substr(ean, 9, 1)::int
      + substr(ean, 11, 1)::int + substr(ean, 13, 1)::int + 3 * (substr(ean, 2, 1)::int + substr(ean, 4, 1)::int
      + substr(ean, 6, 1)::int + substr(ean, 8, 1)::int + substr(ean, 10, 1)::int + substr(ean, 12, 1)::int)) % 10 = 0
    ELSE false END),
  CONSTRAINT status_known CHECK ("articleStatus" IN ('created', 'in_progress', 'approved', 'retired'))
) SERVER kafka OPTIONS (topic 'product-updates', format 'debezium', warn 'ean_check_digit, status_known');

-- The JSON feed: absent members are NULL, nested ones stay JSON.

CREATE FOREIGN TABLE bronze.items (
  ean                  text PRIMARY KEY CHECK (ean <> ''),
  "styleNumber"        text,
  "styleOption"        text,
  size                 text,
  "b2bReadinessDate"   text,
  color                text,
  "brandName"          text,
  brandcode            text,
  "subbrandName"       text,
  "productCategory"    text,
  "productSubcategory" text,
  gender               text,
  "ediSeason"          text,
  "ediStyleName"       text,
  "countryOfOrigin"    jsonb CHECK (jsonb_typeof("countryOfOrigin") = 'array'),
  "itemSellingPrices"  jsonb CHECK (jsonb_typeof("itemSellingPrices") = 'array'),
  "itemGrossPrices"    jsonb CHECK (jsonb_typeof("itemGrossPrices") = 'array'),
  "fabricCompositions" jsonb CHECK (jsonb_typeof("fabricCompositions") = 'array'),
  "styleLifeCycle"     jsonb CHECK (jsonb_typeof("styleLifeCycle") = 'object')
) SERVER kafka OPTIONS (topic 'products.bronze.items', format 'debezium');

-- Silver.

CREATE MATERIALIZED VIEW silver.products AS
  SELECT ean, "styleNumber" AS style_number, "styleOption" AS style_option, size, color, "brandName" AS brand_name, brandcode,
    "subbrandName" AS subbrand_name, "productCategory" AS product_category, "productSubcategory" AS product_subcategory, gender,
    "ediSeason" AS season, "countryOfOrigin" AS country_of_origin, price_eur, price_usd, price_gbp,
    "grossPrice_eur" AS gross_price_eur, "b2bReadinessDate"::timestamptz AS ready_at, "articleStatus" AS article_status,
    "createdOn"::timestamptz AS created_at, "lastUpdated"::timestamptz AS updated_at,
    CASE WHEN ean ~ '^\d{13}$' THEN
      (substr(ean, 1, 1)::int + substr(ean, 3, 1)::int + substr(ean, 5, 1)::int + substr(ean, 7, 1)::int + substr(ean, 9, 1)::int
        + substr(ean, 11, 1)::int + substr(ean, 13, 1)::int + 3 * (substr(ean, 2, 1)::int + substr(ean, 4, 1)::int
        + substr(ean, 6, 1)::int + substr(ean, 8, 1)::int + substr(ean, 10, 1)::int + substr(ean, 12, 1)::int)) % 10 = 0
      ELSE false END AS ean_valid
  FROM bronze.products;
COMMENT ON MATERIALIZED VIEW silver.products IS 'Articles of the table, typed.';

CREATE MATERIALIZED VIEW silver.item_prices AS
  SELECT i.ean, 'selling' AS kind, p.position, p.price->>'priceCurrency' AS currency, (p.price->>'price')::numeric AS price,
    p.price->>'validInRegion' AS region
  FROM bronze.items i, jsonb_array_elements(i."itemSellingPrices") WITH ORDINALITY p(price, position)
  UNION ALL
  SELECT i.ean, 'gross', p.position, p.price->>'priceCurrency', (p.price->>'price')::numeric, p.price->>'validInRegion'
  FROM bronze.items i, jsonb_array_elements(i."itemGrossPrices") WITH ORDINALITY p(price, position);
COMMENT ON MATERIALIZED VIEW silver.item_prices IS 'Prices of the JSON feed, one row each.';

-- Gold.

CREATE MATERIALIZED VIEW gold.status_summary AS
  SELECT article_status, count(*) AS articles, min(ready_at) AS first_ready, max(ready_at) AS last_ready
  FROM silver.products GROUP BY article_status;
COMMENT ON MATERIALIZED VIEW gold.status_summary IS 'Articles by status.';

CREATE MATERIALIZED VIEW gold.category_prices AS
  SELECT product_category, brand_name, count(*) AS articles, round(avg(price_eur), 2) AS avg_price_eur,
    min(price_eur) AS min_price_eur, max(price_eur) AS max_price_eur, count(price_usd) AS with_usd, count(price_gbp) AS with_gbp
  FROM silver.products GROUP BY product_category, brand_name;
COMMENT ON MATERIALIZED VIEW gold.category_prices IS 'Prices by category and brand.';

CREATE MATERIALIZED VIEW gold.currency_prices AS
  SELECT kind, currency, count(*) AS prices, round(avg(price), 2) AS avg_price, count(DISTINCT ean) AS articles
  FROM silver.item_prices GROUP BY kind, currency;
COMMENT ON MATERIALIZED VIEW gold.currency_prices IS 'Prices of the JSON feed by currency.';

-- Quality.

CREATE MATERIALIZED VIEW quality.products AS
  SELECT count(*) AS records, count(*) FILTER (WHERE NOT ean_valid) AS check_digit_wrong,
    count(*) FILTER (WHERE ean LIKE '0%') AS leading_zero, count(*) - count(price_usd) AS usd_missing,
    count(*) - count(price_gbp) AS gbp_missing, count(*) - count(subbrand_name) AS subbrand_missing
  FROM silver.products;
