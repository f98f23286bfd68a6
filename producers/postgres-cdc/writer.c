#include "writer.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "kafka/progress.h"
#include "record/position.h"

enum { BROKER_MS = 10000, TAIL = 64 };

bool writer_open(struct writer *writer, const struct cdc_options *options, struct avro_topics *avro,
                 struct metric *metrics, struct err *reterr)
{
    const struct kafka_topic_spec progress = kafka_progress_spec(options->progress_topic, 1);

    writer->options = options;
    writer->metrics = metrics;
    writer->avro = avro;
    return kafka_admin_open(&options->kafka, cdc_service, &writer->admin, reterr) &&
           kafka_ensure_topics(writer->admin, &progress, 1, BROKER_MS, reterr);
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
    *writer = (struct writer){0};
}

/* The last record with a value, as far as was read. */
struct last {
    struct buf *text;
    int64_t offset; /* -1: none */
};

static bool keep_last(void *arg, const struct kafka_message *message, struct err *reterr)
{
    struct last *last = arg;

    (void)reterr;
    if (message->value.at == NULL)
        return true;
    buf_clear(last->text);
    buf_put(last->text, message->value);
    last->offset = message->offset;
    return true;
}

bool writer_read_progress(struct writer *writer, struct progress *ret, int64_t *ret_offset,
                          struct err *reterr)
{
    const char *topic = writer->options->progress_topic;
    struct last last = {&writer->text, -1};
    const struct kafka_reading reading = {&writer->options->kafka, cdc_service, writer->admin,
                                          keep_last, &last};
    int64_t low = 0, high = 0, next = 0;

    if (!kafka_watermarks(writer->admin, topic, 0, &low, &high, reterr))
        return false;
    /* it stands near the end: aborted ones and markers may lie behind it */
    for (int64_t from = high, step = TAIL; last.offset < 0 && from > low; step *= 8) {
        from = high - step > low ? high - step : low;
        if (!kafka_read_to_end(&reading, &(struct kafka_offset){topic, 0, from}, &next, reterr))
            return false;
    }
    struct progress progress = {.state = PROGRESS_NONE};
    if (last.offset >= 0 && !progress_parse(buf_str(&writer->text), &progress, reterr))
        return err_prefix(reterr, "%s", topic);
    *ret = progress;
    *ret_offset = last.offset;
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
    const struct avro_table table = {.topic = shape->topic,
                                     .columns = shape->columns,
                                     .columns_n = shape->columns_n,
                                     .key = shape->key_columns,
                                     .key_n = shape->key_n,
                                     .format = {(enum debezium_decimal)writer->options->decimal,
                                                (enum debezium_time)writer->options->time}};

    return writer->avro == NULL || avro_topics_describe_envelope(writer->avro, &table, reterr);
}

bool writer_key(struct writer *writer, const char *topic, struct str json, struct str *ret,
                struct err *reterr)
{
    return avro_topics_key(writer->avro, topic, json, ret, reterr);
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
        !avro_topics_value(writer->avro, record->topic, record->value, &out.value, reterr) ||
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
