-- Countries by subregion.
SELECT region, subregion, country_count, total_population, total_area_km2, density_per_km2
FROM gold.subregion_summary ORDER BY region, subregion
