-- Revenue by product category.
SELECT product_category, transaction_count, total_revenue, avg_transaction_value, min_transaction, max_transaction
FROM gold.category_analytics ORDER BY total_revenue DESC, product_category
