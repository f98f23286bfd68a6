#include "writer.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "record/avro_envelope.h"
#include "record/position.h"

enum { BROKER_MS = 10000, TAIL = 64, READ_MS = 30000 };

static void cleanup_consumer(struct kafka_consumer **consumer)
{
    kafka_consumer_close(*consumer);
}

bool writer_open(struct writer *writer, const struct cdc_options *options,
                 struct registry *registry, struct metric *metrics, struct err *reterr)
{
    /* one key, written at each commit: only its last record matters */
    static const char *const settings[] = {"min.compaction.lag.ms=0", "segment.bytes=16777216",
                                           "segment.ms=600000", "min.cleanable.dirty.ratio=0.1",
                                           NULL};
    struct kafka_topic_spec topic = {.name = options->progress_topic,
                                     .partitions = 1,
                                     .cleanup = KAFKA_COMPACT,
                                     .extra = settings};

    writer->options = options;
    writer->metrics = metrics;
    if (options->value_format == CDC_AVRO)
        writer->avro = avro_topics_new(registry);
    return kafka_admin_open(&options->kafka, cdc_service, &writer->admin, reterr) &&
           kafka_ensure_topics(writer->admin, &topic, 1, BROKER_MS, reterr);
}

bool writer_take_over(struct writer *writer, struct err *reterr)
{
    return kafka_producer_open(&writer->options->kafka, cdc_service,
                               writer->options->transactional_id, BROKER_MS, &writer->producer,
                               reterr);
}

void writer_close(struct writer *writer)
{
    kafka_producer_close(writer->producer);
    kafka_admin_close(writer->admin);
    buf_done(&writer->text);
    avro_topics_free(writer->avro);
    *writer = (struct writer){0};
}

/* Reads from `from` to the end as it is now; keeps the last record with a value. */
static bool read_tail(struct writer *writer, struct kafka_consumer *consumer, int64_t from,
                      int64_t end, int64_t *ret_offset, struct err *reterr)
{
    const struct kafka_offset start = {writer->options->progress_topic, 0, from};
    int64_t deadline_ms = clock_mono_ms() + READ_MS, at = from;

    if (!kafka_assign(consumer, &start, 1, reterr))
        return false;
    while (at < end) {
        struct kafka_message message;
        size_t n = 0;

        if (clock_mono_ms() > deadline_ms)
            return err_set(reterr, ERR_RETRY, "%s: its end can't be read",
                           writer->options->progress_topic);
        if (!kafka_poll(consumer, &message, 1, 100, &n, reterr))
            return false;
        if (n == 0)
            continue;
        at = message.kind == KAFKA_EOF ? message.offset : message.offset + 1;
        if (message.kind == KAFKA_RECORD && message.value.at != NULL) {
            buf_clear(&writer->text);
            buf_put(&writer->text, message.value);
            *ret_offset = message.offset;
        }
        kafka_message_free(&message);
    }
    return true;
}

bool writer_read_progress(struct writer *writer, struct progress *ret, int64_t *ret_offset,
                          struct err *reterr)
{
    struct kafka_consumer *consumer CLEANUP(consumer) = NULL;
    struct kafka_config config = writer->options->kafka;
    char quick[] = "fetch.wait.max.ms=10"; /* the end of the topic is told at once */
    char *properties[] = {quick};
    int64_t low = 0, high = 0, offset = -1;

    if (config.properties.n == 0)
        config.properties = (struct option_list){properties, 1};
    if (!kafka_watermarks(writer->admin, writer->options->progress_topic, 0, &low, &high, reterr) ||
        !kafka_consumer_open(&config, cdc_service, NULL, false, &consumer, reterr))
        return false;
    /* the last record stands near the end: aborted ones and markers may lie behind it */
    for (int64_t from = high, step = TAIL; offset < 0 && from > low; step *= 8) {
        from = high - step > low ? high - step : low;
        if (!read_tail(writer, consumer, from, high, &offset, reterr))
            return false;
    }
    struct progress progress = {.state = PROGRESS_NONE};
    if (offset >= 0 && !progress_parse(buf_str(&writer->text), &progress, reterr))
        return err_prefix(reterr, "%s", writer->options->progress_topic);
    *ret = progress;
    *ret_offset = offset;
    return true;
}

bool writer_open_topic(void *arg, const char *topic, int32_t *ret_partitions, struct err *reterr)
{
    struct writer *writer = arg;
    struct kafka_topic_spec spec = {.name = topic, .cleanup = KAFKA_DELETE};

    return kafka_ensure_topics(writer->admin, &spec, 1, BROKER_MS, reterr) &&
           kafka_partitions(writer->admin, topic, ret_partitions, reterr);
}

