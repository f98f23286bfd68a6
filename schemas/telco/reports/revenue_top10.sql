-- The ten groups with most monthly revenue.
SELECT contract_type, payment_method, customer_count, churn_rate_percent, total_revenue
FROM gold.revenue_analysis ORDER BY total_revenue DESC, contract_type, payment_method LIMIT 10
