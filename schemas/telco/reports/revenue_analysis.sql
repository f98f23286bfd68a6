-- Revenue and churn by contract and payment method.
SELECT contract_type, payment_method, customer_count, churned_count, churn_rate_percent, total_monthly_revenue,
  avg_revenue_per_customer, total_lifetime_revenue, at_risk_monthly_revenue, lost_lifetime_revenue
FROM gold.revenue_analysis ORDER BY contract_type, payment_method
