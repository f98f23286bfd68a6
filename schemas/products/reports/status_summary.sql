-- Articles by status.
SELECT article_status, articles, first_ready, last_ready FROM gold.status_summary ORDER BY articles DESC, article_status
