-- Dates, times and intervals in every form that PostgreSQL reads, and zones by name, abbreviation and number; what it does not read is withheld.
CREATE TABLE t (id int PRIMARY KEY, k text NOT NULL, s text);
CREATE TABLE z (id int PRIMARY KEY, zone text NOT NULL, at timestamptz, local timestamp);
CREATE TABLE c (id int PRIMARY KEY, d date, t time(1), tz timetz, ts timestamp(2), tstz timestamptz, i interval);
CREATE MATERIALIZED VIEW dates AS SELECT id, s::date AS v FROM t WHERE k IN ('d', 'bad');
-- oracle dates: SELECT id, s::date AS v FROM t WHERE k = 'd'
CREATE MATERIALIZED VIEW times AS SELECT id, s::time AS v FROM t WHERE k IN ('t', 'bad');
-- oracle times: SELECT id, s::time AS v FROM t WHERE k = 't'
CREATE MATERIALIZED VIEW zoned_times AS SELECT id, s::timetz AS v FROM t WHERE k IN ('tz', 'bad');
-- oracle zoned_times: SELECT id, s::timetz AS v FROM t WHERE k = 'tz'
CREATE MATERIALIZED VIEW stamps AS SELECT id, s::timestamp AS v FROM t WHERE k IN ('ts', 'd', 'bad');
-- oracle stamps: SELECT id, s::timestamp AS v FROM t WHERE k IN ('ts', 'd')
CREATE MATERIALIZED VIEW zoned AS SELECT id, s::timestamptz AS v, s::timestamp AS l, s::date AS d FROM t WHERE k IN ('ts', 'bad');
-- oracle zoned: SELECT id, s::timestamptz AS v, s::timestamp AS l, s::date AS d FROM t WHERE k = 'ts'
CREATE MATERIALIZED VIEW intervals AS SELECT id, s::interval AS v FROM t WHERE k IN ('i', 'bad');
-- oracle intervals: SELECT id, s::interval AS v FROM t WHERE k = 'i'
CREATE MATERIALIZED VIEW parts AS SELECT id, s::interval minute to second AS ms, s::interval year to month AS ym, s::interval day AS d, s::interval hour AS h FROM t WHERE k = 'n';
CREATE MATERIALIZED VIEW offsets AS SELECT id, at AT TIME ZONE zone AS a, local AT TIME ZONE zone AS b, date_trunc('day', at, zone) AS c,
  make_timestamptz(extract(year FROM local)::int, extract(month FROM local)::int, extract(day FROM local)::int, extract(hour FROM local)::int, 30, 0, zone) AS d FROM z;
-- oracle offsets: SELECT id, at AT TIME ZONE zone AS a, local AT TIME ZONE zone AS b, date_trunc('day', at, zone) AS c, make_timestamptz(extract(year FROM local)::int, extract(month FROM local)::int, extract(day FROM local)::int, extract(hour FROM local)::int, 30, 0, zone) AS d FROM z WHERE zone !~ '^[0-9]|16|^no'
CREATE MATERIALIZED VIEW constants AS SELECT id, at AT TIME ZONE 'VET' AS a, local AT TIME ZONE 'msk' AS b, at AT TIME ZONE 'CET-1CEST,M3.5.0,M10.5.0/3' AS c, at AT TIME ZONE 'EST5EDT4' AS d,
  at AT TIME ZONE 'XXX3YYY,J60/-1:30,300' AS e, local AT TIME ZONE 'XXX-3:30' AS f, timetz '10:00 Etc/GMT+5' AT TIME ZONE 'UCT' AS g,
  make_timestamptz(2024, 1, 31, 10, 0, 0, '+02') AS h, make_timestamptz(2012, 1, 31, 10, 0, 0, 'MSK') AS i, make_timestamptz(2024, 1, 31, 10, 0, 0, '-0330') AS j FROM z;
