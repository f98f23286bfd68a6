#include "record/time_read.h"

#include "record/time_date.h"

#include <ctype.h>
#include <limits.h>
#include <math.h>

enum { JULIAN_2000 = 2451545, YEAR_LAST = 5874898 };

/* What counts as read before a number: a time alone has its date behind it. */
static unsigned seen_of(const struct time_reader *in)
{
    return in->seen | (in->time_only ? (unsigned)PARTS_DATE : 0U);
}

static void set_julian(struct time_reader *in, int day)
{
    text_date(day - JULIAN_2000, &in->out->year, &in->out->month, &in->out->day);
    in->julian = true;
}

/* ---- zones ---- */

static enum time_outcome read_offset(struct time_reader *in, const char *text)
{
    int32_t offset_s = 0;

    switch (zone_read_offset(text, &offset_s)) {
    case ZONE_OFFSET_SYNTAX:
        return TIME_SYNTAX;
    case ZONE_OFFSET_RANGE:
        return TIME_ZONE_RANGE;
    case ZONE_OFFSET_OK:
        break;
    }
    in->out->zone = zone_fixed(offset_s);
    in->found |= PART_ZONE;
    return TIME_OK;
}

static enum time_outcome read_zone_name(struct time_reader *in, const char *text)
{
    in->found = PART_ZONE;
    in->named = true;
    in->out->zone_name = text;
    return zone_named(str_of(text), &in->out->zone) ? TIME_OK : TIME_ZONE_UNKNOWN;
}

/* "103000-08": a time and an offset. */
static enum time_outcome read_joined_zone(struct time_reader *in, char *text)
{
    char *sign = strchr(text, '-');
    enum time_outcome outcome;

    if ((in->seen & PARTS_TIME) == PARTS_TIME || sign == NULL)
        return TIME_SYNTAX;
    outcome = read_offset(in, sign);
    if (outcome != TIME_OK)
        return outcome;
    *sign = '\0';
    in->found = 0;
    outcome = time_read_joined(in, text, seen_of(in));
    in->found |= PART_ZONE;
    return outcome;
}

/* "2451187-08" behind its label */
static enum time_outcome read_julian_zone(struct time_reader *in, const char *text)
{
    const char *end;
    bool beyond = false;
    int day = text_leading_int(text, &end, &beyond);

    if (beyond || day < 0)
        return TIME_RANGE;
    set_julian(in, day);
    in->label = TIME_LABEL_NONE;
    in->found = PARTS_DATE | PARTS_TIME;
    return read_offset(in, end);
}

/* ---- fields ---- */

/* A field with marks: a date, a zone, or a time with an offset. */
static enum time_outcome read_marked(struct time_reader *in, int i)
{
    const struct time_fields *fields = &in->out->fields;
    char *text = fields->at[i].text;
    bool digits = isdigit((unsigned char)*text);

    if (in->time_only) {
        if (i == 0 && fields->n >= 2 &&
            (fields->at[fields->n - 1].kind == TIME_FIELD_DATE ||
             fields->at[1].kind == TIME_FIELD_CLOCK))
            return time_read_date(in, text);
        return digits ? read_joined_zone(in, text) : read_zone_name(in, text);
    }
    if (in->label == TIME_LABEL_JULIAN)
        return read_julian_zone(in, text);
    if (in->label == TIME_LABEL_NONE &&
        (in->seen & (PART_MONTH | PART_DAY)) != (PART_MONTH | PART_DAY))
        return time_read_date(in, text);
    if (!digits && in->label == TIME_LABEL_NONE)
        return read_zone_name(in, text);
    if (in->label != TIME_LABEL_NONE && in->label != TIME_LABEL_TIME)
        return TIME_SYNTAX;
    in->label = TIME_LABEL_NONE;
    return read_joined_zone(in, text);
}

static bool time_overflows(const struct time_reading *out)
{
    int64_t us =
        out->hour * HOUR_US + out->minute * MINUTE_US + out->second * SECOND_US + out->fraction_us;

    return out->hour < 0 || out->hour > 24 || out->minute < 0 || out->minute > 59 ||
           out->second < 0 || out->second > 60 || us > DAY_US;
}

static enum time_outcome read_clock(struct time_reader *in, const char *text)
{
    struct time_clock clock;
    enum time_outcome outcome = time_read_clock(text, false, &clock);

