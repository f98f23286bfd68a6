-- Nexmark: its queries in PostgreSQL's words, through corrections and withdrawals that the benchmark itself never has.
-- Windows in time are GROUP BY on date_bin; sessions are windows over the gaps.

CREATE TABLE person (id bigint PRIMARY KEY, name varchar NOT NULL, email_address varchar, credit_card varchar, city varchar,
  state varchar, date_time timestamp(3) NOT NULL, extra varchar);
CREATE TABLE auction (id bigint PRIMARY KEY, item_name varchar, description varchar, initial_bid bigint, reserve bigint,
  date_time timestamp(3) NOT NULL, expires timestamp(3) NOT NULL, seller bigint, category bigint, extra varchar);
CREATE TABLE bid (id bigint PRIMARY KEY, auction bigint, bidder bigint, price bigint, channel varchar, url varchar,
  date_time timestamp(3) NOT NULL, extra varchar);
CREATE TABLE side_input (key bigint PRIMARY KEY, value varchar);

CREATE MATERIALIZED VIEW q0 AS SELECT id, auction, bidder, price, date_time, extra FROM bid;
CREATE MATERIALIZED VIEW q1 AS SELECT id, auction, bidder, 0.908 * price AS price, date_time, extra FROM bid;
CREATE MATERIALIZED VIEW q2 AS SELECT id, auction, price FROM bid WHERE mod(auction, 7) = 0;
CREATE MATERIALIZED VIEW q3 AS
  SELECT p.name, p.city, p.state, a.id FROM auction AS a INNER JOIN person AS p ON a.seller = p.id
  WHERE a.category = 10 AND (p.state = 'OR' OR p.state = 'ID' OR p.state = 'CA');
CREATE MATERIALIZED VIEW q4 AS
  SELECT q.category, avg(q.final) AS average
  FROM (SELECT max(b.price) AS final, a.category FROM auction a, bid b
    WHERE a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires GROUP BY a.id, a.category) q
  GROUP BY q.category;
CREATE MATERIALIZED VIEW q5 AS
  WITH counted AS (
    SELECT auction, starts, count(*) AS num
    FROM (SELECT auction, date_bin('2 seconds', date_time, timestamp '2000-01-01') AS starts FROM bid
      UNION ALL SELECT auction, date_bin('2 seconds', date_time, timestamp '2000-01-01') - interval '2 seconds' FROM bid
      UNION ALL SELECT auction, date_bin('2 seconds', date_time, timestamp '2000-01-01') - interval '4 seconds' FROM bid) hops
    GROUP BY auction, starts)
  SELECT c.auction, c.num, c.starts FROM counted c
  JOIN (SELECT max(num) AS most, starts FROM counted GROUP BY starts) m ON c.starts = m.starts AND c.num >= m.most;
CREATE MATERIALIZED VIEW q6 AS
  SELECT id, seller, avg(final) OVER (PARTITION BY seller ORDER BY date_time, id ROWS BETWEEN 10 PRECEDING AND CURRENT ROW) AS average
  FROM (SELECT a.id, a.seller, b.date_time, b.price AS final,
      row_number() OVER (PARTITION BY a.id ORDER BY b.price DESC, b.date_time, b.id) AS n
    FROM auction a JOIN bid b ON a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires) w WHERE n <= 1;
CREATE MATERIALIZED VIEW q7 AS
  SELECT b.id, b.auction, b.price, b.bidder, b.date_time, b.extra FROM bid b
  JOIN (SELECT max(price) AS maxprice, date_bin('10 seconds', date_time, timestamp '2000-01-01') AS starts FROM bid
    GROUP BY date_bin('10 seconds', date_time, timestamp '2000-01-01')) m
  ON b.price = m.maxprice AND b.date_time >= m.starts AND b.date_time < m.starts + interval '10 seconds';
CREATE MATERIALIZED VIEW q8 AS
  SELECT p.id, p.name, p.starts
  FROM (SELECT id, name, date_bin('10 seconds', date_time, timestamp '2000-01-01') AS starts FROM person GROUP BY id, name,
      date_bin('10 seconds', date_time, timestamp '2000-01-01')) p
  JOIN (SELECT seller, date_bin('10 seconds', date_time, timestamp '2000-01-01') AS starts FROM auction GROUP BY seller,
      date_bin('10 seconds', date_time, timestamp '2000-01-01')) a ON p.id = a.seller AND p.starts = a.starts;
