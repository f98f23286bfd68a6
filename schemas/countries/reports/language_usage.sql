-- Countries and people by language.
SELECT language_code, language_name, country_count, total_population
FROM gold.language_usage ORDER BY country_count DESC, language_code
