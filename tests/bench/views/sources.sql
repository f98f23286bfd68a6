-- The sources of the workloads of ../views.c; each workload's view stands in workloads.c.
CREATE SCHEMA acme;
CREATE SCHEMA shop;
CREATE SCHEMA tpch;
CREATE SCHEMA nexmark;
CREATE SCHEMA gold;

CREATE FOREIGN TABLE acme.orders (
  order_id      bigint PRIMARY KEY,
  order_date    date,
  delivery_date date,
  customer_id   bigint,
  status        varchar NOT NULL CHECK (status IN ('PENDING', 'PROCESSING', 'COMPLETED', 'REPROCESSING')),
  updated_at    timestamp(3),
  updated_by    bigint,
  created_at    timestamp(3),
  created_by    bigint
) SERVER kafka OPTIONS (topic 'acme.orders', format 'debezium');

CREATE FOREIGN TABLE shop.orders (order_id bigint PRIMARY KEY, customer_id bigint, status text, delivery_date int, amount bigint,
  updated_at bigint) SERVER kafka OPTIONS (topic 'shop.orders', format 'debezium');
CREATE FOREIGN TABLE shop.customers (customer_id bigint PRIMARY KEY, name text, email text, country text)
  SERVER kafka OPTIONS (topic 'shop.customers', format 'debezium');

CREATE FOREIGN TABLE tpch.nation (n_nationkey int PRIMARY KEY, n_name varchar(25) NOT NULL)
  SERVER kafka OPTIONS (topic 'tpch.nation', format 'debezium');
CREATE FOREIGN TABLE tpch.customer (c_custkey int PRIMARY KEY, c_name varchar(25) NOT NULL, c_address varchar(40) NOT NULL,
  c_nationkey int NOT NULL, c_phone char(15) NOT NULL, c_acctbal numeric(15,2) NOT NULL, c_mktsegment char(10) NOT NULL,
  c_comment varchar(117) NOT NULL) SERVER kafka OPTIONS (topic 'tpch.customer', format 'debezium');
CREATE FOREIGN TABLE tpch.orders (o_orderkey int PRIMARY KEY, o_custkey int NOT NULL, o_orderstatus char(1) NOT NULL,
  o_totalprice numeric(15,2) NOT NULL, o_orderdate date NOT NULL, o_orderpriority char(15) NOT NULL,
  o_shippriority int NOT NULL, o_comment varchar(79) NOT NULL) SERVER kafka OPTIONS (topic 'tpch.orders', format 'debezium');
CREATE FOREIGN TABLE tpch.lineitem (l_orderkey int, l_linenumber int, l_partkey int NOT NULL, l_suppkey int NOT NULL,
  l_quantity numeric(15,2) NOT NULL, l_extendedprice numeric(15,2) NOT NULL, l_discount numeric(15,2) NOT NULL,
  l_tax numeric(15,2) NOT NULL, l_returnflag char(1) NOT NULL, l_linestatus char(1) NOT NULL, l_shipdate date NOT NULL,
  l_commitdate date NOT NULL, l_receiptdate date NOT NULL, l_shipmode char(10) NOT NULL, l_comment varchar(44) NOT NULL,
  PRIMARY KEY (l_orderkey, l_linenumber)) SERVER kafka OPTIONS (topic 'tpch.lineitem', format 'debezium');

CREATE FOREIGN TABLE nexmark.person (id bigint PRIMARY KEY, name varchar NOT NULL, email_address varchar, credit_card varchar,
  city varchar, state varchar, date_time timestamp(3) NOT NULL, extra varchar)
  SERVER kafka OPTIONS (topic 'nexmark.person', format 'debezium');
CREATE FOREIGN TABLE nexmark.auction (id bigint PRIMARY KEY, item_name varchar, description varchar, initial_bid bigint,
  reserve bigint, date_time timestamp(3) NOT NULL, expires timestamp(3) NOT NULL, seller bigint, category bigint, extra varchar)
  SERVER kafka OPTIONS (topic 'nexmark.auction', format 'debezium');
CREATE FOREIGN TABLE nexmark.bid (id bigint PRIMARY KEY, auction bigint, bidder bigint, price bigint, channel varchar, url varchar,
  date_time timestamp(3) NOT NULL, extra varchar) SERVER kafka OPTIONS (topic 'nexmark.bid', format 'debezium');
