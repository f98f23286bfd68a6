#include "kafka/producer.h"

#include "base/clock.h"
#include "base/stop.h"
#include "kafka/internal.h"
#include <assert.h>

enum { CLOSE_MS = 5000, SOCKET_MS_MAX = 10000, PROPERTY_BYTES = 24 };

/* Purged records are those of an aborted transaction, not failures. */
static void hear_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct kafka_producer *producer = opaque;

    (void)rk;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR ||
        message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
        message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
        return;
    if (producer->failed++ == 0) {
        producer->failed_code = message->err;
        snprintf(producer->failed_topic, sizeof(producer->failed_topic), "%s",
                 rd_kafka_topic_name(message->rkt));
    }
}

/* message.timeout.ms must stay below transaction.timeout.ms: a record that can't be delivered has
 * to fail while its transaction can still be aborted. */
static bool open_client(struct kafka_producer *producer, const struct kafka_config *config,
                        const char *client_id, const char *transactional_id, struct err *reterr)
{
    char message_ms[PROPERTY_BYTES], transaction_ms[PROPERTY_BYTES], socket_ms[PROPERTY_BYTES];
    int64_t limit_ms = producer->transaction_timeout_ms;
    const struct kafka_property properties[] = {
        {"enable.idempotence", "true"},
        {"partitioner", "murmur2_random"},
        {"compression.type", "lz4"},
        {"linger.ms", "5"},
        {"queue.buffering.max.kbytes", "8192"},
        {"queue.buffering.max.messages", "10000"},
        {"message.timeout.ms", message_ms},
        {"socket.timeout.ms", socket_ms},
        {"transactional.id", transactional_id},
        {"transaction.timeout.ms", transactional_id == NULL ? NULL : transaction_ms},
        {0},
    };
    const struct kafka_client_spec spec = {.client_id = client_id,
                                           .type = RD_KAFKA_PRODUCER,
                                           .properties = properties,
                                           .delivery = hear_delivery};

    snprintf(transaction_ms, sizeof(transaction_ms), "%lld", (long long)limit_ms);
    snprintf(message_ms, sizeof(message_ms), "%lld", (long long)limit_ms - 1000);
    snprintf(socket_ms, sizeof(socket_ms), "%lld",
             (long long)(limit_ms < SOCKET_MS_MAX ? limit_ms : SOCKET_MS_MAX));
    return kafka_client_open(&producer->client, config, &spec, reterr);
}

/* init_transactions is resumable: short turns, so that the reason for waiting is heard. */
static bool init_transactions(struct kafka_producer *producer, int64_t timeout_ms,
                              struct err *reterr)
{
    enum { TURN_MS = 500 };
    static const char doing[] = "opening a transactional producer";
    const struct kafka_call turn = {
        .rk = producer->client.rk, .plain = rd_kafka_init_transactions, .timeout_ms = TURN_MS};
    int64_t began_ms = clock_mono_ms();

    for (;;) {
        CLEANUP(kafka_error) rd_kafka_error_t *error = NULL;

        if (!producer_call(producer, &turn, doing, &error, reterr)) {
            reterr->kind = ERR_RETRY;
            return false;
        }
        if (error == NULL)
            return true;
        rd_kafka_poll(producer->client.rk, 0);
        if (!rd_kafka_error_is_retriable(error) ||
            kafka_client_hopeless(&producer->client, clock_mono_ms() - began_ms) ||
            stop_or_passed(began_ms + timeout_ms))
            return kafka_client_fail(&producer->client, rd_kafka_error_code(error), doing, reterr);
    }
}

static bool first_contact(struct kafka_producer *producer, int64_t timeout_ms, struct err *reterr)
{
    CLEANUP(kafka_metadata) const struct rd_kafka_metadata *metadata = NULL;

    return kafka_client_metadata(&producer->client, NULL, timeout_ms, &metadata, reterr) &&
           (!producer->transactional || init_transactions(producer, timeout_ms, reterr));
}

bool kafka_producer_open(const struct kafka_config *config, const char *client_id,
                         const char *transactional_id, int64_t timeout_ms,
                         struct kafka_producer **ret, struct err *reterr)
{
    struct kafka_producer *producer = err_calloc(1, sizeof(*producer));

