#include "old_rows.h"
#include "base/clock.h"
#include "base/hash.h"
#include "kafka/consumer.h"
#include "record/json.h"
#include <assert.h>

enum { BATCH = 256, STALL_MS = 30000, CAP_FIRST = 1024, FRESH_MS = 5000, FRESH_PAUSE_US = 20000 };

/* The last record of a key. The 128 bits of the hash stand for the key. */
struct old_row {
    struct hash128 hash;
    int64_t offset;
    int32_t partition;
    bool used, live;
};

struct old_rows {
    const struct kafka_config *config;
    const char *topic;
    int32_t partitions;
    struct registry *registry;
    int64_t *begin, *end; /* of each partition: what was there before the snapshot */
    struct old_row *rows;
    size_t cap, used, live;
};

static void cleanup_consumer(struct kafka_consumer **consumer)
{
    kafka_consumer_close(*consumer);
}

struct old_rows *old_rows_free(struct old_rows *rows)
{
    if (rows == NULL)
        return NULL;
    free(rows->begin);
    free(rows->end);
    free(rows->rows);
    free(rows);
    return NULL;
}

/* The entry of that hash, or the empty one where it belongs. */
static struct old_row *entry(const struct old_rows *rows, struct hash128 hash)
{
    size_t at = (size_t)hash.low & (rows->cap - 1);

    while (rows->rows[at].used &&
           (rows->rows[at].hash.low != hash.low || rows->rows[at].hash.high != hash.high))
        at = (at + 1) & (rows->cap - 1);
    return &rows->rows[at];
}

static void grow(struct old_rows *rows)
{
    struct old_row *old = rows->rows;
    size_t old_cap = rows->cap;

    rows->cap = old_cap == 0 ? CAP_FIRST : old_cap * 2;
    rows->rows = err_calloc(rows->cap, sizeof(*rows->rows));
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i].used)
            *entry(rows, old[i].hash) = old[i];
    }
    free(old);
}

static void set_live(struct old_rows *rows, struct old_row *row, bool live)
{
    if (row->live != live)
        rows->live += live ? 1 : SIZE_MAX;
    row->live = live;
}

static void put(struct old_rows *rows, const struct kafka_message *message, bool live)
{
    struct hash128 hash = hash128(message->key.at, message->key.len);

    if (rows->used * 4 >= rows->cap * 3)
        grow(rows);
    struct old_row *row = entry(rows, hash);
    if (!row->used)
        rows->used++;
    row->hash = hash;
    row->used = true;
    row->offset = message->offset;
    row->partition = message->partition;
    set_live(rows, row, live);
}

/* A member of the envelope as its text; false when it is not there. */
static bool envelope_member(struct str value, struct arena *arena, const char *wanted,
                            struct json_value *ret, struct err *reterr)
{
    bool found;

    return json_member(value, wanted, arena, ret, &found, reterr) &&
           (found || err_set(reterr, ERR_STOP, "an envelope without \"%s\"", wanted));
}

static void truncate_partition(struct old_rows *rows, int32_t partition)
{
    for (size_t i = 0; i < rows->cap; i++) {
        if (rows->rows[i].live && rows->rows[i].partition == partition)
            set_live(rows, &rows->rows[i], false);
    }
}

static bool take(struct old_rows *rows, const struct kafka_message *message, struct arena *arena,
                 struct err *reterr)
{
    struct json_value op = {0};
    struct str value = {0};

    if (message->value.at == NULL) {
        if (message->key.at != NULL)
            put(rows, message, false);
        return true;
    }
    if (!registry_json(rows->registry, message->value, arena, &value, reterr) ||
        !envelope_member(value, arena, "op", &op, reterr))
        return false;
    if (message->key.at != NULL)
        put(rows, message, !str_eq_c(op.raw, "d"));
    else if (str_eq_c(op.raw, "t"))
        truncate_partition(rows, message->partition);
    return true;
}

/* What is done with each record that lies before the end. */
typedef bool record_fn(struct old_rows *rows, const struct kafka_message *message,
                       struct arena *arena, void *arg, struct err *reterr);

static bool assign_all(struct old_rows *rows, struct kafka_consumer *consumer, struct err *reterr)
{
    struct kafka_offset *starts CLEANUP(free) =
        err_calloc((size_t)rows->partitions, sizeof(*starts));

    for (int32_t i = 0; i < rows->partitions; i++)
        starts[i] = (struct kafka_offset){rows->topic, i, rows->begin[i]};
    return kafka_assign(consumer, starts, (size_t)rows->partitions, reterr);
}

/* How many partitions have something to read. */
static int32_t open_partitions(const struct old_rows *rows, const int64_t *at)
{
    int32_t n = 0;

    for (int32_t i = 0; i < rows->partitions; i++)
        n += at[i] < rows->end[i];
    return n;
}