CREATE MATERIALIZED VIEW q9 AS
  SELECT id, item_name, description, initial_bid, reserve, date_time, expires, seller, category, extra, auction, bidder, price,
    bid_date_time, bid_extra
  FROM (SELECT a.*, b.auction, b.bidder, b.price, b.date_time AS bid_date_time, b.extra AS bid_extra,
      row_number() OVER (PARTITION BY a.id ORDER BY b.price DESC, b.date_time ASC, b.id) AS n
    FROM auction a JOIN bid b ON a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires) w WHERE n <= 1;
CREATE MATERIALIZED VIEW q10 AS
  SELECT id, auction, bidder, price, date_time, extra, to_char(date_time, 'YYYY-MM-DD') AS day, to_char(date_time, 'HH24:MI') AS minute
  FROM bid;
CREATE MATERIALIZED VIEW q11 AS
  SELECT bidder, count(*) AS bid_count, min(date_time) AS starts, max(date_time) AS ends
  FROM (SELECT bidder, date_time, sum(fresh) OVER (PARTITION BY bidder ORDER BY date_time) AS session
    FROM (SELECT bidder, date_time, CASE WHEN date_time - lag(date_time) OVER (PARTITION BY bidder ORDER BY date_time, id)
        <= interval '1 second' THEN 0 ELSE 1 END AS fresh FROM bid) g) s
  GROUP BY bidder, session;
CREATE MATERIALIZED VIEW q12 AS
  SELECT bidder, count(*) AS bid_count, date_bin('10 seconds', date_time, timestamp '2000-01-01') AS starts FROM bid
  GROUP BY bidder, date_bin('10 seconds', date_time, timestamp '2000-01-01');
CREATE MATERIALIZED VIEW q13 AS
  SELECT b.id, b.auction, b.bidder, b.price, b.date_time, s.value FROM bid b JOIN side_input s ON mod(b.auction, 20) = s.key;
CREATE MATERIALIZED VIEW q14 AS
  SELECT id, auction, bidder, 0.908 * price AS price,
    CASE WHEN extract(hour FROM date_time) >= 8 AND extract(hour FROM date_time) <= 18 THEN 'dayTime'
      WHEN extract(hour FROM date_time) <= 6 OR extract(hour FROM date_time) >= 20 THEN 'nightTime' ELSE 'otherTime' END AS bid_time_type,
    date_time, extra, length(extra) - length(replace(extra, 'c', '')) AS c_counts
  FROM bid WHERE 0.908 * price > 1000 AND 0.908 * price < 50000;
CREATE MATERIALIZED VIEW q15 AS
  SELECT to_char(date_time, 'YYYY-MM-DD HH24') AS day, count(*) AS total_bids,
    count(*) FILTER (WHERE price < 10000) AS rank1_bids, count(*) FILTER (WHERE price >= 10000 AND price < 20000) AS rank2_bids,
    count(*) FILTER (WHERE price >= 20000) AS rank3_bids, count(DISTINCT bidder) AS total_bidders,
    count(DISTINCT bidder) FILTER (WHERE price < 10000) AS rank1_bidders,
    count(DISTINCT bidder) FILTER (WHERE price >= 10000 AND price < 20000) AS rank2_bidders,
    count(DISTINCT auction) AS total_auctions, count(DISTINCT auction) FILTER (WHERE price >= 20000) AS rank3_auctions
  FROM bid GROUP BY to_char(date_time, 'YYYY-MM-DD HH24');
CREATE MATERIALIZED VIEW q16 AS
  SELECT channel, to_char(date_time, 'YYYY-MM-DD') AS day, max(to_char(date_time, 'HH24:MI')) AS minute, count(*) AS total_bids,
    count(*) FILTER (WHERE price < 10000) AS rank1_bids, count(DISTINCT bidder) AS total_bidders,
    count(DISTINCT auction) FILTER (WHERE price < 10000) AS rank1_auctions
  FROM bid GROUP BY channel, to_char(date_time, 'YYYY-MM-DD');
CREATE MATERIALIZED VIEW q17 AS
  SELECT auction, to_char(date_time, 'YYYY-MM-DD') AS day, count(*) AS total_bids,
    count(*) FILTER (WHERE price < 10000) AS rank1_bids, min(price) AS min_price, max(price) AS max_price, avg(price) AS avg_price,
    sum(price) AS sum_price FROM bid GROUP BY auction, to_char(date_time, 'YYYY-MM-DD');
CREATE MATERIALIZED VIEW q18 AS
  SELECT id, auction, bidder, price, channel, url, date_time, extra
  FROM (SELECT *, row_number() OVER (PARTITION BY bidder, auction ORDER BY date_time DESC, id) AS n FROM bid) w WHERE n <= 1;
