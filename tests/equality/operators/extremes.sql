-- min and max of groups that grow over what a group's own entry holds, and shrink again; first rows whose number nobody asks for.
CREATE TABLE t (id int PRIMARY KEY, g int, x numeric, s text, d date, w text);
CREATE MATERIALIZED VIEW e1 AS SELECT g, min(x) a, max(x) b, count(*) n FROM t GROUP BY g;
CREATE MATERIALIZED VIEW e2 AS SELECT g, min(s) a, max(s) b, max(w) c FROM t GROUP BY g;
CREATE MATERIALIZED VIEW e3 AS SELECT min(d) a, max(d) b, min(x) FILTER (WHERE id % 2 = 0) c FROM t;
CREATE MATERIALIZED VIEW e4 AS SELECT g, max(d) - min(d) AS days FROM t WHERE x > 1 GROUP BY g HAVING max(x) > 2;
CREATE MATERIALIZED VIEW n1 AS SELECT id, g FROM (SELECT id, g, x, row_number() OVER (PARTITION BY g ORDER BY x DESC NULLS LAST, id) n FROM t) q WHERE n <= 3;
CREATE MATERIALIZED VIEW n2 AS SELECT id FROM (SELECT t.*, row_number() OVER (PARTITION BY g ORDER BY d, id) n FROM t) q WHERE n < 5 AND g > 0 AND x > 1;
CREATE MATERIALIZED VIEW n3 AS SELECT id FROM (SELECT id, g, row_number() OVER (ORDER BY s NULLS FIRST, id) n FROM t) q WHERE n = 4;
CREATE MATERIALIZED VIEW n4 AS SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY g ORDER BY id) n FROM t) q WHERE n <= 3 AND n <= 2;
CREATE MATERIALIZED VIEW n5 AS SELECT id FROM (SELECT id, 1 + row_number() OVER (PARTITION BY g ORDER BY id) m, row_number() OVER (PARTITION BY g ORDER BY id) n FROM t) q WHERE n <= 3 AND m > 2;
CREATE MATERIALIZED VIEW n6 AS SELECT count(*) c, sum(x) s FROM (SELECT x, row_number() OVER (PARTITION BY g ORDER BY id) n FROM t) q WHERE n <= 3;
CREATE MATERIALIZED VIEW n7 AS SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY g ORDER BY id) n FROM t) q WHERE n BETWEEN 2 AND 3;
INSERT INTO t SELECT i, i % 3, (i * 7 % 30) / 4.0, 's' || i * 5 % 40, date '2024-01-01' + i * 3 % 50, repeat('w', i % 90) FROM generate_series(1, 30) i;
-- check
INSERT INTO t SELECT i, i % 3, round((i * 7 % 30) / 4.0, 1 + i % 3), 's' || i * 5 % 40, date '2024-01-01' + i * 3 % 50, repeat('w', i % 90) FROM generate_series(31, 90) i;
-- check
UPDATE t SET x = x + 100, s = 'a' || s WHERE id % 10 = 3;
UPDATE t SET g = 0 WHERE id % 4 = 1;
-- check
DELETE FROM t WHERE id % 5 <> 1;
-- check
UPDATE t SET x = NULL, w = NULL WHERE g = 0;
DELETE FROM t WHERE g = 1;
-- check
INSERT INTO t SELECT i, 1, i % 17, 'z' || i % 17, date '2023-01-01' + i % 17, repeat('v', 60 + i % 9) FROM generate_series(200, 240) i;
DELETE FROM t WHERE id BETWEEN 205 AND 239;
-- check
DELETE FROM t;
-- check
INSERT INTO t VALUES (1, 1, 1.50, 'b', '2024-05-05', 'q'), (2, 1, 1.5, 'b', '2024-05-05', 'q');
-- check
