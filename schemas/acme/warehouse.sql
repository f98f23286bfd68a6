-- acme's warehouse: every version of customers, products and orders with the time it held (SCD2), a star schema over
-- the current ones, and what is missing in the data. A pipeline of its own over the same bronze topics:
-- sluice-views --pipeline acme_warehouse --file schemas/acme/warehouse.sql

CREATE SCHEMA bronze;
CREATE SCHEMA silver;
CREATE SCHEMA gold;

-- Bronze: a row for each change, not for each key. A deleted row's last version has op 'd'.

CREATE FOREIGN TABLE bronze.customers (
  customer_id      bigint,
  customer_name    varchar(500) NOT NULL,
  is_active        boolean NOT NULL,
  customer_address varchar(500),
  op               text OPTIONS (metadata 'op'),
  changed_at       timestamptz OPTIONS (metadata 'commit_ts'),
  position         text OPTIONS (metadata 'position'),
  PRIMARY KEY (customer_id, position)
) SERVER kafka OPTIONS (topic 'finance_db.operations.customers', format 'debezium', versions 'all');

CREATE FOREIGN TABLE bronze.products (
  product_id   bigint,
  product_name varchar(500) NOT NULL,
  barcode      varchar(26) NOT NULL,
  unity_price  numeric NOT NULL,
  is_active    boolean,
  op           text OPTIONS (metadata 'op'),
  changed_at   timestamptz OPTIONS (metadata 'commit_ts'),
  position     text OPTIONS (metadata 'position'),
  PRIMARY KEY (product_id, position)
) SERVER kafka OPTIONS (topic 'finance_db.operations.products', format 'debezium', versions 'all');

CREATE FOREIGN TABLE bronze.orders (
  order_id      bigint,
  order_date    date,
  delivery_date date,
  customer_id   bigint,
  status        varchar NOT NULL,
  op            text OPTIONS (metadata 'op'),
  changed_at    timestamptz OPTIONS (metadata 'commit_ts'),
  position      text OPTIONS (metadata 'position'),
  PRIMARY KEY (order_id, position)
) SERVER kafka OPTIONS (topic 'finance_db.operations.orders', format 'debezium', versions 'all');

CREATE FOREIGN TABLE bronze.order_items (
  order_item_id bigint PRIMARY KEY,
  order_id      bigint NOT NULL,
  product_id    bigint NOT NULL,
  quanity       integer -- spelled so at the source
) SERVER kafka OPTIONS (topic 'finance_db.operations.order_items', format 'debezium');

-- Silver: from when to when each version held. A delete ends the one before it and is none itself.

CREATE MATERIALIZED VIEW silver.customers_history AS
  SELECT customer_id, position, customer_name, is_active, customer_address, op AS operation_type,
         changed_at AS effective_start, ended_at AS effective_end, next_op IS NULL AS is_current
  FROM (SELECT *, lead(changed_at) OVER w AS ended_at, lead(op) OVER w AS next_op
        FROM bronze.customers WINDOW w AS (PARTITION BY customer_id ORDER BY position)) AS versions
  WHERE op <> 'd';
COMMENT ON MATERIALIZED VIEW silver.customers_history IS 'Every version of each customer, and when it held.';

CREATE MATERIALIZED VIEW silver.products_history AS
  SELECT product_id, position, product_name, barcode, unity_price, is_active, op AS operation_type,
         changed_at AS effective_start, ended_at AS effective_end, next_op IS NULL AS is_current
  FROM (SELECT *, lead(changed_at) OVER w AS ended_at, lead(op) OVER w AS next_op
        FROM bronze.products WINDOW w AS (PARTITION BY product_id ORDER BY position)) AS versions
  WHERE op <> 'd';
COMMENT ON MATERIALIZED VIEW silver.products_history IS 'Every version of each product, and when it held.';

CREATE MATERIALIZED VIEW silver.orders_history AS
  SELECT order_id, position, order_date, delivery_date, customer_id, status, op AS operation_type,
         changed_at AS effective_start, ended_at AS effective_end, next_op IS NULL AS is_current
  FROM (SELECT *, lead(changed_at) OVER w AS ended_at, lead(op) OVER w AS next_op
        FROM bronze.orders WINDOW w AS (PARTITION BY order_id ORDER BY position)) AS versions
  WHERE op <> 'd';
COMMENT ON MATERIALIZED VIEW silver.orders_history IS 'Every version of each order, and when it held.';

-- the latest by the source's own order
CREATE VIEW silver.current_orders AS
  SELECT DISTINCT ON (order_id) order_id, order_date, delivery_date, customer_id, status, op, changed_at
  FROM bronze.orders ORDER BY order_id, position DESC;

-- Gold: a star schema.

CREATE MATERIALIZED VIEW gold.dim_customers AS
  SELECT customer_id, customer_name, customer_address, is_active, changed_at
  FROM (SELECT DISTINCT ON (customer_id) * FROM bronze.customers ORDER BY customer_id, position DESC) AS latest
  WHERE op <> 'd';

