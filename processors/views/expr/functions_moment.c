/* Functions of dates and times (chapter 9.9): making, zones, age, justify. The fields are in
 * functions_field.c. */
#include "expr/field.h"

#include "record/text.h"
#include <ctype.h>
#include <math.h>

static bool interval_result(const struct call *call, struct interval interval, struct value *ret)
{
    ret->bytes = interval_pack(call->scratch, interval);
    return true;
}

static bool err_range(struct err *reterr, const char *text)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22008", "%s", text);
}

/* ---- age ---- */

/* The parts of a difference; each may be negative until they are settled. */
struct parts {
    int64_t us;
    int second, minute, hour, day, month, year;
};

static struct parts subtract(struct clock a, struct clock b, int sign)
{
    return (struct parts){(int64_t)sign * (a.us - b.us), sign * (a.second - b.second),
                          sign * (a.minute - b.minute),  sign * (a.hour - b.hour),
                          sign * (a.day - b.day),        sign * (a.month - b.month),
                          sign * (a.year - b.year)};
}

static void borrow(int *part, int size, int *larger)
{
    while (*part < 0) {
        *part += size;
        --*larger;
    }
}

static struct interval settle(struct parts parts, struct clock month_of, int sign)
{
    if (parts.us < 0) {
        parts.us += SECOND_US;
        parts.second--;
    }
    borrow(&parts.second, 60, &parts.minute);
    borrow(&parts.minute, 60, &parts.hour);
    borrow(&parts.hour, 24, &parts.day);
    borrow(&parts.day, text_month_length(month_of.year, month_of.month), &parts.month);
    borrow(&parts.month, 12, &parts.year);
    int64_t us = parts.hour * HOUR_US + parts.minute * MINUTE_US + parts.second * SECOND_US;

    return (struct interval){sign * (us + parts.us), sign * parts.day,
                             sign * (parts.year * 12 + parts.month)};
}

static bool moment_age(const struct call *call, struct value *ret, struct err *reterr)
{
    int64_t a = call->args[0].slot, b = call->args[1].slot;
    int sign = a < b ? -1 : 1;

    if (a == INT64_MIN || b == INT64_MIN) /* the other infinity passes for a moment */
        return err_moment(reterr);
    struct clock x = clock_of(a), y = clock_of(b);
    return interval_result(call, settle(subtract(x, y, sign), a < b ? x : y, sign), ret);
}

/* ---- making ---- */

static bool check_date(int64_t *year, int64_t month, int64_t day, struct err *reterr)
{
    bool ok = *year != 0 && *year != INT32_MIN && month >= 1 && month <= 12 && day >= 1;
    int64_t astronomical = *year < 0 ? *year + 1 : *year;

    if (!ok || day > text_month_length((int)astronomical, (int)month))
        return err_sql(reterr, ERR_DEAD_LETTER, "22008",
                       "date field value out of range: %lld-%02lld-%02lld", (long long)*year,
                       (long long)month, (long long)day);
    *year = astronomical;
    bool early = *year < -4713 || (*year == -4713 && (month < 11 || (month == 11 && day < 24)));
    if (early || *year > 5874897)
        return err_sql(reterr, ERR_DEAD_LETTER, "22008", "date out of range: %lld-%02lld-%02lld",
                       (long long)*year, (long long)month, (long long)day);
    return true;
}

static bool make_date(const struct call *call, struct value *ret, struct err *reterr)
{
    int64_t year = call->args[0].slot, month = call->args[1].slot, day = call->args[2].slot;

    if (!check_date(&year, month, day, reterr))
        return false;
    ret->slot = text_days((int)year, (int)month, (int)day);
    return ret->slot >= DATE_MIN || err_range(reterr, "date out of range");
}

static bool time_from(int64_t hour, int64_t minute, double second, int64_t *ret, struct err *reterr)
{
    double us = rint(second * 1e6);
    bool ok = hour >= 0 && minute >= 0 && minute < 60 && us >= 0 && us <= 60e6 && hour <= 24;

    if (!ok || (hour == 24 && (minute > 0 || us > 0)))
        return err_sql(reterr, ERR_DEAD_LETTER, "22008",
                       "time field value out of range: %lld:%02lld:%02g", (long long)hour,
                       (long long)minute, second);
    *ret = hour * HOUR_US + minute * MINUTE_US + (int64_t)us;
    return true;
}

static bool make_time(const struct call *call, struct value *ret, struct err *reterr)
{
    return time_from(call->args[0].slot, call->args[1].slot, call->args[2].real, &ret->slot,
                     reterr);
}

