-- numeric: display scales after a row is gone, NaN and Infinity that are taken back, the types of sums and averages.
CREATE TABLE t (id int PRIMARY KEY, g int, n numeric, n2 numeric(12,2), i2 smallint, i4 int, i8 bigint);
CREATE MATERIALIZED VIEW sums AS SELECT g, sum(n) AS s, avg(n) AS a, sum(n2) AS s2, avg(n2) AS a2, count(n) AS c FROM t GROUP BY g;
CREATE MATERIALIZED VIEW types AS
  SELECT g, sum(i2) AS s2, sum(i4) AS s4, sum(i8) AS s8, avg(i2) AS a2, avg(i4) AS a4, avg(i8) AS a8, stddev(i4) AS d, variance(n) AS v
  FROM t GROUP BY g;
CREATE MATERIALIZED VIEW texts AS SELECT g, sum(n)::text AS s, (sum(n) * 1.0)::text AS t, scale(sum(n)) AS c FROM t GROUP BY g;
CREATE MATERIALIZED VIEW ends AS SELECT g, min(n2) AS least, max(n2) AS most FROM t GROUP BY g;
CREATE MATERIALIZED VIEW parts AS SELECT id, n / 3 AS third, n * n AS square, n2 / nullif(i4, 0) AS q, n % 7 AS m, round(n, 1) AS r,
  n::numeric(10,3) AS cast3, trunc(n) AS t, -n AS minus FROM t WHERE abs(n) < 1e6;
CREATE MATERIALIZED VIEW averages AS SELECT avg(n) AS a, avg(i4) AS b, sum(n) / count(*) AS c FROM t WHERE n < 1e6;
CREATE TABLE scales (id int PRIMARY KEY, n numeric, s int); -- round and trunc to as many digits as a numeric has, and beyond
CREATE MATERIALIZED VIEW far_scales AS SELECT id, round(n, s) AS r, trunc(n, s) AS t FROM scales WHERE id < 7;
CREATE MATERIALIZED VIEW large_scales AS SELECT id, md5(round(n, s)::text) AS r, length(trunc(n, s)::text) AS t FROM scales;
INSERT INTO scales VALUES (1, 1.5, 2024), (2, 123.456, -2), (3, 1.5, -20000), (4, 'NaN', 3000), (5, 0.05, 1), (6, '-Infinity', -3000),
  (7, 1.5, 20000), (8, 5e130000, -130001), (9, 4e131071, -131072), (10, 4e131071, -140000);
INSERT INTO t VALUES (1, 1, 1.10, 1.10, 1, 1, 9223372036854775807), (2, 1, 2.200, 2.20, 2, 2, 1), (3, 2, 1.5, 1.5, 3, 3, -5),
  (4, 2, 50000.55, 50000.55, NULL, NULL, NULL), (5, 2, 0.00000015, 0, 32767, 2147483647, 4611686018427387904),
  (6, 3, 'NaN', 1, 0, 0, 0), (7, 3, 'Infinity', 2, 0, 0, 0), (8, 3, '-Infinity', 3, 1, 1, 1), (9, 3, 1, 4, 1, 1, 1),
  (10, 4, 123456789012345678901234567890.123456789, 5, 1, 1, 1), (11, 4, 0.000, 0, 1, 1, 1), (12, 5, NULL, NULL, NULL, NULL, NULL);
-- check
DELETE FROM t WHERE id = 2;
DELETE FROM t WHERE id = 6;
UPDATE t SET n = 1.50 WHERE id = 3;
-- check
DELETE FROM t WHERE id = 7;
INSERT INTO scales VALUES (11, 5e131071, -131072);
UPDATE t SET n = n + 0.0001 WHERE id = 1;
INSERT INTO t VALUES (13, 1, 2, 2, 2, 2, 2), (14, 5, 1.0000, 1, 1, 1, 1);
-- check
DELETE FROM t WHERE id IN (8, 10);
UPDATE t SET n = trunc(n) WHERE n > 1 AND n < 'Infinity';
-- check
DELETE FROM t WHERE id IN (14, 1);
-- check
