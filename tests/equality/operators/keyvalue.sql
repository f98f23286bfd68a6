-- jsonpath's keyvalue(): members as objects, with PostgreSQL's ids: the place of the object in its storage.
CREATE TABLE d (id int PRIMARY KEY, b jsonb, v jsonb);
CREATE MATERIALIZED VIEW top AS SELECT id, jsonb_path_query_array(b, '$.keyvalue()', '{}', true) AS a FROM d;
CREATE MATERIALIZED VIEW nested AS SELECT id, jsonb_path_query_array(b, '$.**.keyvalue()', '{}', true) AS a, jsonb_path_query_array(b, '$.**{2 to last} ? (@.type() == "object").keyvalue().id') AS c FROM d;
CREATE MATERIALIZED VIEW rows_of AS SELECT id, q FROM d, jsonb_path_query(b, '$.* ? (@.type() == "object").keyvalue()') q;
CREATE MATERIALIZED VIEW twice AS SELECT id, jsonb_path_query_array(b, '$.keyvalue().value ? (@.type() == "object").keyvalue()', '{}', true) AS a, jsonb_path_query_array(b, '$.keyvalue().keyvalue()', '{}', true) AS c FROM d;
CREATE MATERIALIZED VIEW variables AS SELECT id, jsonb_path_query_array(b, '$v.keyvalue()', jsonb_build_object('a', 1.5, 'v', v), true) AS a FROM d;
CREATE MATERIALIZED VIEW operators AS SELECT id, b @? '$.keyvalue() ? (@.id == 0 && @.key like_regex "^[a-m]")' AS x, b @@ '$.keyvalue().value.keyvalue().id > 20000000000' AS y, b @? '$.keyvalue().value.keyvalue() ? (@.id >= 10000000000)' AS z, b @? '$.keyvalue()' AS w FROM d;
CREATE MATERIALIZED VIEW strict_ones AS SELECT id, jsonb_path_query_array(b, 'strict $.keyvalue()', '{}', true) AS a, jsonb_path_exists(b, '$.keyvalue()', '{}', true) AS e FROM d;
CREATE MATERIALIZED VIEW raising AS SELECT id, jsonb_path_query_first(b, 'strict $.keyvalue()') AS a FROM d WHERE id < 3 OR id > 7;
INSERT INTO d VALUES (1, '{"a": 1, "bb": {"c": 2.50, "d": {"e": null}}, "xyz": [1, {"k": "v"}, "text", {"m": {}}], "n": {"q": true}}', '{"o": {"p": 1}}'),
  (2, '{}', '{"z": 123456789.123456789, "y": [0, 0.0001, 10000, -99999999, 1e70, 1e-70], "é": {"": {"x": 1}}}'), (3, '[{"a": {"b": 1}}, {"a": 100020003}]', NULL),
  (4, '"scalar"', '1'), (5, NULL, '{}'), (6, '{"long": 1e300, "tiny": 1e-300, "zero": 0.00, "deep": {"a": [[{"b": {"c": 12345.678}}]], "f": false}, "last": {"one": 1}}', '{"a": "b"}'),
  (7, '{"numbers": [1, 10, 100, 1000, 10000, 100000000, 0.5, 0.00005, 12345.00001], "after": {"x": 0}, "zz": {"y": {"w": -1.5}}}', '[]');
-- check
UPDATE d SET b = '{"k": {"a": {"b": {"c": 1}}}, "lll": {"x": "four"}}' WHERE id = 4;
INSERT INTO d VALUES (8, '[1]', '{"a": 1}');
-- check
DELETE FROM d WHERE id = 8;
-- check
