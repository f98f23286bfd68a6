#include "kafka/client.h"

#include "base/clock.h"
#include "kafka/internal.h"

enum { WHY_BYTES = 256 };

static void free_new_topic(rd_kafka_NewTopic_t *topic)
{
    if (topic != NULL)
        rd_kafka_NewTopic_destroy(topic);
}

DEFINE_CLEANUP(new_topic, rd_kafka_NewTopic_t *, free_new_topic);

static bool set_extra(rd_kafka_NewTopic_t *topic, const char *const *extra, struct err *reterr)
{
    for (; extra != NULL && *extra != NULL; extra++) {
        CLEANUP(free) char *name = err_strdup(*extra);
        char *equals = strchr(name, '=');

        if (equals == NULL)
            return err_stop(reterr, EX_CONFIG, "topic setting \"%s\" is not name=value", name);
        *equals = '\0';
        rd_kafka_NewTopic_set_config(topic, name, equals + 1);
    }
    return true;
}

/* Retention belongs to the protocol: bronze keeps all; a view's deletes stay visible for as long as
 * a sink may be away. */
static bool new_topic(const struct kafka_admin *admin, const struct kafka_topic_spec *spec,
                      rd_kafka_NewTopic_t **ret, struct err *reterr)
{
    char why[WHY_BYTES] = "";
    int partitions = spec->partitions > 0 ? spec->partitions : admin->partitions;
    int replication = spec->replication > 0 ? spec->replication : admin->replication;
    CLEANUP(new_topic)
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(
        spec->name, partitions, replication > 0 ? replication : -1, why, sizeof(why));

    if (topic == NULL)
        return err_stop(reterr, EX_CONFIG, "topic %s: %s", spec->name, why);
    if (spec->cleanup == KAFKA_DELETE) {
        rd_kafka_NewTopic_set_config(topic, "cleanup.policy", "delete");
        rd_kafka_NewTopic_set_config(topic, "retention.ms", "-1");
    } else {
        rd_kafka_NewTopic_set_config(topic, "cleanup.policy", "compact");
        rd_kafka_NewTopic_set_config(topic, "min.compaction.lag.ms", "86400000");
        rd_kafka_NewTopic_set_config(topic, "delete.retention.ms", "604800000");
    }
    if (!set_extra(topic, spec->extra, reterr))
        return false;
    *ret = topic;
    topic = NULL;
    return true;
}

/* Waits for the answer of an admin operation. */
static bool answer(struct kafka_admin *admin, rd_kafka_queue_t *queue, int64_t timeout_ms,
                   const char *doing, rd_kafka_event_t **ret, struct err *reterr)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, (int)timeout_ms);
    rd_kafka_resp_err_t code =
        event == NULL ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event);

    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        kafka_event_free(event);
        return kafka_client_fail(&admin->client, code, doing, reterr);
    }
    *ret = event;
    return true;
}

static rd_kafka_AdminOptions_t *options_for(struct kafka_admin *admin, rd_kafka_admin_op_t what,
                                            int64_t timeout_ms)
{
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(admin->client.rk, what);

    rd_kafka_AdminOptions_set_request_timeout(options, (int)timeout_ms, NULL, 0);
    return options;
}

/* Creates one topic; that another was quicker is fine. */
static bool create(struct kafka_admin *admin, const struct kafka_topic_spec *spec,
                   int64_t timeout_ms, struct err *reterr)
{
    CLEANUP(kafka_queue) rd_kafka_queue_t *queue = rd_kafka_queue_new(admin->client.rk);
    CLEANUP(kafka_event) rd_kafka_event_t *event = NULL;
    CLEANUP(new_topic) rd_kafka_NewTopic_t *topic = NULL;
    char doing[320];
    size_t n = 0;

    snprintf(doing, sizeof(doing), "creating topic %s", spec->name);
    if (!new_topic(admin, spec, &topic, reterr))
        return false;
    rd_kafka_AdminOptions_t *options =
        options_for(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms);
    rd_kafka_CreateTopics(admin->client.rk, &topic, 1, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    if (!answer(admin, queue, timeout_ms, doing, &event, reterr))
        return false;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n);
    rd_kafka_resp_err_t code =
        n == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return true;
    if (n == 1 && rd_kafka_topic_result_error_string(results[0]) != NULL) {
        size_t used = strlen(doing);
        snprintf(doing + used, sizeof(doing) - used, ": %s",
                 rd_kafka_topic_result_error_string(results[0]));
    }
    return kafka_client_fail(&admin->client, code, doing, reterr);
}

/* Copies the value of one setting of a topic; "" when the broker does not tell it. */
static bool topic_setting(struct kafka_admin *admin, const char *topic, const char *name,
                          char into[WHY_BYTES], struct err *reterr)
{
    enum { ANSWER_MS = 10000 };
    CLEANUP(kafka_queue) rd_kafka_queue_t *queue = rd_kafka_queue_new(admin->client.rk);
    CLEANUP(kafka_event) rd_kafka_event_t *event = NULL;
    char doing[320];
    size_t resources_n = 0, entries_n = 0;

    snprintf(doing, sizeof(doing), "reading the settings of topic %s", topic);
    rd_kafka_ConfigResource_t *which = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_AdminOptions_t *options =
        options_for(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, ANSWER_MS);
    rd_kafka_DescribeConfigs(admin->client.rk, &which, 1, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy(which);
    if (!answer(admin, queue, ANSWER_MS, doing, &event, reterr))
        return false;
    const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(event), &resources_n);
    rd_kafka_resp_err_t code =
        resources_n == 1 ? rd_kafka_ConfigResource_error(resources[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_client_fail(&admin->client, code, doing, reterr);
    const rd_kafka_ConfigEntry_t **entries =
        rd_kafka_ConfigResource_configs(resources[0], &entries_n);
    into[0] = '\0';
    for (size_t i = 0; i < entries_n; i++) {
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);

        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0 && value != NULL)
            snprintf(into, WHY_BYTES, "%s", value);
    }
    return true;
}

