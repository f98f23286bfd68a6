/*
 * What the files of date and time functions share: moments taken apart and put together, and time
 * zones. Years are astronomical inside (1 BC is 0). Not for other rooms.
 */
#ifndef SLUICE_VIEWS_EXPR_MOMENT_H
#define SLUICE_VIEWS_EXPR_MOMENT_H

#include "expr/strings.h"
#include "record/interval.h"
#include "record/text.h"
#include "record/zone.h"

#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)
#define MOMENT_MIN INT64_C(-211813488000000000) /* 4714-11-24 BC */
#define MOMENT_END INT64_C(9223371331200000000) /* 294277-01-01 */

enum { JULIAN_2000 = 2451545, DATE_MIN = -2451545, DATE_END = 2145031949 };

/* A moment taken apart. */
struct clock {
    int year, month, day;
    int hour, minute, second, us;
};

/* The day that the microseconds lie in, also before 2000. */
static inline int64_t moment_day(int64_t us)
{
    return us / DAY_US - (us % DAY_US < 0);
}

/* Whether a timestamp holds it. */
static inline bool moment_valid(int64_t us)
{
    return us >= MOMENT_MIN && us < MOMENT_END;
}

/* The moment `us` behind the start of the day; false: beyond what a timestamp holds. */
static inline bool moment_join(int64_t days, int64_t us, int64_t *ret)
{
    return !__builtin_mul_overflow(days, DAY_US, ret) && !__builtin_add_overflow(*ret, us, ret) &&
           moment_valid(*ret);
}

/* One of the two infinities. */
static inline bool moment_infinite(int64_t us)
{
    return us == INT64_MIN || us == INT64_MAX;
}

/* Takes a finite timestamp apart. */
struct clock clock_of(int64_t us);

/* The timestamp; 22008 "timestamp out of range". */
WARN_UNUSED bool clock_moment(const struct clock *clock, int64_t *ret, struct err *reterr);

/* ISO 8601's week and the year it belongs to. */
int iso_week(int32_t days, int *ret_year);

/* "timestamp out of range". Returns false. */
bool err_moment(struct err *reterr);

/* The timestamp moved by the interval: months first, then days, then microseconds. */
WARN_UNUSED bool moment_add(int64_t us, struct interval by, int64_t *ret, struct err *reterr);

/* 22023 when there is no such zone. */
WARN_UNUSED bool zone_of(const struct call *call, struct str name, struct zone *ret,
                         struct err *reterr);

/* The bodies of functions_format.c. */
bool format_timestamp(const struct call *call, struct value *ret, struct err *reterr);
bool format_interval(const struct call *call, struct value *ret, struct err *reterr);
bool parse_to_date(const struct call *call, struct value *ret, struct err *reterr);
bool parse_to_timestamp(const struct call *call, struct value *ret, struct err *reterr);

#endif
