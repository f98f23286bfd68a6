/*
 * The heart: decoded changes and snapshot rows -> Kafka records. Pure: it opens no socket, reads no
 * clock; what it must know of a table and where its records go, the edge below says.
 */
#ifndef SLUICE_POSTGRES_CDC_CAPTURE_H
#define SLUICE_POSTGRES_CDC_CAPTURE_H

#include "pgoutput.h"
#include "progress.h"
#include "record/debezium.h"

/* One record; everything is alive during the call alone. partition -1: by the key. */
struct capture_record {
    const char *topic;
    int32_t partition;
    char op; /* of the envelope; 0 for a tombstone */
    struct str key, value, position, commit_time;
    int64_t now_unix_us;
};

/* A column as the catalogue has it, domains resolved; `key_at`: its place in the key from 1, or 0.
 */
struct capture_fact {
    struct str name;
    uint32_t type_oid;
    int32_t typmod;
    uint16_t key_at;
};

/* What the catalogue knows of a table. `wanted`: it is to be captured. */
struct capture_facts {
    bool wanted;
    const struct capture_fact *columns;
    uint16_t columns_n;
};

/* What a captured table's records look like. */
struct capture_shape {
    const char *topic;
    const struct debezium_column *columns, *key_columns;
    uint16_t columns_n, key_n;
};

/* How the heart reaches the world. Errors pass through. */
struct capture_edge {
    void *arg;
    /* Looks a table up. The facts live until the next call. */
    bool (*describe)(void *arg, const struct pgoutput_relation *relation, struct capture_facts *ret,
                     struct err *reterr);
    /* Makes sure that the topic exists and tells the number of its partitions. */
    bool (*open_topic)(void *arg, const char *topic, int32_t *ret_partitions, struct err *reterr);
    /* Takes a record. */
    bool (*emit)(void *arg, const struct capture_record *record, struct err *reterr);
    /* Told of the table's shape before its first record, and when it has changed. NULL: nobody asks. */
    bool (*open_schema)(void *arg, const struct capture_shape *shape, struct err *reterr);
};

struct capture_config {
    const char *prefix, *database;
    struct debezium_format format;
    bool tombstones;
};

struct capture;
struct capture_table;

/* `config`'s texts must outlive it. Free with capture_free. */
struct capture *capture_new(const struct capture_config *config, const struct capture_edge *edge);

/* NULL is fine. Returns NULL. */
struct capture *capture_free(struct capture *capture);

/*
 * Takes one message. `lsn` is where its frame starts, `now_unix_us` the wall clock. Moves
 * `progress` with it; a change that was written before gives no record. *ret_records: how many were
 * emitted.
 */
WARN_UNUSED bool capture_message(struct capture *capture, struct progress *progress,
                                 const struct pgoutput_message *message, uint64_t lsn,
                                 int64_t now_unix_us, struct err *reterr);

/* Makes a table known (or known anew) as a Relation message does. *ret NULL: not wanted. Alive
 * until the table is described anew. */
WARN_UNUSED bool capture_describe(struct capture *capture, const struct pgoutput_relation *relation,
                                  const struct capture_table **ret, struct err *reterr);

/* The topic of a known table, and its partitions. */
const char *capture_topic(const struct capture_table *table, int32_t *ret_partitions);

/* What one snapshot is: where it stands and when it was taken. */
struct capture_snapshot {
    uint64_t consistent_lsn;
    int64_t taken_unix_us, now_unix_us;
};

/* Appends the key of a row of the table. */
WARN_UNUSED bool capture_key(struct capture *capture, const struct capture_table *table,
                             const struct debezium_datum *row, struct buf *out, struct err *reterr);

/* Emits a snapshot row (op r) at the position LSN/0. `marker`: "first", "true", "last" and so on.
 */
WARN_UNUSED bool capture_row(struct capture *capture, const struct capture_table *table,
                             const struct capture_snapshot *snapshot,
                             const struct debezium_datum *row, const char *marker,
                             struct err *reterr);

/* Emits d and tombstone for a row of an earlier snapshot that this one does not hold. `before` is
 * the JSON of the row as it was written then. */
WARN_UNUSED bool capture_retract(struct capture *capture, const struct capture_table *table,
                                 const struct capture_snapshot *snapshot, struct str key,
                                 struct str before, struct err *reterr);

#endif
