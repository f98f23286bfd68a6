-- Use of payment methods.
SELECT payment_method, usage_count, total_amount, avg_amount
FROM gold.payment_analytics ORDER BY usage_count DESC, payment_method
