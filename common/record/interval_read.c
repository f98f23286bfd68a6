/* Intervals from text: words and units as people and PostgreSQL write them, and ISO 8601. */
#include "record/interval.h"

#include "record/time_fields.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>

enum { DAYS_PER_WEEK = 7, DAYS_PER_MONTH = 30, MONTHS_PER_YEAR = 12, UNIT_LETTERS = 10 };

/* Units that a number can have; UNIT_OTHER is a word of time that takes none here. */
enum unit {
    UNIT_NONE,
    UNIT_MICROSECOND,
    UNIT_MILLISECOND,
    UNIT_SECOND,
    UNIT_MINUTE,
    UNIT_HOUR,
    UNIT_DAY,
    UNIT_WEEK,
    UNIT_MONTH,
    UNIT_YEAR,
    UNIT_DECADE,
    UNIT_CENTURY,
    UNIT_MILLENNIUM,
    UNIT_OTHER,
    UNIT_AGO
};

/* How much of its base a unit is: microseconds, days, months or years. */
static const int64_t scales[] = {
    [UNIT_MICROSECOND] = 1,      [UNIT_MILLISECOND] = 1000, [UNIT_SECOND] = SECOND_US,
    [UNIT_MINUTE] = MINUTE_US,   [UNIT_HOUR] = HOUR_US,     [UNIT_DAY] = 1,
    [UNIT_WEEK] = DAYS_PER_WEEK, [UNIT_MONTH] = 1,          [UNIT_YEAR] = 1,
    [UNIT_DECADE] = 10,          [UNIT_CENTURY] = 100,      [UNIT_MILLENNIUM] = 1000};

static const struct unit_word {
    const char *word; /* its first ten letters */
    enum unit unit;
} unit_words[] = {
    {"ago", UNIT_AGO},
    {"c", UNIT_CENTURY},
    {"cent", UNIT_CENTURY},
    {"centuries", UNIT_CENTURY},
    {"century", UNIT_CENTURY},
    {"d", UNIT_DAY},
    {"day", UNIT_DAY},
    {"days", UNIT_DAY},
    {"dec", UNIT_DECADE},
    {"decade", UNIT_DECADE},
    {"decades", UNIT_DECADE},
    {"decs", UNIT_DECADE},
    {"h", UNIT_HOUR},
    {"hour", UNIT_HOUR},
    {"hours", UNIT_HOUR},
    {"hr", UNIT_HOUR},
    {"hrs", UNIT_HOUR},
    {"m", UNIT_MINUTE},
    {"microsecon", UNIT_MICROSECOND},
    {"mil", UNIT_MILLENNIUM},
    {"millennia", UNIT_MILLENNIUM},
    {"millennium", UNIT_MILLENNIUM},
    {"millisecon", UNIT_MILLISECOND},
    {"mils", UNIT_MILLENNIUM},
    {"min", UNIT_MINUTE},
    {"mins", UNIT_MINUTE},
    {"minute", UNIT_MINUTE},
    {"minutes", UNIT_MINUTE},
    {"mon", UNIT_MONTH},
    {"mons", UNIT_MONTH},
    {"month", UNIT_MONTH},
    {"months", UNIT_MONTH},
    {"ms", UNIT_MILLISECOND},
    {"msec", UNIT_MILLISECOND},
    {"msecond", UNIT_MILLISECOND},
    {"mseconds", UNIT_MILLISECOND},
    {"msecs", UNIT_MILLISECOND},
    {"qtr", UNIT_OTHER},
    {"quarter", UNIT_OTHER},
    {"s", UNIT_SECOND},
    {"sec", UNIT_SECOND},
    {"second", UNIT_SECOND},
    {"seconds", UNIT_SECOND},
    {"secs", UNIT_SECOND},
    {"timezone", UNIT_OTHER},
    {"us", UNIT_MICROSECOND},
    {"usec", UNIT_MICROSECOND},
    {"usecond", UNIT_MICROSECOND},
    {"useconds", UNIT_MICROSECOND},
    {"usecs", UNIT_MICROSECOND},
    {"w", UNIT_WEEK},
    {"week", UNIT_WEEK},
    {"weeks", UNIT_WEEK},
    {"y", UNIT_YEAR},
    {"year", UNIT_YEAR},
    {"years", UNIT_YEAR},
    {"yr", UNIT_YEAR},
    {"yrs", UNIT_YEAR},
};

