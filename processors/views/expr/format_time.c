/* to_char of timestamps and intervals (chapter 9.8). */
#include "expr/template.h"

#include "record/text.h"

/* What the patterns show. */
struct shown {
    int64_t year, month, day, hour, minute, second, us;
    int64_t day_of_year, weekday; /* weekday: 0 Sunday */
    int32_t days;
    bool interval, zoned;
};

static void put_cased(struct buf *out, const char *name, size_t len, enum letters letters)
{
    for (size_t i = 0; i < len; i++) {
        char c = name[i];

        if (letters == LETTERS_UPPER && c >= 'a' && c <= 'z')
            c = (char)(c - ('a' - 'A'));
        else if (letters == LETTERS_LOWER && c >= 'A' && c <= 'Z')
            c = (char)(c + ('a' - 'A'));
        buf_char(out, c);
    }
}

/* Padded on the right to `width`, unless FM or TM. */
static void put_name(struct buf *out, const struct piece *piece, const char *name, size_t len,
                     size_t width)
{
    put_cased(out, name, len, piece->letters);
    for (size_t n = len; n < width && !piece->fill && !piece->translated; n++)
        buf_char(out, ' ');
}

/* With zeros in front, unless FM; a sign widens it. */
static void put_number(struct buf *out, const struct piece *piece, int64_t number, int width)
{
    buf_printf(out, "%0*lld", piece->fill ? 0 : number < 0 ? width + 1 : width, (long long)number);
}

static void put_ordinal(struct buf *out, const struct piece *piece, size_t start)
{
    static const char *const upper[] = {"ST", "ND", "RD"}, *const lower[] = {"st", "nd", "rd"};
    size_t len = out->len - start;

    if (!piece->ordinal || len == 0)
        return;
    unsigned last = (unsigned)(unsigned char)out->at[out->len - 1] - '0';
    bool teen = len > 1 && out->at[out->len - 2] == '1';
    if (last > 9)
        return;
    if (teen || last == 0 || last > 3)
        buf_puts(out, piece->ordinal_upper ? "TH" : "th");
    else
        buf_puts(out, piece->ordinal_upper ? upper[last - 1] : lower[last - 1]);
}

static int64_t shown_year(const struct shown *at, int64_t year)
{
    return at->interval || year > 0 ? year : -(year - 1);
}

static void put_year(struct buf *out, const struct piece *piece, int64_t year)
{
    static const int64_t tens[] = {1, 10, 100, 1000};

    int width = piece->fill ? 0 : year < 0 && piece->digits > 1 ? piece->digits + 1 : piece->digits;

    if (piece->digits < 4)
        year %= tens[piece->digits];
    buf_printf(out, "%0*lld", width, (long long)year);
}

static void put_century(struct buf *out, const struct piece *piece, const struct shown *at)
{
    int64_t year = at->year, century = at->interval ? year / 100
                                       : year > 0   ? (year - 1) / 100 + 1
                                                    : year / 100 - 1;

    put_number(out, piece, century, century >= -99 && century <= 99 ? 2 : 0);
}

static bool bad_for_interval(struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22007",
                   "invalid format specification for an interval value");
}

/* Names of days and months, eras and zones: an interval has none. */
static bool is_of_moment(enum pattern pattern)
{
    switch (pattern) {
    case PATTERN_AD:
    case PATTERN_AD_DOTS:
    case PATTERN_TZ:
    case PATTERN_TZH:
    case PATTERN_TZM:
    case PATTERN_OF:
    case PATTERN_MONTH:
    case PATTERN_MON:
    case PATTERN_DAY:
    case PATTERN_DY:
    case PATTERN_D:
    case PATTERN_ID:
        return true;
    default:
        return false;
    }
}

/* PostgreSQL counts these for an interval by days that it has not. */
static bool is_senseless(enum pattern pattern)
{
    return pattern == PATTERN_IW || pattern == PATTERN_IDDD || pattern == PATTERN_IYEAR ||
           pattern == PATTERN_J;
}

static void put_half(struct buf *out, const struct piece *piece, bool second,
                     const char *first_text, const char *second_text)
{
    const char *text = second ? second_text : first_text;

    put_cased(out, text, strlen(text), piece->letters);
}

