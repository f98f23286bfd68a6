/*
 * Dates and times from and to text. What PostgreSQL and ISO 8601 write is read here, whatever else
 * PostgreSQL takes in time_read.c.
 */
#include "record/text.h"

#include "record/time_read.h"

#define TIMESTAMP_MIN (DAYS_MIN * DAY_US)
#define TIMESTAMP_END INT64_C(9223371331200000000) /* 294277-01-01 */

enum {
    DAYS_MIN = -2451545,   /* 4714-11-24 BC */
    DAYS_END = 2145031949, /* 5874898-01-01 */
    DAYS_UNIX = -10957,    /* 1970-01-01 */
    ZONE_HOURS_MAX = 15,
    YEAR_FAR = 294000, /* there are timestamps up to 294276 */
    YEAR_LAST = 5874897,
    FRACTION_DIGITS = 6
};

/* Days by the calendar of years that begin in March, whose leap day is the last. */
int32_t text_days(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return (int32_t)(era * 146097 + day_of_era - 730425);
}

void text_date(int32_t days, int *ret_year, int *ret_month, int *ret_day)
{
    int64_t z = (int64_t)days + 730425;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t from_march = (5 * day_of_year + 2) / 153;

    *ret_day = (int)(day_of_year - (153 * from_march + 2) / 5 + 1);
    *ret_month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
    *ret_year = (int)(year_of_era + era * 400 + (*ret_month <= 2));
}

int text_month_length(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && leap);
}

int text_weekday(int32_t days)
{
    int day = (int)(((int64_t)days + 6) % 7); /* 2000-01-01 was a Saturday */

    return day < 0 ? day + 7 : day;
}

/* ---- the plain forms ---- */

/* What a text of a plain form says. */
struct plain {
    int64_t days, us;
    int32_t zone_s; /* east is positive */
};

/* Two digits as a number; -1: they are none. */
static int pair(const char *at)
{
    unsigned tens = (unsigned)(unsigned char)at[0] - '0',
             ones = (unsigned)(unsigned char)at[1] - '0';

    return tens > 9 || ones > 9 ? -1 : (int)(tens * 10 + ones);
}

/* YYYY-MM-DD; what is behind it, NULL: not plain. */
static const char *plain_date(const char *at, const char *end, struct plain *ret)
{
    int century, year, month, day;

    if (end - at < 10 || at[4] != '-' || at[7] != '-')
        return NULL;
    century = pair(at);
    year = pair(at + 2);
    month = pair(at + 5);
    day = pair(at + 8);
    if (century < 0 || year < 0 || month < 1 || month > 12 || day < 1)
        return NULL;
    year += century * 100;
    if (year == 0 || day > text_month_length(year, month))
        return NULL;
    ret->days = text_days(year, month, day);
    return at + 10;
}

/* The digits behind the point, six at most. */
static const char *plain_fraction(const char *at, const char *end, int64_t *ret_us)
{
    int64_t us = 0;
    int n = 0;

    for (; n < FRACTION_DIGITS && at < end && *at >= '0' && *at <= '9'; n++)
        us = us * 10 + (*at++ - '0');
    if (n == 0 || (at < end && *at >= '0' && *at <= '9'))
        return NULL;
    for (; n < FRACTION_DIGITS; n++)
        us *= 10;
    *ret_us = us;
    return at;
}

/* HH:MM[:SS[.ffffff]] */
static const char *plain_time(const char *at, const char *end, struct plain *ret)
{
    int hour, minute, second = 0;
    int64_t fraction_us = 0;

    if (end - at < 5 || at[2] != ':')
        return NULL;
    hour = pair(at);
    minute = pair(at + 3);
    at += 5;
    if (end - at >= 3 && *at == ':') {
        second = pair(at + 1);
        at += 3;
        if (at < end && *at == '.')
            at = plain_fraction(at + 1, end, &fraction_us);
    }
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return NULL;
    ret->us = hour * HOUR_US + minute * MINUTE_US + second * SECOND_US + fraction_us;
    return at;
}

/* Z, UTC, +HH or +HH:MM to the end, or nothing; a blank may come before. */
static bool plain_zone(const char *at, const char *end, struct plain *ret)
{
    int hours, minutes = 0;

    if (at == end)
        return true;
    at += *at == ' ' && end - at > 1;
    if (str_eq(str_between(at, end), STR("Z")) || str_eq(str_between(at, end), STR("UTC")))
        return true;
    if ((*at != '+' && *at != '-') || (end - at != 3 && (end - at != 6 || at[3] != ':')))
        return false;
    hours = pair(at + 1);
    if (end - at == 6)
        minutes = pair(at + 4);
    if (hours < 0 || hours > ZONE_HOURS_MAX || minutes < 0 || minutes > 59)
        return false;
    ret->zone_s = (hours * 60 + minutes) * 60 * (*at == '-' ? -1 : 1);
    return true;
}

