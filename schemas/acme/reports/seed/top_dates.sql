-- As the first system printed it: the dates with fewest open orders, whatever their name says.
SELECT delivery_date, avg(total_open) AS avg FROM gold.open_orders_agg GROUP BY delivery_date ORDER BY avg, delivery_date LIMIT 3
