-- Open items by product.
SELECT product_id, product_name, open_item_lines, open_quantity
FROM gold.open_items ORDER BY open_quantity DESC, product_id
