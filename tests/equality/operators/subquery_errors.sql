-- What a scalar subquery gives may raise: the error is the row's that reads it, and none where CASE or WHERE does not ask.
CREATE TABLE a (id int PRIMARY KEY, k int, s text);
CREATE TABLE b (id int PRIMARY KEY, k int, n int, s text);
CREATE MATERIALIZED VIEW single AS SELECT id, (SELECT 10 / b.n FROM b WHERE b.id = a.k) AS v FROM a;
-- oracle single: SELECT id, (SELECT 10 / nullif(b.n, 0) FROM b WHERE b.id = a.k) AS v FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.id = a.k AND b.n = 0)
CREATE MATERIALIZED VIEW of_sums AS SELECT id, (SELECT sum(b.n) / count(b.n) FROM b WHERE b.k = a.k) AS v FROM a;
CREATE MATERIALIZED VIEW asked AS SELECT id, CASE WHEN a.s <> '' THEN (SELECT (b.s || a.s)::int FROM b WHERE b.id = a.k) END AS v, coalesce((SELECT 10 / b.n FROM b WHERE b.id = a.k AND b.n <> 0), -1) AS w FROM a;
-- oracle asked: SELECT id, CASE WHEN a.s <> '' THEN (SELECT (b.s || a.s)::int FROM b WHERE b.id = a.k) END AS v, coalesce((SELECT 10 / b.n FROM b WHERE b.id = a.k AND b.n <> 0), -1) AS w FROM a WHERE NOT (s <> '' AND EXISTS (SELECT 1 FROM b WHERE b.id = a.k AND b.s || a.s !~ '^[0-9]+$'))
CREATE MATERIALIZED VIEW guarded AS SELECT id, CASE WHEN a.k <> 0 THEN (SELECT max(b.n) / a.k FROM b) END AS v FROM a;
CREATE MATERIALIZED VIEW several AS SELECT id, (SELECT 10 / b.n FROM b WHERE b.k = a.k) AS v FROM a;
-- oracle several: SELECT id, (SELECT 10 / nullif(min(b.n), 0) FROM b WHERE b.k = a.k) AS v FROM a WHERE (SELECT count(*) FROM b WHERE b.k = a.k) < 2 AND NOT EXISTS (SELECT 1 FROM b WHERE b.k = a.k AND b.n = 0)
CREATE MATERIALIZED VIEW in_where AS SELECT id FROM a WHERE (SELECT 10 / b.n FROM b WHERE b.id = a.k) > 1;
-- oracle in_where: SELECT id FROM a WHERE (SELECT 10 / nullif(b.n, 0) FROM b WHERE b.id = a.k) > 1
CREATE MATERIALIZED VIEW in_groups AS SELECT k, count(*) AS n, (SELECT 10 / b.n FROM b WHERE b.id = a.k) AS v FROM a GROUP BY k;
-- oracle in_groups: SELECT k, count(*) AS n, (SELECT 10 / nullif(b.n, 0) FROM b WHERE b.id = a.k) AS v FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.id = a.k AND b.n = 0) GROUP BY k
CREATE MATERIALIZED VIEW alone AS SELECT id, (SELECT 100 / (count(*) - 4) FROM b) AS v FROM a;
-- oracle alone: SELECT id, NULL::bigint AS v FROM a WHERE false
CREATE MATERIALIZED VIEW unasked AS SELECT id, (SELECT 10 / b.n FROM b WHERE b.id = a.k) AS v FROM a WHERE a.k > 1;
-- oracle unasked: SELECT id, (SELECT 10 / nullif(b.n, 0) FROM b WHERE b.id = a.k) AS v FROM a WHERE a.k > 1 AND NOT EXISTS (SELECT 1 FROM b WHERE b.id = a.k AND b.n = 0)
CREATE MATERIALIZED VIEW defaults AS SELECT id, (SELECT coalesce(max(b.n), 7) * 2 FROM b WHERE b.k = a.id) AS v, (SELECT 'x' || a.s FROM b WHERE b.id = a.id) AS w FROM a;
CREATE MATERIALIZED VIEW asked_for AS SELECT id, CASE WHEN a.k <> 0 THEN (SELECT count(*) FROM b WHERE b.n = 10 / a.k) END AS v FROM a;
CREATE MATERIALIZED VIEW asked_any AS SELECT id FROM a WHERE a.k = 0 OR EXISTS (SELECT 1 FROM b WHERE b.n = 4 / a.k);
CREATE MATERIALIZED VIEW asked_in AS SELECT id, CASE WHEN a.k > 0 THEN 4 / a.k IN (SELECT b.n FROM b) END AS v, CASE WHEN a.s ~ '^[0-9]+$' THEN a.s::int = ANY (SELECT b.n FROM b WHERE b.k <> a.k) END AS w FROM a;
CREATE MATERIALIZED VIEW asked_on AS SELECT a.id, b.id AS other FROM a LEFT JOIN b ON a.k <> 0 AND b.k = a.k AND CASE WHEN b.n <> 0 THEN (SELECT count(*) FROM b c WHERE c.n = 20 / b.n AND c.k >= a.k / b.n) = 0 ELSE true END;
CREATE MATERIALIZED VIEW asked_unguarded AS SELECT id, (SELECT count(*) FROM b WHERE b.n = 10 / a.k) AS v FROM a;
-- oracle asked_unguarded: SELECT id, (SELECT count(*) FROM b WHERE b.n = 10 / nullif(a.k, 0)) AS v FROM a WHERE k <> 0 OR k IS NULL
INSERT INTO a VALUES (1, 1, '1'), (2, 2, ''), (3, 3, 'x'), (4, NULL, '2'), (5, 0, NULL), (6, 9, '5');
INSERT INTO b VALUES (1, 1, 5, '4'), (2, 2, 0, 'q'), (3, 3, 2, '6');
-- check
INSERT INTO b VALUES (4, 3, 1, '');
-- check
UPDATE b SET n = 4 WHERE id = 2;
UPDATE b SET n = 0 WHERE id = 1;
-- check
DELETE FROM b WHERE id IN (1, 4);
UPDATE a SET s = '7' WHERE id = 3;
-- check
