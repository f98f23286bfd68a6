#include "session.h"

#include "base/clock.h"
#include "base/log.h"
#include "catalog.h"
#include "commit_time.h"
#include "key.h"
#include "metrics.h"
#include "record/position.h"
#include "write.h"

enum {
    POLL_MAX = 1000,
    WAIT_MS = 100, /* for the first record */
    DRY_MS = 5,    /* for more, while a partition is not at its end */
    TOUCH_EVERY_MS = 60 * 1000,
    REPORT_EVERY_MS = 5 * 1000,
    CLUSTER_TIMEOUT_MS = 10 * 1000,
    ARENA_BYTES = 4 << 20
};

struct session {
    struct context *context;
    struct arena *arena;
    struct pg *pg;
    struct target_table *tables;
    struct key_check *keys; /* one a table */
    uint32_t tables_n;
    struct partitions partitions;
    struct kafka_message *messages;
    uint32_t messages_n, undecodable;
    int64_t bytes, reported_ms;
    int64_t *hinted; /* offsets that Kafka was told, one a partition */
    bool resync;
    struct batch *batch;
    struct buf moment; /* a record's commit time as text */
};

/* ---- opening ---- */

static bool run_target(struct session *session, struct err *reterr)
{
    struct context *context = session->context;

    if (!offsets_create(session->pg, reterr))
        return false;
    for (size_t i = 0; context->target_sql != NULL && i < context->options->target.n; i++)
        if (!pg_script(session->pg, context->target_sql[i], reterr))
            return err_prefix(reterr, "--target %s", context->options->target.items[i]);
    context->target_sql = NULL;
    /* the plans do not depend on the values, and the arrays are large */
    return pg_script(session->pg, "SET plan_cache_mode = force_generic_plan", reterr);
}

static bool load_tables(struct session *session, struct err *reterr)
{
    const struct context *context = session->context;

    session->tables = arena_zalloc(session->arena, context->routes_n * sizeof(*session->tables));
    session->keys = arena_zalloc(session->arena, context->routes_n * sizeof(*session->keys));
    for (size_t i = 0; i < context->routes_n; i++) {
        struct target_table *table = &session->tables[i];

        if (!catalog_table(session->pg, session->arena, &context->routes[i], (unsigned)i, table,
                           reterr) ||
            !commit_time_find(&context->options->commit_time_columns, table, reterr))
            return false;
        if (table->other_unique)
            log_warn("table has more unique indexes than its key: rows that swap values of theirs "
                     "within one batch are dead-lettered",
                     LOG_STR("table", table->quoted));
        session->tables_n++;
    }
    return true;
}

static int partition_order(const void *a, const void *b)
{
    const struct partition *left = a;
    const struct partition *right = b;
    int order = strcmp(left->topic, right->topic);

    return order != 0 ? order : (left->number > right->number) - (left->number < right->number);
}

static bool count_partitions(struct session *session, int32_t *counts, struct err *reterr)
{
    for (uint32_t i = 0; i < session->tables_n; i++) {
        const char *topic = session->tables[i].topic;

        if (!kafka_partitions(session->context->admin, topic, &counts[i], reterr))
            return false;
        if (counts[i] == 0)
            return err_set(reterr, ERR_RETRY, "topic %s is not there yet", topic);
        session->partitions.n += (uint32_t)counts[i];
    }
    return true;
}

static bool load_partitions(struct session *session, struct err *reterr)
{
    struct partitions *partitions = &session->partitions;
    int32_t *counts = arena_zalloc(session->arena, session->tables_n * sizeof(*counts));
    char *cluster_id = arena_zalloc(session->arena, 64);
    uint32_t n = 0;

    partitions->group = session->context->group;
    partitions->cluster_id = cluster_id;
    if (!kafka_cluster_id(session->context->admin, CLUSTER_TIMEOUT_MS, cluster_id, reterr) ||
        !count_partitions(session, counts, reterr))
        return false;
    partitions->items = arena_zalloc(session->arena, partitions->n * sizeof(*partitions->items));
    for (uint32_t i = 0; i < session->tables_n; i++)
        for (int32_t number = 0; number < counts[i]; number++)
            partitions->items[n++] =
                (struct partition){.topic = session->tables[i].topic, .table = i, .number = number};
    qsort(partitions->items, n, sizeof(*partitions->items), partition_order);
    for (uint32_t i = 0; i < n; i++) {
        struct partition *partition = &partitions->items[i];

        if (!kafka_watermarks(session->context->admin, partition->topic, partition->number,
                              &partition->low, &partition->high, reterr))
            return false;
    }
    return true;
}

