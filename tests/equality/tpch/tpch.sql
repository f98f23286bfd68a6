-- TPC-H: its 22 queries over a small database of its own making, through RF1 (new orders), RF2 (deleted orders), updates,
-- changed keys and a truncate. Where a query has LIMIT, its order is made total by keys.

CREATE TABLE region (r_regionkey int PRIMARY KEY, r_name char(25) NOT NULL, r_comment varchar(152));
CREATE TABLE nation (n_nationkey int PRIMARY KEY, n_name char(25) NOT NULL, n_regionkey int NOT NULL, n_comment varchar(152));
CREATE TABLE supplier (s_suppkey int PRIMARY KEY, s_name char(25) NOT NULL, s_address varchar(40) NOT NULL,
  s_nationkey int NOT NULL, s_phone char(15) NOT NULL, s_acctbal numeric(15,2) NOT NULL, s_comment varchar(101) NOT NULL);
CREATE TABLE part (p_partkey int PRIMARY KEY, p_name varchar(55) NOT NULL, p_mfgr char(25) NOT NULL, p_brand char(10) NOT NULL,
  p_type varchar(25) NOT NULL, p_size int NOT NULL, p_container char(10) NOT NULL, p_retailprice numeric(15,2) NOT NULL,
  p_comment varchar(23) NOT NULL);
CREATE TABLE partsupp (ps_partkey int, ps_suppkey int, ps_availqty int NOT NULL, ps_supplycost numeric(15,2) NOT NULL,
  ps_comment varchar(199) NOT NULL, PRIMARY KEY (ps_partkey, ps_suppkey));
CREATE TABLE customer (c_custkey int PRIMARY KEY, c_name varchar(25) NOT NULL, c_address varchar(40) NOT NULL,
  c_nationkey int NOT NULL, c_phone char(15) NOT NULL, c_acctbal numeric(15,2) NOT NULL, c_mktsegment char(10) NOT NULL,
  c_comment varchar(117) NOT NULL);
CREATE TABLE orders (o_orderkey int PRIMARY KEY, o_custkey int NOT NULL, o_orderstatus char(1) NOT NULL,
  o_totalprice numeric(15,2) NOT NULL, o_orderdate date NOT NULL, o_orderpriority char(15) NOT NULL, o_clerk char(15) NOT NULL,
  o_shippriority int NOT NULL, o_comment varchar(79) NOT NULL);
CREATE TABLE lineitem (l_orderkey int, l_partkey int NOT NULL, l_suppkey int NOT NULL, l_linenumber int,
  l_quantity numeric(15,2) NOT NULL, l_extendedprice numeric(15,2) NOT NULL, l_discount numeric(15,2) NOT NULL,
  l_tax numeric(15,2) NOT NULL, l_returnflag char(1) NOT NULL, l_linestatus char(1) NOT NULL, l_shipdate date NOT NULL,
  l_commitdate date NOT NULL, l_receiptdate date NOT NULL, l_shipinstruct char(25) NOT NULL, l_shipmode char(10) NOT NULL,
  l_comment varchar(44) NOT NULL, PRIMARY KEY (l_orderkey, l_linenumber));

CREATE MATERIALIZED VIEW q1 AS
  SELECT l_returnflag, l_linestatus, sum(l_quantity) AS sum_qty, sum(l_extendedprice) AS sum_base_price,
    sum(l_extendedprice * (1 - l_discount)) AS sum_disc_price,
    sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge,
    avg(l_quantity) AS avg_qty, avg(l_extendedprice) AS avg_price, avg(l_discount) AS avg_disc, count(*) AS count_order
  FROM lineitem WHERE l_shipdate <= date '1998-12-01' - interval '90' day
  GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus;

CREATE MATERIALIZED VIEW q2 AS
  SELECT s_acctbal, s_name, n_name, p_partkey, p_mfgr, s_address, s_phone, s_comment
  FROM part, supplier, partsupp, nation, region
  WHERE p_partkey = ps_partkey AND s_suppkey = ps_suppkey AND p_size < 30 AND p_type LIKE '%BRASS'
    AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey AND r_name = 'EUROPE'
    AND ps_supplycost = (SELECT min(ps_supplycost) FROM partsupp, supplier, nation, region
      WHERE p_partkey = ps_partkey AND s_suppkey = ps_suppkey AND s_nationkey = n_nationkey
        AND n_regionkey = r_regionkey AND r_name = 'EUROPE')
  ORDER BY s_acctbal DESC, n_name, s_name, p_partkey, s_suppkey LIMIT 100;

