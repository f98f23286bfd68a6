/*
 * A blocking call into librdkafka, made on a thread of its own so that it can be left. In 2.0
 * send_offsets_to_transaction waits for the group's coordinator whatever its time-out says, for as
 * long as no broker is there, and query_watermark_offsets for the leader's answer; whoever waits with
 * them can neither stop nor say that it waits.
 *
 *          run              returned
 *   IDLE -------> RUNNING ------------> IDLE
 *                    |
 *                    |  limit, or the grace of a stop
 *                    '-----------------------------> LEFT   only bequeath is allowed
 *
 * Not for other rooms.
 */
#ifndef SLUICE_KAFKA_CALL_H
#define SLUICE_KAFKA_CALL_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

struct kafka_caller;

/* What to call: `plain`, else `ask` with its argument, which says what became of it, else
 * send_offsets_to_transaction. */
struct kafka_call {
    rd_kafka_t *rk;
    rd_kafka_error_t *(*plain)(rd_kafka_t *rk, int timeout_ms);
    void (*ask)(void *arg);
    void *arg;
    rd_kafka_topic_partition_list_t *offsets;
    rd_kafka_consumer_group_metadata_t *group;
    int timeout_ms;
};

/* A caller and its thread. Never fails. */
struct kafka_caller *kafka_caller_new(void);

/*
 * Makes the call and waits for it. True: *ret is its result, which the owner destroys. False: it was
 * left, `limit_ms` after its start or when the grace of a stop was over; `offsets` and `group` are the
 * caller's from then on, and the handle may be used by nobody else.
 */
bool kafka_caller_run(struct kafka_caller *caller, const struct kafka_call *call, int64_t limit_ms,
                      rd_kafka_error_t **ret);

/* A call was left. */
bool kafka_caller_left(const struct kafka_caller *caller);

/* When the call that was left returns, if ever, its thread does `end(arg)` and ends the caller. */
void kafka_caller_bequeath(struct kafka_caller *caller, void (*end)(void *arg), void *arg);

/* Ends a caller of which no call was left. NULL is fine. Returns NULL. */
struct kafka_caller *kafka_caller_free(struct kafka_caller *caller);

#endif
