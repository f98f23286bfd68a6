-- GET /analytics/orders/product
-- Pending items by product.
SELECT product_id, product_name, pending_item_lines, pending_quantity
FROM gold.pending_items ORDER BY pending_quantity DESC, product_id
