"""Texts of dates, times and intervals: thousands of random ones, right and wrong, mean what they mean to PostgreSQL."""

from harness.oracle import N, compare, random_source  # noqa: F401

TYPES = ["date", "time", "timetz", "timestamp", "timestamptz", "timestamptz", "timestamp(2)", "time(1)", "timetz(3)"]
MONTHS = ("january february march april may june july august september october november december "
          "jan feb mar apr jun jul aug sep sept oct nov dec").split()
ZONES = ["Europe/Prague", "america/new_york", "Asia/Tokyo", "Etc/GMT+5", "EST5EDT", "US/Pacific", "Australia/Lord_Howe", "UCT", "GB", "GMT0", "Pacific/Apia",
         "Africa/Casablanca", "America/Argentina/Buenos_Aires", "Nowhere/City", "Nowhere", "GMT+4", "pst-03:00", "XST3XDT", "XST-24:00", "MET DST", "MSK DST", "DST",
         "Z", "MSK", "VET", "pdt", "cest", "IRKT"]
WORDS = ["epoch", "infinity", "-infinity", "allballs", "+infinity", "at", "on", "T", "dst", "@", "BC", "ad", "pm", "thursday"]
UNITS = ("us usec usecond microseconds ms msec millisecond s sec seconds m min minutes h hr hours d day days w weeks mon months y yrs years dec decades c century "
         "mil millennia qtr quarter timezone ago").split()


def part(r):
    """A month or a day."""
    return r.choice([f"{r.randrange(1, 13)}", f"{r.randrange(1, 13):02}", f"{r.randrange(1, 29)}", f"{r.randrange(0, 33):02}"])


def year(r):
    return r.choice([f"{r.randrange(1900, 2100)}", f"{r.randrange(100)}", f"{r.randrange(1, 1000):04}", f"{r.randrange(1, 300000)}"])


def month(r):
    return r.choice([str.lower, str.upper, str.capitalize])(r.choice(MONTHS))


def date(r):
    mark = r.choice("-/. ")
    parts = r.choice([(year, part, part), (part, part, year), (part, month, year), (month, part, year), (year, month, part)])
    return r.choice([lambda: mark.join(make(r) for make in parts), lambda: f"{r.randrange(1900, 2100)}{part(r)}{part(r)}",
                     lambda: f"{month(r)} {part(r)}, {year(r)}", lambda: f"{year(r)}.{r.randrange(0, 370):03}", lambda: f"y{year(r)}m{part(r)}d{part(r)}",
                     lambda: f"{r.choice(['J', 'jd', 'julian '])}{r.randrange(3000000)}{r.choice(['', '.5', '.123'])}",
                     lambda: f"{r.choice(['mon', 'Tuesday', 'weds'])} {month(r)} {part(r)} {year(r)}"])()


def fraction(r):
    return r.choice(["", "", ".", f".{r.randrange(10 ** r.randrange(1, 10))}"])


def clock(r):
    h, m, s = r.choice([(23, 59, 59), (24, 60, 61), (26, 62, 63)])
    h, m, s = r.randrange(h + 1), r.randrange(m + 1), r.randrange(s + 1)
    return r.choice([f"{h:02}:{m:02}:{s:02}{fraction(r)}", f"{h}:{m:02}", f"{h:02}{m:02}{s:02}{fraction(r)}", f"{h:02}{m:02}", f"{h}:{m}:{s}",
                     f" h{h}mm{m}s{s}{fraction(r)}", f"{h:02}:{m:02}.{s}", f"{h % 14}:{m:02}{r.choice([' ', ''])}{r.choice(['am', 'PM'])}"])


def zone(r):
    hours, minutes = r.randrange(17), r.randrange(61)
    return r.choice(["", "", " " + r.choice(ZONES), f"{r.choice('+-')}{hours:02}", f"{r.choice('+-')}{hours:02}:{minutes:02}",
                     f" {r.choice('+-')}{hours:02}{minutes:02}", f"{r.choice('+-')}{hours}:{minutes}:{minutes}"])


