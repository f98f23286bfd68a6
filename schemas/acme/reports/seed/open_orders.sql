-- As the first system printed it: with the date's total.
SELECT delivery_date, status, order_count, total_open FROM gold.open_orders_agg ORDER BY delivery_date, status
