-- Aggregates with a subquery in them and GROUPING inside a subquery belong to the innermost query of which they name a column.
CREATE TABLE o (id int PRIMARY KEY, g int, v int);
CREATE TABLE i (id int PRIMARY KEY, k int, w int);
CREATE MATERIALIZED VIEW a1 AS SELECT (SELECT max((SELECT i.w FROM i WHERE i.id = o.v))) AS m FROM o;
CREATE MATERIALIZED VIEW a2 AS SELECT g, (SELECT max((SELECT i.w FROM i WHERE i.id = o.v))) AS m FROM o GROUP BY g;
CREATE MATERIALIZED VIEW a3 AS SELECT (SELECT max((SELECT i.w FROM i WHERE i.id = o.v)) FILTER (WHERE o.id < 10)) AS m FROM o;
CREATE MATERIALIZED VIEW a4 AS SELECT g, (SELECT sum(o.v + (SELECT count(*) FROM i WHERE i.k = o.g)) + count(*) FROM i j) AS m FROM o GROUP BY g;
CREATE MATERIALIZED VIEW a5 AS SELECT g, (SELECT count(*) FROM i j WHERE j.w < sum(o.v + (SELECT count(*) FROM i WHERE i.k = o.g))) AS m FROM o GROUP BY g;
CREATE MATERIALIZED VIEW a6 AS SELECT g FROM o GROUP BY g HAVING EXISTS (SELECT FROM i j WHERE j.k = count((SELECT 1 FROM i WHERE i.k = o.g AND i.w > o.v)));
CREATE MATERIALIZED VIEW a7 AS SELECT id, (SELECT sum((SELECT count(*) FROM o x WHERE x.g = i.k)) FROM i WHERE i.k = o.g) AS m FROM o;
CREATE MATERIALIZED VIEW a8 AS SELECT id, (SELECT sum(i.w + (SELECT count(*) FROM o x WHERE x.g = o.g)) FROM i WHERE i.k = o.g) AS m FROM o;
CREATE MATERIALIZED VIEW a9 AS SELECT g, (SELECT string_agg((SELECT min(w)::text FROM i WHERE k = o.g), ',' ORDER BY o.id)) AS m FROM o GROUP BY g;
CREATE MATERIALIZED VIEW a10 AS SELECT id, (SELECT sum((SELECT count(*) FROM (SELECT k AS kk FROM i) q WHERE q.kk = y.g)) FROM o y WHERE y.v = o.v) AS m FROM o;
CREATE MATERIALIZED VIEW a11 AS SELECT g, sum(v), (SELECT max((SELECT i.w FROM i WHERE i.id = o.v))) AS m, count(*) FROM o GROUP BY ROLLUP (g);
CREATE MATERIALIZED VIEW g1 AS SELECT g, (SELECT grouping(g)) FROM o GROUP BY CUBE (g);
CREATE MATERIALIZED VIEW g2 AS SELECT g, v, (SELECT grouping(o.g, o.v) + count(*) FROM i WHERE i.k = o.g) FROM o GROUP BY ROLLUP (g, v);
CREATE MATERIALIZED VIEW g3 AS SELECT g, (SELECT sum(w) FROM i GROUP BY k HAVING grouping(o.g) = 0 ORDER BY k LIMIT 1) FROM o GROUP BY ROLLUP (g);
CREATE MATERIALIZED VIEW g4 AS SELECT g, (SELECT max(x) FROM (SELECT grouping(k) + max(w) AS x FROM i WHERE i.k <> o.g GROUP BY ROLLUP (k)) q) FROM o GROUP BY g;
CREATE MATERIALIZED VIEW g5 AS SELECT (SELECT (SELECT grouping(g, v) FROM (VALUES (1)) v2 (c)) FROM (VALUES (1, 2)) v1 (a, b) GROUP BY (a, b)) FROM o GROUP BY ROLLUP (g, v);
INSERT INTO o SELECT i, i % 5, nullif(i * 7 % 11, 3) FROM generate_series(1, 30) i;
INSERT INTO i SELECT i, i % 6, nullif(i * 5 % 13, 4) FROM generate_series(1, 15) i;
-- check
UPDATE o SET v = v + 3 WHERE id % 4 = 0;
UPDATE i SET w = w - 2, k = k + 1 WHERE id % 3 = 0;
DELETE FROM o WHERE g = 2;
-- check
TRUNCATE i;
-- check
