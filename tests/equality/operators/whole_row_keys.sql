-- Whole rows that groups, orders, partitions and DISTINCT go by; rows of an outer join's side without a column that is NOT NULL.
CREATE TABLE a (id int PRIMARY KEY, x int, n numeric, s text);
CREATE TABLE b (id int PRIMARY KEY, y int, m numeric, t text);
CREATE MATERIALIZED VIEW left_subquery AS SELECT a.id, row_to_json(q) AS r, q IS NULL AS none, count_nulls FROM a LEFT JOIN (SELECT y, max(t) AS t, num_nulls(max(t)) AS count_nulls FROM b GROUP BY y) q ON q.y = a.x;
CREATE MATERIALIZED VIEW left_nullable AS SELECT a.id, q::text AS r, to_jsonb(q) AS j, q IS NOT NULL AS there FROM a LEFT JOIN (SELECT t, m FROM b) q ON q.t = a.s;
CREATE MATERIALIZED VIEW left_lateral AS SELECT a.id, row_to_json(q) AS r FROM a LEFT JOIN LATERAL (SELECT b.t, a.n AS n FROM b WHERE b.y = a.x ORDER BY b.id LIMIT 1) q ON true;
CREATE MATERIALIZED VIEW full_both AS SELECT p.x, q.y, row_to_json(p) AS a, q::text AS b, p = q AS same, p IS DISTINCT FROM q AS other FROM (SELECT x, s FROM a) p FULL JOIN (SELECT y, t FROM b) q ON p.x = q.y;
CREATE MATERIALIZED VIEW left_counts AS SELECT a.x, count(q) AS found, count(*) AS rows, count(DISTINCT q) AS kinds FROM a LEFT JOIN (SELECT y, t FROM b) q ON q.y = a.x GROUP BY a.x;
CREATE MATERIALIZED VIEW left_functions AS SELECT a.id, row_to_json(g) AS r, g IS NULL AS none FROM a LEFT JOIN LATERAL unnest(string_to_array(a.s, ',')) WITH ORDINALITY AS g(part, number) ON g.number > 1;
CREATE MATERIALIZED VIEW left_around AS SELECT a.id, (SELECT string_agg(q::text || b.id, ';' ORDER BY b.id) FROM b WHERE b.id >= a.id) AS rows FROM a LEFT JOIN (SELECT y, t FROM b) q ON q.y = a.id;
CREATE MATERIALIZED VIEW left_nested AS SELECT a.id, row_to_json(q) AS q, row_to_json(r) AS r FROM a LEFT JOIN ((SELECT y, t FROM b) q LEFT JOIN (SELECT m, y AS z FROM b) r ON r.z = q.y + 1) ON q.y = a.x;
CREATE MATERIALIZED VIEW left_where AS SELECT a.id FROM a LEFT JOIN (SELECT y, t FROM b) q ON q.y = a.x WHERE q IS NULL OR q::text LIKE '%,b';
CREATE MATERIALIZED VIEW grouped AS SELECT row_to_json(q) AS r, count(*) AS rows FROM (SELECT x, s FROM a) q GROUP BY q;
CREATE MATERIALIZED VIEW grouped_left AS SELECT row_to_json(q) AS r, q IS NULL AS none, count(*) AS rows, max(a.id) AS most FROM a LEFT JOIN (SELECT y, t FROM b) q ON q.y = a.x GROUP BY q;
CREATE MATERIALIZED VIEW grouped_table AS SELECT to_jsonb(a) AS r, count(b.id) AS rows FROM a LEFT JOIN b ON b.y = a.x GROUP BY a;
CREATE MATERIALIZED VIEW last_of AS SELECT id, row_number() OVER (PARTITION BY x ORDER BY a DESC) AS n FROM a;
-- refused grouped_sets
CREATE MATERIALIZED VIEW grouped_sets AS SELECT q::text AS r, count(*) AS rows FROM (SELECT x, s FROM a) q GROUP BY GROUPING SETS ((q), ());
CREATE MATERIALIZED VIEW ordered AS SELECT x, string_agg(s || id::text, ',' ORDER BY a DESC) AS list, json_agg(a ORDER BY a) AS j FROM a GROUP BY x;
CREATE MATERIALIZED VIEW ordered_left AS SELECT string_agg(a.id || coalesce(q.t, '-'), ',' ORDER BY q NULLS FIRST, a.id) AS list, string_agg(a.id || coalesce(q.t, '-'), ',' ORDER BY q DESC, a.id) AS down FROM a LEFT JOIN (SELECT y, t FROM b) q ON q.y = a.x;
CREATE MATERIALIZED VIEW top AS SELECT id, x FROM a ORDER BY a DESC LIMIT 3;
CREATE MATERIALIZED VIEW first_of AS SELECT DISTINCT ON (q) a.id, row_to_json(q) AS r FROM a LEFT JOIN (SELECT y, t FROM b) q ON q.y = a.x ORDER BY q, a.id;
CREATE MATERIALIZED VIEW numbered AS SELECT a.id, dense_rank() OVER (ORDER BY a) AS n, rank() OVER (ORDER BY q DESC) AS r, count(*) OVER (PARTITION BY q) AS same FROM a LEFT JOIN (SELECT y, t FROM b) q ON q.y = a.x;
INSERT INTO a VALUES (1, 1, 1, 'a'), (2, 1, 1.0, 'a,b'), (3, 2, 2, 'c'), (4, NULL, NULL, NULL), (5, 3, 10, 'e'), (6, 2, 2.00, 'c');
INSERT INTO b VALUES (1, 1, 2, 'a'), (2, 2, 2.0, 'b'), (3, 1, 3, 'c'), (4, NULL, NULL, NULL), (6, 3, 11, NULL), (7, 4, NULL, 'e');
-- check
UPDATE a SET x = 2, s = 'c' WHERE id IN (2, 5);
UPDATE b SET y = NULL WHERE id = 1;
-- check
DELETE FROM b WHERE id IN (2, 6);
UPDATE b SET t = NULL WHERE id = 3;
INSERT INTO a VALUES (7, NULL, NULL, NULL), (8, 9, 1, 'x,y,z');
-- check
TRUNCATE b;
-- check
INSERT INTO b SELECT i, i % 4, i % 3, chr(96 + i % 5) FROM generate_series(1, 10) i;
-- check
