#include "kafka/client.h"

#include "base/clock.h"
#include "base/stop.h"
#include "kafka/internal.h"
#include "kafka/pure.h"

static const char *const mechanisms[] = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", NULL};

#define FIELD(member) offsetof(struct kafka_config, member)

const struct option kafka_options[] = {
    {"kafka-bootstrap", OPTION_STRING, FIELD(bootstrap), .fallback = "localhost:9092",
     .value_name = "HOST:PORT,...", .help = "brokers to ask first"},
    {"kafka-username", OPTION_STRING, FIELD(username), .value_name = "NAME",
     .help = "user for SASL"},
    {"kafka-password", OPTION_SECRET, FIELD(password), .value_name = "FILE",
     .help = "password for SASL"},
    {"kafka-sasl-mechanism", OPTION_CHOICE, FIELD(sasl_mechanism), .fallback = "PLAIN",
     .choices = mechanisms, .value_name = "NAME",
     .help = "SASL mechanism (SCRAM with Kafka 4 needs librdkafka 2.6.1)"},
    {"kafka-ca-file", OPTION_STRING, FIELD(ca_file), .value_name = "FILE",
     .help = "use TLS and trust the authorities in this PEM file"},
    {"kafka-tls", OPTION_BOOL, FIELD(tls), .fallback = "false",
     .help = "use TLS and trust the system's authorities"},
    {"kafka-config", OPTION_LIST, FIELD(properties), .value_name = "NAME=VALUE",
     .help = "set a property of librdkafka"},
    {"topic-partitions", OPTION_INT, FIELD(topic_partitions), .fallback = "6", .min = 1,
     .max = 10000, .value_name = "N", .help = "partitions of topics that are created"},
    {"topic-replication", OPTION_INT, FIELD(topic_replication), .fallback = "0", .min = 0,
     .max = 32, .value_name = "N", .help = "replicas of topics that are created; 0: the broker's"},
    {"transaction-timeout", OPTION_DURATION, FIELD(transaction_timeout_ms), .fallback = "15s",
     .min = 2000, .max = 900000, .value_name = "TIME",
     .help = "the broker aborts a transaction that is open for longer"},
    {"kafka-queue-size", OPTION_SIZE, FIELD(queue_bytes), .fallback = "2MiB", .min = 1 << 20,
     .max = INT64_C(2) << 30, .value_name = "SIZE",
     .help = "most bytes a consumer holds fetched and unread"},
    {0},
};

/* For every handle. Nagle's algorithm is on by default before 2.10 and would add 40 ms here and
 * there; time-outs of a minute would hide a broker that stands still. */
static const struct kafka_property common_properties[] = {
    {"socket.nagle.disable", "true"},      {"socket.keepalive.enable", "true"},
    {"socket.timeout.ms", "10000"},        {"socket.connection.setup.timeout.ms", "10000"},
    {"reconnect.backoff.ms", "50"},        {"reconnect.backoff.max.ms", "1000"},
    {"allow.auto.create.topics", "false"}, {0},
};

static bool set_property(rd_kafka_conf_t *conf, const char *name, const char *value,
                         struct err *reterr)
{
    char why[256];

    if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK)
        return true;
    if (!kafka_property_printable(name))
        return err_stop(reterr, EX_CONFIG, "librdkafka refuses the value of %s", name);
    return err_stop(reterr, EX_CONFIG, "librdkafka refuses %s: %s", name, why);
}

static bool set_properties(rd_kafka_conf_t *conf, const struct kafka_property *properties,
                           struct err *reterr)
{
    for (; properties->name != NULL; properties++)
        if (properties->value != NULL &&
            !set_property(conf, properties->name, properties->value, reterr))
            return false;
    return true;
}

static bool set_security(rd_kafka_conf_t *conf, const struct kafka_config *config,
                         struct err *reterr)
{
    bool tls = config->tls || config->ca_file != NULL;

    if (config->username == NULL && config->password != NULL)
        return err_stop(reterr, EX_USAGE, "--kafka-password-file: needs --kafka-username as well");
    if (config->username != NULL && config->password == NULL)
        return err_stop(reterr, EX_USAGE, "--kafka-username: needs --kafka-password-file as well");
    if (config->ca_file != NULL && access(config->ca_file, R_OK) != 0)
        return err_stop(reterr, EX_NOINPUT, "--kafka-ca-file: cannot read \"%s\"", config->ca_file);

