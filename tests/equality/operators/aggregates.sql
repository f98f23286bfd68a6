-- FILTER, DISTINCT, booleans, bits, min and max, expressions and ordinals in GROUP BY.
CREATE TABLE t (id int PRIMARY KEY, k int, g text, x numeric, f float8, i8 bigint, s text, d date, ts timestamp,
  b boolean, i2 smallint, r real, y numeric(12,2), c char(4), f2 float8);
CREATE MATERIALIZED VIEW v1 AS SELECT k, count(*) FILTER (WHERE b) AS n, sum(x) FILTER (WHERE x > 1) AS sx, count(DISTINCT g) AS cd, sum(DISTINCT i2) AS sd, avg(DISTINCT i2) AS ad FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v2 AS SELECT count(DISTINCT x) AS a, count(DISTINCT c) c, min(DISTINCT g) mg FROM t;
CREATE MATERIALIZED VIEW v3 AS SELECT k, bool_and(b) a, bool_or(b) o, every(i2 > 0) e, bit_and(i2) ba, bit_or(i2) bo, bit_xor(i8) bx, bit_and(k) bk FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v4 AS SELECT k, min(s) a, max(c) b, min(b::text) d FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v5 AS SELECT k % 2 AS p, g || 'x' AS q, count(*) n FROM t GROUP BY 1, g || 'x';
CREATE MATERIALIZED VIEW v6 AS SELECT id, s, count(*) n FROM t GROUP BY id;
CREATE MATERIALIZED VIEW v7 AS SELECT g, count(DISTINCT k) FILTER (WHERE i2 > 0) a, sum(DISTINCT y) FILTER (WHERE b) bb FROM t GROUP BY g;
CREATE MATERIALIZED VIEW v8 AS SELECT avg(f) FILTER (WHERE f > 0) a, avg(r) d FROM t;
CREATE MATERIALIZED VIEW v9 AS SELECT k, sum(ts - '2024-01-01'::timestamp) s, avg(ts - '2024-01-01'::timestamp) a, min(ts - '2024-01-01'::timestamp) m FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v10 AS SELECT k, avg(make_interval(i2, i2, 0, i2 * 3, 5)) a, sum(make_interval(i2, i2)) b FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v11 AS SELECT k, sum(DISTINCT ts - '2024-01-01'::timestamp) s FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v12 AS SELECT k, array_agg(x::float8 ORDER BY id) a, max(ARRAY[k, i2]) m FROM t GROUP BY k;
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
