#include "record/interval.h"

#include "record/numeric_digits.h"
#include "record/text.h"
#include "record/text_parts.h"
#include <ctype.h>
#include <endian.h>
#include <math.h>

#define SECOND_US INT64_C(1000000)
#define HOUR_US (3600 * SECOND_US)
#define DAY_US (24 * HOUR_US)

enum { DAYS_PER_MONTH = 30, MONTHS_PER_YEAR = 12, PLACES = 6 };

/* As one number of microseconds, a month 30 days. */
static numeric_i128 span_of(struct interval interval)
{
    numeric_i128 days = (numeric_i128)interval.months * DAYS_PER_MONTH + interval.days;

    return days * (numeric_i128)DAY_US + (numeric_i128)interval.us;
}

int interval_compare(struct interval a, struct interval b)
{
    numeric_i128 x = span_of(a), y = span_of(b);

    return (x > y) - (x < y);
}

int timetz_compare(struct timetz a, struct timetz b)
{
    int64_t x = a.us + a.west_s * SECOND_US, y = b.us + b.west_s * SECOND_US;

    if (x != y)
        return x > y ? 1 : -1;
    return (a.west_s > b.west_s) - (a.west_s < b.west_s);
}

void interval_key(struct buf *out, struct interval interval)
{
    numeric_i128 span = span_of(interval);
    uint64_t high = htobe64((uint64_t)(span >> 64) ^ UINT64_C(1) << 63);
    uint64_t low = htobe64((uint64_t)span);

    buf_append(out, &high, sizeof(high));
    buf_append(out, &low, sizeof(low));
}

struct interval interval_canonical(struct interval interval)
{
    numeric_i128 span = span_of(interval),
                 month = (numeric_i128)DAYS_PER_MONTH * (numeric_i128)DAY_US;
    numeric_i128 rest = span % month;

    return (struct interval){(int64_t)(rest % (numeric_i128)DAY_US),
                             (int32_t)(rest / (numeric_i128)DAY_US), (int32_t)(span / month)};
}

/* What a unit's number is added to. */
enum unit { UNIT_US, UNIT_DAY, UNIT_MONTH };

struct unit_word {
    const char *word; /* its first ten letters */
    enum unit unit;
    int64_t scale;
    unsigned mask; /* which units exclude each other */
};

enum {
    HAS_US = 1,
    HAS_MS = 2,
    HAS_SECOND = 4,
    HAS_MINUTE = 8,
    HAS_HOUR = 16,
    HAS_DAY = 32,
    HAS_WEEK = 64,
    HAS_MONTH = 128,
    HAS_YEAR = 256,
    HAS_DECADE = 512,
    HAS_CENTURY = 1024,
    HAS_MILLENNIUM = 2048
};