static bool begin_resync(struct session *session, struct err *reterr)
{
    log_info("resync: reading all topics from their start",
             LOG_INT("partitions", session->partitions.n));
    for (uint32_t i = 0; i < session->tables_n; i++)
        if (!pg_script(session->pg, session->tables[i].seen_create_sql, reterr))
            return false;
    session->resync = true;
    upsert_gauge(UPSERT_RESYNC, 1);
    return offsets_rewind(session->pg, &session->partitions, reterr);
}

static bool claim(struct session *session, struct err *reterr)
{
    const struct context *context = session->context;
    bool unfinished = false;

    if (!context->resync && !offsets_claim(session->pg, &session->partitions,
                                           context->options->max_away_ms, &unfinished, reterr))
        return false;
    return (!context->resync && !unfinished) || begin_resync(session, reterr);
}

static bool assign(struct session *session, struct err *reterr)
{
    const struct partitions *partitions = &session->partitions;
    struct kafka_offset *offsets = arena_alloc(session->arena, partitions->n * sizeof(*offsets));

    for (uint32_t i = 0; i < partitions->n; i++)
        offsets[i] = (struct kafka_offset){partitions->items[i].topic, partitions->items[i].number,
                                           partitions->items[i].stored};
    return kafka_assign(session->context->consumer, offsets, partitions->n, reterr);
}

static bool open_parts(struct session *session, struct err *reterr)
{
    const struct upsert_options *options = session->context->options;

    if (!pg_connect(&options->postgres, "sluice-postgres-upsert", PG_ORDINARY, &session->pg,
                    reterr) ||
        !run_target(session, reterr) || !load_tables(session, reterr) ||
        !load_partitions(session, reterr) || !claim(session, reterr) || !assign(session, reterr))
        return false;
    session->hinted =
        arena_zalloc(session->arena, session->partitions.n * sizeof(*session->hinted));
    session->messages = err_calloc((size_t)options->batch_rows, sizeof(*session->messages));
    session->batch = batch_new(session->tables, (uint32_t)options->batch_rows);
    return true;
}

bool session_open(struct context *context, struct session **ret, struct err *reterr)
{
    struct session *session = err_calloc(1, sizeof(*session));

    session->context = context;
    session->arena = arena_new(ARENA_BYTES);
    if (!open_parts(session, reterr)) {
        /* two instances that create the same objects at once collide in the catalog */
        if (reterr->kind == ERR_DEAD_LETTER)
            reterr->kind = ERR_RETRY;
        session_close(session);
        return false;
    }
    *ret = session;
    return true;
}

static void forget_batch(struct session *session)
{
    for (uint32_t i = 0; i < session->messages_n; i++)
        kafka_message_free(&session->messages[i]);
    session->messages_n = session->undecodable = 0;
    session->bytes = 0;
    batch_clear(session->batch);
}

struct session *session_close(struct session *session)
{
    if (session == NULL)
        return NULL;
    if (session->batch != NULL)
        forget_batch(session);
    batch_free(session->batch);
    free(session->messages);
    buf_done(&session->moment);
    pg_close(session->pg);
    arena_free(session->arena);
    free(session);
    return NULL;
}

/* ---- reading ---- */

static bool dead_letter(struct session *session, const struct kafka_message *message,
                        const struct err *why, struct err *reterr)
{
    log_warn("record dead-lettered", LOG_STR("topic", message->topic),
             LOG_INT("partition", message->partition), LOG_INT("offset", message->offset),
             LOG_STR("reason", why->text));
    session->undecodable++;
    return dead_letters_send(session->context->dead, message, "decode", why, reterr);
}

/* The first record of a topic, and the first after its keys' schema has changed, says whether the
 * table's key is the right one. */
static bool check_key(struct session *session, uint32_t table, const struct kafka_message *message,
                      struct str key, struct err *reterr)
{
    struct key_check *check = &session->keys[table];

    if (!key_unknown(check, message->key, &check->schema_id))
        return true;
    return key_fits(&session->tables[table], key, message->value.at == NULL, session->batch->arena,
                    &check->told, reterr);
}

