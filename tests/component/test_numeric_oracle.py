"""The record room against PostgreSQL: thousands of random questions, every answer compared character by character.

harness/oracle.py asks both.
"""

import struct

import pytest

from harness.oracle import N, compare, random_source  # noqa: F401

# --- what is asked ---

EDGES = ["0", "0.0", "-0.00", "1", "-1", "1.0", "10", "0.1", "-0.05", "9999", "10000", "9999.9999", "10000.0001",
         "9223372036854775807", "-9223372036854775808", "9223372036854775808", "922337203685477580.8",
         "0.9999999999999999995", "1e18", "1e-18", "1e19", "1e-19", "0.0000000000000000000000001", "1e40", "-1e-40",
         "123456789012345678901234567890.123456789", "5e-1", "0.5", "1.5", "2.5", "-2.5", "NaN", "Infinity", "-Infinity",
         "99999999999999999999999999999999999999", "3", "7", "0.33333333333333333333", "1e131071", "-1e-16383",
         "49999999.5", "0.00005", "4999.9999", "0.00000000000000000000"]


def number(source):
    """A number's text: mostly like those of tables, sometimes an edge, long, tiny or huge."""
    kind = source.random()
    if kind < 0.1:
        return source.choice(EDGES)
    sign = source.choice(["", "", "-"])
    if kind < 0.5:
        return f"{sign}{source.randrange(10 ** source.randrange(1, 10))}.{digits(source, source.randrange(1, 5))}"
    if kind < 0.6:
        return f"{sign}{source.randrange(10 ** source.randrange(1, 20))}"
    if kind < 0.7:  # runs of 0 and 9, where carries and guesses of quotient digits go wrong
        return sign + "".join(source.choice(["0000", "9999", "4999", "5000", "0001", "9998", "1"]) for _ in range(
            source.randrange(1, 12))) + source.choice(["", ".0", ".9999", ".5", ".00005"])
    if kind < 0.9:
        return f"{sign}{digits(source, source.randrange(1, 40))}.{digits(source, source.randrange(0, 40))}"
    return f"{sign}{digits(source, source.randrange(1, 20))}e{source.randrange(-60, 60)}"


def digits(source, n):
    return "".join(source.choice("0123456789") for _ in range(n))


def date(source):
    year = source.choice([source.randrange(1990, 2040), source.randrange(1, 10000), source.randrange(1, 300000)])
    return f"{year:04}-{source.randrange(0, 14):02}-{source.randrange(0, 33):02}"


def clock(source):
    text = f"{source.randrange(0, 26):02}:{source.randrange(0, 62):02}"
    if source.random() < 0.9:
        text += f":{source.randrange(0, 62):02}"
        if source.random() < 0.7:
            text += "." + source.choice([digits(source, source.randrange(0, 7)), digits(source, 7) + "5",
                                         "5" * source.randrange(1, 9), "9" * source.randrange(1, 9)])
    return text


def zone(source):
    hours, minutes = source.randrange(0, 17), source.randrange(0, 61)
    return source.choice(["", "", "Z", "+00", " UTC", f"+{hours:02}", f"-{hours:02}:{minutes:02}", f"+{hours:02}{minutes:02}",
                          f" -{hours:02}:{minutes:02}:{source.randrange(0, 61):02}", f"+{hours}"])


def era(source):
    return source.choice([""] * 9 + [" BC"])


def timestamp(source):
    return source.choice([date(source) + era(source),
                          f"{date(source)} {clock(source)}{zone(source)}{era(source)}",
                          f"{date(source)}T{clock(source)}{zone(source)}"])


