"""CSV in chunks against Python's csv, field for field: random text over what breaks parsers, and what is ours to decide."""

import csv
import io
import json
import random
import subprocess

import pytest

from harness.services import BUILD

DRIVER = BUILD / "tests" / "csv_driver"
PIECES = ["a", "b", '"', '"', ",", "\n", "\r", "\r\n", "é", " ", '""', "x" * 70, '","', '"\n"']


def python_reads(text):
    return [row for row in csv.reader(io.StringIO(text, newline="")) if row]


def ends_outside_quotes(text):
    rows = python_reads(text + "\nSENTINEL")
    return bool(rows) and rows[-1] == ["SENTINEL"]


def we_read(data, chunk=4096, limit=1 << 20):
    out = subprocess.run([DRIVER, str(chunk), ",", str(limit)], input=data, capture_output=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("seed", range(4))
def test_random_text_reads_as_python_reads_it(seed):
    chosen, compared = random.Random(seed), 0
    while compared < 150:
        text = "".join(chosen.choice(PIECES) for _ in range(chosen.randint(0, 60)))
        if not ends_outside_quotes(text):
            continue
        compared += 1
        for chunk in (1, 7, 64, 100000):
            assert we_read(text.encode(), chunk) == python_reads(text), (text, chunk)


@pytest.mark.parametrize("chunk", [1, 3, 1000])
def test_what_python_does_not_decide(chunk):
    assert we_read(b"\xef\xbb\xbfa,b\r\n1,2", chunk) == [["a", "b"], ["1", "2"]]
    assert we_read(b"a\nb\0c\nd\n", chunk) == [["a"], {"bad": 2}, ["d"]]
    assert we_read(b'a\n"never closed,1\nc,2\n', chunk) == [["a"], {"bad": 2}, ["c", "2"]]
    assert we_read(b"a\n" + b"x" * 500 + b"\nd\n", chunk, 100) == [["a"], {"bad": 2}, ["d"]]
    assert we_read(b'a\n"' + b"x\n" * 500 + b'"\nd\n', chunk, 100)[:2] == [["a"], {"bad": 2}]
    assert we_read(b"", chunk) == []