    producer->transaction_timeout_ms =
        config->transaction_timeout_ms > 0 ? config->transaction_timeout_ms : 15000;
    producer->transactional = transactional_id != NULL;
    if (producer->transactional)
        producer->caller = kafka_caller_new();
    if (!open_client(producer, config, client_id, transactional_id, reterr) ||
        !first_contact(producer, timeout_ms, reterr)) {
        kafka_producer_close(producer);
        return false;
    }
    *ret = producer;
    return true;
}

static void destroy(void *arg)
{
    struct kafka_producer *producer = arg;

    for (size_t i = 0; i < producer->topics_n; i++) {
        rd_kafka_topic_destroy(producer->topics[i].handle);
        free(producer->topics[i].name);
    }
    free(producer->topics);
    if (producer->client.rk != NULL)
        rd_kafka_purge(producer->client.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                                RD_KAFKA_PURGE_F_NON_BLOCKING);
    if (kafka_client_close(&producer->client))
        free(producer);
}

struct kafka_producer *kafka_producer_close(struct kafka_producer *producer)
{
    if (producer == NULL)
        return NULL;
    if (producer->state == PRODUCER_OPEN) {
        const struct kafka_call call = {
            .rk = producer->client.rk, .plain = rd_kafka_abort_transaction, .timeout_ms = CLOSE_MS};
        CLEANUP(kafka_error) rd_kafka_error_t *error = NULL;
        struct err ignored;

        (void)!producer_call(producer, &call, "closing", &error, &ignored);
    }
    if (producer->caller != NULL && kafka_caller_left(producer->caller)) {
        kafka_caller_bequeath(producer->caller, destroy, producer);
    } else {
        kafka_caller_free(producer->caller);
        destroy(producer);
    }
    return NULL;
}

/* Where the topic stands or would stand in the sorted table. */
static size_t topic_place(const struct kafka_producer *producer, const char *name, bool *ret_found)
{
    size_t low = 0, high = producer->topics_n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(producer->topics[middle].name, name);

        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_found = false;
    return low;
}

static rd_kafka_topic_t *topic_handle(struct kafka_producer *producer, const char *name)
{
    bool found = false;

    if (producer->last != NULL && strcmp(producer->last->name, name) == 0)
        return producer->last->handle;
    size_t at = topic_place(producer, name, &found);
    if (!found) {
        rd_kafka_topic_t *handle = rd_kafka_topic_new(producer->client.rk, name, NULL);

        if (handle == NULL)
            return NULL;
        producer->topics =
            err_realloc(producer->topics, (producer->topics_n + 1) * sizeof(*producer->topics));
        memmove(&producer->topics[at + 1], &producer->topics[at],
                (producer->topics_n - at) * sizeof(*producer->topics));
        producer->topics[at] = (struct producer_topic){err_strdup(name), handle};
        producer->topics_n++;
    }
    producer->last = &producer->topics[at];
    return producer->last->handle;
}

/* librdkafka's headers of the record, which its send takes over; NULL when there are none. */
static rd_kafka_headers_t *headers_of(const struct kafka_record *record)
{
    if (record->headers_n == 0)
        return NULL;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->headers_n);
    for (size_t i = 0; i < record->headers_n; i++) {
        const struct kafka_header *header = &record->headers[i];

        rd_kafka_header_add(headers, header->name.at, (ssize_t)header->name.len, header->value.at,
                            (ssize_t)header->value.len);
    }
    return headers;
}

static rd_kafka_resp_err_t send_record(struct kafka_producer *producer,
                                       const struct kafka_record *record, rd_kafka_topic_t *topic)
{
    rd_kafka_headers_t *headers = headers_of(record);
    rd_kafka_vu_t parts[7] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = record->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {kafka_unconst(record->key.at), record->key.len}},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
         .u.mem = {kafka_unconst(record->value.at), record->value.len}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = record->timestamp_ms},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    CLEANUP(kafka_error)
    rd_kafka_error_t *error =
        rd_kafka_produceva(producer->client.rk, parts, headers == NULL ? 6 : 7);

    if (error == NULL)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    if (headers != NULL)
        rd_kafka_headers_destroy(headers);
    return rd_kafka_error_code(error);
}

