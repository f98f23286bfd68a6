-- The three customers with most pending orders.
SELECT customer_id, customer_name, pending_orders
FROM gold.top_customers ORDER BY pending_orders DESC, customer_id
