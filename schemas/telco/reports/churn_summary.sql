-- Churn by customer segment.
SELECT customer_segment, total_customers, churned_customers, retained_customers, churn_rate_percent, avg_monthly_charges,
  avg_total_charges, avg_tenure_months, total_monthly_revenue
FROM gold.churn_summary ORDER BY customer_segment
