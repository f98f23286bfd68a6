#include "record/interval.h"

#include "record/numeric_digits.h"
#include "record/text.h"
#include "record/time_fields.h"
#include <endian.h>

enum { DAYS_PER_MONTH = 30, MONTHS_PER_YEAR = 12, PLACES = 6, PRECISION_ALL = 0xffff };

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
    if (fields == INTERVAL_YEAR) {
        interval->months = interval->months / MONTHS_PER_YEAR * MONTHS_PER_YEAR;
        interval->days = 0;
        interval->us = 0;
    } else if ((fields & ~(unsigned)INTERVAL_YEAR) == INTERVAL_MONTH) {
        interval->days = 0;
        interval->us = 0;
    } else if (fields == INTERVAL_DAY) {
        interval->us = 0;
    } else if (!(fields & (INTERVAL_MINUTE | INTERVAL_SECOND))) {
        interval->us = cut(interval->us, HOUR_US);
    } else if (!(fields & INTERVAL_SECOND)) {
        interval->us = cut(interval->us, 60 * SECOND_US);
    }
}

struct interval interval_fit(struct interval interval, int32_t typmod)
{
    static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10};
    unsigned precision = (unsigned)typmod & PRECISION_ALL, fields = (unsigned)typmod >> 16;

    if (typmod < 0)
        return interval;
    if ((fields & INTERVAL_FIELDS_ALL) != INTERVAL_FIELDS_ALL)
        fit_fields(&interval, fields & INTERVAL_FIELDS_ALL);
    if (precision < PLACES) {
        int64_t unit = units[precision];

        interval.us = interval.us >= 0 ? (interval.us + unit / 2) / unit * unit
                                       : -((-interval.us + unit / 2) / unit * unit);
    }
    return interval;
}

bool timetz_parse(struct str text, struct timetz *ret, struct err *reterr)
{
    int64_t us;
    int32_t zone_s = 0;

    if (!text_parse_clock(text, &us, &zone_s, reterr))
        return false;
    *ret = (struct timetz){us, -zone_s};
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
