/* to_date and to_timestamp with a template (chapter 9.8). */
#include "expr/template.h"

#include "record/text.h"
#include <ctype.h>
#include <errno.h>

/* What the text has said; 0 or -1 where it has not. */
struct found {
    int hour, minute, second, day_second, weekday, day, day_of_year, month, ms, year, year_digits;
    int week, week_of_month, century, julian, us, zone_hour, zone_minute, zone_sign;
    bool pm, before_christ, twelve, iso, gregorian;
};

/* The text being read along the template. */
struct reader {
    const char *at, *end;
    struct piece *pieces;
    uint32_t n, i;
    struct found found;
    int skipped; /* blanks and separators passed beyond what the template asks for */
    bool exact;  /* FX */
    struct err *reterr;
};

static bool fail(struct reader *in, const char *sqlstate, const char *text)
{
    return err_sql(in->reterr, ERR_DEAD_LETTER, sqlstate, "%s", text);
}

static bool is_blank(const struct reader *in)
{
    return in->at < in->end && isspace((unsigned char)*in->at);
}

static bool is_separator(const struct reader *in)
{
    return in->at<in->end && * in->at> 0x20 && *in->at < 0x7f && !isalnum((unsigned char)*in->at);
}

static const struct piece *piece(const struct reader *in)
{
    return &in->pieces[in->i];
}

/* The pattern reads digits. */
static bool is_digits(enum pattern pattern)
{
    switch (pattern) {
    case PATTERN_AD:
    case PATTERN_AD_DOTS:
    case PATTERN_AM:
    case PATTERN_AM_DOTS:
    case PATTERN_DAY:
    case PATTERN_DY:
    case PATTERN_FX:
    case PATTERN_MON:
    case PATTERN_MONTH:
    case PATTERN_OF:
    case PATTERN_RM:
    case PATTERN_TZ:
    case PATTERN_TZH:
        return false;
    default:
        return true;
    }
}

/* No digit can come behind this number, so that it may be of any length. */
static bool ends_number(const struct reader *in)
{
    const struct piece *next = piece(in) + 1;

    if (piece(in)->ordinal || in->i + 1 == in->n)
        return true;
    if (next->pattern != PATTERN_NONE)
        return !is_digits(next->pattern);
    return !isdigit((unsigned char)*next->text.at);
}

/* How much of the text a message shows: a word of at most `most` characters. */
static struct str shown(const struct reader *in, size_t most)
{
    struct str text = {in->at, 0};

    while (text.len < most && in->at + text.len < in->end)
        text.len++;
    return text;
}

static bool invalid(struct reader *in, struct str text)
{
    return err_sql(in->reterr, ERR_DEAD_LETTER, "22007", "invalid value \"%.*s\" for \"%.*s\"",
                   STR_ARG(text), STR_ARG(piece(in)->text));
}

static bool set_field(struct reader *in, int *field, int value)
{
    if (*field != 0 && *field != value)
        return err_sql(in->reterr, ERR_DEAD_LETTER, "22007",
                       "conflicting values for \"%.*s\" field in formatting string",
                       STR_ARG(piece(in)->text));
    *field = value;
    return true;
}

/* Reads a number of `most` digits, or of any length where nothing can follow it. *ret_len: the
 * digits read. */
static bool read_number(struct reader *in, size_t most, int *ret, int *ret_len)
{
    char copy[32] = "", *stop;
    bool free = piece(in)->fill || ends_number(in);
    long number;

    while (is_blank(in))
        in->at++;
    struct str text = shown(in, free ? sizeof(copy) - 1 : most);
    memcpy(copy, text.at, text.len);
    if (!free && text.len < most)
        return err_sql(in->reterr, ERR_DEAD_LETTER, "22007",
                       "source string too short for \"%.*s\" formatting field",
                       STR_ARG(piece(in)->text));
    errno = 0;
    number = strtol(copy, &stop, 10);
    *ret_len = (int)(stop - copy);
    if (*ret_len == 0 || (!free && (size_t)*ret_len < most))
        return invalid(in, shown(in, most));
    if (errno != 0 || number > INT32_MAX || number < INT32_MIN)
        return err_sql(in->reterr, ERR_DEAD_LETTER, "22008",
                       "value for \"%.*s\" in source string is out of range",
                       STR_ARG(piece(in)->text));
    in->at += *ret_len;
    *ret = (int)number;
    if (piece(in)->ordinal)
        in->at += in->end - in->at < 2 ? in->end - in->at : 2;
    return true;
}

static bool read_into(struct reader *in, size_t most, int *field)
{
    int number = 0, len;

    return read_number(in, most, &number, &len) && set_field(in, field, number);
}

