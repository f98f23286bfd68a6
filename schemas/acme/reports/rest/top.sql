-- GET /analytics/orders/top
-- $1 limit integer = 3, 1..1000
-- The delivery dates with most open orders.
SELECT delivery_date, sum(open_orders)::bigint AS open_orders FROM gold.open_orders
GROUP BY delivery_date ORDER BY open_orders DESC, delivery_date LIMIT $1
