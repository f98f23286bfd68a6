-- NULL: groups of nothing but NULL, three-valued logic, NOT IN, joins that NULL matches nothing in, rows that are there twice.
CREATE TABLE l (id int PRIMARY KEY, k int, s text, b boolean);
CREATE TABLE r (id int PRIMARY KEY, k int, s text);
CREATE MATERIALIZED VIEW groups AS SELECT s, count(*) AS n, count(k) AS nk, sum(k) AS sum, avg(k) AS avg, min(k) AS min, max(k) AS max,
  bool_and(b) AS ba, string_agg(s, ',' ORDER BY id) AS agg, array_agg(k ORDER BY id) AS arr FROM l GROUP BY s;
CREATE MATERIALIZED VIEW logic AS SELECT id, b AND NULL AS a, b OR NULL AS o, NOT b AS n, b IS TRUE AS t, b IS NOT TRUE AS nt, b IS UNKNOWN AS u,
  k = NULL AS e, k IS DISTINCT FROM NULL AS d, NULL IN (1, k) AS i, k IN (1, NULL) AS i2, k NOT IN (1, NULL) AS ni, k BETWEEN 1 AND NULL AS bt,
  coalesce(k, id) AS c, greatest(k, NULL) AS g, (k, s) = (1, NULL) AS rowcmp, (k, s) IS NULL AS rn FROM l;
CREATE MATERIALIZED VIEW inner_join AS SELECT l.id, r.id AS rid FROM l JOIN r ON l.k = r.k;
CREATE MATERIALIZED VIEW left_join AS SELECT l.id, l.k, r.id AS rid, r.k AS rk FROM l LEFT JOIN r ON l.k = r.k;
CREATE MATERIALIZED VIEW full_join AS SELECT l.id, r.id AS rid, l.k AS lk, r.k AS rk FROM l FULL JOIN r ON l.k = r.k;
CREATE MATERIALIZED VIEW full_bare AS SELECT l.k AS lk, r.k AS rk FROM l FULL JOIN r ON l.k = r.k;
CREATE MATERIALIZED VIEW not_in AS SELECT id FROM l WHERE k NOT IN (SELECT k FROM r);
CREATE MATERIALIZED VIEW not_in_known AS SELECT id FROM l WHERE k NOT IN (SELECT k FROM r WHERE k IS NOT NULL);
CREATE MATERIALIZED VIEW not_exists AS SELECT id FROM l WHERE NOT EXISTS (SELECT 1 FROM r WHERE r.k = l.k);
CREATE MATERIALIZED VIEW all_of AS SELECT id, k > ALL (SELECT k FROM r) AS a, k = ANY (SELECT k FROM r) AS e FROM l;
CREATE MATERIALIZED VIEW is_same AS SELECT l.id, r.id AS rid FROM l JOIN r ON l.k IS NOT DISTINCT FROM r.k;
CREATE MATERIALIZED VIEW bag AS SELECT k, s FROM l;
CREATE MATERIALIZED VIEW distinct_rows AS SELECT DISTINCT k, s FROM l;
CREATE MATERIALIZED VIEW nothing AS SELECT sum(k) AS s, count(*) AS n, max(s) AS m FROM l WHERE id < 0;
INSERT INTO l VALUES (1, NULL, NULL, NULL), (2, NULL, NULL, true), (3, 1, 'a', true), (4, 1, 'a', false), (5, 2, 'b', NULL), (6, NULL, 'b', true),
  (7, 3, NULL, NULL);
INSERT INTO r VALUES (1, 1, 'x'), (2, 4, 'y'), (3, 1, NULL);
-- check
INSERT INTO r VALUES (4, NULL, 'z');
UPDATE l SET k = NULL WHERE id = 5;
-- check
DELETE FROM r WHERE k = 1;
INSERT INTO l VALUES (8, NULL, 'c', NULL), (9, 4, 'c', NULL);
-- check
DELETE FROM r WHERE id = 4;
UPDATE l SET k = 4 WHERE s = 'a';
-- check
TRUNCATE r;
-- check
DELETE FROM l WHERE id <> 3;
INSERT INTO r VALUES (1, 4, 'w'), (2, NULL, NULL), (3, NULL, NULL);
-- check
