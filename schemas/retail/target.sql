-- The tables of pipeline retail's views, one a topic. Printed by sluice-views --ddl: change the pipeline, not this file.

CREATE SCHEMA IF NOT EXISTS silver;
CREATE SCHEMA IF NOT EXISTS gold;
CREATE SCHEMA IF NOT EXISTS quality;

CREATE TABLE IF NOT EXISTS silver.customers_enriched (
  customer_id integer NOT NULL,
  first_name text,
  last_name text,
  email text,
  age integer,
  city text,
  signup_date date,
  total_orders integer,
  total_spent numeric,
  full_name text,
  avg_order_value numeric,
  customer_segment text,
  PRIMARY KEY (customer_id)
);
COMMENT ON TABLE silver.customers_enriched IS 'Customers with their average order and their segment.';

CREATE TABLE IF NOT EXISTS silver.transactions_clean (
  amount numeric,
  browser text,
  customer_id bigint,
  device text,
  location text,
  payment_method text,
  product_category text,
  product_id text,
  status text NOT NULL,
  "timestamp" text NOT NULL,
  transaction_id text NOT NULL,
  at timestamp without time zone,
  transaction_date date,
  year integer,
  month integer,
  day integer,
  hour integer,
  weekday integer,
  PRIMARY KEY (transaction_id)
);
COMMENT ON TABLE silver.transactions_clean IS 'Completed transactions with their day, hour and weekday (1 is Monday).';

CREATE TABLE IF NOT EXISTS silver.products_active (
  category text,
  created_date date,
  is_active boolean,
  price numeric,
  product_id text NOT NULL,
  product_name text,
  stock_quantity bigint,
  supplier text,
  weight_kg numeric,
  PRIMARY KEY (product_id)
);
COMMENT ON TABLE silver.products_active IS 'Products that can be sold today.';

CREATE TABLE IF NOT EXISTS silver.events (
  _file text NOT NULL,
  _line bigint NOT NULL,
  at timestamp without time zone,
  event_date date,
  user_id integer NOT NULL,
  event text NOT NULL,
  device text NOT NULL,
  location text NOT NULL,
  product_id text,
  amount numeric,
  quantity integer,
  page text,
  duration_seconds integer,
  query text,
  email text,
  PRIMARY KEY (_file, _line)
);
COMMENT ON TABLE silver.events IS 'Events that keep their contract; the others are dead letters.';

CREATE TABLE IF NOT EXISTS gold.customer_analytics (
  customer_segment text,
  city text,
  customer_count bigint NOT NULL,
  avg_age numeric,
  avg_total_spent numeric,
  avg_order_value numeric,
  segment_revenue numeric,
  UNIQUE NULLS NOT DISTINCT (customer_segment, city)
);
COMMENT ON TABLE gold.customer_analytics IS 'Customers by segment and city.';

CREATE TABLE IF NOT EXISTS gold.category_analytics (
  product_category text,
  transaction_count bigint NOT NULL,
  total_revenue numeric,
  avg_transaction_value numeric,
  min_transaction numeric,
  max_transaction numeric,
  UNIQUE NULLS NOT DISTINCT (product_category)
);
COMMENT ON TABLE gold.category_analytics IS 'Revenue by product category.';

CREATE TABLE IF NOT EXISTS gold.payment_analytics (
  payment_method text,
  usage_count bigint NOT NULL,
  total_amount numeric,
  avg_amount numeric,
  UNIQUE NULLS NOT DISTINCT (payment_method)
);
COMMENT ON TABLE gold.payment_analytics IS 'Use of payment methods.';

CREATE TABLE IF NOT EXISTS gold.device_analytics (
  device text,
  browser text,
  transaction_count bigint NOT NULL,
  total_revenue numeric,
  UNIQUE NULLS NOT DISTINCT (device, browser)
);
COMMENT ON TABLE gold.device_analytics IS 'Revenue by device and browser.';

CREATE TABLE IF NOT EXISTS gold.product_analytics (
  category text,
  supplier text,
  product_count bigint NOT NULL,
  avg_price numeric,
  total_stock numeric,
  UNIQUE NULLS NOT DISTINCT (category, supplier)
);
COMMENT ON TABLE gold.product_analytics IS 'Products by category and supplier.';