CREATE MATERIALIZED VIEW q3 AS
  SELECT l_orderkey, sum(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate, o_shippriority
  FROM customer, orders, lineitem
  WHERE c_mktsegment = 'BUILDING' AND c_custkey = o_custkey AND l_orderkey = o_orderkey
    AND o_orderdate < date '1995-03-15' AND l_shipdate > date '1995-03-15'
  GROUP BY l_orderkey, o_orderdate, o_shippriority ORDER BY revenue DESC, o_orderdate, l_orderkey LIMIT 10;

CREATE MATERIALIZED VIEW q4 AS
  SELECT o_orderpriority, count(*) AS order_count FROM orders
  WHERE o_orderdate >= date '1993-07-01' AND o_orderdate < date '1993-07-01' + interval '9' month
    AND EXISTS (SELECT * FROM lineitem WHERE l_orderkey = o_orderkey AND l_commitdate < l_receiptdate)
  GROUP BY o_orderpriority ORDER BY o_orderpriority;

CREATE MATERIALIZED VIEW q5 AS
  SELECT n_name, sum(l_extendedprice * (1 - l_discount)) AS revenue
  FROM customer, orders, lineitem, supplier, nation, region
  WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey AND l_suppkey = s_suppkey AND c_nationkey = s_nationkey
    AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey AND r_name = 'ASIA'
    AND o_orderdate >= date '1994-01-01' AND o_orderdate < date '1994-01-01' + interval '3' year
  GROUP BY n_name ORDER BY revenue DESC;

CREATE MATERIALIZED VIEW q6 AS
  SELECT sum(l_extendedprice * l_discount) AS revenue FROM lineitem
  WHERE l_shipdate >= date '1994-01-01' AND l_shipdate < date '1994-01-01' + interval '1' year
    AND l_discount BETWEEN 0.06 - 0.01 AND 0.06 + 0.01 AND l_quantity < 24;

CREATE MATERIALIZED VIEW q7 AS
  SELECT supp_nation, cust_nation, l_year, sum(volume) AS revenue
  FROM (SELECT n1.n_name AS supp_nation, n2.n_name AS cust_nation, extract(year FROM l_shipdate) AS l_year,
      l_extendedprice * (1 - l_discount) AS volume
    FROM supplier, lineitem, orders, customer, nation n1, nation n2
    WHERE s_suppkey = l_suppkey AND o_orderkey = l_orderkey AND c_custkey = o_custkey AND s_nationkey = n1.n_nationkey
      AND c_nationkey = n2.n_nationkey
      AND ((n1.n_name = 'FRANCE' AND n2.n_name = 'GERMANY') OR (n1.n_name = 'GERMANY' AND n2.n_name = 'FRANCE'))
      AND l_shipdate BETWEEN date '1993-01-01' AND date '1997-12-31') AS shipping
  GROUP BY supp_nation, cust_nation, l_year ORDER BY supp_nation, cust_nation, l_year;

CREATE MATERIALIZED VIEW q8 AS
  SELECT o_year, sum(CASE WHEN nation = 'CHINA' THEN volume ELSE 0 END) / sum(volume) AS mkt_share
  FROM (SELECT extract(year FROM o_orderdate) AS o_year, l_extendedprice * (1 - l_discount) AS volume, n2.n_name AS nation
    FROM part, supplier, lineitem, orders, customer, nation n1, nation n2, region
    WHERE p_partkey = l_partkey AND s_suppkey = l_suppkey AND l_orderkey = o_orderkey AND o_custkey = c_custkey
      AND c_nationkey = n1.n_nationkey AND n1.n_regionkey = r_regionkey AND r_name = 'ASIA' AND s_nationkey = n2.n_nationkey
      AND o_orderdate BETWEEN date '1993-01-01' AND date '1997-12-31' AND p_type LIKE '%STEEL') AS all_nations
  GROUP BY o_year ORDER BY o_year;

CREATE MATERIALIZED VIEW q9 AS
  SELECT nation, o_year, sum(amount) AS sum_profit
  FROM (SELECT n_name AS nation, extract(year FROM o_orderdate) AS o_year,
      l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity AS amount
    FROM part, supplier, lineitem, partsupp, orders, nation
    WHERE s_suppkey = l_suppkey AND ps_suppkey = l_suppkey AND ps_partkey = l_partkey AND p_partkey = l_partkey
      AND o_orderkey = l_orderkey AND s_nationkey = n_nationkey AND p_name LIKE '%green%') AS profit
  GROUP BY nation, o_year ORDER BY nation, o_year DESC;

CREATE MATERIALIZED VIEW q10 AS
  SELECT c_custkey, c_name, sum(l_extendedprice * (1 - l_discount)) AS revenue, c_acctbal, n_name, c_address, c_phone, c_comment
  FROM customer, orders, lineitem, nation
  WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey AND o_orderdate >= date '1993-10-01'
    AND o_orderdate < date '1993-10-01' + interval '12' month AND l_returnflag = 'R' AND c_nationkey = n_nationkey
  GROUP BY c_custkey, c_name, c_acctbal, c_phone, n_name, c_address, c_comment ORDER BY revenue DESC, c_custkey LIMIT 20;

CREATE MATERIALIZED VIEW q11 AS
  SELECT ps_partkey, sum(ps_supplycost * ps_availqty) AS value
  FROM partsupp, supplier, nation
  WHERE ps_suppkey = s_suppkey AND s_nationkey = n_nationkey AND n_name = 'GERMANY'
  GROUP BY ps_partkey
  HAVING sum(ps_supplycost * ps_availqty) > (SELECT sum(ps_supplycost * ps_availqty) * 0.01 FROM partsupp, supplier, nation
    WHERE ps_suppkey = s_suppkey AND s_nationkey = n_nationkey AND n_name = 'GERMANY')
  ORDER BY value DESC;

CREATE MATERIALIZED VIEW q12 AS
  SELECT l_shipmode,
    sum(CASE WHEN o_orderpriority = '1-URGENT' OR o_orderpriority = '2-HIGH' THEN 1 ELSE 0 END) AS high_line_count,
    sum(CASE WHEN o_orderpriority <> '1-URGENT' AND o_orderpriority <> '2-HIGH' THEN 1 ELSE 0 END) AS low_line_count
  FROM orders, lineitem
  WHERE o_orderkey = l_orderkey AND l_shipmode IN ('MAIL', 'SHIP') AND l_commitdate < l_receiptdate
    AND l_shipdate < l_commitdate AND l_receiptdate >= date '1994-01-01' AND l_receiptdate < date '1994-01-01' + interval '2' year
  GROUP BY l_shipmode ORDER BY l_shipmode;

CREATE MATERIALIZED VIEW q13 AS
  SELECT c_count, count(*) AS custdist
  FROM (SELECT c_custkey, count(o_orderkey) AS c_count
    FROM customer LEFT OUTER JOIN orders ON c_custkey = o_custkey AND o_comment NOT LIKE '%special%requests%'
    GROUP BY c_custkey) AS c_orders
  GROUP BY c_count ORDER BY custdist DESC, c_count DESC;

CREATE MATERIALIZED VIEW q14 AS
  SELECT 100.00 * sum(CASE WHEN p_type LIKE 'PROMO%' THEN l_extendedprice * (1 - l_discount) ELSE 0 END)
    / sum(l_extendedprice * (1 - l_discount)) AS promo_revenue
  FROM lineitem, part
  WHERE l_partkey = p_partkey AND l_shipdate >= date '1995-09-01' AND l_shipdate < date '1995-09-01' + interval '1' month;

CREATE VIEW revenue AS
  SELECT l_suppkey AS supplier_no, sum(l_extendedprice * (1 - l_discount)) AS total_revenue
  FROM lineitem WHERE l_shipdate >= date '1996-01-01' AND l_shipdate < date '1996-01-01' + interval '3' month
  GROUP BY l_suppkey;
CREATE MATERIALIZED VIEW q15 AS
  SELECT s_suppkey, s_name, s_address, s_phone, total_revenue FROM supplier, revenue
  WHERE s_suppkey = supplier_no AND total_revenue = (SELECT max(total_revenue) FROM revenue) ORDER BY s_suppkey;

CREATE MATERIALIZED VIEW q16 AS
  SELECT p_brand, p_type, p_size, count(DISTINCT ps_suppkey) AS supplier_cnt FROM partsupp, part
  WHERE p_partkey = ps_partkey AND p_brand <> 'Brand#45' AND p_type NOT LIKE 'MEDIUM%'
    AND p_size IN (49, 14, 23, 45, 19, 3, 36, 9, 1, 2, 4, 5, 6, 7, 8)
    AND ps_suppkey NOT IN (SELECT s_suppkey FROM supplier WHERE s_comment LIKE '%Customer%Complaints%')
  GROUP BY p_brand, p_type, p_size ORDER BY supplier_cnt DESC, p_brand, p_type, p_size;

CREATE MATERIALIZED VIEW q17 AS
  SELECT sum(l_extendedprice) / 7.0 AS avg_yearly FROM lineitem, part
  WHERE p_partkey = l_partkey AND p_brand IN ('Brand#23', 'Brand#11') AND p_container LIKE 'MED%'
    AND l_quantity < (SELECT 0.6 * avg(l_quantity) FROM lineitem WHERE l_partkey = p_partkey);

CREATE MATERIALIZED VIEW q18 AS
  SELECT c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity) AS quantity
  FROM customer, orders, lineitem
  WHERE o_orderkey IN (SELECT l_orderkey FROM lineitem GROUP BY l_orderkey HAVING sum(l_quantity) > 150)
    AND c_custkey = o_custkey AND o_orderkey = l_orderkey
  GROUP BY c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice ORDER BY o_totalprice DESC, o_orderdate, o_orderkey LIMIT 100;

