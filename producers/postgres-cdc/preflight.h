/*
 * Before anything is captured: is the server set up for it? Names what is wrong and the statement
 * that mends it. Creates the publication when it does not exist and tables are named.
 */
#ifndef SLUICE_POSTGRES_CDC_PREFLIGHT_H
#define SLUICE_POSTGRES_CDC_PREFLIGHT_H

#include "catalogue.h"

/* A table to capture. */
struct preflight_table {
    uint32_t oid;
    const char *schema, *name, *quoted;
    const char *filter; /* the publication's row filter, or NULL */
    bool partitioned;
    int64_t about_rows;
};

/* What was found; everything is in the arena. */
struct preflight {
    const char *database;
    struct catalogue_slot slot;
    const struct preflight_table *tables;
    size_t tables_n;
};

/* Runs all checks on an ordinary session that catalogue_prepare has prepared. `needs_snapshot`: the
 * rows must be readable, too. */
WARN_UNUSED bool preflight_run(struct pg *pg, const struct cdc_options *options,
                               struct arena *arena, struct preflight *ret, struct err *reterr);

#endif
