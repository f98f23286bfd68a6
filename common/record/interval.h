/*
 * The two times that do not fit a slot: interval (months, days and microseconds kept apart) and
 * time with time zone. Packed: the fields one after another in the machine's order. Their text
 * forms are IntervalStyle postgres and ISO. Pure.
 */
#ifndef SLUICE_RECORD_INTERVAL_H
#define SLUICE_RECORD_INTERVAL_H

#include "record/types.h"

enum { INTERVAL_SIZE = 16, TIMETZ_SIZE = 12 };

/* PostgreSQL's bits of the fields in a typmod, which has them in its upper half. */
enum {
    INTERVAL_MONTH = 1 << 1,
    INTERVAL_YEAR = 1 << 2,
    INTERVAL_DAY = 1 << 3,
    INTERVAL_HOUR = 1 << 10,
    INTERVAL_MINUTE = 1 << 11,
    INTERVAL_SECOND = 1 << 12,
    INTERVAL_FIELDS_ALL = 0x7fff
};

struct interval {
    int64_t us;
    int32_t days, months;
};

/* `west_s`: seconds west of Greenwich, as PostgreSQL keeps it. */
struct timetz {
    int64_t us;
    int32_t west_s;
};

/* Opens a packed interval. */
static inline struct interval interval_open(struct str packed)
{
    struct interval interval;

    memcpy(&interval, packed.at, INTERVAL_SIZE);
    return interval;
}

/* Packs into the arena. */
static inline struct str interval_pack(struct arena *arena, struct interval interval)
{
    return (struct str){memcpy(arena_alloc(arena, INTERVAL_SIZE), &interval, INTERVAL_SIZE),
                        INTERVAL_SIZE};
}

/* Opens a packed time with time zone. */
static inline struct timetz timetz_open(struct str packed)
{
    struct timetz time = {0};

    memcpy(&time, packed.at, TIMETZ_SIZE);
    return time;
}

/* Packs into the arena. */
static inline struct str timetz_pack(struct arena *arena, struct timetz time)
{
    return (struct str){memcpy(arena_alloc(arena, TIMETZ_SIZE), &time, TIMETZ_SIZE), TIMETZ_SIZE};
}

/* Orders as PostgreSQL does, a month as 30 days and a day as 24 hours. Negative, 0, positive. */
int interval_compare(struct interval a, struct interval b);

/* Orders by the moment in UTC, then by the zone. */
int timetz_compare(struct timetz a, struct timetz b);

/* Appends bytes that order as interval_compare does, the same for equal intervals. */
void interval_key(struct buf *out, struct interval interval);

/* The one of all equal intervals with days below a month and time below a day. */
struct interval interval_canonical(struct interval interval);

/* Parses the forms PostgreSQL reads: units, SQL standard, ISO 8601; the typmod's fields give a
 * number its unit where the text has none. Fails with 22007, 22008, 22015. */
WARN_UNUSED bool interval_parse(struct str text, int32_t typmod, struct interval *ret,
                                struct err *reterr);

/* Appends "1 year 2 mons -3 days +04:05:06.789". */
void interval_print(struct buf *out, struct interval interval);

/* Cuts and rounds to the typmod of interval(p) or interval FIELD. */
struct interval interval_fit(struct interval interval, int32_t typmod);

/* Parses a time in any form PostgreSQL reads, with a zone or without: UTC. A zone of several offsets
 * needs a date. Fails with 22007, 22008, 22009, 22023, 0A000. */
WARN_UNUSED bool timetz_parse(struct str text, struct timetz *ret, struct err *reterr);

/* Appends "HH:MM:SS.ffffff+TZ". */
void timetz_print(struct buf *out, struct timetz time);

#endif
