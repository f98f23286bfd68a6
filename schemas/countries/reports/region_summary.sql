-- Countries by region.
SELECT region, country_count, subregion_count, total_population, total_area_km2, density_per_km2, avg_population, max_population
FROM gold.region_summary ORDER BY region
