"""countries: an API's answer to typed rows and counts, snapshot after snapshot."""

import json
import re
from collections import Counter
from decimal import Decimal

from harness.pipelines import differences

EXPECTED = {
    "silver.countries": ("silver_typed", "country_name"),
    "gold.region_summary": ("gold_region_summary", "region"),
    "gold.subregion_summary": ("gold_subregion_summary", "region, subregion"),
    "gold.currency_usage": ("gold_currency_usage", "country_count DESC, currency_code"),
    "gold.language_usage": ("gold_language_usage", "country_count DESC, language_code"),
    "gold.timezone_usage": ("gold_timezone_usage", "timezone"),
    "gold.data_quality": ("gold_data_quality", "1"),
}


def countries_of(path):
    """The rows of bronze: each country with its key; a fraction keeps its digits."""
    return [{"country": one["name"]["common"], **one}
            for one in json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)]


def test_real_data(pipeline, shared_data):
    countries = pipeline("countries")
    rows = countries_of(shared_data / "countries" / "countries_v31_10fields_2026-02-25_ff97f12.json")
    said, refused = countries.check({"countries": rows})
    assert refused == {"bronze.countries": 0}
    for view, (name, order) in EXPECTED.items():
        countries.same_as_file(view, shared_data / "expected" / f"countries_mpl20260225_{name}.csv", order)
    warned = dict(re.findall(r'warned by rule "(\w+)": (\d+) rows?', said))
    assert warned == {"capital_given": "4", "subregion_given": "5", "currencies_given": "3", "languages_given": "1",
                      "population_given": "5"}


FIELDS = ("flags", "name", "currencies", "capital", "region", "subregion", "languages", "area", "population", "timezones")
# from one snapshot to the next: inserts, updates, deletes, unchanged, and how often each field changed
REAL = [("2025-10-30_8f04e59", "2026-02-14_cee84c8", (0, 97, 0, 153), {"flags": 60, "currencies": 36, "area": 17, "population": 1}),
        ("2026-02-14_cee84c8", "2026-02-25_ff97f12", (0, 1, 0, 249), {"capital": 1})]
TWIN = [((0, 9, 0, 241), {"currencies": 5, "capital": 2, "languages": 1, "name": 1}),
        ((0, 247, 0, 3), {"population": 247, "flags": 2}),
        ((0, 97, 0, 153), {"flags": 60, "currencies": 36, "area": 17, "population": 1}),
        ((0, 1, 0, 249), {"capital": 1}),
        ((2, 0, 2, 248), {})]


def summary(before, after):
    changes = Counter(change["op"] for change in differences(before, after, "country"))
    fields = Counter(field for change in differences(before, after, "country") if change["op"] == "u"
                     for field in FIELDS if change["before"][field] != change["after"][field])
    return (changes["c"], changes["u"], changes["d"], len(before) - changes["u"] - changes["d"]), fields


def test_changes_between_real_snapshots(pipeline, shared_data):
    """The tabled counts; and views that follow the changes are the views of the last snapshot."""
    at = {day: countries_of(shared_data / "countries" / f"countries_v31_10fields_{day}.json")
          for pair in REAL for day in pair[:2]}
    for first, second, counts, fields in REAL:
        assert summary(at[first], at[second]) == (counts, fields)
        assert not list(differences(at[second], at[second], "country"))
    countries = pipeline("countries")
    snapshots = [[], *(at[day] for day in sorted(at))]
    countries.check({"countries": snapshots[-1]}, changes={"countries": stream(snapshots)})


def stream(snapshots):
    return [change for before, after in zip(snapshots, snapshots[1:]) for change in differences(before, after, "country")]


def test_twin(pipeline, generate):
    folder = generate("countries")
    snapshots = [countries_of(folder / f"countries_{number}.json") for number in range(1, 7)]
    assert [len(rows) for rows in snapshots] == [250] * 6
    assert [summary(before, after) for before, after in zip(snapshots, snapshots[1:])] == TWIN
    countries = pipeline("countries")
    _, refused = countries.check({"countries": snapshots[-1]}, changes={"countries": stream([[], *snapshots])})
    assert refused == {"bronze.countries": 0}
    eur = sum("EUR" in row["currencies"] for row in snapshots[-1])
    assert countries.execute("SELECT country_count, total_population FROM gold.currency_usage WHERE currency_code = 'EUR'") == [
        (eur, sum(row["population"] for row in snapshots[-1] if "EUR" in row["currencies"]))]
    names = dict(countries.execute("SELECT country_name, languages FROM silver.countries"))
    for row in snapshots[-1]:
        assert names[row["country"]] == ("|".join(row["languages"][code] for code in sorted(row["languages"])) or None)


def test_twin_has_the_shape(generate):
    rows = countries_of(generate("countries") / "countries_4.json")
    assert Counter(row["region"] for row in rows) == {"Africa": 59, "Americas": 56, "Europe": 53, "Asia": 50, "Oceania": 27,
                                                      "Antarctic": 5}
    assert [list(row) for row in rows] == [["country", "flags", "name", "currencies", "capital", "region", "subregion",
                                            "languages", "area", "population", "timezones"]] * 250
    empty = {field: sum(not row[field] for row in rows) for field in ("currencies", "capital", "subregion", "languages", "population")}
    assert empty == {"currencies": 3, "capital": 4, "subregion": 5, "languages": 1, "population": 5}
    assert sum(row["flags"]["alt"] == "" for row in rows) == 57
    assert sum(len(row["capital"]) > 1 for row in rows) == 2
    assert sum("EUR" in row["currencies"] for row in rows) == 36
    names = "".join(row["country"] for row in rows)
    assert all(char in names for char in ",'\"\\") and not names.isascii()
    assert any(isinstance(row["area"], Decimal) for row in rows) and any(isinstance(row["area"], int) for row in rows)
    assert min(row["area"] for row in rows) < 1


def test_broken_countries_are_left_out(pipeline, generate):
    countries = pipeline("countries")
    rows = countries_of(generate("countries") / "countries_1.json")
    good = len(rows) - 7
    rows[0]["region"] = "Atlantis"
    rows[1]["population"] = -1
    rows[2]["area"] = 0
    rows[3]["currencies"] = []
    rows[4]["timezones"] = {}
    rows[5]["population"] = 1.5
    rows[6]["capital"] = None
    said, refused = countries.check({"countries": rows})
    assert refused == {"bronze.countries": 7}
    for rule in ("countries_region_check", "countries_population_check", "countries_area_check", "countries_currencies_check",
                 "countries_timezones_check"):
        assert f'left out by rule "{rule}"' in said, rule
    assert countries.value("SELECT records FROM gold.data_quality") == good


def test_twin_is_its_seed_s(generate):
    first, again, other = (generate("countries", word, seed=seed) / "countries_6.json" for word, seed in (("a", 7), ("b", 7), ("c", 8)))
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()
