-- What a manager should know.
SELECT revenue_at_risk_percent, annual_impact, priority_segment, priority_churn_rate, top_revenue_group, top_revenue
FROM gold.insights
