/*
 * Which source rows are behind one row of a view: as few of them as give the very same row. Found by
 * asking the engine itself, whatever the query: rows are taken away by halves for as long as the
 * view's row stays what it is, and what can't be spared is given back. Pure.
 */
#ifndef SLUICE_VIEWS_WITNESS_H
#define SLUICE_VIEWS_WITNESS_H

#include "ops/engine.h"

struct witness;

/* A record of a source, as it was read. */
struct witness_record {
    uint32_t source;
    int32_t partition;
    int64_t offset;
    struct str key, value;
};

/* For the row of plan.views[view] whose key prints as `key` (the record's key on the view's topic).
 * Plan and key must outlive it. Free with witness_free. */
WARN_UNUSED bool witness_new(const struct plan *plan, uint32_t view, struct str key,
                             struct witness **ret, struct err *reterr);

/* NULL is fine. Returns NULL. */
struct witness *witness_free(struct witness *witness);

/* Its engine, which checks contracts. */
struct engine *witness_engine(struct witness *witness);

/* Takes a change in, with the record it came from; both are copied. */
WARN_UNUSED bool witness_add(struct witness *witness, const struct engine_event *event,
                             const struct witness_record *record, struct err *reterr);

/*
 * After the last change: the records, by source and offset, alive as long as the witness; *ret_of
 * is how many rows there were to choose from. ERR_STOP (EX_DATAERR) when the view has no such row.
 */
WARN_UNUSED bool witness_find(struct witness *witness, const struct witness_record **ret,
                              uint32_t *ret_n, uint32_t *ret_of, struct err *reterr);

#endif
