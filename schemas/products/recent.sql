-- The articles of one status that are ready for business customers since some days, in the table's order: what
-- `product-updates` is to say. :articleStatus and :days_back are given by --parameter, :as_of by --as-of or the run.
SELECT * FROM products
 WHERE articleStatus = :articleStatus
   AND b2bReadinessDate >= date(:as_of, '-' || :days_back || ' days')
