-- Functions that give rows, of arguments that give rows.
CREATE TABLE t (id int PRIMARY KEY, n int, a int[]);
CREATE MATERIALIZED VIEW s1 AS SELECT id, generate_series(1, generate_series(1, 3)) AS x FROM t;
CREATE MATERIALIZED VIEW s2 AS SELECT id, generate_series(generate_series(1, n), generate_series(2, 4)) AS x FROM t;
CREATE MATERIALIZED VIEW s3 AS SELECT id, generate_series(1, generate_series(1, 3)) AS x, generate_series(2, 4) AS y, unnest(a) AS z FROM t;
CREATE MATERIALIZED VIEW s4 AS SELECT id, n + generate_series(1, unnest(a)) AS x FROM t WHERE n > 1;
CREATE MATERIALIZED VIEW s5 AS SELECT n, generate_series(1, generate_series(1, count(*)::int)) AS x, count(*) AS c FROM t GROUP BY n;
CREATE MATERIALIZED VIEW s6 AS SELECT DISTINCT generate_series(1, generate_series(1, generate_series(1, n))) AS x, generate_series(1, 2) AS y FROM t;
INSERT INTO t SELECT i, i % 4, ARRAY[i % 3, i % 5, NULL] FROM generate_series(1, 12) i;
-- check
UPDATE t SET n = n + 1, a = a || 2 WHERE id % 2 = 0;
DELETE FROM t WHERE id % 3 = 1;
-- check
