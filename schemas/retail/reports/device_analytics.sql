-- Revenue by device and browser.
SELECT device, browser, transaction_count, total_revenue
FROM gold.device_analytics ORDER BY transaction_count DESC, device, browser
