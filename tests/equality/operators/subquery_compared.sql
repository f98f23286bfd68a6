-- x op ANY and ALL by the subquery's extremes, of aggregates too; rows compared with rows of subqueries and with their only one.
CREATE TABLE a (id int PRIMARY KEY, g int, x int, n numeric, f float8, s text, d date, b bool);
CREATE TABLE b (id int PRIMARY KEY, g int, x int, n numeric, f float8, s text, d date, b bool);
CREATE MATERIALIZED VIEW orders AS SELECT id, x < ANY (SELECT b.x FROM b) AS p, x <= ANY (SELECT b.x FROM b) AS q, x > ANY (SELECT b.x FROM b) AS r, x >= ANY (SELECT b.x FROM b) AS s, x <> ANY (SELECT b.x FROM b) AS t,
  x < ALL (SELECT b.x FROM b) AS u, x <= ALL (SELECT b.x FROM b) AS v, x > ALL (SELECT b.x FROM b) AS w, x >= ALL (SELECT b.x FROM b) AS y, x = ALL (SELECT b.x FROM b) AS z FROM a;
CREATE MATERIALIZED VIEW by_group AS SELECT id, x < ANY (SELECT b.x FROM b WHERE b.g = a.g) AS p, x <= ALL (SELECT b.x FROM b WHERE b.g = a.g) AS q, x <> ANY (SELECT b.x FROM b WHERE b.g = a.g) AS r, x = ALL (SELECT b.x FROM b WHERE b.g = a.g) AS s,
  x > ANY (SELECT b.x FROM b WHERE b.g IS NOT DISTINCT FROM a.g) AS t, x >= ALL (SELECT b.x FROM b WHERE b.id > a.id) AS u FROM a;
CREATE MATERIALIZED VIEW known AS SELECT id, x < ALL (SELECT b.x FROM b WHERE b.g = a.g AND b.x IS NOT NULL) AS p, x > ANY (SELECT b.x FROM b WHERE b.x IS NOT NULL) AS q FROM a;
CREATE MATERIALIZED VIEW types AS SELECT id, n < ANY (SELECT b.x FROM b) AS p, x >= ALL (SELECT b.n FROM b WHERE b.n IS NOT NULL) AS q, f > ALL (SELECT b.f FROM b WHERE b.f IS NOT NULL) AS r, s <= ANY (SELECT b.s FROM b) AS t, d > ANY (SELECT b.d FROM b) AS u, b < ANY (SELECT b.b FROM b) AS v, s LIKE ANY (SELECT b.s || '%' FROM b WHERE b.s <> '') AS w FROM a;
CREATE MATERIALIZED VIEW filtered AS SELECT id FROM a WHERE x > ALL (SELECT b.x FROM b WHERE b.g = a.g AND b.x IS NOT NULL) OR NOT n <= ANY (SELECT b.n FROM b);
CREATE MATERIALIZED VIEW groups AS SELECT a.g FROM a GROUP BY a.g HAVING max(x) < ALL (SELECT b.x FROM b WHERE b.g = a.g AND b.x IS NOT NULL);
CREATE MATERIALIZED VIEW of_sums AS SELECT g, sum(x) > ANY (SELECT sum(b.x) FROM b GROUP BY b.g) AS p, count(*) >= ALL (SELECT count(*) FROM b GROUP BY b.g) AS q FROM a GROUP BY g;
CREATE MATERIALIZED VIEW over_windows AS SELECT id, rank() OVER (PARTITION BY g ORDER BY x, id) < ANY (SELECT b.id FROM b) AS p FROM a;
CREATE MATERIALIZED VIEW rows_any AS SELECT id, (g, x) < ANY (SELECT b.g, b.x FROM b) AS p, (g, x) >= ALL (SELECT b.g, b.x FROM b WHERE b.id < 4) AS q, (g, n) <> ANY (SELECT b.g, b.x FROM b) AS r, (g, x) = ALL (SELECT b.g, b.x FROM b WHERE b.id = a.id) AS t FROM a;
CREATE MATERIALIZED VIEW row_of AS SELECT id, (g, x) = (SELECT b.g, b.x FROM b WHERE b.id = a.id) AS p, (g, x, s) < (SELECT b.g, b.x, b.s FROM b WHERE b.id = a.x) AS q, (x, n) >= (SELECT max(b.x), min(b.n) FROM b WHERE b.g = a.g) AS r, (g, x) <> (SELECT 1, 2) AS t FROM a;
CREATE MATERIALIZED VIEW row_where AS SELECT id FROM a WHERE (g, id) IN (SELECT b.g, max(b.id) FROM b GROUP BY b.g) OR (x, s) = (SELECT b.x, b.s FROM b ORDER BY b.id LIMIT 1);
CREATE MATERIALIZED VIEW row_of_two AS SELECT id, (g, x) = (SELECT b.g, b.x FROM b WHERE b.g = a.id) AS p FROM a;
-- oracle row_of_two: SELECT id, (g, x) = (SELECT b.g, b.x FROM b WHERE b.g = a.id) AS p FROM a WHERE (SELECT count(*) FROM b WHERE b.g = a.id) < 2
INSERT INTO a VALUES (1, 1, 1, 1.5, 1.5, 'a', '2020-01-01', true), (2, 1, 5, 5, 'NaN', 'b', '2020-01-02', false), (3, 2, NULL, NULL, NULL, NULL, NULL, NULL), (4, NULL, 3, 3.0, -1, '', '1999-01-01', true), (5, 3, 2, 2.00, 0, 'z', NULL, NULL), (6, 4, 7, 7, 7, 'Q', '2021-01-01', false);
INSERT INTO b VALUES (1, 1, 1, 1.50, 1, 'a', '2020-01-01', true), (2, 1, 3, 3, 2, 'c', '2020-01-03', false), (3, 2, 2, 2.0, 'NaN', '', NULL, true), (4, NULL, 4, 4, NULL, NULL, NULL, NULL), (5, 3, NULL, NULL, 5, 'y', '2022-01-01', NULL);
-- check
UPDATE b SET x = 2, n = 9 WHERE id IN (1, 4); UPDATE a SET x = x + 1 WHERE id <> 3;
INSERT INTO b VALUES (6, 2, 2, 2, 1, 'm', '2020-05-05', false);
-- check
DELETE FROM b WHERE id IN (4, 5); UPDATE a SET g = 2 WHERE id = 4; UPDATE b SET g = 6 WHERE id IN (2, 6);
-- check
DELETE FROM b WHERE x = 2; UPDATE a SET id = 10 WHERE id = 2;
-- check
TRUNCATE b;
-- check
INSERT INTO b SELECT i, i % 4, i % 6, i / 2.0, i, 's' || i, date '2020-01-01' + i, i % 2 = 0 FROM generate_series(1, 9) i;
-- check
