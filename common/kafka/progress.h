/*
 * How far a producer is: a compacted topic of one partition, some text under each key. An entry is
 * written inside the same transaction as the records that it speaks of, so both stand or neither.
 * Read whole at a start, after the predecessor is fenced (kafka_producer_open), and held in memory.
 * Knows nothing of what the entries say. One thread.
 */
#ifndef SLUICE_KAFKA_PROGRESS_H
#define SLUICE_KAFKA_PROGRESS_H

#include "kafka/producer.h"

struct kafka_progress;

/* What such a topic is, for kafka_ensure_topics: with at least so many partitions, one, or one for
 * each writer. `topic` must outlive it. */
struct kafka_topic_spec kafka_progress_spec(const char *topic, int32_t partitions);

/*
 * Reads the topic, which exists, to its end as it is now, committed records alone; call it when no
 * transaction of this producer's id can be open any more. `topic` must outlive the result. ERR_RETRY
 * when the broker does not answer.
 */
WARN_UNUSED bool kafka_progress_open(const struct kafka_config *config, const char *client_id,
                                     struct kafka_admin *admin, const char *topic,
                                     struct kafka_progress **ret, struct err *reterr);

/* As kafka_progress_open, of one partition, from the offset on. The topic exists; its name must
 * outlive the result. */
WARN_UNUSED bool kafka_progress_open_part(const struct kafka_config *config, const char *client_id,
                                          struct kafka_admin *admin,
                                          const struct kafka_offset *part,
                                          struct kafka_progress **ret, struct err *reterr);

/* NULL is fine. Returns NULL. */
struct kafka_progress *kafka_progress_close(struct kafka_progress *progress);

/* The text under the key, alive until it is put again; STR_NONE when there is none. */
struct str kafka_progress_get(const struct kafka_progress *progress, struct str key);

/* Calls `each` for every key that has a text, in no order; stops when it returns false. Nothing may
 * be put meanwhile. */
void kafka_progress_each(const struct kafka_progress *progress,
                         bool (*each)(void *arg, struct str key, struct str text), void *arg);

/*
 * Writes the text (STR_NONE: a tombstone) in the open transaction, and holds it. When the
 * transaction is aborted what is held is no longer true: close, and open again. Errors as
 * kafka_produce.
 */
WARN_UNUSED bool kafka_progress_put(struct kafka_progress *progress,
                                    struct kafka_producer *producer, struct str key,
                                    struct str text, struct err *reterr);

/* What reading to the end takes: a client, and who is given each record. The views live for the
 * call of `each`, which ends the reading by returning false with its error. */
struct kafka_reading {
    const struct kafka_config *config;
    const char *client_id;
    struct kafka_admin *admin;
    bool (*each)(void *arg, const struct kafka_message *message, struct err *reterr);
    void *arg;
};

/*
 * Reads a partition from the offset `from` to the end as it is now, committed records alone.
 * *ret_next: where the next reading goes on. ERR_RETRY when nothing comes for 30 s.
 */
WARN_UNUSED bool kafka_read_to_end(const struct kafka_reading *reading,
                                   const struct kafka_offset *from, int64_t *ret_next,
                                   struct err *reterr);

#endif