static void put_clock(struct buf *out, const struct piece *piece, const struct shown *at)
{
    static const int64_t units[] = {0, 100000, 10000, 1000, 100, 10, 1};
    int64_t hour = at->hour;

    switch (piece->pattern) {
    case PATTERN_HH12:
        put_number(out, piece, hour % 12 == 0 ? 12 : hour % 12, 2);
        return;
    case PATTERN_HH24:
        put_number(out, piece, hour, 2);
        return;
    case PATTERN_MI:
        put_number(out, piece, at->minute, 2);
        return;
    case PATTERN_SS:
        put_number(out, piece, at->second, 2);
        return;
    case PATTERN_FF:
    case PATTERN_MS:
    case PATTERN_US:
        buf_printf(out, "%0*lld", piece->digits, (long long)(at->us / units[piece->digits]));
        return;
    case PATTERN_SSSS:
        buf_i64(out, (hour * 60 + at->minute) * 60 + at->second);
        return;
    case PATTERN_AM:
        put_half(out, piece, hour % 24 >= 12, "AM", "PM");
        return;
    case PATTERN_AM_DOTS:
        put_half(out, piece, hour % 24 >= 12, "A.M.", "P.M.");
        return;
    default:
        return;
    }
}

static void put_zone(struct buf *out, const struct piece *piece, const struct shown *at)
{
    if (piece->pattern == PATTERN_TZ && at->zoned)
        put_cased(out, "UTC", 3, piece->letters);
    else if (piece->pattern == PATTERN_TZH)
        buf_puts(out, "+00");
    else if (piece->pattern == PATTERN_TZM)
        buf_puts(out, "00");
    else if (piece->pattern == PATTERN_OF)
        buf_puts(out, piece->fill ? "+0" : "+00");
}

static void put_month(struct buf *out, const struct piece *piece, const struct shown *at)
{
    if (piece->pattern == PATTERN_MM) {
        put_number(out, piece, at->month, 2);
        return;
    }
    if (piece->pattern == PATTERN_RM && at->month == 0 && at->year == 0)
        return;
    if (piece->pattern != PATTERN_RM && at->month == 0)
        return;
    /* an interval's months count backwards below zero */
    int64_t i = at->month > 0   ? at->month - 1
                : at->month < 0 ? at->month + 12
                : at->year >= 0 ? 11
                                : 0;
    if (piece->pattern == PATTERN_RM)
        put_name(out, piece, roman_months[i], strlen(roman_months[i]), 4);
    else if (piece->pattern == PATTERN_MON)
        put_name(out, piece, month_names[i], 3, 3);
    else
        put_name(out, piece, month_names[i], strlen(month_names[i]), 9);
}

static void put_day(struct buf *out, const struct piece *piece, const struct shown *at)
{
    int iso_year = 0, week = at->interval ? 0 : iso_week(at->days, &iso_year);

    switch (piece->pattern) {
    case PATTERN_DAY:
        put_name(out, piece, day_names[at->weekday], strlen(day_names[at->weekday]), 9);
        return;
    case PATTERN_DY:
        put_name(out, piece, day_names[at->weekday], 3, 3);
        return;
    case PATTERN_D:
        buf_i64(out, at->weekday + 1);
        return;
    case PATTERN_ID:
        buf_i64(out, at->weekday == 0 ? 7 : at->weekday);
        return;
    case PATTERN_DD:
        buf_printf(out, "%0*lld", piece->fill ? 0 : 2, (long long)at->day);
        return;
    case PATTERN_DDD:
        put_number(out, piece, at->day_of_year, 3);
        return;
    case PATTERN_IDDD:
        put_number(out, piece, (int64_t)(week - 1) * 7 + (at->weekday == 0 ? 7 : at->weekday), 3);
        return;
    case PATTERN_WW:
        put_number(out, piece, (at->day_of_year - 1) / 7 + 1, 2);
        return;
    case PATTERN_IW:
        put_number(out, piece, week, 2);
        return;
    case PATTERN_W:
        buf_i64(out, (at->day - 1) / 7 + 1);
        return;
    default:
        return;
    }
}

