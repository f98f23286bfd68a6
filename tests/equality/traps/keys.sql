-- Keys that change, swap, come back, and meet truncates within one transaction.
CREATE TABLE t (id int PRIMARY KEY, g int, v text);
CREATE TABLE two (a text, b date, v int, PRIMARY KEY (b, a));
CREATE TABLE num (n numeric PRIMARY KEY, v int);
CREATE MATERIALIZED VIEW plain AS SELECT id, v FROM t;
CREATE MATERIALIZED VIEW keyless AS SELECT v FROM t;
CREATE MATERIALIZED VIEW sums AS SELECT g, count(*) AS n, sum(id) AS s, min(v) AS m, max(v) AS x FROM t GROUP BY g;
CREATE MATERIALIZED VIEW twice AS SELECT t.id, two.a, two.b, two.v FROM t JOIN two ON t.g = two.v;
CREATE MATERIALIZED VIEW top AS SELECT id, g FROM t ORDER BY g DESC, id LIMIT 3;
CREATE MATERIALIZED VIEW numbers AS SELECT n, v FROM num;
CREATE MATERIALIZED VIEW number_sum AS SELECT count(*) AS n, sum(v) AS s FROM num;
INSERT INTO t SELECT i, i % 4, 'v' || i FROM generate_series(1, 20) i;
INSERT INTO two SELECT chr(96 + i), date '2024-01-01' + i % 3, i FROM generate_series(1, 9) i;
INSERT INTO num VALUES (1.0, 1), (2, 2), (3.50, 3);
-- check
BEGIN;
UPDATE t SET id = id + 100;
UPDATE t SET id = id - 99;
COMMIT;
BEGIN;
UPDATE t SET id = -1 WHERE id = 2;
UPDATE t SET id = 2 WHERE id = 3;
UPDATE t SET id = 3 WHERE id = -1;
COMMIT;
UPDATE num SET n = 1.00 WHERE v = 1;
-- check
BEGIN;
DELETE FROM t WHERE id = 5;
INSERT INTO t VALUES (5, 1, 'again');
UPDATE t SET v = 'and again' WHERE id = 5;
DELETE FROM t WHERE id = 6;
INSERT INTO t VALUES (6, 1, 'gone'), (60, 1, 'brief');
DELETE FROM t WHERE id IN (6, 60);
COMMIT;
UPDATE two SET a = a || 'x', b = b + 1 WHERE v % 2 = 0;
UPDATE num SET n = 1.000, v = 10 WHERE n = 1;
UPDATE num SET v = 11 WHERE n = 1.0;
-- check
BEGIN;
INSERT INTO t VALUES (70, 2, 'before');
TRUNCATE t;
INSERT INTO t VALUES (1, 1, 'after'), (2, 2, 'after');
UPDATE t SET id = 3 WHERE id = 2;
COMMIT;
TRUNCATE num, two;
INSERT INTO num VALUES (1, 5);
INSERT INTO two VALUES ('a', '2024-01-01', 1);
-- check
TRUNCATE t;
TRUNCATE t;
INSERT INTO t VALUES (1, NULL, NULL), (9, 1, 'nine');
DELETE FROM num WHERE n = 1.0;
-- check
