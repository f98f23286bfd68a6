/*
 * A text of a date, a time or an interval split into fields, as PostgreSQL splits it, and what the
 * fields that all of them share say. What the fields mean together is in time_read.h and
 * interval_read.c. Private to the room.
 */
#ifndef SLUICE_RECORD_TIME_FIELDS_H
#define SLUICE_RECORD_TIME_FIELDS_H

#include "record/text_parts.h"

#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)

enum time_field_kind {
    TIME_FIELD_NUMBER, /* "20240131", "10.5" */
    TIME_FIELD_DATE,   /* "2024-01-31", "jan-31-2024"; also "europe/prague", "gmt+4", "1030-08" */
    TIME_FIELD_CLOCK,  /* "10:30", "10:30:00.5" */
    TIME_FIELD_WORD,   /* "monday", "cet", "-infinity" */
    TIME_FIELD_SIGNED  /* "+01", "-05:30", "-1.5" */
};

/* How long a text may be, counting an end for each field. */
enum { TIME_FIELDS_MAX = 25, TIME_ROOM = 129, INTERVAL_ROOM = 256 };

struct time_field {
    enum time_field_kind kind;
    char *text; /* in small letters, with an end; whoever reads it may cut it */
};

struct time_fields {
    struct time_field at[TIME_FIELDS_MAX];
    int n;
    char space[INTERVAL_ROOM + 2];
};

/* The outcome of reading; TIME_NOW: it changes by itself. */
enum time_outcome {
    TIME_OK,
    TIME_SYNTAX,
    TIME_RANGE,
    TIME_ZONE_RANGE,
    TIME_ZONE_UNKNOWN,
    TIME_NOW
};

/* Words that a date or a time is written with. */
enum time_word_kind {
    TIME_WORD_NONE,
    TIME_WORD_IGNORED,
    TIME_WORD_MONTH, /* value: 1 to 12 */
    TIME_WORD_WEEKDAY,
    TIME_WORD_HALF,     /* value: enum time_half */
    TIME_WORD_ERA,      /* value: 1 before Christ */
    TIME_WORD_LABEL,    /* of the number behind it; value: enum time_label */
    TIME_WORD_TIME,     /* "t": a time follows */
    TIME_WORD_DAYLIGHT, /* "dst": an hour more */
    TIME_WORD_MOMENT    /* value: enum time_moment */
};

enum time_half { TIME_HALF_NONE, TIME_HALF_AM, TIME_HALF_PM };

enum time_label {
    TIME_LABEL_NONE,
    TIME_LABEL_YEAR,
    TIME_LABEL_MONTH,
    TIME_LABEL_DAY,
    TIME_LABEL_HOUR,
    TIME_LABEL_MINUTE,
    TIME_LABEL_SECOND,
    TIME_LABEL_JULIAN,
    TIME_LABEL_TIME,
    TIME_LABEL_OTHER
};

enum time_moment {
    TIME_MOMENT_FINITE,
    TIME_MOMENT_INFINITY,
    TIME_MOMENT_MINUS_INFINITY,
    TIME_MOMENT_EPOCH,
    TIME_MOMENT_MIDNIGHT, /* "allballs" */
    TIME_MOMENT_NOW,
    TIME_MOMENT_TODAY /* and the days beside it */
};

/* Splits the text, which may take `room` bytes with the ends of its fields. False: bad syntax. */
WARN_UNUSED bool time_fields_split(struct str text, size_t room, struct time_fields *ret);

/* What the word in small letters is; the first ten letters count. */
enum time_word_kind time_word(const char *word, int *ret_value);

struct time_clock {
    int64_t hour;
    int minute, second, fraction_us;
};

/* Reads "H:M", "H:M:S" with a fraction, and "M:S.f"; `minutes_first`: "H:M" is "M:S". The hour is
 * left to check. */
enum time_outcome time_read_clock(const char *text, bool minutes_first, struct time_clock *ret);

/* Reads a point and the digits behind it to the end. */
enum time_outcome time_read_fraction(const char *point, double *ret);

#endif
