/* Arithmetic of dates, times and intervals (chapter 9.9); the functions are in
 * functions_moment.c. */
#include "expr/moment.h"

#include "record/text.h"
#include <math.h>

bool err_moment(struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22008", "timestamp out of range");
}

static bool err_interval(struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22008", "interval out of range");
}

static bool err_date(struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22008", "date out of range");
}

struct clock clock_of(int64_t us)
{
    struct clock clock;
    int64_t days = moment_day(us), rest = us - days * DAY_US;

    text_date((int32_t)days, &clock.year, &clock.month, &clock.day);
    clock.hour = (int)(rest / HOUR_US);
    clock.minute = (int)(rest / MINUTE_US % 60);
    clock.second = (int)(rest / SECOND_US % 60);
    clock.us = (int)(rest % SECOND_US);
    return clock;
}

bool clock_moment(const struct clock *clock, int64_t *ret, struct err *reterr)
{
    int64_t us =
        clock->hour * HOUR_US + clock->minute * MINUTE_US + clock->second * SECOND_US + clock->us;

    if (clock->year < -4714 || clock->year > 294277 ||
        !moment_join(text_days(clock->year, clock->month, clock->day), us, ret))
        return err_moment(reterr);
    return true;
}

/* A month's end stays within the month it comes to. */
static bool add_months(int64_t us, int32_t months, int64_t *ret, struct err *reterr)
{
    struct clock clock = clock_of(us);
    int64_t month = (int64_t)clock.year * 12 + clock.month - 1 + months;
    int64_t year = month / 12 - (month % 12 < 0);

    if (year < -5000 || year > 300000)
        return err_moment(reterr);
    clock.year = (int)year;
    clock.month = (int)(month - year * 12) + 1;
    if (clock.day > text_month_length(clock.year, clock.month))
        clock.day = text_month_length(clock.year, clock.month);
    return clock_moment(&clock, ret, reterr);
}

bool moment_add(int64_t us, struct interval by, int64_t *ret, struct err *reterr)
{
    int64_t day;

    if (moment_infinite(us)) {
        *ret = us;
        return true;
    }
    if (by.months != 0 && !add_months(us, by.months, &us, reterr))
        return false;
    day = moment_day(us);
    if (!moment_join(day + by.days, us - day * DAY_US, &us) ||
        __builtin_add_overflow(us, by.us, &us) || !moment_valid(us))
        return err_moment(reterr);
    *ret = us;
    return true;
}

static bool negated(struct interval a, struct interval *ret, struct err *reterr)
{
    if (a.us == INT64_MIN || a.days == INT32_MIN || a.months == INT32_MIN)
        return err_interval(reterr);
    *ret = (struct interval){-a.us, -a.days, -a.months};
    return true;
}

/* The value as a timestamp: of a date its midnight. */
static bool moment_of(enum type_id type, struct value value, int64_t *ret, struct err *reterr)
{
    *ret = value.slot;
    if (type != TYPE_DATE)
        return true;
    if (value.slot == INT32_MIN || value.slot == INT32_MAX) {
        *ret = value.slot == INT32_MIN ? INT64_MIN : INT64_MAX;
        return true;
    }
    if (__builtin_mul_overflow(value.slot, DAY_US, ret) || *ret >= MOMENT_END)
        return err_sql(reterr, ERR_DEAD_LETTER, "22008", "date out of range for timestamp");
    return true;
}

static bool moment_plus(const struct call *call, uint16_t moment, bool minus, struct value *ret,
                        struct err *reterr)
{
    struct interval by = interval_open(call->args[1 - moment].bytes);
    int64_t us;

    if (!moment_of(call->arg_types[moment].id, call->args[moment], &us, reterr))
        return false;
    if (moment_infinite(us)) {
        ret->slot = us;
        return true;
    }
    return (!minus || negated(by, &by, reterr)) && moment_add(us, by, &ret->slot, reterr);
}

static bool moment_add_interval(const struct call *call, struct value *ret, struct err *reterr)
{
    return moment_plus(call, 0, false, ret, reterr);
}

static bool interval_add_moment(const struct call *call, struct value *ret, struct err *reterr)
{
    return moment_plus(call, 1, false, ret, reterr);
}

static bool moment_sub_interval(const struct call *call, struct value *ret, struct err *reterr)
{
    return moment_plus(call, 0, true, ret, reterr);
}

static bool interval_result(const struct call *call, struct interval interval, struct value *ret)
{
    ret->bytes = interval_pack(call->scratch, interval);
    return true;
}

