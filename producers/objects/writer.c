#include "writer.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "kafka/dead_letter.h"
#include "kafka/pure.h"
#include "record/position.h"
#include "seen/restore.h"
#include <inttypes.h>

enum {
    BROKER_MS = 10000,
    VISITS_MAX = 100000,
    BATCH_BYTES = 24 << 20, /* of the store, held in memory */
    DESCRIBED_BYTES = 1 << 14,
    LANES = 32,
    MARK_RECORDS = 200000
};

static const struct str run_key = {"run", 3};

static bool ensure_topics(const struct writer *writer, struct err *reterr)
{
    const struct objects_options *options = writer->options;
    const struct kafka_topic_spec topics[] = {
        {.name = options->topic, .cleanup = KAFKA_DELETE},
        {.name = options->dead_letters, .cleanup = KAFKA_DELETE},
        kafka_progress_spec(options->progress_topic, options->state_table == NULL ? 1 : LANES)};

    return kafka_ensure_topics(writer->admin, topics, 3, BROKER_MS, reterr);
}

/* Where an object can be resumed: by the store, unless another life than its own has written since;
 * one commit may be its own, which it did not live to follow. */
static bool take_reached(struct writer *writer, uint64_t stood, struct err *reterr)
{
    struct seen_mark mark = *seen_mark(writer->seen);

    if (writer->run.commits - stood <= 1) {
        writer->resume = mark.reached;
        return true;
    }
    mark.reached = (struct seen_reached){0};
    return seen_commit(writer->seen, &mark, reterr);
}

static bool restore(struct writer *writer, struct err *reterr)
{
    const struct objects_options *options = writer->options;
    const struct seen_config config = {.directory = options->state_dir,
                                       .map_bytes = options->state_bytes};
    const struct seen_source source = {.config = &options->kafka,
                                       .client_id = objects_service,
                                       .admin = writer->admin,
                                       .topic = options->topic,
                                       .position = writer->run.commits,
                                       .avro = writer->avro != NULL};
    struct seen_restored restored = {0};

    if (!seen_open(&config, &writer->seen, reterr))
        return false;
    uint64_t stood = seen_mark(writer->seen)->position;
    if (!seen_restore(writer->seen, &source, &restored, reterr) ||
        !take_reached(writer, stood, reterr))
        return false;
    if (restored.records > 0)
        log_info("restored", LOG_INT("records", restored.records),
                 LOG_INT("keys", seen_count(writer->seen)),
                 LOG_STR("from", restored.from_start ? "start" : "tail"));
    return true;
}

/* A topic is written by one instance, or by workers: neither knows what the other has done. */
static bool check_other_way(const struct writer *writer, struct err *reterr)
{
    const struct objects_options *options = writer->options;
    int32_t partitions = 0;

    if (!kafka_partitions(writer->admin, options->other_progress_topic, &partitions, reterr))
        return false;
    return partitions == 0 ||
           err_stop(reterr, EX_CONFIG, "%s was written %s --state-table (%s exists)",
                    options->topic, options->state_table == NULL ? "with" : "without",
                    options->other_progress_topic);
}

/* Alone: one transactional id, one partition, and the content of every key. */
static bool open_alone(struct writer *writer, struct err *reterr)
{
    const struct objects_options *options = writer->options;

    if (!kafka_producer_open(&options->kafka, objects_service, options->transactional_id, BROKER_MS,
                             &writer->producer, reterr) ||
        !kafka_progress_open(&options->kafka, objects_service, writer->admin,
                             options->progress_topic, &writer->progress, reterr))
        return false;
    struct str text = kafka_progress_get(writer->progress, run_key);
    if (!run_state_parse(text, &writer->run, reterr))
        return err_prefix(reterr, "%s", options->progress_topic);
    return restore(writer, reterr);
}

/* With others: the lanes, and a store for one object at a time. */
static bool open_shared(struct writer *writer, struct err *reterr)
{
    const struct objects_options *options = writer->options;
    const struct seen_config config = {.directory = options->state_dir,
                                       .map_bytes = options->state_bytes};

    return kafka_partitions(writer->admin, options->progress_topic, &writer->lanes, reterr) &&
           seen_open(&config, &writer->seen, reterr);
}

bool writer_open(struct writer *writer, const struct objects_options *options,
                 struct avro_topics *avro, struct metric *metrics, struct err *reterr)
{
    writer->options = options;
    writer->avro = avro;
    writer->metrics = metrics;
    if (!kafka_admin_open(&options->kafka, objects_service, &writer->admin, reterr) ||
        !check_other_way(writer, reterr) || !ensure_topics(writer, reterr))
        return false;
    return options->state_table == NULL ? open_alone(writer, reterr) : open_shared(writer, reterr);
}

