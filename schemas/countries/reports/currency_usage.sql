-- Countries and people by currency.
SELECT currency_code, currency_name, country_count, total_population
FROM gold.currency_usage ORDER BY country_count DESC, currency_code
