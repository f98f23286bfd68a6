/*
 * The plan in the making: nodes are made here, and a node that is there already is given back
 * instead of a second one (same fingerprint, same subplan). Derives each node's schema and unique
 * key. Not here: what SQL means (bind.h, block.h).
 */
#ifndef SLUICE_VIEWS_SQL_NODES_H
#define SLUICE_VIEWS_SQL_NODES_H

#include "sql/ast.h"
#include "sql/column_set.h"
#include "sql/plan.h"

/* The nodes made so far: struct plan_node *. A node's number is its place in the list. */
struct nodes {
    struct arena *arena;
    struct list all;
    struct list sources; /* struct plan_source * */
    const char *label;   /* for the nodes made now */
    bool *pinned;        /* by node: a materialized view's own node, which nothing is merged into */
};

/* The node of that number; it may still be changed by its maker alone. */
struct plan_node *nodes_at(const struct nodes *nodes, uint32_t node);

/* Says that the node is a materialized view's: it is kept as it is and shared. */
void nodes_pin(struct nodes *nodes, uint32_t node);

/* A source's rows. */
uint32_t nodes_source(struct nodes *nodes, uint32_t source);

/* The rows where the predicate is true; one on top of another becomes one. */
uint32_t nodes_filter(struct nodes *nodes, uint32_t input, const struct expr *predicate);

/* One column per expression over the node `over`, named by `names`; one on top of another becomes one, and none is made
 * when it would change nothing. */
uint32_t nodes_project(struct nodes *nodes, uint32_t over, struct expr **exprs,
                       const char *const *names, uint16_t exprs_n);

/* Keeps the given columns of the input, in order. */
uint32_t nodes_keep(struct nodes *nodes, uint32_t input, const uint16_t *columns, uint16_t n);

/* The keys of a join, same length and types; the rest as in the node. */
struct join_keys {
    const struct expr **left, **right;
    uint16_t n;
    uint64_t null_safe;
    const struct expr *predicate; /* over the joined row, or NULL */
};

/* Left columns, then right columns. */
uint32_t nodes_join(struct nodes *nodes, enum plan_join_kind join, uint32_t left, uint32_t right,
                    struct join_keys keys);

/* What a GROUP is made of; the first `key_n` of exprs are the unique key. */
struct group_parts {
    struct expr **exprs;
    const char *const *names;
    struct plan_aggregate *aggregates;
    const char *const *aggregate_names;
    uint16_t exprs_n, key_n, aggregates_n;
};

/* One row a group. */
uint32_t nodes_group(struct nodes *nodes, uint32_t input, struct group_parts parts);

/* The first rows by a total order. */
uint32_t nodes_top(struct nodes *nodes, uint32_t input, const struct plan_order *order,
                   uint16_t order_n, int64_t limit, int64_t offset);

/* What a TOP is made of. */
struct top_parts {
    struct expr **partition; /* none: all rows are one */
    const struct plan_order *order;
    uint16_t partition_n, order_n;
    int64_t limit, offset; /* limit -1: none */
    bool ties;
};

/* The first rows of each partition by an order that is total within it (but for `ties`). */
uint32_t nodes_top_of(struct nodes *nodes, uint32_t input, struct top_parts parts);

/* The input's rows with a key: two columns more, "__hash" and "__ordinal". */
uint32_t nodes_ordinal(struct nodes *nodes, uint32_t input);

/* What a WINDOW is made of. */
struct window_parts {
    struct expr **partition;
    const struct plan_order *order;
    const struct plan_window_function *functions;
    const char *const *names; /* of their columns */
    uint16_t partition_n, order_n, functions_n;
};

/* The input's columns, then the functions'. */
uint32_t nodes_window(struct nodes *nodes, uint32_t input, struct window_parts parts);

/* A filter's input with a TOP below its window where the predicate allows; else the input. */
uint32_t nodes_window_top(struct nodes *nodes, uint32_t input, const struct expr *predicate);

/* A projection's input without the row numbers that only its own filter asks for, where a TOP below
 * has answered that; else the input. Columns that are used keep their numbers. */
uint32_t nodes_without_number(struct nodes *nodes, uint32_t input, struct expr *const *exprs,
                              uint16_t exprs_n);

/* The node is a materialized view's. */
bool nodes_is_pinned(const struct nodes *nodes, uint32_t node);

/* The columns that are fixed when those in `set` are, by keys and equalities all the way down. */
struct column_set nodes_determined(const struct nodes *nodes, uint32_t node, struct column_set set);

/* Rows of the node that agree in the columns of `set` agree in the expression. */
bool nodes_fixes(const struct nodes *nodes, uint32_t node, const struct column_set *set,
                 const struct expr *expr);

/* The rows of both, added up; equal types, names of the first. No key. */
uint32_t nodes_union(struct nodes *nodes, uint32_t first, uint32_t second);

/* As nodes_union, where the maker knows these columns to be a key. */
uint32_t nodes_union_keyed(struct nodes *nodes, uint32_t first, uint32_t second,
                           const uint16_t *key, uint16_t key_n);

/* Takes from `columns` (a unique key of the node) every column that the others determine, the last
 * first; returns how many are left, in order. */
uint16_t nodes_minimal_key(const struct nodes *nodes, uint32_t node, uint16_t *columns, uint16_t n);

/* `rows_n` rows of constant expressions, one row after another. */
uint32_t nodes_values(struct nodes *nodes, struct expr **exprs, const struct schema *shape,
                      uint32_t rows_n);

/* One row without columns. */
uint32_t nodes_one_row(struct nodes *nodes);

/* Each row beside those of the functions, whose columns have the names; then their number. `outer`
 * keeps rows for which there are none. */
uint32_t nodes_expand(struct nodes *nodes, uint32_t input, const struct plan_rows *rows,
                      uint16_t rows_n, const char *const *names, bool outer);

/* fingerprint.c: the same exactly when the meaning is. */
uint64_t nodes_fingerprint(const struct nodes *nodes, const struct plan_node *node);

/* Appends a description of the expression that is the same exactly when the meaning is. */
void nodes_describe_expr(struct buf *out, const struct expr *expr);

#endif
