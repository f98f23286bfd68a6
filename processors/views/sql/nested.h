/*
 * Queries inside queries: what joins their relations to the block in which they stand
 * (bind_subquery.c, subquery_join.c, outer.c, domain.c). Internal to this folder.
 */
#ifndef SLUICE_VIEWS_SQL_NESTED_H
#define SLUICE_VIEWS_SQL_NESTED_H

#include "sql/join_group.h"

/* A subquery as an expression; NULL: refused. */
struct expr *bind_subquery(struct scope *scope, const PgQuery__SubLink *node);

/* LEFT-joins a node (or, `inner`, joins it) to the scope's FROM; *ret_first is its first column in
 * the block's row, or the first of those beside it. */
WARN_UNUSED bool subquery_join(struct scope *scope, uint32_t node, const struct list *correlations,
                               bool inner, uint16_t *ret_first);

/* The condition of a correlation with the column of the subquery; NULL: refused. */
struct expr *subquery_equality(struct binder *binder, const struct correlation *correlation,
                               struct expr *column);

/* EXISTS or IN (SELECT ...) that all rows must hold: an inner join to the scope's FROM. *ret_done
 * false: the condition is another. */
WARN_UNUSED bool bind_semi_join(struct scope *scope, const PgQuery__Node *node, bool *ret_done);

/* What a subquery over both sides of a FULL JOIN has made of the right one; `right.n` 0: none has. */
struct full {
    struct placed right;       /* its rows, with a key; TRUE as the last column */
    struct column_set answers; /* of the block's row: the subqueries' */
};

/* What a FULL JOIN joins. */
struct sides {
    struct group *left, *right;
    struct list *on;
};

/* subquery_on.c: once the ON of a FULL JOIN is bound, makes both sides and ON such that its rows are
 * the same. Nothing is done where no subquery names both sides. */
WARN_UNUSED bool subquery_full(struct binder *binder, struct from *from, const struct full *full,
                               struct sides *sides, int location);

/* outer.c: the column of the block's row that equals the expression of the query around. */
WARN_UNUSED bool outer_param(struct binder *binder, struct from *from, struct expr *outer,
                             uint16_t *ret_column);

/* The same as a value over the block's row, of any type; NULL: refused. */
struct expr *outer_value(struct binder *binder, struct from *from, struct expr *outer,
                         int location);

/* What is compared in the expression's place: its bytes, where its type has no equality (json). */
struct expr *outer_form(struct binder *binder, struct expr *expr);

/* The value of the type that has the form. */
struct expr *outer_unformed(struct binder *binder, struct expr *form, struct type type);

/* The columns of the block's row that params are. */
struct column_set outer_columns(const struct from *from);

/* domain.c: adds to the list the exact forms of those expressions of which two values may be equal
 * without being the same (1.0 and 1.00), in their order. A domain of them all holds both. */
void domain_add_forms(struct binder *binder, struct list *exprs);

/* The distinct values of the expressions over the rows that the scope's FROM may give. */
WARN_UNUSED bool domain_plan(const struct scope *scope, const struct list *exprs, int location,
                             uint32_t *ret_node);

/* domain_block.c: the same of expressions that read what the scope's block computes of its rows: aggregates, windows,
 * answers of subqueries. */
WARN_UNUSED bool domain_of_block(const struct scope *scope, const struct list *exprs, int location,
                                 uint32_t *ret_node);

/* Each row of the node once. */
uint32_t domain_distinct(struct binder *binder, uint32_t node);

/* The values of the block's params so far and their exact forms, as a table of these columns and of
 * new ones; `ret_own`: what they are over the params. */
WARN_UNUSED bool domain_of_params(struct binder *binder, struct from *from, int location,
                                  struct list *ret_own, struct group **ret);

/* Adds the values of the params to the joins: beside the members that read them, else as a member.
 */
WARN_UNUSED bool domain_place(struct binder *binder, struct from *from, struct group *group,
                              struct group *domain);

#endif
