-- Prices of the JSON feed by currency.
SELECT kind, currency, prices, avg_price, articles FROM gold.currency_prices ORDER BY kind, currency
