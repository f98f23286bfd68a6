/*
 * What leaves a step: the views' changes by key, and the quarantine's entries. Private to engine.c.
 */
#ifndef SLUICE_VIEWS_OPS_OUTPUT_H
#define SLUICE_VIEWS_OPS_OUTPUT_H

#include "ops/op.h"

/* Changes in the making. */
struct changes {
    struct engine_change *at;
    uint32_t n, cap;
};

/* Turns a view's deltas, consolidated, into one change a key: the new row where exactly one is
 * added, else none. */
void output_view(struct step *step, const struct plan_view *view, uint32_t index,
                 const struct batch *deltas, struct changes *changes);

/* How many rows the quarantine's state holds. */
WARN_UNUSED bool output_quarantined(struct store *store, const struct plan *plan, uint64_t *ret_n,
                                    struct err *reterr);

/* Brings the quarantine's state up to date with what the step withheld and released, and tells what
 * changed. */
WARN_UNUSED bool output_quarantine(struct step *step, const struct plan *plan,
                                   struct engine_output *ret, struct err *reterr);

#endif
