-- Aggregates with ORDER BY, WITHIN GROUP; refused where the order of ties is open.
CREATE TABLE t (id int PRIMARY KEY, k int, g text, x numeric, f float8, i8 bigint, s text, d date, ts timestamp,
  b boolean, i2 smallint, r real, y numeric(12,2), c char(4), f2 float8);
CREATE MATERIALIZED VIEW v1 AS SELECT k, string_agg(s, ',' ORDER BY id) s FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v2 AS SELECT k, string_agg(s, g ORDER BY s DESC NULLS LAST, id DESC) s FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v3 AS SELECT k, string_agg(DISTINCT s, '-' ORDER BY s DESC) s, string_agg(DISTINCT g, '') s2 FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v4 AS SELECT k, string_agg(s, ',' ORDER BY s, id) FILTER (WHERE b) s FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v5 AS SELECT k, string_agg(s, ',' ORDER BY s) s FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v6 AS SELECT k, string_agg(s, ',') s FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v7 AS SELECT k, string_agg(s, ',' ORDER BY d) s FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v8 AS SELECT k, array_agg(i2 ORDER BY id) a, array_agg(DISTINCT i2 ORDER BY i2 DESC) b, array_agg(s ORDER BY id) c, array_agg(d ORDER BY d) dd FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v9 AS SELECT k, json_agg(i2 ORDER BY id) a, jsonb_agg(s ORDER BY id) b, json_agg(d ORDER BY d) c, jsonb_agg(ts ORDER BY ts, id) dd, jsonb_agg(x ORDER BY id) e FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v10 AS SELECT k, jsonb_object_agg(id, s) a, json_object_agg(id, x ORDER BY id) b, jsonb_object_agg(coalesce(s, 'n'), id ORDER BY id) c FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v11 AS SELECT k, percentile_cont(0.5) WITHIN GROUP (ORDER BY f) a, percentile_cont(0.25) WITHIN GROUP (ORDER BY i2 DESC) b, percentile_disc(0.5) WITHIN GROUP (ORDER BY s) c, percentile_disc(1) WITHIN GROUP (ORDER BY d) dd, percentile_disc(0) WITHIN GROUP (ORDER BY i8) e FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v12 AS SELECT mode() WITHIN GROUP (ORDER BY s) m, mode() WITHIN GROUP (ORDER BY i2 DESC) m2 FROM t;
CREATE MATERIALIZED VIEW v13 AS SELECT k, percentile_cont(ARRAY[0.1, 0.5, 0.9]) WITHIN GROUP (ORDER BY f) a FROM t GROUP BY k;
CREATE MATERIALIZED VIEW v14 AS SELECT k, percentile_disc(0.5) WITHIN GROUP (ORDER BY f) FILTER (WHERE b) a FROM t GROUP BY k HAVING count(*) > 2;
CREATE MATERIALIZED VIEW v15 AS SELECT k, percentile_cont(0.3) WITHIN GROUP (ORDER BY ts - '2024-01-01'::timestamp) p, percentile_cont(ARRAY[0.1, 0.5, NULL, 0.9]) WITHIN GROUP (ORDER BY f) a, percentile_disc(ARRAY[0.1, 0.5]) WITHIN GROUP (ORDER BY s) b FROM t GROUP BY k;
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