static const struct unit_word unit_words[] = {
    {"us", UNIT_US, 1, HAS_US},
    {"usec", UNIT_US, 1, HAS_US},
    {"usecs", UNIT_US, 1, HAS_US},
    {"usecond", UNIT_US, 1, HAS_US},
    {"useconds", UNIT_US, 1, HAS_US},
    {"microsecon", UNIT_US, 1, HAS_US},
    {"ms", UNIT_US, 1000, HAS_MS},
    {"msec", UNIT_US, 1000, HAS_MS},
    {"msecs", UNIT_US, 1000, HAS_MS},
    {"msecond", UNIT_US, 1000, HAS_MS},
    {"mseconds", UNIT_US, 1000, HAS_MS},
    {"millisecon", UNIT_US, 1000, HAS_MS},
    {"s", UNIT_US, SECOND_US, HAS_SECOND},
    {"sec", UNIT_US, SECOND_US, HAS_SECOND},
    {"secs", UNIT_US, SECOND_US, HAS_SECOND},
    {"second", UNIT_US, SECOND_US, HAS_SECOND},
    {"seconds", UNIT_US, SECOND_US, HAS_SECOND},
    {"m", UNIT_US, 60 * SECOND_US, HAS_MINUTE},
    {"min", UNIT_US, 60 * SECOND_US, HAS_MINUTE},
    {"mins", UNIT_US, 60 * SECOND_US, HAS_MINUTE},
    {"minute", UNIT_US, 60 * SECOND_US, HAS_MINUTE},
    {"minutes", UNIT_US, 60 * SECOND_US, HAS_MINUTE},
    {"h", UNIT_US, HOUR_US, HAS_HOUR},
    {"hr", UNIT_US, HOUR_US, HAS_HOUR},
    {"hrs", UNIT_US, HOUR_US, HAS_HOUR},
    {"hour", UNIT_US, HOUR_US, HAS_HOUR},
    {"hours", UNIT_US, HOUR_US, HAS_HOUR},
    {"d", UNIT_DAY, 1, HAS_DAY},
    {"day", UNIT_DAY, 1, HAS_DAY},
    {"days", UNIT_DAY, 1, HAS_DAY},
    {"w", UNIT_DAY, 7, HAS_WEEK},
    {"week", UNIT_DAY, 7, HAS_WEEK},
    {"weeks", UNIT_DAY, 7, HAS_WEEK},
    {"mon", UNIT_MONTH, 1, HAS_MONTH},
    {"mons", UNIT_MONTH, 1, HAS_MONTH},
    {"month", UNIT_MONTH, 1, HAS_MONTH},
    {"months", UNIT_MONTH, 1, HAS_MONTH},
    {"y", UNIT_MONTH, 12, HAS_YEAR},
    {"yr", UNIT_MONTH, 12, HAS_YEAR},
    {"yrs", UNIT_MONTH, 12, HAS_YEAR},
    {"year", UNIT_MONTH, 12, HAS_YEAR},
    {"years", UNIT_MONTH, 12, HAS_YEAR},
    {"dec", UNIT_MONTH, 120, HAS_DECADE},
    {"decs", UNIT_MONTH, 120, HAS_DECADE},
    {"decade", UNIT_MONTH, 120, HAS_DECADE},
    {"decades", UNIT_MONTH, 120, HAS_DECADE},
    {"c", UNIT_MONTH, 1200, HAS_CENTURY},
    {"cent", UNIT_MONTH, 1200, HAS_CENTURY},
    {"century", UNIT_MONTH, 1200, HAS_CENTURY},
    {"centuries", UNIT_MONTH, 1200, HAS_CENTURY},
    {"mil", UNIT_MONTH, 12000, HAS_MILLENNIUM},
    {"mils", UNIT_MONTH, 12000, HAS_MILLENNIUM},
    {"millennia", UNIT_MONTH, 12000, HAS_MILLENNIUM},
    {"millennium", UNIT_MONTH, 12000, HAS_MILLENNIUM},
};

/* PostgreSQL's bits of the fields in a typmod. */
enum {
    FIELD_MONTH = 1 << 1,
    FIELD_YEAR = 1 << 2,
    FIELD_DAY = 1 << 3,
    FIELD_HOUR = 1 << 10,
    FIELD_MINUTE = 1 << 11,
    FIELD_SECOND = 1 << 12,
    FIELDS_ALL = 0x7fff,
    PRECISION_ALL = 0xffff
};

/* The sum so far; wider than the result, checked at the end. */
struct reading {
    int64_t us, days, months;
    unsigned seen, fields;
    bool beyond;
};

enum outcome { GOOD, SYNTAX, RANGE };

/* A signed decimal: its whole part and its fraction, both with the sign. */
struct decimal {
    int64_t whole;
    double fraction;
    bool negative;
};

static void add_to(struct reading *reading, int64_t *sum, int64_t number, int64_t scale)
{
    int64_t product;

    reading->beyond |= __builtin_mul_overflow(number, scale, &product);
    reading->beyond |= __builtin_add_overflow(*sum, product, sum);
}

static void add_fraction_us(struct reading *reading, double fraction, int64_t scale)
{
    double product = fraction * (double)scale;
    int64_t us = (int64_t)product;

    product -= (double)us;
    us += product > 0.5 ? 1 : product < -0.5 ? -1 : 0;
    add_to(reading, &reading->us, us, 1);
}

static void add_fraction_days(struct reading *reading, double fraction, int scale)
{
    double product = fraction * scale;
    int64_t days = (int64_t)product;

    add_to(reading, &reading->days, days, 1);
    add_fraction_us(reading, product - (double)days, DAY_US);
}

/* A fraction spills into the next smaller fields: of a year into months, of a month into days of
 * 30, of a day into time. */
