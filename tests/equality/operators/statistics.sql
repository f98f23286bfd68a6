-- The variance and regression families.
CREATE TABLE t (id int PRIMARY KEY, k int, g text, x numeric, f float8, i8 bigint, s text, d date, ts timestamp,
  b boolean, i2 smallint, r real, y numeric(12,2), c char(4), f2 float8);
CREATE MATERIALIZED VIEW v1 AS SELECT k, variance(k) v0, var_samp(i2) v1, var_pop(i2) v2, stddev(i2) s0, stddev_samp(i8) s1, stddev_pop(i8) s2 FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v2 AS SELECT k, variance(y) v0, var_samp(y) v1, var_pop(y) v2, stddev(y) s0, stddev_samp(y) s1, stddev_pop(y) s2 FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v3 AS SELECT g, variance(x) v0, var_pop(x) v2, stddev(x) s0, stddev_pop(x) s2 FROM t GROUP BY g;
CREATE MATERIALIZED VIEW v4 AS SELECT g, variance(f) v0, var_samp(f) v1, var_pop(f) v2, stddev(f) s0, stddev_pop(f) s2, stddev(r) sr FROM t GROUP BY g;
CREATE MATERIALIZED VIEW v5 AS SELECT k, corr(f, f2) c, covar_pop(f, f2) cp, covar_samp(f, f2) cs, regr_avgx(f, f2) ax, regr_avgy(f, f2) ay, regr_count(f, f2) n FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v6 AS SELECT k, regr_intercept(f, f2) i, regr_r2(f, f2) r2, regr_slope(f, f2) sl, regr_sxx(f, f2) sxx, regr_sxy(f, f2) sxy, regr_syy(f, f2) syy FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v7 AS SELECT regr_slope(i2, k) a, corr(i2, y) c, regr_count(i2, x) n FROM t;
INSERT INTO t
  SELECT i, nullif(i % 7, 6), (ARRAY['a', 'b', 'c', '', 'ä', 'B', NULL])[1 + i * 5 % 7], round((i * 37 % 100) / 7.0, i % 4),
    i * 29 % 31 / 8.0, i::bigint * i * 1000003 % 9999991, (ARRAY['x', 'yy', NULL, 'zzz', '', 'Q'])[1 + i * 11 % 6] ,
    date '2024-01-01' + i * 17 % 40, timestamp '2024-01-01' + i * 7919 % 100000 * interval '1 second',
    (ARRAY[true, false, NULL])[1 + i % 3], nullif(i % 9 - 3, 4), i % 5 * 0.25, i * 1.37 - 60, chr(97 + i % 4), i * 13 % 17 - 8.5
  FROM generate_series(1, 90) i;
-- check
BEGIN;
UPDATE t SET k = k + 1, i2 = -i2 WHERE id % 4 = 1;
UPDATE t SET x = NULL, s = 'new' WHERE id % 9 = 2;
DELETE FROM t WHERE id % 5 = 3;
COMMIT;
-- check
UPDATE t SET id = id + 500 WHERE id < 20;
UPDATE t SET f = f * 2, y = y + 0.01, b = NOT b WHERE id % 3 = 0;
INSERT INTO t SELECT i, 1, 'a', 'NaN', 'NaN', i, 's', '2024-03-01', '2024-03-01', true, 1, 1.5, 1.25, 'zz', 2 FROM generate_series(700, 702) i;
-- check
DELETE FROM t WHERE id >= 700;
UPDATE t SET k = NULL WHERE k = 2;
DELETE FROM t WHERE g = 'a' OR id % 7 = 0;
-- check
TRUNCATE t;
-- check
INSERT INTO t (id, k, g, x, s, i2) VALUES (1, 1, 'a', 1.5, 'x', 2), (2, 1, 'a', 2.25, 'y', 2), (3, NULL, NULL, NULL, NULL, NULL);
-- check
DELETE FROM t;
-- check
