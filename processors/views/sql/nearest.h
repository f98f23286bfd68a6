/*
 * Refusals of names that nothing has, with the one that was probably meant.
 */
#ifndef SLUICE_VIEWS_SQL_NEAREST_H
#define SLUICE_VIEWS_SQL_NEAREST_H

#include "sql/bind.h"

/* A name and how far the best candidate so far is from it. */
struct nearest {
    const char *name, *best, *best_table; /* NULL: none */
    unsigned distance;
};

/* Starts a search for what may be meant by the name. */
struct nearest nearest_to(const char *name);

/* Weighs a candidate; `table` may be NULL. */
void nearest_try(struct nearest *nearest, const char *table, const char *candidate);

/* The column is none of the table's. Returns false. */
bool refuse_column(struct scope *scope, const struct table *table, const char *column,
                   int location);

/* Neither a column nor, when `table` is given, a table of that name. Returns false. */
bool refuse_name(struct scope *scope, const char *table, const char *column, int location);

/* No relation of that name. Returns false. */
bool refuse_relation(struct binder *binder, const PgQuery__RangeVar *name);

/* "; perhaps you meant t" where a type has a like name, else "". */
const char *nearest_type(struct binder *binder, const char *name);

/* "; perhaps you meant f" where a function has a like name, the forms of one that has this name, else "". */
const char *nearest_function(struct arena *arena, const char *name);

#endif
