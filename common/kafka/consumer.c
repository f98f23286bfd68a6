#include "kafka/consumer.h"

#include "base/clock.h"
#include "base/stop.h"
#include "kafka/internal.h"
#include <assert.h>

enum {
    PROPERTY_BYTES = 24,
    FETCH_BYTES_MIN = 256 << 10,
    HELD_BYTES = 512, /* what librdkafka needs for a message besides its content */
    COMMIT_MS = 10000,
    METADATA_BYTES_MAX = 4096
};

/* One assigned partition; `next` is the offset to expect at least. */
struct slot {
    char *topic;
    int32_t partition;
    uint32_t index;
    int64_t next;
};

struct kafka_consumer {
    struct kafka_client client; /* first: the opaque of callbacks */
    rd_kafka_queue_t *queue;
    rd_kafka_queue_t *answers; /* to what keep_fetching asks */
    struct slot *slots;        /* sorted by topic and partition */
    size_t slots_n;
    rd_kafka_message_t **batch;
    size_t batch_cap;
    bool paused, failed, waking;
    int32_t broker;     /* that the last message came from */
    struct err failure; /* met behind messages that had to be handed out first */
    int64_t probed_ms, queue_bytes, taken_bytes;
};

/*
 * The queue is bounded by the bytes of its messages and, as small ones need more for themselves
 * than for their content, by their number. One fetch brings at most a sixteenth of it, and that is
 * compressed: in memory it is some six times as much, and the queue is passed by little.
 */
static bool open_client(struct kafka_consumer *consumer, const struct kafka_config *config,
                        const struct kafka_client_spec *who, const char *group,
                        bool read_uncommitted, struct err *reterr)
{
    char queue_kb[PROPERTY_BYTES], queue_n[PROPERTY_BYTES], fetch[PROPERTY_BYTES];
    int64_t fetch_bytes = consumer->queue_bytes / 16;
    const struct kafka_property properties[] = {
        {"group.id", group},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"},
        {"enable.partition.eof", "true"},
        {"isolation.level", read_uncommitted ? "read_uncommitted" : "read_committed"},
        {"queued.min.messages", queue_n},
        {"queued.max.messages.kbytes", queue_kb},
        {"message.max.bytes", fetch}, /* of no use here, but fetch.max.bytes may not be less */
        {"fetch.max.bytes", fetch},
        {"max.partition.fetch.bytes", fetch},
        {"fetch.error.backoff.ms", "100"},
        {"fetch.wait.max.ms", config->prompt ? "10" : NULL},
        {0},
    };
    struct kafka_client_spec spec = *who;

    if (fetch_bytes < FETCH_BYTES_MIN)
        fetch_bytes = FETCH_BYTES_MIN;
    snprintf(queue_kb, sizeof(queue_kb), "%lld", (long long)(consumer->queue_bytes / 1024));
    snprintf(queue_n, sizeof(queue_n), "%lld", (long long)(consumer->queue_bytes / HELD_BYTES));
    snprintf(fetch, sizeof(fetch), "%lld", (long long)fetch_bytes);
    spec.properties = properties;
    return kafka_client_open(&consumer->client, config, &spec, reterr);
}

bool kafka_consumer_open(const struct kafka_config *config, const char *client_id,
                         const char *group, bool read_uncommitted, struct kafka_consumer **ret,
                         struct err *reterr)
{
    struct kafka_consumer *consumer = err_calloc(1, sizeof(*consumer));
    const struct kafka_client_spec who = {.client_id = client_id, .type = RD_KAFKA_CONSUMER};
    char nameless[160];

    snprintf(nameless, sizeof(nameless), "_sluice.%s.reader", client_id);
    consumer->queue_bytes = config->queue_bytes > 0 ? config->queue_bytes : 2 << 20;
    if (!open_client(consumer, config, &who, group == NULL ? nameless : group, read_uncommitted,
                     reterr)) {
        free(consumer);
        return false;
    }
    consumer->queue = rd_kafka_queue_get_consumer(consumer->client.rk);
    consumer->answers = rd_kafka_queue_new(consumer->client.rk);
    *ret = consumer;
    return true;
}

static void forget_slots(struct kafka_consumer *consumer)
{
    for (size_t i = 0; i < consumer->slots_n; i++)
        free(consumer->slots[i].topic);
    free(consumer->slots);
    consumer->slots = NULL;
    consumer->slots_n = 0;
}

struct kafka_consumer *kafka_consumer_close(struct kafka_consumer *consumer)
{
    if (consumer == NULL)
        return NULL;
    rd_kafka_queue_destroy(consumer->queue);
    rd_kafka_queue_destroy(consumer->answers);
    if (!kafka_client_close(&consumer->client))
        return NULL;
    forget_slots(consumer);
    free(consumer->batch);
    free(consumer);
    return NULL;
}

