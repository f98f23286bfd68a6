/*
 * One SELECT between binding and planning: its output columns, groups, aggregates and order, each
 * an expression over the row that FROM makes. Internal to select.c, clauses.c and select_plan.c.
 */
#ifndef SLUICE_VIEWS_SQL_BLOCK_H
#define SLUICE_VIEWS_SQL_BLOCK_H

#include "sql/bind.h"

/* One output column. */
struct target {
    const char *name;
    struct expr *expr;
};

/* One ORDER BY item; `target` is the output column it is, -1: none. */
struct sort {
    struct expr *expr;
    struct key_order order;
    int target;
    int location;
};

/* The clauses, bound. */
struct block {
    struct binder *binder;
    const PgQuery__SelectStmt *select;
    struct from from;
    struct list targets;    /* struct target * */
    struct list groups;     /* struct expr *; the first `written_n` were written */
    struct list sets;       /* struct column_set *, of groups: GROUPING SETS; none: all groups */
    struct list aggregates; /* struct aggregate_call * */
    struct list windows;    /* struct window_call * */
    struct list sorts;      /* struct sort * */
    struct expr *having;
    const struct scope *outer; /* of a subquery as an expression, or NULL */
    struct list inner_keys, outer_keys;
    const struct expr *absent;
    uint32_t written_n;
    int64_t limit, offset;
    bool grouped, distinct, distinct_on, limited, ties;
    uint16_t distinct_on_n; /* the first of `sorts` are DISTINCT ON's */
};

/* clauses.c, grouping_sets.c: GROUP BY, ORDER BY and LIMIT, by PostgreSQL's rules for ordinals and
 * aliases. */
WARN_UNUSED bool clauses_group(struct block *block);
WARN_UNUSED bool clauses_order(struct block *block);
WARN_UNUSED bool clauses_limit(struct block *block);

/* DISTINCT ON, once ORDER BY and LIMIT are bound. */
WARN_UNUSED bool clauses_distinct_on(struct block *block);

/* select_plan.c: the nodes of a bound block. */
WARN_UNUSED bool select_plan(struct block *block, struct query *ret);

/* grouping.c: rewrites targets, HAVING and ORDER BY to read the grouped row (groups, then
 * aggregates); refuses columns that are neither grouped nor fixed by a grouped primary key. */
WARN_UNUSED bool grouping_rewrite(struct block *block);

/* plan_group.c: the columns of FROM that groups and aggregates read. */
void group_need(const struct block *block, struct column_set *need);

/* The nodes of a grouped block over `*node`, where block column c is column at[c]. */
WARN_UNUSED bool group_plan(struct block *block, uint32_t *node, const int16_t *at);

/* The call with its columns moved. */
struct plan_aggregate group_aggregate(struct arena *arena, const struct aggregate_call *call,
                                      const int16_t *at);

/* The ORDER BY with its columns moved. */
const struct plan_order *group_order(struct arena *arena, const struct plan_order *order,
                                     uint16_t n, const int16_t *at);

/* Refuses an aggregate whose answer the order of the node's rows leaves open; `fixed` columns are
 * the same in all rows that it sees. */
WARN_UNUSED bool group_check_order(struct block *block, uint32_t node, struct column_set fixed,
                                   const struct plan_aggregate *aggregate, int location);

/* plan_window.c: replaces every expression of the call by what `map` makes of it; false when that
 * is NULL. */
WARN_UNUSED bool window_map(struct window_call *call,
                            struct expr *(*map)(void *to, struct expr *expr), void *to);

/* The columns that windows read. */
void window_need(const struct block *block, struct column_set *need);

/* The windows over `*node`, whose columns they, the targets and the sorts read; these read the new
 * node after it. */
WARN_UNUSED bool window_plan(struct block *block, uint32_t *node);

/* Moves the first `columns_n` columns of targets, sorts and windows; windows' own stay. */
void window_move(struct block *block, const int16_t *columns, uint16_t columns_n);

/* clauses.c: one GROUP BY expression: an ordinal, an input column, an alias, or any; NULL:
 * refused. */
struct expr *clauses_group_item(struct block *block, const PgQuery__Node *node);

#endif
