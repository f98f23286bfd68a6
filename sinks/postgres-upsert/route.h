/*
 * Which topic goes to which table: given by --topics, or found in the text of the target file.
 * Pure.
 */
#ifndef SLUICE_POSTGRES_UPSERT_ROUTE_H
#define SLUICE_POSTGRES_UPSERT_ROUTE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/options.h"

/* Names as the catalog and the broker hold them, unquoted. */
struct route {
    const char *topic, *schema, *table;
};

/*
 * The routes of `<pipeline>.<schema>.<table>` for every CREATE TABLE in `sql`, in its order. Not a
 * parser: it reads tokens (comments, strings and quoted names right) and looks for CREATE TABLE [IF
 * NOT EXISTS] schema.table. ERR_STOP when a table is named without its schema.
 */
WARN_UNUSED bool route_scan(struct arena *arena, const char *pipeline, struct str sql,
                            struct route **ret, size_t *ret_n, struct err *reterr);

/*
 * The routes of --topics: TOPIC=SCHEMA.TABLE, or `<pipeline>.<schema>.<table>` alone. ERR_STOP,
 * EX_USAGE for an item of another form, or a topic or table that stands twice.
 */
WARN_UNUSED bool route_list(struct arena *arena, const char *pipeline,
                            const struct option_list *topics, struct route **ret, size_t *ret_n,
                            struct err *reterr);

#endif