static int compare_word(const void *word, const void *row)
{
    return strncmp(word, ((const struct unit_word *)row)->word, UNIT_LETTERS);
}

/* UNIT_NONE: no word of an interval. */
static enum unit find_unit(const char *word)
{
    const struct unit_word *found =
        bsearch(word, unit_words, sizeof(unit_words) / sizeof(unit_words[0]), sizeof(unit_words[0]),
                compare_word);

    return found == NULL ? UNIT_NONE : found->unit;
}

/* ---- sums ---- */

/* What is read so far; the years become months at the end. */
struct sum {
    int64_t us;
    int32_t days, months, years;
};

/* A signed decimal: its whole part and its fraction, both with the sign. */
struct decimal {
    int64_t whole;
    double fraction;
};

static bool add_us(struct sum *sum, int64_t number, int64_t scale)
{
    int64_t product;

    return !__builtin_mul_overflow(number, scale, &product) &&
           !__builtin_add_overflow(sum->us, product, &sum->us);
}

static bool add_fraction_us(struct sum *sum, double fraction, int64_t scale)
{
    double product = fraction * (double)scale;
    int64_t us = (int64_t)product;

    product -= (double)us;
    us += product > 0.5 ? 1 : product < -0.5 ? -1 : 0;
    return add_us(sum, us, 1);
}

/* Adds to days, months or years, and so does every step on the way. */
static bool add_part(int32_t *part, int64_t number, int64_t scale)
{
    int32_t product;

    return number >= INT32_MIN && number <= INT32_MAX &&
           !__builtin_mul_overflow((int32_t)number, (int32_t)scale, &product) &&
           !__builtin_add_overflow(*part, product, part);
}

static bool add_fraction_days(struct sum *sum, double fraction, int scale)
{
    double product = fraction * scale;
    int32_t days = (int32_t)product;

    return add_part(&sum->days, days, 1) && add_fraction_us(sum, product - (double)days, DAY_US);
}

static bool add_fraction_years(struct sum *sum, double fraction, int64_t scale)
{
    return add_part(&sum->months, (int64_t)rint(fraction * (double)scale * MONTHS_PER_YEAR), 1);
}

/* A fraction spills into the next smaller fields: of a year into months, of a month into days of
 * 30, of a day into time. False: beyond what an interval holds. */
static bool add_unit(struct sum *sum, enum unit unit, struct decimal number)
{
    int64_t scale = scales[unit];

    switch (unit) {
    case UNIT_DAY:
        return add_part(&sum->days, number.whole, 1) &&
               add_fraction_us(sum, number.fraction, DAY_US);
    case UNIT_WEEK:
        return add_part(&sum->days, number.whole, scale) &&
               add_fraction_days(sum, number.fraction, DAYS_PER_WEEK);
    case UNIT_MONTH:
        return add_part(&sum->months, number.whole, 1) &&
               add_fraction_days(sum, number.fraction, DAYS_PER_MONTH);
    case UNIT_YEAR:
    case UNIT_DECADE:
    case UNIT_CENTURY:
    case UNIT_MILLENNIUM:
        return add_part(&sum->years, number.whole, scale) &&
               add_fraction_years(sum, number.fraction, scale);
    default:
        return add_us(sum, number.whole, scale) && add_fraction_us(sum, number.fraction, scale);
    }
}

/* ---- words and units ---- */

struct reader {
    struct sum sum;
    unsigned seen, fields; /* units, by their bits; the typmod's */
    enum unit unit;        /* of the number to come */
    bool before;           /* "ago" */
};

static enum time_outcome see(struct reader *in, unsigned units)
{
    if (in->seen & units)
        return TIME_SYNTAX;
    in->seen |= units;
    return TIME_OK;
}

