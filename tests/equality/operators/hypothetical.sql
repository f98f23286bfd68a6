-- The place that a row would have: rank and its kind WITHIN GROUP.
CREATE TABLE t (id int PRIMARY KEY, g int, v int, x numeric, s text, f float8);
CREATE MATERIALIZED VIEW ranks AS SELECT g, rank(5) WITHIN GROUP (ORDER BY v) AS r, dense_rank(5) WITHIN GROUP (ORDER BY v) AS d,
  percent_rank(5) WITHIN GROUP (ORDER BY v) AS p, cume_dist(5) WITHIN GROUP (ORDER BY v) AS c FROM t GROUP BY g;
CREATE MATERIALIZED VIEW descending AS SELECT g, rank(5) WITHIN GROUP (ORDER BY v DESC) AS r, dense_rank(5) WITHIN GROUP (ORDER BY v DESC NULLS LAST) AS d,
  percent_rank(5) WITHIN GROUP (ORDER BY v NULLS FIRST) AS p, cume_dist(NULL) WITHIN GROUP (ORDER BY v) AS c FROM t GROUP BY g;
CREATE MATERIALIZED VIEW pairs AS SELECT g, rank(2.0, 'b') WITHIN GROUP (ORDER BY x, s DESC) AS r, dense_rank(2.0, 'b') WITHIN GROUP (ORDER BY x DESC, s) AS d,
  cume_dist(2, 'b') WITHIN GROUP (ORDER BY x, s) AS c, percent_rank('2', NULL) WITHIN GROUP (ORDER BY x, s) AS p FROM t GROUP BY g;
CREATE MATERIALIZED VIEW whole AS SELECT rank(5) WITHIN GROUP (ORDER BY v) AS r, dense_rank(5) WITHIN GROUP (ORDER BY v) AS d,
  percent_rank(5) WITHIN GROUP (ORDER BY v) AS p, cume_dist(5) WITHIN GROUP (ORDER BY v) AS c FROM t;
CREATE MATERIALIZED VIEW filtered AS SELECT g, rank(5) WITHIN GROUP (ORDER BY v) FILTER (WHERE s <> 'a') AS r,
  cume_dist(5) WITHIN GROUP (ORDER BY v) FILTER (WHERE s <> 'a') AS c, percent_rank(0) WITHIN GROUP (ORDER BY f) FILTER (WHERE false) AS p FROM t GROUP BY g;
CREATE MATERIALIZED VIEW of_group AS SELECT g, rank(g) WITHIN GROUP (ORDER BY v) AS r, dense_rank(g + 1) WITHIN GROUP (ORDER BY v) AS d FROM t GROUP BY g;
CREATE MATERIALIZED VIEW floats AS SELECT g, rank(0.0) WITHIN GROUP (ORDER BY f) AS r, dense_rank('NaN') WITHIN GROUP (ORDER BY f) AS d FROM t GROUP BY g;
CREATE MATERIALIZED VIEW sets AS SELECT g, s, rank(5) WITHIN GROUP (ORDER BY v) AS r FROM t GROUP BY ROLLUP (g, s);
CREATE MATERIALIZED VIEW had AS SELECT g, count(*) AS n FROM t GROUP BY g HAVING rank(8) WITHIN GROUP (ORDER BY v) > 2;
CREATE MATERIALIZED VIEW correlated AS SELECT id, (SELECT rank(t.v) WITHIN GROUP (ORDER BY o.v) FROM t o WHERE o.g = t.g) AS r FROM t;
CREATE MATERIALIZED VIEW beside AS SELECT g, rank(5) WITHIN GROUP (ORDER BY v) + 1 AS r, rank() OVER (ORDER BY g) AS w, sum(v) AS n FROM t GROUP BY g;
INSERT INTO t VALUES (1, 1, 5, 2.0, 'a', 0), (2, 1, 3, 2.00, 'b', -0.0), (3, 1, 9, 1, 'c', 'NaN'), (4, 1, NULL, NULL, NULL, NULL), (5, 2, 5, 2, 'b', 1),
  (6, 2, 5, 3, 'b', 2), (7, 3, NULL, NULL, 'a', NULL), (8, NULL, 1, 1, 'z', 5);
-- check
UPDATE t SET v = v + 2 WHERE id IN (1, 2);
UPDATE t SET g = 2 WHERE id = 4;
INSERT INTO t VALUES (9, 1, 3, 2, 'b', 'Infinity'), (10, 4, 4, 4, 'd', 0);
-- check
DELETE FROM t WHERE id IN (2, 7, 8);
UPDATE t SET v = NULL WHERE g = 2;
-- check
TRUNCATE t;
-- check
INSERT INTO t VALUES (1, 5, 5, 2.0, 'a', 0);
-- check
