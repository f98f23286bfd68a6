-- Records out of documents whose columns are arrays, texts of a length, enums and domains; and those that begin with a row.
CREATE TYPE size AS ENUM ('s', 'm', 'l');
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE DOMAIN known AS text NOT NULL;
CREATE TABLE docs (id int PRIMARY KEY, j json, b jsonb);
CREATE TABLE items (a int PRIMARY KEY, t varchar(5), c char(3), n numeric(6,2), l int[], p positive, d date NOT NULL, m size);

CREATE MATERIALIZED VIEW v_arrays AS SELECT d.id, r.* FROM docs d, json_to_record(d.j) AS r(l int[], t text[], n numeric(6,2)[], f float8[], s size[], dt date[]) WHERE json_typeof(d.j) = 'object';
CREATE MATERIALIZED VIEW v_arraysb AS SELECT d.id, r.*, r.l[2] AS second FROM docs d, jsonb_to_record(d.b) AS r(l int[], t text[], n numeric(6,2)[], f float8[], s size[], dt date[]) WHERE jsonb_typeof(d.b) = 'object';
CREATE MATERIALIZED VIEW v_documents AS SELECT d.id, r.t, r.l::text AS l, x.t AS tb, x.l AS lb FROM docs d, json_to_record(d.j) AS r(t jsonb[], l json), jsonb_to_record(d.b) AS x(t jsonb[], l jsonb) WHERE json_typeof(d.j) = 'object' AND jsonb_typeof(d.b) = 'object';
CREATE MATERIALIZED VIEW v_lengths AS SELECT d.id, r.v, r.c || '|' AS c, r.ts, r.iv, r.m FROM docs d, jsonb_to_record(d.b) AS r(v varchar(4), c char(4), ts timestamp(1), iv interval hour, m size) WHERE jsonb_typeof(d.b) = 'object';
CREATE MATERIALIZED VIEW v_sets AS SELECT d.id, r.l, r.v, r.l[1] AS x FROM docs d, json_to_recordset(d.j) AS r(l int[], v varchar(3)) WHERE json_typeof(d.j) = 'array';
CREATE MATERIALIZED VIEW v_domain AS SELECT d.id, r.p, r.k FROM docs d LEFT JOIN LATERAL jsonb_to_record(d.b) AS r(p positive, k known) ON true WHERE jsonb_typeof(d.b) = 'object' OR d.b IS NULL;
CREATE MATERIALIZED VIEW v_defaults AS SELECT d.id, p.* FROM docs d, jsonb_populate_record(ROW(0, 'default', 'x', 1.005, '{7}', 3, '2024-01-01', 'm')::items, d.b) p WHERE jsonb_typeof(d.b) = 'object';
CREATE MATERIALIZED VIEW v_nulls AS SELECT d.id, p.* FROM docs d, json_populate_record(NULL::items, d.j) p WHERE json_typeof(d.j) = 'object' AND d.id NOT IN (1, 5);
CREATE MATERIALIZED VIEW v_row AS SELECT i.a AS key, d.id, p.* FROM items i JOIN docs d ON d.id = i.a CROSS JOIN LATERAL jsonb_populate_record(i, d.b) p WHERE jsonb_typeof(d.b) = 'object' OR d.b IS NULL;
CREATE MATERIALIZED VIEW v_row_left AS SELECT i.a AS key, d.id, p.a, p.t, p.n, p.l FROM items i LEFT JOIN docs d ON d.id = i.a LEFT JOIN LATERAL jsonb_populate_record(i, d.b -> 'patch') p ON p.n > 2;
CREATE MATERIALIZED VIEW v_row_set AS SELECT i.a AS key, p.a, p.t, p.n FROM items i, docs d, jsonb_populate_recordset(i, d.b) p WHERE jsonb_typeof(d.b) = 'array' AND i.a <= 2;
CREATE MATERIALIZED VIEW v_row_sub AS SELECT i.a, (SELECT p.t || p.n FROM docs d, jsonb_populate_record(i, d.b) p WHERE jsonb_typeof(d.b) = 'object' AND d.id = i.a) AS told, EXISTS (SELECT FROM jsonb_populate_record(i, '{"n": 5}') p WHERE p.a = i.a AND p.n > i.n) AS more FROM items i;

INSERT INTO items VALUES (1, 'one', 'a', 1.50, '{1,NULL}', 1, '2024-01-01', 's'), (2, NULL, NULL, 2.50, NULL, NULL, '2024-02-02', NULL), (3, 'three', 'ccc', NULL, '{}', 3, '2024-03-03', 'l'), (9, 'nine', NULL, 9, NULL, NULL, '2024-09-09', 'm');
INSERT INTO docs VALUES (1, '{"l": [1, null, 3], "t": ["x \u00e9", {"k" : [1]}, true, 1.50], "n": [1.005, "2"], "f": ["NaN", 1e3], "s": ["s", null], "dt": ["2024-02-29"], "p": 4}', '{"l": [1, null, 3], "t": ["x \u00e9", {"k" : [1]}, true, 1.50, null, [2]], "n": [1.005, "2"], "f": ["NaN", 1e3], "s": ["s", null], "dt": ["2024-02-29"], "v": "abcd  ", "c": "ab", "p": 5, "k": "k", "patch": {"n": 3}}'),
    (2, '{"l": "{4,5}", "t": [], "n": null, "s": "{m,l}", "dt": "[2:3]={2024-01-01,2024-01-02}"}', '{"l": "{4,5}", "t": [[]], "n": null, "v": "ab", "c": "abcd", "ts": "2024-01-01 00:00:00.25", "iv": "3", "m": "l", "k": "", "patch": {"n": 1, "l": [5]}}'),
    (3, '[{"l": [1, 2], "v": "abc"}, {"l": []}, {"v": "x", "l": [null, 4]}]', '[{"n": 4}, {}, {"t": null, "a": 7}]'), (4, NULL, NULL), (5, '{"l": {}, "t": "[]"}', '{"k": "x"}'), (6, '{}', '{"d": "2024-12-31", "t": "abc", "l": null, "k": "y"}');
-- check
DELETE FROM docs WHERE id = 5;
UPDATE docs SET b = '{"a": 2, "n": 4.5, "k": "z", "patch": {"t": "new", "n": 2.5}}' WHERE id = 2;
UPDATE items SET t = 'uno', n = 1.75, l = '{8}' WHERE a = 1;
DELETE FROM items WHERE a = 3;
-- check
INSERT INTO docs VALUES (7, '{"l": 5}', '{"v": "abcde", "t": "longer", "p": -1, "l": [["x"], 1], "k": "k"}'), (8, '{"t": "{a"}', '{"p": 0, "s": ["xl"]}');
INSERT INTO docs VALUES (9, '[{"v": "abcd"}]', NULL);
-- check
DELETE FROM docs WHERE id IN (7, 8);
UPDATE docs SET j = '[{"v": "abc", "l": [9]}]' WHERE id = 9;
INSERT INTO items VALUES (4, 'four', 'd', 4, '{4}', 4, '2024-04-04', 's');
-- check
