/*
 * The Kafka side: bronze, dead letters, and the progress topic in the same transactions; and the
 * store of what was seen, committed behind each. A transaction is open only while something is in
 * it.
 */
#ifndef SLUICE_OBJECTS_WRITER_H
#define SLUICE_OBJECTS_WRITER_H

#include "described.h"
#include "feed.h"
#include "file_state.h"
#include "kafka/progress.h"
#include "objects_metrics.h"
#include "options.h"

struct writer {
    const struct objects_options *options;
    struct metric *metrics;
    struct kafka_admin *admin;
    struct kafka_producer *producer;
    struct kafka_progress *progress;
    struct avro_topics *avro; /* NULL: records are JSON */
    struct seen *seen;
    struct run_state run;
    int32_t lanes; /* with --state-table: partitions of the progress topic; else 0 */
    bool open;     /* a transaction is */
    int64_t records, bytes, begun_ms;
    uint64_t visits;             /* rows since the store was committed */
    int64_t unmarked;            /* records since the store was told where bronze ends */
    struct seen_reached reached; /* the object in hand; goes into the store with its rows */
    struct seen_reached resume;  /* where the last life was, by the store; used once */
    struct buf text;
};

/*
 * Connects, fences a predecessor, reads how far it was, opens the store and restores it. Fails
 * ERR_RETRY while the broker is away or another process holds the store. `avro` is NULL when records
 * are JSON, and outlives the writer.
 */
WARN_UNUSED bool writer_open(struct writer *writer, const struct objects_options *options,
                             struct avro_topics *avro, struct metric *metrics, struct err *reterr);

/*
 * With --state-table an object belongs to a lane, by its name: a partition of the progress topic and
 * a transactional id. Takes the lane over: who had it can't commit any more, and all that it
 * committed is known. Nothing is known of keys then. ERR_RETRY as writer_open.
 */
WARN_UNUSED bool writer_lane(struct writer *writer, int32_t lane, struct err *reterr);

/* The lane of an object; call it after writer_open. */
int32_t writer_lane_of(const struct writer *writer, const char *name);

/* Closes everything, aborting what is open. `clean`: the store may outlive a restart of the machine. */
void writer_close(struct writer *writer, bool clean);

/* Tells the schema registry what rows come next: of CSV, or of JSON. ERR_STOP when it can't take
 * them. Nothing to do when records are JSON. */
WARN_UNUSED bool writer_describe(struct writer *writer, const struct shape *shape, bool csv,
                                 struct err *reterr);

/* As feed_edge.key and feed_edge.key_json; arg is the writer. */
WARN_UNUSED bool writer_key(void *arg, struct str json, struct str *ret, struct err *reterr);
WARN_UNUSED bool writer_key_json(void *arg, struct str key, struct str *ret, struct err *reterr);

/* As feed_edge.emit and feed_edge.dead; arg is the writer. */
WARN_UNUSED bool writer_emit(void *arg, const struct feed_event *event, struct err *reterr);
WARN_UNUSED bool writer_dead(void *arg, const struct feed_dead *dead, struct err *reterr);

/* What is known of an object. ERR_STOP when it can't be read. */
WARN_UNUSED bool writer_file(const struct writer *writer, const char *name, struct file_state *ret,
                             struct err *reterr);

/* Says what is known of an object now, in the open transaction or a new one; NULL: nothing any more. */
WARN_UNUSED bool writer_put_file(struct writer *writer, const char *name,
                                 const struct file_state *state, struct err *reterr);

/* Any other text of the progress topic, in the open transaction or a new one. */
WARN_UNUSED bool writer_put(struct writer *writer, struct str key, struct str text,
                            struct err *reterr);

/* A record of another topic that can't be used goes to the dead letters, likewise. */
WARN_UNUSED bool writer_dead_message(struct writer *writer, const struct kafka_message *message,
                                     const char *rule, const struct err *why, struct err *reterr);

/* The open transaction should be committed now. */
bool writer_full(const struct writer *writer, int64_t now_ms);

/* Commits the open transaction with the state of the run, and the store behind it. */
WARN_UNUSED bool writer_commit(struct writer *writer, struct err *reterr);

/* As writer_commit, but when nothing was written only the store. */
WARN_UNUSED bool writer_settle(struct writer *writer, struct err *reterr);

#endif
