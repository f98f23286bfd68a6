-- What is missing in the three files, and what is there twice.
SELECT c.records AS customers, c.duplicate_emails, c.completeness_percent AS customers_percent,
  t.records AS transactions, t.duplicates AS duplicate_transactions, t.completeness_percent AS transactions_percent,
  p.records AS products, p.duplicate_names, p.completeness_percent AS products_percent
FROM quality.customers c, quality.transactions t, quality.products p