CREATE TABLE IF NOT EXISTS gold.customer_lifetime_value (
  customer_id integer NOT NULL,
  full_name text,
  customer_segment text,
  total_orders integer,
  total_spent numeric,
  avg_order_value numeric,
  completed_transactions bigint,
  completed_revenue numeric,
  last_date date,
  PRIMARY KEY (customer_id)
);
COMMENT ON TABLE gold.customer_lifetime_value IS 'What each customer has been worth.';

CREATE TABLE IF NOT EXISTS gold.channel_analytics (
  location text,
  device text,
  payment_method text,
  transaction_count bigint NOT NULL,
  customers bigint NOT NULL,
  total_revenue numeric,
  avg_transaction_value numeric,
  UNIQUE NULLS NOT DISTINCT (location, device, payment_method)
);
COMMENT ON TABLE gold.channel_analytics IS 'Revenue by country, device and payment method.';

CREATE TABLE IF NOT EXISTS gold.user_engagement (
  user_id integer NOT NULL,
  total_events bigint NOT NULL,
  unique_event_types bigint NOT NULL,
  active_days bigint NOT NULL,
  total_spent numeric,
  total_items_purchased bigint,
  avg_session_duration numeric,
  first_seen timestamp without time zone,
  last_seen timestamp without time zone,
  days_active_period numeric,
  engagement_score numeric,
  PRIMARY KEY (user_id)
);
COMMENT ON TABLE gold.user_engagement IS 'How much each user does.';

CREATE TABLE IF NOT EXISTS gold.event_funnel (
  event_date date,
  total_events bigint NOT NULL,
  unique_users bigint NOT NULL,
  views bigint NOT NULL,
  add_to_carts bigint NOT NULL,
  purchases bigint NOT NULL,
  daily_revenue numeric,
  view_to_cart_rate numeric,
  cart_to_purchase_rate numeric,
  overall_conversion_rate numeric,
  UNIQUE NULLS NOT DISTINCT (event_date)
);
COMMENT ON TABLE gold.event_funnel IS 'From view to cart to purchase, by day.';

CREATE TABLE IF NOT EXISTS gold.device_location_analytics (
  device text NOT NULL,
  location text NOT NULL,
  event_count bigint NOT NULL,
  unique_users bigint NOT NULL,
  PRIMARY KEY (device, location)
);
COMMENT ON TABLE gold.device_location_analytics IS 'Events by device and location.';

CREATE TABLE IF NOT EXISTS gold.revenue_analysis (
  event_date date,
  total_revenue numeric,
  unique_customers bigint NOT NULL,
  total_purchases bigint NOT NULL,
  avg_order_value numeric,
  UNIQUE NULLS NOT DISTINCT (event_date)
);
COMMENT ON TABLE gold.revenue_analysis IS 'Purchases by day.';

CREATE TABLE IF NOT EXISTS quality.customers (
  records bigint NOT NULL,
  duplicate_emails bigint,
  first_name_missing bigint,
  last_name_missing bigint,
  email_missing bigint,
  age_missing bigint,
  city_missing bigint,
  signup_date_missing bigint,
  total_orders_missing bigint,
  total_spent_missing bigint,
  completeness_percent numeric
);
CREATE UNIQUE INDEX IF NOT EXISTS customers_one_row ON quality.customers ((true));

CREATE TABLE IF NOT EXISTS quality.transactions (
  records bigint NOT NULL,
  duplicates bigint,
  amount_missing bigint,
  customer_id_missing bigint,
  product_id_missing bigint,
  device_missing bigint,
  payment_method_missing bigint,
  product_category_missing bigint,
  completed bigint NOT NULL,
  pending bigint NOT NULL,
  cancelled bigint NOT NULL,
  refunded bigint NOT NULL,
  completeness_percent numeric
);
CREATE UNIQUE INDEX IF NOT EXISTS transactions_one_row ON quality.transactions ((true));

CREATE TABLE IF NOT EXISTS quality.products (
  records bigint NOT NULL,
  duplicate_names bigint,
  category_missing bigint,
  price_missing bigint,
  stock_quantity_missing bigint,
  supplier_missing bigint,
  completeness_percent numeric
);
CREATE UNIQUE INDEX IF NOT EXISTS products_one_row ON quality.products ((true));
