#include "stamp.h"
#include "base/clock.h"
#include "record/text.h"
#include <inttypes.h>

#define DAY_US INT64_C(86400000000)

/* Below these a number counts seconds, or milliseconds: the year 5138, either way. */
#define SECONDS_BELOW INT64_C(100000000000)
#define MILLISECONDS_BELOW INT64_C(100000000000000)

/* A stamp's parts: which of them it has decides how it is printed again. */
struct stamp {
    int64_t us;      /* since 2000-01-01 */
    char separator;  /* 0: a date alone */
    bool seconds;    /* hours and minutes may stand alone */
    size_t fraction; /* digits */
    struct str rest; /* Z, +00, ... */
};

static bool digits(struct str *at, size_t n, int *ret)
{
    int number = 0;

    if (at->len < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (at->at[i] < '0' || at->at[i] > '9')
            return false;
        number = number * 10 + (at->at[i] - '0');
    }
    at->at += n;
    at->len -= n;
    *ret = number;
    return true;
}

static bool letter(struct str *at, char c)
{
    if (at->len == 0 || *at->at != c)
        return false;
    at->at++;
    at->len--;
    return true;
}

static bool read_date(struct str *at, int64_t *ret_us)
{
    static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day;

    if (!digits(at, 4, &year) || !letter(at, '-') || !digits(at, 2, &month) || !letter(at, '-') ||
        !digits(at, 2, &day) || month < 1 || month > 12 || day < 1 || day > lengths[month - 1])
        return false;
    *ret_us = text_days(year, month, day) * DAY_US;
    return true;
}

static bool read_clock(struct str *at, struct stamp *stamp)
{
    int hour, minute, second = 0;

    if (!digits(at, 2, &hour) || !letter(at, ':') || !digits(at, 2, &minute) || hour > 24 ||
        minute > 59)
        return false;
    stamp->seconds = letter(at, ':');
    if (stamp->seconds && (!digits(at, 2, &second) || second > 60))
        return false;
    stamp->us += (((int64_t)hour * 60 + minute) * 60 + second) * 1000000;
    if (!stamp->seconds || !letter(at, '.'))
        return true;
    for (int64_t unit = 100000; at->len > 0 && *at->at >= '0' && *at->at <= '9'; unit /= 10) {
        stamp->us += (*at->at - '0') * unit;
        stamp->fraction++;
        at->at++;
        at->len--;
    }
    return true;
}

/* Z or a zone's distance, which is kept as it is. */
static bool is_zone(struct str rest)
{
    for (size_t i = 0; i < rest.len; i++) {
        if (strchr("Z+-:0123456789", rest.at[i]) == NULL)
            return false;
    }
    return true;
}

static bool read_stamp(struct str text, struct stamp *ret)
{
    *ret = (struct stamp){0};
    if (!read_date(&text, &ret->us))
        return false;
    if (text.len == 0)
        return true;
    ret->separator = *text.at;
    if ((ret->separator != ' ' && ret->separator != 'T') || !letter(&text, ret->separator) ||
        !read_clock(&text, ret))
        return false;
    ret->rest = text;
    return is_zone(text);
}

static int64_t floor_days(int64_t us)
{
    return us / DAY_US - (us % DAY_US < 0);
}

static void print_date(struct buf *out, int64_t us)
{
    int year, month, day;

    text_date((int32_t)floor_days(us), &year, &month, &day);
    buf_printf(out, "%04d-%02d-%02d", year, month, day);
}

static void print_stamp(struct buf *out, const struct stamp *stamp)
{
    int64_t clock_us = stamp->us - floor_days(stamp->us) * DAY_US;
    int64_t seconds = clock_us / 1000000;
    char fraction[8];

    print_date(out, stamp->us);
    if (stamp->separator == 0)
        return;
    buf_printf(out, "%c%02d:%02d", stamp->separator, (int)(seconds / 3600),
               (int)(seconds / 60 % 60));
    if (stamp->seconds)
        buf_printf(out, ":%02d", (int)(seconds % 60));
    if (stamp->fraction > 0) {
        snprintf(fraction, sizeof(fraction), "%06d", (int)(clock_us % 1000000));
        buf_printf(out, ".%.*s", (int)(stamp->fraction < 6 ? stamp->fraction : 6), fraction);
    }
    buf_put(out, stamp->rest);
}

static bool back_number(struct buf *out, struct str text, int64_t ms)
{
    int64_t number = 0;

    if (!str_integer(text, &number))
        return false;
    int64_t back = number < SECONDS_BELOW        ? (ms + 999) / 1000
                   : number < MILLISECONDS_BELOW ? ms
                                                 : ms * 1000;
    if (__builtin_sub_overflow(number, back, &number))
        return false;
    buf_i64(out, number);
    return true;
}

bool stamp_back(struct buf *out, const struct source_value *stamp, int64_t ms, struct err *reterr)
{
    const int64_t first_us = text_days(1, 1, 1) * DAY_US;
    struct stamp parts;

    if (stamp->class == SOURCE_INTEGER && back_number(out, stamp->text, ms))
        return true;
    if (stamp->class == SOURCE_TEXT && read_stamp(stamp->text, &parts)) {
        /* a form without seconds, or a date, is rounded down: more is read again, not less */
        parts.us -= ms * 1000;
        if (parts.us < first_us)
            parts.us = first_us;
        print_stamp(out, &parts);
        return true;
    }
    if (stamp->class == SOURCE_TEXT && back_number(out, stamp->text, ms))
        return true;
    return err_stop(reterr, EX_CONFIG,
                    "--timestamp-column: \"%.*s\" is no time that --overlap can go back from",
                    STR_ARG(stamp->text));
}

void stamp_iso(struct buf *out, int64_t unix_us)
{
    const struct stamp stamp = {unix_us - PG_EPOCH_UNIX_US, 'T', true, 3, STR("Z")};

    print_stamp(out, &stamp);
}

bool stamp_as_of(struct buf *out, const char *as_of, int64_t now_us, struct err *reterr)
{
    struct stamp stamp;

    if (as_of == NULL) {
        stamp_iso(out, now_us);
        return true;
    }
    if (!read_stamp(str_of(as_of), &stamp) || (stamp.rest.len > 0 && !str_eq(stamp.rest, STR("Z"))))
        return err_stop(reterr, EX_USAGE,
                        "--as-of: \"%s\" is neither a date nor a time in UTC, as 2025-12-31 or "
                        "2025-12-31T08:30:00Z",
                        as_of);
    stamp_iso(out, stamp.us + PG_EPOCH_UNIX_US);
    return true;
}
