-- Sums, variances and roots of numerics near the type's limits, and past them on the way to a result that numeric holds.
CREATE TABLE n (id int PRIMARY KEY, g int, a numeric);
CREATE MATERIALIZED VIEW s AS SELECT g, sum(a) AS s FROM n GROUP BY g;
CREATE MATERIALIZED VIEW v AS SELECT g, variance(a) AS v, var_pop(a) AS p FROM n GROUP BY g;
CREATE MATERIALIZED VIEW d AS SELECT g, stddev(a) AS d, stddev_pop(a) AS dp FROM n WHERE g <= 3 GROUP BY g;
CREATE MATERIALIZED VIEW t AS SELECT g, trim_scale(variance(a) * 1e1000) AS v FROM n GROUP BY g;
CREATE MATERIALIZED VIEW q AS SELECT id, CASE WHEN a >= 0 THEN sqrt(a) END AS r, CASE WHEN a >= 0 THEN sqrt(a * a + 1) END AS rr FROM n WHERE g IN (1, 2);
INSERT INTO n VALUES (1, 1, 1.000000000000003), (2, 1, 8015491789940783531003294973900306), (3, 1, 8015491789940783531003294973900307),
  (4, 1, 1.9999999999999999999), (5, 1, 1e500), (6, 1, 1e-500), (7, 1, 0), (8, 1, 99999999999999999999), (9, 1, 1.0000000000000000000000000000000002), (10, 1, 4), (11, 1, 0.00000000000000000001);
INSERT INTO n SELECT 100 + i, 2, (i::numeric * 7919 + 0.1) ^ 3 / 7 FROM generate_series(1, 200) i;
INSERT INTO n VALUES (301, 3, 0), (302, 3, '3e-500'), (303, 3, '-3e-500'), (304, 3, '4e-500'), (305, 3, '-4e-500'::numeric - '1e-16383'::numeric);
INSERT INTO n SELECT 310 + i, 4, 9::numeric * ('1e' || 131071)::numeric FROM generate_series(1, 1) i;
INSERT INTO n VALUES (320, 5, '1e65537'), (321, 5, '-1e65537'), (322, 5, '3e65537');
-- check
INSERT INTO n VALUES (330, 4, ('9e131071')::numeric);
-- check
DELETE FROM n WHERE id IN (311, 305, 322);
-- check
INSERT INTO n VALUES (331, 4, 5), (332, 4, 6);
DELETE FROM n WHERE id = 330;
-- check