/* Notes how far its partition was read; false: it is no record of before the snapshot. */
static bool advance(const struct old_rows *rows, const struct kafka_message *message, int64_t *at)
{
    bool record = message->kind == KAFKA_RECORD;

    at[message->partition] = record ? message->offset + 1 : message->offset;
    return record && message->offset < rows->end[message->partition];
}

static bool read_all(struct old_rows *rows, record_fn *each, void *arg, struct err *reterr)
{
    struct kafka_consumer *consumer CLEANUP(consumer) = NULL;
    struct arena *arena CLEANUP(arena) = arena_new(1 << 20);
    int64_t *at CLEANUP(free) = err_calloc((size_t)rows->partitions, sizeof(*at));
    int64_t alive_ms = clock_mono_ms();
    struct kafka_message messages[BATCH];
    bool ok = true;

    memcpy(at, rows->begin, (size_t)rows->partitions * sizeof(*at));
    if (open_partitions(rows, at) == 0)
        return true;
    if (!kafka_consumer_open(rows->config, "postgres-cdc", NULL, false, &consumer, reterr) ||
        !assign_all(rows, consumer, reterr))
        return false;
    while (ok && open_partitions(rows, at) > 0) {
        size_t n = 0;

        if (clock_mono_ms() - alive_ms > STALL_MS)
            return err_set(reterr, ERR_RETRY, "%s: its end can't be read", rows->topic);
        if (!kafka_poll(consumer, messages, BATCH, 100, &n, reterr))
            return false;
        if (n > 0)
            alive_ms = clock_mono_ms();
        for (size_t i = 0; i < n; i++) {
            arena_reset(arena);
            ok = ok &&
                 (!advance(rows, &messages[i], at) || each(rows, &messages[i], arena, arg, reterr));
            kafka_message_free(&messages[i]);
        }
    }
    return ok || err_prefix(reterr, "reading %s back", rows->topic);
}

static bool take_record(struct old_rows *rows, const struct kafka_message *message,
                        struct arena *arena, void *arg, struct err *reterr)
{
    (void)arg;
    return take(rows, message, arena, reterr);
}

/* A topic that was just created may not be served yet. */
static bool ends(struct old_rows *rows, struct kafka_admin *admin, int32_t partition,
                 struct err *reterr)
{
    int64_t end_ms = clock_mono_ms() + FRESH_MS;

    while (!kafka_watermarks(admin, rows->topic, partition, &rows->begin[partition],
                             &rows->end[partition], reterr)) {
        if (reterr->kind != ERR_RETRY || clock_mono_ms() >= end_ms)
            return false;
        usleep(FRESH_PAUSE_US);
    }
    return true;
}

bool old_rows_read(struct kafka_admin *admin, const struct kafka_config *config,
                   const struct old_topic *topic, struct old_rows **ret, struct err *reterr)
{
    struct old_rows *rows = err_calloc(1, sizeof(*rows));
    int32_t partitions = topic->partitions;
    bool ok = true;

    rows->config = config;
    rows->topic = topic->name;
    rows->partitions = partitions;
    rows->registry = topic->registry;
    rows->begin = err_calloc((size_t)partitions, sizeof(*rows->begin));
    rows->end = err_calloc((size_t)partitions, sizeof(*rows->end));
    for (int32_t i = 0; ok && i < partitions; i++)
        ok = ends(rows, admin, i, reterr);
    if (!ok || !read_all(rows, take_record, NULL, reterr)) {
        old_rows_free(rows);
        return false;
    }
    *ret = rows;
    return true;
}

void old_rows_seen(struct old_rows *rows, struct str key)
{
    if (rows->used == 0)
        return;
    struct old_row *row = entry(rows, hash128(key.at, key.len));
    if (row->used)
        set_live(rows, row, false);
}

size_t old_rows_left(const struct old_rows *rows)
{
    return rows->live;
}

struct each {
    old_rows_fn *call;
    void *arg;
};

static bool retract_record(struct old_rows *rows, const struct kafka_message *message,
                           struct arena *arena, void *arg, struct err *reterr)
{
    const struct each *each = arg;
    struct json_value after = {0};
    struct str key = {0}, value = {0};

    if (message->key.at == NULL || message->value.at == NULL)
        return true;
    struct old_row *row = entry(rows, hash128(message->key.at, message->key.len));
    if (!row->live || row->offset != message->offset || row->partition != message->partition)
        return true;
    set_live(rows, row, false);
    return registry_json(rows->registry, message->key, arena, &key, reterr) &&
           registry_json(rows->registry, message->value, arena, &value, reterr) &&
           envelope_member(value, arena, "after", &after, reterr) &&
           each->call(each->arg, key, after.raw, reterr);
}

bool old_rows_each(struct old_rows *rows, old_rows_fn *each, void *arg, struct err *reterr)
{
    struct each call = {each, arg};

    if (rows->live == 0)
        return true;
    if (!read_all(rows, retract_record, &call, reterr))
        return false;
    return rows->live == 0 ||
           err_set(reterr, ERR_RETRY, "%s: %zu rows were not found again", rows->topic, rows->live);
}
