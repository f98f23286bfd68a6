-- What data/silver/validation_results.json held.
SELECT json_build_object('total_records', total_records, 'unique_customers', unique_customers, 'churned_count', churned_count,
  'null_check', null_check, 'segment_distribution',
  (SELECT coalesce(json_agg(json_build_object('customer_segment', customer_segment, 'count', total_customers) ORDER BY customer_segment), '[]')
   FROM gold.churn_summary)) AS validation
FROM quality.silver_validation