CREATE MATERIALIZED VIEW q19 AS
  SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY auction ORDER BY price DESC, id) AS n FROM bid) w WHERE n <= 10;
CREATE MATERIALIZED VIEW q20 AS
  SELECT b.id, b.auction, b.bidder, b.price, b.channel, b.url, b.date_time AS bid_date_time, a.item_name, a.description,
    a.initial_bid, a.reserve, a.date_time AS auction_date_time, a.expires, a.seller, a.category
  FROM bid AS b INNER JOIN auction AS a ON b.auction = a.id WHERE a.category = 10;
CREATE MATERIALIZED VIEW q21 AS
  SELECT id, auction, bidder, price, channel,
    CASE WHEN lower(channel) = 'apple' THEN '0' WHEN lower(channel) = 'google' THEN '1' WHEN lower(channel) = 'facebook' THEN '2'
      ELSE (regexp_match(url, '(&|^)channel_id=([^&]*)'))[2] END AS channel_id
  FROM bid WHERE substring(url FROM '&channel_id=([^&]*)') IS NOT NULL OR lower(channel) IN ('apple', 'google', 'facebook');
CREATE MATERIALIZED VIEW q22 AS
  SELECT id, auction, bidder, price, channel, split_part(url, '/', 4) AS dir1, split_part(url, '/', 5) AS dir2,
    split_part(url, '/', 6) AS dir3 FROM bid;

CREATE FUNCTION pick(n int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT floor(random() * n)::int';
CREATE FUNCTION word(words text, n int) RETURNS text LANGUAGE sql AS $$ SELECT (string_to_array(words, ','))[n + 1] $$;
SELECT setseed(0.31);
INSERT INTO side_input SELECT i, 'side ' || i FROM generate_series(0, 15) i;
INSERT INTO person SELECT i, word('peter,paul,mary,kate', pick(4)) || i, 'a@b.c', '1234 5678', word('Portland,Boise,LA,Seattle', pick(4)),
  word('OR,ID,CA,WA', pick(4)), timestamp '2024-01-01 07:59:40' + make_interval(secs => pick(90000) / 1000.0), 'extra'
  FROM generate_series(1000, 1040) i;
INSERT INTO auction SELECT i, 'item ' || i, 'wanted', 10 + pick(100), 100 + pick(1000), t, t + make_interval(secs => 5 + pick(60)),
  1000 + pick(45), 10 + pick(4), 'extra'
  FROM (SELECT i, timestamp '2024-01-01 07:59:40' + make_interval(secs => pick(90000) / 1000.0) AS t FROM generate_series(1, 60) i) s;
INSERT INTO bid SELECT i, 1 + pick(65), 1000 + pick(45), 100 + pick(30000), word('apple,Google,facebook,baidu,channel-1', pick(5)),
  'https://www.nexmark.com/' || word('a,b,c', pick(3)) || '/' || word('x,y', pick(2)) || '/item.htm?query=1'
    || CASE WHEN i % 3 = 0 THEN '&channel_id=' || pick(50) ELSE '' END,
  timestamp '2024-01-01 07:59:40' + make_interval(secs => pick(90000) / 1000.0), repeat('abc', pick(4))
  FROM generate_series(1, 500) i;
-- check
BEGIN;
UPDATE bid SET price = price + 500 WHERE id % 9 = 1;
DELETE FROM bid WHERE id % 11 = 5;
INSERT INTO bid SELECT 1000 + i, 1 + pick(65), 1000 + pick(45), 100 + pick(30000), 'baidu', 'https://h/a/b/c?&channel_id=' || i,
  timestamp '2024-01-01 18:59:50' + make_interval(secs => pick(20000) / 1000.0), 'cc' FROM generate_series(1, 80) i;
COMMIT;
-- check
UPDATE auction SET expires = date_time + interval '1 second', category = 10 WHERE id % 5 = 2;
UPDATE auction SET seller = 1001 WHERE id % 7 = 3;
DELETE FROM person WHERE id % 6 = 1;
UPDATE bid SET auction = 3, bidder = 1002, date_time = date_time + interval '0.7 seconds' WHERE id % 13 = 2;
-- check
UPDATE auction SET id = id + 200 WHERE id < 8;
UPDATE bid SET id = id + 5000 WHERE id % 10 = 0;
UPDATE person SET id = id + 500 WHERE id % 6 = 3;
TRUNCATE side_input;
-- check
DELETE FROM bid WHERE id % 2 = 0;
INSERT INTO side_input VALUES (3, 'again');
-- check
