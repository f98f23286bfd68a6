-- ICU's collations: at columns and by COLLATE, in order, comparison, extremes, groups and windows.
CREATE TABLE t (id int PRIMARY KEY, g int, de text COLLATE "de-x-icu", sv varchar(20) COLLATE "sv-x-icu", plain text, fixed char(6) COLLATE "en-x-icu");
CREATE MATERIALIZED VIEW lowest AS SELECT id, de FROM t ORDER BY de, id LIMIT 4;
CREATE MATERIALIZED VIEW highest AS SELECT id, plain FROM t ORDER BY plain COLLATE "en-US-x-icu" DESC NULLS LAST, id LIMIT 4;
CREATE MATERIALIZED VIEW by_bytes AS SELECT id, de FROM t ORDER BY de COLLATE "C", id LIMIT 4;
CREATE MATERIALIZED VIEW swedish AS SELECT id, sv FROM t ORDER BY sv DESC, id LIMIT 5;
CREATE MATERIALIZED VIEW extremes AS SELECT g, min(de) AS a, max(de) AS b, min(sv) AS c, max(sv) AS d, min(plain) AS e, max(plain COLLATE "und-x-icu") AS f FROM t GROUP BY g;
CREATE MATERIALIZED VIEW extremes_of_all AS SELECT min(de) AS a, max(de COLLATE "C") AS b, max(plain || '' COLLATE "fr-x-icu") FILTER (WHERE id > 2) AS c FROM t;
CREATE MATERIALIZED VIEW grouped AS SELECT de, count(*) AS n, max(id) AS top FROM t GROUP BY de;
CREATE MATERIALIZED VIEW compared AS SELECT a.id, b.id AS other FROM t a JOIN t b ON a.de < b.de WHERE a.de >= 'a' AND b.id <> a.id;
CREATE MATERIALIZED VIEW between_them AS SELECT id, de BETWEEN 'a' AND 'o' AS x, plain COLLATE "de-x-icu" > 'Z' AS y, de > plain AS z, lower(de) < 'O' AS w FROM t;
CREATE MATERIALIZED VIEW picked AS SELECT id, greatest(de, plain, 'm') AS g, least(sv, 'm') AS l, greatest(plain, 'm') AS p FROM t;
CREATE MATERIALIZED VIEW letters AS SELECT id, upper(de) AS u, lower(de COLLATE "tr-x-icu") AS l, initcap(plain COLLATE "en-x-icu") AS i, upper(plain) AS p FROM t;
CREATE MATERIALIZED VIEW windows AS SELECT id, rank() OVER (PARTITION BY g ORDER BY de) AS r, row_number() OVER (ORDER BY sv, id) AS n,
  first_value(de) OVER (PARTITION BY g ORDER BY de DESC, id) AS f, max(de) OVER (PARTITION BY g) AS m FROM t;