static void add_unit(struct reading *reading, const struct unit_word *word, struct decimal number)
{
    switch (word->unit) {
    case UNIT_US:
        add_to(reading, &reading->us, number.whole, word->scale);
        add_fraction_us(reading, number.fraction, word->scale);
        break;
    case UNIT_DAY:
        add_to(reading, &reading->days, number.whole, word->scale);
        if (word->scale == 1)
            add_fraction_us(reading, number.fraction, DAY_US);
        else
            add_fraction_days(reading, number.fraction, (int)word->scale);
        break;
    case UNIT_MONTH:
        add_to(reading, &reading->months, number.whole, word->scale);
        if (word->scale == 1)
            add_fraction_days(reading, number.fraction, DAYS_PER_MONTH);
        else
            reading->months += (int64_t)rint(number.fraction * (double)word->scale);
        break;
    }
    reading->beyond |= reading->months > INT32_MAX || reading->months < INT32_MIN ||
                       reading->days > INT32_MAX || reading->days < INT32_MIN;
}

static const struct unit_word *find_unit(struct str word)
{
    if (word.len > 10)
        word.len = 10;
    for (size_t i = 0; i < sizeof(unit_words) / sizeof(unit_words[0]); i++) {
        if (text_same_word(word, unit_words[i].word))
            return &unit_words[i];
    }
    return NULL;
}

struct cursor {
    const char *at, *end;
};

static bool is_digit(const struct cursor *in)
{
    return in->at < in->end && isdigit((unsigned char)*in->at);
}

static bool take(struct cursor *in, char c)
{
    if (in->at == in->end || *in->at != c)
        return false;
    in->at++;
    return true;
}

/* Digits as a number; false when there are none. */
static bool take_digits(struct cursor *in, int64_t *ret, bool *ret_beyond)
{
    const char *start = in->at;
    int64_t number = 0;

    for (; is_digit(in); in->at++) {
        *ret_beyond |= __builtin_mul_overflow(number, 10, &number);
        *ret_beyond |= __builtin_add_overflow(number, *in->at - '0', &number);
    }
    *ret = number;
    return in->at > start;
}

/* The digits behind a point as a number below 1. */
static double take_fraction(struct cursor *in)
{
    char text[40] = "0.";
    size_t n = 2;

    for (; is_digit(in); in->at++) {
        if (n < sizeof(text) - 1)
            text[n++] = *in->at;
    }
    return strtod(text, NULL);
}

static bool take_decimal(struct cursor *in, struct decimal *ret, bool *ret_beyond)
{
    bool point;

    ret->negative = take(in, '-');
    if (!ret->negative)
        (void)take(in, '+');
    bool digits = take_digits(in, &ret->whole, ret_beyond);
    point = take(in, '.');
    ret->fraction = point ? take_fraction(in) : 0;
    if (ret->negative) {
        ret->whole = -ret->whole;
        ret->fraction = -ret->fraction;
    }
    return digits || point;
}

/* ":MM[:SS[.ffffff]]" behind the hours, or ":SS.f" behind the minutes. */
static enum outcome take_clock(struct cursor *in, struct decimal hours, struct reading *reading)
{
    int64_t minutes = 0, seconds = 0, hour = hours.negative ? -hours.whole : hours.whole;
    double fraction = 0;
    bool beyond = false;

    if (!take_digits(in, &minutes, &beyond))
        return SYNTAX;
    if (take(in, ':')) {
        if (!take_digits(in, &seconds, &beyond))
            return SYNTAX;
        if (take(in, '.'))
            fraction = take_fraction(in);
    } else if (take(in, '.') || reading->fields == (FIELD_MINUTE | FIELD_SECOND)) {
        fraction = take_fraction(in);
        seconds = minutes;
        minutes = hour;
        hour = 0;
    }
    if (beyond || minutes > 59 || seconds > 60)
        return RANGE;
    int64_t sign = hours.negative ? -1 : 1;
    add_to(reading, &reading->us, sign * hour, HOUR_US);
    add_to(reading, &reading->us, sign * (minutes * 60 + seconds), SECOND_US);
    add_to(reading, &reading->us, sign * (int64_t)rint(fraction * (double)SECOND_US), 1);
    return GOOD;
}

static enum outcome mark(struct reading *reading, unsigned mask)
{
    if (reading->seen & mask)
        return SYNTAX;
    reading->seen |= mask;
    return GOOD;
}

static void skip_blanks(struct cursor *in)
{
    while (in->at < in->end && isspace((unsigned char)*in->at))
        in->at++;
}

/* "Y-M" behind its year. */
static enum outcome take_year_month(struct cursor *in, struct decimal years,
                                    struct reading *reading)
{
    int64_t months;

    in->at++;
    if (!take_digits(in, &months, &reading->beyond))
        return SYNTAX;
    if (months >= MONTHS_PER_YEAR)
        return RANGE;
    add_unit(reading, find_unit(STR("year")), years);
    add_to(reading, &reading->months, years.negative ? -months : months, 1);
    return mark(reading, HAS_YEAR | HAS_MONTH);
}

