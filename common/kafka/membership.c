#include "kafka/consumer.h"

#include "base/clock.h"
#include "base/stop.h"
#include "kafka/internal.h"
#include "kafka/pure.h"

enum { OUTAGE_MS = 60000 }; /* so long after a loss the broker may still take us for another */

struct kafka_membership {
    struct kafka_client client;        /* first: the opaque of callbacks */
    const struct kafka_config *config; /* the caller's */
    char *client_id, *group, *topic, *instance_id;
    int64_t lost_ms; /* when no broker was there last; 0: never */
    int32_t *tasks;  /* owned, as the last assignment said */
    size_t tasks_n;
    bool changed;
    int32_t generation; /* as it was at the last poll, -1: not a member */
    char member[128];
};

static void set_tasks(struct kafka_membership *membership,
                      const rd_kafka_topic_partition_list_t *partitions)
{
    size_t n = partitions == NULL ? 0 : (size_t)partitions->cnt;

    membership->tasks = err_realloc(membership->tasks, (n + 1) * sizeof(*membership->tasks));
    for (size_t i = 0; i < n; i++)
        membership->tasks[i] = partitions->elems[i].partition;
    membership->tasks_n = n;
    membership->changed = true;
}

/* Only the membership counts: nothing is read from the control topic, so librdkafka is given an
 * empty assignment, which also answers the rebalance. */
static void hear_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                           rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct kafka_membership *membership = opaque;

    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        CLEANUP(kafka_list)
        rd_kafka_topic_partition_list_t *nothing = rd_kafka_topic_partition_list_new(0);

        set_tasks(membership, partitions);
        rd_kafka_assign(rk, nothing);
    } else {
        set_tasks(membership, NULL);
        rd_kafka_assign(rk, NULL);
    }
}

/* Range, not cooperative-sticky: the latter loses assignments in librdkafka 2.0. */
static bool open_client(struct kafka_membership *membership, struct err *reterr)
{
    const char *instance_id = membership->instance_id;
    const struct kafka_property properties[] = {
        {"group.id", membership->group},
        {"group.instance.id", instance_id == NULL || instance_id[0] == '\0' ? NULL : instance_id},
        {"partition.assignment.strategy", "range"},
        {"session.timeout.ms", "10000"},
        {"heartbeat.interval.ms", "1000"},
        {"max.poll.interval.ms", "60000"},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {0},
    };
    const struct kafka_client_spec spec = {.client_id = membership->client_id,
                                           .type = RD_KAFKA_CONSUMER,
                                           .properties = properties,
                                           .rebalance = hear_rebalance};

    return kafka_client_open(&membership->client, membership->config, &spec, reterr);
}

static bool join_group(struct kafka_membership *membership, struct err *reterr)
{
    CLEANUP(kafka_list)
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);

    membership->generation = -1;
    if (!open_client(membership, reterr))
        return false;
    rd_kafka_poll_set_consumer(membership->client.rk);
    rd_kafka_topic_partition_list_add(topics, membership->topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(membership->client.rk, topics);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ||
           kafka_client_fail(&membership->client, code, "joining the group", reterr);
}

/* NOLINTNEXTLINE(readability-function-size): five names make a member */
bool kafka_membership_open(const struct kafka_config *config, const char *client_id,
                           const char *group, const char *control_topic, const char *instance_id,
                           struct kafka_membership **ret, struct err *reterr)
{
    struct kafka_membership *membership = err_calloc(1, sizeof(*membership));

    membership->config = config;
    membership->client_id = err_strdup(client_id);
    membership->group = err_strdup(group);
    membership->topic = err_strdup(control_topic);
    membership->instance_id = err_strdup(instance_id);
    if (!join_group(membership, reterr)) {
        kafka_membership_close(membership, false);
        return false;
    }
    *ret = membership;
    return true;
}

/* To leave, a static member unsubscribes first: closing alone keeps its place. */
static void leave_group(struct kafka_membership *membership)
{
    enum { LEAVE_MS = 2000, TURN_MS = 20 };
    int64_t end_ms = clock_mono_ms() + LEAVE_MS;

    rd_kafka_unsubscribe(membership->client.rk);
    while (membership->tasks_n > 0 && !stop_or_passed(end_ms)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(membership->client.rk, TURN_MS);

        if (message != NULL)
            rd_kafka_message_destroy(message);
    }
}

struct kafka_membership *kafka_membership_close(struct kafka_membership *membership, bool leave)
{
    if (membership == NULL)
        return NULL;
    if (leave && membership->client.rk != NULL)
        leave_group(membership);
    if (!kafka_client_close(&membership->client))
        return NULL;
    free(membership->tasks);
    free(membership->client_id);
    free(membership->group);
    free(membership->topic);
    free(membership->instance_id);
    free(membership);
    return NULL;
}

/* Generation and member id as they are now; the generation is -1 unless both are valid: a commit
 * with -1 and no member id is accepted by the broker without any fencing. */
