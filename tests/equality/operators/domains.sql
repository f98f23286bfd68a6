-- What a subquery names of the query around it, given back as it is: equal values that are not the same (1.0, 1.00), and functions that are asked for no row which WHERE leaves out.
CREATE TABLE a (id int PRIMARY KEY, n numeric, f float8, c char(4), i interval, j jsonb, k int, ns numeric[]);
CREATE TABLE b (id int PRIMARY KEY, k int, v int);
CREATE MATERIALIZED VIEW lateral_limit AS SELECT a.id, x.* FROM a CROSS JOIN LATERAL (SELECT a.n AS n, a.f AS f, a.i AS i, a.j AS j, a.ns, b.id AS b FROM b WHERE b.k = a.k ORDER BY b.id LIMIT 1) x;
CREATE MATERIALIZED VIEW scalar_text AS SELECT id, (SELECT max(a.n::text || b.v) FROM b WHERE b.k = a.k) AS m FROM a;
CREATE MATERIALIZED VIEW nested AS SELECT id, (SELECT max((SELECT min(a.n::text || c.id) FROM b c WHERE c.k = b.k AND c.id < a.k + 9)) FROM b WHERE b.v > a.n) AS m FROM a;
CREATE MATERIALIZED VIEW counted AS SELECT id, (SELECT count(*) FILTER (WHERE a.n::text LIKE '%.00' OR b.v > 8) FROM b WHERE b.k = a.k) AS m, (SELECT string_agg(a.n::text || b.id, ',' ORDER BY b.id) FROM b WHERE b.v < a.n) AS s FROM a;
CREATE MATERIALIZED VIEW unnested AS SELECT a.id, u FROM a LEFT JOIN LATERAL unnest(a.ns) AS u ON u > 1;
CREATE MATERIALIZED VIEW documents AS SELECT a.id, e.key, e.value FROM a LEFT JOIN LATERAL jsonb_each(a.j) AS e ON e.key <> 'z';
CREATE MATERIALIZED VIEW sets AS SELECT a.id, x.n FROM a CROSS JOIN LATERAL (SELECT a.n UNION ALL SELECT b.v FROM b WHERE b.k = a.k) x(n);
CREATE MATERIALIZED VIEW empties AS SELECT a.id, (SELECT a.n::text || count(b.id) FROM b WHERE b.k > a.k) AS t FROM a;
CREATE MATERIALIZED VIEW guarded AS SELECT id, (SELECT count(*) FROM generate_series(1, 10 / a.k) g WHERE g > 1) AS m FROM a WHERE a.k <> 0;
CREATE MATERIALIZED VIEW guarded_exists AS SELECT id FROM a WHERE EXISTS (SELECT 1 FROM generate_series(1, 10 / a.k) g WHERE g > 6) AND a.k <> 0;
CREATE MATERIALIZED VIEW guarded_on AS SELECT b.id, a.id AS a, (SELECT sum(g) FROM generate_series(1, 10 / a.k) g) AS m FROM b JOIN a ON a.k = b.k AND a.k > 0;
CREATE MATERIALIZED VIEW guarded_group AS SELECT k, count(*) AS n, (SELECT sum(g) FROM generate_series(1, 10 / a.k) g) AS m FROM a WHERE k > 0 GROUP BY k;
CREATE MATERIALIZED VIEW guarded_having AS SELECT k, count(*) AS n FROM a WHERE k <> 0 GROUP BY k HAVING (SELECT sum(g) FROM generate_series(1, 10 / a.k) g) > 3;
INSERT INTO a VALUES (1, 1.0, 0, 'ab', '1 mon', '{"x": 1.0}', 1, '{2.0, 1}'), (2, 1.00, '-0', 'ab ', '30 days', '{"x": 1.00}', 1, '{2.00, 1}'),
  (3, 1, 1, 'x', '1 day', '{"z": 1}', 2, '{}'), (4, NULL, NULL, NULL, NULL, NULL, 0, NULL), (5, 2.50, 2, 'b', '24 hours', '{"x": [1.50]}', 3, '{7}');
INSERT INTO b VALUES (1, 1, 3), (2, 1, 2), (3, 2, 0), (4, 3, 9), (5, 0, 1);
-- check
UPDATE a SET n = 1.000 WHERE id = 1;
UPDATE a SET k = 3 WHERE id = 2;
INSERT INTO b VALUES (6, 3, 1), (7, 2, 8);
DELETE FROM b WHERE id = 1;
-- check
UPDATE a SET n = 1.00, k = 1 WHERE id IN (1, 2, 3);
UPDATE a SET ns = '{2.0,5.00}', j = '{"x": 1.0}' WHERE id = 2;
DELETE FROM a WHERE id = 5;
-- check
