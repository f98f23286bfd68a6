-- GET /analytics/orders/customers
-- $1 status text = pending, open|pending
-- $2 limit integer = 3, 1..1000
-- The customers with most orders that are pending, or open.
SELECT customer_id, customer_name, orders FROM (
  SELECT customer_id, customer_name, count AS orders FROM gold.customer_pending_orders_agg WHERE $1::text = 'pending'
  UNION ALL
  SELECT o.customer_id, c.customer_name, count(*) FROM silver.orders o LEFT JOIN silver.customers c USING (customer_id)
  WHERE $1 = 'open' AND o.status <> 'COMPLETED' GROUP BY o.customer_id, c.customer_name) AS one
ORDER BY orders DESC, customer_id LIMIT $2
