-- Functions that give rows among the columns of SELECT, and groups of what they give.
CREATE TABLE t (id int PRIMARY KEY, g int, a int[], b text[], s text, j jsonb);
CREATE TABLE w (id int PRIMARY KEY, g int, x int);
CREATE MATERIALIZED VIEW keys AS SELECT jsonb_object_keys(j) AS key, count(*) AS n, sum(id) AS ids FROM t GROUP BY 1;
CREATE MATERIALIZED VIEW by_name AS SELECT unnest(b) AS tag, count(*) AS n FROM t WHERE id > 1 GROUP BY tag HAVING count(*) > 1;
CREATE MATERIALIZED VIEW written AS SELECT count(*) AS n, max(g) AS m FROM t GROUP BY unnest(a);
CREATE MATERIALIZED VIEW written_twice AS SELECT unnest(a) + 1 AS x, count(*) AS n FROM t GROUP BY unnest(a);
CREATE MATERIALIZED VIEW side_by_side AS SELECT unnest(a) AS x, unnest(b) AS y, count(*) AS n FROM t GROUP BY 1, 2;
CREATE MATERIALIZED VIEW behind AS SELECT g, generate_series(1, count(*)) AS i, min(id) AS m FROM t GROUP BY g;
CREATE MATERIALIZED VIEW both_ways AS SELECT unnest(a) AS x, generate_series(1, max(g)) AS i FROM t GROUP BY 1;
CREATE MATERIALIZED VIEW sets AS SELECT g, unnest(a) AS x, count(*) AS n FROM t GROUP BY ROLLUP (g, unnest(a));
CREATE MATERIALIZED VIEW of_parts AS SELECT regexp_split_to_table(s, ',') AS part, array_agg(id ORDER BY id) AS ids FROM t GROUP BY part;
CREATE MATERIALIZED VIEW once AS SELECT DISTINCT unnest(a) AS x FROM t;
CREATE MATERIALIZED VIEW joined AS SELECT unnest(t.b) AS tag, sum(w.x) AS x FROM t LEFT JOIN w USING (g) WHERE w.x IS DISTINCT FROM 2 GROUP BY 1;
CREATE MATERIALIZED VIEW of_subquery AS SELECT unnest((SELECT array_agg(w.x ORDER BY w.id) FROM w WHERE w.g = t.g)) AS x, count(*) AS n FROM t GROUP BY 1;
CREATE MATERIALIZED VIEW within AS SELECT id, (SELECT max(n) FROM (SELECT unnest(t.a) AS x, count(*) AS n FROM w WHERE w.g = t.g GROUP BY 1) q) AS most FROM t;
CREATE MATERIALIZED VIEW ranked AS SELECT unnest(a) AS x, count(*) AS n, rank() OVER (ORDER BY count(*) DESC) AS r FROM t GROUP BY 1;
CREATE MATERIALIZED VIEW ordered AS SELECT unnest(a) AS x, count(*) AS n FROM t GROUP BY 1 ORDER BY n DESC, x LIMIT 3;
INSERT INTO t VALUES (1, 1, '{1,2,2}', '{a,b}', 'x,y', '{"a":1,"b":2}'), (2, 1, '{2}', '{a,a,c}', 'y', '{"a":null}'), (3, 2, '{}', '{}', '', '{}'),
  (4, NULL, NULL, NULL, NULL, NULL), (5, 3, '{NULL,3}', '{NULL,b}', 'z,,x', '{"c":[]}');
INSERT INTO w VALUES (1, 1, 1), (2, 1, 2), (3, 2, 3), (4, 3, NULL);
-- check
UPDATE t SET a = a || 3, b = b || 'b'::text WHERE id <> 4;
UPDATE w SET g = 3 WHERE id = 2;
-- check
DELETE FROM t WHERE id IN (1, 5);
INSERT INTO t VALUES (6, 2, '{3,1}', '{c}', 'q', '{"a":3,"z":1}');
UPDATE t SET id = 10 WHERE id = 2;
-- check
TRUNCATE t;
-- check
