#include "base/cron.h"

#include <string.h>

enum { MINUTE_MS = 60000, DAY_MINUTES = 1440, YEARS_AHEAD = 8, DAYS_AHEAD = YEARS_AHEAD * 366 };

static const char month_names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
static const char weekday_names[] = "sunmontuewedthufrisat";

/* A field: its bounds and the names that stand for numbers, three letters each, from `low` on. */
struct field {
    const char *name;
    unsigned low, high;
    const char *names;
};

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };

static const struct field fields[FIELDS] = {{"minute", 0, 59, ""},
                                            {"hour", 0, 23, ""},
                                            {"day of the month", 1, 31, ""},
                                            {"month", 1, 12, month_names},
                                            {"day of the week", 0, 7, weekday_names}};

static bool bad(const struct field *field, struct str text, struct err *reterr)
{
    return err_stop(reterr, EX_USAGE, "\"%.*s\" is no %s (%u to %u)",
                    text.len > 40 ? 40 : (int)text.len, text.at == NULL ? "" : text.at, field->name,
                    field->low, field->high);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_name(struct str text, const char *name)
{
    return text.len == 3 && lower(text.at[0]) == name[0] && lower(text.at[1]) == name[1] &&
           lower(text.at[2]) == name[2];
}

static bool read_digits(struct str text, unsigned *ret)
{
    unsigned number = 0;

    if (text.len == 0 || text.len > 4)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        number = number * 10 + (unsigned)(text.at[i] - '0');
    }
    *ret = number;
    return true;
}

/* A number within the field's bounds, or a name. */
static bool read_value(const struct field *field, struct str text, unsigned *ret)
{
    unsigned number = field->low;

    for (const char *name = field->names; *name != '\0'; name += 3, number++) {
        if (is_name(text, name)) {
            *ret = number;
            return true;
        }
    }
    return read_digits(text, ret) && *ret >= field->low && *ret <= field->high;
}

/* Cuts `text` at the first `c`: what stands behind it, at NULL when there is none. */
static struct str cut(struct str *text, char c)
{
    const char *at = text->len == 0 ? NULL : memchr(text->at, c, text->len);
    struct str rest = STR_NONE;

    if (at != NULL) {
        rest = str_between(at + 1, text->at + text->len);
        *text = str_between(text->at, at);
    }
    return rest;
}

/* "*", "3", "1-5", "*" or a range with "/2". */
static bool read_item(const struct field *field, struct str item, uint64_t *bits)
{
    struct str range = item, step_text = cut(&range, '/'), high_text = range;
    unsigned low = field->low, high = field->high, step = 1;

    if (step_text.at != NULL && (!read_digits(step_text, &step) || step == 0))
        return false;
    if (!str_eq_c(range, "*")) {
        struct str last = cut(&high_text, '-');

        if (!read_value(field, high_text, &low))
            return false;
        high = step_text.at == NULL ? low : field->high;
        if (last.at != NULL && !read_value(field, last, &high))
            return false;
    }
    if (low > high)
        return false;
    for (unsigned i = low; i <= high; i += step)
        *bits |= UINT64_C(1) << i;
    return true;
}

static bool read_field(const struct field *field, struct str text, uint64_t *ret,
                       struct err *reterr)
{
    struct str rest = text;
    uint64_t bits = 0;

