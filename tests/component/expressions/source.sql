CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE FOREIGN TABLE t (
  id int PRIMARY KEY, i2 smallint, i4 int, i8 bigint, f4 real, f8 double precision, n numeric, n2 numeric(12,2),
  b boolean, s text, v varchar(20), c char(5), by bytea, d date, ti time, ts timestamp, tz timestamptz, iv interval, tt timetz,
  u uuid, j json, jb jsonb, ai int[], at text[], m mood
) SERVER kafka OPTIONS (topic 't', format 'json')
