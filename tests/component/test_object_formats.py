"""The formats of s3-objects, written by tests/component/c/object_driver.c and read by others: csv, pyarrow, DuckDB, an XML parser, Python."""

import csv
import datetime
import gzip
import io
import json
import random
import subprocess
import xml.etree.ElementTree as ElementTree
from decimal import Decimal

import pytest

from harness.modules import need
from harness.services import BUILD

TABLE = """
CREATE TABLE IF NOT EXISTS gold.t (
  id bigint NOT NULL,
  small smallint,
  number integer,
  flag boolean,
  real_ real,
  double_ double precision,
  price numeric(9,2),
  money numeric(18,4),
  huge numeric(38,10),
  mid numeric(25,0),
  free numeric,
  name text,
  code character varying(10),
  day date,
  at timestamp(3) without time zone,
  at_utc timestamp with time zone,
  clock time without time zone,
  doc jsonb,
  raw bytea,
  PRIMARY KEY (id)
);
"""
NASTY = ["", "a", "it's", 'say "hi"', "a,b;c\td", "line\nbreak\r\n", "ünïcödé 日本 😀", "\\N", "\\.", "NULL", " ", "<&>]]>", "\x01\x1f", "\u00ad\u200b\x9f"]


def dumps(row):
    """With escapes for every second row, and where UTF-8 can't do without."""
    text = json.dumps(row, ensure_ascii=row.get("id", 0) % 2 == 0)
    return text if text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text) else json.dumps(row)


def write(rows, check=True, **flags):
    """The object that the rows (dicts, or their JSON text) give."""
    text = "".join((row if isinstance(row, str) else dumps(row)) + "\n" for row in rows)
    words = [f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}") for name, value in flags.items() if value is not False]
    done = subprocess.run([str(BUILD / "tests" / "object_driver"), *words], input=text.encode(), capture_output=True, timeout=120)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout if check else done


@pytest.fixture
def schema(tmp_path):
    path = tmp_path / "target.sql"
    path.write_text(TABLE)
    return path


def values(rng, i):
    """A row of the table as JSON text and as Python values."""
    day = datetime.date(1990, 1, 1) + datetime.timedelta(rng.randrange(-30000, 20000))
    at = datetime.datetime(2026, 1, 14, 12, 0, 0, 137000) + datetime.timedelta(milliseconds=rng.randrange(-(10**12), 10**12))
    row = {
        "id": i, "small": rng.randrange(-(2**15), 2**15), "number": rng.randrange(-(2**31), 2**31), "flag": rng.random() < 0.5,
        "real_": rng.randrange(-(2**20), 2**20) / 8, "double_": rng.choice([rng.uniform(-1e9, 1e9), 1e300, -0.0, 5e-324]),
        "price": Decimal(rng.randrange(-(10**9) + 1, 10**9)).scaleb(-2), "money": Decimal(rng.randrange(-(10**18) + 1, 10**18)).scaleb(-4),
        "huge": Decimal(rng.randrange(-(10**38) + 1, 10**38)).scaleb(-10), "mid": Decimal(rng.randrange(-(10**25) + 1, 10**25)),
        "free": Decimal(rng.randrange(10**30)).scaleb(-rng.randrange(20)), "name": rng.choice(NASTY) * rng.randrange(3), "code": rng.choice(NASTY)[:10],
        "day": day, "at": at, "at_utc": at.replace(tzinfo=datetime.timezone.utc), "clock": at.time(),
        "doc": {"a": [1, None, {"b": "ü"}]}, "raw": rng.randbytes(rng.randrange(5)),
    }
    for name in row:
        if name != "id" and rng.random() < 0.2:
            row[name] = None
    return row


def as_json(row):
    """As views write it: numerics as bare lexemes, times as text."""
    words = []
    for name, value in row.items():
        if isinstance(value, Decimal):
            text = format(value, "f")
        elif isinstance(value, bytes):
            text = json.dumps("\\x" + value.hex())
        elif isinstance(value, datetime.datetime):
            text = json.dumps(value.isoformat())
        elif isinstance(value, (datetime.date, datetime.time)):
            text = json.dumps(value.isoformat())
        else:
            text = json.dumps(value, ensure_ascii=row["id"] % 2 == 0)
        words.append(f"{json.dumps(name)}:{text}")
    return "{" + ",".join(words) + "}"


@pytest.fixture(scope="module")
def rows():
    rng = random.Random(7)
    return [values(rng, i) for i in range(3000)]