TIME_EDGES = ["infinity", "-infinity", "epoch", "", " ", "x", "2020-02-29", "2021-02-29", "1900-02-29", "2000-02-29",
              "0000-01-01", "0001-01-01 BC", "4713-01-01 BC", "4714-11-24 BC", "4714-11-23 BC", "294276-12-31 23:59:59.999999",
              "294276-12-31 23:59:59.9999999", "294277-01-01", "5874897-12-31", "5874898-01-01", "20200105",
              "2020-01-05 24:00:00", "2020-01-05 24:00:01", "2020-01-05 23:59:60", "2020-01-05T10:00", " 2020-01-05 ",
              "2020-1-5", "1999-12-31 23:59:59.9999995", "2000-01-01 00:00:00.0000005", "2020-01-05 10:00:00+15:59",
              "2020-01-05 10:00:00+16", "10:00", "24:00", "24:00:00.000001", "23:59:60", "10:00:60.5", "10:00+02",
              "2020-01-05 10:00:00 BC", "2020-01-05x", "2020-13-01", "2020-00-10", "2020-01-00"]


def text(source):
    alphabet = source.choice(["ab ", "abc  é€𝄞", "ab\x01\x02~", "  "])
    return "".join(source.choice(alphabet) for _ in range(source.randrange(0, 9)))


def double_text(source):
    kind = source.randrange(6)
    if kind == 0:
        real = struct.unpack("d", source.getrandbits(64).to_bytes(8, "little"))[0]
    elif kind == 1:
        real = source.uniform(-1e6, 1e6)
    elif kind == 2:
        return number(source)
    elif kind == 3:  # around powers of two, where a number's neighbours are not equally far
        real = 2.0 ** source.randrange(-1074, 1023) * source.choice([1, 1, 1.0000000000000002, 0.9999999999999999])
    elif kind == 4:
        return f"{source.randrange(1, 1000)}e{source.randrange(-330, 312)}"
    else:
        real = round(source.uniform(0, 10000), source.randrange(0, 5))
    return repr(real)


def single_text(source):
    kind = source.randrange(4)
    if kind == 0:
        return repr(struct.unpack("f", source.getrandbits(32).to_bytes(4, "little"))[0])
    if kind == 1:
        return repr(2.0 ** source.randrange(-149, 128))
    if kind == 2:
        return f"{source.randrange(1, 1000)}e{source.randrange(-47, 40)}"
    return f"{source.uniform(0, 10 ** source.randrange(1, 10)):.{source.randrange(0, 5)}f}"


# --- the tests ---


@pytest.mark.parametrize("op", ["add", "sub", "mul", "div", "mod", "cmp"])
def test_two_numbers(compare, random_source, op):
    edges = [(op, a, b) for a in EDGES for b in EDGES if "131071" not in a + b or "16383" not in a + b]
    compare(edges + [(op, number(random_source), number(random_source)) for _ in range(N)])


def test_beyond_the_format(compare):
    huge, tiny = "9" * 131072, "1e-16383"
    compare([("add", huge, "1"), ("sub", "-" + huge, "1"), ("mul", huge, "10"), ("mul", tiny, "0.5"), ("mul", tiny, "0.4"),
             ("div", huge, "0.1"), ("div", "1", huge), ("mod", huge, "7"), ("round", huge, "-1"), ("parse", "1e131072", "numeric"),
             ("parse", "1e-16384", "numeric"), ("parse", "0e999999", "numeric"), ("parse", "1e99999999999", "numeric"),
             ("parse", "1" + "0" * 131072, "numeric"), ("negate", huge, ""), ("add", "1e131071", tiny)])


@pytest.mark.parametrize("op", ["round", "trunc"])
def test_cutting(compare, random_source, op):
    edges = [(op, a, str(scale)) for a in EDGES for scale in range(-25, 45, 3)]
    edges += [(op, a, scale) for a in EDGES for scale in ("2001", "16383", "20000", "-2000", "-131071", "-131072", "-200000", "19", "20", "-19", "-20")]
    compare(edges + [(op, number(random_source), str(random_source.randrange(-12, 24))) for _ in range(N)])


