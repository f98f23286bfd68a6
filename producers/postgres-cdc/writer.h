/*
 * The Kafka side: bronze topics, and the progress topic in the same transactions. A transaction is
 * open only while records are in it.
 */
#ifndef SLUICE_POSTGRES_CDC_WRITER_H
#define SLUICE_POSTGRES_CDC_WRITER_H

#include "capture.h"
#include "cdc_metrics.h"
#include "http/avro_topics.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "options.h"

struct writer {
    const struct cdc_options *options;
    struct metric *metrics;
    struct kafka_admin *admin;
    struct kafka_producer *producer;
    bool open; /* a transaction is */
    int64_t records, bytes, begun_ms;
    int64_t committed_ms, commit_took_ms; /* when the last commit ended, how long it took */
    struct buf text;
    struct avro_topics *avro; /* NULL: records are JSON */
};

/*
 * Reads the last stored position: *ret is PROGRESS_NONE when there is none. Reads to the end of the
 * topic, open transactions included. *ret_offset: where it lies, -1 for none.
 */
WARN_UNUSED bool writer_read_progress(struct writer *writer, struct progress *ret,
                                      int64_t *ret_offset, struct err *reterr);

/* Connects for questions alone; makes sure that the progress topic exists. `avro` is NULL when
 * records are JSON, and outlives it. */
WARN_UNUSED bool writer_open(struct writer *writer, const struct cdc_options *options,
                             struct avro_topics *avro, struct metric *metrics, struct err *reterr);

/* Opens the transactional producer: fences a predecessor and ends its transaction. */
WARN_UNUSED bool writer_take_over(struct writer *writer, struct err *reterr);

/* Closes everything, aborting what is open. */
void writer_close(struct writer *writer);

/* Makes sure that a bronze topic exists; its number of partitions. As capture_edge.open_topic. */
WARN_UNUSED bool writer_open_topic(void *arg, const char *topic, int32_t *ret_partitions,
                                   struct err *reterr);

/* A table's shape, to be written from now on. As capture_edge.open_schema. */
WARN_UNUSED bool writer_open_schema(void *arg, const struct capture_shape *shape,
                                    struct err *reterr);

/* The key as it stands in the topic, alive until the next call. `json`: as the heart gives it. */
WARN_UNUSED bool writer_key(struct writer *writer, const char *topic, struct str json,
                            struct str *ret, struct err *reterr);

/* Takes a record, beginning a transaction when none is open. As capture_edge.emit. */
WARN_UNUSED bool writer_emit(void *arg, const struct capture_record *record, struct err *reterr);

/*
 * How long a commit should wait for more input, which has run dry: not at all on a quiet source; on
 * a busy one so long that committing takes at most half of the time.
 */
int64_t writer_linger_ms(const struct writer *writer, int64_t now_ms);

/* The open transaction should be committed now. */
bool writer_full(const struct writer *writer, int64_t now_ms);

/* Commits the position, with the records of the open transaction if there is one. */
WARN_UNUSED bool writer_commit(struct writer *writer, const struct progress *progress,
                               struct err *reterr);

#endif