    while (rest.at != NULL) {
        struct str item = rest;

        rest = cut(&item, ',');
        if (!read_item(field, item, &bits))
            return bad(field, text, reterr);
    }
    *ret = bits;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Splits at blanks; how many parts there are, FIELDS + 1 when more than that. */
static int split(struct str text, struct str *parts)
{
    int n = 0;

    for (size_t i = 0; i < text.len;) {
        size_t from = i;

        if (is_blank(text.at[i])) {
            i++;
            continue;
        }
        while (i < text.len && !is_blank(text.at[i]))
            i++;
        if (n == FIELDS)
            return FIELDS + 1;
        parts[n++] = (struct str){text.at + from, i - from};
    }
    return n;
}

static struct str nickname(struct str text)
{
    static const char *const names[][2] = {{"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},
                                           {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
                                           {"@monthly", "0 0 1 * *"},  {"@yearly", "0 0 1 1 *"},
                                           {"@annually", "0 0 1 1 *"}};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (str_eq_c(text, names[i][0]))
            return str_of(names[i][1]);
    }
    return text;
}

bool cron_parse(struct str text, struct cron *ret, struct err *reterr)
{
    struct str parts[FIELDS];
    uint64_t bits[FIELDS] = {0};
    int n = split(nickname(text), parts);

    if (n != FIELDS)
        return err_stop(reterr, EX_USAGE,
                        "\"%.*s\" is not minute, hour, day of the month, month, day of the week",
                        text.len > 60 ? 60 : (int)text.len, text.at == NULL ? "" : text.at);
    for (int i = 0; i < FIELDS; i++) {
        if (!read_field(&fields[i], parts[i], &bits[i], reterr))
            return false;
    }
    *ret = (struct cron){
        .minutes = bits[MINUTE],
        .hours = (uint32_t)bits[HOUR],
        .days = (uint32_t)bits[DAY],
        .months = (uint32_t)bits[MONTH],
        .weekdays = (uint32_t)((bits[WEEKDAY] | bits[WEEKDAY] >> 7) & 0x7F),
        .any_day = parts[DAY].at[0] == '*' || parts[WEEKDAY].at[0] == '*',
    };
    return true;
}

/* Month and day of the month of a day since 1970, by the civil calendar's 400-year eras. */
static void civil(int64_t days, unsigned *ret_month, unsigned *ret_day)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    unsigned of_era = (unsigned)(shifted - era * 146097);
    unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * of_year + 2) / 153;

    *ret_day = of_year - (153 * month + 2) / 5 + 1;
    *ret_month = month < 10 ? month + 3 : month - 9;
}

static bool day_matches(const struct cron *cron, int64_t days)
{
    unsigned month, day;
    int64_t weekday = ((days + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */

    civil(days, &month, &day);
    bool by_day = cron->days >> day & 1U, by_weekday = cron->weekdays >> weekday & 1U;
    return (cron->months >> month & 1U) &&
           (cron->any_day ? by_day && by_weekday : by_day || by_weekday);
}

/* The first minute of the day from `from` on; DAY_MINUTES when there is none. */
static unsigned minute_of_day(const struct cron *cron, unsigned from)
{
    for (unsigned minute = from; minute < DAY_MINUTES; minute++) {
        if ((cron->hours >> (minute / 60) & 1U) && (cron->minutes >> (minute % 60) & 1U))
            return minute;
    }
    return DAY_MINUTES;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t cron_next_ms(const struct cron *cron, int64_t after_unix_ms)
{
    int64_t first = floor_div(after_unix_ms, MINUTE_MS) + 1;
    int64_t day = floor_div(first, DAY_MINUTES);
    unsigned from = (unsigned)(first - day * DAY_MINUTES);

    for (int64_t end = day + DAYS_AHEAD; day <= end; day++, from = 0) {
        unsigned minute = day_matches(cron, day) ? minute_of_day(cron, from) : DAY_MINUTES;

        if (minute < DAY_MINUTES)
            return (day * DAY_MINUTES + minute) * MINUTE_MS;
    }
    return -1;
}

bool schedule_make(bool once, int64_t every_ms, const char *cron, struct schedule *ret,
                   struct err *reterr)
{
    struct schedule schedule = {.kind = SCHEDULE_ONCE, .every_ms = every_ms};

    if (once + (every_ms > 0) + (cron != NULL) != 1)
        return err_stop(reterr, EX_USAGE, "give one of --once, --every and --cron");
    if (cron != NULL) {
        schedule.kind = SCHEDULE_CRON;
        if (!cron_parse(str_of(cron), &schedule.cron, reterr))
            return err_prefix(reterr, "--cron");
        if (cron_next_ms(&schedule.cron, 0) < 0)
            return err_stop(reterr, EX_USAGE, "--cron: \"%.60s\" names no day that exists", cron);
    } else if (!once) {
        schedule.kind = SCHEDULE_EVERY;
    }
    *ret = schedule;
    return true;
}

int64_t schedule_due_ms(const struct schedule *schedule, int64_t last_unix_ms, int64_t now_unix_ms)
{
    switch (schedule->kind) {
    case SCHEDULE_ONCE:
        return last_unix_ms < 0 ? now_unix_ms : -1;
    case SCHEDULE_EVERY:
        return last_unix_ms < 0 ? now_unix_ms : last_unix_ms + schedule->every_ms;
    case SCHEDULE_CRON:
        break;
    }
    return cron_next_ms(&schedule->cron, last_unix_ms < 0 ? now_unix_ms : last_unix_ms);
}