static void put_rest(struct buf *out, const struct piece *piece, const struct shown *at)
{
    int64_t year = shown_year(at, at->year);
    int iso_year = (int)at->year;

    switch (piece->pattern) {
    case PATTERN_AD:
        put_half(out, piece, at->year <= 0, "AD", "BC");
        return;
    case PATTERN_AD_DOTS:
        put_half(out, piece, at->year <= 0, "A.D.", "B.C.");
        return;
    case PATTERN_CC:
        put_century(out, piece, at);
        return;
    case PATTERN_YEAR_COMMA:
        buf_printf(out, "%lld,%03lld", (long long)(year / 1000), (long long)(year % 1000));
        return;
    case PATTERN_YEAR:
        put_year(out, piece, year);
        return;
    case PATTERN_IYEAR:
        if (!at->interval)
            iso_week(at->days, &iso_year);
        put_year(out, piece, shown_year(at, iso_year));
        return;
    case PATTERN_Q:
        if (at->month != 0)
            buf_i64(out, (at->month - 1) / 3 + 1);
        return;
    case PATTERN_J:
        buf_i64(out, (int64_t)at->days + JULIAN_2000);
        return;
    default:
        return;
    }
}

static void put_piece(struct buf *out, const struct piece *piece, const struct shown *at)
{
    size_t start = out->len;

    if (piece->pattern == PATTERN_NONE)
        buf_put(out, piece->text);
    put_clock(out, piece, at);
    put_zone(out, piece, at);
    if (piece->pattern == PATTERN_MM || piece->pattern == PATTERN_MON ||
        piece->pattern == PATTERN_MONTH || piece->pattern == PATTERN_RM)
        put_month(out, piece, at);
    put_day(out, piece, at);
    put_rest(out, piece, at);
    put_ordinal(out, piece, start);
}

static bool put_all(const struct call *call, const struct shown *at, struct value *ret,
                    struct err *reterr)
{
    CLEANUP(buf) struct buf out = {0};
    struct template template = template_cut(call->args[1].bytes, false, call->scratch);

    for (uint32_t i = 0; i < template.n; i++) {
        const struct piece *piece = &template.pieces[i];

        if (at->interval && is_of_moment(piece->pattern))
            return bad_for_interval(reterr);
        if (at->interval && is_senseless(piece->pattern))
            return err_sql(reterr, ERR_DEAD_LETTER, "0A000",
                           "formatting field \"%.*s\" is not supported for an interval",
                           STR_ARG(piece->text));
        put_piece(&out, piece, at);
    }
    return buf_result(call, &out, ret, reterr);
}

bool format_timestamp(const struct call *call, struct value *ret, struct err *reterr)
{
    int64_t us = call->args[0].slot;
    struct shown at = {.zoned = call->arg_types[0].id == TYPE_TIMESTAMPTZ};

    ret->null = moment_infinite(us) || call->args[1].bytes.len == 0;
    if (ret->null)
        return true;
    struct clock clock = clock_of(us);
    at.year = clock.year;
    at.month = clock.month;
    at.day = clock.day;
    at.hour = clock.hour;
    at.minute = clock.minute;
    at.second = clock.second;
    at.us = clock.us;
    at.days = (int32_t)moment_day(us);
    at.weekday = text_weekday(at.days);
    at.day_of_year = at.days - text_days(clock.year, 1, 1) + 1;
    return put_all(call, &at, ret, reterr);
}

bool format_interval(const struct call *call, struct value *ret, struct err *reterr)
{
    struct interval in = interval_open(call->args[0].bytes);
    struct shown at = {.interval = true,
                       .year = in.months / 12,
                       .month = in.months % 12,
                       .day = in.days,
                       .hour = in.us / HOUR_US,
                       .minute = in.us / MINUTE_US % 60,
                       .second = in.us / SECOND_US % 60,
                       .us = in.us % SECOND_US};

    ret->null = call->args[1].bytes.len == 0;
    at.day_of_year = (int64_t)in.months * 30 + in.days;
    at.days = (int32_t)(at.day_of_year - JULIAN_2000);
    return ret->null || put_all(call, &at, ret, reterr);
}
