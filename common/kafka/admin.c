#include "kafka/client.h"

#include "base/clock.h"
#include "base/stop.h"
#include "kafka/internal.h"
#include <assert.h>

enum { ANSWER_MS = 10000, CLUSTER_ID_BYTES = 64 };

/* A consumer without a group: it alone can ask for offsets, and never creates a topic by asking.
 * read_uncommitted, since ListOffsets takes the handle's isolation level: a read_committed one
 * would say where the oldest open transaction begins, and a restore would end there. */
static bool open_client(struct kafka_admin *admin, struct err *reterr)
{
    static const struct kafka_property properties[] = {{"isolation.level", "read_uncommitted"},
                                                       {0}};
    const struct kafka_client_spec spec = {
        .client_id = admin->client_id, .type = RD_KAFKA_CONSUMER, .properties = properties};

    return kafka_client_open(&admin->client, admin->config, &spec, reterr);
}

bool kafka_admin_open(const struct kafka_config *config, const char *client_id,
                      struct kafka_admin **ret, struct err *reterr)
{
    struct kafka_admin *admin = err_calloc(1, sizeof(*admin));

    admin->config = config;
    admin->client_id = err_strdup(client_id);
    if (!open_client(admin, reterr)) {
        free(admin->client_id);
        free(admin);
        return false;
    }
    admin->partitions = config->topic_partitions > 0 ? (int32_t)config->topic_partitions : 1;
    admin->replication = (int32_t)config->topic_replication;
    admin->transaction_timeout_ms = config->transaction_timeout_ms;
    *ret = admin;
    return true;
}

struct kafka_admin *kafka_admin_close(struct kafka_admin *admin)
{
    if (admin == NULL || !kafka_client_close(&admin->client))
        return NULL;
    free(admin->client_id);
    free(admin);
    return NULL;
}

bool kafka_cluster_id(struct kafka_admin *admin, int64_t timeout_ms, char *into, struct err *reterr)
{
    CLEANUP(kafka_metadata) const struct rd_kafka_metadata *metadata = NULL;

    if (!kafka_client_metadata(&admin->client, NULL, timeout_ms, &metadata, reterr))
        return false;
    char *id = rd_kafka_clusterid(admin->client.rk, ANSWER_MS);
    if (id == NULL)
        return kafka_client_fail(&admin->client, RD_KAFKA_RESP_ERR__TIMED_OUT,
                                 "asking for the cluster's id", reterr);
    snprintf(into, CLUSTER_ID_BYTES, "%s", id);
    rd_kafka_mem_free(admin->client.rk, id);
    return true;
}

bool kafka_partitions(struct kafka_admin *admin, const char *topic, int32_t *ret,
                      struct err *reterr)
{
    CLEANUP(kafka_metadata) const struct rd_kafka_metadata *metadata = NULL;
    char doing[320];

    if (!kafka_client_metadata(&admin->client, topic, ANSWER_MS, &metadata, reterr))
        return false;
    assert(metadata->topic_cnt == 1);
    const struct rd_kafka_metadata_topic *found = &metadata->topics[0];
    switch (found->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
        *ret = found->partition_cnt;
        return true;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        *ret = 0;
        return true;
    default:
        snprintf(doing, sizeof(doing), "looking up topic %s", topic);
        return kafka_client_fail(&admin->client, found->err, doing, reterr);
    }
}

