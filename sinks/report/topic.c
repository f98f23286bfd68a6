#include "topic.h"

#include "base/hash.h"
#include "base/log.h"
#include "kafka/consumer.h"
#include "kafka/progress.h"
#include <inttypes.h>

enum { PARTITIONS_MAX = 4096, ARENA_BYTES = 1 << 20 };

/* A key, and the offset of its last record; a key is in one partition alone. 0: an empty place. */
struct last {
    uint64_t hash;
    int64_t offset;
};

struct scan {
    const struct report_options *options;
    struct quality *quality;
    struct topic_counts *counts;
    struct kafka_admin *admin;
    struct registry *registry;
    struct arena *arena;
    int64_t *begins, *ends; /* by partition */
    int32_t partitions;
    struct last *last; /* NULL: every record counts */
    size_t cap;
    uint64_t part, parts;
    bool looking; /* the first reading: which records are the last */
};

DEFINE_CLEANUP(admin, struct kafka_admin *, kafka_admin_close);
DEFINE_CLEANUP(registry, struct registry *, registry_close);

static uint64_t key_hash(struct str key)
{
    uint64_t hash = hash64(key.at, key.len);

    return hash == 0 ? 1 : hash;
}

static struct last *place_of(const struct scan *scan, uint64_t hash)
{
    size_t at = (hash >> 20) & (scan->cap - 1);

    while (scan->last[at].hash != 0 && scan->last[at].hash != hash)
        at = (at + 1) & (scan->cap - 1);
    return &scan->last[at];
}

/* The record is one that counts in this reading. */
static bool is_wanted(struct scan *scan, const struct kafka_message *message)
{
    if (message->offset >= scan->ends[message->partition])
        return false;
    if (scan->last == NULL || message->key.at == NULL)
        return !scan->looking && scan->part == 0;
    uint64_t hash = key_hash(message->key);
    if (hash % scan->parts != scan->part)
        return false;
    struct last *last = place_of(scan, hash);
    if (!scan->looking)
        return last->offset == message->offset;
    *last = (struct last){hash, message->offset};
    return false;
}

static bool count(struct scan *scan, const struct kafka_message *message, struct err *reterr)
{
    struct str key, value, row = STR_NONE;

    return registry_json(scan->registry, message->key, scan->arena, &key, reterr) &&
           registry_json(scan->registry, message->value, scan->arena, &value, reterr) &&
           quality_row_of(value, scan->arena, &row, reterr) &&
           (row.at == NULL || quality_row(scan->quality, key, row, reterr));
}

/* The first of them is told; the account counts all. */
static void tell_undecodable(const struct scan *scan, const struct kafka_message *message,
                             const struct err *why)
{
    if (scan->counts->undecodable == 1)
        log_warn("a record can't be read, and there may be more: they are left out",
                 LOG_STR("topic", scan->options->quality), LOG_INT("partition", message->partition),
                 LOG_INT("offset", message->offset), LOG_STR("why", why->text));
}

static bool on_record(void *arg, const struct kafka_message *message, struct err *reterr)
{
    struct scan *scan = arg;

    scan->counts->records += scan->looking == (scan->last != NULL) && scan->part == 0 &&
                             message->offset < scan->ends[message->partition];
    if (!is_wanted(scan, message) || message->value.at == NULL)
        return true;
    arena_reset(scan->arena);
    if (count(scan, message, reterr))
        return true;
    if (reterr->kind != ERR_DEAD_LETTER)
        return false;
    scan->counts->undecodable++;
    tell_undecodable(scan, message, reterr);
    return true;
}

static bool read_all(struct scan *scan, struct err *reterr)
{
    const struct kafka_reading reading = {&scan->options->kafka, report_service, scan->admin,
                                          on_record, scan};
    int64_t next;

    for (int32_t i = 0; i < scan->partitions; i++) {
        struct kafka_offset from = {scan->options->quality, i, scan->begins[i]};

        if (!kafka_read_to_end(&reading, &from, &next, reterr))
            return err_prefix(reterr, "%s/%" PRId32, scan->options->quality, i);
    }
    return true;
}

/* A table that the parts' keys fit in by half, and how many parts there are: of a topic's records
 * each may be a key. */
static void plan_parts(struct scan *scan)
{
    size_t places = (size_t)scan->options->quality_bytes / 2 / sizeof(struct last);
    uint64_t records = 0;

    for (int32_t i = 0; i < scan->partitions; i++)
        records += (uint64_t)(scan->ends[i] - scan->begins[i]);
    for (scan->cap = 1024; scan->cap < records * 2 && scan->cap * 2 <= places;)
        scan->cap *= 2;
    scan->parts = (records * 2 + scan->cap - 1) / scan->cap;
    scan->parts = scan->parts == 0 ? 1 : scan->parts;
    scan->last = err_calloc(scan->cap, sizeof(*scan->last));
}

static bool read_last_records(struct scan *scan, struct err *reterr)
{
    plan_parts(scan);
    for (scan->part = 0; scan->part < scan->parts; scan->part++) {
        memset(scan->last, 0, scan->cap * sizeof(*scan->last));
        scan->looking = true;
        if (!read_all(scan, reterr))
            return false;
        scan->looking = false;
        if (!read_all(scan, reterr))
            return false;
    }
    scan->counts->parts = (int64_t)scan->parts;
    return true;
}

static bool find_ends(struct scan *scan, struct err *reterr)
{
    const char *topic = scan->options->quality;

    if (!kafka_partitions(scan->admin, topic, &scan->partitions, reterr))
        return false;
    if (scan->partitions == 0)
        return err_stop(reterr, EX_NOINPUT, "--quality: there is no topic \"%s\"", topic);
    if (scan->partitions > PARTITIONS_MAX)
        return err_stop(reterr, EX_CONFIG, "--quality: %s has more than %d partitions", topic,
                        PARTITIONS_MAX);
    for (int32_t i = 0; i < scan->partitions; i++)
        if (!kafka_watermarks(scan->admin, topic, i, &scan->begins[i], &scan->ends[i], reterr))
            return false;
    return true;
}

bool topic_quality(const struct report_options *options, struct quality *quality,
                   struct topic_counts *ret, struct err *reterr)
{
    CLEANUP(admin) struct kafka_admin *admin = NULL;
    CLEANUP(registry)
    struct registry *registry =
        options->registry.url == NULL ? NULL : registry_open(&options->registry);
    CLEANUP(arena) struct arena *arena = arena_new(ARENA_BYTES);
    CLEANUP(free) int64_t *offsets = err_calloc(PARTITIONS_MAX, 2 * sizeof(*offsets));
    struct scan scan = {.options = options,
                        .quality = quality,
                        .counts = ret,
                        .registry = registry,
                        .arena = arena,
                        .begins = offsets,
                        .ends = offsets + PARTITIONS_MAX,
                        .parts = 1};

    *ret = (struct topic_counts){.parts = 1};
    if (!kafka_admin_open(&options->kafka, report_service, &admin, reterr))
        return false;
    scan.admin = admin;
    bool ok = find_ends(&scan, reterr) &&
              (options->quality_of == QUALITY_RECORDS ? read_all(&scan, reterr)
                                                      : read_last_records(&scan, reterr));
    free(scan.last);
    return ok;
}
