#include "record/time_fields.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>

enum { WORD_LETTERS = 10 };

int text_leading_int(const char *at, const char **ret_end, bool *ret_beyond)
{
    char *end;
    long number;

    errno = 0;
    number = strtol(at, &end, 10);
    *ret_end = end;
    *ret_beyond |= errno == ERANGE || number < INT_MIN || number > INT_MAX;
    return (int)number;
}

/* ---- words ---- */

struct time_word {
    const char *word;
    enum time_word_kind kind;
    int value;
};

/* The name, what abbreviates it, and what it is. */
static const struct time_word words[] = {
    {"-infinity", TIME_WORD_MOMENT, TIME_MOMENT_MINUS_INFINITY},
    {"ad", TIME_WORD_ERA, 0},
    {"allballs", TIME_WORD_MOMENT, TIME_MOMENT_MIDNIGHT},
    {"am", TIME_WORD_HALF, TIME_HALF_AM},
    {"apr", TIME_WORD_MONTH, 4},
    {"april", TIME_WORD_MONTH, 4},
    {"at", TIME_WORD_IGNORED, 0},
    {"aug", TIME_WORD_MONTH, 8},
    {"august", TIME_WORD_MONTH, 8},
    {"bc", TIME_WORD_ERA, 1},
    {"d", TIME_WORD_LABEL, TIME_LABEL_DAY},
    {"dec", TIME_WORD_MONTH, 12},
    {"december", TIME_WORD_MONTH, 12},
    {"dow", TIME_WORD_LABEL, TIME_LABEL_OTHER},
    {"doy", TIME_WORD_LABEL, TIME_LABEL_OTHER},
    {"dst", TIME_WORD_DAYLIGHT, 0},
    {"epoch", TIME_WORD_MOMENT, TIME_MOMENT_EPOCH},
    {"feb", TIME_WORD_MONTH, 2},
    {"february", TIME_WORD_MONTH, 2},
    {"fri", TIME_WORD_WEEKDAY, 5},
    {"friday", TIME_WORD_WEEKDAY, 5},
    {"h", TIME_WORD_LABEL, TIME_LABEL_HOUR},
    {"infinity", TIME_WORD_MOMENT, TIME_MOMENT_INFINITY},
    {"isodow", TIME_WORD_LABEL, TIME_LABEL_OTHER},
    {"isoyear", TIME_WORD_LABEL, TIME_LABEL_OTHER},
    {"j", TIME_WORD_LABEL, TIME_LABEL_JULIAN},
    {"jan", TIME_WORD_MONTH, 1},
    {"january", TIME_WORD_MONTH, 1},
    {"jd", TIME_WORD_LABEL, TIME_LABEL_JULIAN},
    {"jul", TIME_WORD_MONTH, 7},
    {"julian", TIME_WORD_LABEL, TIME_LABEL_JULIAN},
    {"july", TIME_WORD_MONTH, 7},
    {"jun", TIME_WORD_MONTH, 6},
    {"june", TIME_WORD_MONTH, 6},
    {"m", TIME_WORD_LABEL, TIME_LABEL_MONTH},
    {"mar", TIME_WORD_MONTH, 3},
    {"march", TIME_WORD_MONTH, 3},
    {"may", TIME_WORD_MONTH, 5},
    {"mm", TIME_WORD_LABEL, TIME_LABEL_MINUTE},
    {"mon", TIME_WORD_WEEKDAY, 1},
    {"monday", TIME_WORD_WEEKDAY, 1},
    {"nov", TIME_WORD_MONTH, 11},
    {"november", TIME_WORD_MONTH, 11},
    {"now", TIME_WORD_MOMENT, TIME_MOMENT_NOW},
    {"oct", TIME_WORD_MONTH, 10},
    {"october", TIME_WORD_MONTH, 10},
    {"on", TIME_WORD_IGNORED, 0},
    {"pm", TIME_WORD_HALF, TIME_HALF_PM},
    {"s", TIME_WORD_LABEL, TIME_LABEL_SECOND},
    {"sat", TIME_WORD_WEEKDAY, 6},
    {"saturday", TIME_WORD_WEEKDAY, 6},
    {"sep", TIME_WORD_MONTH, 9},
    {"sept", TIME_WORD_MONTH, 9},
    {"september", TIME_WORD_MONTH, 9},
    {"sun", TIME_WORD_WEEKDAY, 0},
    {"sunday", TIME_WORD_WEEKDAY, 0},
    {"t", TIME_WORD_TIME, TIME_LABEL_TIME},
    {"thu", TIME_WORD_WEEKDAY, 4},
    {"thur", TIME_WORD_WEEKDAY, 4},
    {"thurs", TIME_WORD_WEEKDAY, 4},
    {"thursday", TIME_WORD_WEEKDAY, 4},
    {"today", TIME_WORD_MOMENT, TIME_MOMENT_TODAY},
    {"tomorrow", TIME_WORD_MOMENT, TIME_MOMENT_TODAY},
    {"tue", TIME_WORD_WEEKDAY, 2},
    {"tues", TIME_WORD_WEEKDAY, 2},
    {"tuesday", TIME_WORD_WEEKDAY, 2},
    {"wed", TIME_WORD_WEEKDAY, 3},
    {"wednesday", TIME_WORD_WEEKDAY, 3},
    {"weds", TIME_WORD_WEEKDAY, 3},
    {"y", TIME_WORD_LABEL, TIME_LABEL_YEAR},
    {"yesterday", TIME_WORD_MOMENT, TIME_MOMENT_TODAY},
};