CREATE MATERIALIZED VIEW top_each AS SELECT * FROM (SELECT id, g, de, row_number() OVER (PARTITION BY g ORDER BY de, id) AS n FROM t) x WHERE n <= 2;
CREATE MATERIALIZED VIEW lists AS SELECT g, string_agg(de, ',' ORDER BY de, id) AS d, array_agg(plain ORDER BY plain COLLATE "sv-x-icu", id) AS p FROM t GROUP BY g;
CREATE MATERIALIZED VIEW chosen AS SELECT DISTINCT ON (g) g, de, id FROM t ORDER BY g, de DESC, id;
CREATE MATERIALIZED VIEW fixed_ones AS SELECT id, fixed, fixed < 'b' AS x, max(fixed) OVER (PARTITION BY g) AS m FROM t;
CREATE MATERIALIZED VIEW united AS SELECT x FROM (SELECT de AS x FROM t UNION SELECT plain FROM t) u ORDER BY x LIMIT 3;
CREATE MATERIALIZED VIEW nested AS SELECT x.id, x.c FROM (SELECT id, coalesce(de, 'ä') AS c FROM t) x ORDER BY x.c, x.id LIMIT 3;
CREATE MATERIALIZED VIEW cased AS SELECT x.id, x.c FROM (SELECT id, CASE WHEN id > 3 THEN de ELSE plain END AS c FROM t) x WHERE x.c > 'o';
CREATE MATERIALIZED VIEW placed AS SELECT g, rank('o') WITHIN GROUP (ORDER BY de) AS r, percentile_disc(0.5) WITHIN GROUP (ORDER BY de) AS p, mode() WITHIN GROUP (ORDER BY de) AS m FROM t GROUP BY g;
CREATE MATERIALIZED VIEW equals AS SELECT a.id, b.id AS other FROM t a JOIN t b ON a.de = b.plain;
CREATE MATERIALIZED VIEW listed AS SELECT id FROM t WHERE de IN ('ö', 'Öl', 'z') OR de < ANY (ARRAY['b', 'B']);
CREATE MATERIALIZED VIEW source_again AS SELECT s.c AS c FROM (SELECT plain COLLATE "de-x-icu" AS c FROM t) s WHERE s.c > 'O';
CREATE MATERIALIZED VIEW source_plain AS SELECT s.c AS c FROM (SELECT plain AS c FROM t) s WHERE s.c > 'O';
CREATE MATERIALIZED VIEW mixed AS SELECT id, length(de || sv) AS l, (de || sv) COLLATE "C" AS c, concat(de, sv, plain) COLLATE "de-x-icu" AS d, (de || sv)::bytea AS b, substr(de || sv, 2) || plain COLLATE "fr-x-icu" AS s FROM t;
CREATE MATERIALIZED VIEW mixed_order AS SELECT id FROM t ORDER BY (de || sv) COLLATE "fr-x-icu" DESC, id LIMIT 2;
CREATE MATERIALIZED VIEW mixed_max AS SELECT max((de || sv) COLLATE "de-x-icu") AS m, count(de || sv) AS n FROM t;
CREATE MATERIALIZED VIEW mixed_null AS SELECT id, (de || sv) IS NULL AS n FROM t;
CREATE MATERIALIZED VIEW mixed_choice AS SELECT id, (CASE WHEN g = 1 THEN de ELSE sv END) COLLATE "C" AS c, length(coalesce(sv, de)) AS l, coalesce(de, sv) COLLATE "sv-x-icu" AS s FROM t;
CREATE MATERIALIZED VIEW mixed_union AS SELECT x.id, x.c COLLATE "de-x-icu" AS c FROM (SELECT id, de AS c FROM t UNION ALL SELECT id, sv FROM t) x ORDER BY x.c COLLATE "sv-x-icu", x.id LIMIT 6;
CREATE MATERIALIZED VIEW mixed_list AS SELECT g, string_agg(coalesce(de, sv), ',' ORDER BY id) COLLATE "C" AS l, count(coalesce(de, sv)) AS n FROM t GROUP BY g;
CREATE MATERIALIZED VIEW mixed_values AS SELECT t.id, v.c COLLATE "C" AS c FROM t, LATERAL (VALUES (1, t.de), (2, t.sv)) v (n, c) WHERE length(v.c) > 1 AND n <> t.g;
CREATE MATERIALIZED VIEW mixed_lag AS SELECT id, lag(de, 1, sv) OVER (ORDER BY id) COLLATE "C" AS l FROM t;
-- refused mixed_greatest
CREATE MATERIALIZED VIEW mixed_greatest AS SELECT id, greatest(de, sv) COLLATE "C" AS m FROM t;
-- refused mixed_compared
CREATE MATERIALIZED VIEW mixed_compared AS SELECT id FROM t WHERE de || sv > 'm';
INSERT INTO t VALUES (1, 1, 'Öl', 'öl', 'Öl', 'Ab'), (2, 1, 'oz', 'Zebra', 'oz', 'ab'), (3, 1, 'Apfel', 'ål', 'apfel', 'b'), (4, 2, 'äpfel', 'ära', 'ß', 'a-b'),
  (5, 2, 'straße', 'a', 'STRASSE', 'aB'), (6, 2, 'Strasse', 'å', 'straße', ''), (7, 3, NULL, NULL, NULL, NULL), (8, 3, '', 'o', 'İi', 'c d'),
  (9, NULL, 'z', 'z', 'co-op', 'cd'), (10, NULL, 'co op', 'coop', 'COOP', 'c-d');
-- check
UPDATE t SET de = 'zz' WHERE id IN (1, 4);
UPDATE t SET plain = upper(plain), sv = 'ö' WHERE id IN (2, 6);
INSERT INTO t VALUES (11, 1, 'ö', 'w', 'v', 'É'), (12, 2, 'o', 'v', 'w', 'e');
-- check
DELETE FROM t WHERE id IN (3, 9, 11);
UPDATE t SET g = 1 WHERE g = 3;
UPDATE t SET id = 20 WHERE id = 8;
-- check
TRUNCATE t;
INSERT INTO t VALUES (1, 1, 'x', 'y', 'z', 'q');
-- check