    if (!in->time_only) {
        if (in->label != TIME_LABEL_NONE && in->label != TIME_LABEL_TIME)
            return TIME_SYNTAX;
        in->label = TIME_LABEL_NONE;
    }
    if (outcome != TIME_OK)
        return outcome;
    if (clock.hour > INT_MAX)
        return TIME_RANGE;
    in->out->hour = (int)clock.hour;
    in->out->minute = clock.minute;
    in->out->second = clock.second;
    in->out->fraction_us = clock.fraction_us;
    in->found = PARTS_TIME;
    return !in->time_only && time_overflows(in->out) ? TIME_RANGE : TIME_OK;
}

static void set_labelled(struct time_reader *in, enum time_label label, int number)
{
    switch (label) {
    case TIME_LABEL_YEAR:
        in->out->year = number;
        in->found = PART_YEAR;
        break;
    case TIME_LABEL_MONTH: /* minutes behind the hours */
        if ((in->seen & PART_MONTH) && (in->seen & PART_HOUR)) {
            in->out->minute = number;
            in->found = PART_MINUTE;
        } else {
            in->out->month = number;
            in->found = PART_MONTH;
        }
        break;
    case TIME_LABEL_DAY:
        in->out->day = number;
        in->found = PART_DAY;
        break;
    case TIME_LABEL_HOUR:
        in->out->hour = number;
        in->found = PART_HOUR;
        break;
    case TIME_LABEL_MINUTE:
        in->out->minute = number;
        in->found = PART_MINUTE;
        break;
    default:
        in->out->second = number;
        in->found = PART_SECOND;
        break;
    }
}

/* A day's fraction as a time of the day. */
static void set_day_fraction(struct time_reader *in, double fraction)
{
    int64_t us = (int64_t)(fraction * (double)DAY_US);

    in->out->hour = (int)(us / HOUR_US);
    in->out->minute = (int)(us / MINUTE_US % 60);
    in->out->second = (int)(us / SECOND_US % 60);
    in->out->fraction_us = (int)(us % SECOND_US);
    in->found |= PARTS_TIME;
}

static enum time_outcome read_julian(struct time_reader *in, int day, const char *rest)
{
    double fraction;
    enum time_outcome outcome = time_read_fraction(*rest == '.' ? rest : ".", &fraction);

    if (day < 0)
        return TIME_RANGE;
    set_julian(in, day);
    in->found = PARTS_DATE;
    if (outcome == TIME_OK && *rest == '.')
        set_day_fraction(in, fraction);
    return outcome;
}

/* What comes behind it counts instead; but for those that change by themselves. */
static void forget_moment(struct time_reading *out)
{
    if (out->moment < TIME_MOMENT_NOW)
        out->moment = TIME_MOMENT_FINITE;
}

/* A number whose label came before it: "y2001m02d04", "J2451187". */
static enum time_outcome read_labelled(struct time_reader *in, char *text)
{
    enum time_label label = in->label;
    enum time_outcome outcome = TIME_OK;
    const char *end;
    double fraction = 0;
    bool beyond = false;
    int number = text_leading_int(text, &end, &beyond);

    in->label = TIME_LABEL_NONE;
    forget_moment(in->out);
    if (beyond)
        return TIME_RANGE;
    if (label == TIME_LABEL_OTHER || (*end != '.' && *end != '\0') ||
        (*end == '.' && label < TIME_LABEL_SECOND))
        return TIME_SYNTAX;
    if (label == TIME_LABEL_JULIAN)
        return read_julian(in, number, end);
    if (label == TIME_LABEL_TIME) {
        outcome = time_read_joined(in, text, in->seen | PARTS_DATE);
        return outcome == TIME_OK && in->found != PARTS_TIME ? TIME_SYNTAX : outcome;
    }
    set_labelled(in, label, number);
    if (*end == '.') {
        outcome = time_read_fraction(end, &fraction);
        in->out->fraction_us = (int)rint(fraction * (double)SECOND_US);
        in->found |= PART_FRACTION;
    }
    return outcome;
}

/* A field of digits, one point may be among them. */
static enum time_outcome read_plain(struct time_reader *in, int i)
{
    const struct time_fields *fields = &in->out->fields;
    char *text = fields->at[i].text;
    const char *point = strchr(text, '.');
    size_t len = strlen(text), whole = point == NULL ? len : (size_t)(point - text);
    bool missing = !(in->seen & PARTS_DATE) || !(in->seen & PARTS_TIME);

    if (in->label != TIME_LABEL_NONE)
        return read_labelled(in, text);
    if (in->time_only) {
        if (point != NULL && i == 0 && fields->n >= 2 &&
            fields->at[fields->n - 1].kind == TIME_FIELD_DATE)
            return time_read_date(in, text);
        if (point != NULL && whole <= 2)
            return TIME_SYNTAX;
        if (point != NULL || len > 4)
            return time_read_joined(in, text, seen_of(in));
        return time_read_number(in, text, seen_of(in), false);
    }
    if (point != NULL && !(in->seen & PARTS_DATE))
        return time_read_date(in, text);
    if ((point != NULL && whole > 2) || (len >= 6 && missing))
        return time_read_joined(in, text, in->seen);
    return time_read_number(in, text, in->seen, in->word_month);
}