/* YYYY-MM-DD[T or blank, HH:MM[:SS[.ffffff]][zone]], or the time alone; false: the text is of another form. */
static bool read_plain(struct str text, bool time_only, struct plain *ret)
{
    const char *at = text.at, *end = text.at + text.len;

    *ret = (struct plain){0};
    if (!time_only) {
        at = plain_date(at, end, ret);
        if (at == NULL || at == end)
            return at != NULL;
        if (*at != ' ' && *at != 'T')
            return false;
        at++;
    }
    at = plain_time(at, end, ret);
    return at != NULL && plain_zone(at, end, ret);
}

/* ---- every form ---- */

static bool fail(enum time_outcome outcome, enum type_id type, struct str text,
                 const struct time_reading *reading, struct err *reterr)
{
    switch (outcome) {
    case TIME_RANGE:
        return err_sql(reterr, ERR_DEAD_LETTER, "22008",
                       "date/time field value out of range: \"%.*s\"", STR_ARG(text));
    case TIME_ZONE_RANGE:
        return err_sql(reterr, ERR_DEAD_LETTER, "22009",
                       "time zone displacement out of range: \"%.*s\"", STR_ARG(text));
    case TIME_ZONE_UNKNOWN:
        return err_sql(reterr, ERR_DEAD_LETTER, "22023", "time zone \"%s\" not recognized",
                       reading->zone_name);
    case TIME_NOW:
        return err_sql(reterr, ERR_DEAD_LETTER, "0A000",
                       "\"%.*s\" changes by itself, a view can't be kept equal to it; write the "
                       "moment that it stands for, or now() or current_date with --as-of=TIMESTAMP",
                       STR_ARG(text));
    case TIME_OK:
    case TIME_SYNTAX:
        break;
    }
    return text_bad_syntax("22007", type, text, reterr);
}

static bool out_of_range(const char *what, struct str text, struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22008", "%s out of range: \"%.*s\"", what,
                   STR_ARG(text));
}

/* The years that text_days may be asked for without leaving int32. */
static bool days_of(const struct time_reading *in, int64_t *ret)
{
    if (in->year < -4713 || (in->year == -4713 && in->month < 11) || in->year > YEAR_LAST)
        return false;
    *ret = text_days(in->year, in->month, in->day);
    return true;
}

static int64_t time_of(const struct time_reading *in)
{
    return in->hour * HOUR_US + in->minute * MINUTE_US + in->second * SECOND_US + in->fraction_us;
}

static bool take_date(const struct time_reading *in, struct str text, int64_t *ret,
                      struct err *reterr)
{
    if (in->moment == TIME_MOMENT_INFINITY)
        *ret = INT32_MAX;
    else if (in->moment == TIME_MOMENT_MINUS_INFINITY)
        *ret = INT32_MIN;
    else if (in->moment == TIME_MOMENT_EPOCH)
        *ret = DAYS_UNIX;
    else if (!days_of(in, ret) || *ret < DAYS_MIN || *ret >= DAYS_END)
        return out_of_range("date", text, reterr);
    return true;
}

/* The moment that the clocks of the text's zone show; the local one where there is none. */
static bool join(const struct time_reading *in, bool zoned, int64_t *ret)
{
    int64_t days;

    if (!days_of(in, &days) || __builtin_mul_overflow(days, DAY_US, ret) ||
        __builtin_add_overflow(*ret, time_of(in), ret) || *ret < TIMESTAMP_MIN - DAY_US ||
        *ret > TIMESTAMP_END + DAY_US)
        return false;
    if (zoned)
        *ret = zone_to_utc(&in->zone, *ret);
    return true;
}

static bool take_timestamp(struct type type, const struct time_reading *in, struct str text,
                           int64_t *ret, struct err *reterr)
{
    int64_t us;

    if (in->moment == TIME_MOMENT_INFINITY)
        us = INT64_MAX;
    else if (in->moment == TIME_MOMENT_MINUS_INFINITY)
        us = INT64_MIN;
    else if (in->moment == TIME_MOMENT_EPOCH)
        us = DAYS_UNIX * DAY_US;
    else if (!join(in, type.id == TYPE_TIMESTAMPTZ, &us) || us < TIMESTAMP_MIN ||
             us >= TIMESTAMP_END)
        return out_of_range("timestamp", text, reterr);
    *ret = text_round_time(type, us);
    return true;
}

static bool parse_any(struct type type, struct str text, int64_t *ret, struct err *reterr)
{
    struct time_reading reading;
    enum time_outcome outcome = time_read(text, type.id == TYPE_TIME, &reading);

    if (outcome != TIME_OK)
        return fail(outcome, type.id, text, &reading, reterr);
    if (type.id == TYPE_DATE)
        return take_date(&reading, text, ret, reterr);
    if (type.id != TYPE_TIME)
        return take_timestamp(type, &reading, text, ret, reterr);
    *ret = text_round_time(type, time_of(&reading));
    return true;
}

