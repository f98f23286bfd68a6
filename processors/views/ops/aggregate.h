/*
 * The table of aggregates: one row each with its functions over an accumulator that is plain bytes,
 * so that it can be stored as it is. Every aggregate retracts exactly: adding a value with weight w
 * and later with -w leaves no trace, display scale of numeric included. min and max keep an ordered
 * multiset in the store.
 */
#ifndef SLUICE_VIEWS_OPS_AGGREGATE_H
#define SLUICE_VIEWS_OPS_AGGREGATE_H

#include "record/row.h"

/* Known to sql/ only by this row; the functions behind it are ops/'s own business. */
struct aggregate {
    const char *name;
    enum type_id arg; /* 0: count(*) */
    enum type_id result;
    bool needs_order; /* keeps an ordered multiset (min, max) */
    const struct aggregate_ops *ops;
};

/* Resolves by name and argument type (0 for `*`), by implicit casts as PostgreSQL; the caller casts
 * to ->arg. NULL when there is none. */
const struct aggregate *aggregate_resolve(struct str name, enum type_id arg);

/* Every row, ended by a row without a name. */
extern const struct aggregate aggregate_table[];

#endif
