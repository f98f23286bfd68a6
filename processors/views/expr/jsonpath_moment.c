#include "expr/jsonpath_moment.h"

#include "expr/template.h"
#include "record/text_parts.h"
#include <inttypes.h>

enum { ZONE_HOURS_MAX = 15, FRACTION_DIGITS_MAX = 6 };

/* ---- reading ---- */

struct reading {
    const char *at, *end;
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_blanks(struct reading *in)
{
    while (in->at < in->end && is_blank(*in->at))
        in->at++;
}

static bool take(struct reading *in, char c)
{
    if (in->at == in->end || *in->at != c)
        return false;
    in->at++;
    return true;
}

/* Blanks, a sign and digits, as C's strtol reads them. */
static bool take_number(struct reading *in, int64_t most, int64_t *ret)
{
    int64_t number = 0;
    bool minus;

    skip_blanks(in);
    minus = take(in, '-');
    if (!minus)
        (void)take(in, '+');
    if (in->at == in->end || *in->at < '0' || *in->at > '9')
        return false;
    for (; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++) {
        number = number * 10 + (*in->at - '0');
        if (number > INT32_MAX)
            return false;
    }
    *ret = minus ? -number : number;
    return *ret <= most && (most == INT32_MAX || *ret >= 0);
}

/* The digits behind the point, as microseconds. */
static bool take_fraction(struct reading *in, int64_t *ret_us)
{
    int n = 0;

    for (*ret_us = 0; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++, n++)
        *ret_us = n < FRACTION_DIGITS_MAX ? *ret_us * 10 + (*in->at - '0') : *ret_us;
    for (int i = n; i < FRACTION_DIGITS_MAX; i++)
        *ret_us *= 10;
    return n > 0 && n <= FRACTION_DIGITS_MAX;
}

/* A month or day of 0 is the first. Negative years are before Christ. */
static bool take_date(struct reading *in, struct arena *arena, int64_t *ret_days)
{
    struct type type = {TYPE_DATE, -1, NULL};
    int64_t year = 0, month = 0, day = 0;
    struct value value = {0};
    struct err ignored;
    const char *text;
    bool before;

    if (!take_number(in, INT32_MAX, &year) || !take(in, '-') || !take_number(in, 12, &month) ||
        !take(in, '-') || !take_number(in, 31, &day))
        return false;
    before = year <= 0;
    if (before)
        year = year == 0 ? 1 : -year;
    text = arena_printf(arena, "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "%s", year,
                        month == 0 ? 1 : month, day == 0 ? 1 : day, before ? " BC" : "");
    if (!text_parse(type, str_of(text), arena, &value, &ignored))
        return false;
    *ret_days = value.slot;
    return true;
}

static bool take_clock(struct reading *in, int64_t *ret_us)
{
    int64_t hours = 0, minutes = 0, seconds = 0, us = 0;

    if (!take_number(in, 23, &hours) || !take(in, ':') || !take_number(in, 59, &minutes) ||
        !take(in, ':') || !take_number(in, 59, &seconds) ||
        (take(in, '.') && !take_fraction(in, &us)))
        return false;
    *ret_us = ((hours * 60 + minutes) * 60 + seconds) * 1000000 + us;
    return true;
}

/* +02, -08:30, or a blank for the plus. */
static bool take_zone(struct reading *in, int32_t *ret_east_s)
{
    int64_t hours = 0, minutes = 0;
    bool minus = take(in, '-');

    if (!minus && !take(in, '+'))
        (void)take(in, ' ');
    if (!take_number(in, ZONE_HOURS_MAX, &hours) ||
        (take(in, ':') && !take_number(in, 59, &minutes)))
        return false;
    *ret_east_s = (int32_t)((hours * 60 + minutes) * 60) * (minus ? -1 : 1);
    return true;
}

static bool at_end(struct reading in)
{
    skip_blanks(&in);
    return in.at == in.end;
}

/* A clock, with a zone or without, up to the end. */
static bool take_rest(struct reading *in, struct moment *ret, enum type_id plain,
                      enum type_id zoned)
{
    int64_t us = 0;