static int compare_word(const void *word, const void *row)
{
    return strncmp(word, ((const struct time_word *)row)->word, WORD_LETTERS);
}

enum time_word_kind time_word(const char *word, int *ret_value)
{
    const struct time_word *found =
        bsearch(word, words, sizeof(words) / sizeof(words[0]), sizeof(words[0]), compare_word);

    *ret_value = found == NULL ? 0 : found->value;
    return found == NULL ? TIME_WORD_NONE : found->kind;
}

/* ---- splitting ---- */

struct splitter {
    const char *at, *end;
    char *out, *limit;
    bool full;
};

/* The character at hand; NUL at the end, and no field holds a NUL. */
static unsigned char peek(const struct splitter *in)
{
    return in->at < in->end ? (unsigned char)*in->at : '\0';
}

static void put(struct splitter *in)
{
    if (in->out + 1 >= in->limit)
        in->full = true;
    else
        *in->out++ = (char)tolower(peek(in));
    in->at++;
}

static void put_digits(struct splitter *in)
{
    while (isdigit(peek(in)))
        put(in);
}

static void put_letters(struct splitter *in)
{
    while (isalpha(peek(in)))
        put(in);
}

/* Digits or letters, with those marks between. */
static void put_with(struct splitter *in, bool letters, const char *marks)
{
    for (;;) {
        unsigned char c = peek(in);

        if (c == '\0' || (!isdigit(c) && !(letters && isalpha(c)) && strchr(marks, c) == NULL))
            return;
        put(in);
    }
}

/* A field that begins with a digit: a time, a date (its month may be a word), a number. */
static enum time_field_kind split_digits(struct splitter *in)
{
    char mark[2] = {0};

    put_digits(in);
    mark[0] = (char)peek(in);
    if (*mark == ':') {
        put_with(in, false, ":.");
        return TIME_FIELD_CLOCK;
    }
    if (*mark != '-' && *mark != '/' && *mark != '.')
        return TIME_FIELD_NUMBER;
    put(in);
    if (!isdigit(peek(in))) {
        put_with(in, true, mark);
        return TIME_FIELD_DATE;
    }
    put_digits(in);
    if (peek(in) != (unsigned char)*mark)
        return *mark == '.' ? TIME_FIELD_NUMBER : TIME_FIELD_DATE;
    put_with(in, false, mark);
    return TIME_FIELD_DATE;
}

/* A field that begins with a letter: a word, a date that begins with its month, a zone. */
static enum time_field_kind split_letters(struct splitter *in)
{
    const char *start = in->out;
    unsigned char next;
    int value;

