-- The whole company in one row.
SELECT total_customers, total_churned, overall_churn_rate, total_monthly_revenue, at_risk_revenue, avg_revenue_per_customer,
  avg_customer_tenure
FROM gold.executive_summary