static bool make_moment(const struct call *call, int64_t *ret, struct err *reterr)
{
    int64_t year = call->args[0].slot, month = call->args[1].slot, day = call->args[2].slot,
            time = 0;

    if (!check_date(&year, month, day, reterr) ||
        !time_from(call->args[3].slot, call->args[4].slot, call->args[5].real, &time, reterr))
        return false;
    return moment_join(text_days((int)year, (int)month, (int)day), time, ret) || err_moment(reterr);
}

/* A number is an offset, east is positive; it must have its sign. */
static bool make_zone(const struct call *call, struct str name, struct zone *ret,
                      struct err *reterr)
{
    const char *text = arena_printf(call->scratch, "%.*s", STR_ARG(name));
    int32_t offset_s;

    if (isdigit((unsigned char)*text))
        return err_sql(reterr, ERR_DEAD_LETTER, "22023",
                       "invalid input syntax for type numeric time zone: \"%.*s\"", STR_ARG(name));
    switch (zone_read_offset(text, &offset_s)) {
    case ZONE_OFFSET_OK:
        *ret = zone_fixed(offset_s);
        return true;
    case ZONE_OFFSET_RANGE:
        return err_sql(reterr, ERR_DEAD_LETTER, "22023", "numeric time zone \"%.*s\" out of range",
                       STR_ARG(name));
    case ZONE_OFFSET_SYNTAX:
        break;
    }
    return zone_of(call, name, ret, reterr);
}

static bool make_timestamp(const struct call *call, struct value *ret, struct err *reterr)
{
    struct zone zone = {0};

    if (!make_moment(call, &ret->slot, reterr))
        return false;
    if (call->args_n < 7)
        return true;
    if (!make_zone(call, call->args[6].bytes, &zone, reterr))
        return false;
    ret->slot = zone_to_utc(&zone, ret->slot);
    return moment_valid(ret->slot) || err_moment(reterr);
}

static bool make_interval(const struct call *call, struct value *ret, struct err *reterr)
{
    int64_t number[6] = {0}, months, days, us;
    double second = call->args_n > 6 ? call->args[6].real : 0;

    for (uint16_t i = 0; i < 6 && i < call->args_n; i++)
        number[i] = call->args[i].slot;
    months = number[0] * 12 + number[1];
    days = number[2] * 7 + number[3];
    if (!isfinite(second))
        return err_range(reterr, "interval out of range");
    us = number[4] * HOUR_US + number[5] * MINUTE_US + (int64_t)rint(second * 1e6);
    return interval_result(
        call, (struct interval){us, (int32_t)(uint32_t)days, (int32_t)(uint32_t)months},
        ret); /* too many wrap around, as in PostgreSQL 15 */
}

static bool seconds_to_timestamp(const struct call *call, struct value *ret, struct err *reterr)
{
    double second = call->args[0].real, us;

    if (isnan(second))
        return err_range(reterr, "timestamp cannot be NaN");
    if (isinf(second)) {
        ret->slot = second < 0 ? INT64_MIN : INT64_MAX;
        return true;
    }
    us = rint((second - 946684800.0) * 1e6);
    if (us < (double)MOMENT_MIN || us >= (double)MOMENT_END)
        return err_sql(reterr, ERR_DEAD_LETTER, "22008", "timestamp out of range: \"%g\"", second);
    ret->slot = (int64_t)us;
    return true;
}

/* ---- zones ---- */

static bool interval_zone(const struct call *call, struct zone *ret, struct err *reterr)
{
    struct interval interval = interval_open(call->args[0].bytes);
    CLEANUP(buf) struct buf text = {0};

    interval_print(&text, interval);
    if (interval.months != 0 || interval.days != 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "22023",
                       "interval time zone \"%.*s\" must not include months or days",
                       STR_ARG(buf_str(&text)));
    *ret = zone_fixed((int32_t)(interval.us / SECOND_US));
    return true;
}

bool zone_of(const struct call *call, struct str name, struct zone *ret, struct err *reterr)
{
    if (call->prepared != NULL) {
        *ret = *(const struct zone *)call->prepared;
        return true;
    }
    return zone_find(name, ret) || err_sql(reterr, ERR_DEAD_LETTER, "22023",
                                           "time zone \"%.*s\" not recognized", STR_ARG(name));
}

static bool call_zone(const struct call *call, struct zone *ret, struct err *reterr)
{
    return call->arg_types[0].id == TYPE_INTERVAL ? interval_zone(call, ret, reterr)
                                                  : zone_of(call, call->args[0].bytes, ret, reterr);
}