/* Digits behind a point: fewer of them stand for larger parts. */
static bool read_fraction(struct reader *in, int digits, int *field)
{
    int number = 0, len = 0;

    if (!read_number(in, (size_t)digits, &number, &len))
        return false;
    for (; len < digits; len++)
        number *= 10;
    return set_field(in, field, number);
}

/* The word among those that the text goes on with; names may be cut to `cut` letters. */
static bool read_name(struct reader *in, const char *const *names, int n, size_t cut, int *ret)
{
    for (int i = 0; i < n; i++) {
        size_t len = cut > 0 && cut < strlen(names[i]) ? cut : strlen(names[i]);

        if ((size_t)(in->end - in->at) < len || strncasecmp(in->at, names[i], len) != 0)
            continue;
        in->at += len;
        *ret = i;
        return true;
    }
    struct str word = {in->at, 0};
    while (in->at + word.len < in->end && !isspace((unsigned char)in->at[word.len]))
        word.len++;
    return invalid(in, word);
}

/* Years of few digits lie nearest to 2020. */
static int near_2020(int year, int digits)
{
    if (digits == 4 || year < 0)
        return year;
    if (year < 70)
        return year + 2000;
    if (year < 100)
        return year + 1900;
    if (year < 520)
        return year + 2000;
    return year < 1000 ? year + 1000 : year;
}

static bool read_year(struct reader *in)
{
    int year = 0, len = 0, digits = piece(in)->digits;

    if (!read_number(in, (size_t)digits, &year, &len))
        return false;
    if (digits < 4 && len < 4)
        year = near_2020(year, digits);
    in->found.year_digits = digits;
    return set_field(in, &in->found.year, year);
}

static bool read_year_comma(struct reader *in)
{
    int thousands, rest, read = 0;
    char copy[24] = "";
    struct str text = shown(in, sizeof(copy) - 1);

    memcpy(copy, text.at, text.len);
    if (sscanf(copy, "%d,%3d%n", &thousands, &rest, &read) != 2)
        return fail(in, "22007", "invalid input string for \"Y,YYY\"");
    in->at += read;
    in->found.year_digits = 4;
    return set_field(in, &in->found.year, thousands * 1000 + rest);
}

static bool read_zone_hour(struct reader *in)
{
    int sign = 1;

    if (in->at < in->end && strchr("+- ", *in->at) != NULL)
        sign = *in->at++ == '-' ? -1 : 1;
    else if (in->skipped > 0 && in->at[-1] == '-')
        sign = -1;
    in->found.zone_sign = sign;
    return read_into(in, 2, &in->found.zone_hour);
}

static bool read_words(struct reader *in)
{
    static const char *const eras[] = {"BC", "B.C.", "AD", "A.D."};
    static const char *const halves[] = {"PM", "P.M.", "AM", "A.M."};
    static const char *const romans[] = {"VIII", "VII", "XII", "III", "IV", "VI",
                                         "IX",   "XI",  "II",  "V",   "X",  "I"};
    static const int roman_month[] = {8, 7, 12, 3, 4, 6, 9, 11, 2, 5, 10, 1};
    struct found *found = &in->found;
    int i = 0;

    switch (piece(in)->pattern) {
    case PATTERN_AD:
    case PATTERN_AD_DOTS:
        if (!read_name(in, eras, 4, 0, &i))
            return false;
        found->before_christ = i < 2;
        return true;
    case PATTERN_AM:
    case PATTERN_AM_DOTS:
        if (!read_name(in, halves, 4, 0, &i))
            return false;
        found->pm = i < 2;
        found->twelve = true;
        return true;
    case PATTERN_MON:
    case PATTERN_MONTH:
        if (!read_name(in, month_names, 12, piece(in)->pattern == PATTERN_MON ? 3 : 0, &i))
            return false;
        return set_field(in, &found->month, i + 1);
    case PATTERN_DAY:
    case PATTERN_DY:
        if (!read_name(in, day_names, 7, piece(in)->pattern == PATTERN_DY ? 3 : 0, &i))
            return false;
        found->weekday = i + 1;
        return true;
    case PATTERN_RM:
        if (!read_name(in, romans, 12, 0, &i))
            return false;
        return set_field(in, &found->month, roman_month[i]);
    default:
        return err_sql(in->reterr, ERR_DEAD_LETTER, "0A000",
                       "formatting field \"%.*s\" is only supported in to_char",
                       STR_ARG(piece(in)->text));
    }
}

