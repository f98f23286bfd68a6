#include "kafka/client.h"

#include "base/clock.h"
#include "kafka/internal.h"
#include <assert.h>

enum { ANSWER_MS = 10000, CLUSTER_ID_BYTES = 64 };

/* A consumer without a group: it alone can ask for offsets, and never creates a topic by asking.
 * read_uncommitted, since ListOffsets takes the handle's isolation level: a read_committed one
 * would say where the oldest open transaction begins, and a restore would end there. */
bool kafka_admin_open(const struct kafka_config *config, const char *client_id,
                      struct kafka_admin **ret, struct err *reterr)
{
    static const struct kafka_property properties[] = {{"isolation.level", "read_uncommitted"},
                                                       {0}};
    const struct kafka_client_spec spec = {
        .client_id = client_id, .type = RD_KAFKA_CONSUMER, .properties = properties};
    struct kafka_admin *admin = err_calloc(1, sizeof(*admin));

    if (!kafka_client_open(&admin->client, config, &spec, reterr)) {
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
    if (admin != NULL && kafka_client_close(&admin->client))
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

bool kafka_watermarks(struct kafka_admin *admin, const char *topic, int32_t partition,
                      int64_t *ret_low, int64_t *ret_high, struct err *reterr)
{
    enum { LEADER_MS = 5000, PAUSE_US = 20000 };
    int64_t low = 0, high = 0, end_ms = clock_mono_ms() + LEADER_MS;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    char doing[320];

    for (;;) {
        code = rd_kafka_query_watermark_offsets(admin->client.rk, topic, partition, &low, &high,
                                                ANSWER_MS);
        if (!leader_is_coming(code) || clock_mono_ms() > end_ms)
            break;
        usleep(PAUSE_US);
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        snprintf(doing, sizeof(doing), "asking for the end of %s/%d", topic, partition);
        return kafka_client_fail(&admin->client, code, doing, reterr);
    }
    *ret_low = low;
    *ret_high = high;
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
    *ret_event = rd_kafka_queue_poll(queue, ANSWER_MS + 1000);
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
        if (code != RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT || clock_mono_ms() > end_ms) {
            snprintf(doing, sizeof(doing), "reading group %s's offset of %s/%d", group, topic,
                     partition);
            return kafka_client_fail(&admin->client, code, doing, reterr);
        }
        usleep(PAUSE_US);
    }
}
