/*
 * What a bronze topic held before a snapshot: rows that an earlier, unfinished snapshot wrote (or
 * an earlier life whose position was deleted). Those that the new snapshot does not hold are
 * retracted. Memory: 32 bytes an entry in a table at most three quarters full and at least three
 * eighths, so at most 86 bytes a key that the topic holds; nothing for an empty topic.
 */
#ifndef SLUICE_POSTGRES_CDC_OLD_ROWS_H
#define SLUICE_POSTGRES_CDC_OLD_ROWS_H

#include "capture.h"
#include "http/registry.h"
#include "kafka/client.h"

struct old_rows;

/* The topic, and what knows the schemas of records in Avro (NULL: there are none). */
struct old_topic {
    const char *name;
    int32_t partitions;
    struct registry *registry;
};

/* Reads the topic to its present end. Free with old_rows_free. */
WARN_UNUSED bool old_rows_read(struct kafka_admin *admin, const struct kafka_config *config,
                               const struct old_topic *topic, struct old_rows **ret,
                               struct err *reterr);

/* NULL is fine. Returns NULL. */
struct old_rows *old_rows_free(struct old_rows *rows);

/* The new snapshot holds the key, given as it stands in the topic. */
void old_rows_seen(struct old_rows *rows, struct str key);

/* How many are left to retract. */
size_t old_rows_left(const struct old_rows *rows);

/* What old_rows_each calls: the key and the row as it was last written, both as JSON. */
typedef bool old_rows_fn(void *arg, struct str key, struct str before, struct err *reterr);

/* Reads the topic again and calls `each` for every row that was not seen. */
WARN_UNUSED bool old_rows_each(struct old_rows *rows, old_rows_fn *each, void *arg,
                               struct err *reterr);

#endif
