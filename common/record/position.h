/*
 * Where a change stands in its source: the final LSN of its transaction and its ordinal there (from
 * 1; a snapshot row has the snapshot's LSN and ordinal 0). Travels as the header `sluice.position`:
 * "LSN/ordinal", both decimal. Ordered by LSN, then ordinal.
 */
#ifndef SLUICE_RECORD_POSITION_H
#define SLUICE_RECORD_POSITION_H

#include "base/buf.h"
#include "base/err.h"

#define POSITION_HEADER "sluice.position"
#define COMMIT_TIME_HEADER "sluice.commit_ts_us"

struct position {
    uint64_t lsn;
    uint64_t ordinal;
};

/* Negative, 0, positive. */
static inline int position_cmp(struct position a, struct position b)
{
    if (a.lsn != b.lsn)
        return a.lsn < b.lsn ? -1 : 1;
    return (a.ordinal > b.ordinal) - (a.ordinal < b.ordinal);
}

/* Appends "LSN/ordinal". */
void position_print(struct buf *out, struct position position);

/* Parses "LSN/ordinal"; ERR_DEAD_LETTER otherwise. */
WARN_UNUSED bool position_parse(struct str text, struct position *ret, struct err *reterr);

#endif