/* A moment as the clocks of the zone show it. */
static bool to_local(const struct call *call, struct value *ret, struct err *reterr)
{
    struct zone zone = {0};
    int64_t us = call->args[1].slot;

    ret->slot = us;
    if (moment_infinite(us))
        return true;
    if (!call_zone(call, &zone, reterr))
        return false;
    ret->slot = us + zone_offset_at(&zone, us) * SECOND_US;
    return moment_valid(ret->slot) || err_moment(reterr);
}

static bool from_local(const struct call *call, struct value *ret, struct err *reterr)
{
    struct zone zone = {0};
    int64_t us = call->args[1].slot;

    ret->slot = us;
    if (moment_infinite(us))
        return true;
    if (!call_zone(call, &zone, reterr))
        return false;
    ret->slot = zone_to_utc(&zone, us);
    return moment_valid(ret->slot) || err_moment(reterr);
}

/* Only offsets that never change need no date. */
static bool timetz_in_zone(const struct call *call, struct value *ret, struct err *reterr)
{
    struct timetz time = timetz_open(call->args[1].bytes);
    struct zone zone = {0};
    int32_t offset_s;

    if (!call_zone(call, &zone, reterr))
        return false;
    if (!zone_is_fixed(&zone, &offset_s))
        return err_sql(reterr, ERR_DEAD_LETTER, "0A000",
                       "a time with time zone has no date to know the zone's offset by");
    time.us = (time.us + (time.west_s + offset_s) * SECOND_US) % DAY_US;
    time.us += time.us < 0 ? DAY_US : 0;
    time.west_s = -offset_s;
    ret->bytes = timetz_pack(call->scratch, time);
    return true;
}

/* ---- intervals ---- */

static void carry_days(struct interval *in)
{
    int64_t days = in->us / DAY_US;

    in->us -= days * DAY_US;
    in->days += (int32_t)days;
}

static bool beyond(struct err *reterr)
{
    return err_range(reterr, "interval out of range");
}

static bool justify_hours(const struct call *call, struct value *ret, struct err *reterr)
{
    struct interval in = interval_open(call->args[0].bytes);

    if ((int64_t)in.days + in.us / DAY_US > INT32_MAX ||
        (int64_t)in.days + in.us / DAY_US < INT32_MIN)
        return beyond(reterr);
    carry_days(&in);
    if (in.days > 0 && in.us < 0) {
        in.us += DAY_US;
        in.days--;
    } else if (in.days < 0 && in.us > 0) {
        in.us -= DAY_US;
        in.days++;
    }
    return interval_result(call, in, ret);
}

static bool justify_days(const struct call *call, struct value *ret, struct err *reterr)
{
    struct interval in = interval_open(call->args[0].bytes);

    if (__builtin_add_overflow(in.months, in.days / 30, &in.months))
        return beyond(reterr);
    in.days %= 30;
    if (in.months > 0 && in.days < 0) {
        in.days += 30;
        in.months--;
    } else if (in.months < 0 && in.days > 0) {
        in.days -= 30;
        in.months++;
    }
    return interval_result(call, in, ret);
}

static bool justify_interval(const struct call *call, struct value *ret, struct err *reterr)
{
    struct interval in = interval_open(call->args[0].bytes);
    int64_t days = (int64_t)in.days + in.us / DAY_US, months = in.months + days / 30;

    if (months > INT32_MAX || months < INT32_MIN)
        return beyond(reterr);
    in.us %= DAY_US;
    days %= 30;
    if (months > 0 && (days < 0 || (days == 0 && in.us < 0))) {
        days += 30;
        months--;
    } else if (months < 0 && (days > 0 || (days == 0 && in.us > 0))) {
        days -= 30;
        months++;
    }
    if (days > 0 && in.us < 0) {
        in.us += DAY_US;
        days--;
    } else if (days < 0 && in.us > 0) {
        in.us -= DAY_US;
        days++;
    }
    return interval_result(call, (struct interval){in.us, (int32_t)days, (int32_t)months}, ret);
}

static bool is_finite(const struct call *call, struct value *ret, struct err *reterr)
{
    int64_t slot = call->args[0].slot;

    (void)reterr;
    ret->slot = call->arg_types[0].id == TYPE_INTERVAL ? true
                : call->arg_types[0].id == TYPE_DATE   ? slot != INT32_MIN && slot != INT32_MAX
                                                       : !moment_infinite(slot);
    return true;
}