/* A new topic's leader may be unknown to the broker that is asked, for a moment. */
static bool leader_is_coming(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
           code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

/* A question for both ends of a partition; it may outlive whoever asked. */
struct ends {
    rd_kafka_t *rk;
    char *topic;
    int32_t partition;
    int64_t low, high;
    rd_kafka_resp_err_t code;
};

static void ask_ends(void *arg)
{
    struct ends *ends = arg;

    ends->code = rd_kafka_query_watermark_offsets(ends->rk, ends->topic, ends->partition,
                                                  &ends->low, &ends->high, ANSWER_MS);
}

static void free_ends(struct ends *ends)
{
    free(ends->topic);
    free(ends);
}

/* The answer came when nobody waited for it any more: the handle it came by ends as well. */
static void end_left(void *arg)
{
    struct ends *ends = arg;

    rd_kafka_destroy(ends->rk);
    free_ends(ends);
}

/* The handle is the left call's from now on; the next questions need another. */
static bool leave(struct kafka_admin *admin, struct kafka_caller *caller, struct ends *ends,
                  struct err *reterr)
{
    struct err why;

    kafka_client_fail(&admin->client, RD_KAFKA_RESP_ERR__TIMED_OUT, "asking for a topic's end",
                      reterr);
    admin->client.rk = NULL;
    kafka_caller_bequeath(caller, end_left, ends);
    if (kafka_client_close(&admin->client) && !open_client(admin, &why))
        *reterr = why;
    return false;
}

/* False: no answer within ANSWER_MS, or the grace of a stop is over. */
static bool ask_watermarks(struct kafka_admin *admin, const char *topic, int32_t partition,
                           struct ends *ret, struct err *reterr)
{
    struct kafka_caller *caller = kafka_caller_new();
    struct ends *ends = err_calloc(1, sizeof(*ends));
    const struct kafka_call call = {.rk = admin->client.rk, .ask = ask_ends, .arg = ends};
    rd_kafka_error_t *none = NULL;

    *ends =
        (struct ends){.rk = admin->client.rk, .topic = err_strdup(topic), .partition = partition};
    if (!kafka_caller_run(caller, &call, ANSWER_MS, &none))
        return leave(admin, caller, ends, reterr);
    kafka_caller_free(caller);
    *ret = *ends;
    free_ends(ends);
    return true;
}

bool kafka_watermarks(struct kafka_admin *admin, const char *topic, int32_t partition,
                      int64_t *ret_low, int64_t *ret_high, struct err *reterr)
{
    enum { LEADER_MS = 5000, PAUSE_US = 20000 };
    int64_t end_ms = clock_mono_ms() + LEADER_MS;
    struct ends ends;
    char doing[320];

    for (;;) {
        if (!ask_watermarks(admin, topic, partition, &ends, reterr))
            return false;
        if (!leader_is_coming(ends.code) || stop_or_passed(end_ms))
            break;
        usleep(PAUSE_US);
    }
    if (ends.code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        snprintf(doing, sizeof(doing), "asking for the end of %s/%d", topic, partition);
        return kafka_client_fail(&admin->client, ends.code, doing, reterr);
    }
    *ret_low = ends.low;
    *ret_high = ends.high;
    return true;
}

/* One question for the group's offset; *ret_list belongs to *ret_event. */
static rd_kafka_resp_err_t ask_committed(struct kafka_admin *admin, const char *group,
                                         rd_kafka_topic_partition_list_t *which,
                                         rd_kafka_event_t **ret_event,
                                         const rd_kafka_topic_partition_t **ret)
{
    CLEANUP(kafka_queue) rd_kafka_queue_t *queue = rd_kafka_queue_new(admin->client.rk);
    rd_kafka_ListConsumerGroupOffsets_t *question =
        rd_kafka_ListConsumerGroupOffsets_new(group, which);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(admin->client.rk, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
    size_t n = 0;

    rd_kafka_AdminOptions_set_request_timeout(options, ANSWER_MS, NULL, 0);
    kafka_error_free(rd_kafka_AdminOptions_set_require_stable_offsets(options, 1));
    rd_kafka_ListConsumerGroupOffsets(admin->client.rk, &question, 1, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ListConsumerGroupOffsets_destroy(question);
    *ret_event = kafka_await_event(queue, ANSWER_MS + 1000);
    if (*ret_event == NULL)
        return RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (rd_kafka_event_error(*ret_event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return rd_kafka_event_error(*ret_event);
    const rd_kafka_group_result_t **groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result(*ret_event), &n);
    const rd_kafka_error_t *error = n == 1 ? rd_kafka_group_result_error(groups[0]) : NULL;
    if (error != NULL)
        return rd_kafka_error_code(error);
    const rd_kafka_topic_partition_list_t *list =
        n == 1 ? rd_kafka_group_result_partitions(groups[0]) : NULL;
    if (list == NULL || list->cnt != 1)
        return RD_KAFKA_RESP_ERR__BAD_MSG;
    *ret = &list->elems[0];
    return list->elems[0].err;
}

/* NOLINTNEXTLINE(readability-function-size): a question of three names with a two-part answer */
bool kafka_committed(struct kafka_admin *admin, const char *group, const char *topic,
                     int32_t partition, int64_t *ret_offset, struct buf *metadata,
                     struct err *reterr)
{
    enum { PAUSE_US = 20000 };
    CLEANUP(kafka_list)
    rd_kafka_topic_partition_list_t *which = rd_kafka_topic_partition_list_new(1);
    int64_t end_ms = clock_mono_ms() + 2 * admin->transaction_timeout_ms + ANSWER_MS;
    char doing[320];

    rd_kafka_topic_partition_list_add(which, topic, partition);
    for (;;) {
        CLEANUP(kafka_event) rd_kafka_event_t *event = NULL;
        const rd_kafka_topic_partition_t *found = NULL;
        rd_kafka_resp_err_t code = ask_committed(admin, group, which, &event, &found);

        if (code == RD_KAFKA_RESP_ERR_NO_ERROR && found != NULL) {
            *ret_offset = found->offset >= 0 ? found->offset : -1;
            if (metadata != NULL && found->metadata_size > 0)
                buf_append(metadata, found->metadata, found->metadata_size);
            return true;
        }
        /* A transaction that holds the offset is still open: its end decides. */
        if (code != RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT || stop_or_passed(end_ms)) {
            snprintf(doing, sizeof(doing), "reading group %s's offset of %s/%d", group, topic,
                     partition);
            return kafka_client_fail(&admin->client, code, doing, reterr);
        }
        usleep(PAUSE_US);
    }
}
