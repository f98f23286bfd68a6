-- Sums of floats depend on the order of rows in PostgreSQL; here they are exact, rounded once, and go back exactly.
CREATE TABLE t (id int PRIMARY KEY, g int, f8 float8, f4 real);
CREATE MATERIALIZED VIEW sums AS SELECT g, sum(f8) AS s8, avg(f8) AS a8, sum(f4) AS s4, avg(f4) AS a4 FROM t GROUP BY g;
CREATE MATERIALIZED VIEW all_of_them AS SELECT sum(f8) AS s, count(f8) AS n FROM t WHERE f8 = f8 AND abs(f8) < 1e300;
CREATE MATERIALIZED VIEW ends AS SELECT g, min(f8) AS least, max(f8) AS most, min(f4) AS least4, max(f4) AS most4 FROM t GROUP BY g;
CREATE MATERIALIZED VIEW spread AS SELECT g, stddev(f8) AS s, var_pop(f8) AS v, corr(f8, f4) AS c, regr_slope(f8, f4) AS r
  FROM t WHERE g IN (1, 3, 6) GROUP BY g;
CREATE MATERIALIZED VIEW running AS
  SELECT id, sum(f8) OVER (PARTITION BY g ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM t WHERE g <> 5;
CREATE MATERIALIZED VIEW equal AS SELECT f8, count(*) AS n FROM t WHERE f8 = f8 GROUP BY f8;
INSERT INTO t VALUES (1, 1, 1e16, 16777216), (2, 1, 1, 1), (3, 1, -1e16, 1), (4, 2, 0.1, 0.1), (5, 2, 0.2, 0.2), (6, 2, 0.3, 0.3),
  (7, 3, 1e-310, 1e-42), (8, 3, 1e-300, 1e-40), (9, 4, 1e300, 3e38), (10, 4, -1e300, -3e38), (11, 5, 'NaN', 'NaN'),
  (12, 5, 'Infinity', '-Infinity'), (13, 6, 123456789.125, 2.5), (14, 6, 0.1, 3), (15, 7, -0.0, -0.0), (16, 8, NULL, NULL);
-- check
DELETE FROM t WHERE id IN (1, 11);
INSERT INTO t VALUES (17, 5, '-Infinity', 1), (18, 7, 0, 0), (19, 3, -1e-300, -1e-40);
-- check
DELETE FROM t WHERE id IN (12, 3);
UPDATE t SET f8 = f8 * 1.1, f4 = f4 / 3 WHERE g IN (2, 6);
-- check
DELETE FROM t WHERE id IN (17, 15, 8);
UPDATE t SET g = 2 WHERE g = 4;
-- check
UPDATE t SET f8 = NULL, f4 = NULL WHERE g = 2;
-- check
-- a sum of nothing but -0
INSERT INTO t VALUES (30, 9, '-0', '-0'), (31, 9, '-0', '-0'), (32, 10, '-0', 1), (33, 10, 1, '-0');
-- check
UPDATE t SET f8 = 0 WHERE id = 31;
DELETE FROM t WHERE id = 33;
-- check