static bool date_bin(const struct call *call, struct value *ret, struct err *reterr)
{
    struct interval stride = interval_open(call->args[0].bytes);
    int64_t us = call->args[1].slot, origin = call->args[2].slot, size, apart, rest;

    ret->slot = us;
    if (moment_infinite(us))
        return true;
    if (moment_infinite(origin))
        return err_range(reterr, "origin out of range");
    if (stride.months != 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "0A000",
                       "timestamps cannot be binned into intervals containing months or years");
    if (__builtin_mul_overflow((int64_t)stride.days, DAY_US, &size) ||
        __builtin_add_overflow(size, stride.us, &size))
        return beyond(reterr);
    if (size <= 0)
        return err_range(reterr, "stride must be greater than zero");
    if (__builtin_sub_overflow(us, origin, &apart))
        return beyond(reterr);
    rest = apart % size;
    if (__builtin_sub_overflow(us, rest + (rest < 0 ? size : 0), &ret->slot))
        return err_moment(reterr);
    return (ret->slot >= MOMENT_MIN && ret->slot < MOMENT_END) || err_moment(reterr);
}

/* A zone that a constant names is read once. */
static const void *prepare_zone(const struct value *name, bool known, struct arena *arena)
{
    struct zone *zone = arena_zalloc(arena, sizeof(*zone));

    return known && zone_find(name->bytes, zone) ? zone : NULL;
}

static const void *prepare_first(const struct value *args, const bool *known, uint16_t args_n,
                                 struct arena *arena)
{
    (void)args_n;
    return prepare_zone(&args[0], known[0], arena);
}

static const void *prepare_last(const struct value *args, const bool *known, uint16_t args_n,
                                struct arena *arena)
{
    return prepare_zone(&args[args_n - 1], known[args_n - 1], arena);
}

#define FIELD_ROWS(type)                                                                           \
    FUNCTION_ROW("extract", TYPE_NUMERIC, field_extract, TYPE_TEXT, type),                         \
        FUNCTION_ROW("date_part", TYPE_FLOAT8, field_part, TYPE_TEXT, type)
#define ZONE_ROW(zone, r, body_, type, prepare_)                                                   \
    {                                                                                              \
        .name = "timezone", .args = {(zone), (type)}, .result = (r), .body = (body_),              \
        .prepare = (prepare_)                                                                      \
    }
#define ZONE_ROWS(zone, prepare)                                                                   \
    ZONE_ROW(zone, TYPE_TIMESTAMP, to_local, TYPE_TIMESTAMPTZ, prepare),                           \
        ZONE_ROW(zone, TYPE_TIMESTAMPTZ, from_local, TYPE_TIMESTAMP, prepare),                     \
        ZONE_ROW(zone, TYPE_TIMETZ, timetz_in_zone, TYPE_TIMETZ, prepare)
#define MAKE_DATE_ARGS TYPE_INT4, TYPE_INT4, TYPE_INT4
#define MAKE_ARGS MAKE_DATE_ARGS, TYPE_INT4, TYPE_INT4, TYPE_FLOAT8
#define INTERVAL_ROW(...) FUNCTION_ROW("make_interval", TYPE_INTERVAL, make_interval, __VA_ARGS__)
#define STABLE_ROW(name_, r, body_, ...)                                                           \
    {                                                                                              \
        .name = (name_), .args = {__VA_ARGS__}, .result = (r), .stable = true, .body = (body_)     \
    }

