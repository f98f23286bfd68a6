/*
 * Templates of to_char, to_date, to_timestamp and jsonpath's datetime(): the words they consist of,
 * and texts read along them. Not for other rooms.
 */
#ifndef SLUICE_VIEWS_EXPR_TEMPLATE_H
#define SLUICE_VIEWS_EXPR_TEMPLATE_H

#include "expr/moment.h"

enum pattern {
    PATTERN_NONE,
    PATTERN_AD,
    PATTERN_AD_DOTS,
    PATTERN_AM,
    PATTERN_AM_DOTS,
    PATTERN_CC,
    PATTERN_D,
    PATTERN_DAY,
    PATTERN_DD,
    PATTERN_DDD,
    PATTERN_DY,
    PATTERN_FF, /* digits: 1 to 6 */
    PATTERN_FX,
    PATTERN_HH12,
    PATTERN_HH24,
    PATTERN_ID,
    PATTERN_IDDD,
    PATTERN_IW,
    PATTERN_IYEAR, /* digits: 1 to 4 */
    PATTERN_J,
    PATTERN_MI,
    PATTERN_MM,
    PATTERN_MON,
    PATTERN_MONTH,
    PATTERN_MS,
    PATTERN_OF,
    PATTERN_Q,
    PATTERN_RM,
    PATTERN_SS,
    PATTERN_SSSS,
    PATTERN_TZ,
    PATTERN_TZH,
    PATTERN_TZM,
    PATTERN_US,
    PATTERN_W,
    PATTERN_WW,
    PATTERN_YEAR, /* digits: 1 to 4 */
    PATTERN_YEAR_COMMA
};

enum letters { LETTERS_UPPER, LETTERS_TITLE, LETTERS_LOWER };

/* One piece of a template: a pattern, or one character of text. */
struct piece {
    enum pattern pattern;
    enum letters letters;
    int digits;
    bool fill, translated; /* FM, TM */
    bool ordinal, ordinal_upper;
    bool separator, blank; /* of a character: how input matches it */
    bool quoted;
    struct str text; /* as written */
};

/* A template cut into pieces. In the standard's form, which datetime() has, a text must have the
 * template's characters and nothing beside what the template names. */
struct template
{
    struct piece *pieces;
    uint32_t n;
    bool standard;
};

/* Cuts the template into pieces, in the arena. */
struct template template_cut(struct str text, bool standard, struct arena *arena);

/* What a text says along a template. */
struct template_moment {
    int32_t days;   /* since 2000 */
    int64_t us;     /* of the day */
    int32_t east_s; /* the zone, where the text names one */
    bool has_zone;
    int places; /* of FF1 to FF6, the last of them; 0: none */
};

/* Reads the text; 22007, 22008 or 0A000 when it does not fit, as to_timestamp and datetime() do. */
WARN_UNUSED bool template_read(struct template template, struct str text,
                               struct template_moment *ret, struct err *reterr);

/* Names in title case, padded by nobody. */
extern const char *const month_names[12], *const day_names[7], *const roman_months[12];

#endif
