-- Subqueries in ON, of inner and outer joins, that name columns of one side and of both.
CREATE TABLE a (id int PRIMARY KEY, x int, n numeric, s text);
CREATE TABLE b (id int PRIMARY KEY, y int, m numeric, t text);
CREATE TABLE c (id int PRIMARY KEY, x int, y int, v int);
CREATE MATERIALIZED VIEW exists_both AS SELECT a.id, b.id AS other FROM a LEFT JOIN b ON EXISTS (SELECT 1 FROM c WHERE c.x = a.x AND c.y = b.y);
CREATE MATERIALIZED VIEW exists_not AS SELECT a.id, b.id AS other FROM a LEFT JOIN b ON a.id = b.id AND NOT EXISTS (SELECT 1 FROM c WHERE c.x = a.x AND c.y = b.y);
CREATE MATERIALIZED VIEW counted AS SELECT a.id, b.id AS other FROM a LEFT JOIN b ON (SELECT count(*) FROM c WHERE c.x = a.x AND c.y = b.y) <> 1;
CREATE MATERIALIZED VIEW by_value AS SELECT a.id, b.id AS other, b.t FROM a LEFT JOIN b ON a.x = b.y AND coalesce((SELECT max(v) FROM c WHERE c.x = a.x AND c.y <> b.y), 0) < a.id + b.id;
CREATE MATERIALIZED VIEW right_one AS SELECT a.id, b.id AS other FROM a RIGHT JOIN b ON a.x >= b.y AND a.id IN (SELECT c.v FROM c WHERE c.y = b.y);
CREATE MATERIALIZED VIEW in_sum AS SELECT a.id, b.id AS other FROM a LEFT JOIN b ON (SELECT sum(v) FROM c WHERE c.x = a.x + b.y) > 3;
CREATE MATERIALIZED VIEW numbers AS SELECT a.id, b.id AS other, a.n, b.m FROM a LEFT JOIN b ON EXISTS (SELECT 1 FROM c WHERE c.v = a.n AND c.v + 1 = b.m);
CREATE MATERIALIZED VIEW texts_of_both AS SELECT a.id, b.id AS other FROM a LEFT JOIN b ON a.id = b.id AND (SELECT a.n::text || b.m::text || count(*)::text FROM c WHERE c.x = a.x) LIKE '%0%';
CREATE MATERIALIZED VIEW any_of AS SELECT a.id, b.id AS other FROM a LEFT JOIN b ON a.x < ANY (SELECT c.v FROM c WHERE c.y = b.y AND c.x <> a.x);
CREATE MATERIALIZED VIEW all_of AS SELECT a.id, b.id AS other FROM a LEFT JOIN b ON a.x = b.y AND a.id >= ALL (SELECT c.v FROM c WHERE c.y = b.y);
CREATE MATERIALIZED VIEW list_of AS SELECT a.id, b.id AS other FROM a LEFT JOIN b ON a.x = b.y AND array_length(ARRAY(SELECT c.v FROM c WHERE c.x = a.x AND c.y = b.y ORDER BY c.id), 1) > 1;
CREATE MATERIALIZED VIEW inner_one AS SELECT a.id, b.id AS other FROM a JOIN b ON EXISTS (SELECT 1 FROM c WHERE c.x = a.x AND c.y = b.y);
CREATE MATERIALIZED VIEW inner_value AS SELECT a.id, b.id AS other FROM a JOIN b ON a.x = b.y AND (SELECT count(*) FROM c WHERE c.x = a.x AND c.v > b.y) > 0;
CREATE MATERIALIZED VIEW chain AS SELECT a.id, b.id AS other, c.id AS third FROM a LEFT JOIN b ON a.x = b.y LEFT JOIN c ON c.x = a.x AND c.v > (SELECT min(d.v) FROM c d WHERE d.x = a.x AND d.y = c.y) AND b.id IS NOT NULL;
CREATE MATERIALIZED VIEW below AS SELECT a.id, (SELECT count(q.other) FROM (SELECT b.id, c.id AS other FROM b LEFT JOIN c ON c.y = b.y AND EXISTS (SELECT 1 FROM b e WHERE e.id > b.id AND e.y > c.v)) q WHERE q.id >= a.id) AS n FROM a;
CREATE MATERIALIZED VIEW total AS SELECT a.x, count(*) AS rows, count(b.id) AS found FROM a LEFT JOIN b ON EXISTS (SELECT 1 FROM c WHERE c.x = a.x AND c.y = b.y) GROUP BY a.x;
CREATE MATERIALIZED VIEW full_one AS SELECT a.id, b.id AS other FROM a FULL JOIN b ON a.id = b.id AND EXISTS (SELECT 1 FROM c WHERE c.x = a.x AND c.y = b.y);
CREATE MATERIALIZED VIEW full_count AS SELECT a.id, a.n, b.id AS other, b.m FROM a FULL JOIN b ON a.x = b.y AND (SELECT count(*) FROM c WHERE c.x >= a.x AND c.v < b.id) < 2;
CREATE MATERIALIZED VIEW full_twice AS SELECT a.id, b.id AS other, b.t FROM a FULL JOIN b ON a.x = b.y AND NOT EXISTS (SELECT 1 FROM c WHERE c.x = a.id AND c.y = b.id) AND a.id + b.id <> ALL (SELECT v FROM c WHERE c.x = a.x AND c.y <> b.id);
CREATE MATERIALIZED VIEW full_mixed AS SELECT a.id, b.id AS other FROM a FULL JOIN b ON a.x = b.y AND a.id IN (SELECT c.v FROM c WHERE c.x = a.x) AND b.id > (SELECT min(c.v) FROM c WHERE c.y = b.y) AND EXISTS (SELECT FROM c WHERE c.x = a.x AND c.y = b.y);
CREATE MATERIALIZED VIEW full_copies AS SELECT p.x, q.y, q.half, count(*) AS rows FROM (SELECT x, s FROM a) p FULL JOIN (SELECT y, id / 2 AS half FROM b) q ON p.x = q.y AND EXISTS (SELECT FROM c WHERE c.x = p.x AND c.v > q.half) GROUP BY p.x, q.y, q.half;
CREATE MATERIALIZED VIEW full_groups AS SELECT p.x, q.y, p.rows, q.most FROM (SELECT x, count(*) AS rows FROM a GROUP BY x) p FULL JOIN (SELECT y, max(m) AS most FROM b GROUP BY y) q ON p.x = q.y AND (SELECT count(*) FROM c WHERE c.x = p.x AND c.v <= q.most) > 0;
CREATE MATERIALIZED VIEW full_one_row AS SELECT p.id, q.most FROM a p FULL JOIN (SELECT max(y) AS most FROM b) q ON p.x = q.most AND EXISTS (SELECT FROM c WHERE c.x = p.id AND c.y <= q.most);
CREATE MATERIALIZED VIEW full_chain AS SELECT a.id, b.id AS other, c.id AS third, b.t FROM a FULL JOIN b ON a.x = b.y AND EXISTS (SELECT FROM c WHERE c.x = a.x AND c.y = b.y) LEFT JOIN c ON c.v = coalesce(a.id, b.id) WHERE coalesce(b.t, 'Z') > 'A';
CREATE MATERIALIZED VIEW full_of_joins AS SELECT a.id, d.id AS second, b.id AS other, c.id AS third FROM (a JOIN a d ON d.x = a.id) FULL JOIN (b JOIN c ON c.y = b.y) ON a.x = b.y AND d.id = (SELECT max(e.id) FROM c e WHERE e.x = d.x AND e.v <= c.v);
CREATE MATERIALIZED VIEW full_within AS SELECT a.id, (SELECT count(*) FROM b FULL JOIN c ON b.y = c.y AND EXISTS (SELECT FROM b e WHERE e.id > b.id AND e.y >= c.v) WHERE coalesce(b.id, c.id) >= a.id) AS n FROM a;
CREATE MATERIALIZED VIEW full_below AS SELECT a.id, a.x, (SELECT max(q.n) FROM (SELECT coalesce(b.y, c.x) AS x, count(*) AS n FROM b FULL JOIN c ON b.y = c.x AND b.id > (SELECT count(*) FROM b e WHERE e.y = b.y AND e.id > c.v) GROUP BY 1) q WHERE q.x = a.x) AS n FROM a;
CREATE MATERIALIZED VIEW full_star AS SELECT * FROM (SELECT id, x FROM a) p FULL JOIN (SELECT id AS other, y FROM b) q ON p.x = q.y AND EXISTS (SELECT 1 FROM c WHERE c.x = p.x AND c.y = q.other);
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
UPDATE a SET id = 6 WHERE id = 1;
-- check
TRUNCATE c;
-- check
INSERT INTO c SELECT i, i % 3, i % 4, i % 7 FROM generate_series(1, 12) i;
DELETE FROM b WHERE id = 2;
-- check