/* Hours beyond a day become days, as justify_hours does. */
static bool moments_between(const struct call *call, struct value *ret, struct err *reterr)
{
    int64_t a = call->args[0].slot, b = call->args[1].slot, us;

    if (moment_infinite(a) || moment_infinite(b))
        return err_sql(reterr, ERR_DEAD_LETTER, "22008", "cannot subtract infinite timestamps");
    if (__builtin_sub_overflow(a, b, &us))
        return err_interval(reterr);
    return interval_result(call, (struct interval){us % DAY_US, (int32_t)(us / DAY_US), 0}, ret);
}

static bool times_between(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return interval_result(call, (struct interval){call->args[0].slot - call->args[1].slot, 0, 0},
                           ret);
}

/* Round the clock. */
static int64_t around(int64_t us)
{
    us %= DAY_US;
    return us < 0 ? us + DAY_US : us;
}

static bool time_plus(const struct call *call, uint16_t time, int sign, struct value *ret)
{
    int64_t us = interval_open(call->args[1 - time].bytes).us % DAY_US;

    if (call->arg_types[time].id == TYPE_TIMETZ) {
        struct timetz made = timetz_open(call->args[time].bytes);

        made.us = around(made.us + sign * us);
        ret->bytes = timetz_pack(call->scratch, made);
    } else {
        ret->slot = around(call->args[time].slot + sign * us);
    }
    return true;
}

static bool time_add_interval(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return time_plus(call, 0, 1, ret);
}

static bool interval_add_time(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return time_plus(call, 1, 1, ret);
}

static bool time_sub_interval(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return time_plus(call, 0, -1, ret);
}

/* date + time, date + timetz. */
static bool date_at_time(const struct call *call, uint16_t date, struct value *ret,
                         struct err *reterr)
{
    int64_t days = call->args[date].slot, us;
    struct value time = call->args[1 - date];

    if (!moment_of(TYPE_DATE, call->args[date], &us, reterr))
        return false;
    ret->slot = us;
    if (days == INT32_MIN || days == INT32_MAX)
        return true;
    if (call->arg_types[1 - date].id == TYPE_TIMETZ) {
        struct timetz zoned = timetz_open(time.bytes);

        us += zoned.us + zoned.west_s * SECOND_US;
    } else {
        us += time.slot;
    }
    ret->slot = us;
    return (us >= MOMENT_MIN && us < MOMENT_END) || err_moment(reterr);
}

static bool date_add_time(const struct call *call, struct value *ret, struct err *reterr)
{
    return date_at_time(call, 0, ret, reterr);
}

static bool time_add_date(const struct call *call, struct value *ret, struct err *reterr)
{
    return date_at_time(call, 1, ret, reterr);
}

/* ---- dates and whole days ---- */

static bool is_infinite(int64_t days)
{
    return days == INT32_MIN || days == INT32_MAX;
}

static bool date_move(int64_t days, int64_t by, struct value *ret, struct err *reterr)
{
    ret->slot = days;
    if (is_infinite(days))
        return true;
    ret->slot = days + by;
    return (ret->slot >= DATE_MIN && ret->slot < DATE_END) || err_date(reterr);
}

static bool date_add(const struct call *call, struct value *ret, struct err *reterr)
{
    return date_move(call->args[0].slot, call->args[1].slot, ret, reterr);
}

static bool add_date(const struct call *call, struct value *ret, struct err *reterr)
{
    return date_move(call->args[1].slot, call->args[0].slot, ret, reterr);
}

static bool date_sub(const struct call *call, struct value *ret, struct err *reterr)
{
    return date_move(call->args[0].slot, -call->args[1].slot, ret, reterr);
}

static bool dates_between(const struct call *call, struct value *ret, struct err *reterr)
{
    if (is_infinite(call->args[0].slot) || is_infinite(call->args[1].slot))
        return err_sql(reterr, ERR_DEAD_LETTER, "22008", "cannot subtract infinite dates");
    ret->slot = call->args[0].slot - call->args[1].slot;
    return true;
}

/* ---- intervals ---- */

static bool interval_add(const struct call *call, struct value *ret, struct err *reterr)
{
    struct interval a = interval_open(call->args[0].bytes), b = interval_open(call->args[1].bytes);

    if (__builtin_add_overflow(a.us, b.us, &a.us) ||
        __builtin_add_overflow(a.days, b.days, &a.days) ||
        __builtin_add_overflow(a.months, b.months, &a.months))
        return err_interval(reterr);
    return interval_result(call, a, ret);
}

static bool interval_sub(const struct call *call, struct value *ret, struct err *reterr)
{
    struct interval a = interval_open(call->args[0].bytes), b = interval_open(call->args[1].bytes);

    if (__builtin_sub_overflow(a.us, b.us, &a.us) ||
        __builtin_sub_overflow(a.days, b.days, &a.days) ||
        __builtin_sub_overflow(a.months, b.months, &a.months))
        return err_interval(reterr);
    return interval_result(call, a, ret);
}