/* The unit of a number that has none: the lowest of the typmod's fields. */
static struct str lowest_field(unsigned fields)
{
    if ((fields & FIELDS_ALL) == FIELDS_ALL || (fields & FIELD_SECOND))
        return STR("second");
    return fields & FIELD_MINUTE  ? STR("minute")
           : fields & FIELD_HOUR  ? STR("hour")
           : fields & FIELD_DAY   ? STR("day")
           : fields & FIELD_MONTH ? STR("month")
                                  : STR("year");
}

/* A number's unit is a word behind it; without one: days when a clock follows, else seconds. */
static enum outcome take_unit(struct cursor *in, struct decimal number, struct reading *reading)
{
    const struct unit_word *unit;
    const char *start;

    skip_blanks(in);
    start = in->at;
    while (in->at < in->end && isalpha((unsigned char)*in->at))
        in->at++;
    struct str word = str_between(start, in->at);
    if (word.len == 0 || text_same_word(word, "ago")) {
        in->at = start;
        unit =
            find_unit(in->at < in->end && !word.len ? STR("day") : lowest_field(reading->fields));
    } else {
        unit = find_unit(word);
    }
    if (unit == NULL)
        return SYNTAX;
    add_unit(reading, unit, number);
    return mark(reading, unit->mask);
}

static enum outcome take_field(struct cursor *in, struct reading *reading)
{
    struct decimal number;
    bool beyond = false;

    if (!take_decimal(in, &number, &beyond))
        return SYNTAX;
    if (beyond)
        return RANGE;
    if (number.fraction == 0 && take(in, ':')) {
        enum outcome outcome = take_clock(in, number, reading);

        return outcome != GOOD ? outcome : mark(reading, HAS_HOUR | HAS_MINUTE | HAS_SECOND);
    }
    if (number.fraction == 0 && in->end - in->at >= 2 && *in->at == '-' &&
        isdigit((unsigned char)in->at[1]))
        return take_year_month(in, number, reading);
    return take_unit(in, number, reading);
}

static void negate(struct reading *reading)
{
    reading->us = -reading->us;
    reading->days = -reading->days;
    reading->months = -reading->months;
}

/* [@] number unit ... [ago] */
static enum outcome read_words(struct cursor *in, struct reading *reading)
{
    bool any = false;

    skip_blanks(in);
    (void)take(in, '@');
    for (skip_blanks(in); in->at < in->end; skip_blanks(in)) {
        if (text_same_word(str_between(in->at, in->end), "ago")) {
            negate(reading);
            in->at = in->end;
            return any ? GOOD : SYNTAX;
        }
        enum outcome outcome = take_field(in, reading);
        if (outcome != GOOD)
            return outcome;
        any = true;
    }
    return any ? GOOD : SYNTAX;
}

/* ISO 8601: P1Y2M3W4DT5H6M7.8S */
static enum outcome read_iso(struct cursor *in, struct reading *reading)
{
    static const struct {
        char letter;
        bool in_time;
        const char *unit;
    } letters[] = {{'Y', false, "year"}, {'M', false, "month"}, {'W', false, "week"},
                   {'D', false, "day"},  {'H', true, "hour"},   {'M', true, "minute"},
                   {'S', true, "second"}};
    bool in_time = false, any = false;
    struct decimal number;

    while (in->at < in->end) {
        const struct unit_word *unit = NULL;

        if (!in_time && take(in, 'T')) {
            in_time = true;
            continue;
        }
        if (!take_decimal(in, &number, &reading->beyond) || in->at == in->end)
            return SYNTAX;
        for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
            if (letters[i].letter == *in->at && letters[i].in_time == in_time)
                unit = find_unit(str_of(letters[i].unit));
        }
        if (unit == NULL)
            return SYNTAX;
        in->at++;
        add_unit(reading, unit, number);
        any = true;
    }
    return any ? GOOD : SYNTAX;
}

bool interval_parse(struct str text, int32_t typmod, struct interval *ret, struct err *reterr)
{
    struct str bare = text_trimmed(text);
    struct cursor in = {bare.at, bare.at + bare.len};
    struct reading reading = {.fields = typmod < 0 ? FIELDS_ALL : (unsigned)typmod >> 16};
    enum outcome outcome;

    if (bare.len > 1 && *bare.at == 'P') {
        in.at++;
        outcome = read_iso(&in, &reading);
    } else {
        outcome = read_words(&in, &reading);
    }
    if (outcome == SYNTAX)
        return text_bad_syntax("22007", TYPE_INTERVAL, text, reterr);
    if (outcome == RANGE || reading.beyond)
        return err_sql(reterr, ERR_DEAD_LETTER, "22015",
                       "interval field value out of range: \"%.*s\"", STR_ARG(text));
    *ret = (struct interval){reading.us, (int32_t)reading.days, (int32_t)reading.months};
    return true;
}