static bool read_clock(struct reader *in)
{
    struct found *found = &in->found;

    switch (piece(in)->pattern) {
    case PATTERN_HH12:
        found->twelve = true;
        return read_into(in, 2, &found->hour);
    case PATTERN_HH24:
        return read_into(in, 2, &found->hour);
    case PATTERN_MI:
        return read_into(in, 2, &found->minute);
    case PATTERN_SS:
        return read_into(in, 2, &found->second);
    case PATTERN_MS:
        return read_fraction(in, 3, &found->ms);
    case PATTERN_FF:
    case PATTERN_US: {
        int part = 0;

        if (!read_fraction(in, piece(in)->digits, &part))
            return false;
        for (int i = piece(in)->digits; i < 6; i++)
            part *= 10;
        return set_field(in, &found->us, part);
    }
    case PATTERN_SSSS:
        return read_into(in, 5, &found->day_second);
    case PATTERN_TZH:
        return read_zone_hour(in);
    case PATTERN_TZM:
        if (found->zone_sign == 0)
            found->zone_sign = 1;
        return read_into(in, 2, &found->zone_minute);
    default:
        return read_words(in);
    }
}

static bool mixes(struct reader *in, bool iso)
{
    bool *seen = iso ? &in->found.iso : &in->found.gregorian;

    *seen = true;
    return !(in->found.iso && in->found.gregorian) ||
           fail(in, "22007", "invalid combination of date conventions");
}

static bool read_pattern(struct reader *in)
{
    struct found *found = &in->found;
    int ignored = 0, len;

    switch (piece(in)->pattern) {
    case PATTERN_FX:
        in->exact = true;
        return true;
    case PATTERN_MM:
        return mixes(in, false) && read_into(in, 2, &found->month);
    case PATTERN_DD:
        return mixes(in, false) && read_into(in, 2, &found->day);
    case PATTERN_DDD:
        return mixes(in, false) && read_into(in, 3, &found->day_of_year);
    case PATTERN_IDDD:
        return mixes(in, true) && read_into(in, 3, &found->day_of_year);
    case PATTERN_D:
        return mixes(in, false) && read_into(in, 1, &found->weekday);
    case PATTERN_ID:
        if (!mixes(in, true) || !read_into(in, 1, &found->weekday))
            return false;
        found->weekday = found->weekday == 7 ? 1 : found->weekday + 1;
        return true;
    case PATTERN_WW:
        return mixes(in, false) && read_into(in, 2, &found->week);
    case PATTERN_IW:
        return mixes(in, true) && read_into(in, 2, &found->week);
    case PATTERN_W:
        return mixes(in, false) && read_into(in, 1, &found->week_of_month);
    case PATTERN_Q:
        return read_number(in, 1, &ignored, &len);
    case PATTERN_CC:
        return read_into(in, 2, &found->century);
    case PATTERN_YEAR:
        return mixes(in, false) && read_year(in);
    case PATTERN_IYEAR:
        return mixes(in, true) && read_year(in);
    case PATTERN_YEAR_COMMA:
        return read_year_comma(in);
    case PATTERN_J:
        return read_into(in, 31, &found->julian);
    default:
        return read_clock(in);
    }
}

/* Text of the template: passes over one character, unless more blanks were passed already. */
static void pass_text(struct reader *in)
{
    const struct piece *text = piece(in);
    struct str rest = {in->at, (size_t)(in->end - in->at)};

    if ((text->separator || text->blank) && !in->exact) {
        in->skipped--;
        if (is_blank(in) || is_separator(in)) {
            in->at++;
            in->skipped++;
        }
        return;
    }
    if (!in->exact && in->skipped > 0)
        in->skipped--;
    else if (rest.len > 0)
        in->at += utf8_at(rest, 1);
}

static bool read_all(struct reader *in)
{
    for (; in->i < in->n && in->at < in->end; in->i++) {
        bool text = piece(in)->pattern == PATTERN_NONE;
        bool character = text && !piece(in)->separator && !piece(in)->blank;

        if (!in->exact && (!character || in->i == 0)) {
            for (; is_blank(in); in->at++)
                in->skipped++;
        }
        if (text) {
            pass_text(in);
            continue;
        }
        if (!read_pattern(in))
            return false;
        if (in->exact)
            continue;
        in->skipped = 0;
        for (; is_blank(in); in->at++)
            in->skipped++;
    }
    return true;
}

/* ---- from fields to a moment ---- */

static bool out_of_range(struct str text, struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22008", "date/time field value out of range: \"%.*s\"",
                   STR_ARG(text));
}

/* The day on which the ISO year's first week begins. */
static int32_t iso_start(int year)
{
    int32_t fourth = text_days(year, 1, 4);

    return fourth - (day_of_week(fourth) + 6) % 7;
}

static void settle_year(struct found *found)
{
    int year = found->year, century = found->century;

    if (found->before_christ)
        century = -century;
    if (year != 0) {
        if (century != 0 && found->year_digits <= 2) {
            if (century < 0)
                year = century * 100 + year % 100 + 1;
            else
                year = year % 100 == 0 ? century * 100 : (century - 1) * 100 + year % 100;
        } else if (found->before_christ && year > 0) {
            year = -(year - 1);
        } else if (year < 0) {
            year = found->before_christ ? -year : year + 1;
        }
    } else if (century != 0) {
        year = century > 0 ? (century - 1) * 100 + 1 : century * 100 + 1;
    }
    found->year = year;
}

