/*
 * What the files of subqueries as expressions share: bind_subquery.c, and quantified.c with those
 * that need more than equality. Internal to them.
 */
#ifndef SLUICE_VIEWS_SQL_SUBQUERY_H
#define SLUICE_VIEWS_SQL_SUBQUERY_H

#include "sql/nested.h"

/* Aggregates of a group, with their names. */
struct counts {
    struct plan_aggregate *aggregates;
    const char *const *names;
    uint16_t n;
};

/* The node's rows grouped by the columns. */
uint32_t subquery_group(struct binder *binder, uint32_t node, const uint16_t *columns, uint16_t n,
                        struct counts counts);

/* count(*), of the rows where the filter is true. */
struct plan_aggregate subquery_count(struct expr *filter);

/* The node with one column more: TRUE. */
uint32_t subquery_marked(struct binder *binder, uint32_t node);

/* One row of the node at most for each value of the columns. */
bool subquery_is_single(const struct nodes *nodes, uint32_t node, const uint16_t *columns,
                        uint16_t n);

/* The values of the columns, each once. */
uint32_t subquery_distinct(struct binder *binder, uint32_t node, const uint16_t *columns,
                           uint16_t n);

/* It calls something that may raise. */
bool subquery_may_raise(const struct expr *expr);

/* The expression, NULL where it raises. */
struct expr *subquery_tried(struct arena *arena, struct expr *expr);

/* The columns of the query's correlations. */
uint16_t *subquery_keys(struct binder *binder, const struct query *query);

/* The correlations, their columns from `first` on. */
struct list subquery_correlations(struct binder *binder, const struct query *query, uint16_t first);

/* A column of a joined node, as the block's expressions read it. */
struct expr *subquery_column(struct scope *scope, uint32_t node, uint16_t first, uint16_t column,
                             int location);

/* What is compared with the subquery's columns, one each. */
WARN_UNUSED bool subquery_tests(struct scope *scope, const PgQuery__SubLink *link,
                                const struct query *query, struct list *ret);

/* How they are compared. */
struct quantified {
    const char *name; /* the operator */
    bool all;
    int location;
};

/* quantified.c: op ANY, op ALL, for any operator, and for rows; NULL: refused. */
struct expr *subquery_compared(struct scope *scope, struct list *tests, struct query *query,
                               struct quantified quantified);

/* subquery_on.c: subquery_join where the correlations read both sides of an outer join. */
WARN_UNUSED bool subquery_join_between(struct scope *scope, uint32_t node,
                                       const struct list *correlations, uint16_t *ret_first);

/* The subquery's columns as the tests compare with (whose casts could make two values one), then its
 * keys. */
WARN_UNUSED bool subquery_comparable(struct scope *scope, struct list *tests, struct query *query);

/* subquery_compare.c: rows of a subquery that were counted and joined. */
struct counted {
    uint32_t node;
    uint16_t first, values; /* as of subquery_column: the values of one row are from `values` on */
    struct expr *rows;      /* how many there are */
};

/* The first `n` columns of a row of the node, for each value of the correlations. */
WARN_UNUSED bool subquery_join_counted(struct scope *scope, uint32_t node, uint16_t n,
                                       const struct list *correlations, int location,
                                       struct counted *ret);

/* The value; the error where there are two rows. */
struct expr *subquery_single(struct binder *binder, struct expr *rows, struct expr *value);

/* Of a subquery's values, for one value of its correlations. */
struct known {
    struct expr *rows, *values; /* how many, and how many of them are not NULL */
    struct expr *least, *greatest;
};

/* Joins what is known of the query's first column; `extremes`: least and greatest too. */
WARN_UNUSED bool subquery_join_known(struct scope *scope, const struct query *query, bool extremes,
                                     int location, struct known *ret);

/* The count is of some rows. */
struct expr *subquery_has_rows(struct scope *scope, struct expr *count);

/* ANY is TRUE where `decided` is, else FALSE over no rows, else NULL where the test or a value is, else
 * FALSE; ALL the other way round. */
struct expr *subquery_verdict(struct scope *scope, struct expr *test, struct expr *decided,
                              const struct known *known, bool all);

/* Values of the type have a least and a greatest. */
bool subquery_has_extremes(const struct type *type);

/* test op ANY, test op ALL, by them: of a comparison of order, or = ALL, <> ANY, with a subquery that is comparable;
 * NULL: refused. */
struct expr *subquery_by_extremes(struct scope *scope, struct expr *test, const struct query *query,
                                  struct quantified quantified);

/* (x, y) op (SELECT ...), of one row at most; NULL: refused. */
struct expr *subquery_row_compared(struct scope *scope, const PgQuery__SubLink *link);

/* ARRAY(SELECT ...); NULL: refused. */
struct expr *bind_array_of(struct scope *scope, const PgQuery__SubLink *link);

#endif
