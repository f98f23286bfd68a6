"""The JSON of rows against PostgreSQL's row_to_json, byte for byte: straight from text, and through an envelope."""

import io
import subprocess

import pytest

from harness.services import BUILD

DRIVER = BUILD / "tests" / "component_record"

COLUMNS = """
  id int4, b bool, i2 int2, i8 int8, f4 float4, f8 float8, n numeric, n12 numeric(12,2), n0 numeric(30,0),
  t text, v varchar(40), c char(6), y bytea, d date, tm time, tm3 time(3), ts timestamp, ts0 timestamp(0),
  ts3 timestamp(3), tz timestamptz, tz3 timestamptz(3), u uuid, j json, jb jsonb, "na""me é" text
"""

# One value in one column a row, the rest NULL.
VALUES = {
    "b": ["true", "false"],
    "i2": ["-32768", "32767"],
    "i8": ["-9223372036854775808", "9223372036854775807", "0"],
    "f4": ["0.1", "1e-45", "3.4028235e38", "-0", "NaN", "Infinity", "-Infinity", "16777216", "1e15", "123456.7"],
    "f8": ["0.1", "5e-324", "1.7976931348623157e308", "-0", "NaN", "Infinity", "-Infinity", "1e15", "1e16", "1e23",
           "0.0001", "0.00001", "123456789012345680", "2e23"],
    "n": ["0", "0.00", "-1.50", "NaN", "Infinity", "-Infinity", "1e200", "1e-200", "123456789012345678901234567890.5"],
    "n12": ["1.005", "-9999999999.99", "0"],
    "n0": ["999999999999999999999999999999", "-1"],
    "t": ["", " ", 'q"uo\\te', "\n\t\r\b\f", "\x01\x1f\x7f", "é€😀", "</script>", "\u2028", "x" * 300, "{}", "null"],
    "v": ["abc ", ""],
    "c": ["a", "", "abcdef"],
    "y": ["\\x", "\\xdeadbeef00ff5c"],
    "d": ["2026-02-28", "infinity", "-infinity", "0044-03-15 BC", "4713-01-01 BC", "5874897-12-31", "10000-01-01"],
    "tm": ["00:00:00", "13:14:15.123456", "24:00:00", "00:00:00.000001", "23:59:59.1"],
    "tm3": ["13:14:15.1236", "24:00:00"],
    "ts": ["2025-04-07 09:00:00.137", "infinity", "-infinity", "0044-03-15 12:00:00.5 BC", "4713-01-01 00:00:00 BC",
           "294276-12-31 23:59:59.999999", "10000-01-01", "1969-12-31 23:59:59.999999", "0001-01-01"],
    "ts0": ["2025-04-07 09:00:00.5"],
    "ts3": ["2025-04-07 09:00:00.1375", "1900-01-01 00:00:00.001"],
    "tz": ["2025-04-07 09:00:00.137+02", "infinity", "-infinity", "0044-03-15 12:00:00+00 BC", "1500-01-01 00:00:00+00",
           "294276-12-31 23:59:59.999999+00", "10000-01-01 00:00:00+00", "1969-12-31 23:59:59.999999+00"],
    "tz3": ["2025-04-07 09:00:00.1375+00", "2025-04-07 09:00:00+00"],
    "u": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000"],
    "j": ['{"b": 1,  "a":[1,2.50,null],\n"b":2}', '"x"', "null", "[]"],
    "jb": ['{"b": 1,  "a":[1,2.50,null], "b":2, "u":"\\u00e9\\n"}', '"x"', "null", "[]", "1.00"],
    "na\"me é": ["x"],
}

# Whole rows at random, the same every time.
RANDOM = """
INSERT INTO t SELECT 1000 + k, r() < 0.5, (r() * 65535 - 32768)::int2, ((r() - 0.5) * 1.8e19)::int8,
  ((r() - 0.5) * 10 ^ (r() * 70 - 35))::float4, (r() - 0.5) * 10 ^ (r() * 600 - 300),
  round(((r() - 0.5) * 10 ^ (r() * 30))::numeric, (r() * 12)::int), ((r() - 0.5) * 1e10)::numeric, trunc((r() * 1e30)::numeric),
  (SELECT string_agg(chr(CASE WHEN r() < 0.7 THEN 1 + (r() * 126)::int ELSE 161 + (r() * 50000)::int END), '')
     FROM generate_series(1, (r() * 60)::int + k * 0)),
  left(md5(r()::text), (r() * 32)::int), left(md5(r()::text), 6), decode(md5(r()::text), 'hex'),
  date '2000-01-01' + ((r() - 0.5) * 1000000)::int, time '00:00' + r() * interval '1 day', time '00:00' + r() * interval '1 day',
  timestamp '2000-01-01' + (r() - 0.5) * interval '4000 years', timestamp '2000-01-01' + (r() - 0.5) * interval '4000 years',
  timestamp '2000-01-01' + (r() - 0.5) * interval '4000 years', timestamptz '2000-01-01' + (r() - 0.5) * interval '4000 years',
  timestamptz '2000-01-01' + (r() - 0.5) * interval '100 years', md5(r()::text)::uuid, to_json(md5(r()::text)),
  jsonb_build_object(md5(r()::text), r(), 'a', ARRAY[r(), NULL]), NULL
FROM generate_series(1, 3000) k
"""


@pytest.fixture
def table(pg, database):
    """A connection to a database with the table t, its rows in."""
    connection = pg.connect(database)
    with connection.cursor() as cursor:
        cursor.execute("SET timezone = 'UTC'; SET datestyle = 'ISO'; SET bytea_output = 'hex'; SELECT setseed(0.42)")
        cursor.execute(f"CREATE TABLE t ({COLUMNS}); CREATE FUNCTION r() RETURNS float8 LANGUAGE sql VOLATILE AS 'SELECT random()'")
        number = 0
        for column, values in VALUES.items():
            for value in values:
                number += 1
                name = column.replace('"', '""')
                cursor.execute(f'INSERT INTO t (id, "{name}") VALUES (%s, %s)', (number, value))
        cursor.execute(RANDOM)
    yield connection
    connection.close()


def ours(cursor, mode):
    cursor.execute("""SELECT a.attname, regexp_replace(format_type(a.atttypid, NULL), '^"char"$', 'char'), a.atttypmod, a.atttypid
                      FROM pg_attribute a WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum""")
    specs = [f"{name}:{kind}:{typmod}:{oid}" for name, kind, typmod, oid in cursor.fetchall()]
    copied = io.BytesIO()
    cursor.copy_expert("COPY (SELECT * FROM t ORDER BY id) TO STDOUT", copied)
    done = subprocess.run([str(DRIVER), mode, *specs], input=copied.getvalue(), capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize("mode", ["row", "debezium"])
def test_a_row_is_row_to_json(table, mode):
    assert DRIVER.exists(), f"{DRIVER} is not built"
    with table.cursor() as cursor:
        written = ours(cursor, mode)
        cursor.execute("SELECT row_to_json(whole)::text FROM t whole ORDER BY id")
        expected = [text for (text,) in cursor.fetchall()]
    assert len(expected) > 3000
    assert len(written) == len(expected)
    wrong = [(a, b) for a, b in zip(written, expected) if a != b]
    assert not wrong, f"{len(wrong)} of {len(expected)} rows differ; ours, then PostgreSQL's:\n{wrong[0][0]}\n{wrong[0][1]}"
    print(f"{len(expected)} rows equal")
