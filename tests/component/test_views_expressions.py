"""Tables of expressions evaluated on both sides: PostgreSQL and the program that sluice-views compiles.

expressions/*.txt hold one expression a line over the columns of expressions/source.sql; `#` begins a comment, and
`refused:` before an expression says that Sluice refuses it at start, `since 15.20:` that an older PostgreSQL answers it
otherwise, by a mistake that was mended then. Types, values as row_to_json prints them,
SQLSTATEs and messages must be equal for every row of ROWS.
"""

import re
import subprocess
from pathlib import Path

import pytest

from harness import ROOT
from harness.services import BUILD

FOLDER = ROOT / "tests" / "component" / "expressions"
SOURCE = (FOLDER / "source.sql").read_text()

ROWS = r"""
1	1	2	3	1.5	2.25	10.50	100.10	t	hello	World	ab	\\x0102ff	2024-02-29	10:20:30.123456	2024-02-29 10:20:30.5	2024-07-01 12:00:00+00	1 year 2 mons 3 days 04:05:06.789	10:20:30+02	a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11	{"a": 1, "b" : [1,2,"x"]}	{"a": 1, "b": [1, 2, "x"], "c": null}	{1,2,3}	{a,b,NULL}	ok
2	-7	-100000	9007199254740993	-0	-0.0	-0.000123	-5.55	f		 trim me 	x	\\x	1999-12-31	00:00:00	1999-12-31 23:59:59.999999	1970-01-01 00:00:00+00	-1 days +02:03:04	23:59:59.5-05:30	00000000-0000-0000-0000-000000000000	[1, 2.50, null]	[1, 2.50, null, {"k": "v"}]	{}	{}	sad
3	0	0	0	0	0	0	0	t	Größe äöü ß €	ABC	abcde	\\xdeadbeef	0044-03-15 BC	24:00:00	infinity	-infinity	00:00:00	00:00:00+00	ffffffff-ffff-ffff-ffff-ffffffffffff	"text \\u00e9"	"str"	{NULL,5}	{"x y","q\\"",""}	happy
4	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N
5	32767	2147483647	9223372036854775807	NaN	Infinity	NaN	9999999999.99	t	a%b_c\\d	MiXed Case	   y	\\x00	infinity	12:00:00	-infinity	infinity	-178000000 years	12:00:00+14	12345678-1234-5678-1234-567812345678	true	true	{2147483647,-1,0,-1}	{NULL,null,"NULL"}	\N
6	-32768	-2147483648	-9223372036854775808	1e30	1e300	123456789012345678901234567890.123456789	0.01	f	1,2,,3	foo bar baz	q'q	\\x61626364	2000-01-01	01:02:03.4	2001-02-16 20:38:40	2001-02-16 20:38:40.123456+00	30 days	01:02:03.4+05:30	a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11	{"k":{"n":[{"x":1}]}}	{"k": {"n": [{"x": 1.0}]}, "": "empty", "arr": []}	[0:2]={7,8,9}	{abc}	ok
7	12	42	1000	0.1	0.1	1.000	12.30	f	2024-01-15	x=1;y=2	12	\\x5c5c	2023-12-25	17:30:00	2023-01-31 00:00:00	2023-03-26 01:30:00+00	-1 mons +30 days -00:00:00.000001	17:30:00-08	6ecd8c99-4036-403d-bf84-cf8400f67836	123.450	123.450	{42}	{1,2,3}	sad
""".strip("\n").replace("\\x", "\\x")

EVALUATE = r"""
CREATE FUNCTION evaluate(expression text, which int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text; typed text;
BEGIN
  EXECUTE format('SELECT pg_typeof(e)::text, row_to_json(x)::text FROM (SELECT (%s) AS e FROM t WHERE id = %s) x', expression, which)
    INTO typed, answer;
  RETURN typed || E'\t' || substr(answer, 6, length(answer) - 6);
EXCEPTION WHEN OTHERS THEN
  RETURN '!' || SQLSTATE || ' ' || SQLERRM;
END $$
"""