static bool fail_produce(struct kafka_producer *producer, const struct kafka_record *record,
                         rd_kafka_resp_err_t code, struct err *reterr)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        return err_set(reterr, ERR_DEAD_LETTER,
                       "a record of %zu bytes is larger than topic %s takes (message.max.bytes)",
                       record->key.len + record->value.len, record->topic);
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        return err_stop(reterr, EX_UNAVAILABLE, "topic %s, partition %d: %s", record->topic,
                        record->partition, rd_kafka_err2str(code));
    default:
        break;
    }
    rd_kafka_poll(producer->client.rk, 0);
    if (producer->failed > 0)
        return producer_fail_delivery(producer, reterr);
    if (producer_fatal(producer))
        return producer_fail_fatal(producer, code, "producing", reterr);
    if (!producer->transactional)
        return kafka_client_fail(&producer->client, code, "producing", reterr);
    return err_set(reterr, ERR_ABORT, "producing to topic %s: the transaction has failed: %s",
                   record->topic, rd_kafka_err2str(code));
}

bool kafka_produce(struct kafka_producer *producer, const struct kafka_record *record,
                   struct err *reterr)
{
    enum { ROOM_MS = 5 };
    rd_kafka_topic_t *topic = topic_handle(producer, record->topic);

    assert(!producer->transactional || producer->state != PRODUCER_READY);
    if (producer->state == PRODUCER_BROKEN)
        return producer_fail_broken(reterr);
    if (topic == NULL)
        return err_stop(reterr, EX_CONFIG, "\"%s\" is not a topic's name", record->topic);
    for (;;) {
        rd_kafka_resp_err_t code = send_record(producer, record, topic);

        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            return true;
        if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            return fail_produce(producer, record, code, reterr);
        if (stop_or_passed(INT64_MAX))
            return err_set(reterr, ERR_ABORT, "producing to topic %s: no room in the queue",
                           record->topic);
        rd_kafka_poll(producer->client.rk, ROOM_MS);
    }
}

void kafka_producer_poll(struct kafka_producer *producer)
{
    if (producer->state != PRODUCER_BROKEN)
        rd_kafka_poll(producer->client.rk, 0);
}

bool producer_fail_delivery(struct kafka_producer *producer, struct err *reterr)
{
    rd_kafka_resp_err_t code = producer->failed_code;
    const char *topic = producer->failed_topic;

    producer->failed = 0;
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        return err_stop(reterr, EX_CONFIG,
                        "topic %s refuses a record for its size: raise its max.message.bytes",
                        topic);
    if (code == RD_KAFKA_RESP_ERR_INVALID_RECORD)
        return err_stop(reterr, EX_DATAERR,
                        "topic %s refuses a record: is it compacted, and the key null?", topic);
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
        return err_stop(reterr, EX_UNAVAILABLE, "topic %s is not there", topic);
    if (kafka_code_forbidden(code))
        return err_stop(reterr, EX_NOPERM, "writing to topic %s: %s", topic,
                        rd_kafka_err2str(code));
    return err_set(reterr, ERR_ABORT, "a record for topic %s was not delivered: %s%s%s", topic,
                   rd_kafka_err2str(code), producer->client.trouble_text[0] == '\0' ? "" : ": ",
                   producer->client.trouble_text);
}

/* message.timeout.ms fails what can't be delivered before this time-out, which is longer. */
static bool flush_queue(struct kafka_producer *producer)
{
    enum { TURN_MS = 100 };
    int64_t end_ms = clock_mono_ms() + producer->transaction_timeout_ms;

    while (rd_kafka_flush(producer->client.rk, TURN_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
        if (stop_or_passed(end_ms))
            return false;
    return true;
}

bool kafka_flush(struct kafka_producer *producer, struct err *reterr)
{
    if (producer->state == PRODUCER_BROKEN)
        return producer_fail_broken(reterr);
    if (!flush_queue(producer) && producer->failed == 0)
        return err_set(reterr, ERR_ABORT, "%d records are not acknowledged: %s",
                       rd_kafka_outq_len(producer->client.rk),
                       producer->client.trouble_text[0] == '\0'
                           ? "the broker does not answer in time"
                           : producer->client.trouble_text);
    if (producer_fatal(producer))
        return producer_fail_fatal(producer, RD_KAFKA_RESP_ERR__FATAL, "flushing", reterr);
    return producer->failed == 0 || producer_fail_delivery(producer, reterr);
}

bool kafka_producer_broken(const struct kafka_producer *producer)
{
    return producer->state == PRODUCER_BROKEN;
}

int kafka_producer_backlog(const struct kafka_producer *producer)
{
    return rd_kafka_outq_len(producer->client.rk);
}
