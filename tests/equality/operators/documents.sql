-- Paths into documents and matches of expressions, as rows and as conditions.
CREATE TABLE t (id int PRIMARY KEY, j jsonb, s text, n int);
CREATE MATERIALIZED VIEW found AS SELECT id, p FROM t, jsonb_path_query(j, '$.list[*] ? (@ > 1)') AS p;
CREATE MATERIALIZED VIEW numbered AS SELECT id, p, o FROM t, jsonb_path_query(j, '$.**') WITH ORDINALITY AS x(p, o);
CREATE MATERIALIZED VIEW listed AS SELECT id, jsonb_path_query(j, '$.list[*]') AS p FROM t;
CREATE MATERIALIZED VIEW counted AS SELECT p, count(*) AS n FROM t, jsonb_path_query(j, '$.list[*]') AS p GROUP BY p;
CREATE MATERIALIZED VIEW with_vars AS SELECT id, p FROM t, jsonb_path_query(j, '$.list[*] ? (@ >= $least)', jsonb_build_object('least', n)) AS p;
CREATE MATERIALIZED VIEW strict_one AS SELECT id, jsonb_path_query_array(j, 'strict $.list[*].a') AS p FROM t;
CREATE MATERIALIZED VIEW quiet_one AS SELECT id, jsonb_path_query_array(j, 'strict $.list[*].a', '{}', true) AS p FROM t;
CREATE MATERIALIZED VIEW kept AS SELECT id FROM t WHERE j @? '$.list[*] ? (@ == "x")' OR j @@ '$.map.p > 1';
CREATE MATERIALIZED VIEW matches AS SELECT id, m FROM t, regexp_matches(s, '(\w)(\w*)', 'g') AS m;
CREATE MATERIALIZED VIEW first_match AS SELECT id, m, m[1] AS one FROM t, regexp_matches(s, 'qu(.)') AS m;
INSERT INTO t VALUES (1, '{"list": [1, "x", null, {"a": 1.0}, 2, 3], "map": {"p": 1, "q": "two"}}', 'the quick  brown the', 3),
  (2, '{"list": [], "map": {"p": 7}}', '', 0), (3, NULL, NULL, NULL), (4, '[{"list": [2, 2.0]}]', ' x ', -2),
  (5, '{"list": [{"a": 1}, {"a": [5]}], "map": {"p": null}}', 'The End of quota', 2);
-- check
UPDATE t SET s = s || ' quiz', n = n - 1 WHERE id IN (1, 4);
UPDATE t SET j = '{"list": [2, 2, "x"], "map": {"p": 2, "r": [1]}}' WHERE id = 2;
-- check
DELETE FROM t WHERE id = 1;
UPDATE t SET j = '{"list": {"a": 4}}' WHERE id = 3;
UPDATE t SET id = 7 WHERE id = 5;
-- check
TRUNCATE t;
INSERT INTO t VALUES (8, '{"list": [8]}', 'quo', 1);
-- check
