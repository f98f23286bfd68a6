-- The operational database that acme captures: schema operations of database finance_db.

CREATE SCHEMA IF NOT EXISTS operations;

CREATE TABLE IF NOT EXISTS operations.customers (
  customer_id      bigserial PRIMARY KEY,
  customer_name    varchar(500) NOT NULL,
  is_active        boolean NOT NULL DEFAULT true,
  customer_address varchar(500),
  updated_at       timestamp(3) DEFAULT CURRENT_TIMESTAMP(3),
  updated_by       bigint,
  created_at       timestamp(3) DEFAULT CURRENT_TIMESTAMP(3),
  created_by       bigint
);

CREATE TABLE IF NOT EXISTS operations.products (
  product_id   bigserial PRIMARY KEY,
  product_name varchar(500) NOT NULL,
  barcode      varchar(26) NOT NULL,
  unity_price  decimal NOT NULL,
  is_active    boolean,
  updated_at   timestamp(3) DEFAULT CURRENT_TIMESTAMP(3),
  updated_by   bigint,
  created_at   timestamp(3) DEFAULT CURRENT_TIMESTAMP(3),
  created_by   bigint
);

CREATE TABLE IF NOT EXISTS operations.orders (
  order_id      bigserial PRIMARY KEY,
  order_date    date,
  delivery_date date,
  customer_id   bigint,
  status        varchar,
  updated_at    timestamp(3) DEFAULT CURRENT_TIMESTAMP(3),
  updated_by    bigint,
  created_at    timestamp(3) DEFAULT CURRENT_TIMESTAMP(3),
  created_by    bigint
);

CREATE TABLE IF NOT EXISTS operations.order_items (
  order_item_id bigserial PRIMARY KEY,
  order_id      bigint,
  product_id    bigint,
  quanity       integer,
  updated_at    timestamp(3) DEFAULT CURRENT_TIMESTAMP(3),
  updated_by    bigint,
  created_at    timestamp(3) DEFAULT CURRENT_TIMESTAMP(3),
  created_by    bigint
);

ALTER TABLE operations.customers   REPLICA IDENTITY FULL;
ALTER TABLE operations.products    REPLICA IDENTITY FULL;
ALTER TABLE operations.orders      REPLICA IDENTITY FULL;
ALTER TABLE operations.order_items REPLICA IDENTITY FULL;
