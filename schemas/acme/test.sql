-- Tests of pipeline.sql: sluice-views --test schemas/acme/test.sql

-- test: an order is open until it is completed
INSERT INTO bronze.orders (order_id, delivery_date, customer_id, status) VALUES
  (1, '2025-05-01', 10, 'PENDING'),
  (2, '2025-05-01', 10, 'PENDING'),
  (3, '2025-05-02', 11, 'PROCESSING');
-- then gold.open_orders
VALUES ('2025-05-01', 'PENDING', 2), ('2025-05-02', 'PROCESSING', 1);

UPDATE bronze.orders SET status = 'COMPLETED' WHERE order_id = 2;
-- then gold.open_orders
VALUES ('2025-05-01', 'PENDING', 1), ('2025-05-02', 'PROCESSING', 1);

DELETE FROM bronze.orders WHERE status <> 'COMPLETED';
-- then gold.open_orders: no rows
-- then silver.orders (order_id, status)
VALUES (2, 'COMPLETED');

-- test: pending items follow their order, whatever comes first
INSERT INTO bronze.order_items (order_item_id, order_id, product_id, quanity) VALUES (100, 1, 7, 3), (101, 1, 8, NULL), (102, 2, 7, 4);
-- then gold.pending_items: no rows
INSERT INTO bronze.orders (order_id, status) VALUES (1, 'PENDING'), (2, 'PROCESSING');
-- then gold.pending_items
VALUES (7, NULL, 1, 3), (8, NULL, 1, 0);
INSERT INTO bronze.products (product_id, product_name, barcode, unity_price) VALUES (7, ' tea ', '4006381333931', 2.50);
-- then gold.pending_items (product_id, product_name, pending_quantity)
VALUES (7, 'tea', 3), (8, NULL, 0);
-- then gold.open_items (product_id, open_item_lines, open_quantity)
VALUES (7, 2, 7), (8, 1, 0);

-- test: the three dates with most open orders; the earlier one first where they are equal
INSERT INTO bronze.orders (order_id, delivery_date, status)
  SELECT n, date '2025-05-01' + n % 4, 'PENDING' FROM generate_series(1, 10) AS n;
-- then gold.top_dates
VALUES ('2025-05-02', 3), ('2025-05-03', 3), ('2025-05-01', 2);
UPDATE bronze.orders SET delivery_date = '2025-05-04' WHERE order_id IN (1, 2);
-- then gold.top_dates
VALUES ('2025-05-04', 4), ('2025-05-01', 2), ('2025-05-02', 2);

-- test: a customer's name changes in what is counted by it, all in one transaction
INSERT INTO bronze.customers (customer_id, customer_name, is_active) VALUES (10, 'Ada', true);
INSERT INTO bronze.orders (order_id, customer_id, status) VALUES (1, 10, 'PENDING'), (2, 11, 'PENDING');
BEGIN;
UPDATE bronze.customers SET customer_name = 'Ada L.' WHERE customer_id = 10;
UPDATE bronze.orders SET customer_id = 10 WHERE order_id = 2;
COMMIT;
-- then gold.top_customers
VALUES (10, 'Ada L.', 2);

-- test: a row that breaks its promise goes to the dead letters, and its key leaves the views
INSERT INTO bronze.orders (order_id, status) VALUES (1, 'PENDING');
UPDATE bronze.orders SET status = 'LOST' WHERE order_id = 1;
-- then silver.orders: no rows
-- then dead_letters (source)
VALUES ('bronze.orders');
UPDATE bronze.orders SET status = 'COMPLETED';
-- then silver.orders (order_id, status)
VALUES (1, 'COMPLETED');

-- test: truncated sources leave nothing
INSERT INTO bronze.orders (order_id, customer_id, status) VALUES (1, 10, 'PENDING');
INSERT INTO bronze.customers (customer_id, customer_name, is_active) VALUES (10, 'Ada', true);
TRUNCATE bronze.orders, bronze.customers;
-- then silver.customers: no rows
-- then gold.customer_pending_orders_agg: no rows
