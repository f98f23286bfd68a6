-- WITH and VALUES within correlated subqueries, set operations with parts that have clauses of their own, ORDER BY by rows, LIMIT by an expression, op ANY and ALL by any operator over any array.
CREATE TABLE a (id int PRIMARY KEY, k int, n numeric, s text, d date, l text[], g text COLLATE "de-x-icu");
CREATE TABLE b (id int PRIMARY KEY, k int, n numeric, s text, aid int);
CREATE TABLE c (id int PRIMARY KEY, k int, v text);
CREATE MATERIALIZED VIEW with_around AS SELECT a.id, (WITH w AS (SELECT b.* FROM b WHERE b.k = a.k) SELECT count(*) FROM w WHERE w.n > (SELECT avg(n) FROM w)) AS c FROM a;
CREATE MATERIALIZED VIEW with_two AS SELECT a.id, (WITH w AS (SELECT b.id, b.n FROM b WHERE b.k = a.k), x AS (SELECT max(n) AS m FROM w) SELECT string_agg(w.id::text, ',' ORDER BY w.id) FROM w JOIN x ON w.n = x.m) AS c FROM a;
CREATE MATERIALIZED VIEW with_shadow AS SELECT a.id, (WITH w AS (SELECT b.id FROM b WHERE b.n > k2.n) SELECT count(*) FROM w, (SELECT id AS k FROM c WHERE c.k = a.k) a) AS c FROM a CROSS JOIN (SELECT 2 AS n) k2;
CREATE MATERIALIZED VIEW with_range AS SELECT a.id, (WITH w(x, y) AS (SELECT c.id, a.n::text || c.v FROM c WHERE c.id >= a.k) SELECT max(w.y) || count(*) FROM w LEFT JOIN w v ON v.x = w.x + 1) AS c FROM a;
CREATE MATERIALIZED VIEW with_lateral AS SELECT a.id, q.* FROM a, LATERAL (WITH w AS (SELECT b.s, b.n FROM b WHERE b.aid = a.id) SELECT (SELECT count(*) FROM w) AS c, (SELECT max(s) FROM w WHERE w.n > a.n) AS m) q;
CREATE MATERIALIZED VIEW with_deep AS SELECT a.id, (SELECT sum(x) FROM (WITH w AS (SELECT b.n FROM b WHERE b.k = a.k) SELECT (SELECT max(w.n) FROM w WHERE w.n < c.id) AS x FROM c) q) AS c FROM a;
CREATE MATERIALIZED VIEW with_exists AS SELECT a.id FROM a WHERE EXISTS (WITH w AS (SELECT c.v FROM c WHERE c.k = a.k) SELECT FROM w WHERE w.v = a.s OR w.v IN (SELECT b.s FROM b WHERE b.aid = a.id));
CREATE MATERIALIZED VIEW union_parts AS SELECT a.id, (SELECT string_agg(v, ',' ORDER BY v) FROM (SELECT b.s AS v FROM b WHERE b.k = a.k UNION SELECT c.v FROM c WHERE c.k = a.k UNION VALUES ('lit')) u) AS l FROM a;
CREATE MATERIALIZED VIEW union_values AS SELECT a.id, (SELECT sum(v) FROM (VALUES (a.k), (a.id) UNION ALL SELECT b.id FROM b WHERE b.aid = a.id) u(v)) AS l FROM a;
CREATE MATERIALIZED VIEW union_limits AS SELECT a.id, q.v FROM a, LATERAL ((SELECT b.id AS v FROM b WHERE b.aid = a.id ORDER BY b.n DESC NULLS LAST, b.id LIMIT 1) UNION ALL (SELECT c.id FROM c WHERE c.k = a.k ORDER BY c.id FETCH FIRST 1 ROW WITH TIES)) q;
CREATE MATERIALIZED VIEW except_parts AS SELECT a.id FROM a WHERE NOT EXISTS ((SELECT c.id FROM c WHERE c.k = a.k ORDER BY c.id LIMIT 2) EXCEPT SELECT b.id FROM b WHERE b.k = a.k);
CREATE MATERIALIZED VIEW limit_sum AS SELECT * FROM a ORDER BY id LIMIT 1 + 1 OFFSET length('x');
CREATE MATERIALIZED VIEW limit_cast AS SELECT id FROM a ORDER BY id LIMIT '2'::int OFFSET 1.4;
CREATE MATERIALIZED VIEW using_alias AS SELECT x.id, a.s, c.v, x::text AS r FROM a JOIN c USING (id) AS x;
CREATE MATERIALIZED VIEW using_left AS SELECT y.k, y.id, b.s FROM a LEFT JOIN b USING (k, id) AS y;
CREATE MATERIALIZED VIEW order_rows AS SELECT id, unnest(l) || k AS v FROM a ORDER BY unnest(l) || k, id LIMIT 3;
CREATE MATERIALIZED VIEW like_any AS SELECT id, s LIKE ANY (l) AS a, s NOT LIKE ALL (l) AS b, s ~ ANY ('{^x,y$}') AS c, s LIKE ALL ('{}') AS d, s ILIKE ANY (NULL::text[]) AS e, n + 1 > ALL (ARRAY[k, 1]) AS f FROM a;
CREATE MATERIALIZED VIEW like_where AS SELECT id FROM a WHERE s NOT LIKE ALL ('{a%,b%}') OR s || '!' LIKE ANY (l);
CREATE MATERIALIZED VIEW collated_any AS SELECT id, g < ANY (ARRAY[s, 'm']) AS a, g >= ALL (l) AS b FROM a;
CREATE MATERIALIZED VIEW by_unnest AS SELECT a.id, b.id AS bid FROM a JOIN b ON b.s LIKE ANY (a.l);
INSERT INTO a VALUES (1, 1, 1, 'x,y', '2024-01-01', '{x%,NULL}', 'a'), (2, 1, 1.0, 'y', '2024-01-03', '{}', 'Z'), (3, 2, 5, NULL, NULL, NULL, NULL), (4, NULL, NULL, 'b', '2024-01-04', '{%y,b}', 'ä'), (5, 2, -2, 'xx', '2024-01-04', '{x_,p}', 'b');
INSERT INTO b VALUES (1, 1, 1, 'p', 1), (2, 1, 2.5, 'q', 1), (3, 2, 5.0, 'p', 3), (4, NULL, NULL, NULL, NULL), (5, 3, 9, 'z', 4), (6, 2, 2.5, 'xq', 3);
INSERT INTO c VALUES (1, 1, 'x,y'), (2, 2, 'b'), (3, NULL, NULL), (5, 2, 'e'), (9, 1, 'i');
-- check
UPDATE a SET k = 2, n = n + 1 WHERE id IN (1, 4);
UPDATE b SET aid = 2, n = 1.00 WHERE id IN (3, 4);
DELETE FROM c WHERE id = 3;
-- check
DELETE FROM a WHERE id = 3;
INSERT INTO c VALUES (4, 2, 'x,y');
DELETE FROM b WHERE id IN (1, 5);
INSERT INTO a VALUES (6, 3, 4, 'x,y', '2024-01-01', '{x\%y,%,%}', 'a');
-- check