CREATE MATERIALIZED VIEW sums AS SELECT id, d + t AS a, "timestamp"(d, t) AS b, timestamptz(d, t) AS c, timestamptz(d, tz) AS e, timestamp '4713-02-03 BC' + i AS f FROM c;
INSERT INTO t SELECT row_number() OVER (), k, s FROM (VALUES
  ('d', 'J2460341'), ('d', 'julian 2460341'), ('d', '240131'), ('d', '20240131'), ('d', '2024.031'), ('d', 'January 31, 45 BC'), ('d', '31 jan 2024'), ('d', '2024 January 31'),
  ('d', '1/2/3'), ('d', '1.2.03'), ('d', '31-Jan-24'), ('d', 'jan-31-2024'), ('d', '2024-jan-31'), ('d', 'Wed Jan 31 2024'), ('d', 'y2024m1d31'), ('d', '2024-1-31 BC'), ('d', '12024-01-31'), ('d', ' epoch '),
  ('d', 'infinity'), ('d', '-infinity'), ('d', '0044-03-15 bc'), ('d', '1-2-69'), ('d', '1-2-70'), ('d', 'on 31 may 1999 at 10:00'), ('d', '2024-01-31 10:00 Europe/Madrid'), ('d', 'Jan 31 24'), ('d', 'sept 9 2001'),
  ('t', '040506'), ('t', '0405'), ('t', '04:05:06.789'), ('t', '12:05 AM'), ('t', '12:05 pm'), ('t', '4:05PM'), ('t', '23:59:60'), ('t', '24:00'), ('t', '040506.5'), ('t', 'allballs'), ('t', '04:05 MSK'), ('t', '05:06.25'),
  ('t', '2024-01-31 10:00'), ('t', 'h10mm20s30.5'), ('t', '10:'), ('t', '10:00 Etc/GMT-3'), ('t', '1040-08'), ('t', 'J2460341 10:00'), ('t', '2024-07-31 04:05:06 America/New_York'),
  ('tz', '04:05:06 PST'), ('tz', '23:59:60 pdt'), ('tz', '040506-08'), ('tz', '04:05-08:30:15'), ('tz', '04:05 EST5'), ('tz', '04:05 XYZ-05:45'), ('tz', '04:05 Z'), ('tz', 'allballs'), ('tz', '04:05 MSK'), ('tz', '4:05 am met dst'),
  ('tz', '2024-07-31 04:05 Europe/Madrid'), ('tz', '2024-01-31 04:05 Europe/Madrid'), ('tz', '04:05 Etc/GMT+5'), ('tz', '2011-01-31 04:05 MSK'), ('tz', '04:05 +5'), ('tz', '04:05 zulu'),
  ('ts', '2024-01-31 10:00 Europe/Madrid'), ('ts', '2024-07-31 10:00 europe/madrid'), ('ts', 'Wed Jan 31 10:00:00 America/New_York 2024'), ('ts', 'Wed Jul 31 10:00:00 GMT+4 2024'), ('ts', 'Wed Jul 31 10:00:00 GMT-4 2024'),
  ('ts', '20240131 100000'), ('ts', '20240131T100000'), ('ts', '20240131T100000.5-08'), ('ts', '2024-01-31+11'), ('ts', '2024-01-31 10:00 XST-03:00'), ('ts', '2024-01-31 10:00 XST3XDT'), ('ts', '2024-07-31 10:00 XST3XDT'),
  ('ts', '205000-07-31 10:00 Europe/Helsinki'), ('ts', '4714-11-24 01:00:00 BC'), ('ts', '2024-01-31 10:00:00.1234567'), ('ts', '2024-01-31T10:00Z'), ('ts', '1990-01-31 10:00 MSK'), ('ts', '2012-01-31 10:00 MSK'), ('ts', '2020-01-31 10:00 MSK'),
  ('ts', '2008-06-30 10:00 VET'), ('ts', '2000-06-30 10:00 VET'), ('ts', '2024-06-30 10:00 CLT'), ('ts', '2024-01-31 10:00 MET DST'), ('ts', 'J2460341.25'), ('ts', 'J2460341-08'), ('ts', 'y2024m1d31h10mm20s30.5'),
  ('ts', '10:00 am 31 jan 2024'), ('ts', '2024-01-31 24:00'), ('ts', '2024-01-31 10:59:60'), ('ts', '2024-03-31 02:30 Europe/Madrid'), ('ts', '2024-10-27 02:30 Europe/Madrid'), ('ts', '1.31.2024 10:00'), ('ts', '2024-01-31 256199'),
  ('ts', '2024-01-31 10:00 PST8PDT'), ('ts', '2024-01-31 10:00:00 +05:30:15'), ('ts', '2024-01-31 10:00 utc'), ('ts', '2024-01-31,10:00'), ('ts', '2024-01-31 (10:00)'), ('ts', 'January 31, 24 10:00 PM'), ('ts', '2024-01-31 10:00 BC'), ('ts', 'epoch'), ('ts', 'infinity'),
  ('i', 'PT2562047788:00:54.775807'), ('i', 'P00021015T103020'), ('i', 'P0002'), ('i', 'P0001-02-03T04:05:06'), ('i', 'P1Y-2M3.5DT-4H5M6.7S'), ('i', 'P1W'), ('i', 'PT'), ('i', 'P1e1D'), ('i', 'P-2147483648M'), ('i', 'PT10:20'), ('i', 'P.5Y'),
  ('i', '@ 1 hour @ 42 minutes @ 20 seconds'), ('i', '-9223372036854775808 microseconds'), ('i', '-2147483648 months -2147483648 days -9223372036854775808 us'), ('i', '1-2'), ('i', '-1-2 +3 -4:05:06'), ('i', '1 day ago'), ('i', 'ago 1 day'),
  ('i', '1 2:03'), ('i', '1.5 weeks'), ('i', '0.7 months'), ('i', '1.23 years'), ('i', '1 day quarter'), ('i', '2.5 decades'), ('i', '10:20.5'), ('i', '5'), ('i', '-5.75'), ('i', '1y 2mon 3d 4h 5m 6s 7ms 8us'), ('i', '1 century 2 mil'), ('i', '100 hrs -3 min'),
  ('n', '5'), ('n', '5:06'), ('n', '1-2'), ('n', '7 8:09:10.5'), ('n', '1 year 5'), ('n', '-5:06.5'),
  ('bad', '2024-01-31 24:01'), ('bad', '2024-02-30'), ('bad', '31/1/2024'), ('bad', '2024-01-31 10:00 Nowhere/City'), ('bad', '2024-01-31 10:00 +16'), ('bad', '10:00 10:00'), ('bad', 'P1D '), ('bad', '1 day 1 day'), ('bad', '10:00 2024-01-31'), ('bad', '3 4 5:06'), ('bad', 'x'), ('bad', ''), ('bad', 'jan'),
  ('bad', '2024-01-31 MSK DST'), ('bad', 'P1X'), ('bad', '10:00 Asia/Tokyo'), ('bad', '1 ago'), ('bad', '0 bc'), ('bad', 'dst'), ('bad', '+infinity'), ('bad', '2024-01-31T'), ('bad', '9223372036854775808 us')) v(k, s);