def moment(r):
    era = r.choice(["", "", "", " BC", " AD"])
    return r.choice([lambda: date(r) + era, lambda: f"{date(r)} {clock(r)}{zone(r)}{era}", lambda: f"{date(r)}T{clock(r)}{zone(r)}",
                     lambda: f"{clock(r)}{zone(r)} {date(r)}{era}", lambda: f"{date(r)} {zone(r)} {clock(r)}", lambda: f"{date(r)}{zone(r)}",
                     lambda: f"wed {month(r)} {part(r)} {clock(r)}{zone(r)} {year(r)}", lambda: f"{clock(r)}{zone(r)}",
                     lambda: f"{r.choice(WORDS)} {r.choice(['', clock(r), date(r)])}"])()


def number(r):
    return r.choice(["", "", "+", "-"]) + r.choice([f"{r.randrange(100)}", f"{r.randrange(10 ** r.randrange(1, 20))}", f"{r.randrange(100)}{fraction(r)}",
                                                    f"{r.randrange(30)}-{r.randrange(13)}", "2147483647", "2147483648", "9223372036854775808", ".5"])


def iso(r):
    def letters(of):
        return "".join(number(r) + r.choice(of) for _ in range(r.randrange(4)))
    day, time = f"{r.randrange(10 ** 4):04}-{r.randrange(14):02}-{r.randrange(32):02}", f"{r.randrange(30)}:{r.randrange(61):02}:{r.randrange(61):02}{fraction(r)}"
    return "P" + r.choice([letters("YMWD") + r.choice(["", "T" + letters("HMS")]), day, f"{day}T{time}", f"T{time}", f"{r.randrange(10 ** 8):08}",
                           f"{r.randrange(10 ** 8):08}T{r.randrange(10 ** 6):06}{fraction(r)}", f"{number(r)}{r.choice(['', '-', 'T', 'e2D'])}"])


def interval(r):
    time = r.choice(["", "+", "-"]) + r.choice([f"{r.randrange(100)}:{r.randrange(61):02}", f"{r.randrange(30)}:{r.randrange(60)}:{r.randrange(61)}{fraction(r)}",
                                                f"{r.randrange(10 ** r.randrange(1, 12))}:00:00"])
    units = " ".join(f"{r.choice(['', '', '@ '])}{number(r)}{r.choice([' ', ''])}{r.choice(UNITS)}" for _ in range(r.randrange(1, 4)))
    return r.choice([units + r.choice(["", " ago"]), f"{number(r)} {time}", f"{units} {time}", time, iso(r), number(r), f"{number(r)} {number(r)} {time}"])


def spoiled(r, text):
    """Often the text itself, else with a character less, more or another at its end."""
    at, kind = r.randrange(len(text)) if text else 0, r.randrange(12)
    if kind > 2 or not text:
        return text
    return [text[:at] + text[at + 1:], text[:at] + r.choice("0123456789:-+./ aptzdjyT,@_xé$") + text[at:], f" {text} {r.choice(WORDS + ZONES)}"][kind]


def test_dates_and_times(compare, random_source):  # noqa: F811
    compare([("parse", spoiled(random_source, moment(random_source)), random_source.choice(TYPES)) for _ in range(10 * N)])


def test_intervals(compare, random_source):  # noqa: F811
    compare([("parse", spoiled(random_source, interval(random_source)), "interval") for _ in range(10 * N)])


def test_every_abbreviation(compare, pg):  # noqa: F811
    """Those that PostgreSQL knows, at moments when some meant another thing, and what only the zones themselves call so."""
    with pg.connect("postgres") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT abbrev FROM pg_timezone_abbrevs UNION SELECT abbrev FROM pg_timezone_names WHERE abbrev ~ '^[A-Z]+$'")
        words = [word for (word,) in cursor.fetchall()]
    assert len(words) > 190
    compare([("parse", f"{moment} {word}", "timestamptz") for word in words
             for moment in ("1950-06-01 12:00", "1985-01-15 12:00", "1999-07-15 12:00", "2011-01-15 12:00", "2013-07-15 12:00", "2024-01-15 12:00")])


def test_every_zone(compare, pg):  # noqa: F811
    with pg.connect("postgres") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names WHERE name NOT LIKE 'right/%' AND name NOT LIKE 'posix/%'")
        names = [name for (name,) in cursor.fetchall()]
    assert len(names) > 400
    compare([("parse", f"{moment} {name}", "timestamptz") for name in names
             for moment in ("1880-01-01 12:00", "1944-06-01 12:00", "1985-03-31 02:30", "2023-10-29 02:30", "2040-07-15 12:00", "12024-01-15 12:00")])
