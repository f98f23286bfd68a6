-- What people add to the tables of target.sql: rules, indexes, comments, rights. Run behind it at each start:
-- sluice-postgres-upsert --target=schemas/telco/target.sql,schemas/telco/tuning.sql \
--   --commit-time-columns=ingestion_timestamp,calculated_at,report_timestamp

DO $$
DECLARE rule record;
BEGIN
  FOR rule IN SELECT * FROM (VALUES ('tenure_not_negative', 'tenure >= 0'), ('monthly_charges_not_negative', 'monthly_charges >= 0'),
                                    ('total_charges_not_negative', 'total_charges >= 0')) AS rules (name, text) LOOP
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'silver.customers_staging'::regclass AND conname = rule.name) THEN
      EXECUTE format('ALTER TABLE silver.customers_staging ADD CONSTRAINT %I CHECK (%s)', rule.name, rule.text);
    END IF;
  END LOOP;
END $$;

-- When the source committed what a row was computed of: --commit-time-columns fills them.
ALTER TABLE silver.customers_staging ADD COLUMN IF NOT EXISTS ingestion_timestamp timestamptz;
ALTER TABLE gold.churn_summary ADD COLUMN IF NOT EXISTS calculated_at timestamptz;
ALTER TABLE gold.revenue_analysis ADD COLUMN IF NOT EXISTS calculated_at timestamptz;
ALTER TABLE gold.executive_summary ADD COLUMN IF NOT EXISTS report_timestamp timestamptz;

CREATE INDEX IF NOT EXISTS idx_customers_ingested ON silver.customers_staging (ingestion_timestamp);
CREATE INDEX IF NOT EXISTS idx_customers_churned ON silver.customers_staging (churned);
CREATE INDEX IF NOT EXISTS idx_customers_segment ON silver.customers_staging (customer_segment);
CREATE INDEX IF NOT EXISTS idx_customers_segment_churned ON silver.customers_staging (customer_segment, churned);
CREATE INDEX IF NOT EXISTS idx_customers_contract ON silver.customers_staging (contract_type);
CREATE INDEX IF NOT EXISTS idx_churn_summary_rate ON gold.churn_summary (churn_rate_percent);
CREATE INDEX IF NOT EXISTS idx_revenue_total ON gold.revenue_analysis (total_monthly_revenue);
CREATE INDEX IF NOT EXISTS idx_service_churn_rate ON gold.service_churn_correlation (churn_rate_percent);

COMMENT ON SCHEMA silver IS 'Cleaned rows, one a customer';
COMMENT ON SCHEMA gold IS 'Answers, kept up to date';
COMMENT ON COLUMN silver.customers_staging.customer_segment IS 'New up to 12 months of tenure, Growing up to 36, Loyal up to 100';
COMMENT ON COLUMN silver.customers_staging.avg_monthly_revenue IS 'total_charges / tenure, monthly_charges in the first month';

GRANT USAGE ON SCHEMA silver, gold, quality TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA silver, gold, quality TO PUBLIC;
