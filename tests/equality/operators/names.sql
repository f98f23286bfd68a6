-- What PostgreSQL names columns that have no alias, and the types of whole rows under aliases.
CREATE TABLE o (id int PRIMARY KEY, g int, v int, j jsonb);
CREATE MATERIALIZED VIEW n1 AS SELECT id, ARRAY[id, v] FROM o;
CREATE MATERIALIZED VIEW n2 AS SELECT id, CASE WHEN v > 3 THEN ARRAY[1] ELSE ARRAY[id, v] END FROM o;
CREATE MATERIALIZED VIEW n3 AS SELECT g, GROUPING(g) FROM o GROUP BY ROLLUP (g);
CREATE MATERIALIZED VIEW n4 AS SELECT id, ARRAY[id, v]::text[], CASE WHEN v > 3 THEN '1' ELSE v::text END FROM o;
CREATE MATERIALIZED VIEW n5 AS SELECT id, (SELECT ARRAY[1, id])[2], (o.*)::text FROM o;
CREATE MATERIALIZED VIEW n6 AS SELECT row_to_json(p) FROM o p (a, b, c);
CREATE MATERIALIZED VIEW n7 AS SELECT row_to_json(p) FROM (SELECT id, v FROM o) p (a, b);
CREATE MATERIALIZED VIEW n8 AS SELECT row_to_json(p), to_jsonb(p) -> 'a' AS a FROM n1 p (a, b);
CREATE MATERIALIZED VIEW n9 AS WITH w AS (SELECT id, v FROM o) SELECT row_to_json(p) FROM w p (a, b);
CREATE MATERIALIZED VIEW n10 AS SELECT id, (SELECT max(q.v) FROM LATERAL (SELECT o.*) q) FROM o;
CREATE MATERIALIZED VIEW n11 AS SELECT s.*, z.n FROM o, LATERAL (SELECT o.*, 1 AS one) s, LATERAL (SELECT count(*) AS n FROM (SELECT s.*) t) z;
CREATE MATERIALIZED VIEW n12 AS SELECT j.*, x.id AS other FROM o x JOIN (o x CROSS JOIN (SELECT 7 AS seven) y) j (a, b) ON x.v = j.a;
CREATE MATERIALIZED VIEW n13 AS SELECT count(v), string_agg(DISTINCT t, ',' ORDER BY t) AS s, sum(DISTINCT v::int2 ORDER BY v::int2) FROM (SELECT v, ('x' || v)::varchar(9) AS t FROM o) q;
CREATE MATERIALIZED VIEW n14 AS SELECT id, '{1,2}'::_int4 AS a, ARRAY[v]::_text AS b FROM o;
CREATE MATERIALIZED VIEW n15 AS SELECT id, j #- '{a}' AS d, jsonb_set(j, '{x,y}', '1', false) AS s, jsonb_insert(j, '{}', '1') AS i FROM o;
CREATE MATERIALIZED VIEW n16 AS SELECT id, to_char('inf'::float4 * v, '99.99') AS a, to_char('-inf'::float8 * v, '99.999999999') AS b, to_char('nan'::float4, '9.9') AS c FROM o;
CREATE MATERIALIZED VIEW n17 AS SELECT id, unistr(CASE WHEN v > 5 THEN '\0061\+00006c' ELSE '\+2FFFFF' END) AS u FROM o;
CREATE MATERIALIZED VIEW n18 AS SELECT g AS a, g AS b FROM o GROUP BY a, ROLLUP (b);
-- oracle n17: SELECT id, unistr('\0061\+00006c') AS u FROM o WHERE v > 5
INSERT INTO o SELECT i, i % 5, nullif(i * 7 % 11, 3), CASE i % 4 WHEN 0 THEN '[]' WHEN 1 THEN '{}' WHEN 2 THEN '{"a": 1}' ELSE '{"x": {"y": 2}}' END::jsonb FROM generate_series(1, 30) i;
-- check
UPDATE o SET v = v + 3 WHERE id % 4 = 0;
DELETE FROM o WHERE g = 2;
-- check