bool writer_open_schema(void *arg, const struct capture_shape *shape, struct err *reterr)
{
    struct writer *writer = arg;
    const struct debezium_format format = {(enum debezium_decimal)writer->options->decimal,
                                           (enum debezium_time)writer->options->time};
    CLEANUP(buf) struct buf key = {0}, value = {0};

    if (writer->avro == NULL)
        return true;
    return avro_derive_envelope_key(&key, shape->topic, shape->key_columns, shape->key_n, format,
                                    reterr) &&
           avro_derive_envelope(&value, shape->topic, shape->columns, shape->columns_n, format,
                                reterr) &&
           avro_topics_describe(writer->avro, shape->topic, buf_str(&key), buf_str(&value), reterr);
}

bool writer_key(struct writer *writer, const char *topic, struct str json, struct str *ret,
                struct err *reterr)
{
    *ret = json;
    return writer->avro == NULL || avro_topics_key(writer->avro, topic, json, ret, reterr);
}

static bool writer_value(struct writer *writer, const char *topic, struct str json, struct str *ret,
                         struct err *reterr)
{
    *ret = json;
    return writer->avro == NULL || avro_topics_value(writer->avro, topic, json, ret, reterr);
}

static bool begin(struct writer *writer, struct err *reterr)
{
    if (writer->open)
        return true;
    if (!kafka_begin(writer->producer, reterr))
        return false;
    writer->open = true;
    writer->records = writer->bytes = 0;
    writer->begun_ms = clock_mono_ms();
    return true;
}

bool writer_emit(void *arg, const struct capture_record *record, struct err *reterr)
{
    struct writer *writer = arg;
    const struct kafka_header headers[] = {{STR(POSITION_HEADER), record->position},
                                           {STR(COMMIT_TIME_HEADER), record->commit_time}};
    struct kafka_record out = {.topic = record->topic,
                               .partition = record->partition,
                               .headers = headers,
                               .headers_n = 2,
                               .timestamp_ms = record->now_unix_us / 1000};

    if (!writer_key(writer, record->topic, record->key, &out.key, reterr) ||
        !writer_value(writer, record->topic, record->value, &out.value, reterr) ||
        !begin(writer, reterr))
        return false;
    if (!kafka_produce(writer->producer, &out, reterr)) {
        if (reterr->kind == ERR_DEAD_LETTER) /* a row can't be left out */
            reterr->kind = ERR_STOP;
        return err_prefix(reterr, "%s, position %.*s", record->topic, STR_ARG(record->position));
    }
    failpoint("postgres-cdc.open-transaction");
    writer->records++;
    writer->bytes += (int64_t)(out.key.len + out.value.len);
    cdc_metrics_count(writer->metrics, record->op);
    return true;
}

int64_t writer_linger_ms(const struct writer *writer, int64_t now_ms)
{
    int64_t left_ms = writer->committed_ms + writer->commit_took_ms - now_ms;
    int64_t interval_ms = writer->begun_ms + writer->options->commit_interval_ms - now_ms;

    if (left_ms > interval_ms)
        left_ms = interval_ms;
    return left_ms > 0 ? left_ms : 0;
}

bool writer_full(const struct writer *writer, int64_t now_ms)
{
    const struct cdc_options *options = writer->options;

    return writer->open &&
           (writer->records >= options->commit_records || writer->bytes >= options->commit_bytes ||
            now_ms - writer->begun_ms >= options->commit_interval_ms);
}

static bool produce_progress(struct writer *writer, const struct progress *progress,
                             struct err *reterr)
{
    struct kafka_record record = {.topic = writer->options->progress_topic,
                                  .key = str_of(writer->options->prefix)};

    buf_clear(&writer->text);
    progress_print(&writer->text, progress);
    record.value = buf_str(&writer->text);
    return kafka_produce(writer->producer, &record, reterr) ||
           err_prefix(reterr, "%s", record.topic);
}

static bool commit(struct writer *writer, struct err *reterr)
{
    int64_t start_us = clock_wall_us(), start_ms = clock_mono_ms();

    failpoint("postgres-cdc.before-commit");
    if (!kafka_commit(writer->producer, reterr))
        return false;
    failpoint("postgres-cdc.after-commit");
    writer->open = false;
    writer->committed_ms = clock_mono_ms();
    writer->commit_took_ms = writer->committed_ms - start_ms;
    metric_add(&writer->metrics[CDC_COMMITS], 1);
    metric_add(&writer->metrics[CDC_COMMIT_TIME], clock_wall_us() - start_us);
    metric_add(&writer->metrics[CDC_BYTES], writer->bytes);
    return true;
}

bool writer_commit(struct writer *writer, const struct progress *progress, struct err *reterr)
{
    if (writer->open && failpoint_on("postgres-cdc.skip-progress") && !commit(writer, reterr))
        return false;
    if (!begin(writer, reterr) || !produce_progress(writer, progress, reterr) ||
        !commit(writer, reterr))
        return false;
    writer->records = writer->bytes = 0;
    metric_set(&writer->metrics[CDC_POSITION], (int64_t)progress->end_lsn);
    return true;
}
