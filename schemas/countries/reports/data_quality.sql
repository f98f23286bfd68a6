-- What is empty, and the world's sums.
SELECT records, distinct_names, capital_missing, subregion_missing, currencies_missing, languages_missing, timezones_missing,
  population_zero, area_nonpositive, flag_alt_missing, multi_capital, total_population, total_area_km2
FROM gold.data_quality
