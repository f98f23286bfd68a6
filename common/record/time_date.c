#include "record/time_date.h"

#include <ctype.h>
#include <math.h>

/* The number of the digits at the end, two at most, which are cut off. */
static int cut_pair(char *text)
{
    size_t len = strlen(text), start = len > 2 ? len - 2 : 0;
    int number = (int)strtol(text + start, NULL, 10);

    text[start] = '\0';
    return number;
}

/* YYMMDD with as many digits of the year as there are. */
static void read_joined_date(struct time_reader *in, char *text)
{
    in->found = PARTS_DATE;
    in->out->day = cut_pair(text);
    in->out->month = cut_pair(text);
    in->short_year |= strlen(text) == 2;
    in->out->year = (int)strtol(text, NULL, 10);
}

/* Digits that run together: a date where there is none yet, or HHMMSS or HHMM; with a fraction it
 * is a time. */
enum time_outcome time_read_joined(struct time_reader *in, char *text, unsigned seen)
{
    char *point = strchr(text, '.');
    size_t len = point == NULL ? strlen(text) : (size_t)(point - text);

    if (point != NULL) {
        in->out->fraction_us = (int)rint(strtod(point, NULL) * (double)SECOND_US);
        *point = '\0';
    } else if ((seen & PARTS_DATE) != PARTS_DATE && len >= 6) {
        read_joined_date(in, text);
        return TIME_OK;
    }
    if ((seen & PARTS_TIME) == PARTS_TIME || (len != 6 && len != 4))
        return TIME_SYNTAX;
    in->found = PARTS_TIME;
    in->out->second = len == 6 ? cut_pair(text) : 0;
    in->out->minute = cut_pair(text);
    in->out->hour = cut_pair(text);
    return TIME_OK;
}

/* Which part of a date a number is, by what is known of the date; 0: none. */
static unsigned next_date_part(unsigned seen, bool wide, bool word_month)
{
    switch (seen & PARTS_DATE) {
    case 0:
        return wide ? PART_YEAR : PART_MONTH;
    case PART_YEAR:
    case PART_DAY:
        return PART_MONTH;
    case PART_MONTH:
        return word_month && wide ? PART_YEAR : PART_DAY;
    case PART_YEAR | PART_MONTH:
        return PART_DAY;
    case PART_MONTH | PART_DAY:
        return PART_YEAR;
    default:
        return 0;
    }
}

static void set_date_part(struct time_reader *in, unsigned part, int number, size_t len)
{
    in->found = part;
    if (part == PART_YEAR) {
        in->out->year = number;
        in->short_year = len <= 2;
    } else if (part == PART_MONTH) {
        in->out->month = number;
    } else {
        in->out->day = number;
    }
}

/* A number that is one part of a date, or a time where the date is complete. */
enum time_outcome time_read_number(struct time_reader *in, char *text, unsigned seen,
                                   bool word_month)
{
    size_t len = strlen(text);
    enum time_outcome outcome;
    const char *end;
    double fraction;
    bool beyond = false;
    int number = text_leading_int(text, &end, &beyond);

    in->found = 0;
    if (beyond)
        return TIME_RANGE;
    if (end == text || (*end != '.' && *end != '\0'))
        return TIME_SYNTAX;
    if (*end == '.') {
        if (end - text > 2)
            return time_read_joined(in, text, seen | PARTS_DATE);
        outcome = time_read_fraction(end, &fraction);
        if (outcome != TIME_OK)
            return outcome;
        in->out->fraction_us = (int)rint(fraction * (double)SECOND_US);
    }
    if (len == 3 && (seen & PARTS_DATE) == PART_YEAR && number >= 1 && number <= 366) {
        in->found = PART_DAY_OF_YEAR | PART_MONTH | PART_DAY;
        in->day_of_year = number;
        return TIME_OK;
    }
    if ((seen & PARTS_DATE) == PARTS_DATE)
        return time_read_joined(in, text, seen);
    if ((seen & PARTS_DATE) == (PART_YEAR | PART_MONTH) && word_month && len >= 3 &&
        in->short_year) { /* the first number was the day */
        in->out->day = in->out->year;
        in->out->year = number;
        in->short_year = false;
        in->found = PART_DAY;
        return TIME_OK;
    }
    unsigned part = next_date_part(seen, len >= 3, word_month);
    if (part == 0)
        return TIME_SYNTAX;
    set_date_part(in, part, number, len);
    return TIME_OK;
}

/* ---- dates ---- */

/* Cuts the next run of digits or letters out, with the one character behind it. */
static char *next_run(char **at)
{
    char *start;

    while (**at != '\0' && !isalnum((unsigned char)**at))
        ++*at;
    start = *at;
    if (isdigit((unsigned char)**at)) {
        while (isdigit((unsigned char)**at))
            ++*at;
    } else {
        while (isalpha((unsigned char)**at))
            ++*at;
    }
    if (**at != '\0')
        *(*at)++ = '\0';
    return start;
}

/* The month that is a word comes first, it leaves no doubt about the numbers. */
static enum time_outcome read_word_months(struct time_reader *in, char **runs, int n,
                                          unsigned *parts)
{
    int value;

    for (int i = 0; i < n; i++) {
        if (!isalpha((unsigned char)*runs[i]))
            continue;
        if (time_word(runs[i], &value) != TIME_WORD_MONTH || ((in->seen | *parts) & PART_MONTH))
            return TIME_SYNTAX;
        in->out->month = value;
        *parts |= PART_MONTH;
    }
    return TIME_OK;
}

/* A date whose parts have marks between. */
enum time_outcome time_read_date(struct time_reader *in, char *text)
{
    char *runs[TIME_FIELDS_MAX];
    unsigned parts = 0;
    enum time_outcome outcome;
    int n = 0;

    for (char *at = text; *at != '\0' && n < TIME_FIELDS_MAX; n++) {
        runs[n] = next_run(&at);
        if (*runs[n] == '\0')
            return TIME_SYNTAX;
    }
    outcome = read_word_months(in, runs, n, &parts);
    bool word_month = parts != 0;
    for (int i = 0; i < n && outcome == TIME_OK; i++) {
        if (isalpha((unsigned char)*runs[i]))
            continue;
        outcome = time_read_number(in, runs[i], in->seen | parts, word_month);
        if (outcome == TIME_OK && ((in->seen | parts) & in->found))
            return TIME_SYNTAX;
        parts |= in->found;
    }
    in->found = parts;
    if (outcome == TIME_OK &&
        ((in->seen | parts) & ~(unsigned)(PART_DAY_OF_YEAR | PART_ZONE)) != PARTS_DATE)
        return TIME_SYNTAX;
    return outcome;
}
