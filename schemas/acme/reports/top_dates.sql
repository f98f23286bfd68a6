-- The three delivery dates with most open orders.
SELECT delivery_date, open_orders FROM gold.top_dates ORDER BY open_orders DESC, delivery_date
