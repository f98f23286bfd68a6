-- The first rows, of all and of each partition; rows without a key.
CREATE TABLE t (id int PRIMARY KEY, k int, g text, x numeric, f float8, i8 bigint, s text, d date, ts timestamp,
  b boolean, i2 smallint, r real, y numeric(12,2), c char(4), f2 float8);
CREATE MATERIALIZED VIEW v1 AS SELECT id, k, x FROM t ORDER BY k FETCH FIRST 3 ROWS WITH TIES;
CREATE MATERIALIZED VIEW v2 AS SELECT id, k, x FROM t ORDER BY k DESC, id OFFSET 5;
CREATE MATERIALIZED VIEW v3 AS SELECT id, k, x FROM t ORDER BY k DESC, id LIMIT 4 OFFSET 5;
CREATE MATERIALIZED VIEW v4 AS SELECT id, k FROM t ORDER BY k, id OFFSET 2 FETCH FIRST 3 ROWS WITH TIES;
CREATE MATERIALIZED VIEW v5 AS SELECT id, k, rn FROM (SELECT id, k, row_number() OVER (PARTITION BY k ORDER BY x DESC NULLS LAST, id) rn FROM t) q WHERE rn <= 2;
CREATE MATERIALIZED VIEW v6 AS SELECT id, k, r FROM (SELECT id, k, rank() OVER (PARTITION BY k ORDER BY i2) r, row_number() OVER (PARTITION BY k ORDER BY i2, id) n FROM t) q WHERE r < 3;
CREATE MATERIALIZED VIEW v7 AS SELECT id, k, r FROM (SELECT id, k, rank() OVER (PARTITION BY k ORDER BY i2) r, dense_rank() OVER (PARTITION BY k ORDER BY i2) n FROM t) q WHERE r <= 2 AND k > 1;
CREATE MATERIALIZED VIEW v8 AS SELECT k, s FROM (SELECT k, s, row_number() OVER (PARTITION BY k ORDER BY id DESC) rn FROM t WHERE k IS NOT NULL) q WHERE rn = 1;
CREATE MATERIALIZED VIEW v9 AS SELECT id, r FROM (SELECT id, dense_rank() OVER (ORDER BY g) r FROM t) q WHERE r <= 2;
CREATE MATERIALIZED VIEW v10 AS SELECT k FROM t;
CREATE MATERIALIZED VIEW v11 AS SELECT x FROM t WHERE k > 1;
CREATE MATERIALIZED VIEW v12 AS SELECT k, i2 FROM t ORDER BY k, i2 LIMIT 5;
CREATE MATERIALIZED VIEW v13 AS SELECT k, count(*) OVER (PARTITION BY k) c FROM t;
CREATE MATERIALIZED VIEW v14 AS SELECT k, row_number() OVER (ORDER BY k) c FROM (SELECT k FROM t) q;
CREATE MATERIALIZED VIEW v15 AS SELECT DISTINCT ON (k) k, id, s FROM t ORDER BY k, id DESC;
CREATE MATERIALIZED VIEW v16 AS SELECT DISTINCT ON (k, g) k, g, x, id FROM t ORDER BY g DESC, k, d DESC NULLS LAST, id;
CREATE MATERIALIZED VIEW v17 AS SELECT DISTINCT ON (k) k FROM t;
CREATE MATERIALIZED VIEW v18 AS SELECT DISTINCT ON (1) k % 2 AS p, id FROM t ORDER BY p, id;
CREATE MATERIALIZED VIEW v19 AS SELECT DISTINCT ON (k) id FROM t ORDER BY k DESC, id LIMIT 2;
CREATE MATERIALIZED VIEW v20 AS SELECT DISTINCT ON (k) k, count(*) c, g FROM t GROUP BY k, g ORDER BY k, count(*) DESC, g;
CREATE MATERIALIZED VIEW v21 AS SELECT DISTINCT ON (k) k, id FROM t ORDER BY k, d;
CREATE MATERIALIZED VIEW v22 AS SELECT DISTINCT ON (k) k, rank() OVER (PARTITION BY k ORDER BY i2) r, id FROM t ORDER BY k, 2 DESC, id;
CREATE MATERIALIZED VIEW v23 AS SELECT DISTINCT ON (g, k) k, min(d) OVER (PARTITION BY k, g) m FROM t;
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
