/*
 * Whether the process was asked to end: the one flag that long waits of the shared rooms look at,
 * so that a stop is not held up by a server that is away. Not the handling of signals, which is
 * service's.
 */
#ifndef SLUICE_BASE_STOP_H
#define SLUICE_BASE_STOP_H

#include <stdbool.h>
#include <stdint.h>

/* How long after the request what is under way may still be finished. */
enum { STOP_GRACE_MS = 3000 };

/* Notes that the process was asked to end; the first time counts. Any thread. */
void stop_request(void);

/* A wait ends here: at `end_ms` of the monotonic clock, or when the grace of a stop is over.
 * INT64_MAX: at the stop alone. Any thread. */
bool stop_or_passed(int64_t end_ms);

#endif
