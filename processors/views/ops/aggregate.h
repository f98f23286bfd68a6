/*
 * The table of aggregates (aggregate_table.c): one row each with its functions over an accumulator
 * (aggregate_ops.h). Every aggregate retracts exactly: adding a value with weight w
 * and later with -w leaves no trace, display scale of numeric included. What can't be taken back
 * from an accumulator (min, string_agg) keeps its values in order in the store.
 */
#ifndef SLUICE_VIEWS_OPS_AGGREGATE_H
#define SLUICE_VIEWS_OPS_AGGREGATE_H

#include "record/row.h"

enum { AGGREGATE_ARGS_MAX = 3 };

/* How a group keeps what it needs to know. */
enum aggregate_state {
    AGGREGATE_SUMS,    /* in the accumulator, which also takes back */
    AGGREGATE_EXTREME, /* min, max: an ordered multiset in the store */
    AGGREGATE_BAG      /* its values in order in the store, added up anew at every change */
};

/* Which rows it does not see. */
enum aggregate_nulls {
    NULLS_SKIP,       /* those where an argument is NULL */
    NULLS_SKIP_FIRST, /* those where the first argument is NULL */
    NULLS_TAKE        /* none */
};

/* Known to sql/ only by this row; the functions behind it are ops/'s own business. */
struct aggregate {
    const char *name;
    enum type_id arg;    /* 0: none, as of count(*); the first of WITHIN GROUP's ORDER BY */
    enum type_id result; /* TYPE_ANYELEMENT, TYPE_ANYARRAY: by the first argument */
    enum type_id more[AGGREGATE_ARGS_MAX - 1]; /* further arguments; 0-terminated when fewer */
    enum aggregate_state state;
    enum aggregate_nulls nulls;
    bool needs_order;  /* its answer depends on the order of the values */
    bool needs_unique; /* its answer depends on which of several values of one first argument is
                          last */
    bool within_group; /* written name(more...) WITHIN GROUP (ORDER BY arg) */
    bool internal;     /* made by the planner alone */
    const struct aggregate_ops *ops;
};

/* Resolves by name and argument type (0 for `*`), by implicit casts as PostgreSQL; the caller casts
 * to ->arg. NULL when there is none. */
const struct aggregate *aggregate_resolve(struct str name, enum type_id arg);

/* As aggregate_resolve, with all argument types. */
const struct aggregate *aggregate_resolve_args(struct str name, const enum type_id *args,
                                               uint16_t args_n);

/* What type_id an argument is cast to: the row's, or the value's own where the row takes any. */
enum type_id aggregate_arg_type(enum type_id wanted, enum type_id given);

/* The result's type over a first argument of that type. */
struct type aggregate_result(const struct aggregate *aggregate, struct type arg);

/* The row of an internal one. */
const struct aggregate *aggregate_internal(const char *name);

/* Over no rows it is 0; every other is NULL. */
bool aggregate_counts(const struct aggregate *aggregate);

/* Number of the row's arguments. */
uint16_t aggregate_args_n(const struct aggregate *aggregate);

/* Appends every row as --functions shows it, a line each. */
void aggregate_list(struct buf *out);

/* Appends the row as --functions names it, without its result. */
void aggregate_signature(struct buf *out, const struct aggregate *row);

/* Every row, ended by a row without a name. */
extern const struct aggregate aggregate_table[];

#endif
