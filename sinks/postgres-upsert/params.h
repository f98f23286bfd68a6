/*
 * Parameters of a statement as PostgreSQL's binary arrays: one dimension, so many elements as there
 * are rows. Pure; all lies in the arena.
 */
#ifndef SLUICE_POSTGRES_UPSERT_PARAMS_H
#define SLUICE_POSTGRES_UPSERT_PARAMS_H

#include "postgres/connection.h"
#include "table.h"

/* A row's fields, one a column. */
struct row_view {
    const struct str *fields;
};

/* The parallel arrays that struct pg_statement takes. */
struct params {
    struct arena *arena;
    const char **values;
    int *lengths, *formats;
    int n, cap;
};

/* Room for `cap` parameters. */
struct params *params_new(struct arena *arena, uint32_t cap);

/* Adds rows[0, n).fields[column] as an array; a field's `at` NULL is NULL, else its bytes are the
 * element's wire form. */
void params_add_array(struct params *params, enum wire wire, const struct row_view *rows,
                      uint32_t n, uint32_t column);

/* Adds one text, NULL for NULL; it must stay alive. */
void params_add_text(struct params *params, const char *text);

/* The statement that takes them. */
struct pg_statement params_statement(const struct params *params, const char *name,
                                     const char *sql);

#endif