/* The unit of the last number where it has none: the lowest of the typmod's fields. */
static enum unit lowest_unit(unsigned fields)
{
    if ((fields & INTERVAL_FIELDS_ALL) == INTERVAL_FIELDS_ALL || (fields & INTERVAL_SECOND))
        return UNIT_SECOND;
    return fields & INTERVAL_MINUTE  ? UNIT_MINUTE
           : fields & INTERVAL_HOUR  ? UNIT_HOUR
           : fields & INTERVAL_DAY   ? UNIT_DAY
           : fields & INTERVAL_MONTH ? UNIT_MONTH
           : fields & INTERVAL_YEAR  ? UNIT_YEAR
                                     : UNIT_SECOND;
}

static enum time_outcome read_clock(struct reader *in, const char *text)
{
    struct time_clock clock;
    struct sum *sum = &in->sum;
    enum time_outcome outcome =
        time_read_clock(text, in->fields == (INTERVAL_MINUTE | INTERVAL_SECOND), &clock);

    if (outcome != TIME_OK)
        return outcome;
    sum->us = clock.fraction_us;
    if (!add_us(sum, clock.hour, HOUR_US) || !add_us(sum, clock.minute, MINUTE_US) ||
        !add_us(sum, clock.second, SECOND_US))
        return TIME_RANGE;
    in->unit = UNIT_DAY;
    return TIME_OK;
}

static enum time_outcome see_clock(struct reader *in)
{
    return see(in, 1U << UNIT_HOUR | 1U << UNIT_MINUTE | 1U << UNIT_SECOND |
                       1U << UNIT_MILLISECOND | 1U << UNIT_MICROSECOND);
}

/* "Y-M": the months behind the years, as months. */
static enum time_outcome read_months(const char *at, bool negative, int64_t *number)
{
    bool beyond = false;
    const char *end;
    int months = text_leading_int(at + 1, &end, &beyond);

    if (beyond || months < 0 || months >= MONTHS_PER_YEAR)
        return TIME_RANGE;
    if (*end != '\0')
        return TIME_SYNTAX;
    if (__builtin_mul_overflow(*number, MONTHS_PER_YEAR, number) ||
        __builtin_add_overflow(*number, negative ? -months : months, number))
        return TIME_RANGE;
    return TIME_OK;
}

static enum time_outcome read_decimal(const char *text, struct decimal *ret, bool *ret_months)
{
    enum time_outcome outcome = TIME_OK;
    char *end;

    *ret = (struct decimal){0};
    errno = 0;
    ret->whole = strtoll(text, &end, 10);
    if (errno == ERANGE)
        return TIME_RANGE;
    *ret_months = *end == '-';
    if (*end == '-')
        return read_months(end, *text == '-', &ret->whole);
    if (*end == '.')
        outcome = time_read_fraction(end, &ret->fraction);
    else if (*end != '\0')
        return TIME_SYNTAX;
    if (*text == '-')
        ret->fraction = -ret->fraction;
    return outcome;
}

static enum time_outcome read_number(struct reader *in, const char *text)
{
    struct decimal number;
    bool months;
    enum unit unit = in->unit == UNIT_NONE ? lowest_unit(in->fields) : in->unit;
    enum time_outcome outcome = read_decimal(text, &number, &months);

    if (outcome != TIME_OK)
        return outcome;
    if (months)
        unit = UNIT_MONTH;
    in->unit = unit == UNIT_HOUR ? UNIT_DAY : unit;
    if (unit >= UNIT_OTHER)
        return TIME_SYNTAX;
    if (!add_unit(&in->sum, unit, number))
        return TIME_RANGE;
    if (unit == UNIT_SECOND && number.fraction != 0)
        return see(in, 1U << UNIT_SECOND | 1U << UNIT_MILLISECOND | 1U << UNIT_MICROSECOND);
    return see(in, 1U << unit);
}

/* "-10:30" is a time, every other number with a sign a number. */
static enum time_outcome read_signed(struct reader *in, const char *text)
{
    struct reader copy = *in;

    if (strchr(text, ':') == NULL || read_clock(&copy, text + 1) != TIME_OK)
        return read_number(in, text);
    *in = copy;
    if (*text == '-' && __builtin_sub_overflow(0, in->sum.us, &in->sum.us))
        return TIME_RANGE;
    return see_clock(in);
}

