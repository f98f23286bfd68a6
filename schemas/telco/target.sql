-- The tables of pipeline telco's views, one a topic. Printed by sluice-views --ddl: change the pipeline, not this file.

CREATE SCHEMA IF NOT EXISTS silver;
CREATE SCHEMA IF NOT EXISTS gold;
CREATE SCHEMA IF NOT EXISTS quality;

CREATE TABLE IF NOT EXISTS silver.customers_staging (
  customer_id character varying(50) NOT NULL,
  gender character varying(10),
  senior_citizen boolean,
  partner boolean,
  dependents boolean,
  tenure integer,
  phone_service boolean,
  multiple_lines character varying(20),
  internet_service character varying(20),
  online_security character varying(20),
  online_backup character varying(20),
  device_protection character varying(20),
  tech_support character varying(20),
  streaming_tv character varying(20),
  streaming_movies character varying(20),
  contract_type character varying(30),
  paperless_billing boolean,
  payment_method character varying(50),
  monthly_charges numeric(10,2),
  total_charges numeric(12,2),
  avg_monthly_revenue numeric(10,2),
  customer_segment character varying(20),
  churned boolean,
  PRIMARY KEY (customer_id)
);
COMMENT ON TABLE silver.customers_staging IS 'Cleaned customers, one row each.';

CREATE TABLE IF NOT EXISTS gold.churn_summary (
  customer_segment character varying(20),
  total_customers bigint NOT NULL,
  churned_customers bigint,
  retained_customers bigint,
  churn_rate_percent numeric,
  avg_monthly_charges numeric,
  avg_total_charges numeric,
  avg_tenure_months numeric,
  total_monthly_revenue numeric,
  UNIQUE NULLS NOT DISTINCT (customer_segment)
);
COMMENT ON TABLE gold.churn_summary IS 'Churn by customer segment.';

CREATE TABLE IF NOT EXISTS gold.revenue_analysis (
  contract_type character varying(30),
  payment_method character varying(50),
  customer_count bigint NOT NULL,
  churned_count bigint,
  churn_rate_percent numeric,
  total_monthly_revenue numeric,
  avg_revenue_per_customer numeric,
  total_lifetime_revenue numeric,
  at_risk_monthly_revenue numeric,
  lost_lifetime_revenue numeric,
  total_revenue numeric,
  UNIQUE NULLS NOT DISTINCT (contract_type, payment_method)
);
COMMENT ON TABLE gold.revenue_analysis IS 'Revenue and churn by contract and payment method; total_revenue is another name of total_monthly_revenue.';

CREATE TABLE IF NOT EXISTS gold.service_churn_correlation (
  internet_service character varying(20),
  online_security character varying(20),
  tech_support character varying(20),
  customer_count bigint NOT NULL,
  churned_count bigint,
  churn_rate_percent numeric,
  avg_monthly_charges numeric,
  avg_tenure_months numeric,
  UNIQUE NULLS NOT DISTINCT (internet_service, online_security, tech_support)
);
COMMENT ON TABLE gold.service_churn_correlation IS 'Churn by services, of groups of ten customers and more.';

CREATE TABLE IF NOT EXISTS gold.executive_summary (
  total_customers bigint NOT NULL,
  total_churned bigint,
  overall_churn_rate numeric,
  total_monthly_revenue numeric,
  at_risk_revenue numeric,
  avg_revenue_per_customer numeric,
  avg_customer_tenure numeric
);
CREATE UNIQUE INDEX IF NOT EXISTS executive_summary_one_row ON gold.executive_summary ((true));
COMMENT ON TABLE gold.executive_summary IS 'The whole company in one row.';

CREATE TABLE IF NOT EXISTS gold.insights (
  revenue_at_risk_percent numeric,
  annual_impact numeric,
  priority_segment character varying(20),
  priority_churn_rate numeric,
  top_revenue_group text,
  top_revenue numeric
);
CREATE UNIQUE INDEX IF NOT EXISTS insights_one_row ON gold.insights ((true));
COMMENT ON TABLE gold.insights IS 'What a manager should know, in one row.';

CREATE TABLE IF NOT EXISTS quality.silver_validation (
  total_records bigint NOT NULL,
  unique_customers bigint NOT NULL,
  churned_count bigint NOT NULL,
  null_check bigint NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS silver_validation_one_row ON quality.silver_validation ((true));

CREATE TABLE IF NOT EXISTS quality.validations (
  records bigint NOT NULL,
  schema_failed bigint NOT NULL,
  nulls_failed bigint NOT NULL,
  types_failed bigint NOT NULL,
  unique_failed bigint,
  churn_flag_failed bigint NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS validations_one_row ON quality.validations ((true));
COMMENT ON TABLE quality.validations IS 'The five promised validations: rows checked, and rows that failed each.';
