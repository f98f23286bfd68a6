/*
 * Debezium's change envelope around rows that are JSON text already: for producers whose source is
 * not a PostgreSQL log. The same members in the same order as debezium.h writes them, so that one
 * decoder reads both.
 */
#ifndef SLUICE_RECORD_ENVELOPE_H
#define SLUICE_RECORD_ENVELOPE_H

#include "base/buf.h"

/* One event. `before` and `after` are JSON objects, or empty for null; `source` is a JSON object. */
struct envelope {
    struct str before, after, source;
    char op; /* 'c' 'u' 'd' 'r' */
    int64_t now_unix_us;
};

/* Appends the envelope. */
void envelope_write(struct buf *out, const struct envelope *event);

/*
 * Appends the beginning of a source block, up to and without the closing brace, so that the caller
 * appends its own members (each with a comma before it):
 * {"version":...,"connector":CONNECTOR,"name":NAME,
 * "ts_ms":...,"snapshot":"false","ts_us":...,"ts_ns":... with the time of the change in the
 * source.
 */
void envelope_source_begin(struct buf *out, const char *connector, const char *name,
                           int64_t commit_unix_us);

#endif