static enum time_outcome read_word(struct reader *in, const char *text)
{
    enum unit unit = find_unit(text);

    if (unit == UNIT_NONE)
        return TIME_SYNTAX;
    in->before |= unit == UNIT_AGO;
    in->unit = unit;
    return TIME_OK;
}

static enum time_outcome read_field(struct reader *in, const struct time_field *field)
{
    enum time_outcome outcome;

    switch (field->kind) {
    case TIME_FIELD_CLOCK:
        outcome = read_clock(in, field->text);
        return outcome == TIME_OK ? see_clock(in) : outcome;
    case TIME_FIELD_SIGNED:
        return read_signed(in, field->text);
    case TIME_FIELD_DATE:
    case TIME_FIELD_NUMBER:
        return read_number(in, field->text);
    case TIME_FIELD_WORD:
        break;
    }
    return read_word(in, field->text);
}

static bool negate(struct sum *sum)
{
    return !__builtin_sub_overflow(0, sum->us, &sum->us) &&
           !__builtin_sub_overflow(0, sum->days, &sum->days) &&
           !__builtin_sub_overflow(0, sum->months, &sum->months) &&
           !__builtin_sub_overflow(0, sum->years, &sum->years);
}

/* Numbers and units, from the last field to the first: a unit stands behind its number. */
static enum time_outcome read_units(struct str text, unsigned fields, struct sum *ret)
{
    struct reader in = {.fields = fields, .unit = UNIT_NONE};
    enum time_outcome outcome = TIME_OK;
    struct time_fields split;

    if (!time_fields_split(text, INTERVAL_ROOM, &split))
        return TIME_SYNTAX;
    for (int i = split.n - 1; i >= 0 && outcome == TIME_OK; i--)
        outcome = read_field(&in, &split.at[i]);
    if (outcome == TIME_OK && in.seen == 0)
        return TIME_SYNTAX;
    if (outcome == TIME_OK && in.before && !negate(&in.sum))
        return TIME_RANGE;
    *ret = in.sum;
    return outcome;
}

/* ---- ISO 8601 ---- */

/* A number as strtod reads it; where one stands that is too large, TIME_RANGE. */
static enum time_outcome read_iso_number(const char **at, struct decimal *ret)
{
    double number;
    char *end;

    if (!isdigit((unsigned char)**at) && **at != '-' && **at != '.')
        return TIME_SYNTAX;
    errno = 0;
    number = strtod(*at, &end);
    if (end == *at || errno != 0)
        return TIME_SYNTAX;
    if (isnan(number) || number < -1.0e15 || number > 1.0e15)
        return TIME_RANGE;
    *at = end;
    ret->whole = (int64_t)trunc(number);
    ret->fraction = number - (double)ret->whole;
    return TIME_OK;
}

/* Digits of the whole part. */
static size_t whole_digits(const char *at)
{
    return strspn(at + (*at == '-'), "0123456789");
}

/* The unit of a designator; UNIT_NONE: it is none. */
static enum unit designated(char letter, bool in_time)
{
    static const char date_letters[] = "YMWD", time_letters[] = "HMS";
    static const enum unit date_units[] = {UNIT_YEAR, UNIT_MONTH, UNIT_WEEK, UNIT_DAY},
                           time_units[] = {UNIT_HOUR, UNIT_MINUTE, UNIT_SECOND};
    const char *letters = in_time ? time_letters : date_letters;
    const char *found = letter == '\0' ? NULL : strchr(letters, letter);

    if (found == NULL)
        return UNIT_NONE;
    return in_time ? time_units[found - letters] : date_units[found - letters];
}

/* YYYYMMDD or HHMMSS: eight or six digits that run together, read as one number. */
static bool add_joined(struct sum *sum, bool in_time, struct decimal number)
{
    static const enum unit date_units[] = {UNIT_YEAR, UNIT_MONTH, UNIT_DAY},
                           time_units[] = {UNIT_HOUR, UNIT_MINUTE, UNIT_SECOND};
    const enum unit *units = in_time ? time_units : date_units;
    int64_t whole = number.whole;

    return add_unit(sum, units[0], (struct decimal){whole / 10000, 0}) &&
           add_unit(sum, units[1], (struct decimal){whole / 100 % 100, 0}) &&
           add_unit(sum, units[2], (struct decimal){whole % 100, 0}) &&
           add_fraction_us(sum, number.fraction, in_time ? 1 : DAY_US);
}

