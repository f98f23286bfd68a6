/*
 * A shelf: weighted rows in an order, in the store. A key is prefix | order | what tells rows
 * apart, the value the list of rows under it. Keys too long for the store are cut to an ordered
 * prefix and a hash; a walk puts what was cut back in order. Used by TOP, WINDOW and the aggregates
 * that need their values in order. Negative weights are kept and not shown.
 */
#ifndef SLUICE_VIEWS_OPS_SHELF_H
#define SLUICE_VIEWS_OPS_SHELF_H

#include "ops/op.h"

/* Makes the row's full key, prefix included, in step->key. The error is the row's own. */
typedef bool shelf_key(const void *of, struct step *step, const struct row *row,
                       struct err *reterr);

/* Gets one entry of the walk and its key, not cut, which lives as store_get's values do; the weight is
 * above 0. False ends the walk early. */
typedef bool shelf_visit(void *to, struct step *step, struct str key, const struct delta *entry);

/* Puts a row in, `weight` times (negative: takes it out). The key stands in step->key, not cut. */
WARN_UNUSED bool shelf_put(struct step *step, const struct row *row, int64_t weight,
                           struct err *reterr);

/* What a change did to the weight of all rows under a key; the first of them, NULL when none is
 * there. */
struct shelf_change {
    int64_t before, after;
    const struct row *first_before, *first_after;
};

/* As shelf_put; tells what became of the key. */
WARN_UNUSED bool shelf_change(struct step *step, const struct row *row, int64_t weight,
                              struct shelf_change *ret, struct err *reterr);

/* A walk over the entries whose keys begin with `prefix`; `of` and `to` go to the functions. */
struct shelf_walk {
    struct str prefix;
    shelf_key *key;
    const void *of;
    shelf_visit *visit;
    void *to;
};

/* Shows the entries in order. */
WARN_UNUSED bool shelf_walk(struct step *step, const struct shelf_walk *walk, struct err *reterr);

#endif
