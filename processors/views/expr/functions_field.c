#include "expr/field.h"

#include "record/numeric.h"
#include "record/numeric_math.h"
#include "record/text.h"
#include <ctype.h>
#include <math.h>

enum field {
    FIELD_NONE,
    FIELD_MICROSECOND,
    FIELD_MILLISECOND,
    FIELD_SECOND,
    FIELD_MINUTE,
    FIELD_HOUR,
    FIELD_DAY,
    FIELD_WEEK,
    FIELD_MONTH,
    FIELD_QUARTER,
    FIELD_YEAR,
    FIELD_DECADE,
    FIELD_CENTURY,
    FIELD_MILLENNIUM,
    FIELD_JULIAN,
    FIELD_ISOYEAR,
    FIELD_DOW,
    FIELD_ISODOW,
    FIELD_DOY,
    FIELD_EPOCH,
    FIELD_ZONE,
    FIELD_ZONE_HOUR,
    FIELD_ZONE_MINUTE
};

static const struct {
    const char *name; /* its first ten letters */
    enum field field;
} names[] = {
    {"microsecon", FIELD_MICROSECOND},
    {"us", FIELD_MICROSECOND},
    {"usec", FIELD_MICROSECOND},
    {"usecs", FIELD_MICROSECOND},
    {"usecond", FIELD_MICROSECOND},
    {"useconds", FIELD_MICROSECOND},
    {"millisecon", FIELD_MILLISECOND},
    {"ms", FIELD_MILLISECOND},
    {"msec", FIELD_MILLISECOND},
    {"msecs", FIELD_MILLISECOND},
    {"msecond", FIELD_MILLISECOND},
    {"mseconds", FIELD_MILLISECOND},
    {"s", FIELD_SECOND},
    {"sec", FIELD_SECOND},
    {"secs", FIELD_SECOND},
    {"second", FIELD_SECOND},
    {"seconds", FIELD_SECOND},
    {"m", FIELD_MINUTE},
    {"min", FIELD_MINUTE},
    {"mins", FIELD_MINUTE},
    {"minute", FIELD_MINUTE},
    {"minutes", FIELD_MINUTE},
    {"h", FIELD_HOUR},
    {"hr", FIELD_HOUR},
    {"hrs", FIELD_HOUR},
    {"hour", FIELD_HOUR},
    {"hours", FIELD_HOUR},
    {"d", FIELD_DAY},
    {"day", FIELD_DAY},
    {"days", FIELD_DAY},
    {"w", FIELD_WEEK},
    {"week", FIELD_WEEK},
    {"weeks", FIELD_WEEK},
    {"mon", FIELD_MONTH},
    {"mons", FIELD_MONTH},
    {"month", FIELD_MONTH},
    {"months", FIELD_MONTH},
    {"qtr", FIELD_QUARTER},
    {"quarter", FIELD_QUARTER},
    {"y", FIELD_YEAR},
    {"yr", FIELD_YEAR},
    {"yrs", FIELD_YEAR},
    {"year", FIELD_YEAR},
    {"years", FIELD_YEAR},
    {"dec", FIELD_DECADE},
    {"decs", FIELD_DECADE},
    {"decade", FIELD_DECADE},
    {"decades", FIELD_DECADE},
    {"c", FIELD_CENTURY},
    {"cent", FIELD_CENTURY},
    {"century", FIELD_CENTURY},
    {"centuries", FIELD_CENTURY},
    {"mil", FIELD_MILLENNIUM},
    {"mils", FIELD_MILLENNIUM},
    {"millennium", FIELD_MILLENNIUM},
    {"millennia", FIELD_MILLENNIUM},
    {"julian", FIELD_JULIAN},
    {"jd", FIELD_JULIAN},
    {"j", FIELD_JULIAN},
    {"isoyear", FIELD_ISOYEAR},
    {"dow", FIELD_DOW},
    {"isodow", FIELD_ISODOW},
    {"doy", FIELD_DOY},
    {"epoch", FIELD_EPOCH},
    {"timezone", FIELD_ZONE},
    {"timezone_h", FIELD_ZONE_HOUR},
    {"timezone_m", FIELD_ZONE_MINUTE},
};

/* The unit as messages name it: in lower case. */
static struct str lower(const struct call *call)
{
    struct str unit = call->args[0].bytes;
    char *made = arena_alloc(call->scratch, unit.len + 1);

    for (size_t i = 0; i < unit.len; i++)
        made[i] = (char)tolower((unsigned char)unit.at[i]);
    return (struct str){made, unit.len};
}

