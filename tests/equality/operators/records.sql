-- Records out of documents: column definition lists, and the row types of tables.
CREATE TABLE docs (id int PRIMARY KEY, j json, b jsonb);
CREATE TABLE shapes (a int PRIMARY KEY, t text, n numeric(6,2), d date);

CREATE MATERIALIZED VIEW v_record AS SELECT d.id, r.* FROM docs d, json_to_record(d.j) AS r(a int, t text, n numeric(6,2), sub json, at timestamp) WHERE json_typeof(d.j) = 'object';
CREATE MATERIALIZED VIEW v_recordb AS SELECT d.id, r.a, r.t, r.sub, r.flag FROM docs d LEFT JOIN LATERAL jsonb_to_record(d.b) AS r(a bigint, t text, sub jsonb, flag boolean) ON true
    WHERE jsonb_typeof(d.b) = 'object' OR d.b IS NULL;
CREATE MATERIALIZED VIEW v_set AS SELECT d.id, x.a, x.t, x.sub FROM docs d CROSS JOIN LATERAL json_to_recordset(d.j) AS x(a int, t text, sub jsonb) WHERE json_typeof(d.j) = 'array';
CREATE MATERIALIZED VIEW v_total AS SELECT d.id, (SELECT sum(x.n) FROM jsonb_to_recordset(CASE WHEN jsonb_typeof(d.b) = 'array' THEN d.b END) AS x(n numeric, t text) WHERE x.t <> 'no') AS total FROM docs d WHERE jsonb_typeof(d.b) = 'array';
CREATE MATERIALIZED VIEW v_populated AS SELECT d.id, p.*, row_to_json(p) AS all_of FROM docs d, jsonb_populate_record(NULL::shapes, d.b) p WHERE jsonb_typeof(d.b) = 'object';
CREATE MATERIALIZED VIEW v_populated_set AS SELECT d.id, p.a, p.n, p.d FROM docs d, json_populate_recordset(NULL::public.shapes, d.j) AS p WHERE json_typeof(d.j) = 'array';

INSERT INTO docs VALUES (1, '{"a": 1, "t": "x \u00e9", "n": 1.005, "sub": {"k":  [1]}, "at": "2024-01-02 03:04:05", "a2": 0}', '{"a": 1, "t": null, "sub": null, "flag": "yes", "n": 2.5, "d": "2024-02-29"}'),
    (2, '[{"a": 1, "t": "p", "sub": [1, 2.50]}, {"a": null, "t": {"z": 1}}, {}]', '[{"n": 1.50, "t": "yes"}, {"n": 2.25, "t": "no"}, {"t": "yes"}]'),
    (3, NULL, NULL), (4, '{}', '{"t": ["q"], "sub": "s", "a": "17", "flag": true}'), (5, '[]', '[]'), (6, '{"t": 1.50, "sub": "str", "a": 2, "a": 3}', '{"n": "7", "sub": [null]}');
-- check
UPDATE docs SET b = '{"a": 2}' WHERE id = 2;
UPDATE docs SET j = '[{"a": 5, "n": 3.999, "d": "2024-12-31"}]' WHERE id = 1;
DELETE FROM docs WHERE id = 4;
-- check
INSERT INTO docs VALUES (7, '{"a": "no number"}', '[{"n": "x", "t": "yes"}]');
-- check
DELETE FROM docs WHERE id = 7;
-- check