INSERT INTO z SELECT row_number() OVER (), zone, at, at AT TIME ZONE 'UTC' FROM (VALUES ('MSK'), ('VET'), ('Europe/Prague'), ('+02'), ('-3:30'), ('PST'), ('pdt'), ('IST'), ('UTC'), ('America/Sao_Paulo'), ('EET'), ('IRKT'), ('CLT'), ('2'), ('+16'), ('nowhere'),
  ('XST4XDT'), ('Asia/Kathmandu')) v(zone), unnest(ARRAY['1985-06-01 12:34+00', '2009-03-29 01:30+00', '2013-07-01+00', '2016-10-30 02:30+00', '2024-01-31 23:59:59.5+00']::timestamptz[]) at;
INSERT INTO c VALUES (1, 'jan 31 2024', '10:20:30.26 pm', '10:00 EST', '20240131 1020', '2024-01-31 10:20 Asia/Tokyo', '107000000 days'), (2, 'J2460341', '0405', '04:05 MSK', 'Wed Jan 31 10:20:30.456 2024', '2012-01-31 10:20 MSK', '109203400 days -1 us');
-- check
UPDATE t SET k = 'd', s = '2024/01/31' WHERE k = 'bad' AND s IN ('x', '');
UPDATE t SET s = replace(s, '31', '28') WHERE id % 3 = 0 AND k IN ('d', 'ts');
UPDATE z SET zone = 'EST5EDT' WHERE zone IN ('2', '+16');
DELETE FROM t WHERE id % 5 = 0;
-- check