/* Y-M-D or H:M:S behind its first number, any tail of it may be missing; a date may end at a T. */
static enum time_outcome read_alternative(const char **at, bool in_time, struct decimal number,
                                          struct sum *sum)
{
    static const enum unit date_units[] = {UNIT_YEAR, UNIT_MONTH, UNIT_DAY},
                           time_units[] = {UNIT_HOUR, UNIT_MINUTE, UNIT_SECOND};
    const enum unit *units = in_time ? time_units : date_units;

    for (int i = 0;; i++) {
        if (!add_unit(sum, units[i], number))
            return TIME_RANGE;
        if (**at == '\0' || (!in_time && **at == 'T'))
            return TIME_OK;
        if (i == 2 || **at != (in_time ? ':' : '-'))
            return TIME_SYNTAX;
        ++*at;
        enum time_outcome outcome = read_iso_number(at, &number);
        if (outcome != TIME_OK)
            return outcome;
    }
}

/* One number of a duration with what is behind it. */
static enum time_outcome read_iso_part(const char **at, bool in_time, bool any, struct sum *sum)
{
    const char *start = *at;
    struct decimal number;
    enum time_outcome outcome = read_iso_number(at, &number);

    if (outcome != TIME_OK)
        return outcome;
    enum unit unit = designated(**at, in_time);
    if (unit != UNIT_NONE) {
        ++*at;
        return add_unit(sum, unit, number) ? TIME_OK : TIME_RANGE;
    }
    bool ends = **at == '\0' || (!in_time && **at == 'T');
    if (ends && !any && whole_digits(start) == (in_time ? 6 : 8))
        return add_joined(sum, in_time, number) ? TIME_OK : TIME_RANGE;
    if (any || (!ends && **at != (in_time ? ':' : '-')))
        return TIME_SYNTAX;
    return read_alternative(at, in_time, number, sum);
}

/* P1Y2M3W4DT5H6M7.8S, P0001-02-03T04:05:06 or P00010203T040506 */
static enum time_outcome read_iso(struct str text, struct sum *ret)
{
    CLEANUP(buf) struct buf copy = {0};
    bool in_time = false, any = false;
    enum time_outcome outcome = TIME_OK;

    *ret = (struct sum){0};
    if (text.len < 2 || *text.at != 'P' || memchr(text.at, '\0', text.len) != NULL)
        return TIME_SYNTAX;
    buf_put(&copy, text);
    buf_char(&copy, '\0');
    for (const char *at = copy.at + 1; *at != '\0' && outcome == TIME_OK;) {
        if (*at == 'T') {
            in_time = true;
            any = false;
            at++;
            continue;
        }
        outcome = read_iso_part(&at, in_time, any, ret);
        any = true;
    }
    return outcome;
}

bool interval_parse(struct str text, int32_t typmod, struct interval *ret, struct err *reterr)
{
    unsigned fields = typmod < 0 ? INTERVAL_FIELDS_ALL : (unsigned)typmod >> 16;
    struct sum sum;
    enum time_outcome outcome = read_units(text, fields, &sum);
    int32_t months;

    if (outcome == TIME_SYNTAX)
        outcome = read_iso(text, &sum);
    if (outcome == TIME_SYNTAX)
        return text_bad_syntax("22007", TYPE_INTERVAL, text, reterr);
    if (outcome != TIME_OK)
        return err_sql(reterr, ERR_DEAD_LETTER, "22015",
                       "interval field value out of range: \"%.*s\"", STR_ARG(text));
    if (__builtin_mul_overflow(sum.years, MONTHS_PER_YEAR, &months) ||
        __builtin_add_overflow(months, sum.months, &months))
        return err_sql(reterr, ERR_DEAD_LETTER, "22008", "interval out of range");
    *ret = (struct interval){sum.us, sum.days, months};
    return true;
}
