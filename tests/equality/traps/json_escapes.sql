-- Escapes of a json that are no characters: PostgreSQL raises wherever it reads the whole document, whatever is asked for.
CREATE TABLE t (id int PRIMARY KEY, j json);
CREATE MATERIALIZED VIEW e1 AS SELECT id, j -> 'b' AS x FROM t;
CREATE MATERIALIZED VIEW e2 AS SELECT id, j ->> 'b' AS x FROM t;
CREATE MATERIALIZED VIEW e3 AS SELECT id, j #> '{b}' AS x FROM t;
CREATE MATERIALIZED VIEW e4 AS SELECT id, json_typeof(j) AS x FROM t;
CREATE MATERIALIZED VIEW e5 AS SELECT id, k FROM t, json_object_keys(j) k;
CREATE MATERIALIZED VIEW e6 AS SELECT id, k.key, k.value FROM t, json_each(j) k;
CREATE MATERIALIZED VIEW e7 AS SELECT id, k.* FROM t, json_to_record(j) AS k (b int);
CREATE MATERIALIZED VIEW e8 AS SELECT id, json_strip_nulls(j) AS x FROM t;
CREATE MATERIALIZED VIEW e9 AS SELECT id, json_extract_path(j, 'b') AS x FROM t;
CREATE MATERIALIZED VIEW e10 AS SELECT id, j::text AS x FROM t;
CREATE MATERIALIZED VIEW e11 AS SELECT id, json_array_length(json_build_array(j)) AS x, json_array_length(('[' || j || ']')::json) AS y FROM t;
CREATE MATERIALIZED VIEW e12 AS SELECT id, json_build_array(j) -> 0 -> 'b' AS x FROM t;
CREATE MATERIALIZED VIEW e13 AS SELECT id, (j -> 'b') IS NULL AS x, row_to_json(t) AS y FROM t;
CREATE MATERIALIZED VIEW e14 AS SELECT id, v FROM t, json_array_elements(('[' || j || ', 1]')::json) v;
CREATE MATERIALIZED VIEW e15 AS SELECT id, v FROM t, json_array_elements_text(('[' || j || ', 1]')::json) v;
INSERT INTO t VALUES (1, '{"a": "x\ud83dX", "b": 1}');
-- check
DELETE FROM t;
INSERT INTO t VALUES (2, '{"a": "\u0000", "b": 1}');
-- check
DELETE FROM t;
INSERT INTO t VALUES (3, '{"b": 1, "a": "\ude04X"}');
-- check
DELETE FROM t;
INSERT INTO t VALUES (4, '{"b": 1, "c": {"d": ["\ude04X"]}}');
-- check
DELETE FROM t;
INSERT INTO t VALUES (5, '{"b": 1, "\u0000": 2}'), (6, '{"b": 2, "ok": "\ud83d\ude04"}');
-- check