@pytest.mark.parametrize("codec", ("none", "snappy", "gzip", "zstd"))
@pytest.mark.parametrize("group", ("4KiB", "8MiB"))
def test_parquet_is_read_back_by_pyarrow_and_duckdb(rows, schema, tmp_path, codec, group):
    parquet, duckdb = need("pyarrow.parquet"), need("duckdb")
    body = write(map(as_json, rows), format="parquet", topic="p.gold.t", schema=schema, parquet_compression=codec, parquet_row_group=group)
    path = tmp_path / "t.parquet"
    path.write_bytes(body)
    file = parquet.ParquetFile(path)
    assert (file.metadata.num_row_groups > 50) == (group == "4KiB") and file.metadata.num_rows == len(rows)
    assert file.metadata.row_group(0).column(0).compression == {"none": "UNCOMPRESSED"}.get(codec, codec.upper())
    types = {field.name: str(field.type) for field in file.schema_arrow}
    assert types["small"] == "int16" and types["number"] == "int32" and types["id"] == "int64" and types["flag"] == "bool"
    assert (types["price"], types["money"], types["huge"]) == ("decimal128(9, 2)", "decimal128(18, 4)", "decimal128(38, 10)")
    assert types["day"] == "date32[day]" and types["at"] == "timestamp[us]" and types["at_utc"] == "timestamp[us, tz=UTC]" and types["clock"] == "time64[us]"
    wanted = [{**row, "doc": row["doc"] and json.dumps(row["doc"], ensure_ascii=row["id"] % 2 == 0),
               "free": None if row["free"] is None else format(row["free"], "f")} for row in rows]
    plain = [{**row, "doc": row["doc"] if row["doc"] is None else str(row["doc"])} for row in file.read().to_pylist()]
    assert plain == wanted
    found = duckdb.connect().execute(
        f"""SELECT id, small, number, flag, real_, double_, price, money, huge, mid, free, name, code, day, "at", clock, raw FROM '{path}' ORDER BY id""").fetchall()
    assert found == [tuple(row[name] for name in "id small number flag real_ double_ price money huge mid free name code day at clock raw".split()) for row in wanted]
    assert body == write(map(as_json, rows), format="parquet", topic="p.gold.t", schema=schema, parquet_compression=codec, parquet_row_group=group)


def test_parquet_of_no_rows_and_of_doubles(rows, schema, tmp_path):
    parquet = need("pyarrow.parquet")
    path = tmp_path / "t.parquet"
    path.write_bytes(write([], format="parquet", topic="p.gold.t", schema=schema))
    assert parquet.read_table(path).num_rows == 0
    path.write_bytes(write(map(as_json, rows), format="parquet", topic="p.gold.t", schema=schema, parquet_doubles=True, envelope=True, columns="price,id,free"))
    table = parquet.read_table(path)
    assert [f"{f.name} {f.type}" for f in table.schema] == ["price double", "id int64", "free double", "__op string", "__offset int64"]
    assert table["price"].to_pylist() == [None if row["price"] is None else float(row["price"]) for row in rows]
    assert table["free"].to_pylist() == [None if row["free"] is None else float(row["free"]) for row in rows]
    assert table["__offset"].to_pylist() == list(range(len(rows)))


