/*
 * Where a row stands among the rows of its partition, as a key of the state: fingerprint | partition |
 * order | what tells rows apart. Of TOP and WINDOW.
 */
#ifndef SLUICE_VIEWS_OPS_ORDERING_H
#define SLUICE_VIEWS_OPS_ORDERING_H

#include "ops/op.h"

/* Made ready for one operator. */
struct ordering {
    uint64_t fingerprint;
    const struct plan_node *node; /* its exprs are the partition */
    const struct getter *partition, *order;
    const struct schema *rows; /* the input's */
};

/* Makes it ready; its state is that part of the operator's. */
struct ordering ordering_new(struct arena *arena, const struct op *op, const char *part);

/* fingerprint | partition, into step->key. The error is the row's. */
WARN_UNUSED bool ordering_partition(const struct ordering *ordering, struct step *step,
                                    const struct row *row, struct err *reterr);

/* Appends the order's values to step->key: rows that compare equal give the same bytes. */
WARN_UNUSED bool ordering_values(const struct ordering *ordering, struct step *step,
                                 const struct row *row, struct err *reterr);

/* Appends what stands behind the partition: the order's values and what tells rows apart, not cut. */
WARN_UNUSED bool ordering_place(const struct ordering *ordering, struct step *step,
                                const struct row *row, struct err *reterr);

/* The whole key, not cut: a shelf_key, `ordering` a struct ordering. */
WARN_UNUSED bool ordering_key(const void *ordering, struct step *step, const struct row *row,
                              struct err *reterr);

#endif
