-- The shop's tables as a database has them: the types of bronze's Parquet, and what postgres-cdc reads where the rows come from
-- PostgreSQL in place of files (publication over bronze.customers, topic prefix retail: the topic is retail.bronze.customers).

CREATE SCHEMA IF NOT EXISTS bronze;

CREATE TABLE IF NOT EXISTS bronze.customers (
  customer_id integer NOT NULL,
  first_name text,
  last_name text,
  email text,
  age integer,
  city text,
  signup_date text,
  total_orders integer,
  total_spent numeric,
  PRIMARY KEY (customer_id)
);

CREATE TABLE IF NOT EXISTS bronze.transactions (
  amount numeric,
  browser text,
  customer_id bigint,
  device text,
  location text,
  payment_method text,
  product_category text,
  product_id text,
  status text,
  "timestamp" text,
  transaction_id text NOT NULL,
  PRIMARY KEY (transaction_id)
);

CREATE TABLE IF NOT EXISTS bronze.products (
  category text,
  created_date text,
  is_active boolean,
  price numeric,
  product_id text NOT NULL,
  product_name text,
  stock_quantity bigint,
  supplier text,
  weight_kg numeric,
  PRIMARY KEY (product_id)
);