    if (!take_clock(in, &us))
        return false;
    ret->slot += us;
    ret->type = plain;
    if (at_end(*in))
        return true;
    ret->type = zoned;
    return take_zone(in, &ret->east_s) && at_end(*in);
}

/* The day as a timestamp's; false: beyond its range. */
static bool start_of(int64_t days, struct moment *ret)
{
    return !__builtin_mul_overflow(days, DAY_US, &ret->slot) &&
           ret->slot <= INT64_C(9223371331200000000);
}

bool moment_read(struct str text, struct arena *arena, struct moment *ret)
{
    struct reading in = {text.at, text.at + text.len}, clock = in;
    int64_t days = 0;

    *ret = (struct moment){.type = TYPE_DATE};
    if (take_date(&in, arena, &days)) {
        ret->slot = days;
        if (at_end(in))
            return true;
        return (take(&in, 'T') || take(&in, ' ')) && start_of(days, ret) &&
               take_rest(&in, ret, TYPE_TIMESTAMP, TYPE_TIMESTAMPTZ);
    }
    *ret = (struct moment){0};
    return take_rest(&clock, ret, TYPE_TIME, TYPE_TIMETZ);
}

/* ---- writing ---- */

static bool has_zone(const struct moment *moment)
{
    return moment->type == TYPE_TIMETZ || moment->type == TYPE_TIMESTAMPTZ;
}

struct str moment_text(const struct moment *moment, struct arena *arena)
{
    CLEANUP(buf) struct buf plain = {0};
    enum type_id type = moment->type == TYPE_TIMETZ        ? TYPE_TIME
                        : moment->type == TYPE_TIMESTAMPTZ ? TYPE_TIMESTAMP
                                                           : moment->type;
    int zone = abs(moment->east_s) / 60;
    const char *before = "", *text;
    char *blank;