static bool check_existing(struct kafka_admin *admin, const struct kafka_topic_spec *spec,
                           int32_t partitions, struct err *reterr)
{
    const char *wanted = spec->cleanup == KAFKA_DELETE ? "delete" : "compact";
    char policy[WHY_BYTES] = "";

    if (spec->partitions > partitions)
        return err_stop(reterr, EX_CONFIG, "topic %s has %d partitions; %d are needed", spec->name,
                        partitions, spec->partitions);
    if (!topic_setting(admin, spec->name, "cleanup.policy", policy, reterr))
        return false;
    if (policy[0] != '\0' && strcmp(policy, wanted) != 0)
        return err_stop(reterr, EX_CONFIG, "topic %s has cleanup.policy=%s; \"%s\" is needed",
                        spec->name, policy, wanted);
    return true;
}

/* The topic is there and every partition has a leader. */
static bool led(struct kafka_admin *admin, const char *topic, int64_t timeout_ms, bool *ret,
                struct err *reterr)
{
    CLEANUP(kafka_metadata) const struct rd_kafka_metadata *metadata = NULL;

    if (!kafka_client_metadata(&admin->client, topic, timeout_ms, &metadata, reterr))
        return false;
    const struct rd_kafka_metadata_topic *found = &metadata->topics[0];
    bool all = found->err == RD_KAFKA_RESP_ERR_NO_ERROR && found->partition_cnt > 0;
    for (int i = 0; i < found->partition_cnt; i++)
        all = all && found->partitions[i].leader >= 0;
    *ret = all;
    return true;
}

static bool wait_led(struct kafka_admin *admin, const char *topic, int64_t end_ms,
                     struct err *reterr)
{
    enum { PAUSE_US = 20000, LEAST_MS = 500 };

    for (;;) {
        int64_t left_ms = end_ms - clock_mono_ms();
        bool all = false;

        if (!led(admin, topic, left_ms > LEAST_MS ? left_ms : LEAST_MS, &all, reterr))
            return false;
        if (all)
            return true;
        if (left_ms <= 0)
            return err_set(reterr, ERR_RETRY, "topic %s: not every partition has a leader yet",
                           topic);
        usleep(PAUSE_US);
    }
}

bool kafka_ensure_topics(struct kafka_admin *admin, const struct kafka_topic_spec *specs,
                         size_t specs_n, int64_t timeout_ms, struct err *reterr)
{
    int64_t end_ms = clock_mono_ms() + timeout_ms;
    CLEANUP(kafka_metadata) const struct rd_kafka_metadata *metadata = NULL;

    if (!kafka_client_metadata(&admin->client, NULL, timeout_ms, &metadata, reterr))
        return false;
    for (size_t i = 0; i < specs_n; i++) {
        int32_t partitions = 0;

        if (!kafka_partitions(admin, specs[i].name, &partitions, reterr))
            return false;
        if (partitions == 0 && !create(admin, &specs[i], timeout_ms, reterr))
            return false;
    }
    for (size_t i = 0; i < specs_n; i++) {
        int32_t partitions = 0;

        if (!wait_led(admin, specs[i].name, end_ms, reterr) ||
            !kafka_partitions(admin, specs[i].name, &partitions, reterr) ||
            !check_existing(admin, &specs[i], partitions, reterr))
            return false;
    }
    return true;
}

/* The setting has this value. */
static bool needs_setting(struct kafka_admin *admin, const char *topic, const char *name,
                          const char *wanted, struct err *reterr)
{
    char value[WHY_BYTES] = "";

    if (!topic_setting(admin, topic, name, value, reterr))
        return false;
    return strcmp(value, wanted) == 0 ||
           err_stop(reterr, EX_CONFIG, "topic %s has %s=%s; %s is needed", topic, name, value,
                    wanted);
}

bool kafka_check_complete(struct kafka_admin *admin, const char *topic, struct err *reterr)
{
    int32_t partitions = 0;

    if (!needs_setting(admin, topic, "cleanup.policy", "delete", reterr) ||
        !needs_setting(admin, topic, "retention.ms", "-1", reterr) ||
        !needs_setting(admin, topic, "retention.bytes", "-1", reterr) ||
        !kafka_partitions(admin, topic, &partitions, reterr))
        return false;
    for (int32_t i = 0; i < partitions; i++) {
        int64_t low = 0, high = 0;

        if (!kafka_watermarks(admin, topic, i, &low, &high, reterr))
            return false;
        if (low > 0)
            return err_stop(reterr, EX_CONFIG, "topic %s, partition %d begins at offset %lld",
                            topic, (int)i, (long long)low);
    }
    return true;
}
