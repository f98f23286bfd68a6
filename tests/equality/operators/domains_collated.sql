-- Domains with a collation of their own.
CREATE DOMAIN sv AS text COLLATE "sv-x-icu";
CREATE DOMAIN bytes AS text COLLATE "C" CHECK (value <> 'zz');
CREATE DOMAIN sv2 AS sv NOT NULL;
CREATE TABLE t (id int PRIMARY KEY, a sv, b bytes, c text, d sv2);
CREATE MATERIALIZED VIEW d1 AS SELECT max(a) AS a, max(b) AS b, max(d) AS d, min(c::sv) AS c FROM t;
CREATE MATERIALIZED VIEW d2 AS SELECT id, a < 'ä' AS x, c::sv < 'ö' AS y, b < 'ä' AS z, d > 'z' AS w FROM t;
CREATE MATERIALIZED VIEW d3 AS SELECT id, rank() OVER (ORDER BY a) AS r, rank() OVER (ORDER BY c::sv) AS s FROM t;
CREATE MATERIALIZED VIEW d4 AS SELECT id, a FROM t ORDER BY a, id LIMIT 4;
INSERT INTO t SELECT i, (ARRAY['a','z','ä','ö','Ö','b'])[i % 6 + 1], (ARRAY['a','z','ä','ö','Ö','b'])[i % 6 + 1], (ARRAY['a','z','ä','ö','Ö','b'])[i % 5 + 1], (ARRAY['a','z','ä','ö','Ö','b'])[i % 4 + 1] FROM generate_series(1, 20) i;
-- check
DELETE FROM t WHERE id % 3 = 0;
-- check