    put_letters(in);
    next = peek(in);
    *in->out = '\0';
    if (next != '-' && next != '/' && next != '.' &&
        ((next != '+' && !isdigit(next)) || time_word(start, &value) != TIME_WORD_NONE))
        return TIME_FIELD_WORD;
    put(in);
    put_with(in, true, "+-/_.:");
    return TIME_FIELD_DATE;
}

/* A field that begins with a sign. */
static bool split_sign(struct splitter *in, enum time_field_kind *ret)
{
    put(in);
    while (isspace(peek(in)))
        in->at++;
    if (isdigit(peek(in))) {
        put_with(in, false, ":.-");
        *ret = TIME_FIELD_SIGNED;
        return true;
    }
    *ret = TIME_FIELD_WORD;
    if (!isalpha(peek(in)))
        return false;
    put_letters(in);
    return true;
}

static bool split_field(struct splitter *in, struct time_field *ret)
{
    unsigned char c = peek(in);

    ret->text = in->out;
    if (c == '+' || c == '-') {
        if (!split_sign(in, &ret->kind))
            return false;
    } else if (isalpha(c)) {
        ret->kind = split_letters(in);
    } else if (c == '.') {
        put(in);
        put_digits(in);
        ret->kind = TIME_FIELD_NUMBER;
    } else {
        ret->kind = split_digits(in);
    }
    *in->out++ = '\0';
    return !in->full;
}

bool time_fields_split(struct str text, size_t room, struct time_fields *ret)
{
    struct splitter in = {text.at, text.at + text.len, ret->space, ret->space + room, false};

    ret->n = 0;
    while (in.at < in.end) {
        unsigned char c = peek(&in);
        bool starts = isalnum(c) || c == '+' || c == '-' || c == '.';

        if (isspace(c) || (!starts && ispunct(c))) {
            in.at++;
            continue;
        }
        if (!starts || ret->n == TIME_FIELDS_MAX || !split_field(&in, &ret->at[ret->n]))
            return false;
        ret->n++;
    }
    return true;
}

/* ---- what the fields share ---- */

enum time_outcome time_read_fraction(const char *point, double *ret)
{
    char *end;

    *ret = 0;
    if (point[1] == '\0')
        return TIME_OK;
    errno = 0;
    *ret = strtod(point, &end);
    return *end == '\0' && errno == 0 ? TIME_OK : TIME_SYNTAX;
}

/* "M:S.f": the hour was the minute. */
static enum time_outcome shift(struct time_clock *clock)
{
    if (clock->hour > INT_MAX || clock->hour < INT_MIN)
        return TIME_RANGE;
    clock->second = clock->minute;
    clock->minute = (int)clock->hour;
    clock->hour = 0;
    return TIME_OK;
}

/* What follows the minutes. */
static enum time_outcome read_seconds(const char *at, bool minutes_first, struct time_clock *clock)
{
    enum time_outcome outcome = TIME_OK;
    bool beyond = false, shifted = *at == '.' || (*at == '\0' && minutes_first);
    double fraction = 0;

    if (*at == ':')
        clock->second = text_leading_int(at + 1, &at, &beyond);
    if (beyond)
        return TIME_RANGE;
    if (*at == '.')
        outcome = time_read_fraction(at, &fraction);
    else if (*at != '\0')
        return TIME_SYNTAX;
    clock->fraction_us = (int)rint(fraction * (double)SECOND_US);
    return outcome == TIME_OK && shifted ? shift(clock) : outcome;
}

enum time_outcome time_read_clock(const char *text, bool minutes_first, struct time_clock *ret)
{
    enum time_outcome outcome;
    const char *at;
    bool beyond = false;
    char *end;

    *ret = (struct time_clock){0};
    errno = 0;
    ret->hour = strtoll(text, &end, 10);
    if (errno == ERANGE)
        return TIME_RANGE;
    if (*end != ':')
        return TIME_SYNTAX;
    ret->minute = text_leading_int(end + 1, &at, &beyond);
    if (beyond)
        return TIME_RANGE;
    outcome = read_seconds(at, minutes_first, ret);
    if (outcome == TIME_OK && (ret->hour < 0 || ret->minute < 0 || ret->minute > 59 ||
                               ret->second < 0 || ret->second > 60 || ret->fraction_us < 0))
        return TIME_RANGE;
    return outcome;
}
