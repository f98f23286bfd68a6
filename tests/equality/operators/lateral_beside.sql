-- LATERAL items of outer joins that name tables to the left of the whole join.
CREATE TABLE a (id int PRIMARY KEY, g int, v int, arr int[]);
CREATE TABLE b (id int PRIMARY KEY, k int, w int);
CREATE TABLE c (id int PRIMARY KEY, k int, z int);
CREATE MATERIALIZED VIEW l1 AS SELECT a.id, b.id AS bid, q.s FROM a, b RIGHT JOIN LATERAL (SELECT a.v + 1 AS s) q ON b.w < q.s;
CREATE MATERIALIZED VIEW l3 AS SELECT a.id, q.x, b.id AS bid FROM a CROSS JOIN (b RIGHT JOIN LATERAL unnest(a.arr) AS q(x) ON b.k = q.x);
CREATE MATERIALIZED VIEW l4 AS
  SELECT a.id, z.id AS zid, q.s FROM a, (SELECT a2.id FROM a a2) z LEFT JOIN LATERAL (SELECT a.v + z.id AS s) q ON q.s > 10;
CREATE MATERIALIZED VIEW l5 AS
  SELECT a.id, b.id AS bid, q.z FROM a, b LEFT JOIN LATERAL (SELECT c.z FROM c WHERE c.k = a.g AND c.z > b.w) q ON q.z < 9;
CREATE MATERIALIZED VIEW l6 AS
  SELECT a.id, b.id AS bid, q.n FROM a JOIN (b LEFT JOIN LATERAL (SELECT count(*) AS n FROM c WHERE c.k = a.g AND c.z > b.w) q ON true) ON a.g = b.k;
CREATE MATERIALIZED VIEW l7 AS
  SELECT a.id, b.id AS bid, q.x, c.id AS cid FROM a, (b LEFT JOIN LATERAL unnest(a.arr) AS q(x) ON q.x = b.k) LEFT JOIN c ON c.k = q.x;
CREATE MATERIALIZED VIEW l8 AS
  SELECT a.id, b.id AS bid, q.z, r.n FROM a, b LEFT JOIN LATERAL (SELECT c.z, c.id FROM c WHERE c.k = a.g AND c.z > b.w) q ON q.z < 9
    LEFT JOIN LATERAL (SELECT a.v + b.w + q.z AS n) r ON r.n > 3 WHERE a.id < 9;
CREATE MATERIALIZED VIEW l9 AS
  SELECT a.id, b.id AS bid, q.z, c.id AS cid FROM a, b LEFT JOIN (LATERAL (SELECT x.z, x.id FROM c x WHERE x.k = a.g) q JOIN c ON c.k = q.z) ON c.z = b.w;
CREATE MATERIALIZED VIEW l10 AS SELECT a.id, b.id AS bid, q.z FROM a, LATERAL (SELECT c.z, c.id FROM c WHERE c.k = a.g) q RIGHT JOIN b ON b.w = q.z;
CREATE MATERIALIZED VIEW l11 AS
  SELECT a.id, b.id AS bid, q.z FROM a, (b JOIN LATERAL (SELECT c.z, c.id FROM c WHERE c.k = a.g) q ON q.z > b.w) LEFT JOIN c d ON d.k = q.z;
CREATE MATERIALIZED VIEW l12 AS
  SELECT a.id, x.*, y.* FROM a, b LEFT JOIN LATERAL (SELECT a.g + 1 AS m) x ON x.m = b.k,
    LATERAL (SELECT c.z FROM c WHERE c.k = x.m OR c.k = a.v) y WHERE b.w IS NOT NULL
   ;
CREATE MATERIALIZED VIEW l13 AS
  SELECT a.id, (SELECT string_agg(b.id || ':' || coalesce(q.z, -1), ',' ORDER BY b.id, q.id) FROM c d, b
    LEFT JOIN LATERAL (SELECT c.z, c.id FROM c WHERE c.k = a.g AND c.id <> d.id) q ON q.z > b.w WHERE d.k = a.g AND d.id < 5) AS t FROM a;
CREATE MATERIALIZED VIEW l14 AS SELECT a.id, q.x, b.id AS bid FROM a, b LEFT JOIN LATERAL generate_series(a.g, b.k) AS q(x) ON q.x <> 3;
CREATE MATERIALIZED VIEW l15 AS
  SELECT a.id, q.x, r.y FROM a CROSS JOIN LATERAL unnest(a.arr) WITH ORDINALITY AS q(x, o)
    LEFT JOIN LATERAL (SELECT b.w + a.v AS y FROM b WHERE b.k = q.x ORDER BY b.id LIMIT 1) r ON true;
CREATE MATERIALIZED VIEW l16 AS
  SELECT * FROM a a1(i1, g1, v1, r1), (b b1(i2, k2, w2) LEFT JOIN LATERAL (SELECT g1 + k2) q(s) ON s > 4)
    LEFT JOIN LATERAL (SELECT i1 * s FROM c WHERE c.k = g1) p(t) ON t > 0 WHERE i1 < 7;
CREATE MATERIALIZED VIEW a1 AS SELECT a.id, q.x, b.id AS bid FROM a, b RIGHT JOIN LATERAL unnest(a.arr) AS q(x) ON b.k = q.x;
CREATE MATERIALIZED VIEW a3 AS SELECT a.id, q.x, b.id AS bid FROM a CROSS JOIN (b RIGHT JOIN LATERAL generate_series(1, a.v) AS q(x) ON b.k = q.x);
CREATE MATERIALIZED VIEW l17 AS
  SELECT a.id, x.id AS xid, q.z FROM a LEFT JOIN b x ON x.k = a.g, b y
    LEFT JOIN LATERAL (SELECT c.z, c.id FROM c WHERE c.k = x.w OR c.z = a.v) q ON q.z > y.w WHERE y.id < 6;
