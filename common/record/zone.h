/*
 * Time zones: rules of the system's tz database, PostgreSQL's abbreviations, offsets in digits. The
 * database is read from its files, each once in the life of the process.
 */
#ifndef SLUICE_RECORD_ZONE_H
#define SLUICE_RECORD_ZONE_H

#include "base/cleanup.h"
#include "base/str.h"
#include <stdint.h>

/* A day on which clocks change every year, as POSIX writes it: "M3.2.0", "J60" or "59". */
struct zone_day {
    char form;            /* 'M'; 'J': 1 to 365 without leap days; '0': 0 to 365 */
    int month, week, day; /* week 5 is the last; day of the week, or of the year */
    int32_t time_s;       /* of the clock before the change */
};

/* A zone as POSIX writes it: "CET-1CEST,M3.5.0,M10.5.0/3". Offsets: east is positive. */
struct zone_rule {
    int32_t standard_s, daylight_s;
    bool has_daylight;
    struct zone_day start, end;
};

/* A time zone: a rule, often a mere offset, or a zone of the tz database. */
struct zone {
    const struct zone_file *file; /* NULL: the rule counts */
    struct zone_rule rule;
    const char *abbreviation; /* of the file's times those that bear it; NULL: all */
};

/* Seconds east that never change. */
static inline struct zone zone_fixed(int32_t offset_s)
{
    return (struct zone){.rule = {.standard_s = offset_s}};
}

/* Parses the whole text as POSIX has it: positive is west there; daylight time without its days has
 * those of the USA. False: it is no zone. */
bool zone_rule_parse(const char *text, struct zone_rule *ret);

/* The offset, seconds east, at that second of UTC since 2000. */
int32_t zone_rule_offset_at(const struct zone_rule *rule, int64_t utc_s);

/* Finds the zone by its name ("Europe/Berlin", case does not matter) or POSIX form ("<+03>-3",
 * "UTC+3": west is positive). False: there is none. Any thread. */
bool zone_named(struct str name, struct zone *ret);

/* Finds the zone that PostgreSQL's default abbreviations ("CET", "msk") stand for: an offset, or
 * where it changed over time, the zone to ask. False: there is none. */
bool zone_abbreviation(struct str word, struct zone *ret, bool *ret_daylight);

/* Finds the zone by abbreviation, else by name. False: there is none. Any thread. */
bool zone_find(struct str name, struct zone *ret);

/* The zone's offset, seconds east, at that moment in UTC. */
int32_t zone_offset_at(const struct zone *zone, int64_t utc_us);

/* The moment in UTC of a local time; where clocks jump as PostgreSQL decides. */
int64_t zone_to_utc(const struct zone *zone, int64_t local_us);

/* Whether the zone never had but one offset; which. */
bool zone_is_fixed(const struct zone *zone, int32_t *ret_offset_s);

/* Whether the zone's offset changes no more, for all that is known; which it is. */
bool zone_is_settled(const struct zone *zone, int32_t *ret_offset_s);

enum zone_offset { ZONE_OFFSET_OK, ZONE_OFFSET_SYNTAX, ZONE_OFFSET_RANGE };

/* Reads "+05", "-0530", "+05:30:15": seconds, east is positive. */
enum zone_offset zone_read_offset(const char *text, int32_t *ret_offset_s);

#endif
