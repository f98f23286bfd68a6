-- Products by category and supplier.
SELECT category, supplier, product_count, avg_price, total_stock
FROM gold.product_analytics ORDER BY category, product_count DESC, supplier
