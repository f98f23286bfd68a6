-- ROLLUP, CUBE, GROUPING SETS and grouping().
CREATE TABLE t (id int PRIMARY KEY, k int, g text, x numeric, f float8, i8 bigint, s text, d date, ts timestamp,
  b boolean, i2 smallint, r real, y numeric(12,2), c char(4), f2 float8);
CREATE MATERIALIZED VIEW v1 AS SELECT k, g, count(*) n, sum(i2) s FROM t GROUP BY ROLLUP (k, g);
CREATE MATERIALIZED VIEW v2 AS SELECT k, g, b, count(*) n, sum(x) s, grouping(k, g, b) gr FROM t GROUP BY CUBE (k, g, b);
CREATE MATERIALIZED VIEW v3 AS SELECT k, g, count(*) n, grouping(g) gr FROM t GROUP BY GROUPING SETS ((k, g), (g), (), ());
CREATE MATERIALIZED VIEW v4 AS SELECT k, b, count(*) n FROM t GROUP BY k, ROLLUP (b) HAVING count(*) > 1;
CREATE MATERIALIZED VIEW v5 AS SELECT k, g, grouping(k) + grouping(g) AS lvl, sum(y) s, string_agg(s, ',' ORDER BY id) z FROM t GROUP BY ROLLUP ((k, g), b);
CREATE MATERIALIZED VIEW v6 AS SELECT k, grouping(k) gr FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v7 AS SELECT id, s, count(*) n FROM t GROUP BY GROUPING SETS (id, (id, k));
CREATE MATERIALIZED VIEW v8 AS SELECT count(*) n FROM t GROUP BY ();
CREATE MATERIALIZED VIEW v9 AS SELECT coalesce(k, -1) kk, count(*) n, sum(i2) s FROM t GROUP BY ROLLUP (coalesce(k, -1)) ORDER BY sum(i2) DESC NULLS LAST, 1 FETCH FIRST 3 ROWS WITH TIES;
CREATE MATERIALIZED VIEW v10 AS SELECT k, count(*) FROM t GROUP BY GROUPING SETS (k), GROUPING SETS (b, ());
CREATE MATERIALIZED VIEW v11 AS SELECT k, g, count(*) FROM t GROUP BY DISTINCT ROLLUP (k, g), ROLLUP (k);
CREATE MATERIALIZED VIEW v12 AS SELECT k, sum(n) FROM (SELECT k, count(*) n FROM t GROUP BY ROLLUP (k)) q GROUP BY k;
CREATE MATERIALIZED VIEW v13 AS SELECT k, g, rank() OVER (PARTITION BY grouping(g) ORDER BY count(*) DESC) r FROM t GROUP BY CUBE (k, g);
CREATE MATERIALIZED VIEW a1 AS SELECT k AS p, k AS q, k AS u, k + 1 AS w, count(*), GROUPING(k) AS at FROM t GROUP BY ROLLUP (p, q);
CREATE MATERIALIZED VIEW a2 AS SELECT k AS p, k AS q, k AS u, k + 1 AS w, count(*), GROUPING(k) AS at FROM t GROUP BY ROLLUP (q, p);
CREATE MATERIALIZED VIEW a3 AS SELECT k AS p, k AS q, k AS u, k + 1 AS w, count(*) FROM t GROUP BY ROLLUP (u, q);
CREATE MATERIALIZED VIEW a4 AS SELECT k AS p, k AS q, count(*) FROM t GROUP BY ROLLUP (q) HAVING k > 1 OR k IS NULL;
CREATE MATERIALIZED VIEW a5 AS SELECT k AS p, k AS q, count(*), GROUPING(k) AS at FROM t GROUP BY CUBE (2, k);
CREATE MATERIALIZED VIEW a6 AS SELECT k + id % 2 AS p, k + id % 2 AS q, (k + id % 2) * 2 AS w, sum(id), GROUPING(k + id % 2) AS at FROM t GROUP BY GROUPING SETS ((1, 2), 2, ());
CREATE MATERIALIZED VIEW a7 AS SELECT k AS p, k AS q, g, count(*) FROM t GROUP BY q, ROLLUP (p, g);
CREATE MATERIALIZED VIEW a8 AS SELECT p, q, rank() OVER (PARTITION BY q IS NULL ORDER BY p, q) AS r FROM (SELECT k AS p, k AS q FROM t GROUP BY CUBE (p, q)) part;
CREATE MATERIALIZED VIEW a9 AS SELECT 1 AS p, 1 AS q, count(*) FROM t GROUP BY ROLLUP (p, q);
CREATE MATERIALIZED VIEW a10 AS SELECT * FROM (SELECT k AS p, k AS q, count(*) AS c FROM t GROUP BY CUBE (p, q)) part ORDER BY q NULLS FIRST, p, c LIMIT 6;
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
