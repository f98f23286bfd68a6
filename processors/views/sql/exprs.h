/*
 * Making, walking and rewriting bound expressions. Pure; everything lies in the arena given.
 */
#ifndef SLUICE_VIEWS_SQL_EXPRS_H
#define SLUICE_VIEWS_SQL_EXPRS_H

#include "expr/expr.h"
#include "sql/ast.h"
#include "sql/column_set.h"

/* A new node of the kind with room for args. */
struct expr *exprs_new(struct arena *arena, enum expr_kind kind, enum type_id type, uint16_t args_n,
                       int location);

/* A column of the input row. */
struct expr *exprs_column(struct arena *arena, uint16_t column, struct type type, int location);

/* A boolean constant. */
struct expr *exprs_bool(struct arena *arena, bool value, int location);

/* A NULL of the type. */
struct expr *exprs_null(struct arena *arena, struct type type, int location);

/* A call; the arguments have the function's types already. */
struct expr *exprs_call(struct arena *arena, const struct function *function, struct expr **args,
                        uint16_t args_n, int location);

/* The negation. */
struct expr *exprs_not(struct arena *arena, struct expr *arg, int location);

/* arg IS NULL. */
struct expr *exprs_is_null(struct arena *arena, struct expr *arg);

/* CASE WHEN test THEN NULL ELSE value END. */
struct expr *exprs_null_where(struct arena *arena, struct expr *test, struct expr *value);

/* The test, which reads `element`, is false for no element of the array. */
struct expr *exprs_each(struct arena *arena, struct expr *array, struct expr *test);

/* AND or OR over the list, flattened; a list of one is that one. */
struct expr *exprs_junction(struct arena *arena, enum expr_kind kind, const struct list *args,
                            int location);

/* Appends the conjuncts of a predicate to the list, in order. */
void exprs_conjuncts(struct list *out, struct arena *arena, struct expr *expr);

/* Adds the columns that the expression reads. */
void exprs_columns(const struct expr *expr, struct column_set *set);

/* The expression with each column i replaced by by[i]. */
struct expr *exprs_substitute(struct arena *arena, const struct expr *expr, struct expr **by);

/* The expression with each column i moved to at[i]. */
struct expr *exprs_move(struct arena *arena, const struct expr *expr, const int16_t *at);

/* The column whose value the expression carries one to one (itself, or through casts that keep
 * values apart); -1: another. */
int exprs_carried_column(const struct expr *expr);

/* Adds the columns that are equal wherever the expression is: what it carries, or the key of a row
 * holds. */
void exprs_add_carried(const struct expr *expr, struct column_set *set);

/* Two values of the type that are equal are the same in every respect: 1.0 and 1.00 are not. */
bool exprs_type_is_exact(enum type_id type);

/* What orders as the expression does by its collation: a key in its place, or itself. */
struct expr *exprs_ordered(struct arena *arena, const struct expr *expr);

/* An equality `a = b` of two values by the type's own operator. */
bool exprs_is_equality(const struct expr *expr);

/* The expression is never NULL, given the row's shape. */
bool exprs_not_null(const struct expr *expr, const struct schema *schema);

/* It reads columns of FROM alone: no aggregate, window function, subquery beside or rows. */
bool exprs_is_plain(const struct expr *expr);

/* A constant that is true. */
bool exprs_is_true(const struct expr *expr);

#endif