CREATE MATERIALIZED VIEW gold.dim_products AS
  SELECT product_id, product_name, barcode, unity_price, is_active, changed_at
  FROM (SELECT DISTINCT ON (product_id) * FROM bronze.products ORDER BY product_id, position DESC) AS latest
  WHERE op <> 'd';

CREATE MATERIALIZED VIEW gold.active_customers AS
  SELECT customer_id, customer_name FROM gold.dim_customers WHERE is_active;

CREATE MATERIALIZED VIEW gold.active_products AS
  SELECT product_id, product_name FROM gold.dim_products WHERE is_active;

CREATE MATERIALIZED VIEW gold.dim_order_status AS
  SELECT status, is_open FROM (VALUES ('PENDING', true), ('PROCESSING', true), ('REPROCESSING', true), ('COMPLETED', false))
    AS known (status, is_open);

CREATE MATERIALIZED VIEW gold.dim_date AS
  SELECT day, extract(year FROM day)::int AS year, extract(quarter FROM day)::int AS quarter, extract(month FROM day)::int AS month,
         extract(day FROM day)::int AS day_of_month, extract(isodow FROM day)::int AS day_of_week
  FROM (SELECT order_date FROM silver.current_orders WHERE op <> 'd'
        UNION SELECT delivery_date FROM silver.current_orders WHERE op <> 'd') AS days (day)
  WHERE day IS NOT NULL;

CREATE MATERIALIZED VIEW gold.fact_orders AS
  SELECT o.order_id, o.customer_id, o.order_date, o.delivery_date, extract(year FROM o.delivery_date)::int AS delivery_year,
         o.status, coalesce(i.lines, 0) AS lines, coalesce(i.quantity, 0) AS quantity, o.changed_at
  FROM silver.current_orders o
  LEFT JOIN (SELECT order_id, count(*) AS lines, sum(quanity) AS quantity FROM bronze.order_items GROUP BY order_id) i USING (order_id)
  WHERE o.op <> 'd';
COMMENT ON MATERIALIZED VIEW gold.fact_orders IS 'The orders as they are, with what they hold.';

-- Gold: the questions with both open statuses, as the first system's second approach asked them.

CREATE MATERIALIZED VIEW gold.open_orders_by_date_status AS
  SELECT delivery_date, status, count(*) AS orders
  FROM gold.fact_orders WHERE status IN ('PENDING', 'PROCESSING') GROUP BY delivery_date, status;

CREATE MATERIALIZED VIEW gold.top3_delivery_dates AS
  SELECT delivery_date, count(*) AS orders
  FROM gold.fact_orders WHERE status IN ('PENDING', 'PROCESSING') GROUP BY delivery_date
  ORDER BY orders DESC, delivery_date LIMIT 3;

CREATE MATERIALIZED VIEW gold.pending_items_by_product AS
  SELECT i.product_id, sum(i.quanity) AS quantity
  FROM bronze.order_items i JOIN gold.fact_orders o USING (order_id)
  WHERE o.status IN ('PENDING', 'PROCESSING') GROUP BY i.product_id;

CREATE MATERIALIZED VIEW gold.top3_customers_pending_orders AS
  SELECT o.customer_id, c.customer_name, count(*) AS orders
  FROM gold.fact_orders o LEFT JOIN gold.dim_customers c USING (customer_id)
  WHERE o.status IN ('PENDING', 'PROCESSING') GROUP BY o.customer_id, c.customer_name
  ORDER BY orders DESC, o.customer_id LIMIT 3;

-- Gold: what is missing. Warnings, not errors: the source makes orders without items.

CREATE MATERIALIZED VIEW gold.data_gaps AS
  SELECT o.status, count(*) AS orders, count(*) FILTER (WHERE o.lines = 0) AS orders_without_items,
         count(*) FILTER (WHERE c.customer_id IS NULL) AS orders_without_customer
  FROM gold.fact_orders o LEFT JOIN gold.dim_customers c USING (customer_id) GROUP BY o.status;
COMMENT ON MATERIALIZED VIEW gold.data_gaps IS 'How many orders have no items, or a customer that is not there?';

CREATE MATERIALIZED VIEW gold.items_without_order AS
  SELECT i.order_item_id, i.order_id FROM bronze.order_items i
  WHERE NOT EXISTS (SELECT FROM gold.fact_orders o WHERE o.order_id = i.order_id);

-- Gold: how much a poll would miss.

CREATE MATERIALIZED VIEW gold.versions_seen AS
  SELECT 'orders' AS source, count(*) AS versions, count(DISTINCT order_id) AS keys FROM bronze.orders
  UNION ALL SELECT 'customers', count(*), count(DISTINCT customer_id) FROM bronze.customers
  UNION ALL SELECT 'products', count(*), count(DISTINCT product_id) FROM bronze.products;
