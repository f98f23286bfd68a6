-- acme: the pipeline as it ships, through a day of changes.
-- include schemas/acme/pipeline.sql
SELECT setseed(0.7);
CREATE FUNCTION pick(n int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT floor(random() * n)::int';
CREATE FUNCTION status() RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT (ARRAY['PENDING', 'PROCESSING', 'COMPLETED', 'REPROCESSING'])[1 + pick(4)] $$;
INSERT INTO bronze.customers SELECT i, ' customer ' || i, i % 3 <> 0, 'street ' || i, '2025-01-01', 1, '2025-01-01 10:00:00.123', 1
  FROM generate_series(1, 20) i;
INSERT INTO bronze.products SELECT i, 'product ' || i || ' ', 'code ' || i, i * 1.10, NULL, NULL, NULL, '2025-01-01', 1
  FROM generate_series(1, 28) i;
INSERT INTO bronze.orders SELECT i, date '2025-01-01' + pick(10), date '2025-02-01' + pick(6), 1 + pick(22), status(),
  '2025-01-02 03:04:05.678', 1, '2025-01-01', 1 FROM generate_series(1, 150) i;
INSERT INTO bronze.order_items SELECT i, 1 + pick(160), 1 + pick(30), nullif(pick(9), 0), '2025-01-02', 1, '2025-01-01', 1
  FROM generate_series(1, 600) i;
-- check
BEGIN;
UPDATE bronze.orders SET status = status(), updated_at = updated_at + interval '1 hour' WHERE order_id % 3 = 1;
UPDATE bronze.order_items SET quanity = NULL WHERE order_item_id % 14 = 3;
COMMIT;
-- check
DELETE FROM bronze.orders WHERE order_id % 7 = 3;
UPDATE bronze.products SET product_name = upper(product_name) WHERE product_id < 9;
UPDATE bronze.customers SET customer_name = 'renamed ' || customer_id WHERE customer_id % 4 = 0;
DELETE FROM bronze.customers WHERE customer_id = 7;
UPDATE bronze.orders SET customer_id = 3, delivery_date = NULL WHERE order_id % 10 = 5;
-- check
UPDATE bronze.orders SET order_id = order_id + 1000 WHERE order_id < 30;
TRUNCATE bronze.order_items;
-- check
INSERT INTO bronze.order_items SELECT i, 1 + pick(160), 1 + pick(30), pick(9), '2025-01-02', 1, '2025-01-01', 1
  FROM generate_series(1, 200) i;
UPDATE bronze.orders SET status = 'COMPLETED';
-- check
UPDATE bronze.orders SET status = status();
-- check