def test_parquet_holds_a_long_file_in_little_memory(schema):
    """60 MB of rows pass in a few: pages leave as row groups end."""
    line = json.dumps({"id": 1, "name": "x" * 1000, "price": 1.25})
    done = subprocess.run(
        ["/usr/bin/env", "bash", "-c", 'ulimit -v 120000; exec "$0" "$@"', str(BUILD / "tests" / "object_driver"), "--format=parquet", "--topic=gold.t", f"--schema={schema}",
         "--repeat=60000", "--parquet-row-group=4MiB", "--discard"],
        input=line.encode(), capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    taken, written, _ = done.stdout.split()
    assert int(taken) > 60_000_000 > 10 * int(written)


def test_values_that_do_not_fit_are_named(schema):
    done = write(['{"id":1,"price":12345678901.00}'], check=False, format="parquet", topic="p.gold.t", schema=schema)
    assert done.returncode != 0 and b"column price" in done.stderr
    assert b"--schema" in write([], check=False, format="parquet").stderr
    assert b"--columns" in write([], check=False, format="csv").stderr


def nested(rng, depth=0):
    kind = rng.randrange(9 if depth < 4 else 7)
    if kind == 7:
        return [nested(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == 8:
        return {rng.choice(NASTY + ["a", "b c", "xml", "1"]): nested(rng, depth + 1) for _ in range(rng.randrange(4))}
    return [None, True, False, rng.choice(NASTY), rng.randrange(-(10**20), 10**20), rng.uniform(-1, 1) * 10 ** rng.randrange(-30, 30), round(rng.uniform(0, 1000), 2)][kind]


def as_text(value):
    return "" if value is None else str(value) if not isinstance(value, bool) else "t" if value else "f"


def test_csv_in_the_dialect_of_python(tmp_path):
    rng = random.Random(5)
    rows = [{"id": i, "a": rng.choice(NASTY), "b": nested(rng)} for i in range(2000)]
    for quoting, word in ((csv.QUOTE_MINIMAL, "minimal"), (csv.QUOTE_ALL, "all")):
        for delimiter, crlf in ((",", False), (";", True)):
            out = io.StringIO()
            writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="\r\n" if crlf else "\n")
            writer.writerow(["ID", "A", "B"])
            for row in rows:
                cell = row["b"]
                writer.writerow([row["id"], row["a"], repr(cell) if isinstance(cell, (list, dict)) else as_text(cell) if not isinstance(cell, float) else json.dumps(cell)])
            wanted = out.getvalue().encode()
            if word == "all":  # a NULL is nothing even there
                wanted = None
            got = write(rows, format="csv", columns="id,a,b", nested="repr", csv_quote=word, csv_delimiter=delimiter, csv_crlf=crlf, csv_header="upper")
            assert wanted is None or got == wanted.replace(b"\x00", b"\xef\xbf\xbd")
            assert [line[:2] for line in csv.reader(io.StringIO(got.decode(), newline=""), delimiter=delimiter)][1:] == [[str(row["id"]), row["a"]] for row in rows]


def test_csv_of_declared_columns_is_psqls(pg, database, schema):
    rng = random.Random(11)
    rows = [values(rng, i) for i in range(500)]
    got = write(map(as_json, rows), format="csv", topic="p.gold.t", schema=schema, columns="id,small,number,flag,price,money,huge,mid,free,name,code,day,at,clock,raw")
    pg.execute(database, TABLE.replace("CREATE TABLE", "CREATE SCHEMA gold; CREATE TABLE", 1))
    columns = [name for name in rows[0] if name not in ("doc", "real_", "double_", "at_utc")]
    with pg.connect(database) as connection, connection.cursor() as cursor:
        for row in rows:
            cursor.execute(f"INSERT INTO gold.t ({','.join(columns)}) VALUES ({','.join(['%s'] * len(columns))})", [row[name] for name in columns])
        out = io.StringIO()
        cursor.copy_expert("COPY (SELECT id,small,number,flag,price,money,huge,mid,free,name,code,day,at,clock,raw FROM gold.t ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER)", out)
    assert got == out.getvalue().encode()


def test_gzip_of_every_text_format(schema):
    rows = [{"id": i, "name": "x" * (i % 50)} for i in range(5000)]
    for name in ("csv", "json", "ndjson", "xml"):
        plain = write(rows, format=name, columns="id,name")
        zipped = write(rows, format=name, columns="id,name", compression="gzip")
        assert gzip.decompress(zipped) == plain and len(zipped) < len(plain) / 5


def tree(value, name, wraps, depth):
    """The rules of the nested XML, written down a second time."""
    pad = "  " * depth
    if isinstance(value, dict):
        inner = "".join(tree(v, k, wraps, depth + 1) for k, v in value.items())
    elif isinstance(value, list):
        inner = ""
        for item in value:
            if name not in wraps and isinstance(item, dict):
                inner += "".join(tree(v, k, wraps, depth + 1) for k, v in item.items())
            else:
                inner += tree(item, wraps.get(name, "item"), wraps, depth + 1)
    else:
        return f"{pad}<{name}>{str(value).replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}</{name}>\n"
    return f"{pad}<{name}>\n{inner}{pad}</{name}>\n"


def plain_names(value, rng):
    """The same with names that XML takes and text that it holds."""
    if isinstance(value, dict):
        return {rng.choice(["entry", "prices", "a", "b2", "unknown"]): plain_names(v, rng) for v in value.values()}
    if isinstance(value, list):
        return [plain_names(v, rng) for v in value]
    return "".join(c for c in value if c >= " " and c not in "\x7f") if isinstance(value, str) else value


def test_xml_tree_is_pythons(tmp_path):
    rng = random.Random(3)
    rows = [{"ean": f"{i:013}", **plain_names({str(n): nested(rng) for n in range(4)}, rng), "prices": plain_names(nested(rng), rng)} for i in range(1000)]
    got = write(rows, format="xml", xml_style="tree", xml_root="products", xml_record="product", xml_wrap="prices=price,entry=e")
    wanted = '<?xml version="1.0" encoding="UTF-8"?>\n<products>\n' + "".join(tree(row, "product", {"prices": "price", "entry": "e"}, 1) for row in rows) + "</products>\n"
    assert got.decode() == wanted
    ElementTree.fromstring(got)


def test_xml_is_well_formed_for_anything():
    rng = random.Random(9)
    rows = [{"id": i, **{str(n): nested(rng) for n in range(3)}, rng.choice(NASTY): rng.choice(NASTY + ["\ud800", "\ufffe", "\x00"])} for i in range(2000)]
    for style in ("rows", "tree"):
        root = ElementTree.fromstring(write(rows, format="xml", xml_style=style, xml_root="a b", xml_record="1"))
        assert root.tag == "a_x0020_b" and len(root) == len(rows) and {child.tag for child in root} == {"_x0031_"}
