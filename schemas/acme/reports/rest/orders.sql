-- GET /analytics/orders
-- $1 status text = open, open|pending|processing|reprocessing
-- Open orders by delivery date and status.
SELECT delivery_date, status, open_orders FROM gold.open_orders
WHERE $1::text = 'open' OR status = upper($1) ORDER BY delivery_date, status