CREATE MATERIALIZED VIEW q19 AS
  SELECT sum(l_extendedprice * (1 - l_discount)) AS revenue FROM lineitem, part
  WHERE (p_partkey = l_partkey AND p_brand = 'Brand#12' AND p_container IN ('SM CASE', 'SM BOX', 'SM PACK', 'SM PKG')
      AND l_quantity >= 1 AND l_quantity <= 30 AND p_size BETWEEN 1 AND 25
      AND l_shipmode IN ('AIR', 'REG AIR') AND l_shipinstruct = 'DELIVER IN PERSON')
    OR (p_partkey = l_partkey AND p_brand = 'Brand#23' AND p_container IN ('MED BAG', 'MED BOX', 'MED PKG', 'MED PACK')
      AND l_quantity >= 10 AND l_quantity <= 40 AND p_size BETWEEN 1 AND 30
      AND l_shipmode IN ('AIR', 'REG AIR') AND l_shipinstruct = 'DELIVER IN PERSON')
    OR (p_partkey = l_partkey AND p_brand = 'Brand#11' AND p_container IN ('LG CASE', 'LG BOX', 'LG PACK', 'LG PKG', 'MED BAG')
      AND l_quantity >= 5 AND l_quantity <= 50 AND p_size BETWEEN 1 AND 50
      AND l_shipmode IN ('AIR', 'REG AIR') AND l_shipinstruct = 'DELIVER IN PERSON');

