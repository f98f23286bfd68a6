-- Text compares by bytes; varchar, char and text meet; patterns.
CREATE TABLE t (id int PRIMARY KEY, s text, v varchar(10), c char(6));
CREATE MATERIALIZED VIEW ends AS SELECT min(s) AS least, max(s) AS most, min(v) AS lv, max(c) AS mc FROM t;
CREATE MATERIALIZED VIEW first_five AS SELECT id, s FROM t ORDER BY s, id LIMIT 5;
CREATE MATERIALIZED VIEW last_five AS SELECT id, s FROM t ORDER BY s DESC NULLS LAST, id LIMIT 5;
CREATE MATERIALIZED VIEW compared AS SELECT id, s < 'a' AS lt, s >= 'Z' AS ge, s = v AS eq, c = v AS ec, c = s AS es, s || c AS sc, c || '!' AS cb,
  length(c) AS lc, octet_length(c) AS oc, c < 'ab' AS lt2, v::char(3) AS v3, s::varchar(2) AS s2 FROM t;
CREATE MATERIALIZED VIEW cased AS SELECT id, upper(s) AS u, lower(s) AS l, initcap(s) AS i, length(s) AS n, reverse(s) AS r, ascii(s) AS a FROM t;
CREATE MATERIALIZED VIEW matched AS SELECT id, s LIKE 'a%' AS l1, s LIKE '%\_%' AS l2, s ILIKE 'A_%' AS l3, s ~ '^[a-z]+$' AS r1, s ~* 'AB' AS r2,
  s SIMILAR TO '(a|b)%' AS s1, s LIKE '' AS l4, c LIKE 'ab%' AS l5, s !~ '\d' AS r3 FROM t;
CREATE MATERIALIZED VIEW by_text AS SELECT s, count(*) AS n FROM t GROUP BY s;
CREATE MATERIALIZED VIEW by_char AS SELECT c, count(*) AS n, string_agg(v, ',' ORDER BY v, id) AS vs FROM t GROUP BY c;
INSERT INTO t VALUES (1, 'a', 'a', 'a'), (2, 'B', 'B', 'B'), (3, '_', '_', '_'), (4, 'ä', 'ä', 'ä'), (5, 'Z', 'Z', 'Z '), (6, '', '', ''), (7, ' ', ' ', ' '),
  (8, 'ab_c', 'ab', 'ab'), (9, E'tab\there', E'n\nl', 'q"u\o'), (10, 'Ünïcödé 日本 😀', '日本', '日本'), (11, NULL, NULL, NULL), (12, 'a%b', 'a%b', 'ab  '),
  (13, 'back\slash', '''', '''"');
-- check
UPDATE t SET s = s || 'x', c = upper(c) WHERE id % 2 = 0;
DELETE FROM t WHERE id IN (6, 10);
-- check
UPDATE t SET s = repeat('long ', 2000) || id, v = NULL WHERE id = 3;
UPDATE t SET c = 'a' WHERE id = 3;
INSERT INTO t VALUES (14, repeat('x', 600) || 'a', 'a', 'a'), (15, repeat('x', 600) || 'b', 'b', 'b');
-- check
UPDATE t SET v = 'same' WHERE id = 3;
DELETE FROM t WHERE id IN (1, 14);
-- check
