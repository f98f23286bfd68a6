-- Subqueries that name what the query around computes: its aggregates, windows, other subqueries.
CREATE TABLE a (id int PRIMARY KEY, g int, v int, n numeric, t text);
CREATE TABLE b (id int PRIMARY KEY, k int, w int, n numeric, t text);

CREATE MATERIALIZED VIEW aggregate_equal AS
  SELECT g, (SELECT count(*) FROM b WHERE b.k = max(a.v)) AS found FROM a GROUP BY g;
CREATE MATERIALIZED VIEW aggregate_less AS
  SELECT g, (SELECT count(*) FROM b WHERE b.w < max(a.v)) AS less, (SELECT max(b.w) FROM b WHERE b.w < sum(a.v)) AS most FROM a GROUP BY g;
CREATE MATERIALIZED VIEW aggregate_in_having AS
  SELECT g, count(*) AS n FROM a GROUP BY g HAVING EXISTS (SELECT 1 FROM b WHERE b.w > max(a.v) AND b.k <> count(a.id));
CREATE MATERIALIZED VIEW aggregate_ordinal AS
  SELECT g % 2 AS odd, (SELECT sum(b.w) FROM b WHERE b.w BETWEEN min(a.v) AND max(a.v)) AS between_them FROM a GROUP BY 1;
CREATE MATERIALIZED VIEW aggregate_alias_later AS
  SELECT (SELECT count(*) FROM b WHERE b.w >= avg(a.n)) AS more, g % 3 AS third FROM a GROUP BY third;
CREATE MATERIALIZED VIEW aggregate_whole AS
  SELECT (SELECT count(*) FROM b WHERE b.w <> count(a.v)) AS others FROM a;
CREATE MATERIALIZED VIEW aggregate_filter AS
  SELECT g, (SELECT count(*) FROM b WHERE b.w < sum(a.v) FILTER (WHERE a.v > 2)) AS less FROM a GROUP BY g;
CREATE MATERIALIZED VIEW aggregate_sets AS
  SELECT g, v, (SELECT count(*) FROM b WHERE b.w < sum(a.v)) AS less FROM a GROUP BY ROLLUP (g, v);
CREATE MATERIALIZED VIEW aggregate_in_aggregate AS
  SELECT g, (SELECT sum(b.w + max(a.v)) FROM b WHERE b.k = a.g) AS shifted FROM a GROUP BY g;
CREATE MATERIALIZED VIEW aggregate_in_list AS
  SELECT g, max(v) > ALL (SELECT b.w FROM b WHERE b.n < max(a.n)) AS above FROM a GROUP BY g;
CREATE MATERIALIZED VIEW aggregate_numeric AS
  SELECT g, (SELECT string_agg(b.n::text || max(a.n), ',' ORDER BY b.id) FROM b WHERE b.n <= max(a.n)) AS texts FROM a GROUP BY g;
CREATE MATERIALIZED VIEW aggregate_top AS
  SELECT g, (SELECT b.w FROM b WHERE b.w < max(a.v) ORDER BY b.w DESC, b.id LIMIT 1) AS next FROM a GROUP BY g;
CREATE MATERIALIZED VIEW aggregate_twice AS
  SELECT g, (SELECT count(*) FROM b WHERE b.w < max(a.v) AND EXISTS (SELECT 1 FROM b c WHERE c.k = b.k AND c.w > min(a.v))) AS found FROM a GROUP BY g;
CREATE MATERIALIZED VIEW aggregate_nested AS
  SELECT id, (SELECT (SELECT count(*) FROM b c WHERE c.w > count(b.w)) FROM b WHERE b.k = a.g) AS more FROM a;
CREATE MATERIALIZED VIEW aggregate_by_key AS
  SELECT a.id, a.v, (SELECT count(*) FROM b WHERE b.w > a.v + count(x.id)) AS more FROM a LEFT JOIN b x ON x.k = a.g GROUP BY a.id;
CREATE MATERIALIZED VIEW window_less AS
  SELECT id, g, (SELECT count(*) FROM b WHERE b.w < t.r) AS less FROM (SELECT id, g, rank() OVER (PARTITION BY g ORDER BY v) AS r FROM a) t;
CREATE MATERIALIZED VIEW window_like AS
  SELECT id, rank() OVER (PARTITION BY g ORDER BY v) <> ALL (SELECT b.w FROM b WHERE b.k = a.g) AS none FROM a;
CREATE MATERIALIZED VIEW window_in AS
  SELECT id, rank() OVER (PARTITION BY g ORDER BY v) IN (SELECT b.w FROM b) AS found FROM a;
