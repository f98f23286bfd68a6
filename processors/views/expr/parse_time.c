/* Texts read along a template: to_date and to_timestamp (chapter 9.8), and jsonpath's datetime(). */
#include "expr/template.h"

#include "record/text_parts.h"
#include <ctype.h>
#include <errno.h>

/* What the text has said; 0 or -1 where it has not. */
struct found {
    int hour, minute, second, day_second, weekday, day, day_of_year, month, ms, year, year_digits;
    int week, week_of_month, century, julian, us, zone_hour, zone_minute, zone_sign, places;
    int pm, before_christ;
    bool twelve, iso, gregorian;
};

/* The text being read along the template. */
struct reader {
    const char *at, *end;
    struct template template;
    uint32_t i;
    struct found found;
    int skipped; /* blanks and separators passed beyond what the template asks for */
    bool exact;  /* FX, or the standard's form */
    struct err *reterr;
};

/* As PostgreSQL's int does where it overflows. */
static int wrapped(int64_t number)
{
    return (int)(uint32_t)number;
}

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
    return &in->template.pieces[in->i];
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

    if (piece(in)->ordinal || in->i + 1 == in->template.n)
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

/* Reads a number of `most` digits, or of any length where nothing can follow it, into a field that
 * does not say otherwise; NULL: nowhere. *ret_len: what was read,
 * with the blanks before it; blanks alone are 0 where the number's length is fixed. */
static bool read_number(struct reader *in, size_t most, int *field, int *ret_len)
{
    char copy[32] = "", *stop;
    const char *start = in->at;
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
    if (stop == copy ? free || in->at == start : !free && (size_t)(stop - copy) < most)
        return invalid(in, shown(in, most));
    if (errno != 0 || number > INT32_MAX || number < INT32_MIN)
        return err_sql(in->reterr, ERR_DEAD_LETTER, "22008",
                       "value for \"%.*s\" in source string is out of range",
                       STR_ARG(piece(in)->text));
    in->at += stop - copy;
    *ret_len = (int)(in->at - start);
    return field == NULL || set_field(in, field, (int)number);
}

/* TH behind a number: two characters, whatever they are. */
static bool pass_ordinal(struct reader *in)
{
    for (int i = 0; i < 2 && piece(in)->ordinal && in->at < in->end; i++)
        in->at += utf8_at((struct str){in->at, (size_t)(in->end - in->at)}, 1);
    return true;
}

static bool read_into(struct reader *in, int *field)
{
    int len;

    return read_number(in, (size_t)piece(in)->digits, field, &len) && pass_ordinal(in);
}

/* Digits behind a point, in units of the `places`th: fewer of them stand for larger parts. */
static bool read_fraction(struct reader *in, int places, int *field)
{
    int len = 0;

    if (!read_number(in, (size_t)piece(in)->digits, field, &len))
        return false;
    for (; len < places; len++)
        *field = wrapped(*field * INT64_C(10));
    return pass_ordinal(in);
}

/* The word of the list that the text goes on with; names may be cut to `cut` letters. */
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
static int near_2020(int year)
{
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
    int len = 0, digits = piece(in)->digits, *year = &in->found.year;

    if (!read_number(in, (size_t)digits, year, &len))
        return false;
    if (digits < 4 && len < 4)
        *year = near_2020(*year);
    in->found.year_digits = digits;
    return pass_ordinal(in);
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
    return set_field(in, &in->found.year, wrapped(thousands * INT64_C(1000) + rest)) &&
           pass_ordinal(in);
}

static bool read_zone_hour(struct reader *in)
{
    int sign = 1;

    if (in->at < in->end && strchr("+- ", *in->at) != NULL)
        sign = *in->at++ == '-' ? -1 : 1;
    else if (in->skipped > 0 && in->at[-1] == '-')
        sign = -1;
    in->found.zone_sign = sign;
    return read_number(in, 2, &in->found.zone_hour, &(int){0});
}

static bool read_zone_minute(struct reader *in)
{
    if (in->found.zone_sign == 0)
        in->found.zone_sign = 1;
    return read_number(in, 2, &in->found.zone_minute, &(int){0});
}

/* PM or BC, with points where the pattern has them: of each pair the second is 0. */
static bool read_pair(struct reader *in, const char *const *pairs, bool points, int *field)
{
    int i = 0;

    return read_name(in, &pairs[points ? 2 : 0], 2, 0, &i) && set_field(in, field, 1 - i);
}

/* A date is of the ISO week or of the month and year, not of both. */
static bool mixes(struct reader *in, bool iso)
{
    bool *seen = iso ? &in->found.iso : &in->found.gregorian;

    *seen = true;
    return !(in->found.iso && in->found.gregorian) ||
           fail(in, "22007", "invalid combination of date conventions");
}

