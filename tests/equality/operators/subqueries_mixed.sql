-- Subqueries: empty groups, groups within, mixed types of IN, several in one condition.
CREATE TABLE a (id int PRIMARY KEY, k int, s text, n numeric);
CREATE TABLE b (id int PRIMARY KEY, k int, s text, n int);
CREATE MATERIALIZED VIEW v1 AS SELECT id, (SELECT count(*) + 1 FROM b WHERE b.k = a.k) AS c, (SELECT coalesce(sum(b.n), -1) FROM b WHERE b.k = a.k AND b.s = a.s) AS d FROM a;
CREATE MATERIALIZED VIEW v2 AS SELECT id, EXISTS (SELECT k FROM b WHERE b.k = a.k GROUP BY k, s) AS e FROM a;
CREATE MATERIALIZED VIEW v3 AS SELECT id, n IN (SELECT b.n FROM b WHERE b.s = a.s) AS e, n NOT IN (SELECT b.n FROM b WHERE b.s = a.s) AS f FROM a;
CREATE MATERIALIZED VIEW v4 AS SELECT count(*) AS c FROM a HAVING count(*) > (SELECT count(*) FROM b);
CREATE MATERIALIZED VIEW v5 AS SELECT k, count(*) AS c, (SELECT max(n) FROM b) AS m FROM a GROUP BY k;
CREATE MATERIALIZED VIEW v6 AS SELECT id FROM a WHERE k = (SELECT max(k) FROM b WHERE b.s = a.s GROUP BY b.s);
CREATE MATERIALIZED VIEW v7 AS SELECT a.id, x.id AS xid FROM a JOIN b x ON x.k = a.k WHERE x.n > (SELECT avg(y.n) FROM b y WHERE y.k = x.k) AND a.id IN (SELECT id FROM b);
CREATE MATERIALIZED VIEW v8 AS SELECT id, (SELECT sum(1000000000000000000 * b.n) FROM b WHERE b.k = a.k) AS o FROM a;
CREATE MATERIALIZED VIEW v9 AS SELECT k, (SELECT max(b.n) FROM b WHERE b.k = a.k) AS o FROM a GROUP BY k;
INSERT INTO a SELECT i, nullif(i % 6, 5), (ARRAY['x', 'y', 'z'])[1 + i % 3], (i * 7) % 50 FROM generate_series(1, 24) i;
INSERT INTO b SELECT i, nullif(i % 5, 4), (ARRAY['x', 'y', 'q'])[1 + i % 3], nullif((i * 11) % 9, 3) FROM generate_series(1, 15) i;
-- check
UPDATE b SET k = k + 1 WHERE id % 3 = 0;
DELETE FROM a WHERE id % 7 = 1;
-- check
DELETE FROM b;
-- check
INSERT INTO b VALUES (1, 2, 'x', 8), (2, NULL, NULL, NULL), (3, 2, 'y', 7);
-- check
