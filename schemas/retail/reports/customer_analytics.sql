-- Customers by segment and city.
SELECT customer_segment, city, customer_count, avg_age, avg_total_spent, avg_order_value, segment_revenue
FROM gold.customer_analytics ORDER BY segment_revenue DESC, customer_segment, city