def expressions(path, version):
    """(number, refused, text) of each line that this version of PostgreSQL answers as it should."""
    out = []
    for number, line in enumerate(Path(path).read_text().splitlines(), 1):
        since = re.match(r"since (\d+)\.(\d+): *", line)
        if since and version < int(since[1]) * 10000 + int(since[2]):
            continue
        line = line[since.end():] if since else line
        if line.strip() and not line.startswith("#"):
            refused = line.startswith("refused:")
            out.append((number, refused, line.removeprefix("refused:").strip()))
    return out


def table_sql():
    text = SOURCE.replace("FOREIGN TABLE", "TABLE")
    return text[:text.rindex(")", 0, text.index("SERVER")) + 1]


def prepare(pg, database):
    pg.psql(database, stdin="SET timezone = 'UTC';\n" + table_sql() + ";\nCOPY t FROM stdin;\n" + ROWS + "\n\\.\n" + EVALUATE)


def postgres_answers(pg, database, texts):
    connection = pg.connect(database)
    with connection.cursor() as cursor:
        cursor.execute("SET timezone = 'UTC'; SET datestyle = 'ISO'; SET intervalstyle = 'postgres'; SET extra_float_digits = 1")
        answers = []
        for text in texts:
            cursor.execute("SELECT evaluate(%s, id) FROM t ORDER BY id", (text,))
            answers.append([row[0].replace("\n", "\\n") for row in cursor.fetchall()])
    connection.close()
    return answers


def sluice_answers(texts, tmp_path):
    source, rows = tmp_path / "source.sql", tmp_path / "rows.tsv"
    source.write_text(SOURCE)
    rows.write_text(ROWS + "\n")
    done = subprocess.run([str(BUILD / "tests" / "expression_driver"), str(source), str(rows)],
                          input="".join(text + "\n" for text in texts), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    answers = [[] for _ in texts]
    for line in done.stdout.splitlines():
        number, answer = line.split("\t", 1)
        answers[int(number)].append(answer)
    return answers


def same(expected, got):
    """Equal; an error of ours may go on with the detail that PostgreSQL keeps apart from its message."""
    return expected == got or (expected.startswith("!") and got.startswith(expected + ": "))


def differences(pg, database, path, tmp_path):
    """Lines that tell what differs, and how many were compared."""
    lines = expressions(path, int(pg.execute(database, "SHOW server_version_num")[0][0]))
    texts = [text for _, _, text in lines]
    expected, got = postgres_answers(pg, database, texts), sluice_answers(texts, tmp_path)
    out, compared = [], 0
    for (number, refused, text), theirs, ours in zip(lines, expected, got):
        is_refused = ours[:1] and ours[0].startswith("refused:")
        if refused or is_refused:
            # what PostgreSQL refuses for every row, whatever the row, may be refused at start
            everywhere = len(set(theirs)) == 1 and theirs[0].startswith("!")
            if refused != bool(is_refused) and not everywhere:
                out.append(f"{number}: {text}\n   postgres {theirs[0]}\n   sluice   {ours[0]}")
            compared += everywhere and not refused
            continue
        compared += 1
        for row, (a, b) in enumerate(zip(theirs, ours), 1):
            if not same(a, b):
                out.append(f"{number}: {text} (row {row})\n   postgres {a}\n   sluice   {b}")
                break
        assert len(theirs) == len(ours), text
    return out, compared


@pytest.fixture
def oracle(pg, unique):
    name = f"{unique}_expressions"
    pg.drop_database(name)
    pg.execute("postgres", f'CREATE DATABASE "{name}" TEMPLATE template0 ENCODING \'UTF8\' LC_COLLATE \'C\' LC_CTYPE \'C\'')
    prepare(pg, name)
    yield name
    pg.drop_database(name)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_equal_to_postgresql(pg, oracle, path, tmp_path):
    out, compared = differences(pg, oracle, path, tmp_path)
    assert not out, "\n".join(out)
    assert compared > 0


def test_functions_are_listed():
    done = subprocess.run([str(BUILD / "bin" / "sluice-views"), "--functions"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert re.search(r"^upper\(text\) +text +immutable$", done.stdout, re.M)
    assert len(done.stdout.splitlines()) > 300
