-- UNION, INTERSECT, EXCEPT, with ALL and without; rows without a key; DISTINCT; CTEs and views over views.
CREATE TABLE a (id int PRIMARY KEY, k int, s text);
CREATE TABLE b (id int PRIMARY KEY, k int, s text);
CREATE MATERIALIZED VIEW union_all AS SELECT k, s FROM a UNION ALL SELECT k, s FROM b;
CREATE MATERIALIZED VIEW union_of AS SELECT k, s FROM a UNION SELECT k, s FROM b;
CREATE MATERIALIZED VIEW intersect_of AS SELECT k, s FROM a INTERSECT SELECT k, s FROM b;
CREATE MATERIALIZED VIEW intersect_all AS SELECT k, s FROM a INTERSECT ALL SELECT k, s FROM b;
CREATE MATERIALIZED VIEW except_of AS SELECT k, s FROM a EXCEPT SELECT k, s FROM b;
CREATE MATERIALIZED VIEW except_all AS SELECT k, s FROM a EXCEPT ALL SELECT k, s FROM b;
CREATE MATERIALIZED VIEW types AS SELECT id, k::numeric AS v FROM a UNION ALL SELECT id + 1000, id FROM b UNION ALL SELECT -1, NULL;
CREATE MATERIALIZED VIEW three AS (SELECT k FROM a EXCEPT SELECT k FROM b) UNION (SELECT k FROM b EXCEPT SELECT k FROM a);
CREATE MATERIALIZED VIEW grouped AS SELECT k, count(*) AS n, min(s) AS m FROM (SELECT k, s FROM a UNION ALL SELECT k, s FROM b) u GROUP BY k;
CREATE MATERIALIZED VIEW limited AS SELECT k FROM a UNION SELECT k FROM b ORDER BY k DESC NULLS LAST LIMIT 3;
CREATE MATERIALIZED VIEW joined AS SELECT u.k, a.id FROM (SELECT k FROM b UNION SELECT k + 1 FROM b) u JOIN a ON a.k = u.k;
CREATE MATERIALIZED VIEW bare AS SELECT s FROM a;
CREATE MATERIALIZED VIEW bare_join AS SELECT a.s, b.s AS bs FROM a JOIN b ON a.k = b.k;
CREATE MATERIALIZED VIEW distinct_of AS SELECT DISTINCT k, s FROM a;
CREATE MATERIALIZED VIEW distinct_groups AS SELECT DISTINCT count(*) AS n FROM a GROUP BY k;
CREATE MATERIALIZED VIEW first_of AS SELECT DISTINCT ON (k) k, id, s FROM a ORDER BY k, s DESC, id;
CREATE MATERIALIZED VIEW with_it AS WITH w AS (SELECT k, count(*) AS n FROM a GROUP BY k), v AS (SELECT max(n) AS most FROM w)
  SELECT w.k, w.n FROM w JOIN v ON w.n = v.most;
CREATE MATERIALIZED VIEW twice AS WITH w AS (SELECT k, s FROM a WHERE k > 1) SELECT x.k, count(*) AS n FROM w x JOIN w y ON x.k = y.k GROUP BY x.k;
CREATE VIEW plain AS SELECT k, s, id * 2 AS double FROM a WHERE k IS NOT NULL;
CREATE MATERIALIZED VIEW over_plain AS SELECT k, sum(double) AS s FROM plain GROUP BY k;
CREATE MATERIALIZED VIEW over_view AS SELECT n, count(*) AS groups FROM grouped GROUP BY n;
CREATE MATERIALIZED VIEW over_both AS SELECT g.k, g.n, o.s FROM grouped g LEFT JOIN over_plain o ON o.k = g.k WHERE g.n > 1;
CREATE MATERIALIZED VIEW constant_rows AS SELECT * FROM (VALUES (1, 'one'), (2, 'two'), (3, NULL)) AS v(n, word);
INSERT INTO a SELECT i, nullif(i % 6, 5), (ARRAY['x', 'y', NULL])[1 + i % 3] FROM generate_series(1, 24) i;
INSERT INTO b SELECT i, nullif(i % 5, 4), (ARRAY['x', 'y', 'q'])[1 + i % 3] FROM generate_series(1, 15) i;
-- check
DELETE FROM a WHERE id % 4 = 1;
UPDATE b SET s = NULL WHERE id % 3 = 0;
-- check
UPDATE a SET k = 1, s = 'x' WHERE id % 3 = 2;
UPDATE b SET k = 1, s = 'x' WHERE id % 2 = 0;
-- check
DELETE FROM b WHERE k = 1 AND id > 4;
UPDATE a SET id = id + 100 WHERE k = 1;
-- check
TRUNCATE a;
INSERT INTO a VALUES (1, 1, 'x'), (2, 1, 'x'), (3, 2, NULL);
-- check