static bool read_words(struct reader *in)
{
    static const char *const eras[] = {"BC", "AD", "B.C.", "A.D."};
    static const char *const halves[] = {"PM", "AM", "P.M.", "A.M."};
    static const char *const romans[] = {"VIII", "VII", "XII", "III", "IV", "VI",
                                         "IX",   "XI",  "II",  "V",   "X",  "I"};
    static const int roman_month[] = {8, 7, 12, 3, 4, 6, 9, 11, 2, 5, 10, 1};
    struct found *found = &in->found;
    int i = 0;

    switch (piece(in)->pattern) {
    case PATTERN_AD:
    case PATTERN_AD_DOTS:
        return read_pair(in, eras, piece(in)->pattern == PATTERN_AD_DOTS, &found->before_christ);
    case PATTERN_AM:
    case PATTERN_AM_DOTS:
        found->twelve = true;
        return read_pair(in, halves, piece(in)->pattern == PATTERN_AM_DOTS, &found->pm);
    case PATTERN_MON:
    case PATTERN_MONTH:
        return mixes(in, false) &&
               read_name(in, month_names, 12, piece(in)->pattern == PATTERN_MON ? 3 : 0, &i) &&
               set_field(in, &found->month, i + 1);
    case PATTERN_DAY:
    case PATTERN_DY:
        if (!read_name(in, day_names, 7, piece(in)->pattern == PATTERN_DY ? 3 : 0, &i) ||
            !set_field(in, &found->weekday, i))
            return false;
        found->weekday++;
        return true;
    case PATTERN_RM:
        return mixes(in, false) && read_name(in, romans, 12, 0, &i) &&
               set_field(in, &found->month, roman_month[i]);
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
        return read_into(in, &found->hour);
    case PATTERN_HH24:
        return read_into(in, &found->hour);
    case PATTERN_MI:
        return read_into(in, &found->minute);
    case PATTERN_SS:
        return read_into(in, &found->second);
    case PATTERN_MS:
        return read_fraction(in, 3, &found->ms);
    case PATTERN_FF:
        found->places = piece(in)->digits;
        return read_fraction(in, 6, &found->us);
    case PATTERN_US:
        return read_fraction(in, 6, &found->us);
    case PATTERN_SSSS:
        return read_into(in, &found->day_second);
    case PATTERN_TZH:
        return read_zone_hour(in);
    case PATTERN_TZM:
        return read_zone_minute(in);
    default:
        return read_words(in);
    }
}

static bool read_pattern(struct reader *in)
{
    struct found *found = &in->found;

    switch (piece(in)->pattern) {
    case PATTERN_FX:
        in->exact = true;
        return true;
    case PATTERN_MM:
        return mixes(in, false) && read_into(in, &found->month);
    case PATTERN_DD:
        return mixes(in, false) && read_into(in, &found->day);
    case PATTERN_DDD:
        return mixes(in, false) && read_into(in, &found->day_of_year);
    case PATTERN_IDDD:
        return mixes(in, true) && read_into(in, &found->day_of_year);
    case PATTERN_D:
        return mixes(in, false) && read_into(in, &found->weekday);
    case PATTERN_ID:
        if (!mixes(in, true) || !read_into(in, &found->weekday))
            return false;
        found->weekday = found->weekday >= 7 ? 1 : found->weekday + 1;
        return true;
    case PATTERN_WW:
        return mixes(in, false) && read_into(in, &found->week);
    case PATTERN_IW:
        return mixes(in, true) && read_into(in, &found->week);
    case PATTERN_W:
        return mixes(in, false) && read_into(in, &found->week_of_month);
    case PATTERN_Q:
        return read_into(in, NULL);
    case PATTERN_CC:
        return read_into(in, &found->century);
    case PATTERN_YEAR:
        return mixes(in, false) && read_year(in);
    case PATTERN_IYEAR:
        return mixes(in, true) && read_year(in);
    case PATTERN_YEAR_COMMA:
        return mixes(in, false) && read_year_comma(in);
    case PATTERN_J:
        return read_into(in, &found->julian);
    default:
        return read_clock(in);
    }
}

/* The text goes on with the template's character. */
static bool pass_same(struct reader *in)
{
    const struct piece *text = piece(in);
    size_t n = text->text.len;

    if ((size_t)(in->end - in->at) < n || memcmp(in->at, text->text.at, n) != 0)
        return err_sql(in->reterr, ERR_DEAD_LETTER, "22007", "unmatched format %s \"%.*s\"",
                       text->quoted ? "character" : "separator", STR_ARG(text->text));
    in->at += n;
    return true;
}

/* Passes over one character, unless more blanks were passed already. */
static void pass_any(struct reader *in)
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

