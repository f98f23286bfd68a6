/*
 * One SELECT between binding and planning: its output columns, groups, aggregates and order, each
 * an expression over the row that FROM makes. Internal to select.c, clauses.c and select_plan.c.
 */
#ifndef SLUICE_VIEWS_SQL_BLOCK_H
#define SLUICE_VIEWS_SQL_BLOCK_H

#include "sql/bind.h"
#include "sql/calls.h"
#include "sql/join_group.h"
#include "sql/nested.h"

/* One output column. */
struct target {
    const char *name;
    struct expr *expr;
    bool postponed; /* of block_bind_plain_targets: the expression has a subquery */
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
    struct list rows;       /* struct plan_rows *, of SELECT */
    struct list sorts;      /* struct sort * */
    struct expr *having;
    struct around around;
    struct list beside; /* struct beside *, joined to the rows that SELECT and HAVING see */
    uint16_t beside_columns_n;
    struct list keys;         /* struct expr *: of the correlation, the last targets */
    struct list correlations; /* struct correlation *, as the query's */
    uint32_t visible_n;       /* targets that were written */
    uint32_t domain;          /* of an aggregate over nothing: each value of the params, once */
    struct expr **empty;      /* the targets over no rows, where the block has no row then */
    bool fill, always;        /* it has a row for each of them; for everything */
    bool whole_domain;        /* every part of a set operation must have the same keys */
    bool keeps_unknown;       /* types of literals are decided by the other parts */
    uint32_t written_n;
    int64_t limit, offset;
    uint32_t limits_at; /* `by_value`: the target with LIMIT's value, before OFFSET's */
    bool groups_row;    /* a group is a whole row */
    bool grouped, distinct, distinct_on, limited, ties;
    bool by_value;     /* LIMIT or OFFSET is no constant */
    bool read_as_rows; /* a subquery has read what the block computes: of rows, not of groups */
    uint16_t distinct_on_n; /* the first of `sorts` are DISTINCT ON's */
};

/* block.c: where each column stays, placeholders too, for the caller to change. */
int16_t *block_places(const struct block *block);

/* Moves the columns of targets, sorts, windows, functions that give rows, and relations beside. */
void block_move(struct block *block, const int16_t *at);

/* The same, and those of the groups: what SELECT reads became a part of FROM. */
void block_settle(struct block *block, const int16_t *at);

/* Where subqueries of SELECT, HAVING and ORDER BY are joined. */
struct site block_site(struct block *block);

/* Adds a target; refused when there are too many. */
WARN_UNUSED bool block_add_target(struct block *block, const char *name, struct expr *expr);

/* Its targets; NULL stands for those with a subquery. */
WARN_UNUSED bool block_bind_plain_targets(struct block *block);

/* The block as a whole: its clauses bound; then correlated, grouped and planned. */
WARN_UNUSED bool block_bind(struct block *block);
WARN_UNUSED bool block_finish(struct block *block, struct query *ret);

/* set_operation.c: UNION, INTERSECT and EXCEPT. */
WARN_UNUSED bool bind_set_operation(struct binder *binder, const PgQuery__SelectStmt *select,
                                    struct around around, struct query *ret);

/* VALUES alone. */
WARN_UNUSED bool bind_values(struct binder *binder, const PgQuery__SelectStmt *select,
                             struct around around, struct query *ret);

/* rows_select.c: the columns that functions of SELECT read. */
void rows_need(const struct block *block, struct column_set *need);

/* Replaces their arguments by what `map` makes of them; false when that is NULL. */
WARN_UNUSED bool rows_map(struct block *block, struct expr *(*map)(void *to, struct expr *expr),
                          void *to);

/* Those that groups read become part of FROM: their rows are there before they are grouped. */
WARN_UNUSED bool rows_settle(struct block *block);

/* Their rows beside those of the node. */
WARN_UNUSED bool rows_plan(struct block *block, uint32_t *node);

/* clauses.c, grouping_sets.c: GROUP BY, ORDER BY and LIMIT, by PostgreSQL's rules for ordinals and
 * aliases. */
WARN_UNUSED bool clauses_group(struct block *block);
WARN_UNUSED bool clauses_order(struct block *block);
WARN_UNUSED bool clauses_limit(struct block *block);

/* grouping.c: the expression of the target `index` as a group that is told from equal ones. */
struct expr *group_apart(struct arena *arena, struct expr *expr, int index);

/* The expression that a group was before it was told from equal ones. */
const struct expr *group_plain(const struct expr *group);

/* The first group that has the value; `written_n`: none. */
uint32_t group_written(const struct block *block, const struct expr *expr);

/* GROUP BY has ROLLUP, CUBE, GROUPING SETS or (). */
bool clauses_have_sets(const PgQuery__SelectStmt *select);

/* LIMIT or OFFSET is no constant. */
bool clauses_limited_by_value(const PgQuery__SelectStmt *select);

/* The values of a LIMIT and OFFSET `by_value` become targets, the last ones so far. */
WARN_UNUSED bool clauses_limit_values(struct block *block);

/* DISTINCT ON, once ORDER BY and LIMIT are bound. */
WARN_UNUSED bool clauses_distinct_on(struct block *block);

/* select_plan.c: the nodes of a bound block. */
WARN_UNUSED bool select_plan(struct block *block, struct query *ret);

/* limit_by_value.c: SELECT part.* FROM (select) AS part with the ORDER BY and LIMIT of `select`. */
const PgQuery__SelectStmt *limit_apart(struct arena *arena, const PgQuery__SelectStmt *select);

/* The rows that stay, of each partition in its order; the two targets go. */
WARN_UNUSED bool limit_by_value(struct block *block, uint32_t *node, const struct top_parts *rows);

/* correlate.c: makes the columns of the query around that the block reads its own: equal to columns
 * of its FROM where WHERE says so, else joined to it. */
WARN_UNUSED bool correlate(struct block *block);

/* The groups of the keys alone, and for values of the domain that have none what aggregates over
 * nothing are. */
uint32_t correlate_fill(struct block *block, uint32_t node, const struct group_parts *parts);

/* The values of the targets over no rows; NULL: they depend on more. */
struct expr **correlate_empty(struct block *block);

/* plan_beside.c: the columns that the relations beside the rows must equal. */
void beside_need(const struct block *block, struct column_set *need);

/* Replaces them by what `map` makes of them; false when that is NULL. */
WARN_UNUSED bool beside_map(struct block *block, struct expr *(*map)(void *to, struct expr *expr),
                            void *to);

/* The relations beside the rows, but those that equal something of windows which are not planned yet; targets, sorts,
 * HAVING and windows read the node after it. */
WARN_UNUSED bool beside_plan(struct block *block, uint32_t *node);

/* Joins the relations to FROM, as GROUP BY by a target that reads them (beside_reads) needs it. */
bool beside_reads(const struct expr *expr);
WARN_UNUSED bool beside_settle(struct block *block);

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

/* As block_move of the first `columns_n` columns; the others stay. */
void window_move(struct block *block, const int16_t *columns, uint16_t columns_n);

/* clauses.c: one GROUP BY expression: an ordinal, an input column, an alias, or any; of a row its
 * columns. */
WARN_UNUSED bool clauses_group_item(struct block *block, const PgQuery__Node *node,
                                    struct list *ret);

#endif