static int slot_order(const void *a, const void *b)
{
    const struct slot *left = a;
    const struct slot *right = b;
    int order = strcmp(left->topic, right->topic);

    return order != 0 ? order
                      : (left->partition > right->partition) - (left->partition < right->partition);
}

bool kafka_assign(struct kafka_consumer *consumer, const struct kafka_offset *partitions, size_t n,
                  struct err *reterr)
{
    CLEANUP(kafka_list)
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);

    forget_slots(consumer);
    consumer->failed = false;
    consumer->slots = err_calloc(n, sizeof(*consumer->slots));
    consumer->slots_n = n;
    for (size_t i = 0; i < n; i++) {
        assert(partitions[i].offset >= 0 || partitions[i].offset == KAFKA_OFFSET_END);
        rd_kafka_topic_partition_list_add(list, partitions[i].topic, partitions[i].partition)
            ->offset = partitions[i].offset >= 0 ? partitions[i].offset : RD_KAFKA_OFFSET_END;
        consumer->slots[i] =
            (struct slot){err_strdup(partitions[i].topic), partitions[i].partition, (uint32_t)i,
                          partitions[i].offset >= 0 ? partitions[i].offset : 0};
    }
    qsort(consumer->slots, n, sizeof(*consumer->slots), slot_order);
    rd_kafka_resp_err_t code = rd_kafka_assign(consumer->client.rk, n == 0 ? NULL : list);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ||
           kafka_client_fail(&consumer->client, code, "assigning partitions", reterr);
}

/* The message's slot, or NULL when it belongs to an assignment of before. */
static struct slot *find_slot(struct kafka_consumer *consumer, const rd_kafka_message_t *message)
{
    struct slot wanted = {.partition = message->partition};

    wanted.topic = kafka_unconst(rd_kafka_topic_name(message->rkt));
    return bsearch(&wanted, consumer->slots, consumer->slots_n, sizeof(wanted), slot_order);
}

static void fail_message(struct kafka_consumer *consumer, const rd_kafka_message_t *message,
                         struct err *reterr)
{
    const char *topic = message->rkt == NULL ? "" : rd_kafka_topic_name(message->rkt);

    switch (message->err) {
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        err_stop(reterr, EX_DATAERR, "%s/%d: the offset to read from is not there: %s", topic,
                 message->partition, rd_kafka_message_errstr(message));
        return;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        err_stop(reterr, EX_UNAVAILABLE, "%s/%d: the topic or partition is not there", topic,
                 message->partition);
        return;
    default:
        kafka_client_fail(&consumer->client, message->err, "reading", reterr);
    }
}

static struct str view(const void *at, size_t len)
{
    return (struct str){at, at == NULL ? 0 : len};
}

/*
 * Turns one message into *into; false when there is nothing to hand out (stale, or an error, which
 * is kept). Takes the message over.
 */
static bool take(struct kafka_consumer *consumer, rd_kafka_message_t *message,
                 struct kafka_message *into, struct slot **last)
{
    bool eof = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;

    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && !eof) {
        /* One partition's authorisation error and the like; the first is the one to report. */
        if (!consumer->failed && message->err != RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) {
            fail_message(consumer, message, &consumer->failure);
            consumer->failed = true;
        }
        rd_kafka_message_destroy(message);
        return false;
    }
    struct slot *slot = *last;
    if (slot == NULL || slot->partition != message->partition ||
        strcmp(slot->topic, rd_kafka_topic_name(message->rkt)) != 0)
        slot = *last = find_slot(consumer, message);
    if (slot == NULL || message->offset < slot->next) {
        rd_kafka_message_destroy(message);
        return false;
    }
    *into = (struct kafka_message){.kind = eof ? KAFKA_EOF : KAFKA_RECORD,
                                   .topic = slot->topic,
                                   .partition = slot->partition,
                                   .assigned_index = slot->index,
                                   .offset = message->offset};
    if (eof) {
        rd_kafka_message_destroy(message);
        return true;
    }
    slot->next = message->offset + 1;
    into->timestamp_ms = rd_kafka_message_timestamp(message, NULL);
    into->key = view(message->key, message->key_len);
    into->value = view(message->payload, message->len);
    into->handle = message;
    consumer->broker = rd_kafka_message_broker_id(message);
    int64_t bytes = (int64_t)(message->len + message->key_len);
    consumer->taken_bytes += bytes > HELD_BYTES ? bytes : HELD_BYTES;
    return true;
}