    const struct kafka_property security[] = {
        {"security.protocol", config->username == NULL ? (tls ? "ssl" : "plaintext")
                                                       : (tls ? "sasl_ssl" : "sasl_plaintext")},
        {"ssl.ca.location", config->ca_file},
        {"sasl.mechanism", config->username == NULL ? NULL : mechanisms[config->sasl_mechanism]},
        {"sasl.username", config->username},
        {"sasl.password", config->password},
        {0},
    };
    return set_properties(conf, security, reterr);
}

/* The user's own properties come last. Those that exactly-once depends on are not theirs. */
static bool set_given(rd_kafka_conf_t *conf, const struct option_list *given, struct err *reterr)
{
    for (size_t i = 0; i < given->n; i++) {
        CLEANUP(free) char *name = err_strdup(given->items[i]);
        char *equals = strchr(name, '=');
        struct err why;

        if (equals == NULL)
            return err_stop(reterr, EX_USAGE, "--kafka-config: \"%s\" is not NAME=VALUE", name);
        *equals = '\0';
        if (kafka_property_reserved(name))
            return err_stop(reterr, EX_USAGE, "--kafka-config: %s is decided by Sluice", name);
        if (!set_property(conf, name, equals + 1, &why))
            return err_stop(reterr, EX_USAGE, "--kafka-config: %s", why.text);
    }
    return true;
}

/* Runs inside the owner's calls (rd_kafka_poll and its like). */
static void hear_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    struct kafka_client *client = opaque;

    (void)rk;
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        client->all_down = true;
        return;
    }
    /* What a fatal error is, rd_kafka_fatal_error tells; refused credentials stay known. */
    if (code == RD_KAFKA_RESP_ERR__FATAL || client->trouble == RD_KAFKA_RESP_ERR__AUTHENTICATION)
        return;
    client->trouble = (rd_kafka_resp_err_t)code;
    snprintf(client->trouble_text, sizeof(client->trouble_text), "%s", reason);
}

static bool configure(rd_kafka_conf_t *conf, const struct kafka_config *config,
                      const struct kafka_client_spec *spec, struct err *reterr)
{
    const struct kafka_property who[] = {
        {"bootstrap.servers", config->bootstrap}, {"client.id", spec->client_id}, {0}};

    return set_properties(conf, who, reterr) && set_properties(conf, common_properties, reterr) &&
           set_properties(conf, spec->properties, reterr) && set_security(conf, config, reterr) &&
           set_given(conf, &config->properties, reterr);
}

bool kafka_client_open(struct kafka_client *client, const struct kafka_config *config,
                       const struct kafka_client_spec *spec, struct err *reterr)
{
    char why[256];

    if (client->left)
        return err_set(reterr, ERR_RETRY, "the process is about to end");
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (!configure(conf, config, spec, reterr)) {
        rd_kafka_conf_destroy(conf);
        return false;
    }
    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_error_cb(conf, hear_error);
    rd_kafka_conf_set_log_cb(conf, NULL); /* services log; what matters comes by error_cb */
    if (spec->delivery != NULL)
        rd_kafka_conf_set_dr_msg_cb(conf, spec->delivery);
    if (spec->rebalance != NULL)
        rd_kafka_conf_set_rebalance_cb(conf, spec->rebalance);
    client->rk = rd_kafka_new(spec->type, conf, why, sizeof(why));
    if (client->rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return err_stop(reterr, config->properties.n > 0 ? EX_USAGE : EX_CONFIG,
                        "%slibrdkafka refuses its configuration: %s",
                        config->properties.n > 0 ? "--kafka-config: " : "", why);
    }
    client->bootstrap = err_strdup(config->bootstrap);
    client->username = err_strdup(config->username);
    return true;
}

/* Closing a consumer waits for commits on their way, ten seconds when the broker is away. */
static rd_kafka_error_t *end(rd_kafka_t *rk, int timeout_ms)
{
    (void)timeout_ms;
    if (rd_kafka_type(rk) == RD_KAFKA_CONSUMER)
        rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    return NULL;
}

static void nothing_more(void *arg)
{
    (void)arg;
}

bool kafka_client_close(struct kafka_client *client)
{
    const struct kafka_call call = {.rk = client->rk, .plain = end};
    rd_kafka_error_t *none = NULL;

    if (client->rk != NULL) {
        struct kafka_caller *caller = kafka_caller_new();

        if (!kafka_caller_run(caller, &call, INT32_MAX, &none)) {
            kafka_caller_bequeath(caller, nothing_more, NULL);
            client->rk = NULL;
            client->left = true;
        } else {
            kafka_caller_free(caller);
        }
    }
    if (client->left)
        return false;
    free(client->bootstrap);
    free(client->username);
    *client = (struct kafka_client){0};
    return true;
}