/* The last record of the batch brings its commit time along. */
static void add_commit_time(struct session *session, uint32_t table,
                            const struct kafka_message *message)
{
    if (session->tables[table].time_column < session->tables[table].columns_n)
        batch_set_time(session->batch,
                       commit_time_of(message, &session->moment, session->batch->arena));
}

static bool take_record(struct session *session, struct kafka_message *message, struct err *reterr)
{
    struct partition *partition = &session->partitions.items[message->assigned_index];
    struct registry *registry = session->context->registry;
    struct arena *arena = session->batch->arena;
    struct str key = {0}, value = {0};
    struct err why;

    session->bytes += (int64_t)(message->key.len + message->value.len);
    session->messages[session->messages_n++] = *message;
    partition->reached = message->offset + 1;
    partition->at_end = false;
    if (registry_json(registry, message->key, arena, &key, &why) &&
        check_key(session, partition->table, message, key, &why) &&
        registry_json(registry, message->value, arena, &value, &why) &&
        batch_add(session->batch, partition->table, key, value, session->messages_n - 1, &why)) {
        add_commit_time(session, partition->table, message);
        return true;
    }
    if (why.kind == ERR_DEAD_LETTER)
        return dead_letter(session, message, &why, reterr);
    *reterr = why;
    return err_prefix(reterr, "%s/%d offset %lld", message->topic, (int)message->partition,
                      (long long)message->offset);
}

/* The end's offset counts what no record shows: the marks of transactions. */
static void take_end(struct session *session, const struct kafka_message *message)
{
    struct partition *partition = &session->partitions.items[message->assigned_index];

    partition->at_end = true;
    if (message->offset > partition->reached)
        partition->reached = message->offset;
}

/* Takes the messages over, also on failure. */
static bool take_all(struct session *session, struct kafka_message *messages, size_t n,
                     struct err *reterr)
{
    bool ok = true;

    for (size_t i = 0; i < n; i++) {
        if (messages[i].kind == KAFKA_EOF) {
            take_end(session, &messages[i]);
            kafka_message_free(&messages[i]);
        } else if (ok) {
            ok = take_record(session, &messages[i], reterr);
        } else {
            kafka_message_free(&messages[i]);
        }
    }
    return ok;
}

static bool all_at_end(const struct session *session)
{
    for (uint32_t i = 0; i < session->partitions.n; i++)
        if (!session->partitions.items[i].at_end)
            return false;
    return true;
}

static size_t room(const struct session *session)
{
    const struct upsert_options *options = session->context->options;
    size_t left = (size_t)options->batch_rows - session->messages_n;

    if (session->bytes >= options->batch_bytes || arena_full(session->batch->arena))
        return 0;
    return left < POLL_MAX ? left : POLL_MAX;
}

/* Fills the batch until it is full, everything is read, or its first record has waited long enough.
 */
static bool gather(struct session *session, bool *ret_reading, struct err *reterr)
{
    struct kafka_message messages[POLL_MAX];
    int64_t deadline_ms = 0;
    bool dry = false;

    do {
        bool any = session->messages_n > 0;
        size_t n = 0;

        if (!kafka_poll(session->context->consumer, messages, room(session), any ? DRY_MS : WAIT_MS,
                        &n, reterr)) {
            *ret_reading = true;
            return any; /* what was read is written first; the fault will show again */
        }
        if (!take_all(session, messages, n, reterr))
            return false;
        if (session->messages_n == 0)
            return true;
        if (!any)
            deadline_ms = clock_mono_ms() + session->context->options->flush_interval_ms;
        dry = all_at_end(session) || (n == 0 && kafka_near_end(session->context->consumer));
    } while (room(session) > 0 && !dry && clock_mono_ms() < deadline_ms);
    return true;
}

/* ---- writing ---- */

static void count(const struct session *session, const struct writer *writer, int64_t began_ms)
{
    int64_t upserts = 0, deletes = 0, stamp_us = 0;
    struct str stamp;

    batch_count(session->batch, &upserts, &deletes);
    upsert_count(UPSERT_ROWS_UPSERTED, upserts);
    upsert_count(UPSERT_ROWS_DELETED, deletes);
    upsert_count(UPSERT_RECORDS_READ, session->messages_n);
    upsert_count(UPSERT_DEAD_LETTERS, writer->refused + session->undecodable);
    upsert_count(UPSERT_BATCHES, session->messages_n > 0 ? 1 : 0);
    upsert_count(UPSERT_COMMIT_SECONDS, clock_mono_ms() - began_ms);
    if (session->messages_n > 0 &&
        kafka_message_header(&session->messages[session->messages_n - 1], COMMIT_TIME_HEADER,
                             &stamp) &&
        str_integer(stamp, &stamp_us))
        upsert_gauge(UPSERT_COMMIT_TIME_SECONDS, stamp_us);
}