    text_print(&plain, (struct type){type, -1, NULL}, (struct value){.slot = moment->slot});
    text = arena_copy(arena, buf_str(&plain)).at;
    text = arena_printf(arena, "%.*s", (int)plain.len, text);
    if (type != TYPE_TIMESTAMP && !has_zone(moment))
        return str_of(text);
    blank = type == TYPE_TIMESTAMP ? strchr(text, ' ') : NULL;
    if (blank != NULL)
        *blank = 'T';
    if (type == TYPE_TIMESTAMP && plain.len > 3 && strcmp(text + plain.len - 3, " BC") == 0) {
        before = " BC";
        text = arena_printf(arena, "%.*s", (int)plain.len - 3, text);
    }
    if (!has_zone(moment))
        return str_of(arena_printf(arena, "%s%s", text, before));
    return str_of(arena_printf(arena, "%s%c%02d:%02d%s", text, moment->east_s < 0 ? '-' : '+',
                               zone / 60, zone % 60, before));
}

const char *moment_type(const struct moment *moment)
{
    return type_name(moment->type);
}

const char *moment_short_type(const struct moment *moment)
{
    switch (moment->type) {
    case TYPE_DATE:
        return "date";
    case TYPE_TIME:
        return "time";
    case TYPE_TIMETZ:
        return "timetz";
    case TYPE_TIMESTAMP:
        return "timestamp";
    default:
        return "timestamptz";
    }
}

/* ---- comparing ---- */

static bool is_clock(const struct moment *moment)
{
    return moment->type == TYPE_TIME || moment->type == TYPE_TIMETZ;
}

static int sign_of(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Days and microseconds of the day in UTC. */
static void split(const struct moment *moment, int64_t *ret_days, int64_t *ret_us)
{
    int64_t us = moment->slot - (int64_t)moment->east_s * 1000000;

    *ret_days = moment->slot;
    *ret_us = 0;
    if (moment->type == TYPE_DATE)
        return;
    *ret_us = us % DAY_US;
    *ret_days = us / DAY_US;
    if (*ret_us < 0) {
        *ret_us += DAY_US;
        (*ret_days)--;
    }
}

bool moment_compare(const struct moment *a, const struct moment *b, int *ret_order,
                    bool *ret_needs_zone)
{
    int64_t days[2], us[2];

    *ret_needs_zone = has_zone(a) != has_zone(b);
    if (is_clock(a) != is_clock(b))
        return false;
    if (a->type == TYPE_TIME && b->type == TYPE_TIME) {
        *ret_order = sign_of(a->slot, b->slot);
    } else if (is_clock(a)) {
        *ret_order = timetz_compare((struct timetz){a->slot, -a->east_s},
                                    (struct timetz){b->slot, -b->east_s});
    } else {
        split(a, &days[0], &us[0]);
        split(b, &days[1], &us[1]);
        *ret_order = sign_of(days[0], days[1]);
        if (*ret_order == 0)
            *ret_order = sign_of(us[0], us[1]);
    }
    return true;
}

/* ---- along a template ---- */

/* What the patterns of a template speak of. */
struct parts {
    bool date, time, zone;
};

static struct parts parts_of(struct template template)
{
    struct parts parts = {0};

    for (uint32_t i = 0; i < template.n; i++)
        switch (template.pieces[i].pattern) {
        case PATTERN_NONE:
        case PATTERN_FX:
        case PATTERN_IW: /* which PostgreSQL leaves out */
            break;
        case PATTERN_AM:
        case PATTERN_AM_DOTS:
        case PATTERN_FF:
        case PATTERN_HH12:
        case PATTERN_HH24:
        case PATTERN_MI:
        case PATTERN_MS:
        case PATTERN_SS:
        case PATTERN_SSSS:
        case PATTERN_US:
            parts.time = true;
            break;
        case PATTERN_OF:
        case PATTERN_TZ:
        case PATTERN_TZH:
        case PATTERN_TZM:
            parts.zone = true;
            break;
        default:
            parts.date = true;
        }
    return parts;
}

/* The standard's separators: another character, unless quoted, is an error even where errors are
 * silent. */
static bool check_separators(struct template template, struct err *reterr)
{
    for (uint32_t i = 0; i < template.n; i++) {
        const struct piece *piece = &template.pieces[i];

        if (piece->pattern == PATTERN_NONE && !piece->quoted &&
            (piece->text.len != 1 || strchr("-./,':; ", *piece->text.at) == NULL))
            return err_sql(reterr, ERR_DEAD_LETTER, "22007",
                           "invalid datetime format separator: \"%.*s\"", STR_ARG(piece->text));
    }
    return true;
}

static bool refuse(struct err *reterr, const char *sqlstate, const char *text)
{
    return err_sql(reterr, ERR_DEAD_LETTER, sqlstate, "%s", text);
}

/* A moment of a day, of the type that is set, rounded to the template's places. */
static bool settle(const struct template_moment *at, struct moment *ret, struct err *reterr)
{
    struct type type = {ret->type, at->places == 0 ? -1 : at->places, NULL};
    bool zoned = has_zone(ret);
    int64_t shift_us = zoned ? at->east_s * SECOND_US : 0;
    const char *name = moment_short_type(ret);

    if (zoned && !at->has_zone)
        return err_sql(reterr, ERR_DEAD_LETTER, "22007",
                       "missing time zone in input string for type %s", name);
    ret->east_s = zoned ? at->east_s : 0;
    if (is_clock(ret)) {
        ret->slot = text_round_time(type, at->us);
        return true;
    }
    if (!moment_join(at->days, at->us - shift_us, &ret->slot))
        return err_sql(reterr, ERR_DEAD_LETTER, "22008", "%s out of range", name);
    ret->slot = text_round_time(type, ret->slot) + shift_us;
    return true;
}

static bool typed(struct parts parts, const struct template_moment *at, struct str text,
                  struct moment *ret, struct err *reterr)
{
    if (!parts.date && !parts.time)
        return refuse(reterr, "22007", "datetime format is not dated and not timed");
    if (!parts.time && parts.zone)
        return refuse(reterr, "22007", "datetime format is zoned but not timed");
    if (!parts.time) {
        *ret = (struct moment){.type = TYPE_DATE, .slot = at->days};
        return (at->days >= DATE_MIN && at->days < DATE_END) ||
               err_sql(reterr, ERR_DEAD_LETTER, "22008", "date out of range: \"%.*s\"",
                       STR_ARG(text));
    }
    *ret = (struct moment){.type = parts.date ? TYPE_TIMESTAMP : TYPE_TIME};
    if (parts.zone)
        ret->type = parts.date ? TYPE_TIMESTAMPTZ : TYPE_TIMETZ;
    return settle(at, ret, reterr);
}

static enum outcome read_along(struct path_run *run, struct str format, struct str text,
                               struct moment *ret)
{
    struct template template = template_cut(format, true, run->arena);
    struct template_moment at = {0};
    struct err raised;

    if (!check_separators(template, &raised))
        return path_stop(run, &raised);
    if ((format.len > 0 && !template_read(template, text, &at, &raised)) ||
        !typed(parts_of(template), &at, text, ret, &raised))
        return path_fail_with(run, &raised);
    return FOUND;
}

/* ---- the method ---- */

enum outcome path_datetime(struct path_run *run, const struct path_node *node,
                           const struct jsonb *item, struct path_items *found)
{
    struct moment *moment = arena_alloc(run->arena, sizeof(*moment));
    struct jsonb *value;

    if (item->kind != JSON_STRING || item->moment != NULL)
        return path_fail(run, "22031",
                         "jsonpath item method .datetime() can only be applied to a string");
    if (node->value != NULL) {
        enum outcome outcome = read_along(run, node->value->text, item->text, moment);

        if (outcome != FOUND)
            return outcome;
    } else if (!moment_read(item->text, run->arena, moment)) {
        return path_fail(run, "22031", "datetime format is not recognized: \"%.*s\"",
                         STR_ARG(item->text));
    }
    value = jsonb_scalar(run->arena, JSON_STRING, moment_text(moment, run->arena));
    value->moment = moment;
    return path_follow(run, node->next, value, found);
}
