/* Zones as POSIX writes them: names, offsets and the days of daylight time. */
#include "record/zone.h"

#include "record/text.h"
#include <ctype.h>

enum { OFFSET_HOURS_MAX = 167 };

/* ---- reading: each returns what is behind it, NULL where it is not there ---- */

static const char *read_number(const char *at, int least, int most, int *ret)
{
    int number = 0;

    if (!isdigit((unsigned char)*at))
        return NULL;
    for (; isdigit((unsigned char)*at); at++) {
        number = number * 10 + (*at - '0');
        if (number > most)
            return NULL;
    }
    *ret = number;
    return number < least ? NULL : at;
}

/* "<+03>" or whatever stands before a number, which may be nothing. */
static const char *skip_name(const char *at)
{
    if (*at != '<')
        return at + strcspn(at, "0123456789,+-");
    at += strcspn(at, ">");
    return *at == '>' ? at + 1 : NULL;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static const char *read_time(const char *at, int32_t *ret)
{
    bool negative = *at == '-';
    int hours, minutes = 0, seconds = 0;

    at = read_number(at + (*at == '-' || *at == '+'), 0, OFFSET_HOURS_MAX, &hours);
    if (at != NULL && *at == ':') {
        at = read_number(at + 1, 0, 59, &minutes);
        if (at != NULL && *at == ':')
            at = read_number(at + 1, 0, 60, &seconds);
    }
    if (at == NULL)
        return NULL;
    *ret = (hours * 60 + minutes) * 60 + seconds;
    *ret = negative ? -*ret : *ret;
    return at;
}

static const char *read_month_day(const char *at, struct zone_day *ret)
{
    at = read_number(at, 1, 12, &ret->month);
    if (at == NULL || *at != '.')
        return NULL;
    at = read_number(at + 1, 1, 5, &ret->week);
    if (at == NULL || *at != '.')
        return NULL;
    return read_number(at + 1, 0, 6, &ret->day);
}

/* ",M3.2.0/2", ",J60" or ",59" */
static const char *read_day(const char *at, struct zone_day *ret)
{
    if (*at != ',' && *at != ';')
        return NULL;
    at++;
    *ret = (struct zone_day){.form = isdigit((unsigned char)*at) ? '0' : *at, .time_s = 7200};
    if (*at == 'M' || *at == 'm')
        at = read_month_day(at + 1, ret);
    else if (*at == 'J' || *at == 'j')
        at = read_number(at + 1, 1, 365, &ret->day);
    else
        at = read_number(at, 0, 365, &ret->day);
    ret->form = (char)toupper((unsigned char)ret->form);
    return at != NULL && *at == '/' ? read_time(at + 1, &ret->time_s) : at;
}

bool zone_rule_parse(const char *text, struct zone_rule *ret)
{
    const char *at = skip_name(text), *name;
    int32_t west;

    if (at == NULL || *at == '\0')
        return false;
    at = read_time(at, &west);
    if (at == NULL)
        return false;
    *ret = (struct zone_rule){.standard_s = -west, .daylight_s = 3600 - west};
    if (*at == '\0')
        return true;
    name = at;
    at = skip_name(at);
    if (at == NULL || at == name)
        return false;
    if (*at != '\0' && *at != ',' && *at != ';') {
        at = read_time(at, &west);
        ret->daylight_s = -west;
    }
    if (at == NULL)
        return false;
    ret->has_daylight = true;
    at = read_day(*at == '\0' ? ",M3.2.0,M11.1.0" : at, &ret->start);
    if (at != NULL)
        at = read_day(at, &ret->end);
    return at != NULL && *at == '\0';
}

/* ---- asking ---- */

/* When the day begins its change, in local seconds since 2000. */
static int64_t moment_of(const struct zone_day *day, int year)
{
    bool leap = text_month_length(year, 2) == 29;
    int32_t days = text_days(year, day->form == 'M' ? day->month : 1, 1);
    int shift = day->day;

    if (day->form == 'J') {
        shift = day->day - (leap && day->day >= 60 ? 0 : 1);
    } else if (day->form == 'M') {
        shift = (day->day - text_weekday(days) + 7) % 7 + (day->week - 1) * 7;
        while (shift >= text_month_length(year, day->month))
            shift -= 7;
    }
    return ((int64_t)days + shift) * 86400 + day->time_s;
}

int32_t zone_rule_offset_at(const struct zone_rule *rule, int64_t utc_s)
{
    int64_t local_s = utc_s + rule->standard_s, start, end;
    int year, month, day;

    if (!rule->has_daylight)
        return rule->standard_s;
    text_date((int32_t)(local_s / 86400 - (local_s % 86400 < 0)), &year, &month, &day);
    start = moment_of(&rule->start, year) - rule->standard_s;
    end = moment_of(&rule->end, year) - rule->daylight_s;
    bool is_on = start < end ? utc_s >= start && utc_s < end : utc_s >= start || utc_s < end;
    return is_on ? rule->daylight_s : rule->standard_s;
}
