-- From view to cart to purchase, by day.
SELECT event_date, total_events, unique_users, views, add_to_carts, purchases, daily_revenue, view_to_cart_rate,
  cart_to_purchase_rate, overall_conversion_rate
FROM gold.event_funnel ORDER BY event_date
