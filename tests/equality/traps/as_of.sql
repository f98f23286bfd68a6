-- now() and the like are the moment of --as-of, in PostgreSQL too.
-- as-of 2024-03-10 23:59:59.987654+00
CREATE TABLE a (id int PRIMARY KEY, ts timestamptz, t timestamp, d date);
CREATE MATERIALIZED VIEW names AS SELECT id, now(), current_date, current_timestamp, localtimestamp, localtime, current_time FROM a;
CREATE MATERIALIZED VIEW precise AS SELECT id, current_timestamp(2) AS a, localtimestamp(0) AS b, localtime(1) AS c, transaction_timestamp() = now() AS d FROM a;
CREATE MATERIALIZED VIEW last_day AS SELECT id, ts FROM a WHERE ts > now() - interval '1 day';
CREATE MATERIALIZED VIEW ages AS SELECT id, age(localtimestamp, t) AS a, current_date - d AS n, 'now() current_date' AS s FROM a;
CREATE MATERIALIZED VIEW per_week AS SELECT date_trunc('week', ts) AS w, count(*) AS c, count(*) FILTER (WHERE d = CURRENT_DATE) AS today FROM a WHERE ts <= NOW() GROUP BY 1;
CREATE MATERIALIZED VIEW overdue AS SELECT id FROM a WHERE d < current_date AND NOT EXISTS (SELECT 1 FROM a x WHERE x.d = a.d AND x.ts > now());
CREATE MATERIALIZED VIEW since AS SELECT id, age(t) AS a, age(ts) AS b, age(d) AS c, extract(year FROM age(d)) AS y FROM a WHERE age(ts) > interval '-1 day';
INSERT INTO a SELECT i, timestamptz '2024-03-10 12:00+00' + i * interval '7 hours', timestamp '2024-02-01' + i * interval '1 day 3 hours', date '2024-03-05' + i FROM generate_series(-6, 8) i;
-- check
UPDATE a SET ts = ts + interval '1 day', d = d - 1 WHERE id % 2 = 0;
DELETE FROM a WHERE id > 5;
-- check
