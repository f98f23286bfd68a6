-- acme: order changes of an operational database, cleaned and counted.
-- Run it in psql over the four tables (sluice-views --oracle) and you have the answer; run it in sluice-views and the
-- answer stays up to date.

CREATE SCHEMA bronze;
CREATE SCHEMA silver;
CREATE SCHEMA gold;

-- Bronze: what the database's tables promise. A record that breaks a promise goes to acme.dead-letters.

CREATE FOREIGN TABLE bronze.customers (
  customer_id      bigint PRIMARY KEY,
  customer_name    varchar(500) NOT NULL CHECK (customer_name <> ''),
  is_active        boolean NOT NULL,
  customer_address varchar(500),
  updated_at       timestamp(3),
  updated_by       bigint,
  created_at       timestamp(3),
  created_by       bigint
) SERVER kafka OPTIONS (topic 'finance_db.operations.customers', format 'debezium');

CREATE FOREIGN TABLE bronze.products (
  product_id   bigint PRIMARY KEY,
  product_name varchar(500) NOT NULL,
  barcode      varchar(26) NOT NULL,
  unity_price  numeric NOT NULL CHECK (unity_price >= 0),
  is_active    boolean,
  updated_at   timestamp(3),
  updated_by   bigint,
  created_at   timestamp(3),
  created_by   bigint
) SERVER kafka OPTIONS (topic 'finance_db.operations.products', format 'debezium');

CREATE FOREIGN TABLE bronze.orders (
  order_id      bigint PRIMARY KEY,
  order_date    date,
  delivery_date date,
  customer_id   bigint,
  status        varchar NOT NULL CHECK (status IN ('PENDING', 'PROCESSING', 'COMPLETED', 'REPROCESSING')),
  updated_at    timestamp(3),
  updated_by    bigint,
  created_at    timestamp(3),
  created_by    bigint
) SERVER kafka OPTIONS (topic 'finance_db.operations.orders', format 'debezium');

CREATE FOREIGN TABLE bronze.order_items (
  order_item_id bigint PRIMARY KEY,
  order_id      bigint NOT NULL,
  product_id    bigint NOT NULL,
  quanity       integer CHECK (quanity >= 0), -- spelled so at the source
  updated_at    timestamp(3),
  updated_by    bigint,
  created_at    timestamp(3),
  created_by    bigint
) SERVER kafka OPTIONS (topic 'finance_db.operations.order_items', format 'debezium');

-- Silver: current state, one row a key.

CREATE MATERIALIZED VIEW silver.customers AS
  SELECT customer_id, trim(customer_name) AS customer_name, is_active, customer_address, updated_at
  FROM bronze.customers;

CREATE MATERIALIZED VIEW silver.products AS
  SELECT product_id, trim(product_name) AS product_name, barcode, unity_price, is_active, updated_at
  FROM bronze.products;

CREATE MATERIALIZED VIEW silver.orders AS
  SELECT order_id, order_date, delivery_date, customer_id, upper(trim(status)) AS status, updated_at
  FROM bronze.orders;

CREATE MATERIALIZED VIEW silver.order_items AS
  SELECT order_item_id, order_id, product_id, quanity AS quantity, updated_at
  FROM bronze.order_items;

-- Gold: the three aggregates of the first system ...

CREATE MATERIALIZED VIEW gold.open_orders_agg AS
  SELECT s.delivery_date, s.status, s.order_count, d.total_open
  FROM (SELECT delivery_date, status, count(*) AS order_count
        FROM silver.orders WHERE status <> 'COMPLETED' GROUP BY delivery_date, status) s
  JOIN (SELECT delivery_date, count(*) AS total_open
        FROM silver.orders WHERE status <> 'COMPLETED' GROUP BY delivery_date) d USING (delivery_date);
COMMENT ON MATERIALIZED VIEW gold.open_orders_agg IS 'Open orders by delivery date and status, with the date''s total.';

CREATE MATERIALIZED VIEW gold.order_items_pending_agg AS
  SELECT i.product_id, count(*) AS count
  FROM silver.order_items i JOIN silver.orders o USING (order_id)
  WHERE o.status = 'PENDING' GROUP BY i.product_id;
COMMENT ON MATERIALIZED VIEW gold.order_items_pending_agg IS 'Lines of pending orders by product.';

CREATE MATERIALIZED VIEW gold.customer_pending_orders_agg AS
  SELECT o.customer_id, c.customer_name, count(*) AS count
  FROM silver.orders o LEFT JOIN silver.customers c USING (customer_id)
  WHERE o.status = 'PENDING' GROUP BY o.customer_id, c.customer_name;
COMMENT ON MATERIALIZED VIEW gold.customer_pending_orders_agg IS 'Pending orders by customer.';

-- ... and the answers to its questions.

CREATE MATERIALIZED VIEW gold.open_orders AS
  SELECT delivery_date, status, count(*) AS open_orders
  FROM silver.orders WHERE status <> 'COMPLETED' GROUP BY delivery_date, status;
COMMENT ON MATERIALIZED VIEW gold.open_orders IS 'How many orders are open, by delivery date and status?';

CREATE MATERIALIZED VIEW gold.top_dates AS
  SELECT delivery_date, count(*) AS open_orders
  FROM silver.orders WHERE status <> 'COMPLETED' GROUP BY delivery_date
  ORDER BY open_orders DESC, delivery_date LIMIT 3;
COMMENT ON MATERIALIZED VIEW gold.top_dates IS 'Which three delivery dates have most open orders?';

CREATE MATERIALIZED VIEW gold.pending_items AS
  SELECT i.product_id, p.product_name, count(*) AS pending_item_lines, coalesce(sum(i.quantity), 0) AS pending_quantity
  FROM silver.order_items i
  JOIN silver.orders o ON o.order_id = i.order_id AND o.status = 'PENDING'
  LEFT JOIN silver.products p ON p.product_id = i.product_id
  GROUP BY i.product_id, p.product_name;
COMMENT ON MATERIALIZED VIEW gold.pending_items IS 'How many items are pending, by product?';

CREATE MATERIALIZED VIEW gold.open_items AS
  SELECT i.product_id, p.product_name, count(*) AS open_item_lines, coalesce(sum(i.quantity), 0) AS open_quantity
  FROM silver.order_items i
  JOIN silver.orders o ON o.order_id = i.order_id AND o.status <> 'COMPLETED'
  LEFT JOIN silver.products p ON p.product_id = i.product_id
  GROUP BY i.product_id, p.product_name;
COMMENT ON MATERIALIZED VIEW gold.open_items IS 'How many items are open, by product?';

CREATE MATERIALIZED VIEW gold.top_customers AS
  SELECT o.customer_id, c.customer_name, count(*) AS pending_orders
  FROM silver.orders o LEFT JOIN silver.customers c USING (customer_id)
  WHERE o.status = 'PENDING' GROUP BY o.customer_id, c.customer_name
  ORDER BY pending_orders DESC, o.customer_id LIMIT 3;
COMMENT ON MATERIALIZED VIEW gold.top_customers IS 'Which three customers have most pending orders?';
