-- Functions in FROM with subqueries among their arguments.
CREATE TABLE t (id int PRIMARY KEY, n int, a int[]);
CREATE TABLE u (id int PRIMARY KEY, k int);
CREATE MATERIALIZED VIEW f1 AS SELECT * FROM unnest((SELECT array_agg(id ORDER BY id) FROM t)) AS x;
CREATE MATERIALIZED VIEW f2 AS SELECT t.id, x.* FROM t, LATERAL unnest((SELECT array_agg(u.id ORDER BY u.id) FROM u WHERE u.k = t.n)) AS x (v);
CREATE MATERIALIZED VIEW f3 AS SELECT t.id, x, o FROM t LEFT JOIN LATERAL unnest(a || (SELECT max(u.id) FROM u WHERE u.k = t.n)) WITH ORDINALITY AS q (x, o) ON true;
CREATE MATERIALIZED VIEW f4 AS SELECT t.id, generate_series FROM t, generate_series(1, (SELECT count(*) FROM u WHERE u.k = t.n));
CREATE MATERIALIZED VIEW f5 AS SELECT e.key, e.value FROM jsonb_each((SELECT jsonb_object_agg(id::text, n ORDER BY id) FROM t)) e;
CREATE MATERIALIZED VIEW f6 AS SELECT * FROM ROWS FROM (generate_series(1, (SELECT max(n) FROM t)), unnest(ARRAY[7, 8])) AS r (a, b);
CREATE MATERIALIZED VIEW f7 AS SELECT t.id FROM t WHERE EXISTS (SELECT FROM unnest(t.a || (SELECT max(k) FROM u)) z WHERE z > 3);
CREATE MATERIALIZED VIEW f8 AS SELECT * FROM jsonb_to_recordset((SELECT jsonb_agg(t ORDER BY id) FROM t)) AS r (id int, n int);
CREATE MATERIALIZED VIEW f9 AS SELECT * FROM unnest((SELECT array_agg(id ORDER BY id) FROM t)), unnest((SELECT array_agg(k ORDER BY id) FROM u)) AS z WHERE unnest < 4;
CREATE MATERIALIZED VIEW f10 AS SELECT id, s FROM t, string_to_table((SELECT string_agg(k::text, ',' ORDER BY id) FROM u WHERE u.id < t.n), ',') s;
INSERT INTO t SELECT i, i % 5, ARRAY[i % 3, i % 4] FROM generate_series(1, 20) i;
INSERT INTO u SELECT i, i % 6 FROM generate_series(1, 15) i;
-- check
UPDATE t SET n = n + 1, a = a || 9 WHERE id % 4 = 0;
DELETE FROM u WHERE k = 2;
DELETE FROM t WHERE n = 4;
-- check
