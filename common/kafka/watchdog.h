/*
 * Ends the process when a call of librdkafka does not come back: some of them have hung for ever
 * (a coordinator that goes away during send_offsets). A stopped process is taken over; a hanging
 * one holds its task. The one place where this room writes to the log: nobody is left to report to.
 */
#ifndef SLUICE_KAFKA_WATCHDOG_H
#define SLUICE_KAFKA_WATCHDOG_H

#include <stdint.h>

struct kafka_watchdog;

/* A watchdog at rest; never NULL. The caller frees it. */
struct kafka_watchdog *kafka_watchdog_new(void);

/* NULL is fine. Returns NULL. */
struct kafka_watchdog *kafka_watchdog_free(struct kafka_watchdog *watchdog);

/* Unless kafka_watchdog_rest comes within `limit_ms`, logs what `doing` (static text) and ends the
 * process with EX_SOFTWARE. */
void kafka_watchdog_arm(struct kafka_watchdog *watchdog, const char *doing, int64_t limit_ms);

/* The call came back. */
void kafka_watchdog_rest(struct kafka_watchdog *watchdog);

#endif
