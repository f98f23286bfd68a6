-- Rows that functions give as values: their fields and .* in SELECT, WHERE and GROUP BY; records within ROWS FROM and numbered; arrays of domains.
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE DOMAIN named AS text NOT NULL CHECK (value <> 'none');
CREATE TABLE docs (id int PRIMARY KEY, j json, b jsonb, l int[], s text, p positive[]);
CREATE TABLE items (a int PRIMARY KEY, t varchar(5), n numeric(6,2), l int[], p positive, q positive[]);

CREATE MATERIALIZED VIEW one_star AS SELECT d.id, (jsonb_populate_record(NULL::items, d.b)).* FROM docs d WHERE jsonb_typeof(d.b) = 'object';
CREATE MATERIALIZED VIEW one_field AS SELECT d.id, (json_populate_record(NULL::items, d.j)).t, (json_populate_record(NULL::items, d.j)).n + 1 AS more, (json_populate_record(NULL::items, d.j)).l[1] AS first FROM docs d WHERE json_typeof(d.j) = 'object' OR d.j IS NULL;
CREATE MATERIALIZED VIEW one_where AS SELECT d.id FROM docs d WHERE CASE WHEN jsonb_typeof(d.b) = 'object' THEN (jsonb_populate_record(NULL::items, d.b - 'q')).n > 2 END;
CREATE MATERIALIZED VIEW one_json AS SELECT d.id, row_to_json(jsonb_populate_record(NULL::items, d.b)) AS a, jsonb_populate_record(NULL::items, d.b)::text AS b, jsonb_populate_record(NULL::items, d.b) IS NULL AS c, to_jsonb(jsonb_populate_record(ROW(1, 'x', 2, NULL, 3, NULL)::items, d.b)) AS d FROM docs d WHERE jsonb_typeof(d.b) = 'object' OR d.b IS NULL;
CREATE MATERIALIZED VIEW one_base AS SELECT i.a AS key, (jsonb_populate_record(i, d.b)).* FROM items i JOIN docs d ON d.id = i.a WHERE jsonb_typeof(d.b) = 'object' OR d.b IS NULL;
CREATE MATERIALIZED VIEW one_left AS SELECT d.id, row_to_json(jsonb_populate_record(i, d.b)) AS r FROM docs d LEFT JOIN items i ON d.id = i.a WHERE jsonb_typeof(d.b) = 'object' OR d.b IS NULL;
CREATE MATERIALIZED VIEW one_group AS SELECT (jsonb_populate_record(NULL::items, d.b - 'q')).t, count(*) AS rows, max((jsonb_populate_record(NULL::items, d.b - 'q')).n) AS most FROM docs d WHERE jsonb_typeof(d.b) = 'object' GROUP BY (jsonb_populate_record(NULL::items, d.b - 'q')).t;
CREATE MATERIALIZED VIEW one_wrong AS SELECT d.id, (json_populate_record(NULL::items, d.j)).t FROM docs d WHERE d.id <> 2;
CREATE MATERIALIZED VIEW set_star AS SELECT d.id, (json_populate_recordset(NULL::items, d.j)).* FROM docs d WHERE json_typeof(d.j) = 'array';
CREATE MATERIALIZED VIEW set_fields AS SELECT d.id, (jsonb_populate_recordset(NULL::items, d.b)).t AS t, (jsonb_populate_recordset(NULL::items, d.b)).n * 2 AS n, generate_series(1, 2) AS g FROM docs d WHERE jsonb_typeof(d.b) = 'array';
CREATE MATERIALIZED VIEW set_base AS SELECT i.a AS key, (jsonb_populate_recordset(i, d.b)).* FROM items i, docs d WHERE jsonb_typeof(d.b) = 'array';
CREATE MATERIALIZED VIEW set_json AS SELECT d.id, row_to_json(jsonb_populate_recordset(NULL::items, d.b)) AS r FROM docs d WHERE jsonb_typeof(d.b) = 'array';
CREATE MATERIALIZED VIEW set_group AS SELECT (jsonb_populate_recordset(NULL::items, d.b)).t AS t, count(*) AS rows FROM docs d WHERE jsonb_typeof(d.b) = 'array' GROUP BY 1;
CREATE MATERIALIZED VIEW pairs_star AS SELECT d.id, (jsonb_each(d.b)).* FROM docs d WHERE jsonb_typeof(d.b) = 'object';
CREATE MATERIALIZED VIEW pairs_key AS SELECT d.id, (json_each_text(d.j)).key AS k, upper((json_each_text(d.j)).value) AS v FROM docs d WHERE json_typeof(d.j) = 'object';
CREATE MATERIALIZED VIEW pairs_group AS SELECT (jsonb_each_text(d.b)).key AS k, count(*) AS rows FROM docs d WHERE jsonb_typeof(d.b) = 'object' GROUP BY k;
CREATE MATERIALIZED VIEW pairs_all AS SELECT k, v, count(*) AS rows FROM (SELECT (jsonb_each(d.b)).key AS k, (jsonb_each(d.b)).value::text AS v, unnest(d.l) AS u FROM docs d WHERE jsonb_typeof(d.b) = 'object') q GROUP BY k, v;
CREATE MATERIALIZED VIEW pairs_text AS SELECT d.id, jsonb_each(d.b)::text AS p, to_jsonb(jsonb_each_text(d.b)) AS q FROM docs d WHERE jsonb_typeof(d.b) = 'object';
CREATE MATERIALIZED VIEW pairs_both AS SELECT (jsonb_each(d.b)).key AS k, (jsonb_each(d.b)).value AS v, max(d.id) AS id FROM docs d WHERE jsonb_typeof(d.b) = 'object' GROUP BY (jsonb_each(d.b)).key, (jsonb_each(d.b)).value;
CREATE MATERIALIZED VIEW rows_from AS SELECT d.id, r.* FROM docs d, ROWS FROM (json_to_recordset(d.j) AS (t text, n numeric), generate_series(1, 2), jsonb_populate_recordset(NULL::items, '[{"a": 7}]')) AS r(x, y, z) WHERE json_typeof(d.j) = 'array';
CREATE MATERIALIZED VIEW rows_numbered AS SELECT d.id, r.* FROM docs d, ROWS FROM (json_to_recordset(d.j) AS (t text, n numeric)) WITH ORDINALITY AS r WHERE json_typeof(d.j) = 'array';
CREATE MATERIALIZED VIEW rows_renamed AS SELECT d.id, r.t, r.o FROM docs d, jsonb_populate_recordset(NULL::items, d.b) WITH ORDINALITY AS r(a, t, n, l, p, q, o) WHERE jsonb_typeof(d.b) = 'array';
CREATE MATERIALIZED VIEW rows_unnamed AS SELECT d.id, json_populate_recordset.t, ordinality FROM docs d, json_populate_recordset(NULL::items, d.j) WITH ORDINALITY WHERE json_typeof(d.j) = 'array';
CREATE MATERIALIZED VIEW rows_written AS SELECT d.id, t, a FROM docs d, json_to_recordset(d.j) AS (a int, t text) WHERE json_typeof(d.j) = 'array';
CREATE MATERIALIZED VIEW rows_of_items AS SELECT i.a AS key, r.* FROM items i, docs d, ROWS FROM (jsonb_populate_recordset(i, d.b), unnest(d.l)) WITH ORDINALITY AS r WHERE jsonb_typeof(d.b) = 'array';
CREATE MATERIALIZED VIEW rows_left AS SELECT d.id, r.t, r.o FROM docs d LEFT JOIN LATERAL ROWS FROM (jsonb_to_recordset(CASE WHEN jsonb_typeof(d.b) = 'array' THEN d.b END) AS (t text)) WITH ORDINALITY AS r(t, o) ON r.o > 1;
CREATE MATERIALIZED VIEW row_star AS SELECT (i).*, (ROW(i.a, i.t)).f2 AS again FROM items i;
CREATE MATERIALIZED VIEW row_of_rows AS SELECT d.id, r::text AS r, to_json(r) AS j FROM docs d, jsonb_to_recordset(d.b) AS r(t text, n numeric) WHERE jsonb_typeof(d.b) = 'array';
CREATE MATERIALIZED VIEW domains_cast AS SELECT d.id, d.l::positive[] AS p FROM docs d WHERE d.id < 3;
CREATE MATERIALIZED VIEW domains_wrong AS SELECT d.id, d.l::positive[] AS p FROM docs d;
CREATE MATERIALIZED VIEW domains_made AS SELECT d.id, ARRAY[d.id, d.id - 2]::positive[] AS p FROM docs d;
CREATE MATERIALIZED VIEW domains_text AS SELECT d.id, ('{' || d.s || '}')::named[] AS p FROM docs d;
CREATE MATERIALIZED VIEW domains_guarded AS SELECT d.id, CASE WHEN 0 < ALL (d.l) THEN (d.l::positive[])[1] END AS p FROM docs d;
CREATE MATERIALIZED VIEW domains_of_documents AS SELECT d.id, r.p, r.q FROM docs d, jsonb_to_record(d.b) AS r(p positive, q positive[]) WHERE jsonb_typeof(d.b) = 'object';
CREATE MATERIALIZED VIEW domains_of_source AS SELECT d.id, p, cardinality(p) AS n FROM docs d;
INSERT INTO items VALUES (1, 'one', 1.50, '{1,NULL}', 1, '{2}'), (2, NULL, 2.50, NULL, NULL, NULL), (3, 'three', NULL, '{}', 3, '{}'), (5, 'five', 5, NULL, 5, '{5,NULL}');
INSERT INTO docs VALUES (1, '{"t": "x", "n": 1.005, "l": [1, 2]}', '{"t": "y", "n": 3, "p": 4, "q": [1, 2]}', '{1,2}', 'a,b', '{1}'),
    (2, '[{"t": "u", "n": 2, "a": 1, "b": "B"}, {}, {"n": 5, "b": ""}]', '[{"t": "u", "n": 2}, {"t": "v"}]', '{3,NULL}', 'c', NULL), (3, NULL, NULL, NULL, 'd', '{}'),
    (4, '{"t": null}', '{"t": "y", "n": 1, "q": null}', '{5,0}', NULL, '{2,3,NULL}');
-- check
UPDATE docs SET b = '{"t": "z", "n": 4.5, "q": [3, null]}' WHERE id = 4;
UPDATE docs SET j = '[{"t": "w", "a": 4}]' WHERE id = 2;
UPDATE items SET t = 'uno', n = 1.75 WHERE a = 1;
DELETE FROM items WHERE a = 3;
-- check
INSERT INTO docs VALUES (5, '[]', '[{"t": "u"}]', '{}', 'none', NULL), (6, '{}', '{"q": [1, -1]}', '{-1}', 'NULL', '{9}');
-- check
UPDATE docs SET b = '{"q": [1]}', l = '{7}', s = 'ok' WHERE id = 6;
DELETE FROM docs WHERE id = 5;
UPDATE docs SET b = NULL WHERE id = 1;
-- check
