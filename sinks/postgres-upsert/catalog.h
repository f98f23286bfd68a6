/* Reads a target table's columns and key from PostgreSQL's catalog. */
#ifndef SLUICE_POSTGRES_UPSERT_CATALOG_H
#define SLUICE_POSTGRES_UPSERT_CATALOG_H

#include "postgres/connection.h"
#include "route.h"
#include "table.h"

/*
 * Fills *ret with the route's table, its statements included. The key is the PRIMARY KEY, else a
 * UNIQUE NULLS NOT DISTINCT or a UNIQUE over NOT NULL columns. ERR_STOP (EX_CONFIG) for a missing
 * table or key, with the statement that mends it.
 */
WARN_UNUSED bool catalog_table(struct pg *pg, struct arena *arena, const struct route *route,
                               unsigned number, struct target_table *ret, struct err *reterr);

#endif
