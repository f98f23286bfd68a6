/*
 * Reading topics: partitions are assigned by hand, offsets are kept by the caller. Group membership
 * is a separate thing (kafka_membership): a control topic with one partition a task gives each task
 * one owner and a generation that fences its commits.
 */
#ifndef SLUICE_KAFKA_CONSUMER_H
#define SLUICE_KAFKA_CONSUMER_H

#include "kafka/client.h"

/*
 * What kafka_poll returns one of. For KAFKA_RECORD all views live until kafka_message_free.
 * topic_index is the index of the partition's entry in the last kafka_assign; `end_offset` of
 * KAFKA_EOF is the offset the partition was read to (control records included).
 */
enum kafka_message_kind { KAFKA_RECORD, KAFKA_EOF };

struct kafka_message {
    enum kafka_message_kind kind;
    const char *topic;
    int32_t partition;
    uint32_t assigned_index;
    int64_t offset; /* of the record, or for KAFKA_EOF the position reached */
    int64_t timestamp_ms;
    struct str key, value; /* `at` NULL: null */
    void *handle;          /* librdkafka's message, freed by kafka_message_free */
};

/* In kafka_assign: start behind what is there. */
#define KAFKA_OFFSET_END INT64_C(-1)

struct kafka_consumer;
struct kafka_membership;

/* read_committed or read_uncommitted; auto.offset.reset=error, no auto commit, EOF events on.
 * `group` NULL: a name that never commits. */
WARN_UNUSED bool kafka_consumer_open(const struct kafka_config *config, const char *client_id,
                                     const char *group, bool read_uncommitted,
                                     struct kafka_consumer **ret, struct err *reterr);

/* NULL is fine. Returns NULL. */
struct kafka_consumer *kafka_consumer_close(struct kafka_consumer *consumer);

/* Replaces the assignment; each entry starts at its offset (0 or more; KAFKA_OFFSET_END for the
 * end). Fetched records of the old one are dropped. */
WARN_UNUSED bool kafka_assign(struct kafka_consumer *consumer,
                              const struct kafka_offset *partitions, size_t n, struct err *reterr);

/*
 * Takes up to `max` messages, waiting at most `timeout_ms` for the first. *ret_n may be 0. Each
 * must be freed. ERR_RETRY: the broker is away (the consumer goes on trying by itself; call again).
 * ERR_STOP: an offset is out of range (truncated or expired), access refused, topic gone. Messages
 * that came before an error are handed out first.
 */
WARN_UNUSED bool kafka_poll(struct kafka_consumer *consumer, struct kafka_message *messages,
                            size_t max, int64_t timeout_ms, size_t *ret_n, struct err *reterr);

/* Gives the message's memory back. */
void kafka_message_free(struct kafka_message *message);

/* Looks a header up by name; false when absent. The view lives as long as the message. */
bool kafka_message_header(const struct kafka_message *message, const char *name,
                          struct str *ret_value);

/* Copies up to `max` headers as views that live as long as the message; returns how many. */
size_t kafka_message_headers(const struct kafka_message *message, struct kafka_header *into,
                             size_t max);

/* How far the ends of the assigned partitions lie ahead, in offsets, as the last fetches told: asks
 * no broker. Counts what read_committed can't see yet, and the ends of transactions. */
int64_t kafka_lag(const struct kafka_consumer *consumer);

/* No more is known to be on its way than the ends of transactions may count for: when a poll has
 * brought nothing, waiting for a fuller batch would be in vain. */
bool kafka_near_end(const struct kafka_consumer *consumer);

/* Stops and resumes taking messages: kafka_poll returns none meanwhile, and fetching ends once
 * --kafka-queue-size is reached. What is queued stays (librdkafka's own pause would throw it away).
 */
void kafka_pause(struct kafka_consumer *consumer, bool pause);

/* Commits the offset of one partition for the consumer's group with metadata (at most 4096 bytes),
 * fenced by the membership's generation when one is given; waits. */
WARN_UNUSED bool kafka_commit_offset(struct kafka_consumer *consumer,
                                     const struct kafka_offset *offset, struct str metadata,
                                     struct kafka_membership *membership, struct err *reterr);

/*
 * Membership: a static member (group.instance.id) subscribed to a control topic; session time-out
 * 10 s. Owned by one thread, which must call kafka_membership_poll at least every few seconds.
 *
 *   JOINING --assigned--> OWNER (of tasks)      an instance without a task is STANDBY and waits
 *      ^                    |
 *      '----- revoked / lost / generation changed
 */
struct kafka_membership;

/* Joins the group. `instance_id` is the static member's id; empty or NULL: dynamic membership.
 * `config` must outlive the membership. */
WARN_UNUSED bool kafka_membership_open(const struct kafka_config *config, const char *client_id,
                                       const char *group, const char *control_topic,
                                       const char *instance_id, struct kafka_membership **ret,
                                       struct err *reterr);

/* Leaves the group (dynamic members at once; static ones keep their place until the session
 * time-out unless `leave`). NULL is fine. Returns NULL. */
struct kafka_membership *kafka_membership_close(struct kafka_membership *membership, bool leave);

/* Serves the group protocol without waiting longer than `timeout_ms`. *ret_changed: the owned tasks
 * or the generation changed since the last call. ERR_RETRY: no broker answers and there is no
 * generation (call again); ERR_STOP: another process has joined under the same instance id, access
 * refused, control topic gone. */
WARN_UNUSED bool kafka_membership_poll(struct kafka_membership *membership, int64_t timeout_ms,
                                       bool *ret_changed, struct err *reterr);

/* This member owns the task (a partition number of the control topic) under a valid generation. */
bool kafka_membership_owns(const struct kafka_membership *membership, int32_t task);

/* The generation, or -1 when there is none. */
int32_t kafka_membership_generation(struct kafka_membership *membership);

#endif
