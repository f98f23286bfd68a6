/*
 * Time stamps as text, moved back by a duration: where reading begins again with --overlap. Pure.
 */
#ifndef SLUICE_SQL_ROWS_STAMP_H
#define SLUICE_SQL_ROWS_STAMP_H

#include "source.h"

/*
 * Appends the stamp less `ms` in the very form that it has: "2025-04-07", "2025-04-07 09:00:00.137",
 * with T, with Z or +00 behind; or a number of seconds, milliseconds or microseconds since 1970, by
 * its size. What lies below 0001-01-01 becomes that. ERR_STOP when it is none of these.
 */
WARN_UNUSED bool stamp_back(struct buf *out, const struct source_value *stamp, int64_t ms,
                            struct err *reterr);

/*
 * --as-of as a time in UTC, "2025-12-31T00:00:00.000Z"; NULL: the moment. ERR_STOP (EX_USAGE) when
 * it is neither a date nor a time.
 */
WARN_UNUSED bool stamp_as_of(struct buf *out, const char *as_of, int64_t now_us,
                             struct err *reterr);

/* Appends a wall clock's microseconds as "2025-12-31T00:00:00.000Z". */
void stamp_iso(struct buf *out, int64_t unix_us);

#endif
