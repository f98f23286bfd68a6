-- Subqueries as expressions, correlated and not, in every clause.
CREATE TABLE a (id int PRIMARY KEY, k int, s text, n int);
CREATE TABLE b (id int PRIMARY KEY, k int, s text, n int);
CREATE MATERIALIZED VIEW scalar AS SELECT id, (SELECT max(n) FROM b) AS most, n - (SELECT min(n) FROM b) AS d FROM a;
CREATE MATERIALIZED VIEW scalar_of AS SELECT id, (SELECT sum(b.n) FROM b WHERE b.k = a.k) AS s, (SELECT count(*) FROM b WHERE b.k = a.k) AS c FROM a;
CREATE MATERIALIZED VIEW by_key AS SELECT id, (SELECT b.s FROM b WHERE b.id = a.k) AS s FROM a;
CREATE MATERIALIZED VIEW less_than AS SELECT id, (SELECT count(*) FROM b WHERE b.n < a.n) AS below FROM a;
CREATE MATERIALIZED VIEW filtered AS SELECT id FROM a WHERE n > (SELECT avg(n) FROM b);
CREATE MATERIALIZED VIEW filtered_of AS SELECT id FROM a WHERE n >= (SELECT avg(b.n) FROM b WHERE b.k = a.k);
CREATE MATERIALIZED VIEW there AS SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.k = a.k AND b.n > a.n);
CREATE MATERIALIZED VIEW not_there AS SELECT id FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.k = a.k);
CREATE MATERIALIZED VIEW any_at_all AS SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE n > 40);
CREATE MATERIALIZED VIEW within AS SELECT id, s FROM a WHERE k IN (SELECT k FROM b WHERE n < 30);
CREATE MATERIALIZED VIEW not_within AS SELECT id FROM a WHERE k NOT IN (SELECT k FROM b);
CREATE MATERIALIZED VIEW not_within_of AS SELECT id FROM a WHERE n NOT IN (SELECT b.n FROM b WHERE b.k = a.k);
CREATE MATERIALIZED VIEW rows_in AS SELECT id FROM a WHERE (k, s) IN (SELECT k, s FROM b);
CREATE MATERIALIZED VIEW as_value AS SELECT id, k IN (SELECT k FROM b) AS i, EXISTS (SELECT 1 FROM b WHERE b.s = a.s) AS e, k = ANY (SELECT n FROM b) AS y FROM a;
CREATE MATERIALIZED VIEW compared AS SELECT id, n > ALL (SELECT n FROM b WHERE b.k = a.k) AS a1, n < ANY (SELECT n FROM b WHERE b.k = a.k) AS a2, n <> ALL (SELECT n FROM b) AS a3 FROM a;
CREATE MATERIALIZED VIEW in_case AS SELECT id, CASE WHEN k > 2 THEN (SELECT min(s) FROM b) ELSE s END AS v FROM a;
CREATE MATERIALIZED VIEW or_there AS SELECT id FROM a WHERE n > 20 OR EXISTS (SELECT 1 FROM b WHERE b.id = a.id);
CREATE MATERIALIZED VIEW in_having AS SELECT k, sum(n) AS s FROM a GROUP BY k HAVING sum(n) > (SELECT avg(n) FROM b);
CREATE MATERIALIZED VIEW grouped AS SELECT (SELECT max(s) FROM b WHERE b.k = a.k) AS m, count(*) AS n FROM a GROUP BY 1;
CREATE MATERIALIZED VIEW in_aggregate AS SELECT k, sum((SELECT count(*) FROM b WHERE b.k = a.k)) AS s FROM a GROUP BY k;
CREATE MATERIALIZED VIEW deep AS SELECT id FROM a WHERE k IN (SELECT k FROM b WHERE n > (SELECT avg(n) FROM b x WHERE x.k = b.k));
CREATE MATERIALIZED VIEW twice_of AS SELECT id, (SELECT count(*) FROM b WHERE b.k = a.k AND b.n > (SELECT min(n) FROM a x WHERE x.k = a.k)) AS c FROM a;
CREATE MATERIALIZED VIEW beside AS SELECT a.id, l.n, l.m FROM a CROSS JOIN LATERAL (SELECT count(*) AS n, max(b.n) AS m FROM b WHERE b.k = a.k) l;
CREATE MATERIALIZED VIEW beside_rows AS SELECT a.id, l.id AS bid FROM a JOIN LATERAL (SELECT b.id FROM b WHERE b.k = a.k AND b.n > a.n) l ON true;
CREATE MATERIALIZED VIEW beside_left AS SELECT a.id, l.id AS bid FROM a LEFT JOIN LATERAL (SELECT b.id FROM b WHERE b.k = a.k AND b.n < a.n) l ON true;
CREATE MATERIALIZED VIEW beside_top AS SELECT a.id, l.id AS bid, l.n FROM a CROSS JOIN LATERAL (SELECT b.id, b.n FROM b WHERE b.k = a.k ORDER BY b.n DESC, b.id LIMIT 2) l;
CREATE MATERIALIZED VIEW of_table AS SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.k = a.k AND EXISTS (SELECT 1 FROM a y WHERE y.s = b.s AND y.id <> a.id));
CREATE MATERIALIZED VIEW arrays AS SELECT id, ARRAY(SELECT b.n FROM b WHERE b.k = a.k ORDER BY b.id) AS ns FROM a;
INSERT INTO a SELECT i, nullif(i % 6, 5), (ARRAY['x', 'y', 'z'])[1 + i % 3], (i * 7) % 50 FROM generate_series(1, 24) i;
INSERT INTO b SELECT i, nullif(i % 5, 4), (ARRAY['x', 'y', 'q'])[1 + i % 3], (i * 11) % 45 FROM generate_series(1, 15) i;
-- check
UPDATE b SET k = k + 1 WHERE id % 3 = 0;
UPDATE b SET n = NULL WHERE id = 5;
DELETE FROM a WHERE id % 7 = 1;
-- check
DELETE FROM b WHERE k IS NULL;
UPDATE a SET n = n + 13, s = 'q' WHERE id % 2 = 0;
INSERT INTO b VALUES (30, 1, NULL, 50), (31, 3, 'z', 3);
-- check
DELETE FROM b WHERE k = 1;
UPDATE a SET k = 1 WHERE id % 5 = 2;
-- check
TRUNCATE b;
-- check
INSERT INTO b VALUES (1, 2, 'x', 10), (2, NULL, NULL, NULL);
UPDATE a SET k = 2 WHERE k IS NULL;
-- check
