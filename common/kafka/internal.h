/*
 * What the files of this room share: one librdkafka handle with its last trouble, and how an error
 * of librdkafka becomes a struct err. Not for other rooms.
 */
#ifndef SLUICE_KAFKA_INTERNAL_H
#define SLUICE_KAFKA_INTERNAL_H

#include "kafka/call.h"
#include "kafka/client.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include <librdkafka/rdkafka.h>

struct kafka_property {
    const char *name, *value;
};

/*
 * A librdkafka handle. Its owner embeds it as the first member, because it is the opaque of every
 * callback. `trouble` is what error_cb heard last; callbacks run only inside the owner's calls.
 */
struct kafka_client {
    rd_kafka_t *rk;
    char *bootstrap, *username;
    rd_kafka_resp_err_t trouble;
    char trouble_text[384];
    bool all_down;
    bool left; /* closing did not end */
};

/* How a handle differs from the others; `properties` end with a row without a name. */
struct kafka_client_spec {
    const char *client_id;
    rd_kafka_type_t type;
    const struct kafka_property *properties;
    void (*delivery)(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque);
    void (*rebalance)(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                      rd_kafka_topic_partition_list_t *partitions, void *opaque);
};

/* Makes the handle; EX_USAGE names the flag and the property that is wrong. */
WARN_UNUSED bool kafka_client_open(struct kafka_client *client, const struct kafka_config *config,
                                   const struct kafka_client_spec *spec, struct err *reterr);

/*
 * Closes and destroys the handle; every object made from it must be gone (a leaked one hangs this).
 * False: the grace of a stop was over first, and the handle is left to the end of the process; its
 * callbacks may still use the owner, which is not freed then.
 */
WARN_UNUSED bool kafka_client_close(struct kafka_client *client);

/* A broker answered: forgets the trouble heard of. */
void kafka_client_answered(struct kafka_client *client);

/*
 * Turns `code`, met while `doing` ("creating topic x"), into an error: ERR_STOP for what only a
 * person mends (credentials, rights, refused settings), else ERR_RETRY with the last trouble as the
 * reason. Returns false.
 */
bool kafka_client_fail(struct kafka_client *client, rd_kafka_resp_err_t code, const char *doing,
                       struct err *reterr);

/* The trouble heard of means that waiting longer is vain: refused credentials, or no broker to be
 * connected to for a second. */
bool kafka_client_hopeless(const struct kafka_client *client, int64_t waited_ms);

/* Waits for the next event of `queue`, in turns, so that a stop ends the wait. NULL: none came. The
 * caller frees it. */
WARN_UNUSED rd_kafka_event_t *kafka_await_event(rd_kafka_queue_t *queue, int64_t timeout_ms);

/* Refusals of rights. */
bool kafka_code_forbidden(rd_kafka_resp_err_t code);

/*
 * Metadata of one topic, or of none (NULL: asks only whether a broker answers). The caller frees
 * *ret with rd_kafka_metadata_destroy.
 */
WARN_UNUSED bool kafka_client_metadata(struct kafka_client *client, const char *topic,
                                       int64_t timeout_ms, const struct rd_kafka_metadata **ret,
                                       struct err *reterr);

/* The handle behind an admin. */
struct kafka_admin {
    struct kafka_client client;
    const struct kafka_config *config; /* the caller's */
    char *client_id;
    int32_t partitions, replication;
    int64_t transaction_timeout_ms;
};

enum producer_state { PRODUCER_READY, PRODUCER_OPEN, PRODUCER_BROKEN };

/* A topic's handle, kept so that producing neither looks it up nor counts references by name. */
struct producer_topic {
    char *name;
    rd_kafka_topic_t *handle;
};

struct kafka_producer {
    struct kafka_client client; /* first: the opaque of callbacks */
    enum producer_state state;
    bool transactional;
    int64_t begun_ms, transaction_timeout_ms;
    struct producer_topic *topics; /* sorted by name */
    size_t topics_n;
    const struct producer_topic *last; /* of the record before */
    uint64_t failed;                   /* delivery reports with an error since the last flush */
    rd_kafka_resp_err_t failed_code;   /* of the first of them */
    char failed_topic[256];
    struct kafka_caller *caller; /* of a transactional one */
};