CREATE MATERIALIZED VIEW q20 AS
  SELECT s_suppkey, s_name, s_address FROM supplier, nation
  WHERE s_suppkey IN (SELECT ps_suppkey FROM partsupp
      WHERE ps_partkey IN (SELECT p_partkey FROM part WHERE p_name LIKE 'forest%' OR p_name LIKE 'green%')
        AND ps_availqty > (SELECT 0.5 * sum(l_quantity) FROM lineitem
          WHERE l_partkey = ps_partkey AND l_suppkey = ps_suppkey AND l_shipdate >= date '1994-01-01'
            AND l_shipdate < date '1994-01-01' + interval '3' year))
    AND s_nationkey = n_nationkey AND n_name IN ('CANADA', 'GERMANY', 'FRANCE') ORDER BY s_name;

CREATE MATERIALIZED VIEW q21 AS
  SELECT s_name, count(*) AS numwait FROM supplier, lineitem l1, orders, nation
  WHERE s_suppkey = l1.l_suppkey AND o_orderkey = l1.l_orderkey AND o_orderstatus = 'F' AND l1.l_receiptdate > l1.l_commitdate
    AND EXISTS (SELECT * FROM lineitem l2 WHERE l2.l_orderkey = l1.l_orderkey AND l2.l_suppkey <> l1.l_suppkey)
    AND NOT EXISTS (SELECT * FROM lineitem l3 WHERE l3.l_orderkey = l1.l_orderkey AND l3.l_suppkey <> l1.l_suppkey
      AND l3.l_receiptdate > l3.l_commitdate)
    AND s_nationkey = n_nationkey AND n_name IN ('CHINA', 'GERMANY', 'FRANCE')
  GROUP BY s_name ORDER BY numwait DESC, s_name LIMIT 100;