static void skip_blanks(struct reader *in)
{
    for (; !in->exact && is_blank(in); in->at++)
        in->skipped++;
}

static bool read_all(struct reader *in)
{
    for (; in->i < in->template.n && in->at < in->end; in->i++) {
        enum pattern pattern = piece(in)->pattern;

        if (pattern != PATTERN_FX && (pattern != PATTERN_NONE || in->i == 0))
            skip_blanks(in);
        if (pattern == PATTERN_NONE && !in->template.standard)
            pass_any(in);
        else if (!(pattern == PATTERN_NONE ? pass_same(in) : read_pattern(in)))
            return false;
        if (pattern == PATTERN_NONE || in->exact)
            continue;
        in->skipped = 0;
        skip_blanks(in);
    }
    return true;
}

/* The standard's form: the template is at its end, and so is the text but for blanks. */
static bool is_whole(struct reader *in)
{
    if (in->i < in->template.n)
        return fail(in, "22007", "input string is too short for datetime format");
    while (is_blank(in))
        in->at++;
    return in->at == in->end || fail(in, "22007",
                                     "trailing characters remain in input string after "
                                     "datetime format");
}

/* ---- from fields to a moment ---- */

static bool out_of_range(struct str text, struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22008", "date/time field value out of range: \"%.*s\"",
                   STR_ARG(text));
}

/* The day on which the ISO year's first week begins. */
static int64_t iso_start(int year)
{
    int32_t fourth = text_days(year, 1, 4);

    return fourth - (text_weekday(fourth) + 6) % 7;
}

/* A day on its way from the fields: what was never said is the first of January of 1 BC, the year
 * 0. */
struct day {
    int year, month, day;
    bool has_year, has_month, has_day;
};

/* Outside these years no moment lies, and days leave their type. */
static bool year_is_near(int year)
{
    return year >= -4800 && year <= 5900000;
}

static void set_days(struct day *day, int64_t days)
{
    days = days < INT32_MIN ? INT32_MIN : days > INT32_MAX ? INT32_MAX : days;
    text_date((int32_t)days, &day->year, &day->month, &day->day);
    day->has_year = day->has_month = day->has_day = true;
}

/* The year of the century; a century ends with its hundredth year. */
static int year_of_century(int century, int year)
{
    year %= 100;
    if (year == 0)
        return wrapped(century * INT64_C(100) + (century < 0));
    if (century >= 0)
        return wrapped((century - INT64_C(1)) * 100 + year);
    return wrapped((century + INT64_C(1)) * 100 - year + 1);
}

static void settle_year(const struct found *found, struct day *day)
{
    int century = found->before_christ ? wrapped(-(int64_t)found->century) : found->century;
    int year = found->before_christ ? wrapped(-(int64_t)found->year) : found->year;

    day->has_year = found->year != 0 || century != 0;
    if (found->year != 0 && century != 0 && found->year_digits <= 2)
        day->year = year_of_century(century, found->year);
    else if (found->year != 0)
        day->year = year + (year < 0);
    else if (century != 0)
        day->year = wrapped((century - (century > 0)) * INT64_C(100) + 1);
}

static void settle_iso_week(const struct found *found, struct day *day)
{
    int64_t weekday = found->weekday == 0 ? 0 : found->weekday > 1 ? found->weekday - 2 : 6;

    if (year_is_near(day->year))
        set_days(day, iso_start(day->year) + (found->week - INT64_C(1)) * 7 + weekday);
}

/* The day of the year, in place of a month or day that was not said, or is the first. */
static void settle_day_of_year(const struct found *found, int day_of_year, struct day *day)
{
    int month = 1;

    if (!year_is_near(day->year))
        return;
    if (found->iso) {
        set_days(day, iso_start(day->year) + day_of_year - 1);
        return;
    }
    for (; month <= 12 && day_of_year > text_month_length(day->year, month); month++)
        day_of_year -= text_month_length(day->year, month);
    day->month = day->month <= 1 ? month : day->month;
    day->day = day->day <= 1 ? day_of_year : day->day;
    day->has_month = day->has_day = true;
}

static bool is_day(const struct day *day)
{
    bool whole = day->has_year && day->has_month && day->has_day;

    return day->month >= 1 && day->month <= 12 && day->day >= 1 &&
           day->day <= (whole ? text_month_length(day->year, day->month) : 31);
}

