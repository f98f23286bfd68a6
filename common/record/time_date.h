/*
 * A text of a date or a time on its way, and what numbers and dates in it say by what came before
 * them: the part of time_read.c that knows the orders of a date. Private to the room.
 */
#ifndef SLUICE_RECORD_TIME_DATE_H
#define SLUICE_RECORD_TIME_DATE_H

#include "record/time_read.h"

/* What a text can say; each once. */
enum part {
    PART_YEAR = 1 << 0,
    PART_MONTH = 1 << 1,
    PART_DAY = 1 << 2,
    PART_DAY_OF_YEAR = 1 << 3,
    PART_HOUR = 1 << 4,
    PART_MINUTE = 1 << 5,
    PART_SECOND = 1 << 6,
    PART_FRACTION = 1 << 7,
    PART_ZONE = 1 << 8,
    PART_DAYLIGHT = 1 << 9, /* an abbreviation of summer time, or "dst" */
    PART_DST = 1 << 10,
    PART_CHANGING = 1 << 11, /* an abbreviation whose meaning changed */
    PART_HALF = 1 << 12,
    PART_ERA = 1 << 13,
    PART_WEEKDAY = 1 << 14,
    PART_MOMENT = 1 << 15,
    PARTS_DATE = PART_YEAR | PART_MONTH | PART_DAY,
    PARTS_TIME = PART_HOUR | PART_MINUTE | PART_SECOND | PART_FRACTION
};

/* A text on its way. */
struct time_reader {
    struct time_reading *out;
    unsigned seen, found;  /* by the fields before, by the one at hand */
    enum time_label label; /* what the field before says of this one */
    enum time_half half;
    int day_of_year;
    bool time_only, named; /* the zone has a name of its own, or a rule */
    bool word_month, short_year, julian, before_christ;
};

/* Reads digits that run together: a date where `seen` has none yet and six digits or more are
 * there, else HHMMSS or HHMM; with a fraction it is a time. Cuts the text. */
enum time_outcome time_read_joined(struct time_reader *in, char *text, unsigned seen);

/* Reads a number that is one part of a date, or a time where `seen` has a date; `word_month`: the
 * month came as a word. Cuts the text. */
enum time_outcome time_read_number(struct time_reader *in, char *text, unsigned seen,
                                   bool word_month);

/* Reads a date whose parts have marks between: "2024-01-31", "jan.31.24", "2024.031". Cuts the
 * text. */
enum time_outcome time_read_date(struct time_reader *in, char *text);

#endif