/* A record could not be delivered: the error of the first such record. Returns false. */
bool producer_fail_delivery(struct kafka_producer *producer, struct err *reterr);

/*
 * What an error of a transactional call means for the handle and the caller. Marks the handle
 * BROKEN when only a new one mends it. Returns false.
 */
bool producer_fail(struct kafka_producer *producer, const rd_kafka_error_t *error,
                   const char *doing, struct err *reterr);

/* librdkafka has raised an error that only a new handle mends. */
bool producer_fatal(const struct kafka_producer *producer);

/* Marks the handle BROKEN and sets what that means: ERR_STOP when fenced or forbidden, else
 * ERR_ABORT. Returns false. */
bool producer_fail_fatal(struct kafka_producer *producer, rd_kafka_resp_err_t code,
                         const char *doing, struct err *reterr);

/*
 * Makes one blocking call on the handle. False: it did not come back, the handle is BROKEN and
 * reterr says so; else *ret is its result, which the caller destroys. Takes `call`'s lists over when
 * it fails.
 */
WARN_UNUSED bool producer_call(struct kafka_producer *producer, const struct kafka_call *call,
                               const char *doing, rd_kafka_error_t **ret, struct err *reterr);

/* The handle can't be used any more; sets ERR_ABORT that says so. Returns false. */
bool producer_fail_broken(struct err *reterr);

/* The handle of a membership, for commits that its generation fences. */
rd_kafka_t *kafka_membership_handle(struct kafka_membership *membership);

/*
 * The group metadata that the membership held at its last poll, for send_offsets. ERR_ABORT when
 * there is no valid generation or it has changed since. The caller destroys it.
 */
WARN_UNUSED bool kafka_membership_metadata(struct kafka_membership *membership,
                                           rd_kafka_consumer_group_metadata_t **ret,
                                           struct err *reterr);

/* For librdkafka's parameters that are not const though nothing is written through them. */
static inline void *kafka_unconst(const void *p)
{
    void *same = NULL;

    memcpy(&same, &p, sizeof(same));
    return same;
}

/* NULL-tolerant destroyers for CLEANUP: a leaked list or topic hangs rd_kafka_destroy for ever. */
static inline void kafka_list_free(rd_kafka_topic_partition_list_t *list)
{
    if (list != NULL)
        rd_kafka_topic_partition_list_destroy(list);
}

static inline void kafka_topic_free(rd_kafka_topic_t *topic)
{
    if (topic != NULL)
        rd_kafka_topic_destroy(topic);
}

static inline void kafka_metadata_free(const struct rd_kafka_metadata *metadata)
{
    if (metadata != NULL)
        rd_kafka_metadata_destroy(metadata);
}

static inline void kafka_error_free(rd_kafka_error_t *error)
{
    if (error != NULL)
        rd_kafka_error_destroy(error);
}

static inline void kafka_event_free(rd_kafka_event_t *event)
{
    if (event != NULL)
        rd_kafka_event_destroy(event);
}

static inline void kafka_queue_free(rd_kafka_queue_t *queue)
{
    if (queue != NULL)
        rd_kafka_queue_destroy(queue);
}

static inline void kafka_group_metadata_free(rd_kafka_consumer_group_metadata_t *metadata)
{
    if (metadata != NULL)
        rd_kafka_consumer_group_metadata_destroy(metadata);
}

DEFINE_CLEANUP(kafka_list, rd_kafka_topic_partition_list_t *, kafka_list_free);
DEFINE_CLEANUP(kafka_topic, rd_kafka_topic_t *, kafka_topic_free);
DEFINE_CLEANUP(kafka_metadata, const struct rd_kafka_metadata *, kafka_metadata_free);
DEFINE_CLEANUP(kafka_error, rd_kafka_error_t *, kafka_error_free);
DEFINE_CLEANUP(kafka_event, rd_kafka_event_t *, kafka_event_free);
DEFINE_CLEANUP(kafka_queue, rd_kafka_queue_t *, kafka_queue_free);
DEFINE_CLEANUP(kafka_group_metadata, rd_kafka_consumer_group_metadata_t *,
               kafka_group_metadata_free);

#endif
