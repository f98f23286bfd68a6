-- A group, or a row over a window, whose aggregate raises is withheld and comes back when it is mended.
CREATE TABLE t (id int PRIMARY KEY, k int, s text, i2 smallint);
CREATE MATERIALIZED VIEW p AS SELECT k, percentile_disc(k) WITHIN GROUP (ORDER BY id) AS m FROM t GROUP BY k;
-- oracle p: SELECT k, percentile_disc(k) WITHIN GROUP (ORDER BY id) AS m FROM t WHERE k BETWEEN 0 AND 1 OR k IS NULL GROUP BY k
CREATE MATERIALIZED VIEW n AS SELECT id, nth_value(s, i2) OVER (ORDER BY id) AS a FROM t;
-- oracle n: SELECT id, a FROM (SELECT id, i2, nth_value(s, CASE WHEN i2 > 0 THEN i2 END) OVER (ORDER BY id) AS a FROM t) q WHERE i2 > 0 OR i2 IS NULL
CREATE MATERIALIZED VIEW j AS SELECT k, jsonb_object_agg(s, id ORDER BY id) AS o FROM t GROUP BY k;
-- oracle j: SELECT k, jsonb_object_agg(s, id ORDER BY id) AS o FROM t WHERE NOT EXISTS (SELECT FROM t u WHERE u.k IS NOT DISTINCT FROM t.k AND u.s IS NULL) GROUP BY k
CREATE MATERIALIZED VIEW f AS SELECT k, sum(10 / i2) FILTER (WHERE i2 <> 0) AS d FROM t GROUP BY k;
CREATE MATERIALIZED VIEW o AS SELECT k, sum(9000000000000000000 + i2) AS d, count(*) AS c, sum(2147483647 * i2::bigint) AS e FROM t GROUP BY k;
INSERT INTO t VALUES (1, 0, 'a', 1), (2, 1, 'b', 0), (3, 2, NULL, 2), (4, NULL, 'd', NULL), (5, 2, 'e', -1), (6, 1, NULL, 3);
-- check
UPDATE t SET k = 1 WHERE k = 2;
-- check
UPDATE t SET s = 'x', i2 = 1 WHERE s IS NULL OR i2 <= 0;
-- check
UPDATE t SET k = -1, s = NULL, i2 = -5 WHERE id IN (1, 4);
-- check
DELETE FROM t WHERE id <> 2;
-- check
DELETE FROM t;
-- check
