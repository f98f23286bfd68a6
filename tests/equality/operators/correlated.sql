-- Subqueries and LATERAL that name the query around in other ways than by equality in WHERE, at any depth, in every clause.
CREATE TABLE a (id int PRIMARY KEY, k int, s text, n int);
CREATE TABLE b (id int PRIMARY KEY, k int, s text, n int);
CREATE TABLE c (id int PRIMARY KEY, b_id int, v numeric(6,2));
CREATE MATERIALIZED VIEW beyond AS SELECT id, (SELECT count(*) FROM b WHERE b.n > a.n AND b.k <> a.k) AS c FROM a;
CREATE MATERIALIZED VIEW bare_exists AS SELECT id, NOT EXISTS (SELECT FROM b WHERE b.n = a.n) AS e FROM a WHERE EXISTS (SELECT FROM b WHERE b.k = a.k);
CREATE MATERIALIZED VIEW with_value AS SELECT id, (SELECT max(b.n + a.n) FROM b WHERE b.k = a.k) AS m FROM a;
CREATE MATERIALIZED VIEW count_plus AS SELECT id, (SELECT count(*) + a.n FROM b WHERE b.k = a.k) AS m FROM a;
CREATE MATERIALIZED VIEW own_constant AS SELECT id, (SELECT 7 FROM b WHERE b.id = a.k) AS m, (SELECT coalesce(max(n), -1) FROM b WHERE b.k = a.k) AS n FROM a;
CREATE MATERIALIZED VIEW null_safe AS SELECT id, (SELECT sum(n) FROM b WHERE b.k IS NOT DISTINCT FROM a.k) AS m FROM a;
CREATE MATERIALIZED VIEW by_expression AS SELECT id, (SELECT count(*) FROM b WHERE b.k + 1 = a.k * 2 AND upper(b.s) = upper(a.s)) AS m FROM a;
CREATE MATERIALIZED VIEW pure_outer AS SELECT id, (SELECT max(n) FROM b WHERE a.n > 20) AS m, EXISTS (SELECT 1 FROM b WHERE a.k = 2) AS e FROM a;
CREATE MATERIALIZED VIEW no_from AS SELECT id, (SELECT a.n * 2) AS m, (SELECT max(x) FROM (VALUES (a.n), (a.k), (3)) v(x)) AS most FROM a;
CREATE MATERIALIZED VIEW having_of AS SELECT id, (SELECT sum(b.n) FROM b WHERE b.k = a.k HAVING count(*) > 1) AS m, EXISTS (SELECT count(*) FROM b WHERE b.k = a.k HAVING count(*) < 2) AS e FROM a;
CREATE MATERIALIZED VIEW grouped_of AS SELECT id, (SELECT max(c) FROM (SELECT count(*) AS c FROM b WHERE b.k = a.k GROUP BY b.s) g) AS m FROM a;
CREATE MATERIALIZED VIEW first_of AS SELECT id, (SELECT b.s FROM b WHERE b.k = a.k ORDER BY b.n DESC, b.id LIMIT 1) AS s FROM a;
CREATE MATERIALIZED VIEW second_of AS SELECT id, (SELECT b.id FROM b WHERE b.n < a.n ORDER BY b.n DESC, b.id OFFSET 1 LIMIT 1) AS s FROM a;
CREATE MATERIALIZED VIEW windowed_of AS SELECT a.id, w.id AS bid, w.r FROM a, LATERAL (SELECT b.id, rank() OVER (ORDER BY b.n) AS r FROM b WHERE b.k = a.k) w;
CREATE MATERIALIZED VIEW distinct_of AS SELECT a.id, d.s FROM a, LATERAL (SELECT DISTINCT b.s FROM b WHERE b.k >= a.k) d;
CREATE MATERIALIZED VIEW distinct_on_of AS SELECT a.id, d.id AS bid FROM a, LATERAL (SELECT DISTINCT ON (b.s) b.id FROM b WHERE b.k <= a.k ORDER BY b.s, b.n, b.id) d;
CREATE MATERIALIZED VIEW sets_of AS SELECT a.id, u.k FROM a, LATERAL (SELECT b.k FROM b WHERE b.n > a.n UNION SELECT a.k UNION SELECT c.b_id FROM c WHERE c.id = a.id) u;
CREATE MATERIALIZED VIEW except_of AS SELECT id FROM a WHERE EXISTS (SELECT b.k FROM b EXCEPT SELECT a.k);
CREATE MATERIALIZED VIEW limited_sets AS SELECT a.id, u.n FROM a, LATERAL ((SELECT b.n FROM b WHERE b.k = a.k) UNION ALL SELECT a.n ORDER BY n LIMIT 2) u;
CREATE MATERIALIZED VIEW rollup_of AS SELECT a.id, g.s, g.c FROM a, LATERAL (SELECT b.s, count(*) AS c FROM b WHERE b.k = a.k GROUP BY ROLLUP (b.s)) g;
CREATE MATERIALIZED VIEW two_levels AS SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.k = a.k AND EXISTS (SELECT 1 FROM c WHERE c.b_id = b.id AND c.v > a.n));
CREATE MATERIALIZED VIEW skipping AS SELECT id, (SELECT count(*) FROM b WHERE EXISTS (SELECT 1 FROM c WHERE c.b_id = a.id AND c.id > b.id)) AS m FROM a;
CREATE MATERIALIZED VIEW inner_of AS SELECT id, (SELECT sum(c.v) FROM b JOIN c ON c.b_id = b.id AND c.v > a.k WHERE b.k = a.k) AS m FROM a;
CREATE MATERIALIZED VIEW left_of AS SELECT id, (SELECT count(c.id) FROM b LEFT JOIN c ON c.b_id = b.id AND c.v > a.k WHERE b.k = a.k) AS m FROM a;
CREATE MATERIALIZED VIEW derived_of AS SELECT id, (SELECT max(t.x) FROM (SELECT b.n AS x FROM b WHERE b.k = a.k ORDER BY b.n, b.id LIMIT 2) t) AS m FROM a;
CREATE MATERIALIZED VIEW lateral_chain AS SELECT a.id, x.m, y.c FROM a CROSS JOIN LATERAL (SELECT max(b.n) AS m FROM b WHERE b.k = a.k) x CROSS JOIN LATERAL (SELECT count(*) AS c FROM b WHERE b.n = x.m) y;
CREATE MATERIALIZED VIEW lateral_left AS SELECT a.id, l.c FROM a LEFT JOIN LATERAL (SELECT count(*) AS c FROM b WHERE b.k = a.k) l ON l.c > 1;
CREATE MATERIALIZED VIEW lateral_comma AS SELECT a.id, b.id AS bid, l.v FROM a, b, LATERAL (SELECT sum(c.v) AS v FROM c WHERE c.b_id = b.id AND c.id > a.k) l WHERE a.k = b.k;
CREATE MATERIALIZED VIEW in_on AS SELECT a.id, b.id AS bid FROM a JOIN b ON a.k = b.k AND b.n > (SELECT avg(n) FROM b x WHERE x.k = b.k);
CREATE MATERIALIZED VIEW in_left_on AS SELECT a.id, b.id AS bid FROM a LEFT JOIN b ON a.k = b.k AND EXISTS (SELECT 1 FROM c WHERE c.b_id = b.id);
CREATE MATERIALIZED VIEW in_left_on_left AS SELECT a.id, b.id AS bid FROM a LEFT JOIN b ON a.k = b.k AND a.id IN (SELECT c.b_id FROM c);
CREATE MATERIALIZED VIEW in_order AS SELECT id FROM a ORDER BY (SELECT count(*) FROM b WHERE b.k = a.k) DESC, id LIMIT 5;
CREATE MATERIALIZED VIEW beside_groups AS SELECT k, count(*) AS c, (SELECT min(b.n) FROM b WHERE b.k = a.k) AS m FROM a GROUP BY k HAVING count(*) >= (SELECT count(*) FROM b WHERE b.k = a.k);
CREATE MATERIALIZED VIEW in_filter AS SELECT k, count(*) FILTER (WHERE n > (SELECT avg(n) FROM b)) AS c, sum(n) FILTER (WHERE EXISTS (SELECT 1 FROM b WHERE b.id = a.id)) AS s FROM a GROUP BY k;
CREATE MATERIALIZED VIEW in_window AS SELECT id, sum((SELECT count(*) FROM b WHERE b.k = a.k)) OVER (PARTITION BY s) AS c FROM a;
CREATE MATERIALIZED VIEW any_of AS SELECT id, n > ANY (SELECT b.n FROM b WHERE b.s = a.s) AS x, n <= ALL (SELECT b.n FROM b) AS y, s LIKE ANY (SELECT s || '%' FROM b) AS z FROM a;
CREATE MATERIALIZED VIEW rows_not_in AS SELECT id FROM a WHERE (k, n) NOT IN (SELECT k, n FROM b WHERE b.id > 3);
CREATE MATERIALIZED VIEW rows_value AS SELECT id, (k, s) IN (SELECT k, s FROM b) AS i FROM a;
CREATE MATERIALIZED VIEW in_numeric AS SELECT id FROM a WHERE n IN (SELECT v FROM c) OR k IN (SELECT v / 2 FROM c);
CREATE MATERIALIZED VIEW in_aggregate AS SELECT id FROM a WHERE n IN (SELECT max(n) FROM b WHERE b.k = a.k);
CREATE MATERIALIZED VIEW in_having AS SELECT k FROM a GROUP BY k HAVING sum(n) IN (SELECT n FROM b) OR max(n) NOT IN (SELECT n FROM b);
CREATE MATERIALIZED VIEW not_in_or AS SELECT id FROM a WHERE NOT (k IN (SELECT k FROM b WHERE b.n < a.n) AND n > 5);
CREATE MATERIALIZED VIEW constants AS SELECT id, 3 IN (SELECT k FROM b) AS x, NULL IN (SELECT k FROM b) AS y, 5 > ALL (SELECT k FROM b) AS z FROM a;
CREATE MATERIALIZED VIEW arrays_of AS SELECT id, ARRAY(SELECT b.s FROM b WHERE b.n > a.n ORDER BY b.n, b.id) AS ss, cardinality(ARRAY(SELECT id FROM b ORDER BY 1)) AS c FROM a;
CREATE MATERIALIZED VIEW over_union AS SELECT u.k, (SELECT count(*) FROM b WHERE b.k = u.k) AS c FROM (SELECT k FROM a UNION ALL SELECT k + 1 FROM a) u;
CREATE MATERIALIZED VIEW over_full AS SELECT a.id, b.id AS bid, EXISTS (SELECT 1 FROM c WHERE c.b_id = b.id) AS e FROM a FULL JOIN b ON a.k = b.k;
CREATE MATERIALIZED VIEW deep_case AS SELECT id, CASE WHEN n > 10 THEN (SELECT s FROM b WHERE b.id = a.id) ELSE (SELECT s FROM b WHERE b.id = a.k) END AS v FROM a;
INSERT INTO a SELECT i, nullif(i % 6, 5), (ARRAY['x', 'y', 'z'])[1 + i % 3], (i * 7) % 50 FROM generate_series(1, 24) i;
INSERT INTO b SELECT i, nullif(i % 5, 4), (ARRAY['x', 'y', 'q'])[1 + i % 3], (i * 11) % 45 FROM generate_series(1, 15) i;
INSERT INTO c SELECT i, 1 + i % 17, (i * 13) % 40 FROM generate_series(1, 20) i;
-- check
UPDATE b SET k = k + 1 WHERE id % 3 = 0;
UPDATE b SET n = NULL WHERE id = 5;
DELETE FROM a WHERE id % 7 = 1;
UPDATE c SET b_id = b_id + 1, v = v + 0.5 WHERE id % 4 = 0;
-- check
DELETE FROM b WHERE k IS NULL;
UPDATE a SET n = n + 13, s = 'q' WHERE id % 2 = 0;
INSERT INTO b VALUES (30, 1, NULL, 50), (31, 3, 'z', 3);
-- check
DELETE FROM b WHERE k = 1;
UPDATE a SET k = 1 WHERE id % 5 = 2;
DELETE FROM c WHERE id < 8;
-- check
TRUNCATE b;
-- check
INSERT INTO b VALUES (1, 2, 'x', 10), (2, NULL, NULL, NULL), (3, 2, 'x', 7);
UPDATE a SET k = 2 WHERE k IS NULL;
-- check