CREATE MATERIALIZED VIEW q22 AS
  SELECT cntrycode, count(*) AS numcust, sum(c_acctbal) AS totacctbal
  FROM (SELECT substring(c_phone FROM 1 FOR 2) AS cntrycode, c_acctbal FROM customer
    WHERE substring(c_phone FROM 1 FOR 2) IN ('13', '31', '23', '29', '30', '18', '17', '16', '10', '11')
      AND c_acctbal > (SELECT avg(c_acctbal) FROM customer WHERE c_acctbal > 0.00
        AND substring(c_phone FROM 1 FOR 2) IN ('13', '31', '23', '29', '30', '18', '17', '16', '10', '11'))
      AND NOT EXISTS (SELECT * FROM orders WHERE o_custkey = c_custkey)) AS custsale
  GROUP BY cntrycode ORDER BY cntrycode;

-- The data. pick(n) is 0 to n-1 by the session's seed; a word by its number.
CREATE FUNCTION pick(n int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT floor(random() * n)::int';
CREATE FUNCTION word(words text, n int) RETURNS text LANGUAGE sql AS $$ SELECT (string_to_array(words, ','))[n + 1] $$;
SELECT setseed(0.42);
INSERT INTO region SELECT i, word('AFRICA,AMERICA,ASIA,EUROPE,MIDDLE EAST', i), 'region ' || i FROM generate_series(0, 4) i;
INSERT INTO nation SELECT i, word('KENYA,CANADA,CHINA,FRANCE,EGYPT,PERU,JAPAN,GERMANY,IRAN,MOROCCO', i),
  word('0,1,2,3,4,1,2,3,4,0', i)::int, 'nation ' || i FROM generate_series(0, 9) i;
INSERT INTO supplier SELECT i, 'Supplier#' || lpad(i::text, 9, '0'), 'street ' || pick(100), pick(10),
  10 + i % 10 || '-' || 100 + pick(900) || '-' || 1000 + pick(9000), pick(1000000) / 100.0 - 1000,
  CASE WHEN i % 7 = 0 THEN 'the Customer has Complaints' ELSE 'well' END FROM generate_series(1, 30) i;
INSERT INTO part SELECT i, word('forest,green,almond,blue,ivory', pick(5)) || ' ' || word('green,red,lime,navy', pick(4)),
  'Manufacturer#' || 1 + pick(5), word('Brand#12,Brand#23,Brand#11,Brand#45', pick(4)),
  word('STANDARD,SMALL,MEDIUM,LARGE,PROMO', pick(5)) || ' ' || word('ANODIZED,BURNISHED,PLATED', pick(3)) || ' ' ||
  word('TIN,NICKEL,BRASS,STEEL,COPPER', pick(5)), 1 + pick(50),
  word('SM CASE,SM BOX,MED BAG,MED BOX,LG CASE,LG BOX,MED PKG,SM PKG', pick(8)), 900 + i / 10.0, 'part ' || i
  FROM generate_series(1, 80) i;
INSERT INTO partsupp SELECT p, 1 + (p * 7 + s * 11) % 30, 1 + pick(100), (100 + pick(90000)) / 100.0, 'ps ' || p || ' ' || s
  FROM generate_series(1, 80) p, generate_series(0, 3) s;
INSERT INTO customer SELECT i, 'Customer#' || lpad(i::text, 9, '0'), 'avenue ' || pick(100), pick(10),
  10 + i % 10 || '-' || 100 + pick(900) || '-' || 1000 + pick(9000), pick(1000000) / 100.0 - 1000,
  word('BUILDING,MACHINERY,HOUSEHOLD', pick(3)), 'customer ' || i FROM generate_series(1, 60) i;
CREATE FUNCTION new_orders(first int, n int) RETURNS void LANGUAGE sql AS $$
  INSERT INTO orders SELECT i, 1 + pick(45), word('F,O,P,F', pick(4)), (1000 + pick(40000000)) / 100.0,
    date '1993-01-01' + pick(1800), word('1-URGENT,2-HIGH,3-MEDIUM,4-NOT SPECIFIED,5-LOW', pick(5)),
    'Clerk#' || lpad((1 + pick(20))::text, 9, '0'), 0,
    word('quick,special packages requests,careful special requests,slow', pick(4)) FROM generate_series(first, first + n - 1) i;
  INSERT INTO lineitem SELECT o_orderkey, p, 1 + (p * 7 + pick(4) * 11) % 30, line, 1 + pick(50), (90000 + pick(9000000)) / 100.0,
    pick(11) / 100.0, pick(9) / 100.0, word('R,A,N', pick(3)), word('O,F', pick(2)), o_orderdate + 1 + pick(120),
    o_orderdate + 30 + pick(60), o_orderdate + 2 + pick(150),
    word('DELIVER IN PERSON,COLLECT COD,NONE', pick(3)), word('AIR,REG AIR,MAIL,SHIP,RAIL,TRUCK', pick(6)), 'line'
    FROM (SELECT o.*, line, 1 + pick(80) AS p FROM orders o, generate_series(1, 7) line
      WHERE o_orderkey BETWEEN first AND first + n - 1 AND line <= 1 + o_orderkey * 5 % 7) AS wanted
$$;
SELECT new_orders(1, 240);
-- check

-- RF1
BEGIN;
SELECT new_orders(1000, 40);
COMMIT;
-- check

-- RF2
BEGIN;
DELETE FROM lineitem WHERE l_orderkey % 9 = 4;
DELETE FROM orders WHERE o_orderkey % 9 = 4;
COMMIT;
-- check

-- updates
UPDATE lineitem SET l_discount = 0.06, l_quantity = l_quantity - 1 WHERE l_orderkey % 11 = 3 AND l_quantity > 1;
UPDATE orders SET o_custkey = 46 + pick(15), o_orderstatus = 'F' WHERE o_orderkey % 13 = 5;
UPDATE supplier SET s_nationkey = (s_nationkey + 1) % 10, s_acctbal = s_acctbal + 0.01, s_comment = 'well' WHERE s_suppkey % 3 = 0;
UPDATE part SET p_brand = 'Brand#23', p_size = 9 WHERE p_partkey % 8 = 1;
UPDATE customer SET c_phone = '13-' || substr(c_phone, 4), c_acctbal = c_acctbal * 1.1 WHERE c_custkey % 4 = 1;
UPDATE nation SET n_name = 'GERMANY' WHERE n_name = 'JAPAN';
UPDATE partsupp SET ps_supplycost = ps_supplycost / 2, ps_availqty = ps_availqty + 7 WHERE ps_partkey % 5 = 0;
-- check

-- keys change
UPDATE orders SET o_orderkey = o_orderkey + 5000 WHERE o_orderkey % 17 = 2;
UPDATE lineitem SET l_orderkey = l_orderkey + 5000 WHERE l_orderkey < 5000 AND l_orderkey % 17 = 2;
UPDATE lineitem SET l_linenumber = l_linenumber + 10 WHERE l_orderkey % 5 = 1;
UPDATE supplier SET s_suppkey = s_suppkey + 100 WHERE s_suppkey IN (3, 9);
DELETE FROM region WHERE r_name = 'MIDDLE EAST';
-- check

TRUNCATE orders;
-- check
SELECT new_orders(9000, 60);
-- check
