"""countries: from the API's answer through the buckets raw and clean, a table and a folder to the bucket gold, by the config
files of schemas/countries/flow."""

import csv
import hashlib
import io
import json
import re

import pytest

from harness.pipelines import SCHEMAS
from harness.s3 import S3
from harness.servers import Stack
from harness.services import run
from harness.web import Web

FIELDS = ["flags", "name", "currencies", "capital", "region", "subregion", "languages", "area", "population", "timezones"]
DATABASE, FOLDER = "de", "de-october-individual-folders"


@pytest.fixture
def api():
    web = Web()
    yield web
    web.close()


@pytest.fixture
def countries(flow, pg, unique, api):
    """A flow whose answer is the test's and whose table is in a database of its own."""
    one = flow("countries")
    database = f"{unique}_{DATABASE}"
    pg.create_database(database)
    one.database, one.api = database, api
    url = f"dbname={database}"

    def follow(answer, nested="json", first=1, last=99, **stages):
        api.body = answer
        return one.run(first, last, s1={"input": api.url("/all"), "url-timeout": "2s"}, s2={"nested": nested},
                       s7={"postgres-url": url}, s8={"postgres-url": url}, **stages)

    one.follow = follow
    yield one
    pg.drop_database(database)


class Lexeme(str):
    """A number of JSON as it stands there; Python prints it as it is."""
    __repr__ = str.__str__


def as_csv(answer, cell):
    """The answer as Python's csv module writes it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    for country in json.loads(answer, parse_float=Lexeme, parse_int=Lexeme):
        writer.writerow([cell(country[field]) if isinstance(country[field], (dict, list)) else country[field] for field in FIELDS])
    return out.getvalue().encode()


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def upper(raw):
    header, _, rows = raw.partition(b"\n")
    return header.upper() + b"\n" + rows


def objects(flow):
    """The four objects, each held against the SHA-256 beside it."""
    found = []
    for bucket, key in (("raw", "capitals.csv"), ("clean", "capitals_clean.csv"), (FOLDER, "Raines/capitals_clean.csv"),
                        ("gold", "capitals_clean.csv")):
        found.append(flow.s3.get(flow.bucket(bucket), key))
        assert flow.s3.head(flow.bucket(bucket), key)["x-amz-meta-sha256"] == hashlib.sha256(found[-1]).hexdigest()
    return found


def check(flow, raw):
    assert objects(flow) == [raw, upper(raw), raw, raw]
    table = flow.pg.csv(flow.database, f"SELECT {', '.join(FIELDS)} FROM capitals_clean ORDER BY line")
    assert list(csv.reader(io.StringIO(table))) == list(csv.reader(io.StringIO(raw.decode())))


def kept(flow):
    """The answers as they came, each under the day it came on and its own SHA-256."""
    bucket, found = flow.bucket("raw"), []
    for key in flow.s3.list(bucket, "answers/"):
        found.append(flow.s3.get(bucket, key))
        sum_of = hashlib.sha256(found[-1]).hexdigest()
        assert re.fullmatch(rf"answers/\d{{4}}-\d\d-\d\d/{sum_of}\.json", key)
        assert flow.s3.head(bucket, key)["x-amz-meta-sha256"] == sum_of
    return found


def emitted(said):
    """Per stage that reads objects: created, updated, deleted."""
    return [tuple(summary[name] for name in ("created", "updated", "deleted")) for summary in said.values()
            if summary["service"] == "objects"]


def test_stages(countries, generate):
    """Snapshots of the twin, the API's faults between: clean is raw under upper-cased names, gold is raw, in the answer's order."""
    folder = generate("countries")
    answers = [(folder / f"countries_{number}.json").read_bytes() for number in (5, 6)]
    for bucket in countries.buckets:  # each is made by the stage that writes there
        countries.s3.remove_bucket(bucket)
    countries.api.faults = [("status", 500), ("cut",), ("status", 429, {"Retry-After": "0"}), ("hang",)]
    countries.follow(answers[0])
    check(countries, as_csv(answers[0], compact))
    assert kept(countries) == answers[:1]
    tags = [countries.s3.head(countries.bucket(bucket), key)["etag"] for bucket, key in (("raw", "capitals.csv"), ("gold", "capitals_clean.csv"))]
    again = countries.follow(answers[0])  # 304: nothing moves anywhere
    assert countries.api.statuses()[-1] == 304 and emitted(again) == [(0, 0, 0)] * 4
    assert tags == [countries.s3.head(countries.bucket(bucket), key)["etag"] for bucket, key in (("raw", "capitals.csv"), ("gold", "capitals_clean.csv"))]
    countries.follow(answers[1])  # two come, two go, one of them under another name: every line behind moves
    check(countries, as_csv(answers[1], compact))
    assert sorted(kept(countries)) == sorted(answers)


def test_real_snapshots_as_python_prints_them(countries, shared_data):
    """--nested repr against Python's own repr; and as many lines change in every stage as countries do."""
    days = ("2025-10-30_8f04e59", "2026-02-14_cee84c8", "2026-02-25_ff97f12")
    answers = [(shared_data / "countries" / f"countries_v31_10fields_{day}.json").read_bytes() for day in days]
    for answer, counts in zip(answers, ((250, 0, 0), (0, 97, 0), (0, 1, 0))):
        said = countries.follow(answer, nested="repr")
        assert emitted(said) == [counts] * 4
        check(countries, as_csv(answer, repr))


