-- VARIADIC arrays as arguments, and ORDER BY ... USING an operator.
CREATE TABLE a (id int PRIMARY KEY, g int, v int, t text, arr int[], ts text[]);
CREATE TABLE b (id int PRIMARY KEY, k int, w int);
CREATE MATERIALIZED VIEW v1 AS SELECT id, concat(VARIADIC ts) AS c FROM a;
CREATE MATERIALIZED VIEW v2 AS SELECT id, concat_ws(',', VARIADIC ts) AS c FROM a;
CREATE MATERIALIZED VIEW v3 AS SELECT id, num_nulls(VARIADIC arr) AS c FROM a;
CREATE MATERIALIZED VIEW v6 AS SELECT id, jsonb_extract_path('{"a":{"b":1}}'::jsonb, VARIADIC ARRAY['a','b']) AS c FROM a;
CREATE MATERIALIZED VIEW v7 AS SELECT id, num_nonnulls(VARIADIC ts) AS c, concat(VARIADIC arr) AS d, concat_ws(t, VARIADIC arr) AS e FROM a;
CREATE MATERIALIZED VIEW v8 AS SELECT id, jsonb_build_array(VARIADIC arr) AS c,
    json_extract_path_text('{"x":[7,8]}', VARIADIC ARRAY['x', (id % 2)::text]) AS d FROM a;
CREATE MATERIALIZED VIEW v9 AS SELECT id, CASE WHEN cardinality(ts) = 3 THEN format('%s-%s', VARIADIC ts) END AS c,
    CASE WHEN arr IS NOT NULL THEN format('%2$L %1$s', VARIADIC arr) END AS d, format(t, VARIADIC arr) AS e FROM a;
CREATE MATERIALIZED VIEW v10 AS SELECT id, json_build_array(VARIADIC arr) AS c, jsonb_build_object(VARIADIC ARRAY['a', t, 'b', NULL]) AS d,
    CASE WHEN arr IS NOT NULL THEN json_build_object(VARIADIC arr || id) END AS e FROM a;
CREATE MATERIALIZED VIEW v11 AS SELECT id, json_build_object(VARIADIC ARRAY['a', t, 'b', NULL]) AS d, num_nulls(VARIADIC '{}'::int[]) AS n,
    jsonb_build_array(VARIADIC '{}'::int[]) AS e, concat(VARIADIC ARRAY[true, id > 3]) AS f FROM a;
CREATE MATERIALIZED VIEW o1 AS SELECT id, v FROM a ORDER BY v USING >, id USING < LIMIT 5;
CREATE MATERIALIZED VIEW o2 AS SELECT g, array_agg(v ORDER BY v USING > NULLS LAST, id) AS c FROM a GROUP BY g;
CREATE MATERIALIZED VIEW o3 AS SELECT id, rank() OVER (ORDER BY v USING OPERATOR(pg_catalog.>)) AS c FROM a;
INSERT INTO a SELECT i, i % 5, nullif(i * 7 % 11, 3), chr(97 + i % 7), ARRAY[i % 3, NULL, i % 6], ARRAY['x' || i, NULL, 'y'] FROM generate_series(1, 20) i;
INSERT INTO b SELECT i, i % 6, nullif(i * 5 % 13, 4) FROM generate_series(1, 15) i;
-- check
UPDATE a SET v = v + 3, arr = NULL, ts = '{}' WHERE id % 4 = 0;
UPDATE b SET w = w - 2, k = k + 1 WHERE id % 3 = 0;
DELETE FROM a WHERE g = 2;
-- check
TRUNCATE b;
-- check
