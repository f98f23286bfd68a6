-- The twenty users who do most.
SELECT user_id, total_events, unique_event_types, active_days, total_spent, total_items_purchased, avg_session_duration,
  round(days_active_period, 2) AS days_active_period, engagement_score
FROM gold.user_engagement ORDER BY engagement_score DESC, user_id LIMIT 20