static bool settle_day(const struct found *found, struct str text, int32_t *ret, struct err *reterr)
{
    struct day day = {.month = 1, .day = 1};
    int day_of_year = found->day_of_year;

    settle_year(found, &day);
    if (found->julian != 0)
        set_days(&day, (int64_t)found->julian - JULIAN_2000);
    if (found->week != 0 && found->iso)
        settle_iso_week(found, &day);
    else if (found->week != 0)
        day_of_year = wrapped((found->week - INT64_C(1)) * 7 + 1);
    if (found->week_of_month != 0 || found->day != 0) {
        day.day = found->week_of_month == 0 ? found->day
                                            : wrapped((found->week_of_month - INT64_C(1)) * 7 + 1);
        day.has_day = day.day != 0;
    }
    if (found->month != 0) {
        day.month = found->month;
        day.has_month = true;
    }
    if (day_of_year != 0 && (day.month <= 1 || day.day <= 1)) {
        if (day.year == 0 && !found->before_christ)
            return err_sql(reterr, ERR_DEAD_LETTER, "22007",
                           "cannot calculate day of year without year information");
        settle_day_of_year(found, day_of_year, &day);
    }
    if (!is_day(&day))
        return out_of_range(text, reterr);
    *ret = year_is_near(day.year) ? text_days(day.year, day.month, day.day)
           : day.year > 0         ? INT32_MAX
                                  : INT32_MIN;
    return true;
}

/* Seconds of the day give way to hours, minutes and seconds. */
static bool settle_hours(struct found *found, struct err *reterr)
{
    int second = found->day_second;

    found->hour = found->hour == 0 ? second / 3600 : found->hour;
    found->minute = found->minute == 0 ? second / 60 % 60 : found->minute;
    found->second = found->second == 0 ? second % 60 : found->second;
    if (!found->twelve)
        return true;
    if (found->hour < 1 || found->hour > 12)
        return err_sql(reterr, ERR_DEAD_LETTER, "22007",
                       "hour \"%d\" is invalid for the 12-hour clock", found->hour);
    found->hour = found->hour % 12 + (found->pm ? 12 : 0);
    return true;
}

static bool settle_time(const struct found *found, struct str text, int64_t *ret,
                        struct err *reterr)
{
    int64_t us = found->us + (int64_t)wrapped(found->ms * INT64_C(1000));

    if (found->hour < 0 || found->hour >= 24 || found->minute < 0 || found->minute > 59 ||
        found->second < 0 || found->second > 59 || us < 0 || us >= SECOND_US)
        return out_of_range(text, reterr);
    *ret = found->hour * HOUR_US + found->minute * MINUTE_US + found->second * SECOND_US + us;
    return true;
}

static bool settle_zone(const struct found *found, struct str text, struct template_moment *ret,
                        struct err *reterr)
{
    if (found->zone_hour < 0 || found->zone_hour > 15 || found->zone_minute < 0 ||
        found->zone_minute >= 60)
        return err_sql(reterr, ERR_DEAD_LETTER, "22009",
                       "time zone displacement out of range: \"%.*s\"", STR_ARG(text));
    ret->east_s = found->zone_sign * (found->zone_hour * 3600 + found->zone_minute * 60);
    ret->has_zone = found->zone_sign != 0;
    return true;
}

bool template_read(struct template template, struct str text, struct template_moment *ret,
                   struct err *reterr)
{
    struct reader in = {.at = text.at, .end = text.at + text.len, .reterr = reterr};
    struct found *found = &in.found;

    in.template = template;
    in.exact = template.standard;
    if (!read_all(&in) || (template.standard && !is_whole(&in)))
        return false;
    if (!settle_hours(found, reterr) || !settle_day(found, text, &ret->days, reterr) ||
        !settle_time(found, text, &ret->us, reterr) || !settle_zone(found, text, ret, reterr))
        return false;
    ret->places = found->places;
    return true;
}

static bool read_call(const struct call *call, struct template_moment *ret, struct err *reterr)
{
    return template_read(template_cut(call->args[1].bytes, false, call->scratch),
                         call->args[0].bytes, ret, reterr);
}

bool parse_to_date(const struct call *call, struct value *ret, struct err *reterr)
{
    struct template_moment at = {0};

    if (!read_call(call, &at, reterr))
        return false;
    if (at.days < DATE_MIN || at.days >= DATE_END)
        return err_sql(reterr, ERR_DEAD_LETTER, "22008", "date out of range: \"%.*s\"",
                       STR_ARG(call->args[0].bytes));
    ret->slot = at.days;
    return true;
}

bool parse_to_timestamp(const struct call *call, struct value *ret, struct err *reterr)
{
    struct template_moment at = {0};

    if (!read_call(call, &at, reterr))
        return false;
    if (!moment_join(at.days, at.us - at.east_s * SECOND_US, &ret->slot))
        return err_moment(reterr);
    if (at.places > 0)
        ret->slot = text_round_time((struct type){TYPE_TIMESTAMPTZ, at.places, NULL}, ret->slot);
    return true;
}