def test_one_number(compare, random_source):
    numbers = EDGES + [number(random_source) for _ in range(N)]
    compare([(op, a, "") for a in numbers for op in ("negate", "scale")])


def test_numbers_as_integers_and_doubles(compare, random_source):
    numbers = [n for n in EDGES if "131071" not in n and "16383" not in n] + [number(random_source) for _ in range(N)]
    numbers += ["9223372036854775807.4", "9223372036854775807.5", "-9223372036854775808.4", "-9223372036854775808.5", "0.4999999999999999999999"]
    compare([(op, a, "") for a in numbers for op in ("to_i64", "to_f64")])
    compare([("from_f64", double_text(random_source), "") for _ in range(N)] + [("from_f64", a, "") for a in ("NaN", "-inf")])
    compare([("from_f32", single_text(random_source), "") for _ in range(N)])


SYNTAX = ["", " ", ".", "-", "+", "e5", ".e5", "1e", "1e+", "1e 5", "1e+ 5", "1 e5", "5.", ".5", "-.5", "+.5e1", "1..2", "1.2.3", "--1", "+-1",
          "1x", "0x10", "1_000", " 1.50 ", "\v1\f", "nan", "NAN", "-nan", "+nan", "inf", "-inf", "+Infinity", "infinit", "Infinityx", "1e5.0",
          "1E-3", "00012", "000.100", "-0", "1,5", "१", "1 2", "0000000000000000000000000000001", "1e-0", "1e00000000005"]


def test_number_syntax(compare, random_source):
    types = ("numeric", "int2", "int4", "int8", "float8", "float4", "bool")
    compare([("parse", a, t) for a in SYNTAX for t in types if not (t.startswith("float") and "\v" in a)])
    compare([("parse", number(random_source), "numeric") for _ in range(N)])


def test_integers(compare, random_source):
    bits = (15, 16, 31, 32, 63, 64)
    edges = [str(sign * 2 ** b + more) for b in bits for sign in (1, -1) for more in (-1, 0, 1)]
    edges += ["9" * 30, "-" + "9" * 30, "18446744073709551616", "18446744073709551617", "184467440737095516150", "+5", "-0"]
    edges += [str(random_source.randrange(-10 ** random_source.randrange(1, 21), 10 ** 19)) for _ in range(N)]
    compare([("parse", a, t) for a in edges for t in ("int2", "int4", "int8")])


def test_declared_numerics(compare, random_source):
    types = ["numeric(12,2)", "numeric(5,0)", "numeric(3,5)", "numeric(4,-2)", "numeric(38,10)", "numeric(1000,0)", "numeric(18,18)", "numeric(19,0)"]
    questions = [(op, a, t) for a in EDGES for t in types for op in ("cast", "parse")]
    questions += [(op, number(random_source), random_source.choice(types)) for _ in range(N) for op in ("cast", "parse")]
    questions += [("parse", a, "numeric(5,2)") for a in ("999.994", "999.995", "-999.995", "999.999", "1e-5", "0.005", "1000", "0")]
    compare(questions)


def test_doubles(compare, random_source):
    edges = ["1e23", "9007199254740993", "5e-324", "2.4e-324", "1.7976931348623157e308", "1.7976931348623159e308", "4.35", "0.3", "1e15", "1e14",
             "123456789012345.6", "0.0001", "0.00001", "-0", "NaN", "-Infinity", "1e400", "1e-400", "8.5e22", "9.5e-7", "6.25e-2"]
    compare([("parse", a, "float8") for a in edges + [double_text(random_source) for _ in range(5 * N)]])
    compare([("parse", a, "float4") for a in edges + ["16777217", "1e6", "999999.5", "3.4028236e38"] + [
        single_text(random_source) for _ in range(5 * N)]])


