/*
 * When a thing that happens again and again happens next: every so many milliseconds, or by a cron
 * expression in UTC. Pure: the time is passed in, nothing waits here.
 *
 * A cron expression has five fields: minute 0-59, hour 0-23, day of the month 1-31, month 1-12 or
 * jan-dec, day of the week 0-7 or sun-sat (0 and 7 are Sunday). A field is "*", a number, a range
 * "1-5", either with a step "/15" behind it, or several of these separated by commas. When both
 * day fields are restricted (neither begins with "*"), a day that either of them names counts, as
 * cron has it. Also @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually.
 */
#ifndef SLUICE_BASE_CRON_H
#define SLUICE_BASE_CRON_H

#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

/* A bit for each value that a field allows. */
struct cron {
    uint64_t minutes;
    uint32_t hours, days, months, weekdays;
    bool any_day; /* one of the day fields begins with "*": both must agree */
};

/* Reads an expression. ERR_STOP (EX_USAGE) naming the field when it is none. */
WARN_UNUSED bool cron_parse(struct str text, struct cron *ret, struct err *reterr);

/*
 * The first minute that the expression names and that begins after the given moment; both in
 * milliseconds since 1970 UTC. -1 when there is none in the next 8 years ("0 0 30 2 *").
 */
int64_t cron_next_ms(const struct cron *cron, int64_t after_unix_ms);

/* What is to happen once, every `every_ms`, or by `cron`. */
enum schedule_kind { SCHEDULE_ONCE, SCHEDULE_EVERY, SCHEDULE_CRON };

struct schedule {
    enum schedule_kind kind;
    int64_t every_ms;
    struct cron cron;
};

/*
 * From the three options of a service: exactly one of `once`, `every_ms` (0: not given) and `cron`
 * (NULL: not given) must be there. ERR_STOP (EX_USAGE) naming --once, --every, --cron otherwise, or
 * when the expression is none or names no time at all.
 */
WARN_UNUSED bool schedule_make(bool once, int64_t every_ms, const char *cron, struct schedule *ret,
                               struct err *reterr);

/*
 * When the next run is due, by the wall clock in milliseconds since 1970: `last_unix_ms` is when
 * the last one began, or -1 when there was none. A first run of --once and --every is due at once,
 * one of --cron at its next minute after now. -1: never again.
 */
int64_t schedule_due_ms(const struct schedule *schedule, int64_t last_unix_ms, int64_t now_unix_ms);

#endif
