-- Tests of pipeline.sql: sluice-views --test schemas/telco/test.sql

-- test: a customer is cleaned
INSERT INTO bronze.customers ("customerID", gender, "SeniorCitizen", "Partner", tenure, "PhoneService", "MultipleLines",
  "OnlineSecurity", "Contract", "MonthlyCharges", "TotalCharges", "Churn") VALUES
  ('7590-VHVEG', 'female', '0', 'Yes', '10', 'No', 'No phone service', 'No internet service', 'Two year', '29.85', '300', 'No');
-- then silver.customers_staging (customer_id, gender, senior_citizen, partner, phone_service, multiple_lines, online_security)
VALUES ('7590-VHVEG', 'Female', false, true, false, 'No', 'No');
-- then silver.customers_staging (tenure, monthly_charges, total_charges, avg_monthly_revenue, customer_segment, churned)
VALUES (10, 29.85, 300.00, 30.00, 'New', false);

-- test: what is no number is 0; a negative tenure has no segment
INSERT INTO bronze.customers ("customerID", tenure, "MonthlyCharges", "TotalCharges") VALUES
  ('a', 'ten', 'much', ' '), ('b', '-1', '20', '20');
-- then silver.customers_staging (customer_id, tenure, monthly_charges, total_charges, avg_monthly_revenue, customer_segment)
VALUES ('a', 0, 0, 0, 0, 'New'), ('b', 0, 20, 20, 20, 'nan');
-- then dead_letters: no rows

-- test: churn by segment follows who leaves and who comes back
INSERT INTO bronze.customers ("customerID", tenure, "MonthlyCharges", "TotalCharges", "Churn")
  SELECT 'c' || n, '5', '10', '50', 'No' FROM generate_series(1, 4) AS n;
UPDATE bronze.customers SET "Churn" = 'Yes' WHERE "customerID" IN ('c1', 'c2');
UPDATE bronze.customers SET "Churn" = 'No' WHERE "customerID" = 'c2';
-- then gold.churn_summary (customer_segment, total_customers, churned_customers, retained_customers, churn_rate_percent)
VALUES ('New', 4, 1, 3, 25.00);
DELETE FROM bronze.customers WHERE "Churn" = 'Yes';
-- then gold.churn_summary (customer_segment, total_customers, churned_customers, retained_customers, churn_rate_percent)
VALUES ('New', 3, 0, 3, 0);

-- test: services are told of ten customers and more
INSERT INTO bronze.customers ("customerID", "InternetService", "OnlineSecurity", "TechSupport", "MonthlyCharges", "Churn")
  SELECT 'd' || n, 'DSL', 'Yes', 'No', '10', 'No' FROM generate_series(1, 9) AS n;
-- then gold.service_churn_correlation: no rows
INSERT INTO bronze.customers ("customerID", "InternetService", "OnlineSecurity", "TechSupport", "MonthlyCharges", "Churn")
  VALUES ('d10', 'DSL', 'Yes', 'No', '20', 'Yes');
-- then gold.service_churn_correlation (internet_service, customer_count, churned_count, churn_rate_percent, avg_monthly_charges)
VALUES ('DSL', 10, 1, 10.00, 11.00);
TRUNCATE bronze.customers;
-- then gold.service_churn_correlation: no rows
-- then gold.executive_summary (total_customers, total_churned)
VALUES (0, NULL);
