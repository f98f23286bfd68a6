-- RANGE frames over times of day: no way around the clock.
CREATE TABLE t (id int PRIMARY KEY, g int, a time, z timetz, v int);
CREATE MATERIALIZED VIEW times AS SELECT id, count(*) OVER (ORDER BY a RANGE BETWEEN '2 hours' PRECEDING AND '30 minutes' FOLLOWING) AS n,
  sum(v) OVER (PARTITION BY g ORDER BY a DESC RANGE BETWEEN '1 day 3 hours' PRECEDING AND CURRENT ROW) AS s FROM t;
CREATE MATERIALIZED VIEW zoned AS SELECT id, count(*) OVER (ORDER BY z RANGE BETWEEN '2 hours' PRECEDING AND '30 minutes' FOLLOWING) AS n,
  sum(v) OVER (PARTITION BY g ORDER BY z DESC NULLS LAST RANGE BETWEEN '1 day 3 hours' PRECEDING AND '20 hours' FOLLOWING) AS s FROM t;
INSERT INTO t VALUES (1, 1, '00:00', '00:00+00', 1), (2, 1, '24:00', '24:00+00', 2), (3, 1, '01:30', '01:30+02', 4), (4, 2, '23:00', '23:00-05', 8),
  (5, 2, '22:15', '22:15-05', 16), (6, 2, '12:00', '12:00+14', 32), (7, 1, NULL, NULL, 64), (8, 2, '12:00:00.000001', '11:00+13', 128), (9, 1, '02:00', '00:30+01', 256);
-- check
UPDATE t SET a = a + '1 hour', z = z - interval '1 hour' WHERE id IN (1, 4, 6);
-- check
DELETE FROM t WHERE id IN (2, 8);
INSERT INTO t VALUES (10, 1, '00:00', '23:59:59.999999-15', 3);
-- check