const struct function functions_moment[] = {
    FIELD_ROWS(TYPE_DATE),
    FIELD_ROWS(TYPE_TIME),
    FIELD_ROWS(TYPE_TIMETZ),
    FIELD_ROWS(TYPE_TIMESTAMP),
    FIELD_ROWS(TYPE_TIMESTAMPTZ),
    FIELD_ROWS(TYPE_INTERVAL),
    FUNCTION_ROW("date_trunc", TYPE_TIMESTAMP, moment_trunc, TYPE_TEXT, TYPE_TIMESTAMP),
    STABLE_ROW("date_trunc", TYPE_TIMESTAMPTZ, moment_trunc, TYPE_TEXT, TYPE_TIMESTAMPTZ),
    {.name = "date_trunc",
     .args = {TYPE_TEXT, TYPE_TIMESTAMPTZ, TYPE_TEXT},
     .result = TYPE_TIMESTAMPTZ,
     .stable = true,
     .body = moment_trunc,
     .prepare = prepare_last},
    FUNCTION_ROW("date_trunc", TYPE_INTERVAL, interval_trunc, TYPE_TEXT, TYPE_INTERVAL),
    FUNCTION_ROW("date_bin", TYPE_TIMESTAMP, date_bin, TYPE_INTERVAL, TYPE_TIMESTAMP,
                 TYPE_TIMESTAMP),
    FUNCTION_ROW("date_bin", TYPE_TIMESTAMPTZ, date_bin, TYPE_INTERVAL, TYPE_TIMESTAMPTZ,
                 TYPE_TIMESTAMPTZ),
    FUNCTION_ROW("age", TYPE_INTERVAL, moment_age, TYPE_TIMESTAMP, TYPE_TIMESTAMP),
    FUNCTION_ROW("age", TYPE_INTERVAL, moment_age, TYPE_TIMESTAMPTZ, TYPE_TIMESTAMPTZ),
    {.name = "make_date", .args = {MAKE_DATE_ARGS}, .result = TYPE_DATE, .body = make_date},
    {.name = "make_time",
     .args = {TYPE_INT4, TYPE_INT4, TYPE_FLOAT8},
     .result = TYPE_TIME,
     .body = make_time},
    {.name = "make_timestamp",
     .args = {MAKE_ARGS},
     .result = TYPE_TIMESTAMP,
     .body = make_timestamp},
    STABLE_ROW("make_timestamptz", TYPE_TIMESTAMPTZ, make_timestamp, MAKE_ARGS),
    {.name = "make_timestamptz",
     .args = {MAKE_ARGS, TYPE_TEXT},
     .result = TYPE_TIMESTAMPTZ,
     .stable = true,
     .body = make_timestamp,
     .prepare = prepare_last},
    {.name = "make_interval",
     .args = {MAKE_DATE_ARGS, TYPE_INT4, TYPE_INT4, TYPE_INT4, TYPE_FLOAT8},
     .result = TYPE_INTERVAL,
     .body = make_interval},
    INTERVAL_ROW(TYPE_INT4, TYPE_INT4, TYPE_INT4, TYPE_INT4, TYPE_INT4, TYPE_INT4),
    INTERVAL_ROW(TYPE_INT4, TYPE_INT4, TYPE_INT4, TYPE_INT4, TYPE_INT4),
    INTERVAL_ROW(TYPE_INT4, TYPE_INT4, TYPE_INT4, TYPE_INT4),
    INTERVAL_ROW(TYPE_INT4, TYPE_INT4, TYPE_INT4),
    INTERVAL_ROW(TYPE_INT4, TYPE_INT4),
    INTERVAL_ROW(TYPE_INT4),
    {.name = "make_interval", .result = TYPE_INTERVAL, .body = make_interval},
    FUNCTION_ROW("to_timestamp", TYPE_TIMESTAMPTZ, seconds_to_timestamp, TYPE_FLOAT8),
    ZONE_ROWS(TYPE_TEXT, prepare_first),
    ZONE_ROWS(TYPE_INTERVAL, NULL),
    FUNCTION_ROW("justify_hours", TYPE_INTERVAL, justify_hours, TYPE_INTERVAL),
    FUNCTION_ROW("justify_days", TYPE_INTERVAL, justify_days, TYPE_INTERVAL),
    FUNCTION_ROW("justify_interval", TYPE_INTERVAL, justify_interval, TYPE_INTERVAL),
    FUNCTION_ROW("isfinite", TYPE_BOOL, is_finite, TYPE_DATE),
    FUNCTION_ROW("isfinite", TYPE_BOOL, is_finite, TYPE_TIMESTAMP),
    FUNCTION_ROW("isfinite", TYPE_BOOL, is_finite, TYPE_TIMESTAMPTZ),
    FUNCTION_ROW("isfinite", TYPE_BOOL, is_finite, TYPE_INTERVAL),
    STABLE_ROW("to_char", TYPE_TEXT, format_timestamp, TYPE_TIMESTAMP, TYPE_TEXT),
    STABLE_ROW("to_char", TYPE_TEXT, format_timestamp, TYPE_TIMESTAMPTZ, TYPE_TEXT),
    STABLE_ROW("to_char", TYPE_TEXT, format_interval, TYPE_INTERVAL, TYPE_TEXT),
    STABLE_ROW("to_date", TYPE_DATE, parse_to_date, TYPE_TEXT, TYPE_TEXT),
    STABLE_ROW("to_timestamp", TYPE_TIMESTAMPTZ, parse_to_timestamp, TYPE_TEXT, TYPE_TEXT),
    {0},
};
