-- Rows and groups whose expression raises: they are withheld with PostgreSQL's SQLSTATE, the rest stands, and a mended row is back.
CREATE TABLE t (id int PRIMARY KEY, g int, k int, s text, n numeric, i8 bigint);
CREATE MATERIALIZED VIEW divided AS SELECT id, 100 / k AS q FROM t;
-- oracle divided: SELECT id, 100 / k AS q FROM t WHERE k <> 0 OR k IS NULL
CREATE MATERIALIZED VIEW cast_int AS SELECT id, s::int AS i FROM t;
-- oracle cast_int: SELECT id, s::int AS i FROM t WHERE s ~ '^ *-?[0-9]+ *$' OR s IS NULL
CREATE MATERIALIZED VIEW product AS SELECT id, k * 1000000 AS p FROM t;
-- oracle product: SELECT id, k * 1000000 AS p FROM t WHERE abs(k) < 2147 OR k IS NULL
CREATE MATERIALIZED VIEW filtered AS SELECT id, g FROM t WHERE 10 / k > 1;
-- oracle filtered: SELECT id, g FROM t WHERE CASE WHEN k <> 0 THEN 10 / k > 1 END
CREATE MATERIALIZED VIEW sum_of AS SELECT g, sum(100 / k) AS s, count(*) AS n FROM t GROUP BY g;
-- oracle sum_of: SELECT g, sum(100 / k) AS s, count(*) AS n FROM t WHERE k <> 0 OR k IS NULL GROUP BY g
CREATE MATERIALIZED VIEW ratio AS SELECT g, sum(n) / sum(k) AS r FROM t GROUP BY g;
-- oracle ratio: SELECT g, sum(n) / sum(k) AS r FROM t GROUP BY g HAVING sum(k) <> 0 OR sum(k) IS NULL
CREATE MATERIALIZED VIEW having_it AS SELECT g, count(*) AS n FROM t GROUP BY g HAVING 10 / min(k) > 0;
-- oracle having_it: SELECT g, count(*) AS n FROM t GROUP BY g HAVING CASE WHEN min(k) <> 0 THEN 10 / min(k) > 0 END
CREATE MATERIALIZED VIEW guarded AS SELECT id, CASE WHEN k <> 0 THEN 100 / k ELSE 1 / (k - k) END AS q FROM t WHERE k <> 0;
CREATE MATERIALIZED VIEW never AS SELECT count(*) AS n FROM t WHERE false AND 1 / k = 1;
CREATE MATERIALIZED VIEW on_top AS SELECT g, sum(q) AS s FROM divided JOIN t USING (id) GROUP BY g;
-- oracle on_top: SELECT g, sum(100 / k) AS s FROM t WHERE k <> 0 OR k IS NULL GROUP BY g
CREATE MATERIALIZED VIEW total AS SELECT sum(i8)::bigint AS s FROM t;
-- oracle total: SELECT sum(i8)::bigint AS s FROM t HAVING sum(i8) <= 9223372036854775807 OR sum(i8) IS NULL
CREATE MATERIALIZED VIEW too_many AS SELECT id, (SELECT max(k) FROM t x WHERE x.g = t.g) / k AS q FROM t;
-- oracle too_many: SELECT id, (SELECT max(k) FROM t x WHERE x.g = t.g) / k AS q FROM t WHERE k <> 0 OR k IS NULL
CREATE MATERIALIZED VIEW two_rows AS SELECT id, (SELECT x.id FROM t x WHERE x.k = t.g) AS other FROM t;
-- oracle two_rows: SELECT id, (SELECT min(x.id) FROM t x WHERE x.k = t.g) AS other FROM t WHERE (SELECT count(*) FROM t x WHERE x.k = t.g) < 2
INSERT INTO t VALUES (1, 1, 5, '1', 2.5, 1), (2, 1, 0, 'x', 1, 9223372036854775806), (3, 2, NULL, NULL, NULL, NULL), (4, 2, 3000, ' 7 ', 0, 0),
  (5, 3, 2, '', 1, 5), (6, 3, -2, '99999999999', 4, 0), (7, 4, 1, '3', 1, -1);
-- check
UPDATE t SET k = 4, s = '12' WHERE id = 2;
UPDATE t SET k = 0 WHERE id = 7;
-- check
DELETE FROM t WHERE id = 7;
UPDATE t SET s = '8', i8 = 0 WHERE id IN (2, 5, 6);
UPDATE t SET k = 1 WHERE id IN (4, 6);
-- check
UPDATE t SET k = 0, g = 9;
-- check
TRUNCATE t;
INSERT INTO t VALUES (1, 1, 1, '1', 1, 1), (2, 1, 0, 'q', 1, 1);
-- check
