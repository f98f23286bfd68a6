-- As the first system printed it: lines only.
SELECT product_id, count FROM gold.order_items_pending_agg ORDER BY product_id