static void read_month(struct time_reader *in, int month)
{
    in->found = PART_MONTH;
    if ((in->seen & PART_MONTH) && !in->word_month && !(in->seen & PART_DAY) &&
        in->out->month >= 1 && in->out->month <= 31) { /* that number was the day */
        in->out->day = in->out->month;
        in->found = PART_DAY;
    }
    in->word_month = true;
    in->out->month = month;
}

static enum time_outcome read_moment(struct time_reader *in, enum time_moment moment)
{
    struct time_reading *out = in->out;

    in->found = PART_MOMENT;
    if (moment == TIME_MOMENT_MIDNIGHT) {
        in->found = PARTS_TIME | PART_ZONE;
        forget_moment(out);
        out->hour = 0;
        out->minute = 0;
        out->second = 0;
        out->zone = zone_fixed(0);
        return TIME_OK;
    }
    if (in->time_only && moment != TIME_MOMENT_NOW)
        return TIME_SYNTAX;
    out->moment = moment;
    if (moment == TIME_MOMENT_NOW)
        in->found = in->time_only ? PARTS_TIME : PARTS_DATE | PARTS_TIME | PART_ZONE;
    else if (moment == TIME_MOMENT_TODAY)
        in->found = PARTS_DATE;
    if (moment >= TIME_MOMENT_NOW) /* a valid date, whichever */
        set_julian(in, JULIAN_2000);
    return TIME_OK;
}

/* "t" says that the next field is the time. */
static enum time_outcome read_time_mark(struct time_reader *in, int i)
{
    const struct time_fields *fields = &in->out->fields;
    enum time_field_kind next = i + 1 < fields->n ? fields->at[i + 1].kind : TIME_FIELD_WORD;

    if (!in->time_only && (in->seen & PARTS_DATE) != PARTS_DATE)
        return TIME_SYNTAX;
    if (next == TIME_FIELD_WORD || next == TIME_FIELD_SIGNED)
        return TIME_SYNTAX;
    in->found = 0;
    in->label = TIME_LABEL_TIME;
    return TIME_OK;
}

static bool read_abbreviation(struct time_reader *in, const char *text)
{
    bool is_daylight;

    if (!zone_abbreviation(str_of(text), &in->out->zone, &is_daylight))
        return false;
    in->found = PART_ZONE;
    if (in->out->zone.abbreviation != NULL)
        in->found |= PART_CHANGING;
    else if (is_daylight)
        in->found |= PART_DAYLIGHT;
    return true;
}

static enum time_outcome read_word(struct time_reader *in, int i)
{
    const char *text = in->out->fields.at[i].text;
    int value;

    in->found = 0;
    if (read_abbreviation(in, text))
        return TIME_OK;
    switch (time_word(text, &value)) {
    case TIME_WORD_IGNORED:
        return TIME_OK;
    case TIME_WORD_MONTH:
        read_month(in, value);
        return in->time_only ? TIME_SYNTAX : TIME_OK;
    case TIME_WORD_WEEKDAY:
        in->found = PART_WEEKDAY;
        return in->time_only ? TIME_SYNTAX : TIME_OK;
    case TIME_WORD_HALF:
        in->found = PART_HALF;
        in->half = (enum time_half)value;
        return TIME_OK;
    case TIME_WORD_ERA:
        in->found = PART_ERA;
        in->before_christ = value != 0;
        return TIME_OK;
    case TIME_WORD_LABEL:
        in->label = (enum time_label)value;
        return TIME_OK;
    case TIME_WORD_TIME:
        return read_time_mark(in, i);
    case TIME_WORD_DAYLIGHT:
        in->found = PART_DST | PART_DAYLIGHT;
        in->out->zone.rule.standard_s += 3600;
        return TIME_OK;
    case TIME_WORD_MOMENT:
        return read_moment(in, (enum time_moment)value);
    case TIME_WORD_NONE:
        break;
    }
    return read_zone_name(in, text) == TIME_OK ? TIME_OK : TIME_SYNTAX;
}

static enum time_outcome read_field(struct time_reader *in, int i)
{
    const struct time_field *field = &in->out->fields.at[i];

