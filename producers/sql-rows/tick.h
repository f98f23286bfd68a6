/*
 * The wall clock of the schedule. Builds with failpoints read it from the file that
 * SLUICE_TEST_CLOCK names (seconds since 1970), so that no test waits for the hour.
 */
#ifndef SLUICE_SQL_ROWS_TICK_H
#define SLUICE_SQL_ROWS_TICK_H

#include <stdint.h>

/* Microseconds since 1970. */
int64_t tick_now_us(void);

/* The longest time to wait before the clock is looked at again. */
int64_t tick_look_ms(void);

#endif
