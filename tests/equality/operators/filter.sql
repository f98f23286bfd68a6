-- WHERE and projections.
-- refused nope
CREATE TABLE t (id int PRIMARY KEY, k int, n numeric(10,2), s text, b boolean, f float8);
CREATE MATERIALIZED VIEW v AS SELECT id, k + 1 AS k1, upper(s) AS s FROM t WHERE k > 2;
CREATE MATERIALIZED VIEW g AS SELECT k, count(*) AS n, sum(n) AS s, avg(n) AS a, min(s) AS m, sum(f) AS sf, avg(f) AS af FROM t GROUP BY k;
CREATE MATERIALIZED VIEW bad AS SELECT id, 10 / k AS q FROM t;
CREATE MATERIALIZED VIEW nope AS SELECT id, now() AS q FROM t;
CREATE MATERIALIZED VIEW h1 AS SELECT 1 AS one FROM t WHERE 1 / k = 1 HAVING 1 < 2;
CREATE MATERIALIZED VIEW h2 AS SELECT 1 AS one FROM t HAVING 1 > 2 OR EXISTS (SELECT FROM t WHERE k = 3);
CREATE MATERIALIZED VIEW h3 AS SELECT x.id, (SELECT 5 FROM t y WHERE y.k = x.k AND 1 / x.k = 0 HAVING x.k > 0) AS five FROM t x WHERE x.k <> 0;
-- oracle bad: SELECT id, 10 / k AS q FROM t WHERE k <> 0 OR k IS NULL
INSERT INTO t SELECT i, i % 7, i * 1.25, chr(65 + i % 26), i % 2 = 0, i / 10.0 FROM generate_series(1, 200) i;
-- check
BEGIN;
UPDATE t SET k = k + 1 WHERE id % 3 = 0;
DELETE FROM t WHERE id % 10 = 4;
COMMIT;
UPDATE t SET id = id + 1000 WHERE id < 20;
COPY t FROM stdin;
5000	3	1.50	a\tb	t	1e300
5001	\N	\N	\N	\N	\N
\.
-- check
TRUNCATE t;
INSERT INTO t VALUES (1, 3, 1, 'x', true, 0.1), (2, 3, 2, 'y', NULL, -0.0);
-- check
DELETE FROM t;
-- check
