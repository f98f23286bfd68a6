-- Functions called with the names of their arguments.
CREATE TABLE docs (id int PRIMARY KEY, doc jsonb, n int);

CREATE MATERIALIZED VIEW v_paths AS SELECT id, jsonb_path_exists(doc, '$.a[*] ? (@ > $n)', vars => jsonb_build_object('n', n)) AS a,
    jsonb_path_match(doc, '$.a[0] > 1', silent => true) AS b, jsonb_path_query_array(target => doc, path => 'strict $.a.b', silent => true) AS c,
    jsonb_path_query_first(doc, '$.a[*] ? (@ < $n)', vars => '{"n": 3}', silent => n > 1) AS d,
    jsonb_path_query_array(doc, '$.a[*]', silent => false, vars => '{}') AS e FROM docs;
CREATE MATERIALIZED VIEW v_rows AS SELECT d.id, q.* FROM docs d, jsonb_path_query(d.doc, 'strict $.a[*]', silent => true) WITH ORDINALITY q(v, i);
CREATE MATERIALIZED VIEW v_selected AS SELECT id, jsonb_path_query(doc, 'lax $.a[*] ? (@ >= $n)', vars => jsonb_build_object('n', n)) AS v FROM docs;
CREATE MATERIALIZED VIEW v_others AS SELECT id, make_interval(days => n, secs => 1.5) AS a, make_interval(1, hours => n) AS b, make_date(day => 2, month => 3, year => 2000 + n) AS c,
    jsonb_set(doc, '{z}', '1', create_if_missing => n > 1) AS d, jsonb_insert('[1, 2]', '{0}', replacement => doc, insert_after => true) AS e,
    make_time(1, 2, sec => 3.5) AS f, jsonb_set_lax(doc, '{a}', NULL, null_value_treatment => 'delete_key') AS g FROM docs WHERE jsonb_typeof(doc) = 'object';

INSERT INTO docs VALUES (1, '{"a": [1, 2, 3]}', 1), (2, '{"a": {"b": 5}}', 2), (3, '[1, 2]', 3), (4, '{"b": 1}', 4), (5, NULL, 5), (6, '{"a": [7, "x"]}', NULL);
-- check
UPDATE docs SET n = 2 WHERE id = 1;
UPDATE docs SET doc = '{"a": [4, 5]}' WHERE id = 4;
DELETE FROM docs WHERE id = 2;
-- check