static enum field find_field(struct str unit)
{
    if (unit.len > 10)
        unit.len = 10;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_eq_c(unit, names[i].name))
            return names[i].field;
    }
    return FIELD_NONE;
}

static bool refuse(const struct call *call, enum field field, enum type_id type, struct err *reterr)
{
    struct str unit = lower(call);

    if (field == FIELD_NONE)
        return err_sql(reterr, ERR_DEAD_LETTER, "22023", "unit \"%.*s\" not recognized for type %s",
                       STR_ARG(unit), type_name(type));
    return err_sql(reterr, ERR_DEAD_LETTER, "0A000", "unit \"%.*s\" not supported for type %s",
                   STR_ARG(unit), type_name(type));
}

/* A field's value: whole + rest / scale, kept apart as PostgreSQL's float8 form adds them. */
struct part {
    int64_t whole, rest_us;
    enum { PART_WHOLE, PART_SECOND, PART_MILLISECOND, PART_EPOCH, PART_JULIAN } kind;
};

int iso_week(int32_t days, int *ret_year)
{
    int weekday = (text_weekday(days) + 6) % 7, year, month, day; /* Monday 0 */

    text_date(days - weekday + 3, &year, &month, &day); /* its Thursday */
    *ret_year = year;
    return (int)((days - weekday + 3 - text_days(year, 1, 1)) / 7) + 1;
}

/* The fields of a day; false when the field is none of them. */
static bool day_part(enum field field, struct clock clock, struct part *ret)
{
    int32_t days = text_days(clock.year, clock.month, clock.day);
    int64_t year = clock.year;
    int iso_year;

    *ret = (struct part){0};
    switch (field) {
    case FIELD_DAY:
        ret->whole = clock.day;
        return true;
    case FIELD_MONTH:
        ret->whole = clock.month;
        return true;
    case FIELD_QUARTER:
        ret->whole = (clock.month - 1) / 3 + 1;
        return true;
    case FIELD_WEEK:
        ret->whole = iso_week(days, &iso_year);
        return true;
    case FIELD_YEAR:
        ret->whole = year > 0 ? year : year - 1;
        return true;
    case FIELD_DECADE:
        ret->whole = year >= 0 ? year / 10 : -((8 - (year - 1)) / 10);
        return true;
    case FIELD_CENTURY:
        ret->whole = year > 0 ? (year + 99) / 100 : -((99 - (year - 1)) / 100);
        return true;
    case FIELD_MILLENNIUM:
        ret->whole = year > 0 ? (year + 999) / 1000 : -((999 - (year - 1)) / 1000);
        return true;
    case FIELD_ISOYEAR:
        iso_week(days, &iso_year);
        ret->whole = iso_year > 0 ? iso_year : iso_year - 1;
        return true;
    case FIELD_DOW:
        ret->whole = text_weekday(days);
        return true;
    case FIELD_ISODOW:
        ret->whole = text_weekday(days) == 0 ? 7 : text_weekday(days);
        return true;
    case FIELD_DOY:
        ret->whole = days - text_days(clock.year, 1, 1) + 1;
        return true;
    default:
        return false;
    }
}

/* The fields of a time of day, or of an interval's time. */
static bool time_part(enum field field, int64_t us, struct part *ret)
{
    int64_t second = us / SECOND_US % 60, rest = us % SECOND_US;

    *ret = (struct part){0};
    switch (field) {
    case FIELD_MICROSECOND:
        ret->whole = second * SECOND_US + rest;
        return true;
    case FIELD_MILLISECOND:
        *ret = (struct part){second, rest, PART_MILLISECOND};
        return true;
    case FIELD_SECOND:
        *ret = (struct part){second, rest, PART_SECOND};
        return true;
    case FIELD_MINUTE:
        ret->whole = us / MINUTE_US % 60;
        return true;
    case FIELD_HOUR:
        ret->whole = us / HOUR_US;
        return true;
    default:
        return false;
    }
}

static bool moment_part(enum field field, enum type_id type, int64_t us, struct part *ret)
{
    int64_t days = moment_day(us);
    struct clock clock = clock_of(us);

    if (day_part(field, clock, ret) || time_part(field, us - days * DAY_US, ret))
        return true;
    *ret = (struct part){0};
    switch (field) {
    case FIELD_JULIAN:
        *ret = (struct part){days + JULIAN_2000, us - days * DAY_US, PART_JULIAN};
        return true;
    case FIELD_EPOCH:
        *ret = (struct part){0, us, PART_EPOCH};
        return true;
    case FIELD_ZONE:
    case FIELD_ZONE_HOUR:
    case FIELD_ZONE_MINUTE:
        return type == TYPE_TIMESTAMPTZ;
    default:
        return false;
    }
}