static bool interval_negate(const struct call *call, struct value *ret, struct err *reterr)
{
    struct interval made;

    return negated(interval_open(call->args[0].bytes), &made, reterr) &&
           interval_result(call, made, ret);
}

/* To six places, as PostgreSQL settles what cascades down. */
static double to_places(double real)
{
    return rint(real * 1000000) / 1000000;
}

/* A fraction of a month falls into days of it, of a day into seconds. `divide`: by the factor. */
static bool scaled(struct interval a, double factor, bool divide, struct interval *ret,
                   struct err *reterr)
{
    double months = divide ? a.months / factor : a.months * factor;
    double days = divide ? a.days / factor : a.days * factor, month_days, seconds;

    if (isnan(months) || months > INT32_MAX || months < INT32_MIN || isnan(days) ||
        days > INT32_MAX || days < INT32_MIN)
        return err_interval(reterr);
    ret->months = (int32_t)months;
    ret->days = (int32_t)days;
    month_days = to_places((months - ret->months) * 30);
    seconds = to_places((days - ret->days + month_days - (int)month_days) * 86400);
    if (fabs(seconds) >= 86400) {
        ret->days += (int)(seconds / 86400);
        seconds -= (int)(seconds / 86400) * 86400;
    }
    if (__builtin_add_overflow(ret->days, (int32_t)month_days, &ret->days))
        return err_interval(reterr);
    double us = rint((divide ? (double)a.us / factor : (double)a.us * factor) + seconds * 1e6);
    if (isnan(us) || us >= 9223372036854775808.0 || us < -9223372036854775808.0)
        return err_interval(reterr);
    ret->us = (int64_t)us;
    return true;
}

static bool interval_mul(const struct call *call, struct value *ret, struct err *reterr)
{
    struct interval made;

    return scaled(interval_open(call->args[0].bytes), call->args[1].real, false, &made, reterr) &&
           interval_result(call, made, ret);
}

static bool mul_interval(const struct call *call, struct value *ret, struct err *reterr)
{
    struct interval made;

    return scaled(interval_open(call->args[1].bytes), call->args[0].real, false, &made, reterr) &&
           interval_result(call, made, ret);
}

static bool interval_div(const struct call *call, struct value *ret, struct err *reterr)
{
    struct interval made;

    if (call->args[1].real == 0)
        return err_division_by_zero(reterr);
    return scaled(interval_open(call->args[0].bytes), call->args[1].real, true, &made, reterr) &&
           interval_result(call, made, ret);
}

/* ---- OVERLAPS ---- */

/* A span of time with either end missing, or both. */
struct span {
    int64_t from, to;
    bool null, to_null;
};

/* A time with zone as a number that orders as it does: by its moment, then by its zone. */
static int64_t ordinal_of(struct timetz time)
{
    return (time.us + time.west_s * SECOND_US) * (1 << 18) + time.west_s;
}

/* The end of a span that is given by its length. */
static bool end_of(enum type_id type, int64_t from, struct interval length, int64_t *ret,
                   struct err *reterr)
{
    if (type != TYPE_TIME)
        return moment_add(from, length, ret, reterr);
    *ret = (from + length.us % DAY_US + DAY_US) % DAY_US;
    return true;
}

/* The end may be given as a length; what is there alone is the start. */
static bool span_of(const struct call *call, uint16_t i, struct span *ret, struct err *reterr)
{
    struct value from = call->args[i], to = call->args[i + 1];

    if (call->arg_types[i + 1].id == TYPE_INTERVAL) {
        int64_t end = 0;

        to.null = from.null || to.null;
        if (!to.null &&
            !end_of(call->arg_types[i].id, from.slot, interval_open(to.bytes), &end, reterr))
            return false;
        to.slot = end;
    } else if (call->arg_types[i].id == TYPE_TIMETZ) {
        from.slot = from.null ? 0 : ordinal_of(timetz_open(from.bytes));
        to.slot = to.null ? 0 : ordinal_of(timetz_open(to.bytes));
    }
    *ret = (struct span){from.slot, to.slot, from.null && to.null, from.null || to.null};
    if (from.null)
        ret->from = to.slot;
    else if (!to.null && from.slot > to.slot)
        *ret = (struct span){to.slot, from.slot, false, false};
    return true;
}

static bool overlaps(const struct call *call, struct value *ret, struct err *reterr)
{
    struct span a, b;

    if (!span_of(call, 0, &a, reterr) || !span_of(call, 2, &b, reterr))
        return false;
    ret->null = a.null || b.null;
    if (ret->null)
        return true;
    if (a.from == b.from) {
        ret->null = a.to_null || b.to_null;
        ret->slot = 1;
        return true;
    }
    if (a.from > b.from) {
        struct span swapped = a;

        a = b;
        b = swapped;
    }
    /* the earlier must reach into the later */
    ret->slot = !a.to_null && b.from < a.to;
    ret->null = a.to_null || (ret->slot == 0 && b.to_null);
    return true;
}

