-- Functions that give rows, in FROM and beside their row.
CREATE TABLE t (id int PRIMARY KEY, ns int[], ts text[], j jsonb, s text, n int);
CREATE MATERIALIZED VIEW numbers AS SELECT id, x FROM t CROSS JOIN LATERAL unnest(ns) AS u(x);
CREATE MATERIALIZED VIEW numbered AS SELECT id, x, n2 FROM t, unnest(ts) WITH ORDINALITY AS u(x, n2);
CREATE MATERIALIZED VIEW counted AS SELECT x, count(*) AS n, sum(id) AS ids FROM t, unnest(ns) AS x GROUP BY x;
CREATE MATERIALIZED VIEW series AS SELECT id, g FROM t, generate_series(1, n) AS g;
CREATE MATERIALIZED VIEW kept AS SELECT id, x FROM t LEFT JOIN LATERAL unnest(ns) AS x ON true;
CREATE MATERIALIZED VIEW elements AS SELECT id, e, o FROM t, jsonb_array_elements(j -> 'list') WITH ORDINALITY AS x(e, o);
CREATE MATERIALIZED VIEW element_texts AS SELECT id, e FROM t, jsonb_array_elements_text(j -> 'list') AS x(e);
CREATE MATERIALIZED VIEW members AS SELECT id, key, value FROM t, jsonb_each(j -> 'map');
CREATE MATERIALIZED VIEW member_texts AS SELECT id, key, value FROM t, jsonb_each_text(j -> 'map');
CREATE MATERIALIZED VIEW keys AS SELECT k, count(*) AS n FROM t, jsonb_object_keys(j) AS k GROUP BY k;
CREATE MATERIALIZED VIEW words AS SELECT id, w FROM t, regexp_split_to_table(s, '\s+') AS w;
CREATE MATERIALIZED VIEW word_counts AS SELECT lower(w) AS w, count(*) AS n FROM t, regexp_split_to_table(s, '\s+') AS w GROUP BY 1;
CREATE MATERIALIZED VIEW listed AS SELECT id, unnest(ns) AS x FROM t;
CREATE MATERIALIZED VIEW joined AS SELECT t.id, o.id AS other FROM t, unnest(t.ns) AS x JOIN t o ON o.id = x;
INSERT INTO t VALUES (1, '{1,2,2}', '{a,b,a}', '{"list": [1, "x", null, {"a": 1.0}], "map": {"p": 1, "q": "two"}}', 'the quick  brown the', 3),
  (2, '{}', '{}', '{"list": [], "map": {}}', '', 0), (3, NULL, NULL, NULL, NULL, NULL), (4, '{NULL,7}', '{NULL,""}', '{"other": 1}', ' x ', -2),
  (5, '{3,1}', '{c}', '{"list": [1, 1], "map": {"p": null}}', 'The End', 2);
-- check
UPDATE t SET ns = ns || 5, s = s || ' more', n = n + 1 WHERE id IN (1, 4);
UPDATE t SET j = '{"list": [2], "map": {"p": 2, "r": [1]}}' WHERE id = 2;
-- check
DELETE FROM t WHERE id = 1;
UPDATE t SET ns = '{9,9}', ts = '{z,z}' WHERE id = 3;
UPDATE t SET id = 7 WHERE id = 5;
-- check
TRUNCATE t;
INSERT INTO t VALUES (8, '{8}', '{e}', '{"map": {"k": true}}', 'one', 1);
-- check
