-- Columns of type json of the query around: their texts are what subqueries are answered by.
CREATE TABLE o (id int PRIMARY KEY, j json, k int, js json[]);
CREATE TABLE p (sku text PRIMARY KEY, price numeric, j json);
CREATE MATERIALIZED VIEW b01 AS SELECT o.id, (SELECT sum((x ->> 'qty')::int * p.price) FROM json_array_elements(o.j) x JOIN p ON p.sku = x ->> 'sku') AS amount FROM o;
CREATE MATERIALIZED VIEW b02 AS SELECT o.id, x ->> 'sku' AS sku FROM o LEFT JOIN LATERAL json_array_elements(o.j) x ON x ->> 'sku' <> 'p1';
CREATE MATERIALIZED VIEW b03 AS SELECT o.id FROM o WHERE EXISTS (SELECT 1 FROM p WHERE p.sku = o.j -> 0 ->> 'sku');
CREATE MATERIALIZED VIEW b04 AS SELECT o.id, (SELECT o.j -> 1 FROM p WHERE p.price > o.k ORDER BY p.sku LIMIT 1) AS j FROM o;
CREATE MATERIALIZED VIEW b05 AS SELECT o.id, (SELECT json_agg(json_build_object('s', p.sku, 'j', o.j) ORDER BY p.sku) FROM p WHERE p.price > o.k) AS j FROM o;
CREATE MATERIALIZED VIEW b06 AS SELECT o.id, (SELECT row_to_json(o)::text || count(*) FROM p WHERE p.price > o.k) AS j FROM o;
CREATE MATERIALIZED VIEW b07 AS SELECT o.id, q.* FROM o, LATERAL (SELECT p.sku, o.j ->> 0 AS first, o.js[1] AS js FROM p WHERE p.price <> o.k) q;
CREATE MATERIALIZED VIEW b08 AS SELECT o.id, p.sku FROM o LEFT JOIN p ON EXISTS (SELECT FROM json_array_elements(o.j) x WHERE x ->> 'sku' = p.sku);
CREATE MATERIALIZED VIEW b09 AS SELECT o.id, (SELECT count(*) FROM (SELECT x FROM json_array_elements(o.j) x UNION ALL SELECT p.j FROM p WHERE p.price > o.k) u) AS n FROM o;
CREATE MATERIALIZED VIEW b10 AS SELECT o.id, ARRAY(SELECT x ->> 'sku' FROM json_array_elements(o.j) WITH ORDINALITY AS e(x, n) ORDER BY n) AS skus FROM o;
CREATE MATERIALIZED VIEW b11 AS SELECT o.id, r.sku, r.qty, p.price FROM o CROSS JOIN LATERAL json_to_recordset(o.j) AS r(sku text, qty int) LEFT JOIN p USING (sku);
CREATE MATERIALIZED VIEW b12 AS SELECT o.id, 'p1' = ANY (SELECT x ->> 'sku' FROM json_array_elements(o.j) x) AS has, (SELECT max(v) FROM json_each_text(o.j -> 0) e(k, v) WHERE e.k <> 'sku') AS m FROM o;
INSERT INTO o VALUES (1, '[{"sku": "p1", "qty": 2}, {"sku": "p2", "qty": 1}]', 1, '{"{\"a\": 1}"}'), (2, '[{"sku":  "p1", "qty": 2}, {"sku": "p2", "qty": 1}]', 5, NULL), (3, NULL, 0, NULL), (4, '[]', 2, '{}');
INSERT INTO p VALUES ('p1', 9.99, '{"x": 1}'), ('p2', 0, NULL), ('p3', 3, '[]');
-- check
UPDATE p SET price = 2 WHERE sku = 'p1';
UPDATE o SET j = '[{"sku": "p3", "qty": 7}]' WHERE id = 2;
DELETE FROM o WHERE id = 4;
-- check