static bool timetz_part(enum field field, struct timetz time, struct part *ret)
{
    int32_t east = -time.west_s;

    if (time_part(field, time.us, ret))
        return true;
    switch (field) {
    case FIELD_ZONE:
        ret->whole = east;
        return true;
    case FIELD_ZONE_HOUR:
        ret->whole = east / 3600;
        return true;
    case FIELD_ZONE_MINUTE:
        ret->whole = east / 60 % 60;
        return true;
    case FIELD_EPOCH:
        *ret = (struct part){time.west_s, time.us, PART_SECOND};
        return true;
    default:
        return false;
    }
}

static bool interval_part(enum field field, struct interval in, struct part *ret)
{
    int64_t year = in.months / 12;

    if (time_part(field, in.us, ret))
        return true;
    switch (field) {
    case FIELD_DAY:
        ret->whole = in.days;
        return true;
    case FIELD_MONTH:
        ret->whole = in.months % 12;
        return true;
    case FIELD_QUARTER:
        ret->whole = in.months % 12 / 3 + 1;
        return true;
    case FIELD_YEAR:
        ret->whole = year;
        return true;
    case FIELD_DECADE:
        ret->whole = year / 10;
        return true;
    case FIELD_CENTURY:
        ret->whole = year / 100;
        return true;
    case FIELD_MILLENNIUM:
        ret->whole = year / 1000;
        return true;
    case FIELD_EPOCH: /* a year has 365.25 days */
        *ret = (struct part){
            (1461 * year + 120 * (int64_t)(in.months % 12) + 4 * (int64_t)in.days) * 21600, in.us,
            PART_SECOND};
        return true;
    default:
        return false;
    }
}

/* Of an infinity: what grows without end is infinite, what turns in circles is NULL. */
static bool infinite_part(const struct call *call, enum field field, bool negative, double *ret,
                          bool *ret_null, struct err *reterr)
{
    enum type_id type = call->arg_types[1].id;

    *ret_null = false;
    switch (field) {
    case FIELD_YEAR:
    case FIELD_DECADE:
    case FIELD_CENTURY:
    case FIELD_MILLENNIUM:
    case FIELD_JULIAN:
    case FIELD_ISOYEAR:
    case FIELD_EPOCH:
        *ret = negative ? -INFINITY : INFINITY;
        return true;
    case FIELD_NONE:
        return refuse(call, field, type, reterr);
    default:
        break;
    }
    *ret_null = true;
    return true;
}

/* extract from a date knows no times; date_part takes it for a timestamp. */
static bool date_part(enum field field, int64_t days, struct part *ret)
{
    struct clock clock = {0};

    text_date((int32_t)days, &clock.year, &clock.month, &clock.day);
    if (day_part(field, clock, ret))
        return true;
    *ret = (struct part){0};
    if (field == FIELD_JULIAN)
        ret->whole = days + JULIAN_2000;
    else if (field == FIELD_EPOCH)
        ret->whole = (days + 10957) * 86400;
    return field == FIELD_JULIAN || field == FIELD_EPOCH;
}

static bool part_of(const struct call *call, enum field field, struct part *ret)
{
    struct value value = call->args[1];

    switch (call->arg_types[1].id) {
    case TYPE_DATE:
        return date_part(field, value.slot, ret);
    case TYPE_TIME:
        if (field == FIELD_EPOCH) {
            *ret = (struct part){0, value.slot, PART_SECOND};
            return true;
        }
        return time_part(field, value.slot, ret);
    case TYPE_TIMETZ:
        return timetz_part(field, timetz_open(value.bytes), ret);
    case TYPE_INTERVAL:
        return interval_part(field, interval_open(value.bytes), ret);
    default:
        return moment_part(field, call->arg_types[1].id, value.slot, ret);
    }
}

static bool is_infinite(const struct call *call, bool *ret_negative)
{
    int64_t slot = call->args[1].slot;

    switch (call->arg_types[1].id) {
    case TYPE_DATE:
        *ret_negative = slot == INT32_MIN;
        return slot == INT32_MIN || slot == INT32_MAX;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
        *ret_negative = slot == INT64_MIN;
        return moment_infinite(slot);
    default:
        return false;
    }
}

/* number / 10^scale */
static struct str decimal(const struct call *call, int64_t number, int scale)
{
    static const int64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};

    return numeric_div_at(call->scratch, numeric_from_i64(call->scratch, number),
                          numeric_from_i64(call->scratch, powers[scale]), scale);
}