CREATE MATERIALIZED VIEW subquery_like AS
  SELECT id, (SELECT max(b.w)::text FROM b WHERE b.k = a.g) LIKE ANY (SELECT b.w::text || '%' FROM b WHERE b.k <> a.g) AS found FROM a;
CREATE MATERIALIZED VIEW aggregate_like AS
  SELECT g, max(v)::text LIKE ANY (SELECT b.w::text || '%' FROM b WHERE b.k <> a.g) AS found FROM a GROUP BY g;
CREATE MATERIALIZED VIEW window_compared AS
  SELECT id, (rank() OVER (PARTITION BY g ORDER BY v))::text LIKE ANY (SELECT b.w::text || '%' FROM b) AS found FROM a;
CREATE MATERIALIZED VIEW order_by AS
  SELECT g, max(v) AS m FROM a GROUP BY g ORDER BY (SELECT count(*) FROM b WHERE b.w < max(a.v)), g LIMIT 3;
CREATE MATERIALIZED VIEW of_json AS
  SELECT g, (SELECT count(*) FROM b WHERE b.w < length((json_agg(a.v ORDER BY a.id))::text)) AS m FROM a GROUP BY g;
CREATE MATERIALIZED VIEW json_value AS
  SELECT g, (SELECT json_build_object('of', json_agg(a.v ORDER BY a.id), 'n', count(*)) FROM b WHERE b.k = a.g) AS m FROM a GROUP BY g;
CREATE MATERIALIZED VIEW array_value AS
  SELECT g, ARRAY(SELECT b.w FROM b WHERE b.w = ANY (array_agg(a.v ORDER BY a.id)) ORDER BY b.id) AS m FROM a GROUP BY g;
CREATE MATERIALIZED VIEW union_value AS
  SELECT g, (SELECT sum(x) FROM (SELECT b.w AS x FROM b WHERE b.w < max(a.v) UNION ALL SELECT min(a.v)) u) AS m FROM a GROUP BY g;
CREATE MATERIALIZED VIEW group_by_nothing AS
  SELECT (SELECT count(*) FROM b WHERE b.w < (SELECT sum(a.v) / 10)) AS m, count(*) AS n FROM a GROUP BY ();
CREATE MATERIALIZED VIEW raising AS
  SELECT g, (SELECT count(*) FROM b WHERE b.w < 10 / (max(a.v) - 3)) AS m FROM a GROUP BY g;
CREATE MATERIALIZED VIEW raising_case AS
  SELECT g, CASE WHEN max(v) <> 3 THEN (SELECT count(*) FROM b WHERE b.w < 10 / (max(a.v) - 3)) END AS m FROM a GROUP BY g;
CREATE MATERIALIZED VIEW window_of_groups AS
  SELECT g, rank() OVER (ORDER BY sum(v)) IN (SELECT b.w FROM b WHERE b.k <> a.g) AS m, (SELECT max(b.n) FROM b WHERE b.n <= max(a.n)) AS n FROM a GROUP BY g;
CREATE MATERIALIZED VIEW window_over_answer AS
  SELECT g, sum((SELECT count(*) FROM b WHERE b.w < max(a.v))) OVER (ORDER BY g) AS m FROM a GROUP BY g;
CREATE MATERIALIZED VIEW window_not_in AS
  SELECT id, (row_number() OVER (ORDER BY v, id), g) NOT IN (SELECT b.w, b.k FROM b) AS m FROM a;
CREATE MATERIALIZED VIEW window_both AS
  SELECT id, sum(v) OVER (PARTITION BY g) > ANY (SELECT b.w FROM b WHERE b.k = a.g) AS m,
    (SELECT count(*) FROM b WHERE b.k = a.g) AS n, lag(v) OVER (ORDER BY id) = ALL (SELECT b.w FROM b) AS o FROM a;
CREATE MATERIALIZED VIEW window_top AS
  SELECT id, v FROM a ORDER BY rank() OVER (ORDER BY g, id) IN (SELECT b.w FROM b) DESC NULLS LAST, id LIMIT 5;
CREATE MATERIALIZED VIEW window_distinct AS
  SELECT DISTINCT rank() OVER (ORDER BY g) IN (SELECT b.w FROM b) AS m, (SELECT max(w) FROM b WHERE b.k = a.g) AS o FROM a;