#define OVERLAPS_ROW(type, to, other)                                                              \
    FUNCTION_LOOSE_ROW("overlaps", TYPE_BOOL, overlaps, type, to, type, other)
#define OVERLAPS_ROWS(type)                                                                        \
    OVERLAPS_ROW(type, type, type), OVERLAPS_ROW(type, TYPE_INTERVAL, type),                       \
        OVERLAPS_ROW(type, type, TYPE_INTERVAL), OVERLAPS_ROW(type, TYPE_INTERVAL, TYPE_INTERVAL)
#define OP FUNCTION_OPERATOR_ROW
#define MOMENT_ROWS(type, to)                                                                      \
    OP("+", type, TYPE_INTERVAL, to, moment_add_interval),                                         \
        OP("+", TYPE_INTERVAL, type, to, interval_add_moment),                                     \
        OP("-", type, TYPE_INTERVAL, to, moment_sub_interval)
#define TIME_ROWS(type)                                                                            \
    OP("+", type, TYPE_INTERVAL, type, time_add_interval),                                         \
        OP("+", TYPE_INTERVAL, type, type, interval_add_time),                                     \
        OP("-", type, TYPE_INTERVAL, type, time_sub_interval)

const struct function functions_time[] = {
    OP("+", TYPE_DATE, TYPE_INT4, TYPE_DATE, date_add),
    OP("+", TYPE_INT4, TYPE_DATE, TYPE_DATE, add_date),
    OP("-", TYPE_DATE, TYPE_INT4, TYPE_DATE, date_sub),
    OP("-", TYPE_DATE, TYPE_DATE, TYPE_INT4, dates_between),
    MOMENT_ROWS(TYPE_DATE, TYPE_TIMESTAMP),
    MOMENT_ROWS(TYPE_TIMESTAMP, TYPE_TIMESTAMP),
    MOMENT_ROWS(TYPE_TIMESTAMPTZ, TYPE_TIMESTAMPTZ),
    TIME_ROWS(TYPE_TIME),
    TIME_ROWS(TYPE_TIMETZ),
    FUNCTION_ROW("timestamp", TYPE_TIMESTAMP, date_add_time, TYPE_DATE, TYPE_TIME),
    {.name = "timestamptz",
     .args = {TYPE_DATE, TYPE_TIME},
     .result = TYPE_TIMESTAMPTZ,
     .stable = true,
     .body = date_add_time},
    FUNCTION_ROW("timestamptz", TYPE_TIMESTAMPTZ, date_add_time, TYPE_DATE, TYPE_TIMETZ),
    OP("+", TYPE_DATE, TYPE_TIME, TYPE_TIMESTAMP, date_add_time),
    OP("+", TYPE_TIME, TYPE_DATE, TYPE_TIMESTAMP, time_add_date),
    OP("+", TYPE_DATE, TYPE_TIMETZ, TYPE_TIMESTAMPTZ, date_add_time),
    OP("+", TYPE_TIMETZ, TYPE_DATE, TYPE_TIMESTAMPTZ, time_add_date),
    OP("-", TYPE_TIMESTAMP, TYPE_TIMESTAMP, TYPE_INTERVAL, moments_between),
    OP("-", TYPE_TIMESTAMPTZ, TYPE_TIMESTAMPTZ, TYPE_INTERVAL, moments_between),
    OP("-", TYPE_TIME, TYPE_TIME, TYPE_INTERVAL, times_between),
    OP("+", TYPE_INTERVAL, TYPE_INTERVAL, TYPE_INTERVAL, interval_add),
    OP("-", TYPE_INTERVAL, TYPE_INTERVAL, TYPE_INTERVAL, interval_sub),
    FUNCTION_PREFIX_ROW("-", TYPE_INTERVAL, TYPE_INTERVAL, interval_negate),
    OP("*", TYPE_INTERVAL, TYPE_FLOAT8, TYPE_INTERVAL, interval_mul),
    OP("*", TYPE_FLOAT8, TYPE_INTERVAL, TYPE_INTERVAL, mul_interval),
    OP("/", TYPE_INTERVAL, TYPE_FLOAT8, TYPE_INTERVAL, interval_div),
    OVERLAPS_ROWS(TYPE_TIMESTAMP),
    OVERLAPS_ROWS(TYPE_TIMESTAMPTZ),
    OVERLAPS_ROWS(TYPE_TIME),
    OVERLAPS_ROW(TYPE_TIMETZ, TYPE_TIMETZ, TYPE_TIMETZ),
    {0},
};
