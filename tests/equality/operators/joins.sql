-- Every kind of join, with and without equality, over tables whose keys, conditions and partners change.
CREATE TABLE a (id int PRIMARY KEY, k int, s text, n numeric(8,2));
CREATE TABLE b (id int PRIMARY KEY, k int, s text, d date);
CREATE TABLE c (x int, y int, a_id int, PRIMARY KEY (x, y));
CREATE MATERIALIZED VIEW inner_on AS SELECT a.id, b.id AS bid, a.s, b.s AS bs FROM a JOIN b ON a.k = b.k;
CREATE MATERIALIZED VIEW inner_two AS SELECT a.id, b.id AS bid FROM a JOIN b ON a.k = b.k AND a.s = b.s;
CREATE MATERIALIZED VIEW inner_more AS SELECT a.id, b.id AS bid FROM a JOIN b ON a.k = b.k AND a.n > b.id;
CREATE MATERIALIZED VIEW inner_not_equal AS SELECT a.id, b.id AS bid FROM a JOIN b ON a.n < b.id * 2;
CREATE MATERIALIZED VIEW crossed AS SELECT a.id, b.id AS bid FROM a CROSS JOIN b WHERE b.id < 5;
CREATE MATERIALIZED VIEW comma AS SELECT a.id, b.id AS bid, c.y FROM a, b, c WHERE a.k = b.k AND c.a_id = a.id;
CREATE MATERIALIZED VIEW left_on AS SELECT a.id, b.id AS bid, b.d FROM a LEFT JOIN b ON a.k = b.k;
CREATE MATERIALIZED VIEW left_more AS SELECT a.id, b.id AS bid FROM a LEFT JOIN b ON a.k = b.k AND a.n > b.id AND b.s <> 'x';
CREATE MATERIALIZED VIEW left_own AS SELECT a.id, b.id AS bid FROM a LEFT JOIN b ON a.k = b.k AND a.s = 'y';
CREATE MATERIALIZED VIEW left_not_equal AS SELECT a.id, b.id AS bid FROM a LEFT JOIN b ON a.k > b.k + 3;
CREATE MATERIALIZED VIEW left_true AS SELECT a.id, b.id AS bid FROM a LEFT JOIN b ON b.s = 'z';
CREATE MATERIALIZED VIEW anti AS SELECT a.id FROM a LEFT JOIN b ON a.k = b.k WHERE b.id IS NULL;
CREATE MATERIALIZED VIEW right_on AS SELECT a.id, b.id AS bid FROM a RIGHT JOIN b ON a.k = b.k AND a.n > 3;
CREATE MATERIALIZED VIEW full_on AS SELECT a.id, b.id AS bid, a.k, b.k AS bk FROM a FULL JOIN b ON a.k = b.k;
CREATE MATERIALIZED VIEW full_more AS SELECT a.id, b.id AS bid FROM a FULL JOIN b ON a.k = b.k AND a.s < b.s;
CREATE MATERIALIZED VIEW full_using AS SELECT k, a.s, b.s AS bs FROM a FULL JOIN b USING (k);
CREATE MATERIALIZED VIEW left_using AS SELECT k, a.id, b.id AS bid FROM a LEFT JOIN b USING (k);
CREATE MATERIALIZED VIEW right_using AS SELECT k, a.id, b.id AS bid FROM a RIGHT JOIN b USING (k);
CREATE MATERIALIZED VIEW naturally AS SELECT * FROM (SELECT k, s, id AS aid FROM a) x NATURAL JOIN (SELECT k, s, id AS bid FROM b) y;
CREATE MATERIALIZED VIEW self AS SELECT x.id, y.id AS other FROM a x JOIN a y ON x.k = y.k AND x.id < y.id;
CREATE MATERIALIZED VIEW self_left AS SELECT x.id, y.id AS parent, y.s FROM a x LEFT JOIN a y ON x.k = y.id;
CREATE MATERIALIZED VIEW three AS SELECT a.id, b.id AS bid, c.x, c.y FROM a LEFT JOIN b ON a.k = b.k LEFT JOIN c ON c.a_id = a.id AND c.y = b.id;
CREATE MATERIALIZED VIEW nested AS SELECT a.id, q.bid, q.x FROM a LEFT JOIN (SELECT b.id AS bid, b.k, c.x FROM b JOIN c ON c.y = b.id) q ON q.k = a.k;
CREATE MATERIALIZED VIEW of_groups AS SELECT a.id, g.n, g.last FROM a LEFT JOIN (SELECT k, count(*) AS n, max(d) AS last FROM b GROUP BY k) g ON g.k = a.k;
CREATE MATERIALIZED VIEW counted AS SELECT a.k, count(b.id) AS n, count(*) AS all_rows, sum(a.n) AS s FROM a LEFT JOIN b ON a.k = b.k GROUP BY a.k;
CREATE MATERIALIZED VIEW by_expression AS SELECT a.id, b.id AS bid FROM a JOIN b ON a.k + 1 = b.k * 2 AND upper(a.s) = upper(b.s);
CREATE MATERIALIZED VIEW mixed_types AS SELECT a.id, b.id AS bid FROM a JOIN b ON a.n = b.k;
CREATE MATERIALIZED VIEW values_in AS SELECT a.id, v.word FROM a JOIN (VALUES (1, 'one'), (2, 'two'), (2, 'deux')) AS v(k, word) ON v.k = a.k;
INSERT INTO a SELECT i, nullif(i % 6, 5), (ARRAY['x', 'y', 'z'])[1 + i % 3], i * 0.75 FROM generate_series(1, 25) i;
INSERT INTO b SELECT i, nullif(i % 8, 7), (ARRAY['x', 'y', 'z'])[1 + i % 3], date '2024-01-01' + i FROM generate_series(1, 18) i;
INSERT INTO c SELECT i % 5, i, i % 9 FROM generate_series(1, 20) i;
-- check
BEGIN;
UPDATE a SET k = k + 1 WHERE id % 4 = 0;
UPDATE b SET k = k - 1, s = 'y' WHERE id % 5 = 0;
COMMIT;
DELETE FROM b WHERE k = 2;
DELETE FROM a WHERE k = 3;
-- check
INSERT INTO b VALUES (50, 2, 'x', NULL), (51, 2, NULL, '2020-01-01'), (52, NULL, 'x', NULL);
INSERT INTO a VALUES (60, 2, NULL, NULL), (61, NULL, 'y', 3), (62, 2, 'x', 2), (63, 2, 'x', 2);
UPDATE c SET a_id = 60 WHERE y % 3 = 0;
UPDATE a SET id = id + 100 WHERE id < 4;
-- check
UPDATE a SET k = 2;
-- check
UPDATE b SET k = NULL WHERE id % 2 = 0;
DELETE FROM a WHERE id % 3 <> 0;
-- check
TRUNCATE b;
-- check
INSERT INTO b VALUES (1, 2, 'x', '2024-01-01');
TRUNCATE a;
INSERT INTO a VALUES (1, 2, 'x', 2.5), (2, 1, 'y', 1), (3, NULL, NULL, NULL);
-- check
