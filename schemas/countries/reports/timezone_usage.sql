-- Countries by time zone.
SELECT timezone, country_count FROM gold.timezone_usage ORDER BY timezone
