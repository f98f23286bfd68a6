-- The five promised validations: rows checked, and rows that failed each.
SELECT v.records, v.schema_failed, v.nulls_failed, v.types_failed, v.unique_failed, v.churn_flag_failed,
  s.total_records, s.unique_customers, s.churned_count, s.null_check
FROM quality.validations v, quality.silver_validation s