static int32_t read_identity(const rd_kafka_consumer_group_metadata_t *metadata, char *member,
                             size_t member_bytes)
{
    void *blob = NULL;
    size_t size = 0;
    int32_t generation = -1;
    struct str id = {0};

    kafka_error_free(rd_kafka_consumer_group_metadata_write(metadata, &blob, &size));
    if (blob != NULL && kafka_member_parse(blob, size, &generation, &id) && id.len > 0 &&
        id.len < member_bytes)
        snprintf(member, member_bytes, "%.*s", STR_ARG(id));
    else
        generation = -1;
    rd_kafka_mem_free(NULL, blob);
    return generation < 0 ? -1 : generation;
}

/* Remembers who we are right after a poll: the group may move on behind our back later. */
static void capture(struct kafka_membership *membership)
{
    CLEANUP(kafka_group_metadata)
    rd_kafka_consumer_group_metadata_t *now =
        rd_kafka_consumer_group_metadata(membership->client.rk);
    int32_t before = membership->generation;

    membership->generation =
        now == NULL ? -1 : read_identity(now, membership->member, sizeof(membership->member));
    if (membership->generation != before)
        membership->changed = true;
}

static bool fail_poll(struct kafka_membership *membership, const rd_kafka_message_t *message,
                      struct err *reterr)
{
    switch (message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED: /* the rebalance that follows says what it means */
        return true;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        return err_stop(reterr, EX_UNAVAILABLE, "control topic %s is not there", membership->topic);
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR__FATAL:
        if (membership->lost_ms > 0 && clock_mono_ms() - membership->lost_ms < OUTAGE_MS)
            return err_set(reterr, ERR_ABORT, "joining the group anew: %s",
                           rd_kafka_message_errstr(message));
        return err_stop(reterr, EX_UNAVAILABLE,
                        "another instance has joined the group under the same instance id: %s",
                        rd_kafka_message_errstr(message));
    default:
        return kafka_client_fail(&membership->client, message->err, "keeping up the membership",
                                 reterr);
    }
}

/*
 * A broker that goes away may have taken our request to join and lost the answer. The next request
 * then looks to it like another instance under the same id, and the first is fenced, though both
 * are ours. Only a fence that follows an outage is taken so; a real other one is fenced in its turn
 * and stops, as it had no outage.
 */
static bool rejoin(struct kafka_membership *membership, struct err *reterr)
{
    struct err why;

    set_tasks(membership, NULL);
    if (!kafka_client_close(&membership->client))
        return false;
    if (!join_group(membership, &why)) {
        *reterr = why;
        return false;
    }
    reterr->kind = ERR_RETRY;
    return false;
}

bool kafka_membership_poll(struct kafka_membership *membership, int64_t timeout_ms,
                           bool *ret_changed, struct err *reterr)
{
    if (membership->client.rk == NULL && !join_group(membership, reterr))
        return false;
    rd_kafka_message_t *message = rd_kafka_consumer_poll(membership->client.rk, (int)timeout_ms);
    bool fine = true;

    if (membership->client.all_down)
        membership->lost_ms = clock_mono_ms();
    capture(membership);
    if (message != NULL) {
        fine = message->err == RD_KAFKA_RESP_ERR_NO_ERROR || fail_poll(membership, message, reterr);
        rd_kafka_message_destroy(message);
    }
    if (!fine) {
        if (reterr->kind == ERR_STOP)
            set_tasks(membership, NULL);
        return reterr->kind == ERR_ABORT ? rejoin(membership, reterr) : false;
    }
    if (membership->generation >= 0)
        kafka_client_answered(&membership->client);
    else if (kafka_client_hopeless(&membership->client, INT64_MAX))
        return kafka_client_fail(&membership->client, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
                                 "joining the group", reterr);
    *ret_changed = membership->changed;
    membership->changed = false;
    return true;
}

bool kafka_membership_owns(const struct kafka_membership *membership, int32_t task)
{
    for (size_t i = 0; i < membership->tasks_n; i++)
        if (membership->tasks[i] == task)
            return membership->generation >= 0;
    return false;
}

int32_t kafka_membership_generation(struct kafka_membership *membership)
{
    CLEANUP(kafka_group_metadata) rd_kafka_consumer_group_metadata_t *metadata = NULL;
    struct err ignored;

    return kafka_membership_metadata(membership, &metadata, &ignored) ? membership->generation : -1;
}

rd_kafka_t *kafka_membership_handle(struct kafka_membership *membership)
{
    return membership->client.rk;
}

bool kafka_membership_metadata(struct kafka_membership *membership,
                               rd_kafka_consumer_group_metadata_t **ret, struct err *reterr)
{
    CLEANUP(kafka_group_metadata)
    rd_kafka_consumer_group_metadata_t *now =
        membership->client.rk == NULL ? NULL
                                      : rd_kafka_consumer_group_metadata(membership->client.rk);
    char member[sizeof(membership->member)] = "";
    int32_t generation = now == NULL ? -1 : read_identity(now, member, sizeof(member));

    if (generation < 0 || membership->tasks_n == 0)
        return err_set(reterr, ERR_ABORT, "this instance is not a member of the group any more");
    if (generation != membership->generation || strcmp(member, membership->member) != 0)
        return err_set(reterr, ERR_ABORT, "the group has moved on to generation %d", generation);
    *ret = now;
    now = NULL;
    return true;
}
