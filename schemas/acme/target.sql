-- The tables of pipeline acme's views, one a topic. Printed by sluice-views --ddl: change the pipeline, not this file.

CREATE SCHEMA IF NOT EXISTS silver;
CREATE SCHEMA IF NOT EXISTS gold;

CREATE TABLE IF NOT EXISTS silver.customers (
  customer_id bigint NOT NULL,
  customer_name text,
  is_active boolean NOT NULL,
  customer_address character varying(500),
  updated_at timestamp(3) without time zone,
  PRIMARY KEY (customer_id)
);

CREATE TABLE IF NOT EXISTS silver.products (
  product_id bigint NOT NULL,
  product_name text,
  barcode character varying(26) NOT NULL,
  unity_price numeric NOT NULL,
  is_active boolean,
  updated_at timestamp(3) without time zone,
  PRIMARY KEY (product_id)
);

CREATE TABLE IF NOT EXISTS silver.orders (
  order_id bigint NOT NULL,
  order_date date,
  delivery_date date,
  customer_id bigint,
  status text,
  updated_at timestamp(3) without time zone,
  PRIMARY KEY (order_id)
);

CREATE TABLE IF NOT EXISTS silver.order_items (
  order_item_id bigint NOT NULL,
  order_id bigint NOT NULL,
  product_id bigint NOT NULL,
  quantity integer,
  updated_at timestamp(3) without time zone,
  PRIMARY KEY (order_item_id)
);

CREATE TABLE IF NOT EXISTS gold.open_orders_agg (
  delivery_date date,
  status text,
  order_count bigint NOT NULL,
  total_open bigint NOT NULL,
  UNIQUE NULLS NOT DISTINCT (delivery_date, status)
);
COMMENT ON TABLE gold.open_orders_agg IS 'Open orders by delivery date and status, with the date''s total.';

CREATE TABLE IF NOT EXISTS gold.order_items_pending_agg (
  product_id bigint NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (product_id)
);
COMMENT ON TABLE gold.order_items_pending_agg IS 'Lines of pending orders by product.';

CREATE TABLE IF NOT EXISTS gold.customer_pending_orders_agg (
  customer_id bigint,
  customer_name text,
  count bigint NOT NULL,
  UNIQUE NULLS NOT DISTINCT (customer_id, customer_name)
);
COMMENT ON TABLE gold.customer_pending_orders_agg IS 'Pending orders by customer.';

CREATE TABLE IF NOT EXISTS gold.open_orders (
  delivery_date date,
  status text,
  open_orders bigint NOT NULL,
  UNIQUE NULLS NOT DISTINCT (delivery_date, status)
);
COMMENT ON TABLE gold.open_orders IS 'How many orders are open, by delivery date and status?';

CREATE TABLE IF NOT EXISTS gold.top_dates (
  delivery_date date,
  open_orders bigint NOT NULL,
  UNIQUE NULLS NOT DISTINCT (delivery_date)
);
COMMENT ON TABLE gold.top_dates IS 'Which three delivery dates have most open orders?';

CREATE TABLE IF NOT EXISTS gold.pending_items (
  product_id bigint NOT NULL,
  product_name text,
  pending_item_lines bigint NOT NULL,
  pending_quantity bigint,
  UNIQUE NULLS NOT DISTINCT (product_id, product_name)
);
COMMENT ON TABLE gold.pending_items IS 'How many items are pending, by product?';

CREATE TABLE IF NOT EXISTS gold.open_items (
  product_id bigint NOT NULL,
  product_name text,
  open_item_lines bigint NOT NULL,
  open_quantity bigint,
  UNIQUE NULLS NOT DISTINCT (product_id, product_name)
);
COMMENT ON TABLE gold.open_items IS 'How many items are open, by product?';

CREATE TABLE IF NOT EXISTS gold.top_customers (
  customer_id bigint,
  customer_name text,
  pending_orders bigint NOT NULL,
  UNIQUE NULLS NOT DISTINCT (customer_id, customer_name)
);
COMMENT ON TABLE gold.top_customers IS 'Which three customers have most pending orders?';
