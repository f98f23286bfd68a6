-- Revenue by country, device and payment method.
SELECT location, device, payment_method, transaction_count, customers, total_revenue, avg_transaction_value
FROM gold.channel_analytics ORDER BY total_revenue DESC, location, device, payment_method
