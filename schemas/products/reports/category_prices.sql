-- Prices by category and brand.
SELECT product_category, brand_name, articles, avg_price_eur, min_price_eur, max_price_eur, with_usd, with_gbp
FROM gold.category_prices ORDER BY product_category, brand_name