void kafka_client_answered(struct kafka_client *client)
{
    client->trouble = RD_KAFKA_RESP_ERR_NO_ERROR;
    client->trouble_text[0] = '\0';
    client->all_down = false;
}

bool kafka_client_hopeless(const struct kafka_client *client, int64_t waited_ms)
{
    enum { DOWN_MS = 1000 };

    return client->trouble == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
           (client->all_down && waited_ms >= DOWN_MS);
}

rd_kafka_event_t *kafka_await_event(rd_kafka_queue_t *queue, int64_t timeout_ms)
{
    enum { TURN_MS = 100 };
    int64_t end_ms = clock_mono_ms() + timeout_ms;
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, TURN_MS);

    while (event == NULL && !stop_or_passed(end_ms))
        event = rd_kafka_queue_poll(queue, TURN_MS);
    return event;
}

bool kafka_code_forbidden(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
        return true;
    default:
        return false;
    }
}

/* No wait mends these. */
static bool permanent(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
    case RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE:
        return true;
    default:
        return false;
    }
}

static bool unreachable(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT ||
           code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__RESOLVE ||
           code == RD_KAFKA_RESP_ERR__WAIT_COORD || code == RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE;
}

bool kafka_client_fail(struct kafka_client *client, rd_kafka_resp_err_t code, const char *doing,
                       struct err *reterr)
{
    rd_kafka_poll(client->rk, 0); /* lets error_cb tell the reason */
    if (client->trouble == RD_KAFKA_RESP_ERR__AUTHENTICATION && client->username != NULL)
        return err_stop(reterr, EX_NOPERM,
                        "Kafka refuses user \"%s\" (--kafka-username, --kafka-password-file): %s",
                        client->username, client->trouble_text);
    if (client->trouble == RD_KAFKA_RESP_ERR__AUTHENTICATION)
        return err_stop(reterr, EX_NOPERM,
                        "Kafka wants a user (--kafka-username, --kafka-password-file): %s",
                        client->trouble_text);
    if (client->trouble == RD_KAFKA_RESP_ERR__SSL &&
        strstr(client->trouble_text, "certificate") != NULL)
        return err_stop(reterr, EX_NOPERM, "TLS to Kafka fails (--kafka-ca-file): %s",
                        client->trouble_text);
    if (kafka_code_forbidden(code))
        return err_stop(reterr, EX_NOPERM, "%s: %s", doing, rd_kafka_err2str(code));
    if (permanent(code))
        return err_stop(reterr, EX_CONFIG, "%s: %s", doing, rd_kafka_err2str(code));
    if (unreachable(code))
        return err_set(
            reterr, ERR_RETRY, "%s: no Kafka broker answers at %s (--kafka-bootstrap): %s", doing,
            client->bootstrap,
            client->trouble_text[0] != '\0' ? client->trouble_text : rd_kafka_err2str(code));
    return err_set(reterr, ERR_RETRY, "%s: %s", doing, rd_kafka_err2str(code));
}

/* Asks in short turns, so that refused credentials and refused connections end the wait early. */
bool kafka_client_metadata(struct kafka_client *client, const char *topic, int64_t timeout_ms,
                           const struct rd_kafka_metadata **ret, struct err *reterr)
{
    enum { TURN_MS = 250 };
    int64_t end_ms = clock_mono_ms() + timeout_ms;
    CLEANUP(kafka_topic)
    rd_kafka_topic_t *handle = topic == NULL ? NULL : rd_kafka_topic_new(client->rk, topic, NULL);
    char doing[320] = "asking for metadata";

    if (topic != NULL && handle == NULL)
        return err_stop(reterr, EX_CONFIG, "\"%s\" is not a topic's name", topic);
    if (topic != NULL)
        snprintf(doing, sizeof(doing), "looking up topic %s", topic);
    for (;;) {
        int64_t left_ms = end_ms - clock_mono_ms();
        int turn_ms = left_ms < 1 ? 1 : left_ms > TURN_MS ? TURN_MS : (int)left_ms;
        rd_kafka_resp_err_t code = rd_kafka_metadata(client->rk, 0, handle, ret, turn_ms);

        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            kafka_client_answered(client);
            return true;
        }
        rd_kafka_poll(client->rk, 0);
        if (!unreachable(code) || kafka_client_hopeless(client, timeout_ms - left_ms) ||
            left_ms <= TURN_MS || stop_or_passed(INT64_MAX))
            return kafka_client_fail(client, code, doing, reterr);
    }
}
