/*
 * Dates and times: ISO 8601 as PostgreSQL writes it, and what people write: month names, slashes in
 * the order month, day, year, AM and PM. What PostgreSQL reads beyond that ("tomorrow", Julian
 * days, zone names) is refused, never guessed.
 */
#include "record/text.h"

#include "record/text_parts.h"
#include <ctype.h>
#include <math.h>
#include <strings.h>

#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)
#define TIMESTAMP_MIN (DAYS_MIN * DAY_US)
#define TIMESTAMP_END INT64_C(9223371331200000000) /* 294277-01-01 */

enum {
    DAYS_MIN = -2451545,   /* 4714-11-24 BC */
    DAYS_END = 2145031949, /* 5874898-01-01 */
    DAYS_UNIX = -10957,    /* 1970-01-01 */
    YEAR_DIGITS_MAX = 7,
    ZONE_HOURS_MAX = 15,
    FRACTION_DIGITS = 6
};

enum moment { MOMENT_FINITE, MOMENT_INFINITY, MOMENT_MINUS_INFINITY, MOMENT_EPOCH };

/* What a text says; what it does not say is 0. */
struct reading {
    enum moment moment;
    bool has_date, has_time, before_christ;
    int year, month, day;
    int64_t hour, minute, second, fraction_us;
    int64_t zone_s; /* east is positive */
};

/* The outcome of reading one part: absent parts are no error. */
enum part { PART_OK, PART_SYNTAX, PART_RANGE, PART_ZONE };

struct cursor {
    const char *at, *end;
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

/* Reads 1 to `most` digits; how many, or 0 when there are none or more than `most`. */
static int read_digits(struct cursor *in, int most, int64_t *ret)
{
    int64_t number = 0;
    int n = 0;

    while (in->at + n < in->end && in->at[n] >= '0' && in->at[n] <= '9') {
        if (n == most)
            return 0;
        number = number * 10 + (in->at[n++] - '0');
    }
    in->at += n;
    *ret = number;
    return n;
}

static bool skip_char(struct cursor *in, char c)
{
    if (in->at == in->end || *in->at != c)
        return false;
    in->at++;
    return true;
}

static bool skip_blanks(struct cursor *in)
{
    const char *start = in->at;

    while (in->at < in->end && isspace((unsigned char)*in->at))
        in->at++;
    return in->at > start;
}

/* Reads a word of letters when it is `word`, whatever its case. */
static bool skip_word(struct cursor *in, const char *word)
{
    const char *end = in->at;

    while (end < in->end && isalpha((unsigned char)*end))
        end++;
    if (!text_same_word(str_between(in->at, end), word))
        return false;
    in->at = end;
    return true;
}

/* YYYY-MM-DD with four to seven digits of year, or YYYYMMDD. */
static enum part read_date(struct cursor *in, struct reading *out)
{
    int64_t year, month, day;
    int n = read_digits(in, YEAR_DIGITS_MAX + 1, &year);

    if (n == YEAR_DIGITS_MAX + 1) {
        month = year / 100 % 100;
        day = year % 100;
        year /= 10000;
    } else if (n < 4 || !skip_char(in, '-') || read_digits(in, 2, &month) == 0 ||
               !skip_char(in, '-') || read_digits(in, 2, &day) == 0) {
        return PART_SYNTAX;
    }
    out->has_date = true;
    out->year = (int)year;
    out->month = (int)month;
    out->day = (int)day;
    return PART_OK;
}

/* The digits behind the point, rounded to microseconds: through a double, where PostgreSQL goes
 * that way too. */
static bool read_fraction(struct cursor *in, int64_t *ret_us)
{
    char text[32] = "0.";
    size_t n = 0;
    int64_t us = 0;

    while (in->at < in->end && *in->at >= '0' && *in->at <= '9') {
        if (n == sizeof(text) - 3)
            return false;
        if (n < FRACTION_DIGITS)
            us = us * 10 + (*in->at - '0');
        text[2 + n++] = *in->at++;
    }
    for (size_t i = n; i < FRACTION_DIGITS; i++)
        us *= 10;
    *ret_us = n <= FRACTION_DIGITS ? us : (int64_t)rint(strtod(text, NULL) * (double)SECOND_US);
    return true;
}

static int64_t time_of(const struct reading *in)
{
    return in->hour * HOUR_US + in->minute * MINUTE_US + in->second * SECOND_US + in->fraction_us;
}

/* HH:MM[:SS[.fraction]]; a second of 60 is good. The hour is left to check. */
static enum part read_time(struct cursor *in, struct reading *out)
{
    if (read_digits(in, 2, &out->hour) == 0 || !skip_char(in, ':') ||
        read_digits(in, 2, &out->minute) == 0)
        return PART_SYNTAX;
    if (skip_char(in, ':')) {
        if (read_digits(in, 2, &out->second) == 0)
            return PART_SYNTAX;
        if (skip_char(in, '.') && !read_fraction(in, &out->fraction_us))
            return PART_SYNTAX;
    }
    out->has_time = true;
    return out->minute > 59 || out->second > 60 ? PART_RANGE : PART_OK;
}

/* +HH, +HHMM, +HH:MM, +HH:MM:SS, Z, UTC */
static enum part read_zone(struct cursor *in, struct reading *out)
{
    int64_t hours, minutes = 0, seconds = 0;

