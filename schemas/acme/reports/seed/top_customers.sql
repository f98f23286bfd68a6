-- As the first system printed it: all of them, in no order of merit.
SELECT customer_id, customer_name, count FROM gold.customer_pending_orders_agg ORDER BY customer_id