CREATE MATERIALIZED VIEW window_scalar AS
  SELECT id, (SELECT max(w) FROM b WHERE b.k = a.g) = ANY (SELECT b.w FROM b WHERE b.id < 9) AS m,
    dense_rank() OVER (ORDER BY g) <> ALL (SELECT b.w FROM b WHERE b.k > a.g) AS o FROM a;
CREATE MATERIALIZED VIEW text_extremes AS
  SELECT g, (SELECT string_agg(b.t, ',' ORDER BY b.id) FROM b WHERE b.t > max(a.t)) AS m FROM a GROUP BY g;
CREATE MATERIALIZED VIEW hypothetical AS
  SELECT g, (SELECT count(*) FROM b WHERE b.w > percentile_disc(0.5) WITHIN GROUP (ORDER BY a.v)) AS m FROM a GROUP BY g;
CREATE MATERIALIZED VIEW count_of_row AS
  SELECT g, (SELECT count(*) FROM b WHERE b.w < count(a)) AS m FROM a GROUP BY g;
CREATE MATERIALIZED VIEW count_of_row2 AS
  SELECT g, (SELECT count(a) FROM b WHERE b.id = a.g) AS m, (SELECT count(DISTINCT a) + count(b) FROM b WHERE b.id <= a.g) AS n FROM a GROUP BY g;
CREATE MATERIALIZED VIEW with_cte AS
  SELECT g, (WITH c AS (SELECT w FROM b WHERE w < max(a.v)) SELECT count(*) FROM c) AS m FROM a GROUP BY g;
CREATE MATERIALIZED VIEW distinct_count AS
  SELECT g, (SELECT max(b.id) FROM b WHERE b.w < count(DISTINCT a.v) AND b.k >= a.g) AS m FROM a GROUP BY g HAVING count(*) > 2;
CREATE MATERIALIZED VIEW joined AS
  SELECT a.g, (SELECT count(*) FROM b y WHERE y.w < sum(a.v * x.w)) AS m FROM a JOIN b x ON x.k = a.g WHERE x.w > 1 GROUP BY a.g;
CREATE MATERIALIZED VIEW left_joined AS
  SELECT a.g, (SELECT count(*) FROM b y LEFT JOIN b z ON z.w < max(x.w) AND z.k = y.k WHERE y.k = a.g) AS m FROM a LEFT JOIN b x ON x.k = a.g GROUP BY a.g;
CREATE MATERIALIZED VIEW lateral_sub AS
  SELECT g, (SELECT sum(q.s) FROM b, LATERAL (SELECT b.w + max(a.v) AS s) q WHERE b.k = a.g) AS m FROM a GROUP BY g;
CREATE MATERIALIZED VIEW nested_params AS
  SELECT id, (SELECT max((SELECT count(*) FROM b z WHERE z.w > b.w + a.v)) FROM b WHERE b.k = a.g) AS m FROM a;
CREATE MATERIALIZED VIEW nested_group AS
  SELECT id, (SELECT count(*) FROM (SELECT b.k, (SELECT count(*) FROM b z WHERE z.w > max(b.w) + a.v) AS c FROM b GROUP BY b.k) q WHERE q.c > 3) AS m FROM a;
CREATE MATERIALIZED VIEW nested_two AS
  SELECT g, (SELECT (SELECT count(*) FROM b z WHERE z.w > max(a.v) - min(b.w)) FROM b WHERE b.k = a.g) AS m FROM a GROUP BY g;
CREATE MATERIALIZED VIEW grouped_alias AS
  SELECT upper(t) AS u, (SELECT count(*) FROM b WHERE b.w < sum(a.v)) AS m FROM a GROUP BY u;

INSERT INTO a SELECT i, i % 5, nullif(i * 7 % 11, 3), (i % 4) / 2.0, chr(97 + i % 7) FROM generate_series(1, 40) i;
INSERT INTO b SELECT i, i % 6, nullif(i * 5 % 13, 4), (i % 5) / 2.00, chr(96 + i % 9) FROM generate_series(1, 30) i;
-- check
UPDATE a SET v = v + 3 WHERE id % 4 = 0;
UPDATE b SET w = w - 2, k = k + 1 WHERE id % 3 = 0;
DELETE FROM a WHERE g = 2;
-- check
INSERT INTO a VALUES (100, 2, NULL, NULL), (101, NULL, 4, 1.50);
DELETE FROM b WHERE k = 4;
UPDATE a SET id = id + 200 WHERE id < 10;
-- check
TRUNCATE b;
-- check
INSERT INTO b VALUES (1, 1, 1, 1.0), (2, 2, NULL, NULL);
TRUNCATE a;
-- check
