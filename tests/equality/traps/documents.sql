-- Editing documents: members of empty objects, elements of empty arrays.
CREATE TABLE a (id int PRIMARY KEY, j jsonb, b boolean, o jsonb, y bytea);
CREATE MATERIALIZED VIEW of_constant AS SELECT id, jsonb_set('{}'::jsonb, '{a}', j) AS c FROM a;
CREATE MATERIALIZED VIEW of_column AS SELECT id, jsonb_set(CASE WHEN jsonb_typeof(o) = 'object' THEN o END, '{a}', j) AS c FROM a;
CREATE MATERIALIZED VIEW of_either AS SELECT id, jsonb_set((CASE WHEN b THEN '{"a": 1}' ELSE '{}' END)::jsonb, '{a}', j) AS c FROM a;
CREATE MATERIALIZED VIEW inserted AS SELECT id, jsonb_insert(CASE WHEN jsonb_typeof(o) = 'array' THEN o ELSE '{}' END, '{0}', j) AS c FROM a;
CREATE MATERIALIZED VIEW within AS SELECT id, jsonb_set('{"x": {}}', '{x,y}', j) AS c, jsonb_set_lax('{}', '{q}', j, true, 'use_json_null') AS d FROM a;
CREATE MATERIALIZED VIEW lax AS SELECT id, jsonb_set_lax('{"a": 1}', '{a}', j, true, 'delete_key') AS gone, jsonb_set_lax('{"a": 1}', '{a}', j, b, 'return_target') AS kept FROM a;
-- a literal behind the argument that chooses the aggregate
CREATE MATERIALIZED VIEW joined_bytes AS SELECT b, string_agg(y, '\x00' ORDER BY id) AS y FROM a GROUP BY b;
INSERT INTO a VALUES (1, '1.50', true, '{}', '\x01'), (2, '{"a": [1, 2, "x"]}', false, '[]', '\x'), (3, 'null', true, '{"a": {"a": 1}}', NULL),
  (4, '[]', false, '{"b": [1,2]}', '\xff'), (5, NULL, NULL, '[1]', '\x03');
-- check
UPDATE a SET o = '{}', b = NOT b, y = y || '\x11' WHERE id > 2;
DELETE FROM a WHERE id = 1;
-- check
