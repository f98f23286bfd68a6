/*
 * The records of one transaction: decoded, reduced to the last of each key, ordered by table and
 * key, and turned into statements. Pure: knows neither Kafka nor a connection.
 *
 *   batch_add, batch_add ... batch_seal, batch_statements ... batch_clear
 */
#ifndef SLUICE_POSTGRES_UPSERT_BATCH_H
#define SLUICE_POSTGRES_UPSERT_BATCH_H

#include "postgres/connection.h"
#include "table.h"

#define BATCH_NONE UINT32_MAX

/* One good record. `previous` is the record of the same key that it supersedes, which stands in for
 * it should the target refuse it. */
struct batch_entry {
    uint32_t table, previous;
    uint32_t tag; /* the caller's: which message */
    bool tombstone, key_has_null;
    struct str key;
    struct str *fields;
    uint64_t rank; /* orders integer keys by value without looking at them */
};

struct batch {
    const struct target_table *tables;
    struct arena *arena;
    struct batch_entry *entries;
    uint32_t entries_n, max;
    uint32_t *order; /* after batch_seal: the entries to write, in the order of writing */
    uint32_t order_n;
    uint32_t *slots; /* hash table over keys: the last entry of each, plus one */
    uint32_t slots_mask;
};

/* A batch of at most `max` records for these tables, which must outlive it. */
struct batch *batch_new(const struct target_table *tables, uint32_t max);

/* NULL is fine. Returns NULL. */
struct batch *batch_free(struct batch *batch);

/* Forgets all records, keeps the memory. */
void batch_clear(struct batch *batch);

/*
 * Adds a record of tables[table] in its order of arrival. key and value must stay alive until
 * batch_clear. Errors as decode_record; the batch is then as before.
 */
WARN_UNUSED bool batch_add(struct batch *batch, uint32_t table, struct str key, struct str value,
                           uint32_t tag, struct err *reterr);

/* The commit time of the record that was added last, of a table with a time_column; a record that
 * says what is in that column keeps it. */
void batch_set_time(struct batch *batch, struct str time);

/* No more records: fills `order`. Tables in their order, each by key, so that all writers lock rows
 * in one order. */
void batch_seal(struct batch *batch);

/*
 * The statements that write order[from, to): for each table deletes, then upserts, then, when
 * `resync`, the keys seen. *ret_n statements in the arena, alive until arena_rewind or batch_clear.
 */
struct pg_statement *batch_statements(struct batch *batch, uint32_t from, uint32_t to, bool resync,
                                      int *ret_n);

/* How many of order[0, order_n) are upserts and how many are deletes. */
void batch_count(const struct batch *batch, int64_t *ret_upserts, int64_t *ret_deletes);

#endif
