-- Columns of the query around read within the joins of a subquery's FROM: on each side of LEFT, RIGHT and FULL JOIN, in ON, in several places.
CREATE TABLE a (id int PRIMARY KEY, x int, n numeric, s text);
CREATE TABLE b (id int PRIMARY KEY, y int, m numeric, t text);
CREATE TABLE c (id int PRIMARY KEY, x int, y int, v int);
CREATE MATERIALIZED VIEW full_on AS SELECT a.id, (SELECT count(*) FROM b FULL JOIN c ON b.y = c.y AND b.id > a.id) AS n FROM a;
CREATE MATERIALIZED VIEW full_on_subquery AS SELECT a.id, (SELECT count(*) FROM b FULL JOIN c ON b.y = c.y AND EXISTS (SELECT FROM b e WHERE e.id > b.id AND e.y >= c.v AND e.id <> a.id)) AS n FROM a;
CREATE MATERIALIZED VIEW full_on_number AS SELECT a.id, (SELECT count(c.id) || a.n::text FROM b FULL JOIN c ON b.y = c.y AND (SELECT count(*)::text || a.n::text FROM b e WHERE e.id > b.id AND e.y >= c.v) LIKE '%0%') AS n FROM a;
CREATE MATERIALIZED VIEW left_right AS SELECT a.id, (SELECT count(*) FROM b LEFT JOIN (c JOIN c d ON d.x = a.x) ON b.y = c.y) AS n FROM a;
CREATE MATERIALIZED VIEW left_on AS SELECT a.id, (SELECT count(c.id) FROM b LEFT JOIN c ON b.y = c.y AND c.x = a.x) AS n FROM a;
CREATE MATERIALIZED VIEW left_both AS SELECT a.id, (SELECT count(q.id) FROM (SELECT * FROM b WHERE b.y = a.x) p LEFT JOIN (SELECT * FROM c WHERE c.x = a.x) q ON p.y = q.y) AS n FROM a;
CREATE MATERIALIZED VIEW left_number AS SELECT a.id, (SELECT count(*) || ':' || max(a.n::text || coalesce(d.id, 0)::text) FROM b LEFT JOIN (c JOIN c d ON d.v > a.n AND length(a.n::text) > d.x) ON b.y = c.y) AS n FROM a;
CREATE MATERIALIZED VIEW right_side AS SELECT a.id, (SELECT count(p.id) + 10 * count(*) FROM (SELECT * FROM b WHERE b.y = a.x) p RIGHT JOIN (SELECT * FROM c WHERE c.x >= a.x) q ON p.y = q.y) AS n FROM a;
CREATE MATERIALIZED VIEW full_right AS SELECT a.id, (SELECT count(*) FROM b FULL JOIN (SELECT * FROM c WHERE c.x = a.x) q ON b.y = q.y) AS n FROM a;
CREATE MATERIALIZED VIEW full_left AS SELECT a.id, (SELECT count(*) FROM (b JOIN c ON c.v > a.x) FULL JOIN c d ON b.y = d.y) AS n FROM a;
CREATE MATERIALIZED VIEW full_sides AS SELECT a.id, (SELECT count(q.id) + 100 * count(p.id) + 10000 * count(*) FROM (SELECT * FROM b WHERE b.y = a.x) p FULL JOIN (SELECT * FROM c WHERE c.x = a.x) q ON p.y = q.y) AS n FROM a;
CREATE MATERIALIZED VIEW full_number AS SELECT a.id, (SELECT max(coalesce(p.id, q.id) || a.n::text) || count(p.id) || count(q.id) || count(*) FROM (b p JOIN b r ON r.m > a.n AND r.id = p.id) FULL JOIN (c q JOIN b o ON o.id = q.id AND length(a.n::text) < o.id + 2) ON p.y = q.y) AS n FROM a;
CREATE MATERIALIZED VIEW full_rows AS SELECT a.id, q.bid, q.cid FROM a, LATERAL (SELECT b.id AS bid, c.id AS cid FROM b FULL JOIN c ON b.y = c.y AND c.v > a.x WHERE coalesce(b.id, c.id) > a.id) q;
CREATE MATERIALIZED VIEW full_group AS SELECT a.id, (SELECT max(g.n) FROM (SELECT c.x, count(*) AS n FROM b FULL JOIN c ON b.id = c.id AND b.y < a.id GROUP BY c.x) g) AS n FROM a;
CREATE MATERIALIZED VIEW two_lefts AS SELECT a.id, (SELECT count(d.id) + 100 * count(f.id) FROM (b LEFT JOIN c d ON d.y = b.y AND d.v > a.x) JOIN (b e LEFT JOIN c f ON f.y = e.y AND f.x = a.x) ON b.id = e.id) AS n FROM a;
CREATE MATERIALIZED VIEW left_and_full AS SELECT a.id, (SELECT count(d.id) + 100 * count(f.id) + 10000 * count(*) FROM (b LEFT JOIN c d ON d.y = b.y AND d.v > a.x) JOIN (b e FULL JOIN c f ON f.y = e.y AND f.x = a.x) ON b.id = e.id) AS n FROM a;
CREATE MATERIALIZED VIEW full_in_left AS SELECT a.id, (SELECT count(d.id) + 100 * count(e.id) + 10000 * count(*) FROM b LEFT JOIN (c d FULL JOIN b e ON d.id = e.id AND d.v > a.x) ON d.y = b.y AND e.y <> a.id) AS n FROM a;
CREATE MATERIALIZED VIEW rows_in_left AS SELECT a.id, (SELECT count(g.i) + 100 * count(*) FROM b LEFT JOIN (c CROSS JOIN generate_series(1, a.x) AS g(i)) ON b.y = c.y) AS n FROM a;
CREATE MATERIALIZED VIEW deep AS SELECT a.id, (SELECT sum(z.n) FROM (SELECT b.id, (SELECT count(*) FROM c LEFT JOIN (c d JOIN b f ON f.id = d.id AND f.y >= b.y) ON c.y = d.y AND d.x = a.x) AS n FROM b) z WHERE z.id >= a.id) AS n FROM a;
CREATE MATERIALIZED VIEW left_subquery AS SELECT a.id, (SELECT string_agg(b.t || coalesce(q.v::text, '-'), ',' ORDER BY b.id, q.id) FROM b LEFT JOIN c q ON q.y = b.y AND (SELECT count(*) FROM c e WHERE e.x = a.x AND e.v > q.v) > 0) AS n FROM a;
CREATE MATERIALIZED VIEW exists_full AS SELECT a.id FROM a WHERE EXISTS (SELECT FROM b FULL JOIN c ON b.id = c.id AND c.v = a.x WHERE b.y = a.id OR c.y = a.id);
CREATE MATERIALIZED VIEW in_full AS SELECT a.id FROM a WHERE a.id NOT IN (SELECT coalesce(b.id, c.id) FROM b FULL JOIN c ON b.id = c.id AND c.v = a.x WHERE b.id IS NULL OR c.id IS NULL);
INSERT INTO a VALUES (1, 1, 1, 'a'), (2, 1, 1.0, 'b'), (3, 2, 2, 'c'), (4, NULL, NULL, NULL), (5, 3, 10, 'e');
INSERT INTO b VALUES (1, 1, 2, 'A'), (2, 2, 2.0, 'B'), (3, 1, 3, 'C'), (4, NULL, NULL, NULL), (6, 3, 11, 'F');
INSERT INTO c VALUES (1, 1, 1, 1), (2, 1, 2, 2), (3, 2, 1, 3), (4, 2, 1, 4), (5, NULL, 1, 5), (6, 3, NULL, 10);
-- check
UPDATE c SET y = 3 WHERE id IN (1, 6);
UPDATE a SET x = 2 WHERE id IN (2, 5);
INSERT INTO c VALUES (7, 3, 3, 1), (8, 1, 1, 0);
-- check
DELETE FROM c WHERE id IN (2, 4);
UPDATE b SET y = 2, m = 4 WHERE id = 3;
UPDATE a SET n = 1.00 WHERE id = 1;
UPDATE a SET id = 6 WHERE id = 3;
-- check
TRUNCATE c;
-- check
INSERT INTO c SELECT i, i % 3, i % 4, i % 7 FROM generate_series(1, 12) i;
DELETE FROM b WHERE id = 2;
DELETE FROM a WHERE id = 2;
-- check