def test_a_raw_file_put_by_hand(countries, generate):
    """As the original had it: capitals.csv lies in the bucket raw, and all else follows."""
    raw = as_csv((generate("countries") / "countries_4.json").read_bytes(), repr)
    countries.s3.put(countries.bucket("raw"), "capitals.csv", raw)
    countries.follow(b"", first=3)
    assert objects_behind_raw(countries) == [upper(raw), raw, raw]


def objects_behind_raw(flow):
    return [flow.s3.get(flow.bucket(bucket), key) for bucket, key in (("clean", "capitals_clean.csv"), (FOLDER, "Raines/capitals_clean.csv"),
                                                                      ("gold", "capitals_clean.csv"))]


def test_the_folder_lies_in_another_store(countries, generate, tmp_path):
    """As at AWS: stages 09 and 10 speak to a second store, with keys of a profile that the first one does not know."""
    answer = (generate("countries") / "countries_3.json").read_bytes()
    second = Stack(tmp_path / "aws")
    try:
        second.start("s3")
        aws = S3(second.env("s3"))
        assert aws.endpoint != countries.s3.endpoint and aws.secret_key != countries.s3.secret_key
        (tmp_path / "credentials").write_text(f"[individual]\naws_access_key_id = {aws.access_key}\naws_secret_access_key = {aws.secret_key}\n")
        there = {"s3-endpoint": aws.endpoint, "env": {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "individual",
                                                      "AWS_SHARED_CREDENTIALS_FILE": tmp_path / "credentials"}}
        countries.follow(answer, s9=there, s10=there)
        raw, folder = as_csv(answer, compact), countries.bucket(FOLDER)
        assert aws.get(folder, "Raines/capitals_clean.csv") == raw == countries.s3.get(countries.bucket("gold"), "capitals_clean.csv")
        assert aws.head(folder, "Raines/capitals_clean.csv")["x-amz-meta-sha256"] == hashlib.sha256(raw).hexdigest()
        assert not countries.s3.list(folder)
    finally:
        second.wipe()


def test_the_table_is_the_pipelines():
    """table.target.sql is what sluice-views prints."""
    folder = SCHEMAS / "countries" / "flow"
    done = run("views", {"ddl": folder / "table.sql", "pipeline": "countries_table"})
    assert done.returncode == 0 and done.stdout == (folder / "table.target.sql").read_text()