static bool settle_day(const struct found *found, struct str text, int32_t *ret, struct err *reterr)
{
    int month = found->month == 0 ? 1 : found->month, day = found->day == 0 ? 1 : found->day;
    int year = found->year;

    if (found->julian != 0) {
        *ret = found->julian - JULIAN_2000;
        return true;
    }
    if (found->iso && found->day_of_year != 0) {
        *ret = iso_start(year) + found->day_of_year - 1;
        return true;
    }
    if (found->iso && found->week != 0) {
        int weekday = found->weekday == 0 ? 1 : found->weekday == 1 ? 7 : found->weekday - 1;

        *ret = iso_start(year) + (found->week - 1) * 7 + weekday - 1;
        return true;
    }
    if (found->week != 0) {
        *ret = text_days(year, 1, 1) + (found->week - 1) * 7;
        return true;
    }
    if (found->week_of_month != 0)
        day = (found->week_of_month - 1) * 7 + 1;
    if (found->day_of_year != 0 && (found->month <= 1 || found->day <= 1)) {
        bool leap = month_length(year, 2) == 29;

        if (year == 0)
            return err_sql(reterr, ERR_DEAD_LETTER, "22007",
                           "cannot calculate day of year without year information");
        if (found->day_of_year < 1 || found->day_of_year > 365 + leap)
            return out_of_range(text, reterr);
        *ret = text_days(year, 1, 1) + found->day_of_year - 1;
        return true;
    }
    if (month < 1 || month > 12 || day < 1 || day > month_length(year, month))
        return out_of_range(text, reterr);
    *ret = text_days(year, month, day);
    return true;
}

static bool settle_time(struct found *found, struct str text, int64_t *ret, struct err *reterr)
{
    int second = found->day_second, us = found->us + found->ms * 1000;

    if (second != 0) {
        found->hour = second / 3600;
        found->minute = second / 60 % 60;
        found->second = second % 60;
    }
    if (found->twelve) {
        if (found->hour < 1 || found->hour > 12) {
            if (found->hour != 0 || second != 0)
                return err_sql(reterr, ERR_DEAD_LETTER, "22007",
                               "hour \"%d\" is invalid for the 12-hour clock", found->hour);
        }
        if (found->pm && found->hour < 12)
            found->hour += 12;
        else if (!found->pm && found->hour == 12)
            found->hour = 0;
    }
    if (found->hour < 0 || found->hour >= 24 || found->minute < 0 || found->minute > 59 ||
        found->second < 0 || found->second > 59 || us < 0 || us >= 1000000)
        return out_of_range(text, reterr);
    *ret = found->hour * HOUR_US + found->minute * MINUTE_US + found->second * SECOND_US + us;
    return true;
}

static bool parse(const struct call *call, int32_t *ret_days, int64_t *ret_us, int32_t *ret_east_s,
                  struct err *reterr)
{
    struct str text = call->args[0].bytes;
    struct reader in = {.at = text.at, .end = text.at + text.len, .reterr = reterr};
    struct found *found = &in.found;

    in.pieces = template_pieces(call->args[1].bytes, call->scratch, &in.n);
    if (!read_all(&in))
        return false;
    settle_year(found);
    if (!settle_time(found, text, ret_us, reterr) || !settle_day(found, text, ret_days, reterr))
        return false;
    if (found->zone_hour < 0 || found->zone_hour > 15 || found->zone_minute < 0 ||
        found->zone_minute >= 60)
        return out_of_range(text, reterr);
    *ret_east_s = found->zone_sign * (found->zone_hour * 3600 + found->zone_minute * 60);
    return true;
}

bool parse_to_date(const struct call *call, struct value *ret, struct err *reterr)
{
    int32_t days = 0, east_s = 0;
    int64_t us = 0;

    if (!parse(call, &days, &us, &east_s, reterr))
        return false;
    if (days < DATE_MIN || days >= DATE_END)
        return err_sql(reterr, ERR_DEAD_LETTER, "22008", "date out of range: \"%.*s\"",
                       STR_ARG(call->args[0].bytes));
    ret->slot = days;
    return true;
}

bool parse_to_timestamp(const struct call *call, struct value *ret, struct err *reterr)
{
    int32_t days = 0, east_s = 0;
    int64_t us = 0;

    if (!parse(call, &days, &us, &east_s, reterr))
        return false;
    if (__builtin_mul_overflow((int64_t)days, DAY_US, &ret->slot) ||
        __builtin_add_overflow(ret->slot, us - east_s * SECOND_US, &ret->slot) ||
        ret->slot < MOMENT_MIN || ret->slot >= MOMENT_END)
        return err_moment(reterr);
    return true;
}
