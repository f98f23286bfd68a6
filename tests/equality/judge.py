"""Are two answers equal? Rows are compared as multisets of row_to_json texts.

Where PostgreSQL itself leaves the text open (which of 1.0 and 1.00 stands for a group) columns compare by `=`: those whose
text changes when the same rows lie in another order on disk. Float variance and regression compare to 1e-12.
"""

import json
import math
import re
from collections import Counter
from decimal import Decimal, InvalidOperation

TOLERANCE = 1e-12  # also absolute: where a variance or an intercept is 0, PostgreSQL's rounding leaves 1e-16
LOOSE = re.compile(r"\b(stddev|variance|var_|covar_|corr\b|regr_)", re.I)


class Number(str):
    """A JSON number as it is written."""


def cells(row):
    """The values of a row's columns, numbers as they are written."""
    return [value for _, value in json.loads(row, object_pairs_hook=list, parse_float=Number, parse_int=Number)]


def surplus(ours, theirs):
    """Rows that one side has more often than the other: (of ours, of theirs)."""
    ours, theirs = Counter(ours), Counter(theirs)
    return list((ours - theirs).elements()), list((theirs - ours).elements())


def plain_number(text):
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return str(number.normalize()) if number.is_finite() and number != 0 else "0" if number == 0 else text


UNITS = {"year": 12 * 30 * 86400, "mon": 30 * 86400, "day": 86400}


def plain_interval(text):
    total = Decimal(0)
    for number, unit in re.findall(r"([+-]?\d+) (year|mon|day)s?", text):
        total += int(number) * UNITS[unit]
    clock = re.search(r"([+-]?)(\d+):(\d\d):(\d\d(?:\.\d+)?)", text)
    if clock:
        seconds = int(clock[2]) * 3600 + int(clock[3]) * 60 + Decimal(clock[4])
        total += -seconds if clock[1] == "-" else seconds
    return str(total.normalize())


def plain_json(value):
    if isinstance(value, Number):
        return plain_number(value)
    if isinstance(value, (list, tuple)):
        return [plain_json(item) for item in value]
    return value


def plain(value, kind):
    """One text for each class of equal values of the type; None when only the text can be compared."""
    if value is None:
        return "null"
    if kind.endswith("[]"):
        return json.dumps([plain(item, kind[:-2]) for item in value]) if isinstance(value, list) else None
    if kind in ("numeric", "real", "double precision"):
        return plain_number(value)
    if kind == "interval":
        return plain_interval(value)
    if kind in ("character", "bpchar"):
        return value.rstrip(" ")
    if kind == "jsonb":
        return json.dumps(plain_json(value))
    return None


def columns_of(rows, types=None):
    columns = list(zip(*map(cells, rows)))
    if types:
        columns = [[plain(value, kind) or value for value in column] for column, kind in zip(columns, types)]
    return [Counter(map(repr, column)) for column in columns]


def open_columns(answers, types=None):
    """The columns whose texts (with types: whose values) are not the same in all of these answers of PostgreSQL's."""
    found = set()
    tables = [columns_of(answer, types) for answer in answers if answer]
    for table in tables[1:]:
        found |= {i for i, (one, other) in enumerate(zip(tables[0], table)) if one != other}
    return found


def extreme_columns(query, columns_n):
    """The columns that are min(...) or max(...): which of several equal values they show hangs on the plan too, not on rows alone."""
    parts, depth, quoted = None, 0, False  # of the first SELECT that stands in no parentheses
    for i, c in enumerate(query):
        quoted ^= c == "'"
        depth += 0 if quoted else {"(": 1, ")": -1}.get(c, 0)
        outside = depth == 0 and not quoted
        if parts is None:
            parts = [""] if outside and re.match(r"\bSELECT\b", query[i:i + 7]) else None
            continue
        if outside and re.match(r"\sFROM\b", query[i:i + 6]):
            break
        parts += [""] if c == "," and outside else []
        parts[-1] += c if c != "," or not outside else ""
    parts = [re.sub(r"^ELECT\b", "", part) for part in parts or []]
    found = {i for i, part in enumerate(parts) if re.match(r"\s*(min|max)\(", part)}
    return found if len(parts) == columns_n else set()


def by_value(rows, types, where, without):
    """The rows with the columns `where` in the one form of their class, left out when there is none, and those `without`."""
    out = []
    for row in rows:
        values = cells(row)
        for i in where | without:
            values[i] = None if i in without else plain(values[i], types[i])
        out.append(json.dumps(values))
    return out


def near(one, other):
    if one == other:
        return True
    try:
        a, b = float(one), float(other)
    except (TypeError, ValueError):
        return False
    return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE) or (math.isnan(a) and math.isnan(b))


def nearly_equal(ours, theirs, types):
    """Every row of one side (a list of cells) has its like on the other, floats to the tolerance."""
    floats = {i for i, kind in enumerate(types) if kind in ("real", "double precision")}
    left = list(theirs)
    if len(ours) != len(left):
        return False
    for row in ours:
        like = next((i for i, other in enumerate(left) if all(
            near(a, b) if c in floats else a == b for c, (a, b) in enumerate(zip(row, other)))), None)
        if like is None:
            return False
        left.pop(like)
    return True
