-- retail: customers, transactions and products of a shop, and what its visitors do.
-- Run it in psql over the tables (sluice-views --oracle) and you have the answer; run it in sluice-views and the answer
-- stays up to date.

CREATE SCHEMA bronze;
CREATE SCHEMA silver;
CREATE SCHEMA gold;
CREATE SCHEMA quality;

-- Bronze: three CSV files, every field as the text that it is ('' means NULL), and one file of events, a JSON object a line.
-- Amounts keep their digits: all of silver and gold is exact.

CREATE FOREIGN TABLE bronze.customers (
  customer_id  integer PRIMARY KEY,
  first_name   text,
  last_name    text,
  email        text,
  age          text CHECK (age ~ '^\d{0,3}$'),
  city         text,
  signup_date  text CHECK (signup_date ~ '^(\d{4}-\d\d-\d\d)?$'),
  total_orders text CHECK (total_orders ~ '^\d{0,9}$'),
  total_spent  text CHECK (total_spent ~ '^(-?\d+(\.\d+)?)?$')
) SERVER kafka OPTIONS (topic 'retail.bronze.customers', format 'debezium');

CREATE FOREIGN TABLE bronze.transactions (
  amount           text CHECK (amount ~ '^(-?\d+(\.\d+)?)?$'),
  browser          text,
  customer_id      text CHECK (customer_id ~ '^\d{0,18}$'),
  device           text,
  location         text,
  payment_method   text,
  product_category text,
  product_id       text,
  status           text NOT NULL CHECK (status IN ('completed', 'pending', 'cancelled', 'refunded')),
  "timestamp"      text NOT NULL CHECK ("timestamp" ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?$'),
  transaction_id   text PRIMARY KEY
) SERVER kafka OPTIONS (topic 'retail.bronze.transactions', format 'debezium');

CREATE FOREIGN TABLE bronze.products (
  category       text,
  created_date   text CHECK (created_date ~ '^(\d{4}-\d\d-\d\d)?$'),
  is_active      text CHECK (lower(is_active) IN ('true', 'false', '')),
  price          text CHECK (price ~ '^(-?\d+(\.\d+)?)?$'),
  product_id     text PRIMARY KEY,
  product_name   text,
  stock_quantity text CHECK (stock_quantity ~ '^(-?\d{1,18})?$'),
  supplier       text,
  weight_kg      text CHECK (weight_kg ~ '^(-?\d+(\.\d+)?)?$')
) SERVER kafka OPTIONS (topic 'retail.bronze.products', format 'debezium');

CREATE FOREIGN TABLE bronze.events (
  _file            text,
  _line            bigint,
  "timestamp"      text NOT NULL CHECK ("timestamp" ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?$'),
  user_id          integer NOT NULL CHECK (user_id > 0),
  event            text NOT NULL CHECK (event IN ('login', 'view', 'purchase', 'logout', 'signup', 'search', 'add_to_cart')),
  device           text NOT NULL,
  location         text NOT NULL,
  product_id       text,
  amount           numeric CHECK (amount >= 0),
  quantity         integer CHECK (quantity >= 0),
  page             text,
  duration_seconds integer CHECK (duration_seconds >= 0),
  query            text,
  email            text,
  PRIMARY KEY (_file, _line)
) SERVER kafka OPTIONS (topic 'retail.bronze.events', format 'debezium');

-- Silver.

CREATE MATERIALIZED VIEW silver.customers_enriched AS
  SELECT c.*, first_name || ' ' || last_name AS full_name,
    CASE WHEN total_orders > 0 THEN round(total_spent / total_orders, 2) ELSE 0.0 END AS avg_order_value,
    CASE WHEN total_spent > 3000 THEN 'Premium' WHEN total_spent > 1500 THEN 'Gold' WHEN total_spent > 500 THEN 'Silver'
         ELSE 'Bronze' END AS customer_segment
  FROM (SELECT customer_id, nullif(first_name, '') AS first_name, nullif(last_name, '') AS last_name,
      nullif(email, '') AS email, nullif(age, '')::integer AS age, nullif(city, '') AS city,
      nullif(signup_date, '')::date AS signup_date, nullif(total_orders, '')::integer AS total_orders,
      nullif(total_spent, '')::numeric AS total_spent FROM bronze.customers) c;
COMMENT ON MATERIALIZED VIEW silver.customers_enriched IS 'Customers with their average order and their segment.';

CREATE MATERIALIZED VIEW silver.transactions_clean AS
  SELECT t.*, at::date AS transaction_date, extract(year FROM at)::integer AS year, extract(month FROM at)::integer AS month,
    extract(day FROM at)::integer AS day, extract(hour FROM at)::integer AS hour, extract(isodow FROM at)::integer AS weekday
  FROM (SELECT nullif(amount, '')::numeric AS amount, nullif(browser, '') AS browser,
      nullif(customer_id, '')::bigint AS customer_id, nullif(device, '') AS device, nullif(location, '') AS location,
      nullif(payment_method, '') AS payment_method, nullif(product_category, '') AS product_category,
      nullif(product_id, '') AS product_id, status, "timestamp", transaction_id, "timestamp"::timestamp AS at
    FROM bronze.transactions) t
  WHERE status = 'completed' AND amount > 0;
COMMENT ON MATERIALIZED VIEW silver.transactions_clean IS 'Completed transactions with their day, hour and weekday (1 is Monday).';

CREATE MATERIALIZED VIEW silver.products_active AS
  SELECT * FROM (SELECT nullif(category, '') AS category, nullif(created_date, '')::date AS created_date,
      nullif(is_active, '')::boolean AS is_active, nullif(price, '')::numeric AS price, product_id,
      nullif(product_name, '') AS product_name, nullif(stock_quantity, '')::bigint AS stock_quantity,
      nullif(supplier, '') AS supplier, nullif(weight_kg, '')::numeric AS weight_kg FROM bronze.products) p
  WHERE is_active AND stock_quantity > 0;
COMMENT ON MATERIALIZED VIEW silver.products_active IS 'Products that can be sold today.';

CREATE MATERIALIZED VIEW silver.events AS
  SELECT _file, _line, "timestamp"::timestamp AS at, "timestamp"::timestamp::date AS event_date, user_id, event, device, location,
    product_id, amount, quantity, page, duration_seconds, query, email
  FROM bronze.events;
COMMENT ON MATERIALIZED VIEW silver.events IS 'Events that keep their contract; the others are dead letters.';

-- Gold: the five analytics.

CREATE MATERIALIZED VIEW gold.customer_analytics AS
  SELECT customer_segment, city, count(*) AS customer_count, round(avg(age), 1) AS avg_age,
    round(avg(total_spent), 2) AS avg_total_spent, round(avg(avg_order_value), 2) AS avg_order_value,
    sum(total_spent) AS segment_revenue
  FROM silver.customers_enriched GROUP BY customer_segment, city;
COMMENT ON MATERIALIZED VIEW gold.customer_analytics IS 'Customers by segment and city.';

CREATE MATERIALIZED VIEW gold.category_analytics AS
  SELECT product_category, count(*) AS transaction_count, round(sum(amount), 2) AS total_revenue,
    round(avg(amount), 2) AS avg_transaction_value, min(amount) AS min_transaction, max(amount) AS max_transaction
  FROM silver.transactions_clean GROUP BY product_category;
COMMENT ON MATERIALIZED VIEW gold.category_analytics IS 'Revenue by product category.';

CREATE MATERIALIZED VIEW gold.payment_analytics AS
  SELECT payment_method, count(*) AS usage_count, round(sum(amount), 2) AS total_amount, round(avg(amount), 2) AS avg_amount
  FROM silver.transactions_clean GROUP BY payment_method;
COMMENT ON MATERIALIZED VIEW gold.payment_analytics IS 'Use of payment methods.';

CREATE MATERIALIZED VIEW gold.device_analytics AS
  SELECT device, browser, count(*) AS transaction_count, round(sum(amount), 2) AS total_revenue
  FROM silver.transactions_clean GROUP BY device, browser;
COMMENT ON MATERIALIZED VIEW gold.device_analytics IS 'Revenue by device and browser.';

CREATE MATERIALIZED VIEW gold.product_analytics AS
  SELECT category, supplier, count(*) AS product_count, round(avg(price), 2) AS avg_price, sum(stock_quantity) AS total_stock
  FROM silver.products_active GROUP BY category, supplier;
COMMENT ON MATERIALIZED VIEW gold.product_analytics IS 'Products by category and supplier.';

-- What its authors named for later: what a customer is worth, and channels.

CREATE MATERIALIZED VIEW gold.customer_lifetime_value AS
  SELECT c.customer_id, c.full_name, c.customer_segment, c.total_orders, c.total_spent, c.avg_order_value,
    coalesce(t.transactions, 0) AS completed_transactions, coalesce(t.revenue, 0) AS completed_revenue, t.last_date
  FROM silver.customers_enriched c
  LEFT JOIN (SELECT customer_id, count(*) AS transactions, sum(amount) AS revenue, max(transaction_date) AS last_date
             FROM silver.transactions_clean GROUP BY customer_id) t ON t.customer_id = c.customer_id;
COMMENT ON MATERIALIZED VIEW gold.customer_lifetime_value IS 'What each customer has been worth.';

CREATE MATERIALIZED VIEW gold.channel_analytics AS
  SELECT location, device, payment_method, count(*) AS transaction_count, count(DISTINCT customer_id) AS customers,
    round(sum(amount), 2) AS total_revenue, round(avg(amount), 2) AS avg_transaction_value
  FROM silver.transactions_clean GROUP BY location, device, payment_method;
COMMENT ON MATERIALIZED VIEW gold.channel_analytics IS 'Revenue by country, device and payment method.';

-- Gold: the event pipeline.

CREATE MATERIALIZED VIEW gold.user_engagement AS
  SELECT e.*, round(total_events * active_days / (days_active_period + 1), 2) AS engagement_score
  FROM (SELECT user_id, count(*) AS total_events, count(DISTINCT event) AS unique_event_types,
      count(DISTINCT event_date) AS active_days, coalesce(sum(amount) FILTER (WHERE event = 'purchase'), 0) AS total_spent,
      coalesce(sum(quantity) FILTER (WHERE event = 'purchase'), 0) AS total_items_purchased,
      round(avg(duration_seconds), 2) AS avg_session_duration, min(at) AS first_seen, max(at) AS last_seen,
      extract(epoch FROM max(at) - min(at)) / 86400 AS days_active_period
    FROM silver.events GROUP BY user_id) e;
COMMENT ON MATERIALIZED VIEW gold.user_engagement IS 'How much each user does.';

CREATE MATERIALIZED VIEW gold.event_funnel AS
  SELECT f.*, round(add_to_carts * 100.0 / nullif(views, 0), 2) AS view_to_cart_rate,
    round(purchases * 100.0 / nullif(add_to_carts, 0), 2) AS cart_to_purchase_rate,
    round(purchases * 100.0 / nullif(views, 0), 2) AS overall_conversion_rate
  FROM (SELECT event_date, count(*) AS total_events, count(DISTINCT user_id) AS unique_users,
      count(*) FILTER (WHERE event = 'view') AS views, count(*) FILTER (WHERE event = 'add_to_cart') AS add_to_carts,
      count(*) FILTER (WHERE event = 'purchase') AS purchases,
      coalesce(sum(amount) FILTER (WHERE event = 'purchase'), 0) AS daily_revenue
    FROM silver.events GROUP BY event_date) f;
COMMENT ON MATERIALIZED VIEW gold.event_funnel IS 'From view to cart to purchase, by day.';

CREATE MATERIALIZED VIEW gold.device_location_analytics AS
  SELECT device, location, count(*) AS event_count, count(DISTINCT user_id) AS unique_users
  FROM silver.events GROUP BY device, location;
COMMENT ON MATERIALIZED VIEW gold.device_location_analytics IS 'Events by device and location.';

CREATE MATERIALIZED VIEW gold.revenue_analysis AS
  SELECT event_date, sum(amount) AS total_revenue, count(DISTINCT user_id) AS unique_customers, count(*) AS total_purchases,
    round(avg(amount), 2) AS avg_order_value
  FROM silver.events WHERE event = 'purchase' GROUP BY event_date;
COMMENT ON MATERIALIZED VIEW gold.revenue_analysis IS 'Purchases by day.';

-- Quality: what is missing, what is there twice, how complete each table is.

CREATE MATERIALIZED VIEW quality.customers AS
  SELECT count(*) AS records, count(nullif(email, '')) - count(DISTINCT nullif(email, '')) AS duplicate_emails,
    count(*) - count(nullif(first_name, '')) AS first_name_missing, count(*) - count(nullif(last_name, '')) AS last_name_missing,
    count(*) - count(nullif(email, '')) AS email_missing, count(*) - count(nullif(age, '')) AS age_missing,
    count(*) - count(nullif(city, '')) AS city_missing, count(*) - count(nullif(signup_date, '')) AS signup_date_missing,
    count(*) - count(nullif(total_orders, '')) AS total_orders_missing,
    count(*) - count(nullif(total_spent, '')) AS total_spent_missing,
    round(100.0 * (count(nullif(first_name, '')) + count(nullif(last_name, '')) + count(nullif(email, ''))
      + count(nullif(age, '')) + count(nullif(city, '')) + count(nullif(signup_date, '')) + count(nullif(total_orders, ''))
      + count(nullif(total_spent, ''))) / nullif(8 * count(*), 0), 2) AS completeness_percent
  FROM bronze.customers;

CREATE MATERIALIZED VIEW quality.transactions AS
  SELECT count(*) AS records,
    count(*) - count(DISTINCT concat_ws('|', customer_id, product_id, "timestamp", amount, status)) AS duplicates,
    count(*) - count(nullif(amount, '')) AS amount_missing, count(*) - count(nullif(customer_id, '')) AS customer_id_missing,
    count(*) - count(nullif(product_id, '')) AS product_id_missing, count(*) - count(nullif(device, '')) AS device_missing,
    count(*) - count(nullif(payment_method, '')) AS payment_method_missing,
    count(*) - count(nullif(product_category, '')) AS product_category_missing,
    count(*) FILTER (WHERE status = 'completed') AS completed, count(*) FILTER (WHERE status = 'pending') AS pending,
    count(*) FILTER (WHERE status = 'cancelled') AS cancelled, count(*) FILTER (WHERE status = 'refunded') AS refunded,
    round(100.0 * (count(nullif(amount, '')) + count(nullif(customer_id, '')) + count(nullif(product_id, ''))
      + count(nullif(device, '')) + count(nullif(payment_method, '')) + count(nullif(product_category, '')))
      / nullif(6 * count(*), 0), 2) AS completeness_percent
  FROM bronze.transactions;

CREATE MATERIALIZED VIEW quality.products AS
  SELECT count(*) AS records,
    count(nullif(product_name, '')) - count(DISTINCT nullif(product_name, '')) AS duplicate_names,
    count(*) - count(nullif(category, '')) AS category_missing, count(*) - count(nullif(price, '')) AS price_missing,
    count(*) - count(nullif(stock_quantity, '')) AS stock_quantity_missing,
    count(*) - count(nullif(supplier, '')) AS supplier_missing,
    round(100.0 * (count(nullif(category, '')) + count(nullif(price, '')) + count(nullif(stock_quantity, ''))
      + count(nullif(supplier, ''))) / nullif(4 * count(*), 0), 2) AS completeness_percent
  FROM bronze.products;