/* "-3 days"; a plus sign behind a negative part keeps the reader from taking it as negative. */
static void print_part(struct buf *out, int64_t number, const char *unit, bool *zero, bool *before)
{
    if (number == 0)
        return;
    buf_printf(out, "%s%s%lld %s%s", *zero ? "" : " ", *before && number > 0 ? "+" : "",
               (long long)number, unit, number != 1 ? "s" : "");
    *before = number < 0;
    *zero = false;
}

static void print_clock(struct buf *out, uint64_t us)
{
    uint64_t fraction = us % (uint64_t)SECOND_US, seconds = us / (uint64_t)SECOND_US;
    int places = PLACES;

    buf_printf(out, "%02llu:%02llu:%02llu", (unsigned long long)(seconds / 3600),
               (unsigned long long)(seconds / 60 % 60), (unsigned long long)(seconds % 60));
    if (fraction == 0)
        return;
    for (; fraction % 10 == 0; fraction /= 10)
        places--;
    buf_printf(out, ".%0*llu", places, (unsigned long long)fraction);
}

void interval_print(struct buf *out, struct interval interval)
{
    bool zero = true, before = false;

    print_part(out, interval.months / MONTHS_PER_YEAR, "year", &zero, &before);
    print_part(out, interval.months % MONTHS_PER_YEAR, "mon", &zero, &before);
    print_part(out, interval.days, "day", &zero, &before);
    if (!zero && interval.us == 0)
        return;
    buf_printf(out, "%s%s", zero ? "" : " ", interval.us < 0 ? "-" : before ? "+" : "");
    print_clock(out, interval.us < 0 ? 0 - (uint64_t)interval.us : (uint64_t)interval.us);
}

static int64_t cut(int64_t us, int64_t unit_us)
{
    return us / unit_us * unit_us;
}

/* Drops what lies below the lowest field, which of several decides alone. */
static void fit_fields(struct interval *interval, unsigned fields)
{
    if (fields == FIELD_YEAR) {
        interval->months = interval->months / MONTHS_PER_YEAR * MONTHS_PER_YEAR;
        interval->days = 0;
        interval->us = 0;
    } else if ((fields & ~(unsigned)FIELD_YEAR) == FIELD_MONTH) {
        interval->days = 0;
        interval->us = 0;
    } else if (fields == FIELD_DAY) {
        interval->us = 0;
    } else if (!(fields & (FIELD_MINUTE | FIELD_SECOND))) {
        interval->us = cut(interval->us, HOUR_US);
    } else if (!(fields & FIELD_SECOND)) {
        interval->us = cut(interval->us, 60 * SECOND_US);
    }
}

struct interval interval_fit(struct interval interval, int32_t typmod)
{
    static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10};
    unsigned precision = (unsigned)typmod & PRECISION_ALL, fields = (unsigned)typmod >> 16;

    if (typmod < 0)
        return interval;
    if ((fields & FIELDS_ALL) != FIELDS_ALL)
        fit_fields(&interval, fields & FIELDS_ALL);
    if (precision < PLACES) {
        int64_t unit = units[precision];

        interval.us = interval.us >= 0 ? (interval.us + unit / 2) / unit * unit
                                       : -((-interval.us + unit / 2) / unit * unit);
    }
    return interval;
}

bool timetz_parse(struct str text, struct timetz *ret, struct err *reterr)
{
    int64_t us, zone_s;

    if (!text_parse_clock(text, &us, &zone_s, reterr))
        return false;
    *ret = (struct timetz){us, (int32_t)-zone_s};
    return true;
}

void timetz_print(struct buf *out, struct timetz time)
{
    int east = -time.west_s, absolute = east < 0 ? -east : east;

    print_clock(out, (uint64_t)time.us);
    buf_printf(out, "%c%02d", east < 0 ? '-' : '+', absolute / 3600);
    if (absolute % 3600 != 0)
        buf_printf(out, ":%02d", absolute / 60 % 60);
    if (absolute % 60 != 0)
        buf_printf(out, ":%02d", absolute % 60);
}
