-- Whole rows as values: their json, text and fields, compared, counted and aggregated; those of an outer join that found none.
CREATE TABLE orders (id int PRIMARY KEY, customer int, total numeric(8,2), note text, at timestamp, tags text[]);
CREATE TABLE customers (id int PRIMARY KEY, name text, vip boolean);
CREATE TABLE old_orders (id int PRIMARY KEY, customer int, total numeric(8,2), note text, at timestamp, tags text[]);

CREATE MATERIALIZED VIEW v_json AS SELECT o.id, row_to_json(o) AS a, row_to_json(o, true) AS b, to_json(o) AS c, to_jsonb(o) AS d,
    row_to_json(o.*) AS e, row_to_json(ROW(o.id, 'x', o.note)) AS f, to_jsonb(ROW(o.*, 1)) AS g, row_to_json((o.id, o.at)) AS h,
    json_build_object('o', o, 'n', 1) AS i, jsonb_build_array(o, ROW(o.tags)) AS j, row_to_json(ROW(o, 2)) AS k FROM orders o;
CREATE MATERIALIZED VIEW v_text AS SELECT id, orders::text AS a, ROW(note, total, tags)::text AS b, (orders).note AS c, (orders).tags[1] AS d,
    'r ' || orders AS e, concat(orders, '!') AS f, orders.*::text AS g, ROW(vip_of.v, '')::text AS h
    FROM orders CROSS JOIN (SELECT true AS v) vip_of;
CREATE MATERIALIZED VIEW v_tests AS SELECT id, o IS NULL AS a, o IS NOT NULL AS b, ROW(note, total) IS NULL AS c, ROW(o.*) IS NOT NULL AS d FROM orders o;
CREATE MATERIALIZED VIEW v_outer AS SELECT o.id, row_to_json(c) AS a, c::text AS b, c IS NULL AS c, c IS NOT NULL AS d, row_to_json(ROW(c.*)) AS e,
    num_nulls(c, o) AS f, to_jsonb(c) AS g FROM orders o LEFT JOIN customers c ON c.id = o.customer;
CREATE MATERIALIZED VIEW v_counts AS SELECT c.vip, count(o) AS a, count(o.*) AS b, count(DISTINCT (o.customer, o.note)) AS c, count(DISTINCT o) AS d,
    count(ROW(o.id)) AS e FROM customers c LEFT JOIN orders o ON c.id = o.customer GROUP BY c.vip;
CREATE MATERIALIZED VIEW v_agg AS SELECT o.customer, json_agg(o ORDER BY o.id) AS a, jsonb_agg(o ORDER BY o.id DESC) AS b,
    json_object_agg(o.id, ROW(o.note, o.total) ORDER BY o.id) AS c, json_agg(ROW(o.id) ORDER BY o.id) FILTER (WHERE o.note IS NOT NULL) AS d
    FROM orders o GROUP BY o.customer;
CREATE MATERIALIZED VIEW v_nested AS SELECT c.id, (SELECT json_agg(row_to_json(x) ORDER BY x.id) FROM (SELECT o.id, o.total FROM orders o WHERE o.customer = c.id) x) AS a,
    (SELECT jsonb_agg(o ORDER BY o.id) FROM orders o WHERE o.customer = c.id) AS b, (SELECT count(*) FROM orders o WHERE o.customer = (c).id AND c IS NOT NULL) AS c,
    (SELECT min(c::text || o.id) FROM orders o WHERE o.customer = c.id) AS d FROM customers c;
CREATE MATERIALIZED VIEW v_same AS SELECT o.id, o = p AS a, o <> p AS b, o < p AS c, o >= p AS d, o IS DISTINCT FROM p AS e, o IN (p, o) AS f,
    ROW(o.note, o.total) = ROW(p.note, p.total) AS g, ROW(o.note, o.total) IS NOT DISTINCT FROM ROW(p.note, p.total) AS h,
    (o.customer, o.note) < (p.customer, p.note) AS i, (o.customer, o.total) BETWEEN (1, 0) AND (p.customer, 100) AS j
    FROM orders o JOIN old_orders p USING (id);
CREATE MATERIALIZED VIEW v_changed AS SELECT coalesce(o.id, p.id) AS id, o AS x_is, p.id AS old FROM (SELECT id, to_jsonb(o) AS o FROM orders o) o FULL JOIN old_orders p ON o.id = p.id;
CREATE MATERIALIZED VIEW v_differ AS SELECT coalesce(o.id, p.id) AS id, o IS DISTINCT FROM p AS a, o = p AS b, o < p AS c, row_to_json(o) AS d, p::text AS e
    FROM orders o FULL JOIN old_orders p ON o.id = p.id;
CREATE MATERIALIZED VIEW v_in AS SELECT id FROM orders o WHERE (customer, note) IN ((1, 'a'), (2, 'b "q"'), (3, NULL)) OR (customer, id) IN (SELECT c.id, c.id FROM customers c);
CREATE MATERIALIZED VIEW v_window AS SELECT id, json_agg(o) OVER (PARTITION BY customer ORDER BY id) AS a, count(o) OVER (PARTITION BY customer) AS b FROM orders o;

INSERT INTO customers VALUES (1, 'Ann', true), (2, 'B, "C"', false), (3, NULL, NULL), (4, '', true);
INSERT INTO orders VALUES (1, 1, 1.50, 'a', '2024-01-02 03:04:05.678', '{x,"y z"}'), (2, 2, 20, 'b "q"', NULL, NULL), (3, 3, NULL, NULL, NULL, NULL),
    (4, 9, 4.00, '', '2024-01-01', '{}'), (5, 1, 5, 'back\slash, (p)', '2024-02-01', '{NULL}'), (6, NULL, NULL, NULL, NULL, NULL), (7, 1, 1.5, E'line\nfeed', NULL, '{a}');
INSERT INTO old_orders SELECT * FROM orders WHERE id < 6;
-- check
UPDATE orders SET note = NULL WHERE id = 2;
UPDATE old_orders SET total = 9 WHERE id IN (1, 3);
UPDATE customers SET name = 'Bob' WHERE id = 2;
DELETE FROM customers WHERE id = 4;
DELETE FROM old_orders WHERE id = 5;
INSERT INTO old_orders VALUES (8, NULL, NULL, NULL, NULL, NULL), (7, 1, 1.50, E'line\nfeed', NULL, '{a}');
-- check
DELETE FROM orders WHERE customer = 1;
UPDATE orders SET id = 11, customer = 1 WHERE id = 4;
-- check