    if (in->at == in->end || (*in->at != '+' && *in->at != '-')) {
        (void)(skip_word(in, "z") || skip_word(in, "utc") || skip_word(in, "gmt"));
        return PART_OK;
    }
    bool west = *in->at++ == '-';
    int n = read_digits(in, 4, &hours);
    if (n == 0)
        return PART_SYNTAX;
    if (n > 2) {
        minutes = hours % 100;
        hours /= 100;
    } else if (skip_char(in, ':')) {
        if (read_digits(in, 2, &minutes) == 0)
            return PART_SYNTAX;
        if (skip_char(in, ':') && read_digits(in, 2, &seconds) == 0)
            return PART_SYNTAX;
    }
    if (hours > ZONE_HOURS_MAX || minutes > 59 || seconds > 59)
        return PART_ZONE;
    out->zone_s = (hours * 60 + minutes) * 60 + seconds;
    if (west)
        out->zone_s = -out->zone_s;
    return PART_OK;
}

static bool read_moment(struct str text, struct reading *out)
{
    if (text_same_word(text, "infinity") || text_same_word(text, "+infinity"))
        out->moment = MOMENT_INFINITY;
    else if (text_same_word(text, "-infinity"))
        out->moment = MOMENT_MINUS_INFINITY;
    else if (text_same_word(text, "epoch"))
        out->moment = MOMENT_EPOCH;
    return out->moment != MOMENT_FINITE;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Checks the date; turns years before Christ into astronomical ones (1 BC is 0). */
static enum part check_date(struct reading *out)
{
    static const int days_of[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (out->year == 0 || out->month < 1 || out->month > 12 || out->day < 1)
        return PART_RANGE;
    if (out->before_christ)
        out->year = 1 - out->year;
    int most = days_of[out->month - 1] + (out->month == 2 && is_leap(out->year));
    return out->day > most ? PART_RANGE : PART_OK;
}

static bool time_comes_first(struct cursor in)
{
    int64_t number;

    return read_digits(&in, 2, &number) > 0 && skip_char(&in, ':');
}

/* ---- what people write: month names, slashes, AM and PM, in any order ---- */

/* The numbers of a date, in the order they came. */
struct loose {
    int64_t numbers[3];
    int widths[3], n, month;
    int half; /* 1 AM, 2 PM */
};

/* The number of the word among those, which three letters or more may stand for; 0: none. */
static int find_name(struct str word, const char *const *names, int n)
{
    for (int i = 0; i < n; i++) {
        size_t len = strlen(names[i]);

        if (word.len >= 3 && (word.len == 3 || word.len == len || (word.len == 4 && len == 9)) &&
            word.len <= len && strncasecmp(word.at, names[i], word.len) == 0)
            return i + 1;
    }
    return 0;
}

static enum part read_word(struct cursor *in, struct reading *out, struct loose *loose)
{
    static const char *const months[] = {"january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december"};
    static const char *const days[] = {"sunday",   "monday", "tuesday", "wednesday",
                                       "thursday", "friday", "saturday"};
    const char *start = in->at;

    while (in->at < in->end && isalpha((unsigned char)*in->at))
        in->at++;
    struct str word = str_between(start, in->at);
    int month = find_name(word, months, 12);
    if (month > 0 && loose->month == 0) {
        loose->month = month;
        return PART_OK;
    }
    if (text_same_word(word, "am") || text_same_word(word, "pm")) {
        loose->half = text_same_word(word, "am") ? 1 : 2;
        return out->has_time ? PART_OK : PART_SYNTAX;
    }
    if (text_same_word(word, "bc") || text_same_word(word, "ad")) {
        out->before_christ = text_same_word(word, "bc");
        return PART_OK;
    }
    bool zone =
        text_same_word(word, "z") || text_same_word(word, "utc") || text_same_word(word, "gmt");
    return find_name(word, days, 7) > 0 || (zone && out->has_time) ? PART_OK : PART_SYNTAX;
}

static enum part read_field(struct cursor *in, struct loose *loose)
{
    int width = loose->n < 3 ? read_digits(in, YEAR_DIGITS_MAX, &loose->numbers[loose->n]) : 0;

    if (width == 0)
        return PART_SYNTAX;
    loose->widths[loose->n++] = width;
    return PART_OK;
}

/* Years of two digits lie between 1970 and 2069. */
static int full_year(int64_t year, int width, bool before_christ)
{
    if (width > 2 || before_christ)
        return (int)year;
    return (int)(year < 70 ? year + 2000 : year + 1900);
}

/* Month, day, year; the year comes first when it has three digits or more. */
static enum part settle_loose(struct loose loose, struct reading *out)
{
    int year_at = loose.n - 1;

    if (loose.half != 0 && out->hour > 12)
        return PART_RANGE;
    if (loose.half == 1 && out->hour == 12)
        out->hour = 0;
    else if (loose.half == 2 && out->hour != 12)
        out->hour += 12;
    if (loose.n == 0 && loose.month == 0)
        return PART_OK;
    if (loose.n != (loose.month == 0 ? 3 : 2))
        return PART_SYNTAX;
    if (loose.widths[0] > 2)
        year_at = 0;
    out->has_date = true;
    out->year = full_year(loose.numbers[year_at], loose.widths[year_at], out->before_christ);
    int64_t first = loose.numbers[year_at == 0 ? 1 : 0];
    out->month = (int)(loose.month != 0 ? loose.month : first);
    out->day = (int)(loose.month != 0 ? first : loose.numbers[year_at == 0 ? 2 : 1]);
    return PART_OK;
}

static enum part read_loose(struct str text, struct reading *out)
{
    struct cursor in = {text.at, text.at + text.len};
    struct loose loose = {0};
    enum part part = PART_OK;

    *out = (struct reading){.moment = MOMENT_FINITE};
    while (in.at < in.end && part == PART_OK) {
        if (skip_blanks(&in) || skip_char(&in, ','))
            continue;
        if (isalpha((unsigned char)*in.at))
            part = read_word(&in, out, &loose);
        else if (!out->has_time && time_comes_first(in))
            part = read_time(&in, out);
        else if (isdigit((unsigned char)*in.at))
            part = read_field(&in, &loose);
        else if (out->has_time && loose.half == 0 && (*in.at == '+' || *in.at == '-'))
            part = read_zone(&in, out);
        else if (strchr("-/.", *in.at) != NULL && in.at > text.at &&
                 isalnum((unsigned char)in.at[-1]) && !out->has_time)
            in.at++;
        else
            part = PART_SYNTAX;
    }
    return part == PART_OK ? settle_loose(loose, out) : part;
}

/* [date] [blanks or T, time [zone]] [BC] */
static enum part read_all(enum type_id type, struct str text, struct reading *out)
{
    struct cursor in = {text.at, text.at + text.len};
    enum part part = PART_OK;

    if (read_moment(text, out))
        return PART_OK;
    if (!time_comes_first(in)) {
        part = read_date(&in, out);
        if (part != PART_OK)
            return part;
        bool joined = skip_char(&in, 'T') || skip_char(&in, 't');
        if (!joined)
            skip_blanks(&in);
        else if (type == TYPE_TIME)
            return PART_SYNTAX;
    }
    if (time_comes_first(in)) {
        part = read_time(&in, out);
        if (part != PART_OK)
            return part;
        if (type != TYPE_TIME && time_of(out) > DAY_US)
            return PART_RANGE;
        skip_blanks(&in);
        part = read_zone(&in, out);
        if (part != PART_OK)
            return part;
        skip_blanks(&in);
    }
    if (in.at > text.at && isspace((unsigned char)in.at[-1])) {
        out->before_christ = skip_word(&in, "bc");
        if (!out->before_christ)
            (void)skip_word(&in, "ad");
    }
    return in.at < in.end ? PART_SYNTAX : PART_OK;
}

static bool fail(enum part part, enum type_id type, struct str text, struct err *reterr)
{
    switch (part) {
    case PART_RANGE:
        return err_sql(reterr, ERR_DEAD_LETTER, "22008",
                       "date/time field value out of range: \"%.*s\"", STR_ARG(text));
    case PART_ZONE:
        return err_sql(reterr, ERR_DEAD_LETTER, "22009",
                       "time zone displacement out of range: \"%.*s\"", STR_ARG(text));
    case PART_OK:
    case PART_SYNTAX:
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
static bool days_of(const struct reading *in, int64_t *ret)
{
    if (in->year < -4713 || in->year > 5874897)
        return false;
    *ret = text_days(in->year, in->month, in->day);
    return *ret >= DAYS_MIN && *ret < DAYS_END;
}

static bool take_date(const struct reading *in, struct str text, int64_t *ret, struct err *reterr)
{
    switch (in->moment) {
    case MOMENT_INFINITY:
        *ret = INT32_MAX;
        return true;
    case MOMENT_MINUS_INFINITY:
        *ret = INT32_MIN;
        return true;
    case MOMENT_EPOCH:
        *ret = DAYS_UNIX;
        return true;
    case MOMENT_FINITE:
        break;
    }
    return days_of(in, ret) || out_of_range("date", text, reterr);
}

static bool take_timestamp(struct type type, const struct reading *in, struct str text,
                           int64_t *ret, struct err *reterr)
{
    int64_t days, us;

    switch (in->moment) {
    case MOMENT_INFINITY:
        *ret = INT64_MAX;
        return true;
    case MOMENT_MINUS_INFINITY:
        *ret = INT64_MIN;
        return true;
    case MOMENT_EPOCH:
        *ret = DAYS_UNIX * DAY_US;
        return true;
    case MOMENT_FINITE:
        break;
    }
    int64_t zone_us = type.id == TYPE_TIMESTAMPTZ ? in->zone_s * SECOND_US : 0;
    if (!days_of(in, &days) || __builtin_mul_overflow(days, DAY_US, &us) ||
        __builtin_add_overflow(us, time_of(in) - zone_us, &us) || us < TIMESTAMP_MIN ||
        us >= TIMESTAMP_END)
        return out_of_range("timestamp", text, reterr);
    *ret = text_round_time(type, us);
    return true;
}

/* What the type asks of the text beyond its syntax. */
static enum part check_reading(enum type_id type, struct reading *out)
{
    if (type == TYPE_TIME ? !out->has_time : !out->has_date && out->moment == MOMENT_FINITE)
        return PART_SYNTAX;
    if (time_of(out) > DAY_US)
        return PART_RANGE;
    return out->has_date ? check_date(out) : PART_OK;
}

bool text_parse_time(struct type type, struct str text, int64_t *ret, struct err *reterr)
{
    struct reading reading = {.moment = MOMENT_FINITE};
    enum part part = read_all(type.id, text_trimmed(text), &reading);

    if (part == PART_SYNTAX)
        part = read_loose(text_trimmed(text), &reading);
    if (part == PART_OK)
        part = check_reading(type.id, &reading);
    if (part != PART_OK)
        return fail(part, type.id, text, reterr);
    if (type.id == TYPE_DATE)
        return take_date(&reading, text, ret, reterr);
    if (type.id != TYPE_TIME)
        return take_timestamp(type, &reading, text, ret, reterr);
    *ret = text_round_time(type, time_of(&reading));
    return true;
}

bool text_parse_clock(struct str text, int64_t *ret_us, int64_t *ret_zone_s, struct err *reterr)
{
    struct reading reading = {.moment = MOMENT_FINITE};
    enum part part = read_all(TYPE_TIME, text_trimmed(text), &reading);

    if (part == PART_OK)
        part = check_reading(TYPE_TIME, &reading);
    if (part != PART_OK)
        return fail(part, TYPE_TIMETZ, text, reterr);
    *ret_us = time_of(&reading);
    *ret_zone_s = reading.zone_s;
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
