#include "writer.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "kafka/pure.h"
#include "record/position.h"
#include "seen/restore.h"

enum { BROKER_MS = 10000, TRANSACTION_MS = 2000 };

bool writer_open(struct writer *writer, const struct rows_options *options,
                 struct avro_topics *avro, struct metric *metrics, struct err *reterr)
{
    const struct kafka_topic_spec topics[] = {
        {.name = options->topic, .cleanup = KAFKA_DELETE},
        {.name = options->dead_letter_topic, .partitions = 1, .cleanup = KAFKA_DELETE},
        kafka_progress_spec(options->progress_topic, 1)};

    writer->options = options;
    writer->metrics = metrics;
    writer->avro = avro;
    return kafka_admin_open(&options->kafka, rows_service, &writer->admin, reterr) &&
           kafka_ensure_topics(writer->admin, topics, 3, BROKER_MS, reterr) &&
           kafka_producer_open(&options->kafka, rows_service, options->transactional_id, BROKER_MS,
                               &writer->producer, reterr) &&
           kafka_progress_open(&options->kafka, rows_service, writer->admin,
                               options->progress_topic, &writer->progress, reterr);
}

void writer_close(struct writer *writer)
{
    kafka_progress_close(writer->progress);
    kafka_producer_close(writer->producer);
    kafka_admin_close(writer->admin);
    buf_done(&writer->text);
    buf_done(&writer->position);
    *writer = (struct writer){0};
}

bool writer_read_progress(struct writer *writer, struct progress *ret, struct err *reterr)
{
    struct str text = kafka_progress_get(writer->progress, str_of(writer->options->topic));

    return text.at == NULL || progress_parse(text, ret, reterr) ||
           err_prefix(reterr, "%s", writer->options->progress_topic);
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

static bool produce(struct writer *writer, const struct kafka_record *record, struct err *reterr)
{
    if (!begin(writer, reterr))
        return false;
    if (!kafka_produce(writer->producer, record, reterr))
        return err_prefix(reterr, "%s", record->topic);
    failpoint("sql-rows.open-transaction");
    writer->records++;
    writer->bytes += (int64_t)(record->key.len + record->value.len);
    return true;
}

/* What the schema does not take is this one row's fault. */
static bool unfit(struct err *reterr)
{
    if (reterr->kind == ERR_STOP)
        reterr->kind = ERR_DEAD_LETTER;
    return false;
}

bool writer_key(struct writer *writer, struct str json, struct str *ret, struct err *reterr)
{
    return avro_topics_key(writer->avro, writer->options->topic, json, ret, reterr) ||
           unfit(reterr);
}

bool writer_key_json(struct writer *writer, struct str key, struct str *ret, struct err *reterr)
{
    return avro_topics_key_json(writer->avro, key, ret, reterr);
}

bool writer_put(struct writer *writer, const struct writer_record *record, struct err *reterr)
{
    char commit_time[24], content[SEEN_CONTENT_DIGITS + 1];
    struct str value;

    snprintf(commit_time, sizeof(commit_time), "%lld", (long long)record->read_us);
    buf_clear(&writer->position);
    position_print(&writer->position, (struct position){record->run, record->ordinal});
    if (!avro_topics_value(writer->avro, writer->options->topic, record->value, &value, reterr))
        return unfit(reterr);
    struct kafka_header headers[3] = {{STR(POSITION_HEADER), buf_str(&writer->position)},
                                      {STR(COMMIT_TIME_HEADER), str_of(commit_time)}};
    const struct kafka_record out = {.topic = writer->options->topic,
                                     .partition = -1,
                                     .key = record->key,
                                     .value = value,
                                     .headers = headers,
                                     .headers_n = writer->avro == NULL ? 2 : 3};

    if (writer->avro != NULL)
        headers[2] = seen_content_header(record->row, content);
    return produce(writer, &out, reterr);
}

bool writer_dead_letter(struct writer *writer, const struct writer_dead *dead, struct err *reterr)
{
    struct kafka_header headers[DEAD_LETTER_HEADERS];
    struct dead_letter_reason why = {
        .topic = dead->from, .rule = dead->rule, .offset = dead->line, .err = dead->reason};
    struct kafka_record record = {.topic = writer->options->dead_letter_topic,
                                  .partition = -1,
                                  .key = dead->key,
                                  .value = dead->value,
                                  .headers = headers,
                                  .headers_n = DEAD_LETTER_HEADERS};

    dead_letter_headers(&why, headers);
    metric_add(&writer->metrics[ROWS_DEAD], 1);
    if (produce(writer, &record, reterr))
        return true;
    record.value = STR("");
    return reterr->kind == ERR_DEAD_LETTER && produce(writer, &record, reterr);
}

bool writer_full(const struct writer *writer)
{
    return writer->open && (writer->records >= writer->options->commit_records ||
                            writer->bytes >= writer->options->commit_bytes ||
                            clock_mono_ms() - writer->begun_ms >= TRANSACTION_MS);
}

bool writer_commit(struct writer *writer, struct progress *progress, struct err *reterr)
{
    if (!begin(writer, reterr))
        return false;
    progress->serial++;
    buf_clear(&writer->text);
    progress_print(&writer->text, progress);
    if (!failpoint_on("sql-rows.skip-progress") &&
        !kafka_progress_put(writer->progress, writer->producer, str_of(writer->options->topic),
                            buf_str(&writer->text), reterr))
        return false;
    failpoint("sql-rows.before-commit");
    if (!kafka_commit(writer->producer, reterr))
        return false;
    failpoint("sql-rows.after-commit");
    writer->open = false;
    metric_add(&writer->metrics[ROWS_COMMITS], 1);
    metric_add(&writer->metrics[ROWS_BYTES], writer->bytes);
    return true;
}