    in->found = 0;
    switch (field->kind) {
    case TIME_FIELD_DATE:
        return read_marked(in, i);
    case TIME_FIELD_CLOCK:
        return read_clock(in, field->text);
    case TIME_FIELD_SIGNED:
        return read_offset(in, field->text);
    case TIME_FIELD_NUMBER:
        return read_plain(in, i);
    case TIME_FIELD_WORD:
        break;
    }
    return read_word(in, i);
}

/* ---- the whole ---- */

/* Years of two digits lie between 1970 and 2069; those before Christ become astronomical. */
static bool settle_year(struct time_reader *in)
{
    int *year = &in->out->year;

    if (!(in->seen & PART_YEAR) || in->julian)
        return true;
    if (*year < 0 || (*year == 0 && (in->before_christ || !in->short_year)))
        return false;
    if (in->before_christ)
        *year = 1 - *year;
    else if (in->short_year)
        *year += *year < 70 ? 2000 : *year < 100 ? 1900 : 0;
    return true;
}

static enum time_outcome settle_date(struct time_reader *in)
{
    struct time_reading *out = in->out;

    if (!settle_year(in))
        return TIME_RANGE;
    if (in->seen & PART_DAY_OF_YEAR) {
        if (out->year < -YEAR_LAST || out->year > YEAR_LAST)
            return TIME_RANGE;
        text_date(text_days(out->year, 1, 1) + in->day_of_year - 1, &out->year, &out->month,
                  &out->day);
    }
    if ((in->seen & PART_MONTH) && (out->month < 1 || out->month > 12))
        return TIME_RANGE;
    if ((in->seen & PART_DAY) && (out->day < 1 || out->day > 31))
        return TIME_RANGE;
    out->has_date = (in->seen & PARTS_DATE) == PARTS_DATE;
    return out->has_date && out->day > text_month_length(out->year, out->month) ? TIME_RANGE
                                                                                : TIME_OK;
}

static enum time_outcome settle_half(struct time_reader *in)
{
    int *hour = &in->out->hour;

    if (in->half != TIME_HALF_NONE && *hour > 12)
        return TIME_RANGE;
    if (in->half == TIME_HALF_AM && *hour == 12)
        *hour = 0;
    else if (in->half == TIME_HALF_PM && *hour != 12)
        *hour += 12;
    return TIME_OK;
}

/* "dst" needs a zone with one offset; a name of several needs a date. */
static enum time_outcome settle_zone(struct time_reader *in)
{
    struct zone *zone = &in->out->zone;

    int32_t offset_s;

    if (in->out->moment != TIME_MOMENT_FINITE)
        return TIME_OK;
    if ((in->seen & PART_DST) && (!(in->seen & PART_ZONE) || in->named || zone->file != NULL))
        return TIME_SYNTAX;
    if (!in->time_only || in->out->has_date)
        return TIME_OK;
    if (!(in->seen & PART_ZONE) && (in->seen & PARTS_DATE))
        return TIME_SYNTAX;
    if (zone->abbreviation != NULL)
        return in->seen & PARTS_DATE ? TIME_SYNTAX : TIME_OK;
    return zone_is_fixed(zone, &offset_s) ? TIME_OK : TIME_SYNTAX;
}

static enum time_outcome settle(struct time_reader *in)
{
    enum time_outcome outcome = settle_date(in);

    if (outcome == TIME_OK)
        outcome = settle_half(in);
    if (outcome != TIME_OK)
        return outcome;
    if (in->time_only) {
        if (time_overflows(in->out))
            return TIME_RANGE;
        if ((in->seen & PARTS_TIME) != PARTS_TIME)
            return TIME_SYNTAX;
    } else if (in->out->moment == TIME_MOMENT_FINITE && !in->out->has_date) {
        return TIME_SYNTAX;
    }
    return settle_zone(in);
}

enum time_outcome time_read(struct str text, bool time_only, struct time_reading *ret)
{
    struct time_reader in = {.out = ret, .time_only = time_only};
    enum time_outcome outcome = TIME_OK;

    memset(ret, 0, offsetof(struct time_reading, fields)); /* the fields are set by their split */
    if (!time_fields_split(text, TIME_ROOM, &ret->fields))
        return TIME_SYNTAX;
    for (int i = 0; i < ret->fields.n && outcome == TIME_OK; i++) {
        outcome = read_field(&in, i);
        if (outcome == TIME_OK && (in.seen & in.found))
            return TIME_SYNTAX;
        in.seen |= in.found;
    }
    if (outcome == TIME_OK)
        outcome = settle(&in);
    return outcome == TIME_OK && ret->moment >= TIME_MOMENT_NOW ? TIME_NOW : outcome;
}
