/* What is asked of the source's catalogue, through the queries in sql/. */
#ifndef SLUICE_POSTGRES_CDC_CATALOGUE_H
#define SLUICE_POSTGRES_CDC_CATALOGUE_H

#include "capture.h"
#include "options.h"
#include "postgres/connection.h"

/* Tells the session what the queries refer to (sluice.slot, sluice.publication, sluice.tables). */
WARN_UNUSED bool catalogue_prepare(struct pg *pg, const struct cdc_options *options,
                                   struct err *reterr);

/* A table's columns. The relation is named by its oid. *ret_facts is in the arena;
 * `ret_published` (may be NULL) gets an array that says which of them are published. A table that
 * is gone has no columns and is not wanted. */
WARN_UNUSED bool catalogue_columns(struct pg *pg, uint32_t oid, struct arena *arena,
                                   struct capture_facts *ret_facts, const bool **ret_published,
                                   struct err *reterr);

/* The slot as it is now. */
struct catalogue_slot {
    bool exists, active, snapshot_active;
    int64_t active_pid;
    uint64_t confirmed_lsn;
};

/* ERR_STOP when there is a slot of that name that can't be used. */
WARN_UNUSED bool catalogue_slot(struct pg *pg, const struct cdc_options *options,
                                struct catalogue_slot *ret, struct err *reterr);

/* How far the slot is behind. */
struct catalogue_lag {
    uint64_t wal_lsn;
    int64_t retained_bytes, safe_bytes; /* safe_bytes -1: no limit */
};

WARN_UNUSED bool catalogue_lag(struct pg *pg, struct catalogue_lag *ret, struct err *reterr);

/* Text of a field as a number; 0 for NULL. */
int64_t catalogue_number(const struct pg_result *result, int row, int column);

/* A boolean field; false for NULL. */
bool catalogue_true(const struct pg_result *result, int row, int column);

static inline void cleanup_pg_result(struct pg_result **result)
{
    pg_result_free(*result);
}

static inline void cleanup_pg(struct pg **pg)
{
    pg_close(*pg);
}

#endif
