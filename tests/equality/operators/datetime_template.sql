-- jsonpath's datetime() with a template: of the path, of the row, silent and not; the types that fields give; the moments compared.
CREATE TABLE d (id int PRIMARY KEY, t text, f text);
CREATE MATERIALIZED VIEW reads AS SELECT id, jsonb_path_query_first(to_jsonb(t), ('$.datetime(' || to_json(f)::text || ')')::jsonpath, '{}', id > 10) AS v, jsonb_path_query_first(to_jsonb(t), ('$.datetime(' || to_json(f) || ').type()')::jsonpath, silent => id > 10) AS k FROM d WHERE id < 100;
CREATE MATERIALIZED VIEW days AS SELECT jsonb_path_query_first(to_jsonb(t), '$.datetime("DD.MM.YYYY")', silent => true) AS day, count(*), min(id) FROM d GROUP BY 1;
CREATE MATERIALIZED VIEW earlier AS SELECT x.id, y.id AS other FROM d x JOIN d y ON jsonb_path_match_tz(jsonb_build_array(x.t, y.t), '$[0].datetime("DD.MM.YYYY HH24:MI TZH") <= $[1].datetime("DD.MM.YYYY HH24:MI TZH")', silent => true);
CREATE MATERIALIZED VIEW filtered AS SELECT id, q FROM d, jsonb_path_query(jsonb_build_array(t, t || '0', 1), 'lax $[*] ? (@.type() == "string" && @.datetime("HH24:MI") > "12:00:00".datetime())') q;
CREATE MATERIALIZED VIEW separator AS SELECT id, jsonb_path_query_first(to_jsonb(t), ('$.datetime(' || to_json(f) || ')')::jsonpath, silent => true) AS v FROM d WHERE id IN (1, 101);
CREATE MATERIALIZED VIEW unread AS SELECT id, jsonb_path_query_first(to_jsonb(t), ('$.datetime(' || to_json(f) || ')')::jsonpath) AS v FROM d WHERE id IN (1, 102);
CREATE MATERIALIZED VIEW zone AS SELECT id, jsonb_path_query_first(to_jsonb(t), '$.datetime("DD.MM.YYYY TZH")') AS v FROM d WHERE id = 103;
INSERT INTO d VALUES (1, '10.3.2024', 'DD.MM.YYYY'), (2, '10.3.2024 7:05', 'DD.MM.YYYY HH24:MI'), (3, '10.3.2024 7:05 +02', 'DD.MM.YYYY HH24:MI TZH'), (4, '7:05', 'HH24:MI'), (5, '7:05 -03:30', 'HH24:MI TZH:TZM'), (6, '11.3.2024 6:05 +01', 'DD.MM.YYYY HH24:MI TZH'), (7, '10.03.2024', 'DD"."MM.YYYY'), (8, '16:40', 'HH24:MI'), (9, '10.3.2024 7:05 +03', 'DD.MM.YYYY HH24:MI TZH'),
 (11, '10-3-2024', 'DD.MM.YYYY'), (12, '31.2.2024', 'DD.MM.YYYY'), (13, '10.3.2024x', 'DD.MM.YYYY'), (14, '', 'YYYY'), (15, '3.99999', 'SS.FF2'), (16, '13 PM', 'HH12 AM'), (17, '12:30 am', 'HH12:MI AM'), (18, '99-12', 'YY-MM'), (19, '2024W09', 'IYYY"W"IW'), (20, '2024W', 'IYYY"W"IW'), (21, '31.12.1999 23:59:59.9999996', 'DD.MM.YYYY HH24:MI:SS.FF6'), (22, '31.12.1999 23:59:59.96', 'DD.MM.YYYY HH24:MI:SS.FF1'), (23, 'Mar 44 BC', 'Mon YYYY BC'), (24, NULL, 'YYYY'), (25, '2024', NULL);
-- check
INSERT INTO d VALUES (101, '2024', 'YYYY_'), (102, '2024x', 'YYYY'), (103, '10.3.2024 +01', '');
-- check
DELETE FROM d WHERE id > 100;
UPDATE d SET t = '16:40', f = 'MI:HH24' WHERE id IN (4, 12);
UPDATE d SET t = '10.3.2024 5:05 +00' WHERE id = 6;
-- check
