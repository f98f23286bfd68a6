/*
 * The Kafka side: the topic, dead letters, and the position in the same transactions. A transaction
 * is open only while records are in it.
 */
#ifndef SLUICE_SQL_ROWS_WRITER_H
#define SLUICE_SQL_ROWS_WRITER_H

#include "kafka/producer.h"
#include "kafka/progress.h"
#include "metrics.h"
#include "options.h"
#include "progress.h"

struct writer {
    const struct rows_options *options;
    struct metric *metrics;
    struct kafka_admin *admin;
    struct kafka_producer *producer;
    struct kafka_progress *progress;
    struct avro_topics *avro; /* NULL: records are JSON */
    bool open;                /* a transaction is */
    int64_t records, bytes, begun_ms;
    struct buf text, position;
};

/* Makes sure that the topics exist, opens the producer (which fences a predecessor and ends its
 * transaction), reads the progress topic. `avro` is NULL when records are JSON, and outlives the
 * writer. */
WARN_UNUSED bool writer_open(struct writer *writer, const struct rows_options *options,
                             struct avro_topics *avro, struct metric *metrics, struct err *reterr);

/* Closes everything, aborting what is open. */
void writer_close(struct writer *writer);

/* The stored position into an empty *ret: PROGRESS_NONE when there is none. */
WARN_UNUSED bool writer_read_progress(struct writer *writer, struct progress *ret,
                                      struct err *reterr);

/* The key as it stands in the topic, alive until the next call; at NULL stays so. `json`: as the
 * heart gives it. ERR_DEAD_LETTER when it has no form in Avro. */
WARN_UNUSED bool writer_key(struct writer *writer, struct str json, struct str *ret,
                            struct err *reterr);

/* The JSON of a key as it stands in the topic, alive until the next call. */
WARN_UNUSED bool writer_key_json(struct writer *writer, struct str key, struct str *ret,
                                 struct err *reterr);

/* A record of the topic: `key` as it stands there (at NULL: none), `value` as JSON (at NULL: a
 * tombstone), `row` the text that stands for the row's content (at NULL: it is deleted). */
struct writer_record {
    struct str key, value, row;
    uint64_t run, ordinal;
    int64_t read_us;
};

/* Takes a record. ERR_DEAD_LETTER when it is larger than the broker takes, or has no form in Avro. */
WARN_UNUSED bool writer_put(struct writer *writer, const struct writer_record *record,
                            struct err *reterr);

/* What can't be used, and why. `from` names the table or file, `line` the row or line in it. */
struct writer_dead {
    struct str key, value;
    const char *from, *rule;
    int64_t line;
    const struct err *reason;
};

/* Takes a dead letter. One that is itself too large is sent without its value. */
WARN_UNUSED bool writer_dead_letter(struct writer *writer, const struct writer_dead *dead,
                                    struct err *reterr);

/* The open transaction should be committed now. */
bool writer_full(const struct writer *writer);

/* Commits the position, with the records of the open transaction if there is one. */
WARN_UNUSED bool writer_commit(struct writer *writer, struct progress *progress,
                               struct err *reterr);

#endif
