/*
 * A producer that writes in transactions, or an idempotent one without. One thread owns it;
 * delivery reports are served inside these calls.
 *
 *              open            begin            commit / abort
 *   (none) ---------> READY ---------> OPEN --------------------> READY
 *                       |                |
 *                       |   fenced, or an error that only a new handle mends
 *                       '-------> BROKEN <'        close, open again: init_transactions decides the
 * open transaction's fate
 */
#ifndef SLUICE_KAFKA_PRODUCER_H
#define SLUICE_KAFKA_PRODUCER_H

#include "kafka/client.h"
#include "kafka/consumer.h"

struct kafka_producer;

/*
 * Opens a handle; with a transactional id it calls init_transactions (waits for a predecessor's
 * transaction to end, aborts it, fences it). `transactional_id` NULL: idempotent only. Fails
 * ERR_RETRY while no broker answers within `timeout_ms`, ERR_STOP for refused credentials or
 * configuration.
 */
WARN_UNUSED bool kafka_producer_open(const struct kafka_config *config, const char *client_id,
                                     const char *transactional_id, int64_t timeout_ms,
                                     struct kafka_producer **ret, struct err *reterr);

/* Aborts an open transaction within a bound (5 s) and frees the handle. NULL is fine. Returns NULL.
 */
struct kafka_producer *kafka_producer_close(struct kafka_producer *producer);

/* Begins a transaction. */
WARN_UNUSED bool kafka_begin(struct kafka_producer *producer, struct err *reterr);

/* A record to send. `key.at` or `value.at` NULL: a null key or value (a tombstone). partition -1:
 * by murmur2 of the key, as Java clients do; a null key at random. timestamp 0: now. */
struct kafka_record {
    const char *topic;
    int32_t partition;
    struct str key, value;
    const struct kafka_header *headers;
    size_t headers_n;
    int64_t timestamp_ms;
};

/*
 * Queues a record (copied). When the local queue is full it waits for room, serving reports.
 * ERR_DEAD_LETTER when the record is larger than the broker takes (the caller may dead-letter it),
 * ERR_ABORT when the transaction must be aborted, ERR_STOP when fenced.
 */
WARN_UNUSED bool kafka_produce(struct kafka_producer *producer, const struct kafka_record *record,
                               struct err *reterr);

/* Serves delivery reports without waiting. Call about once a loop. */
void kafka_producer_poll(struct kafka_producer *producer);

/* Sends what is queued on its way without waiting (linger is cut short by the next commit anyway).
 * Waits until all is acknowledged: ERR_ABORT when a record failed. */
WARN_UNUSED bool kafka_flush(struct kafka_producer *producer, struct err *reterr);

/*
 * Adds next offsets to the transaction for `group`, fenced by the membership's generation;
 * `membership` NULL only for tools that have no group members. Refused locally (ERR_ABORT) when the
 * membership has no valid generation: the broker would accept that without any fencing.
 */
WARN_UNUSED bool kafka_send_offsets(struct kafka_producer *producer, const char *group,
                                    const struct kafka_offset *offsets, size_t offsets_n,
                                    struct kafka_membership *membership, struct err *reterr);

/*
 * Commits: flushes, ends the transaction, retries while the outcome is unknown, for one transaction
 * time-out at most. On return true it is committed. ERR_ABORT: it is aborted or must be (call
 * kafka_abort), or the outcome is still unknown: then the handle is BROKEN, and after the next open
 * the committed position must be read anew. ERR_STOP (EX_UNAVAILABLE): fenced, another instance has
 * taken over. A call that does not come back is left, with the handle, which is BROKEN then.
 */
WARN_UNUSED bool kafka_commit(struct kafka_producer *producer, struct err *reterr);

/* Aborts the open transaction. ERR_ABORT with a BROKEN handle means: close and open again. */
WARN_UNUSED bool kafka_abort(struct kafka_producer *producer, struct err *reterr);

/* The handle must be closed and opened again before it can be used (the fate of the open
 * transaction is decided by that). */
bool kafka_producer_broken(const struct kafka_producer *producer);

/* Records queued or in flight, for the memory bound and metrics. */
int kafka_producer_backlog(const struct kafka_producer *producer);

#endif
