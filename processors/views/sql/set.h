/*
 * Set operations as a tree whose leaves are blocks. Internal to set_operation.c and values.c.
 */
#ifndef SLUICE_VIEWS_SQL_SET_H
#define SLUICE_VIEWS_SQL_SET_H

#include "sql/block.h"

enum set_kind { SET_LEAF, SET_UNION, SET_INTERSECT, SET_EXCEPT };

/* A part of the tree. */
struct set {
    enum set_kind kind;
    bool all;
    struct set *left, *right;
    struct block *block; /* of a leaf that is a block */
    struct query query;  /* of another leaf, and of all once they are planned */
    struct expr **exprs; /* the columns that were written: a block's targets, or a node's */
    int location;
};

/* A SELECT as a leaf, bound; NULL: refused. */
struct set *set_of_block(struct binder *binder, const PgQuery__SelectStmt *select,
                         struct around around);

/* It has WITH, ORDER BY or LIMIT of its own. */
bool set_has_clauses(const PgQuery__SelectStmt *select);

/* The nodes of the whole tree, with the clauses of `select`. */
WARN_UNUSED bool set_plan(struct binder *binder, const PgQuery__SelectStmt *select, struct set *set,
                          struct around around, struct query *ret);

/* ORDER BY and LIMIT of the whole, which name its columns. */
WARN_UNUSED bool set_plan_clauses(struct binder *binder, const PgQuery__SelectStmt *select,
                                  struct around around, const struct query *query,
                                  struct query *ret);

#endif
