-- Equal values of several texts: 1.0 and 1.00, 30 days and 1 mon, -0 and 0, char padding, numbers in jsonb. Which text stands
-- for the class is PostgreSQL's whim, and so is what shows it (parts); the classes and all else computed from them are not.
CREATE TABLE t (id int PRIMARY KEY, n numeric, iv interval, f float8, c char(4), j jsonb, a numeric[], z timetz);
CREATE TABLE u (n numeric PRIMARY KEY, what text);
CREATE MATERIALIZED VIEW by_n AS SELECT n, count(*) AS rows, sum(id) AS ids FROM t GROUP BY n;
CREATE MATERIALIZED VIEW by_iv AS SELECT iv, count(*) AS rows FROM t GROUP BY iv;
CREATE MATERIALIZED VIEW by_f AS SELECT f, count(*) AS rows FROM t GROUP BY f;
CREATE MATERIALIZED VIEW by_c AS SELECT c, count(*) AS rows, max(length(c)) AS n FROM t GROUP BY c;
CREATE MATERIALIZED VIEW by_j AS SELECT j, count(*) AS rows FROM t GROUP BY j;
CREATE MATERIALIZED VIEW by_a AS SELECT a, count(*) AS rows FROM t GROUP BY a;
CREATE MATERIALIZED VIEW by_z AS SELECT z, count(*) AS rows FROM t GROUP BY z;
CREATE MATERIALIZED VIEW distinct_n AS SELECT DISTINCT n FROM t;
CREATE MATERIALIZED VIEW distinct_iv AS SELECT DISTINCT iv, f FROM t;
CREATE MATERIALIZED VIEW parts AS SELECT date_part('day', iv) AS days, extract(month FROM iv)::int AS months, scale(n) AS digits FROM (SELECT DISTINCT iv, n FROM t) x;
CREATE MATERIALIZED VIEW ends AS SELECT min(n) AS n, max(iv) AS iv, count(DISTINCT n) AS dn, count(DISTINCT iv) AS di FROM t;
CREATE MATERIALIZED VIEW joined AS SELECT id, t.n AS tn, u.n AS un, what FROM t JOIN u ON t.n = u.n;
CREATE MATERIALIZED VIEW using_n AS SELECT n, id, what FROM t LEFT JOIN u USING (n);
CREATE MATERIALIZED VIEW same AS SELECT x.id AS a, y.id AS b FROM t x JOIN t y ON x.iv = y.iv AND x.id < y.id;
INSERT INTO t VALUES (1, 1.0, '30 days', 0, 'ab', '1', '{1.0}', '12:00+02'), (2, 1.00, '1 mon', -0.0, 'ab ', '1.0', '{1}', '11:00+01'),
  (3, 1.000, '720:00:00', 0, 'AB', '{"a": 1.00}', '{1.00,NULL}', '12:00+02'), (4, 1, '1 day', 1, '', '{"a": 1}', '{1,NULL}', '10:00Z'),
  (5, 2.50, '24:00:00', 1, ' ', '[1, 2.0]', '{}', '23:00-03'), (6, 'NaN', '1 day', 'NaN', NULL, 'null', NULL, NULL),
  (7, 'NaN', NULL, 'NaN', NULL, NULL, NULL, NULL), (8, NULL, NULL, NULL, 'q', '[1.0, 2]', '{}', '02:00');
INSERT INTO u VALUES (1.0000, 'one'), (2.5, 'two and a half'), ('NaN', 'not one');
-- check
INSERT INTO t VALUES (9, 1.00, '1 mon', -0.0, 'ab', '1.00', '{1.000}', '12:00+02'), (10, 2.5, '1 day', 1, 'q  ', '1', '{2}', '10:00Z');
UPDATE u SET n = 1.0 WHERE what = 'one';
DELETE FROM t WHERE id = 5;
-- check
UPDATE u SET n = 1 WHERE what = 'one';
UPDATE u SET n = n, what = 'ONE' WHERE what = 'one';
UPDATE t SET n = 1.00 WHERE id = 1;
UPDATE t SET n = 3 WHERE id IN (1, 9);
UPDATE t SET f = -f, iv = '720:00:00' WHERE id < 4;
-- check
DELETE FROM u WHERE n = 1;
INSERT INTO u VALUES (1.00, 'again');
DELETE FROM t WHERE id IN (3, 6);
-- check
DELETE FROM t WHERE id = 2;
-- check