/* Waits for one message and takes what lies behind it: consume_batch alone would wait for a full
 * batch. Never overlaps a control call (those of 2.0 lose messages then): one thread owns us. */
static size_t fetch(struct kafka_consumer *consumer, size_t max, int64_t timeout_ms)
{
    if (consumer->batch_cap < max) {
        consumer->batch = err_realloc(consumer->batch, max * sizeof(void *));
        consumer->batch_cap = max;
    }
    ssize_t got = rd_kafka_consume_batch_queue(consumer->queue, 0, consumer->batch, max);
    if (got > 0 || timeout_ms == 0)
        return got < 0 ? 0 : (size_t)got;
    rd_kafka_message_t *first = rd_kafka_consume_queue(consumer->queue, (int)timeout_ms);
    if (first == NULL)
        return 0;
    consumer->batch[0] = first;
    got = max == 1 ? 0
                   : rd_kafka_consume_batch_queue(consumer->queue, 0, consumer->batch + 1, max - 1);
    return 1 + (got < 0 ? 0 : (size_t)got);
}

/*
 * A broker's thread that found the queue full looks again after a second, unless something else
 * wakes it, and 2.0 has no setting for that: a fast reader would stand idle for most of each
 * second. Any request to the broker wakes its thread, so after each half of the queue a small one
 * is sent off; its answer, which may stand behind a long poll, is not waited for.
 */
static void keep_fetching(struct kafka_consumer *consumer, const struct slot *slot)
{
    if (slot == NULL || consumer->taken_bytes < consumer->queue_bytes / 2)
        return;
    if (consumer->waking) {
        CLEANUP(kafka_event) rd_kafka_event_t *answer = rd_kafka_queue_poll(consumer->answers, 0);

        if (answer == NULL)
            return;
    }
    rd_kafka_ConfigResource_t *what =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, slot->topic);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(consumer->client.rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);

    rd_kafka_ConfigResource_set_config(what, "cleanup.policy", ""); /* asks for this one alone */
    rd_kafka_AdminOptions_set_broker(options, consumer->broker, NULL, 0);
    rd_kafka_DescribeConfigs(consumer->client.rk, &what, 1, options, consumer->answers);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy(what);
    consumer->waking = true;
    consumer->taken_bytes = 0;
}

