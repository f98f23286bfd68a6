-- Churn by services, of groups of ten customers and more.
SELECT internet_service, online_security, tech_support, customer_count, churned_count, churn_rate_percent,
  avg_monthly_charges, avg_tenure_months
FROM gold.service_churn_correlation ORDER BY internet_service, online_security, tech_support