static bool resync_complete(const struct session *session)
{
    if (!session->resync)
        return false;
    for (uint32_t i = 0; i < session->partitions.n; i++)
        if (session->partitions.items[i].stored < session->partitions.items[i].high)
            return false;
    return true;
}

static bool end_resync(struct session *session, struct writer *writer, struct err *reterr)
{
    if (!write_resync_end(writer, session->tables_n, reterr))
        return err_prefix(reterr, "resync");
    session->resync = session->context->resync = false;
    upsert_gauge(UPSERT_RESYNC, 0);
    log_info("resync done: rows whose keys are not in the topics are deleted");
    return true;
}

static bool write_gathered(struct session *session, struct err *reterr)
{
    int64_t now_ms = clock_mono_ms();
    struct writer writer = {.pg = session->pg,
                            .batch = session->batch,
                            .partitions = &session->partitions,
                            .messages = session->messages,
                            .dead = session->context->dead,
                            .resync = session->resync,
                            .touched_before_ms = now_ms - TOUCH_EVERY_MS};

    batch_seal(session->batch);
    if (!write_batch(&writer, reterr))
        return false;
    offsets_moved(&session->partitions, writer.touched_before_ms, now_ms);
    count(session, &writer, now_ms);
    return !resync_complete(session) || end_resync(session, &writer, reterr);
}

/* Nothing was read, but a row's time of writing is to be renewed, or a resync read empty topics. */
static bool idle_write_due(const struct session *session)
{
    int64_t before_ms = clock_mono_ms() - TOUCH_EVERY_MS;

    for (uint32_t i = 0; i < session->partitions.n; i++) {
        const struct partition *partition = &session->partitions.items[i];

        if (partition->at_end && (partition->touched_ms < before_ms || session->resync))
            return true;
    }
    return false;
}

bool session_step(struct session *session, bool *ret_reading, struct err *reterr)
{
    *ret_reading = false;
    if (!gather(session, ret_reading, reterr))
        return false;
    *ret_reading = false;
    bool ok =
        (session->messages_n == 0 && !idle_write_due(session)) || write_gathered(session, reterr);
    forget_batch(session);
    return ok;
}

/* ---- reporting ---- */

static void report_lag(struct session *session)
{
    struct err ignored;
    int64_t lag = 0;

    for (uint32_t i = 0; i < session->partitions.n; i++) {
        const struct partition *partition = &session->partitions.items[i];
        int64_t low = 0, high = 0;

        if (partition->at_end)
            continue;
        if (!kafka_watermarks(session->context->admin, partition->topic, partition->number, &low,
                              &high, &ignored))
            return;
        lag += high > partition->stored ? high - partition->stored : 0;
    }
    upsert_gauge(UPSERT_LAG, lag);
}

void session_report(struct session *session, struct kafka_membership *membership)
{
    int64_t now_ms = clock_mono_ms();
    struct err ignored;

    if (now_ms - session->reported_ms < REPORT_EVERY_MS)
        return;
    session->reported_ms = now_ms;
    report_lag(session);
    for (uint32_t i = 0; i < session->partitions.n; i++) {
        const struct partition *partition = &session->partitions.items[i];
        struct kafka_offset offset = {partition->topic, partition->number, partition->stored};

        if (partition->stored == session->hinted[i])
            continue;
        if (!kafka_commit_offset(session->context->consumer, &offset, STR(""), membership,
                                 &ignored)) {
            log_debug("offset not told to Kafka", LOG_STR("reason", ignored.text));
            return;
        }
        session->hinted[i] = partition->stored;
    }
}

/* A step writes whatever it reads, and the end of a partition is told even where nothing was. */
bool session_caught_up(const struct session *session)
{
    for (uint32_t i = 0; i < session->partitions.n; i++)
        if (session->partitions.items[i].reached < session->partitions.items[i].high)
            return false;
    return true;
}

bool session_resyncing(const struct session *session)
{
    return session->resync;
}
