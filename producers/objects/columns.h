/*
 * Columns declared in words: 'tenure integer, "Monthly charge" numeric(10,2)', with PostgreSQL's
 * type names. And how a CSV field becomes a JSON value of such a column, as Debezium writes it.
 * Pure.
 */
#ifndef SLUICE_OBJECTS_COLUMNS_H
#define SLUICE_OBJECTS_COLUMNS_H

#include "base/buf.h"
#include "base/err.h"
#include "record/debezium.h"

struct arena;

struct declared {
    char *name;
    struct type type;
};

struct declared_list {
    struct declared *items;
    size_t n;
};

/* Reads a declaration; NULL is an empty one. ERR_STOP (EX_USAGE) naming what is wrong. The caller
 * frees with declared_done. */
WARN_UNUSED bool declared_parse(const char *text, struct declared_list *ret, struct err *reterr);

/* Frees the list. */
void declared_done(struct declared_list *list);

/* The declared column of that name, or NULL. */
const struct declared *declared_find(const struct declared_list *list, struct str name);

/* The column of that name as Debezium describes it; `declared` NULL: text. */
struct debezium_column declared_column(const char *name, const struct declared *declared);

/*
 * Appends the field as a JSON value of the type. ERR_DEAD_LETTER with PostgreSQL's SQLSTATE when
 * the text is none of the type.
 */
WARN_UNUSED bool declared_write(struct buf *out, const struct declared *column, struct str field,
                                struct arena *arena, struct err *reterr);

#endif
