/*
 * What the fields of a date or a time mean together, by PostgreSQL's rules (DateStyle ISO, MDY).
 * Private to the room.
 */
#ifndef SLUICE_RECORD_TIME_READ_H
#define SLUICE_RECORD_TIME_READ_H

#include "record/time_fields.h"
#include "record/zone.h"

/* What a text says; a year before Christ is astronomical (1 BC is 0). */
struct time_reading {
    enum time_moment moment;
    bool has_date;
    int year, month, day;
    int hour, minute, second, fraction_us;
    struct zone zone;      /* UTC where the text has none */
    const char *zone_name; /* of TIME_ZONE_UNKNOWN, in the fields */
    struct time_fields fields;
};

/* Reads a date with or without a time; `time_only`: a time, with or without a date. */
enum time_outcome time_read(struct str text, bool time_only, struct time_reading *ret);

#endif