static struct str in_seconds(const struct call *call, int64_t seconds, int64_t us)
{
    return numeric_add(call->scratch,
                       numeric_round(call->scratch, numeric_from_i64(call->scratch, seconds), 6),
                       decimal(call, us, 6));
}

static bool part_numeric(const struct call *call, struct part part, struct str *ret,
                         struct err *reterr)
{
    struct str day_us = numeric_from_i64(call->scratch, DAY_US), fraction;

    switch (part.kind) {
    case PART_WHOLE:
        *ret = numeric_from_i64(call->scratch, part.whole);
        return true;
    case PART_SECOND:
        *ret = in_seconds(call, part.whole, part.rest_us);
        return true;
    case PART_MILLISECOND:
        *ret = decimal(call, part.whole * SECOND_US + part.rest_us, 3);
        return true;
    case PART_EPOCH:
        *ret = in_seconds(call, 946684800, part.rest_us);
        return true;
    case PART_JULIAN:
        if (!numeric_div(call->scratch, numeric_from_i64(call->scratch, part.rest_us), day_us,
                         &fraction, reterr))
            return false;
        *ret = numeric_add(call->scratch, numeric_from_i64(call->scratch, part.whole), fraction);
        return true;
    }
    return false;
}

bool field_extract(const struct call *call, struct value *ret, struct err *reterr)
{
    enum field field = find_field(lower(call));
    bool negative = false;
    struct part part;
    double infinity = 0;

    if (is_infinite(call, &negative)) {
        if (call->arg_types[1].id == TYPE_DATE && field != FIELD_NONE &&
            !date_part(field, 0, &part))
            return refuse(call, field, TYPE_DATE, reterr);
        if (!infinite_part(call, field, negative, &infinity, &ret->null, reterr))
            return false;
        if (!ret->null)
            ret->bytes = numeric_from_f64(call->scratch, infinity);
        return true;
    }
    if (field == FIELD_NONE || !part_of(call, field, &part))
        return refuse(call, field, call->arg_types[1].id, reterr);
    return part_numeric(call, part, &ret->bytes, reterr);
}

static double part_real(enum type_id type, struct part part)
{
    int64_t second = part.rest_us / SECOND_US;

    switch (part.kind) {
    case PART_SECOND:
        return type == TYPE_INTERVAL ? (double)part.rest_us / 1e6 + (double)part.whole
                                     : (double)part.whole + (double)part.rest_us / 1e6;
    case PART_MILLISECOND:
        return (double)part.whole * 1000.0 + (double)part.rest_us / 1000.0;
    case PART_EPOCH:
        return part.rest_us < INT64_MAX - INT64_C(946684800000000)
                   ? (double)(part.rest_us + INT64_C(946684800000000)) / 1e6
                   : ((double)part.rest_us + 946684800000000.0) / 1e6;
    case PART_JULIAN:
        return (double)part.whole +
               ((double)second + (double)(part.rest_us % SECOND_US) / 1e6) / 86400.0;
    case PART_WHOLE:
        break;
    }
    return (double)part.whole;
}

/* Added up in PostgreSQL's order, which the last digit shows. */
static double interval_epoch(struct interval in)
{
    int32_t years = in.months / 12, months = in.months % 12;
    double sum = (double)in.us / 1e6;

    sum += 365.25 * 86400 * years;
    sum += 30.0 * 86400 * months;
    return sum + 86400.0 * in.days;
}

bool field_part(const struct call *call, struct value *ret, struct err *reterr)
{
    enum field field = find_field(lower(call));
    struct type types[2] = {call->arg_types[0], {TYPE_TIMESTAMP, -1}};
    struct value args[2] = {call->args[0], call->args[1]};
    struct call inner = *call;
    bool negative = false;
    struct part part;

    if (call->arg_types[1].id == TYPE_DATE) {
        int64_t days = args[1].slot;

        args[1].slot = days == INT32_MIN   ? INT64_MIN
                       : days == INT32_MAX ? INT64_MAX
                                           : days * DAY_US;
        inner.args = args;
        inner.arg_types = types;
    }
    if (is_infinite(&inner, &negative))
        return infinite_part(&inner, field, negative, &ret->real, &ret->null, reterr);
    if (field == FIELD_NONE || !part_of(&inner, field, &part))
        return refuse(&inner, field, inner.arg_types[1].id, reterr);
    if (inner.arg_types[1].id == TYPE_INTERVAL && field == FIELD_EPOCH)
        ret->real = interval_epoch(interval_open(args[1].bytes));
    else
        ret->real = part_real(inner.arg_types[1].id, part);
    return true;
}

