-- Open orders by delivery date and status.
SELECT delivery_date, status, open_orders FROM gold.open_orders ORDER BY delivery_date, status
