/*
 * Time: two clocks and the text forms of durations and sizes. Pure hearts never call the clocks;
 * their edges pass the time in.
 */
#ifndef SLUICE_BASE_CLOCK_H
#define SLUICE_BASE_CLOCK_H

#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

/* Microseconds between the Unix epoch and PostgreSQL's (2000-01-01). */
#define PG_EPOCH_UNIX_US INT64_C(946684800000000)

/* Wall clock: microseconds since 1970-01-01 UTC. */
int64_t clock_wall_us(void);

/* Monotonic clock: milliseconds since some fixed moment. For intervals and deadlines. */
int64_t clock_mono_ms(void);

/* "1500ms", "10s", "2m", "1h", "7d" -> milliseconds. A bare number is refused (unless 0): the unit
 * must be said. */
WARN_UNUSED bool clock_parse_duration(struct str text, int64_t *ret_ms, struct err *reterr);

/* "64MiB", "16MB", "4096B", "1GiB", "512KiB", "64kB" -> bytes. A bare number is bytes. */
WARN_UNUSED bool clock_parse_size(struct str text, int64_t *ret_bytes, struct err *reterr);

/*
 * The next pause of a bounded exponential backoff with full jitter: from `base_ms`, doubling with
 * `attempt` (0, 1, 2 ...), at most `cap_ms`; never below 1.
 */
int64_t clock_backoff_ms(unsigned attempt, int64_t base_ms, int64_t cap_ms);

#endif