/* ---- date_trunc ---- */

static int64_t first_year(enum field field, int64_t year)
{
    switch (field) {
    case FIELD_MILLENNIUM:
        return year > 0 ? (year + 999) / 1000 * 1000 - 999
                        : -((999 - (year - 1)) / 1000) * 1000 + 1;
    case FIELD_CENTURY:
        return year > 0 ? (year + 99) / 100 * 100 - 99 : -((99 - (year - 1)) / 100) * 100 + 1;
    case FIELD_DECADE:
        return year > 0 ? year / 10 * 10 : -((8 - (year - 1)) / 10) * 10;
    default:
        return year;
    }
}

static int64_t floor_to(int64_t us, int64_t unit_us)
{
    int64_t rest = us % unit_us;

    return us - rest - (rest < 0 ? unit_us : 0);
}

/* The beginning of the local time's unit; false when there is no such unit. */
static bool trunc_local(enum field field, int64_t us, int64_t *ret, struct err *reterr)
{
    struct clock clock = clock_of(us), start = {.month = 1, .day = 1};
    int64_t days = moment_day(us);

    switch (field) {
    case FIELD_MICROSECOND:
        *ret = us;
        return true;
    case FIELD_MILLISECOND:
        *ret = floor_to(us, 1000);
        return true;
    case FIELD_SECOND:
        *ret = floor_to(us, SECOND_US);
        return true;
    case FIELD_MINUTE:
        *ret = floor_to(us, MINUTE_US);
        return true;
    case FIELD_HOUR:
        *ret = floor_to(us, HOUR_US);
        return true;
    case FIELD_DAY:
        *ret = days * DAY_US;
        return true;
    case FIELD_WEEK:
        *ret = (days - (text_weekday((int32_t)days) + 6) % 7) * DAY_US;
        return *ret >= MOMENT_MIN || err_moment(reterr);
    case FIELD_MONTH:
        start.month = clock.month;
        break;
    case FIELD_QUARTER:
        start.month = (clock.month - 1) / 3 * 3 + 1;
        break;
    default:
        break;
    }
    start.year = (int)first_year(field, clock.year);
    return clock_moment(&start, ret, reterr);
}

/* date_trunc knows units alone, not what extract has beside them. */
static enum field unit_of(enum field field)
{
    return field >= FIELD_JULIAN && field <= FIELD_EPOCH ? FIELD_NONE : field;
}

bool moment_trunc(const struct call *call, struct value *ret, struct err *reterr)
{
    enum field field = find_field(lower(call));
    struct zone zone = {0};
    int64_t us = call->args[1].slot;

    if (call->args_n > 2 && !zone_of(call, call->args[2].bytes, &zone, reterr))
        return false;
    zone.abbreviation = NULL; /* the zone behind it counts, as in PostgreSQL */
    ret->slot = us;
    if (moment_infinite(us))
        return true;
    if (field == FIELD_NONE || field > FIELD_MILLENNIUM)
        return refuse(call, unit_of(field), call->arg_types[1].id, reterr);
    int64_t offset = zone_offset_at(&zone, us) * SECOND_US;
    if (!trunc_local(field, us + offset, &ret->slot, reterr))
        return false;
    ret->slot = field >= FIELD_DAY ? zone_to_utc(&zone, ret->slot) : ret->slot - offset;
    return true;
}

bool interval_trunc(const struct call *call, struct value *ret, struct err *reterr)
{
    static const int month_units[] = {
        [FIELD_MONTH] = 1,    [FIELD_QUARTER] = 3,    [FIELD_YEAR] = 12,
        [FIELD_DECADE] = 120, [FIELD_CENTURY] = 1200, [FIELD_MILLENNIUM] = 12000};
    static const int64_t units[] = {[FIELD_MICROSECOND] = 1,
                                    [FIELD_MILLISECOND] = 1000,
                                    [FIELD_SECOND] = SECOND_US,
                                    [FIELD_MINUTE] = MINUTE_US,
                                    [FIELD_HOUR] = HOUR_US};
    struct interval in = interval_open(call->args[1].bytes);
    enum field field = find_field(lower(call));

    if (field == FIELD_NONE || field > FIELD_MILLENNIUM || field == FIELD_WEEK)
        return refuse(call, unit_of(field), TYPE_INTERVAL, reterr);
    if (field >= FIELD_MONTH) {
        in.months = in.months / month_units[field] * month_units[field];
        in.days = 0;
    }
    in.us = field >= FIELD_DAY ? 0 : in.us / units[field] * units[field];
    ret->bytes = interval_pack(call->scratch, in);
    return true;
}
