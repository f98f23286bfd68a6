/*
 * Subqueries as expressions: each becomes a relation with one row for each value of its correlation
 * keys, LEFT JOINed to the FROM of the block in which it stands; its value is a column of that join.
 * Internal to this folder.
 */
#ifndef SLUICE_VIEWS_SQL_BIND_SUBQUERY_H
#define SLUICE_VIEWS_SQL_BIND_SUBQUERY_H

#include "sql/bind.h"

/* A SELECT that stands as an expression: its columns, then its correlation keys. */
struct inner_query {
    struct query query;
    struct list outer_keys;    /* struct expr *, over the block around, equal to the keys */
    const struct expr *absent; /* the value where no row is found; NULL: NULL */
};

/* select.c: as bind_select; WHERE may hold equalities with columns of `outer`. */
WARN_UNUSED bool bind_inner_select(const struct scope *outer, const PgQuery__SelectStmt *select,
                                   struct inner_query *ret);

/* A subquery as an expression, joined to the scope's FROM; NULL: refused. */
struct expr *bind_subquery(struct scope *scope, const PgQuery__SubLink *node);

/* The WHERE of a subquery without its correlation: the equalities with columns of the block around
 * become keys on both sides. */
WARN_UNUSED bool bind_correlation(struct binder *binder, const struct expr *condition,
                                  struct list *conditions, struct list *inner_keys,
                                  struct list *outer_keys);

#endif