CREATE MATERIALIZED VIEW l18 AS
  SELECT a.id, y.id AS yid, q.n FROM a, b y LEFT JOIN LATERAL (SELECT count(*) AS n FROM c WHERE c.k = a.g) q ON q.n = y.k
    WHERE EXISTS (SELECT 1 FROM c WHERE c.z = a.v AND c.k > y.k) AND (SELECT max(c.z) FROM c WHERE c.k = y.k) > q.n;
CREATE MATERIALIZED VIEW l19 AS
  SELECT a.g, sum(q.z) AS s, count(*) AS n
    FROM a, b LEFT JOIN LATERAL (SELECT c.z FROM c WHERE c.k = a.g AND c.z > b.w ORDER BY c.z, c.id LIMIT 2) q ON true GROUP BY a.g
   ;
CREATE MATERIALIZED VIEW f1 AS
  SELECT a.id, b.id AS bid, q.s FROM a, b FULL JOIN LATERAL (SELECT a.g AS s) q ON b.k = q.s;
CREATE MATERIALIZED VIEW f2 AS
  SELECT a.id, b.id AS bid, q.id AS qid, q.z FROM a, b FULL JOIN LATERAL (SELECT c.id, c.z FROM c WHERE c.k = a.g) q ON b.k = q.z;
CREATE MATERIALIZED VIEW f3 AS
  SELECT a.id, b.id AS bid, b.w, q.* FROM a CROSS JOIN (b FULL JOIN LATERAL unnest(a.arr) AS q(x) ON b.k = q.x);
CREATE MATERIALIZED VIEW f4 AS
  SELECT a.id, k, b.id AS bid, q.id AS qid, q.m FROM a, b FULL JOIN LATERAL (SELECT c.k, c.id, c.z + a.v AS m FROM c WHERE c.z > a.g) q USING (k);
CREATE MATERIALIZED VIEW f5 AS
  SELECT a.id, b IS NULL AS nob, q IS NULL AS noq, row_to_json(b) AS bj, to_jsonb(q) AS qj
    FROM a, b FULL JOIN LATERAL (SELECT c.k, c.id FROM c WHERE c.z > a.g) q ON q.k = b.w AND q.id = b.k;
CREATE MATERIALIZED VIEW f6 AS
  SELECT a.id, x.id AS xid, q.id AS qid, y.id AS yid FROM a, (b x LEFT JOIN LATERAL (SELECT c.id, c.k
    FROM c WHERE c.k = a.g AND c.z > x.w) q ON true) FULL JOIN b y ON y.w = q.k;
CREATE MATERIALIZED VIEW f7 AS
  SELECT a.g, count(*) AS n, count(b.id) AS nb, count(q) AS nq
    FROM a, LATERAL (SELECT c.id, c.k FROM c WHERE c.k <> a.g) q FULL JOIN b ON b.k = q.id WHERE a.id < 9 GROUP BY a.g;
CREATE MATERIALIZED VIEW f8 AS
  SELECT id, (SELECT string_agg(coalesce(b.id, -1) || ':' || coalesce(q.id, -1), ',' ORDER BY b.id, q.id)
    FROM c d, b FULL JOIN LATERAL (SELECT c.id, c.k FROM c WHERE c.k = d.k AND c.z > a.g) q ON q.k = b.k WHERE d.id = a.g) AS t FROM a;
CREATE MATERIALIZED VIEW f9 AS
  SELECT * FROM a FULL JOIN LATERAL (SELECT c.id AS cid, c.k FROM c) q ON q.k = a.g;
CREATE MATERIALIZED VIEW f10 AS
  SELECT a.id, b.id AS bid, q.x, c.id AS cid FROM a JOIN c ON c.k = a.g, b FULL JOIN LATERAL generate_series(a.g, c.z) AS q(x) ON q.x = b.k WHERE a.id < 12
   ;
CREATE MATERIALIZED VIEW f11 AS
  SELECT a.id, b.id AS bid, q.s, r.t FROM a, b FULL JOIN LATERAL (SELECT a.g AS s) q ON b.k = q.s LEFT JOIN LATERAL (SELECT c.z AS t
    FROM c WHERE c.k = b.w AND c.z <> q.s) r ON true WHERE a.id < 6;
INSERT INTO a SELECT i, i % 5, nullif(i * 7 % 11, 3), ARRAY[i % 3, NULL, i % 6] FROM generate_series(1, 20) i;
INSERT INTO b SELECT i, i % 6, nullif(i * 5 % 13, 4) FROM generate_series(1, 15) i;
INSERT INTO c SELECT i, i % 6, nullif(i * 5 % 11, 4) FROM generate_series(1, 15) i;
-- check
UPDATE a SET v = v + 3, arr = NULL WHERE id % 4 = 0;
UPDATE b SET w = w - 2, k = k + 1 WHERE id % 3 = 0;
UPDATE c SET z = z - 1, k = k - 1 WHERE id % 3 = 1;
DELETE FROM a WHERE g = 2;
-- check
TRUNCATE c;
DELETE FROM b WHERE k = 3;
-- check
INSERT INTO c VALUES (1, 1, 1), (2, NULL, 2), (3, 4, 7);
TRUNCATE a;
INSERT INTO a VALUES (1, 1, 1, '{1,2}'), (2, 4, NULL, '{}');
-- check
