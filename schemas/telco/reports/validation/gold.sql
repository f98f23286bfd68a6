-- What data/gold/validation_results.json held.
SELECT json_build_object(
  'churn_summary', (SELECT coalesce(json_agg(c), '[]') FROM (
    SELECT customer_segment, total_customers, churned_customers, retained_customers, churn_rate_percent, avg_monthly_charges,
      avg_total_charges, avg_tenure_months, total_monthly_revenue
    FROM gold.churn_summary ORDER BY customer_segment) c),
  'revenue_analysis_top10', (SELECT coalesce(json_agg(r), '[]') FROM (
    SELECT contract_type, payment_method, customer_count, churned_count, churn_rate_percent, total_monthly_revenue,
      avg_revenue_per_customer, total_lifetime_revenue, at_risk_monthly_revenue, lost_lifetime_revenue
    FROM gold.revenue_analysis ORDER BY total_monthly_revenue DESC, contract_type, payment_method LIMIT 10) r),
  'service_churn_top10', (SELECT coalesce(json_agg(s), '[]') FROM (
    SELECT internet_service, online_security, tech_support, customer_count, churned_count, churn_rate_percent, avg_monthly_charges,
      avg_tenure_months
    FROM gold.service_churn_correlation
    ORDER BY churn_rate_percent DESC, internet_service, online_security, tech_support LIMIT 10) s),
  'executive_summary', (SELECT row_to_json(e) FROM (
    SELECT total_customers, total_churned, overall_churn_rate, total_monthly_revenue, at_risk_revenue, avg_revenue_per_customer,
      avg_customer_tenure
    FROM gold.executive_summary) e),
  'table_counts', json_build_object(
    'churn_summary', (SELECT count(*) FROM gold.churn_summary),
    'revenue_analysis', (SELECT count(*) FROM gold.revenue_analysis),
    'service_churn_correlation', (SELECT count(*) FROM gold.service_churn_correlation))) AS validation