int32_t writer_lane_of(const struct writer *writer, const char *name)
{
    return (int32_t)(hash64(name, strlen(name)) % (uint64_t)writer->lanes);
}

bool writer_lane(struct writer *writer, int32_t lane, struct err *reterr)
{
    const struct objects_options *options = writer->options;
    const struct kafka_offset part = {options->progress_topic, lane, 0};
    char id[256];

    writer->producer = kafka_producer_close(writer->producer);
    writer->progress = kafka_progress_close(writer->progress);
    writer->open = false;
    snprintf(id, sizeof(id), "%s-%" PRId32, options->transactional_id, lane);
    return seen_empty(writer->seen, reterr) &&
           kafka_producer_open(&options->kafka, objects_service, id, BROKER_MS, &writer->producer,
                               reterr) &&
           kafka_progress_open_part(&options->kafka, objects_service, writer->admin, &part,
                                    &writer->progress, reterr);
}

void writer_close(struct writer *writer, bool clean)
{
    kafka_producer_close(writer->producer);
    kafka_progress_close(writer->progress);
    kafka_admin_close(writer->admin);
    seen_close(writer->seen, clean);
    buf_done(&writer->text);
    *writer = (struct writer){0};
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
    if (!kafka_produce(writer->producer, record, reterr)) {
        if (reterr->kind == ERR_DEAD_LETTER) /* a row can't be left out */
            reterr->kind = ERR_STOP;
        return err_prefix(reterr, "%s", record->topic);
    }
    failpoint("objects.open-transaction");
    writer->records++;
    writer->unmarked++;
    writer->bytes += (int64_t)(record->key.len + record->value.len);
    return true;
}

bool writer_describe(struct writer *writer, const struct shape *shape, bool csv, struct err *reterr)
{
    struct arena *arena CLEANUP(arena) = NULL;
    struct avro_table table;

    if (writer->avro == NULL)
        return true;
    arena = arena_new(DESCRIBED_BYTES);
    return described_table(shape, csv, writer->options->topic, arena, &table, reterr) &&
           avro_topics_describe_envelope(writer->avro, &table, reterr);
}

bool writer_key(void *arg, struct str json, struct str *ret, struct err *reterr)
{
    struct writer *writer = arg;

    return avro_topics_key(writer->avro, writer->options->topic, json, ret, reterr);
}

bool writer_key_json(void *arg, struct str key, struct str *ret, struct err *reterr)
{
    struct writer *writer = arg;

    return avro_topics_key_json(writer->avro, key, ret, reterr);
}

/* The value as it stands in the topic. A delete may come before any row has told the columns. */
static bool value_of(struct writer *writer, struct str json, struct str *ret, struct err *reterr)
{
    const char *topic = writer->options->topic;

    return (writer->avro == NULL || avro_topics_recall(writer->avro, topic, reterr)) &&
           avro_topics_value(writer->avro, topic, json, ret, reterr);
}

bool writer_emit(void *arg, const struct feed_event *event, struct err *reterr)
{
    struct writer *writer = arg;
    char content[SEEN_CONTENT_DIGITS + 1];
    struct str value;

    if (!value_of(writer, event->value, &value, reterr))
        return false;
    struct kafka_header headers[3] = {{STR(POSITION_HEADER), event->position},
                                      {STR(COMMIT_TIME_HEADER), event->commit_time}};
    const struct kafka_record record = {.topic = writer->options->topic,
                                        .partition = -1,
                                        .key = event->key,
                                        .value = value,
                                        .headers = headers,
                                        .headers_n = writer->avro == NULL ? 2 : 3};

    if (writer->avro != NULL)
        headers[2] = seen_content_header(event->after, content);
    objects_metrics_count(writer->metrics, event->op);
    return produce(writer, &record, reterr);
}

bool writer_dead(void *arg, const struct feed_dead *dead, struct err *reterr)
{
    struct writer *writer = arg;
    struct kafka_header headers[DEAD_LETTER_HEADERS + 3];
    struct dead_letter_reason reason = {.topic = writer->options->topic,
                                        .rule = dead->rule,
                                        .partition = -1,
                                        .offset = (int64_t)dead->line,
                                        .err = dead->why};
    char line[24], first[24];
    size_t n = DEAD_LETTER_HEADERS;

    dead_letter_headers(&reason, headers);
    snprintf(line, sizeof(line), "%" PRIu64, dead->line);
    snprintf(first, sizeof(first), "%" PRIu64, dead->first_line);
    headers[n++] = (struct kafka_header){STR("sluice.error.file"), dead->file};
    headers[n++] = (struct kafka_header){STR("sluice.error.line"), str_of(line)};
    if (dead->first_line > 0)
        headers[n++] = (struct kafka_header){STR("sluice.error.first_line"), str_of(first)};
    const struct kafka_record record = {.topic = writer->options->dead_letters,
                                        .partition = -1,
                                        .key = dead->file,
                                        .value = dead->raw,
                                        .headers = headers,
                                        .headers_n = n};
    metric_add(&writer->metrics[OBJECTS_DEAD], 1);
    return produce(writer, &record, reterr);
}