bool text_parse_time(struct type type, struct str text, int64_t *ret, struct err *reterr)
{
    struct plain plain;
    int64_t zone_us;

    if (!read_plain(text, type.id == TYPE_TIME, &plain))
        return parse_any(type, text, ret, reterr);
    if (type.id == TYPE_DATE) {
        *ret = plain.days;
        return true;
    }
    zone_us = type.id == TYPE_TIMESTAMPTZ ? plain.zone_s * SECOND_US : 0;
    *ret = text_round_time(type, plain.days * DAY_US + plain.us - zone_us);
    return true;
}

/* The offset of a time's zone, by the date if the text has one, else it must not change. A year
 * beyond timestamps stands for one with its rules, some times 400 before. */
static bool clock_zone(struct time_reading *in, int32_t *ret)
{
    int64_t local, utc;

    if (zone_is_fixed(&in->zone, ret))
        return true;
    if (!in->has_date)
        return zone_is_settled(&in->zone, ret);
    if (in->year > YEAR_FAR && in->year <= YEAR_LAST)
        in->year -= (in->year - YEAR_FAR + 399) / 400 * 400;
    if (join(in, false, &local) && join(in, true, &utc))
        *ret = (int32_t)((local - utc) / SECOND_US);
    else /* PostgreSQL asks for 1970 */
        *ret = in->zone.abbreviation != NULL ? zone_offset_at(&in->zone, DAYS_UNIX * DAY_US) : 0;
    return true;
}

bool text_parse_clock(struct str text, int64_t *ret_us, int32_t *ret_zone_s, struct err *reterr)
{
    struct time_reading reading;
    enum time_outcome outcome;
    struct plain plain;

    if (read_plain(text, true, &plain)) {
        *ret_us = plain.us;
        *ret_zone_s = plain.zone_s;
        return true;
    }
    outcome = time_read(text, true, &reading);
    if (outcome == TIME_OK && !clock_zone(&reading, ret_zone_s))
        outcome = TIME_NOW;
    if (outcome != TIME_OK)
        return fail(outcome, TYPE_TIMETZ, text, &reading, reterr);
    *ret_us = time_of(&reading);
    return true;
}

int64_t text_round_time(struct type type, int64_t slot)
{
    static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10};
    bool finite =
        type.id == TYPE_TIME || type.id == TYPE_TIMETZ || (slot != INT64_MIN && slot != INT64_MAX);

    if (type.typmod < 0 || type.typmod >= FRACTION_DIGITS || !finite)
        return slot;
    int64_t unit = units[type.typmod];
    return slot >= 0 ? (slot + unit / 2) / unit * unit : -((-slot + unit / 2) / unit * unit);
}

/* Two digits. */
static char *put2(char *at, int64_t number)
{
    *at++ = (char)('0' + number / 10);
    *at++ = (char)('0' + number % 10);
    return at;
}

/* HH:MM:SS with as many places as are needed. */
static char *put_time(char *at, int64_t us)
{
    int64_t fraction = us % SECOND_US;
    int places = FRACTION_DIGITS;

    at = put2(at, us / HOUR_US);
    *at++ = ':';
    at = put2(at, us / MINUTE_US % 60);
    *at++ = ':';
    at = put2(at, us / SECOND_US % 60);
    if (fraction == 0)
        return at;
    for (; fraction % 10 == 0; fraction /= 10)
        places--;
    *at++ = '.';
    for (int i = places - 1; i >= 0; i--, fraction /= 10)
        at[i] = (char)('0' + fraction % 10);
    return at + places;
}

/* Writes the date; *ret_bc when it lies before Christ. */
static char *put_date(char *at, int32_t days, bool *ret_bc)
{
    char digits[12];
    int year, month, day, n = 0;

    text_date(days, &year, &month, &day);
    *ret_bc = year <= 0;
    for (unsigned left = (unsigned)(year > 0 ? year : 1 - year); left > 0 || n < 4; left /= 10)
        digits[n++] = (char)('0' + left % 10);
    while (n > 0)
        *at++ = digits[--n];
    *at++ = '-';
    at = put2(at, month);
    *at++ = '-';
    return put2(at, day);
}

static bool print_infinity(struct buf *out, bool positive, bool negative)
{
    if (positive || negative)
        buf_puts(out, positive ? "infinity" : "-infinity");
    return positive || negative;
}

void text_print_time(struct buf *out, enum type_id type, int64_t slot)
{
    char text[48];
    char *at = text;
    bool bc = false;

    if (type == TYPE_DATE) {
        if (print_infinity(out, slot == INT32_MAX, slot == INT32_MIN))
            return;
        at = put_date(at, (int32_t)slot, &bc);
    } else if (type == TYPE_TIME) {
        at = put_time(at, slot);
    } else {
        if (print_infinity(out, slot == INT64_MAX, slot == INT64_MIN))
            return;
        int64_t days = slot / DAY_US - (slot % DAY_US < 0);

        at = put_date(at, (int32_t)days, &bc);
        *at++ = ' ';
        at = put_time(at, slot - days * DAY_US);
    }
    buf_append(out, text, (size_t)(at - text));
    if (type == TYPE_TIMESTAMPTZ)
        buf_puts(out, "+00");
    if (bc)
        buf_puts(out, " BC");
}
