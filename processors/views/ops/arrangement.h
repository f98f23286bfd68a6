/*
 * An arrangement: all rows of a node by a join key, in the store. Joins over the same rows and keys
 * share one. During a step it reads as it was before the step; what the step brings is grouped by
 * key beside it and written when every join has run.
 */
#ifndef SLUICE_VIEWS_OPS_ARRANGEMENT_H
#define SLUICE_VIEWS_OPS_ARRANGEMENT_H

#include "ops/op.h"

/* One delta of the step, in the chain of its key. */
struct arranged {
    struct delta delta;
    uint32_t next; /* TABLE_NONE at the end */
};

/* Join keys over a node's rows; bit i of `null_safe`: NULL is a value like another in key i. */
struct arrangement_keys {
    const struct expr *const *exprs;
    uint16_t n;
    uint64_t null_safe;
};

struct arrangement {
    uint64_t fingerprint;
    struct op *input;
    struct arrangement_keys by;
    const struct getter *getters;
    bool unique; /* the node's key lies in the join key: one row a key, found by its key alone */

    /* The step's: */
    bool prepared;
    struct table keys; /* join keys, as parts of state keys */
    uint32_t *heads;   /* by key: its first delta */
    struct arranged *deltas;
    uint32_t heads_cap, deltas_n, deltas_cap;
    struct batch nulls;     /* rows with a NULL that matches nothing: not kept */
    struct table looked_up; /* join keys read from the store ... */
    struct batch *found;    /* ... and what was there */
    uint32_t found_cap;
};

/* Makes `arrangement` ready for a node's rows by these keys. All in `arena`. */
void arrangement_start(struct arrangement *arrangement, struct arena *arena, struct op *input,
                       struct arrangement_keys by);

/* Groups the input's deltas by key, once in a step. */
void arrangement_prepare(struct arrangement *arrangement, struct step *step);

/* The first delta of a key in this step; TABLE_NONE when there is none. */
static inline uint32_t arrangement_head(const struct arrangement *arrangement, uint32_t key)
{
    return key == TABLE_NONE ? TABLE_NONE : arrangement->heads[key];
}

/* The rows that the store holds for a join key, as before the step. */
WARN_UNUSED bool arrangement_read(struct arrangement *arrangement, struct step *step,
                                  struct str key, const struct batch **ret, struct err *reterr);

/* Forgets what a step that failed has left. */
void arrangement_forget(struct arrangement *arrangement);

/* Writes the step's deltas and forgets them. */
WARN_UNUSED bool arrangement_finish(struct arrangement *arrangement, struct step *step,
                                    struct err *reterr);

#endif