static void file_key(struct buf *out, const char *name)
{
    buf_puts(out, "file:");
    buf_puts(out, name);
}

bool writer_file(const struct writer *writer, const char *name, struct file_state *ret,
                 struct err *reterr)
{
    struct buf key CLEANUP(buf) = {0};

    file_key(&key, name);
    return file_state_parse(kafka_progress_get(writer->progress, buf_str(&key)), ret, reterr) ||
           err_prefix(reterr, "%s, %s", writer->options->progress_topic, buf_cstr(&key));
}

bool writer_put(struct writer *writer, struct str key, struct str text, struct err *reterr)
{
    return begin(writer, reterr) &&
           kafka_progress_put(writer->progress, writer->producer, key, text, reterr);
}

bool writer_put_file(struct writer *writer, const char *name, const struct file_state *state,
                     struct err *reterr)
{
    struct buf key CLEANUP(buf) = {0};

    file_key(&key, name);
    buf_clear(&writer->text);
    if (state != NULL)
        file_state_print(&writer->text, state);
    return writer_put(writer, buf_str(&key), state == NULL ? STR_NONE : buf_str(&writer->text),
                      reterr);
}

bool writer_dead_message(struct writer *writer, const struct kafka_message *message,
                         const char *rule, const struct err *why, struct err *reterr)
{
    metric_add(&writer->metrics[OBJECTS_DEAD], 1);
    return begin(writer, reterr) &&
           kafka_dead_letter(writer->producer, writer->options->dead_letters, message, rule, why,
                             reterr);
}

bool writer_full(const struct writer *writer, int64_t now_ms)
{
    const struct objects_options *options = writer->options;

    return writer->visits >= VISITS_MAX || seen_batch_bytes(writer->seen) >= BATCH_BYTES ||
           (writer->open &&
            (writer->records >= options->commit_records || writer->bytes >= options->commit_bytes ||
             now_ms - writer->begun_ms >= options->commit_interval_ms));
}

/* Notes now and then where bronze ends, so that a store that is one commit behind need not read all of
 * it: nobody else writes there. When the broker does not say, the next commit asks again. */
static void mark_end(struct writer *writer, struct seen_mark *mark)
{
    struct seen_mark ends = *mark;
    struct err ignored;
    int64_t low;

    if (writer->unmarked < MARK_RECORDS)
        return;
    for (uint32_t i = 0; i < ends.partitions; i++) {
        if (!kafka_watermarks(writer->admin, writer->options->topic, (int32_t)i, &low,
                              &ends.next[i], &ignored))
            return;
    }
    *mark = ends;
    writer->unmarked = 0;
}

/* The store follows what Kafka holds. */
static bool commit_seen(struct writer *writer, struct err *reterr)
{
    struct seen_mark mark = *seen_mark(writer->seen);

    mark_end(writer, &mark);
    mark.position = writer->run.commits;
    mark.reached = writer->reached;
    writer->visits = 0;
    return seen_commit(writer->seen, &mark, reterr);
}

bool writer_commit(struct writer *writer, struct err *reterr)
{
    struct run_state run = writer->run;
    int64_t start_us = clock_wall_us();

    run.commits++;
    buf_clear(&writer->text);
    run_state_print(&writer->text, &run);
    if (!begin(writer, reterr) ||
        (writer->lanes == 0 && !kafka_progress_put(writer->progress, writer->producer, run_key,
                                                   buf_str(&writer->text), reterr)))
        return false;
    failpoint("objects.before-commit");
    if (!kafka_commit(writer->producer, reterr))
        return false;
    failpoint("objects.after-commit");
    writer->open = false;
    writer->run = run;
    metric_add(&writer->metrics[OBJECTS_COMMITS], 1);
    metric_add(&writer->metrics[OBJECTS_COMMIT_TIME], clock_wall_us() - start_us);
    metric_add(&writer->metrics[OBJECTS_BYTES], writer->bytes);
    return commit_seen(writer, reterr);
}

bool writer_settle(struct writer *writer, struct err *reterr)
{
    return writer->open ? writer_commit(writer, reterr) : commit_seen(writer, reterr);
}
