-- telco: customers of a telephone company, who leaves, and what that costs.
-- Run it in psql over the table (sluice-views --oracle) and you have the answer; run it in sluice-views and the answer
-- stays up to date.

CREATE SCHEMA bronze;
CREATE SCHEMA silver;
CREATE SCHEMA gold;
CREATE SCHEMA quality;

-- Bronze: the file's 21 columns as the text they are. Whatever silver can coerce stays a row and counts as a warning under
-- the name of its rule; with --contract=strict it is a dead letter, but for blank total charges. A second row of a customer
-- never gets here, the producer gives it to the dead letters.

CREATE FOREIGN TABLE bronze.customers (
  "customerID"       varchar(50) PRIMARY KEY,
  gender             text,
  "SeniorCitizen"    text,
  "Partner"          text,
  "Dependents"       text,
  tenure             text,
  "PhoneService"     text,
  "MultipleLines"    text,
  "InternetService"  text,
  "OnlineSecurity"   text,
  "OnlineBackup"     text,
  "DeviceProtection" text,
  "TechSupport"      text,
  "StreamingTV"      text,
  "StreamingMovies"  text,
  "Contract"         text,
  "PaperlessBilling" text,
  "PaymentMethod"    text,
  "MonthlyCharges"   text,
  "TotalCharges"     text,
  "Churn"            text,
  CONSTRAINT customer_id_given CHECK (btrim("customerID") <> ''),
  CONSTRAINT columns_given CHECK (
    num_nulls(gender, "SeniorCitizen", "Partner", "Dependents", tenure, "PhoneService", "MultipleLines", "InternetService",
      "OnlineSecurity", "OnlineBackup", "DeviceProtection", "TechSupport", "StreamingTV", "StreamingMovies", "Contract",
      "PaperlessBilling", "PaymentMethod", "MonthlyCharges", "TotalCharges", "Churn") = 0),
  CONSTRAINT total_charges_given CHECK (btrim("TotalCharges") <> ''),
  CONSTRAINT total_charges_number CHECK (btrim("TotalCharges") = ''
    OR "TotalCharges" ~ '^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?\s*$'),
  CONSTRAINT tenure_number CHECK (tenure ~ '^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?\s*$'),
  CONSTRAINT monthly_charges_number CHECK ("MonthlyCharges" ~ '^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?\s*$'),
  CONSTRAINT flags_known CHECK ("SeniorCitizen" IN ('0', '1') AND "Partner" IN ('Yes', 'No') AND "Dependents" IN ('Yes', 'No')
    AND "PhoneService" IN ('Yes', 'No') AND "PaperlessBilling" IN ('Yes', 'No')),
  CONSTRAINT churn_known CHECK ("Churn" IN ('Yes', 'No')),
  CONSTRAINT gender_known CHECK (gender IN ('Male', 'Female')),
  CONSTRAINT services_known CHECK ("MultipleLines" IN ('Yes', 'No', 'No phone service')
    AND "InternetService" IN ('DSL', 'Fiber optic', 'No')
    AND "OnlineSecurity" IN ('Yes', 'No', 'No internet service') AND "OnlineBackup" IN ('Yes', 'No', 'No internet service')
    AND "DeviceProtection" IN ('Yes', 'No', 'No internet service') AND "TechSupport" IN ('Yes', 'No', 'No internet service')
    AND "StreamingTV" IN ('Yes', 'No', 'No internet service') AND "StreamingMovies" IN ('Yes', 'No', 'No internet service')),
  CONSTRAINT contract_known CHECK ("Contract" IN ('Month-to-month', 'One year', 'Two year')),
  CONSTRAINT payment_known CHECK ("PaymentMethod" IN
    ('Electronic check', 'Mailed check', 'Bank transfer (automatic)', 'Credit card (automatic)')),
  CONSTRAINT phone_lines_agree CHECK ("PhoneService" <> 'No' OR "MultipleLines" = 'No phone service'),
  CONSTRAINT tenure_in_range CHECK (tenure !~ '^\s*[+-]?\d{1,9}(\.\d*)?\s*$' OR tenure::numeric BETWEEN 0 AND 100),
  CONSTRAINT charges_not_negative CHECK (btrim("MonthlyCharges") NOT LIKE '-%' AND btrim("TotalCharges") NOT LIKE '-%')
) SERVER kafka OPTIONS (topic 'telco.bronze.customers', format 'debezium', warn 'total_charges_given',
  lenient 'customer_id_given, columns_given, total_charges_number, tenure_number, monthly_charges_number, flags_known,
  churn_known, gender_known, services_known, contract_known, payment_known, phone_lines_agree, tenure_in_range,
  charges_not_negative');

-- Silver: the rules in their order. Numbers first (what is none is 0), then averages and segments, and only then are negative
-- numbers set to 0: a negative tenure has the segment 'nan' and its monthly charge as its average.

CREATE VIEW silver.customers_numbers AS
  SELECT b.*,
    CASE WHEN b.tenure ~ '^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?\s*$' THEN trunc(b.tenure::numeric)::integer END AS months,
    CASE WHEN "MonthlyCharges" ~ '^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?\s*$' THEN "MonthlyCharges"::numeric END AS monthly,
    CASE WHEN "TotalCharges" ~ '^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?\s*$' THEN "TotalCharges"::numeric END AS total
  FROM bronze.customers b;

CREATE MATERIALIZED VIEW silver.customers_staging AS
  SELECT "customerID" AS customer_id,
    initcap(gender)::varchar(10) AS gender,
    CASE "SeniorCitizen" WHEN '1' THEN true WHEN '0' THEN false END AS senior_citizen,
    CASE WHEN "Partner" = 'Yes' THEN true
         WHEN "Partner" IN ('No', 'No phone service', 'No internet service') THEN false END AS partner,
    CASE WHEN "Dependents" = 'Yes' THEN true
         WHEN "Dependents" IN ('No', 'No phone service', 'No internet service') THEN false END AS dependents,
    greatest(tenure_n, 0) AS tenure,
    CASE WHEN "PhoneService" = 'Yes' THEN true
         WHEN "PhoneService" IN ('No', 'No phone service', 'No internet service') THEN false END AS phone_service,
    (CASE "MultipleLines" WHEN 'No phone service' THEN 'No' ELSE "MultipleLines" END)::varchar(20) AS multiple_lines,
    "InternetService"::varchar(20) AS internet_service,
    (CASE "OnlineSecurity" WHEN 'No internet service' THEN 'No' ELSE "OnlineSecurity" END)::varchar(20) AS online_security,
    (CASE "OnlineBackup" WHEN 'No internet service' THEN 'No' ELSE "OnlineBackup" END)::varchar(20) AS online_backup,
    (CASE "DeviceProtection" WHEN 'No internet service' THEN 'No' ELSE "DeviceProtection" END)::varchar(20) AS device_protection,
    (CASE "TechSupport" WHEN 'No internet service' THEN 'No' ELSE "TechSupport" END)::varchar(20) AS tech_support,
    (CASE "StreamingTV" WHEN 'No internet service' THEN 'No' ELSE "StreamingTV" END)::varchar(20) AS streaming_tv,
    (CASE "StreamingMovies" WHEN 'No internet service' THEN 'No' ELSE "StreamingMovies" END)::varchar(20) AS streaming_movies,
    "Contract"::varchar(30) AS contract_type,
    CASE WHEN "PaperlessBilling" = 'Yes' THEN true
         WHEN "PaperlessBilling" IN ('No', 'No phone service', 'No internet service') THEN false END AS paperless_billing,
    "PaymentMethod"::varchar(50) AS payment_method,
    greatest(monthly_n, 0)::numeric(10,2) AS monthly_charges,
    total_n::numeric(12,2) AS total_charges,
    (CASE WHEN tenure_n > 0 THEN total_n / tenure_n ELSE monthly_n END)::numeric(10,2) AS avg_monthly_revenue,
    (CASE WHEN tenure_n BETWEEN 0 AND 12 THEN 'New' WHEN tenure_n BETWEEN 13 AND 36 THEN 'Growing'
          WHEN tenure_n BETWEEN 37 AND 100 THEN 'Loyal' ELSE 'nan' END)::varchar(20) AS customer_segment,
    CASE "Churn" WHEN 'Yes' THEN true WHEN 'No' THEN false END AS churned
  FROM (SELECT n.*, coalesce(months, 0) AS tenure_n, coalesce(monthly, 0) AS monthly_n, coalesce(total, 0) AS total_n
        FROM silver.customers_numbers n) c;
COMMENT ON MATERIALIZED VIEW silver.customers_staging IS 'Cleaned customers, one row each.';

-- Gold.

CREATE MATERIALIZED VIEW gold.churn_summary AS
  SELECT customer_segment, count(*) AS total_customers,
    sum(churned::int) AS churned_customers, sum((NOT churned)::int) AS retained_customers,
    round(avg(CASE WHEN churned THEN 1.0 ELSE 0.0 END) * 100, 2) AS churn_rate_percent,
    round(avg(monthly_charges), 2) AS avg_monthly_charges, round(avg(total_charges), 2) AS avg_total_charges,
    round(avg(tenure), 1) AS avg_tenure_months, round(sum(monthly_charges), 2) AS total_monthly_revenue
  FROM silver.customers_staging GROUP BY customer_segment;
COMMENT ON MATERIALIZED VIEW gold.churn_summary IS 'Churn by customer segment.';

CREATE MATERIALIZED VIEW gold.revenue_analysis AS
  SELECT contract_type, payment_method, count(*) AS customer_count, sum(churned::int) AS churned_count,
    round(avg(CASE WHEN churned THEN 1.0 ELSE 0.0 END) * 100, 2) AS churn_rate_percent,
    round(sum(monthly_charges), 2) AS total_monthly_revenue, round(avg(monthly_charges), 2) AS avg_revenue_per_customer,
    round(sum(total_charges), 2) AS total_lifetime_revenue,
    round(sum(CASE WHEN churned THEN monthly_charges ELSE 0 END), 2) AS at_risk_monthly_revenue,
    round(sum(CASE WHEN churned THEN total_charges ELSE 0 END), 2) AS lost_lifetime_revenue,
    round(sum(monthly_charges), 2) AS total_revenue
  FROM silver.customers_staging GROUP BY contract_type, payment_method;
COMMENT ON MATERIALIZED VIEW gold.revenue_analysis IS
  'Revenue and churn by contract and payment method; total_revenue is another name of total_monthly_revenue.';

CREATE MATERIALIZED VIEW gold.service_churn_correlation AS
  SELECT internet_service, online_security, tech_support, count(*) AS customer_count, sum(churned::int) AS churned_count,
    round(avg(CASE WHEN churned THEN 1.0 ELSE 0.0 END) * 100, 2) AS churn_rate_percent,
    round(avg(monthly_charges), 2) AS avg_monthly_charges, round(avg(tenure), 1) AS avg_tenure_months
  FROM silver.customers_staging WHERE internet_service IS NOT NULL
  GROUP BY internet_service, online_security, tech_support HAVING count(*) >= 10;
COMMENT ON MATERIALIZED VIEW gold.service_churn_correlation IS 'Churn by services, of groups of ten customers and more.';

CREATE MATERIALIZED VIEW gold.executive_summary AS
  SELECT count(*) AS total_customers, sum(churned::int) AS total_churned,
    round(avg(CASE WHEN churned THEN 1.0 ELSE 0.0 END) * 100, 2) AS overall_churn_rate,
    round(sum(monthly_charges), 2) AS total_monthly_revenue,
    round(sum(CASE WHEN churned THEN monthly_charges ELSE 0 END), 2) AS at_risk_revenue,
    round(avg(monthly_charges), 2) AS avg_revenue_per_customer, round(avg(tenure), 1) AS avg_customer_tenure
  FROM silver.customers_staging;
COMMENT ON MATERIALIZED VIEW gold.executive_summary IS 'The whole company in one row.';

CREATE MATERIALIZED VIEW gold.insights AS
  SELECT round(e.at_risk_revenue / nullif(e.total_monthly_revenue, 0) * 100, 1) AS revenue_at_risk_percent,
    e.at_risk_revenue * 12 AS annual_impact,
    (SELECT customer_segment FROM gold.churn_summary ORDER BY churn_rate_percent DESC, customer_segment LIMIT 1) AS priority_segment,
    (SELECT churn_rate_percent FROM gold.churn_summary ORDER BY churn_rate_percent DESC, customer_segment LIMIT 1) AS priority_churn_rate,
    (SELECT contract_type || ' / ' || payment_method FROM gold.revenue_analysis
      ORDER BY total_monthly_revenue DESC, contract_type, payment_method LIMIT 1) AS top_revenue_group,
    (SELECT total_monthly_revenue FROM gold.revenue_analysis
      ORDER BY total_monthly_revenue DESC, contract_type, payment_method LIMIT 1) AS top_revenue
  FROM gold.executive_summary e;
COMMENT ON MATERIALIZED VIEW gold.insights IS 'What a manager should know, in one row.';

-- Quality: the five promised validations, how many rows each looked at and how many failed.

CREATE MATERIALIZED VIEW quality.silver_validation AS
  SELECT count(*) AS total_records, count(DISTINCT customer_id) AS unique_customers,
    count(*) FILTER (WHERE churned) AS churned_count,
    count(*) FILTER (WHERE customer_id = '' OR tenure IS NULL OR monthly_charges IS NULL OR total_charges IS NULL) AS null_check
  FROM silver.customers_staging;

CREATE MATERIALIZED VIEW quality.validations AS
  SELECT count(*) AS records,
    count(*) FILTER (WHERE num_nulls(gender, "SeniorCitizen", "Partner", "Dependents", tenure, "PhoneService", "MultipleLines",
      "InternetService", "OnlineSecurity", "OnlineBackup", "DeviceProtection", "TechSupport", "StreamingTV", "StreamingMovies",
      "Contract", "PaperlessBilling", "PaymentMethod", "MonthlyCharges", "TotalCharges", "Churn") > 0) AS schema_failed,
    count(*) FILTER (WHERE btrim("customerID") = '' OR btrim(tenure) = '' OR btrim("MonthlyCharges") = ''
      OR btrim("TotalCharges") = '' OR btrim("Churn") = '') AS nulls_failed,
    count(*) FILTER (WHERE num_nulls(months, monthly, total) > 0 AND btrim("TotalCharges") <> '') AS types_failed,
    count(*) - count(DISTINCT "customerID") AS unique_failed,
    count(*) FILTER (WHERE "Churn" NOT IN ('Yes', 'No')) AS churn_flag_failed
  FROM silver.customers_numbers;
COMMENT ON MATERIALIZED VIEW quality.validations IS 'The five promised validations: rows checked, and rows that failed each.';
