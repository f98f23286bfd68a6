-- What FROM may hold: constants, functions that give rows in every place, set operations of every shape, joins of joins.
CREATE TABLE a (id int PRIMARY KEY, k int, s text, ns int[], j jsonb);
CREATE TABLE b (id int PRIMARY KEY, k int, s text, d date);
CREATE MATERIALIZED VIEW one_row AS SELECT 1 AS x, 'y' AS s, NULL AS n;
CREATE MATERIALIZED VIEW one_group AS SELECT count(*) AS c, max(x) AS m FROM (SELECT 4 AS x WHERE false) t;
CREATE MATERIALIZED VIEW rows_of AS VALUES (1, 'a'), (2, NULL), (1, 'a'), (3, 'b');
CREATE MATERIALIZED VIEW rows_ordered AS SELECT * FROM (VALUES (1, 2.5), (2, NULL), (3, 1)) v ORDER BY 2 DESC NULLS LAST, 1 LIMIT 2;
CREATE MATERIALIZED VIEW rows_joined AS SELECT a.id, v.w FROM a LEFT JOIN (VALUES (1, 'one'), (1, 'uno'), (2, 'two')) v(k, w) USING (k);
CREATE MATERIALIZED VIEW unpivot AS SELECT a.id, v.name, v.value FROM a CROSS JOIN LATERAL (VALUES ('k', a.k::text), ('s', a.s)) v(name, value);
CREATE MATERIALIZED VIEW unpivot_one AS SELECT a.id, v.value FROM a, LATERAL (VALUES (a.k + 1)) v(value);
CREATE MATERIALIZED VIEW series AS SELECT g FROM generate_series(1, 5) g;
CREATE MATERIALIZED VIEW series_step AS SELECT g, n FROM generate_series(10, 1, -3) WITH ORDINALITY AS t(g, n);
CREATE MATERIALIZED VIEW series_of_days AS SELECT g::date AS d, count(b.id) AS c FROM generate_series(timestamp '2024-01-01', '2024-01-10', '1 day') g LEFT JOIN b ON b.d = g::date GROUP BY 1;
CREATE MATERIALIZED VIEW series_numeric AS SELECT x FROM generate_series(0.5, 2, 0.25) x;
CREATE MATERIALIZED VIEW series_of AS SELECT a.id, g FROM a JOIN generate_series(a.k, a.id) g ON g % 2 = 0;
CREATE MATERIALIZED VIEW series_left AS SELECT a.id, g FROM a LEFT JOIN generate_series(a.k, a.id) g ON g % 5 = 0;
CREATE MATERIALIZED VIEW several AS SELECT * FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY['x', 'y'])) WITH ORDINALITY AS t(n, w, o);
CREATE MATERIALIZED VIEW several_of AS SELECT a.id, t.x, t.y FROM a, unnest(a.ns, ARRAY[a.k, a.k + 1]) AS t(x, y);
CREATE MATERIALIZED VIEW select_rows AS SELECT id, generate_series(1, k) AS g, unnest(ns) AS n, upper(s) AS s FROM a;
CREATE MATERIALIZED VIEW select_rows_grouped AS SELECT k, generate_series(1, count(*)) AS g FROM a GROUP BY k;
CREATE MATERIALIZED VIEW select_rows_within AS SELECT id, unnest(ns) * 2 + 1 AS n FROM a WHERE k > 0;
CREATE MATERIALIZED VIEW select_rows_distinct AS SELECT DISTINCT unnest(ns) AS n FROM a;
CREATE MATERIALIZED VIEW member_of AS SELECT id FROM a WHERE EXISTS (SELECT 1 FROM unnest(a.ns) x WHERE x > a.k);
CREATE MATERIALIZED VIEW summed AS SELECT id, (SELECT sum(x) FROM unnest(a.ns) x) AS s, (SELECT count(*) FROM jsonb_object_keys(a.j)) AS c FROM a;
CREATE MATERIALIZED VIEW looked_up AS SELECT a.id, b.s FROM a, unnest(a.ns) x LEFT JOIN b ON b.id = x;
CREATE MATERIALIZED VIEW crossed AS SELECT a.id, x, y FROM a, unnest(a.ns) x, generate_series(1, x) y WHERE y > 1;
CREATE MATERIALIZED VIEW documents AS SELECT a.id, e.key, m.value FROM a, jsonb_each(a.j) e, jsonb_array_elements_text(e.value) m WHERE jsonb_typeof(e.value) = 'array';
CREATE MATERIALIZED VIEW elements AS SELECT a.id, e FROM a, jsonb_array_elements(a.j -> 'l') e;
CREATE MATERIALIZED VIEW words AS SELECT a.id, w, n FROM a, string_to_table(a.s, ' ') WITH ORDINALITY AS t(w, n);
CREATE MATERIALIZED VIEW subscripts AS SELECT a.id, i, a.ns[i] AS n FROM a, generate_subscripts(a.ns, 1) i;
CREATE MATERIALIZED VIEW mixed_union AS SELECT id, k::numeric AS v FROM a UNION ALL SELECT id, NULL FROM b UNION ALL SELECT -1, 2.50 UNION ALL VALUES (7, 1);
CREATE MATERIALIZED VIEW tree AS (SELECT k FROM a UNION SELECT k FROM b) EXCEPT (SELECT id FROM a INTERSECT SELECT id FROM b);
CREATE MATERIALIZED VIEW precedence AS SELECT k FROM a UNION ALL SELECT k FROM b INTERSECT ALL SELECT id FROM a;
CREATE MATERIALIZED VIEW except_all_of AS SELECT k, s FROM a EXCEPT ALL SELECT k, s FROM b EXCEPT ALL SELECT 1, 'x y';
CREATE MATERIALIZED VIEW parts AS (SELECT id, s FROM a ORDER BY id DESC LIMIT 2) UNION ALL (SELECT id, s FROM b ORDER BY s, id LIMIT 3);
CREATE MATERIALIZED VIEW of_with AS WITH w AS (SELECT k, count(*) AS c FROM a GROUP BY k) SELECT k, c FROM w UNION SELECT k, -c FROM w ORDER BY 1, 2 LIMIT 4;
CREATE MATERIALIZED VIEW unioned_groups AS SELECT k, sum(c) AS c FROM (SELECT k, count(*) AS c FROM a GROUP BY k UNION ALL SELECT k, count(*) FROM b GROUP BY k) u GROUP BY k;
CREATE MATERIALIZED VIEW joined_unions AS SELECT u.k, v.s FROM (SELECT k FROM a UNION SELECT k FROM b) u LEFT JOIN (SELECT k, s FROM a UNION ALL SELECT k, s FROM b) v ON v.k = u.k;
CREATE MATERIALIZED VIEW top_of_bag AS SELECT k FROM (SELECT k FROM a UNION ALL SELECT k FROM b) u WHERE k IS NOT NULL ORDER BY k LIMIT 5;
CREATE MATERIALIZED VIEW window_of_bag AS SELECT k, count(*) OVER (PARTITION BY s) AS c, rank() OVER (ORDER BY k) AS r FROM (SELECT k, s FROM a UNION ALL SELECT k, s FROM b) u;
CREATE MATERIALIZED VIEW full_of_bags AS SELECT x.k, y.k AS yk, x.s, y.s AS ys FROM (SELECT k, s FROM a) x FULL JOIN (SELECT k, s FROM b) y ON x.k = y.k AND x.s IS NOT DISTINCT FROM y.s;
CREATE MATERIALIZED VIEW full_more AS SELECT a.id, b.id AS bid FROM a FULL JOIN b ON a.k = b.k AND a.id < 4 AND b.id < 6;
CREATE MATERIALIZED VIEW full_false AS SELECT a.id, b.id AS bid FROM a FULL JOIN b ON false;
CREATE MATERIALIZED VIEW left_false AS SELECT a.id, b.id AS bid FROM a LEFT JOIN b ON NULL;
CREATE MATERIALIZED VIEW full_three AS SELECT k, a.id, b.id AS bid, c.id AS cid FROM a FULL JOIN b USING (k) FULL JOIN (SELECT k, id FROM a WHERE id > 5) c USING (k);
CREATE MATERIALIZED VIEW right_of_left AS SELECT a.id, b.id AS bid, c.id AS cid FROM a LEFT JOIN b ON a.k = b.k RIGHT JOIN a c ON c.id = b.id;
CREATE MATERIALIZED VIEW left_of_cross AS SELECT a.id, q.x, q.y FROM a LEFT JOIN (b x(x) CROSS JOIN (SELECT id AS y FROM b WHERE id < 3) z) q ON q.y = a.k;
CREATE MATERIALIZED VIEW filtered_left AS SELECT a.id, b.id AS bid FROM a LEFT JOIN b ON a.k = b.k WHERE b.s = 'x y' OR b.id > 6;
CREATE MATERIALIZED VIEW kept_left AS SELECT a.id, b.id AS bid FROM a LEFT JOIN b ON a.k = b.k WHERE coalesce(b.id, 0) < 6;
CREATE MATERIALIZED VIEW natural_three AS SELECT * FROM (SELECT k, id AS i1 FROM a) x NATURAL LEFT JOIN (SELECT k, id AS i2 FROM b) y NATURAL JOIN (SELECT DISTINCT k FROM a) z;
CREATE MATERIALIZED VIEW counted_pairs AS SELECT count(*) AS c FROM a, b;
CREATE MATERIALIZED VIEW or_keys AS SELECT a.id, b.id AS bid FROM a, b WHERE (a.k = b.k AND a.id > 4) OR (a.k = b.k AND b.id > 4);
CREATE MATERIALIZED VIEW no_group_key AS SELECT s FROM a UNION ALL SELECT s FROM a;
INSERT INTO a SELECT i, nullif(i % 5, 4), (ARRAY['x y', 'z', NULL])[1 + i % 3], (ARRAY['{1,2,2}', '{}', NULL, '{4,NULL,1}'])[1 + i % 4]::int[], (ARRAY['{"l": [1, "x", null]}', '{"l": [], "m": ["u", "v"]}', NULL])[1 + i % 3]::jsonb FROM generate_series(1, 12) i;
INSERT INTO b SELECT i, nullif(i % 4, 3), (ARRAY['x y', 'z', 'q'])[1 + i % 3], date '2024-01-01' + i FROM generate_series(1, 9) i;
-- check
UPDATE a SET ns = ns || k, s = s || ' w' WHERE id % 2 = 0;
UPDATE b SET k = 1, s = 'x y' WHERE id % 3 = 0;
DELETE FROM a WHERE id = 3;
-- check
UPDATE a SET k = k - 1, j = '{"m": ["a"], "l": [{"a": 1}]}' WHERE id % 3 = 1;
UPDATE b SET id = id + 20 WHERE id < 3;
DELETE FROM b WHERE id = 5;
-- check
TRUNCATE b;
INSERT INTO a VALUES (50, 1, 'x y', '{9}', '{}'), (51, 1, 'x y', '{9}', '{}');
-- check
INSERT INTO b VALUES (1, 1, 'x y', '2024-01-03'), (2, 1, 'x y', NULL), (3, NULL, NULL, '2024-01-03');
DELETE FROM a WHERE id < 40;
-- check
TRUNCATE a;
-- check