def test_times(compare, random_source):
    types = ["date", "time", "timestamp", "timestamptz"] + [f"{t}({n})" for t in ("timestamp", "timestamptz", "time") for n in range(7)]
    questions = [("parse", a, t) for a in TIME_EDGES for t in types]
    questions += [("parse", timestamp(random_source), random_source.choice(types)) for _ in range(10 * N)]
    questions += [("parse", clock(random_source) + zone(random_source), random_source.choice(["time", "time(2)", "time(0)"])) for _ in range(N)]
    compare(questions)


def test_time_casts(compare, random_source):
    types = [f"{t}({n})" for t in ("timestamp", "timestamptz") for n in range(7)]
    compare([("cast", timestamp(random_source), random_source.choice(types)) for _ in range(2 * N)])


def test_texts(compare, random_source):
    types = ["varchar(3)", "bpchar(3)", "varchar(1)", "bpchar(8)", "text", "varchar"]
    texts = [text(random_source) for _ in range(N)] + ["", "   ", "abc ", "abcd", "abc d", "é€𝄞", "é€𝄞 "]
    compare([(op, a, random_source.choice(types)) for a in texts for op in ("parse", "cast")])


def test_other_types(compare, random_source):
    uuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    uuids = [uuid, uuid.upper(), "{" + uuid + "}", uuid.replace("-", ""), "{" + uuid, uuid + "}", uuid[:-1], uuid + "0", " " + uuid,
             "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "a0e-ebc999c0b4ef8bb6d6bb9bd380a11", uuid[:-1] + "g", "", "{}"]
    byteas = ["", "abc", "\\x", "\\x00ff", "\\xAbCd", "\\x0", "\\xgg", "\\x 00 ff ", "\\x0 0", "\\\\", "\\000\\377", "\\400", "\\", "a\\b", "é", "\\X00"]
    bools = ["t", "T", "true", "TRUE", "tru", "truex", "f", "fals", "y", "ye", "yes", "n", "no", "on", "off", "of", "o", "1", "0", "10", " t ", "", "2"]
    jsons = ['{}', '[]', ' { "b" : 1 , "a" : [1,2 , {"x":null}] } ', '{"aa":1,"b":2,"aa":3}', '1.50', '1e5', '-0.0', '"a\\u00e9\\n\\/"', 'true', 'nul',
             '{"a":}', '[1,]', '', '{"a":1}x', '"\\u0000"', '"\\ud834\\udd1e"', '[[[[]]]]', '"\t"', '{"é":"€"}', '1.', '01', '"\\""', '[1e-3,100000000000000000000]',
             '{"b":{"d":1,"c":2},"a":false}']
    compare([("parse", a, "uuid") for a in uuids] + [("parse", a, "bytea") for a in byteas] + [("parse", a, "bool") for a in bools]
            + [("parse", a, t) for a in jsons if "\t" not in a for t in ("json", "jsonb")])


def test_order(compare, random_source):
    """Keys compare as their values do."""
    kinds = {"numeric": number, "text": text, "bpchar": text, "float8": double_text, "float4": single_text, "date": date, "time": clock, "timestamp": timestamp,
             "timestamptz": timestamp, "int8": lambda s: str(s.randrange(-2**63, 2**63)), "int4": lambda s: str(s.randrange(-2**31, 2**31)),
             "int2": lambda s: str(s.randrange(-2**15, 2**15)), "bool": lambda s: s.choice("tf"),
             "bytea": lambda s: "\\x" + "".join(s.choice(["00", "01", "02", "ff"]) for _ in range(s.randrange(0, 5))),
             "uuid": lambda s: f"{s.getrandbits(128):032x}"}
    questions = [("order", f"{make(random_source)}|{make(random_source)}", t) for t, make in kinds.items() for _ in range(N // 2)]
    questions += [("order", f"{a}|{b}", "numeric") for a in EDGES for b in EDGES]
    questions += [("order", f"{a}|{b}", "float8") for a in ("0", "-0", "NaN", "inf", "-inf", "5e-324", "-5e-324", "1") for b in ("0", "-0", "NaN", "inf", "-inf")]
    compare(questions)
