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
    rd_kafka_event_t *event = kafka_await_event(queue, timeout_ms);
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

/* The first topic that could not be created; that another was quicker is fine. */
static bool all_created(struct kafka_admin *admin, rd_kafka_event_t *event, struct err *reterr)
{
    size_t n = 0;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n);

    for (size_t i = 0; i < n; i++) {
        rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
        const char *why = rd_kafka_topic_result_error_string(results[i]);
        char doing[640];

        if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
            continue;
        snprintf(doing, sizeof(doing), "creating topic %s%s%s",
                 rd_kafka_topic_result_name(results[i]), why == NULL ? "" : ": ",
                 why == NULL ? "" : why);
        return kafka_client_fail(&admin->client, code, doing, reterr);
    }
    return true;
}

/* Creates the topics by one request. */
static bool create(struct kafka_admin *admin, rd_kafka_NewTopic_t **topics, size_t n,
                   int64_t timeout_ms, struct err *reterr)
{
    CLEANUP(kafka_queue) rd_kafka_queue_t *queue = rd_kafka_queue_new(admin->client.rk);
    CLEANUP(kafka_event) rd_kafka_event_t *event = NULL;
    rd_kafka_AdminOptions_t *options =
        options_for(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms);

    rd_kafka_CreateTopics(admin->client.rk, topics, n, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    return answer(admin, queue, timeout_ms, "creating topics", &event, reterr) &&
           all_created(admin, event, reterr);
}

/* Creates those that do not exist. */
static bool create_missing(struct kafka_admin *admin, const struct kafka_topic_spec *specs,
                           size_t specs_n, int64_t timeout_ms, struct err *reterr)
{
    CLEANUP(free)
    rd_kafka_NewTopic_t **missing = err_calloc(specs_n, sizeof(rd_kafka_NewTopic_t *));
    size_t missing_n = 0;
    bool ok = true;

    for (size_t i = 0; i < specs_n && ok; i++) {
        int32_t partitions = 0;

        ok = kafka_partitions(admin, specs[i].name, &partitions, reterr) &&
             (partitions > 0 || new_topic(admin, &specs[i], &missing[missing_n], reterr));
        if (ok && partitions == 0)
            missing_n++;
    }
    if (ok && missing_n > 0)
        ok = create(admin, missing, missing_n, timeout_ms, reterr);
    rd_kafka_NewTopic_destroy_array(missing, missing_n);
    return ok;
}

/* A setting of a topic. */
struct setting {
    const char *name;
    char value[WHY_BYTES]; /* "" when the broker does not tell it */
};

static void take_setting(const rd_kafka_ConfigEntry_t *entry, struct setting *settings, size_t n)
{
    const char *value = rd_kafka_ConfigEntry_value(entry);

    for (size_t i = 0; i < n && value != NULL; i++)
        if (strcmp(rd_kafka_ConfigEntry_name(entry), settings[i].name) == 0)
            snprintf(settings[i].value, WHY_BYTES, "%s", value);
}

/* Asks for the values of settings. */
static bool read_settings(struct kafka_admin *admin, const char *topic, struct setting *settings,
                          size_t n, struct err *reterr)
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
    for (size_t i = 0; i < entries_n; i++)
        take_setting(entries[i], settings, n);
    return true;
}

static bool check_existing(struct kafka_admin *admin, const struct kafka_topic_spec *spec,
                           int32_t partitions, struct err *reterr)
{
    const char *wanted = spec->cleanup == KAFKA_DELETE ? "delete" : "compact";
    struct setting policy = {.name = "cleanup.policy"};

    if (spec->partitions > partitions)
        return err_stop(reterr, EX_CONFIG, "topic %s has %d partitions; %d are needed", spec->name,
                        partitions, spec->partitions);
    if (!read_settings(admin, spec->name, &policy, 1, reterr))
        return false;
    if (policy.value[0] != '\0' && strcmp(policy.value, wanted) != 0)
        return err_stop(reterr, EX_CONFIG, "topic %s has cleanup.policy=%s; \"%s\" is needed",
                        spec->name, policy.value, wanted);
    return true;
}

static bool is_led(const struct rd_kafka_metadata_topic *topic)
{
    bool all = topic->err == RD_KAFKA_RESP_ERR_NO_ERROR && topic->partition_cnt > 0;

    for (int i = 0; i < topic->partition_cnt; i++)
        all = all && topic->partitions[i].leader >= 0;
    return all;
}

/* Waits until the topic is there and every partition has a leader. */
static bool wait_led(struct kafka_admin *admin, const char *topic, int64_t end_ms,
                     int32_t *ret_partitions, struct err *reterr)
{
    enum { PAUSE_US = 5000, LEAST_MS = 500 };

    for (;;) {
        CLEANUP(kafka_metadata) const struct rd_kafka_metadata *metadata = NULL;
        int64_t left_ms = end_ms - clock_mono_ms();

        if (!kafka_client_metadata(&admin->client, topic, left_ms > LEAST_MS ? left_ms : LEAST_MS,
                                   &metadata, reterr))
            return false;
        *ret_partitions = metadata->topics[0].partition_cnt;
        if (is_led(&metadata->topics[0]))
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

    if (!kafka_client_metadata(&admin->client, NULL, timeout_ms, &metadata, reterr) ||
        !create_missing(admin, specs, specs_n, timeout_ms, reterr))
        return false;
    for (size_t i = 0; i < specs_n; i++) {
        int32_t partitions = 0;

        if (!wait_led(admin, specs[i].name, end_ms, &partitions, reterr) ||
            !check_existing(admin, &specs[i], partitions, reterr))
            return false;
    }
    return true;
}

bool kafka_check_keeps_all(struct kafka_admin *admin, const char *topic, struct err *reterr)
{
    static const char *const wanted[] = {"delete", "-1", "-1"};
    struct setting settings[] = {
        {.name = "cleanup.policy"}, {.name = "retention.ms"}, {.name = "retention.bytes"}};

    if (!read_settings(admin, topic, settings, 3, reterr))
        return false;
    for (size_t i = 0; i < 3; i++)
        if (strcmp(settings[i].value, wanted[i]) != 0)
            return err_stop(reterr, EX_CONFIG, "topic %s has %s=%s; %s is needed", topic,
                            settings[i].name, settings[i].value, wanted[i]);
    return true;
}