/* Asks any broker for what it knows; false when none answers. */
static bool probe(struct kafka_consumer *consumer)
{
    enum { PROBE_MS = 1000 };
    const struct rd_kafka_metadata *metadata = NULL;

    consumer->probed_ms = clock_mono_ms();
    if (rd_kafka_metadata(consumer->client.rk, 0, NULL, &metadata, PROBE_MS) !=
        RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    rd_kafka_metadata_destroy(metadata);
    kafka_client_answered(&consumer->client);
    return true;
}

/* Nothing came: does a broker answer? Asked when every connection was lost, and now and then in a
 * long silence, of which librdkafka tells nothing when it had no connection to lose. */
static bool check_down(struct kafka_consumer *consumer, struct err *reterr)
{
    enum { PROBE_EVERY_MS = 500, SILENCE_MS = 5000 };
    bool lost = kafka_client_hopeless(&consumer->client, INT64_MAX);

    if (clock_mono_ms() - consumer->probed_ms < (lost ? PROBE_EVERY_MS : SILENCE_MS)) {
        if (!lost)
            return true;
    } else if (consumer->client.trouble != RD_KAFKA_RESP_ERR__AUTHENTICATION && probe(consumer)) {
        return true;
    }
    consumer->client.all_down = true;
    return kafka_client_fail(&consumer->client, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "reading",
                             reterr);
}

/* Something came. It may have been fetched before a loss, so it answers nothing, but it is worth
 * asking at once. */
static void note_arrival(struct kafka_consumer *consumer)
{
    consumer->probed_ms = consumer->client.all_down ? 0 : clock_mono_ms();
}

bool kafka_poll(struct kafka_consumer *consumer, struct kafka_message *messages, size_t max,
                int64_t timeout_ms, size_t *ret_n, struct err *reterr)
{
    struct slot *last = NULL;
    size_t n = 0;

    assert(max > 0);
    rd_kafka_poll(consumer->client.rk, 0);
    if (consumer->failed) {
        consumer->failed = false;
        *reterr = consumer->failure;
        return false;
    }
    if (consumer->paused) {
        if (timeout_ms > 0)
            usleep((useconds_t)timeout_ms * 1000);
        *ret_n = 0;
        return true;
    }
    size_t got = fetch(consumer, max, timeout_ms);
    for (size_t i = 0; i < got; i++)
        n += take(consumer, consumer->batch[i], &messages[n], &last) ? 1 : 0;
    if (n == 0 && consumer->failed) {
        consumer->failed = false;
        *reterr = consumer->failure;
        return false;
    }
    if (n == 0 && !check_down(consumer, reterr))
        return false;
    if (n > 0)
        note_arrival(consumer);
    keep_fetching(consumer, last);
    *ret_n = n;
    return true;
}

int64_t kafka_lag(const struct kafka_consumer *consumer)
{
    int64_t lag = 0;

    for (size_t i = 0; i < consumer->slots_n; i++) {
        const struct slot *slot = &consumer->slots[i];
        int64_t low = 0, high = 0;

        if (rd_kafka_get_watermark_offsets(consumer->client.rk, slot->topic, slot->partition, &low,
                                           &high) == RD_KAFKA_RESP_ERR_NO_ERROR &&
            high > slot->next)
            lag += high - slot->next;
    }
    return lag;
}

bool kafka_near_end(const struct kafka_consumer *consumer)
{
    enum { NEAR = 1000 };

    return kafka_lag(consumer) <= NEAR;
}

/* By not taking: the queue fills to its bound and fetching ends. rd_kafka_pause_partitions would
 * throw away what is queued, to fetch it again. */
void kafka_pause(struct kafka_consumer *consumer, bool pause)
{
    consumer->paused = pause;
}

void kafka_message_free(struct kafka_message *message)
{
    if (message->handle != NULL)
        rd_kafka_message_destroy(message->handle);
    message->handle = NULL;
}

bool kafka_message_header(const struct kafka_message *message, const char *name,
                          struct str *ret_value)
{
    rd_kafka_headers_t *headers = NULL;
    const void *value = NULL;
    size_t size = 0;

    if (message->handle == NULL ||
        rd_kafka_message_headers(message->handle, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    *ret_value = view(value, size);
    return true;
}

size_t kafka_message_headers(const struct kafka_message *message, struct kafka_header *into,
                             size_t max)
{
    rd_kafka_headers_t *headers = NULL;
    size_t n = 0;

    if (message->handle == NULL ||
        rd_kafka_message_headers(message->handle, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    for (; n < max; n++) {
        const char *name = NULL;
        const void *value = NULL;
        size_t size = 0;

        if (rd_kafka_header_get_all(headers, n, &name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR)
            break;
        into[n] = (struct kafka_header){str_of(name), view(value, size)};
    }
    return n;
}

/* The outcome of a commit that was queued. */
static rd_kafka_resp_err_t await_commit(rd_kafka_queue_t *queue)
{
    CLEANUP(kafka_event) rd_kafka_event_t *event = kafka_await_event(queue, COMMIT_MS);

    if (event == NULL)
        return RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return rd_kafka_event_error(event);
    const rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);
    return list != NULL && list->cnt == 1 ? list->elems[0].err : RD_KAFKA_RESP_ERR_NO_ERROR;
}

bool kafka_commit_offset(struct kafka_consumer *consumer, const struct kafka_offset *offset,
                         struct str metadata, struct kafka_membership *membership,
                         struct err *reterr)
{
    CLEANUP(kafka_list)
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_t *rk = consumer->client.rk;
    char doing[320];

    assert(metadata.len <= METADATA_BYTES_MAX);
    if (membership != NULL) {
        CLEANUP(kafka_group_metadata) rd_kafka_consumer_group_metadata_t *valid = NULL;

        if (!kafka_membership_metadata(membership, &valid, reterr))
            return false;
        rk = kafka_membership_handle(membership);
    }
    rd_kafka_topic_partition_t *entry =
        rd_kafka_topic_partition_list_add(list, offset->topic, offset->partition);
    entry->offset = offset->offset;
    entry->metadata = err_malloc(metadata.len + 1); /* freed with the list */
    entry->metadata_size = metadata.len;
    memcpy(entry->metadata, metadata.at == NULL ? "" : metadata.at, metadata.len);
    ((char *)entry->metadata)[metadata.len] = '\0';

    CLEANUP(kafka_queue) rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_resp_err_t code = rd_kafka_commit_queue(rk, list, queue, NULL, NULL);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        code = await_commit(queue);
    snprintf(doing, sizeof(doing), "committing offset %lld of %s/%d", (long long)offset->offset,
             offset->topic, offset->partition);
    switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return true;
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
        return err_set(reterr, ERR_ABORT, "%s: %s", doing, rd_kafka_err2str(code));
    default:
        return kafka_client_fail(&consumer->client, code, doing, reterr);
    }
}
