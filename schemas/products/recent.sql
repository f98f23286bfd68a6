-- Articles of a status that are ready since so many days before --as-of: --parameter status=created --parameter "back=-30 days".
SELECT * FROM products
WHERE articleStatus = :status AND b2bReadinessDate >= strftime('%Y-%m-%dT00:00:00.000Z', date(:as_of, :back))
ORDER BY rowid
