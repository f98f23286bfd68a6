#include "kafka/progress.h"

#include "base/clock.h"
#include "base/hash.h"

enum { SILENCE_MS = 30000, POLL_MS = 100, READ_AT_ONCE = 64, FIRST_SLOTS = 64 };

/* A key and its text in one allocation; text.at NULL: there is none. */
struct entry {
    uint64_t hash;
    struct str key, text;
    char *bytes; /* NULL: the slot is free */
};

/* Open addressing; `slots_n` is a power of two, at most half are taken. */
struct kafka_progress {
    const char *topic;
    int32_t partition;
    struct entry *slots;
    size_t slots_n, taken;
};

static void cleanup_consumer(struct kafka_consumer **consumer)
{
    kafka_consumer_close(*consumer);
}

/* The key's slot, or the free one where it belongs. */
static struct entry *find(const struct kafka_progress *progress, uint64_t hash, struct str key)
{
    size_t mask = progress->slots_n - 1;

    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        struct entry *entry = &progress->slots[i];

        if (entry->bytes == NULL || (entry->hash == hash && str_eq(entry->key, key)))
            return entry;
    }
}

static void grow(struct kafka_progress *progress)
{
    struct entry *old = progress->slots;
    size_t old_n = progress->slots_n;

    progress->slots_n *= 2;
    progress->slots = err_calloc(progress->slots_n, sizeof(*progress->slots));
    for (size_t i = 0; i < old_n; i++) {
        if (old[i].bytes != NULL)
            *find(progress, old[i].hash, old[i].key) = old[i];
    }
    free(old);
}

/* A tombstone keeps its slot, without a text. */
static void hold(struct kafka_progress *progress, struct str key, struct str text)
{
    uint64_t hash = hash64(key.at, key.len);
    struct entry *entry = find(progress, hash, key);
    char *bytes = err_malloc(key.len + text.len + 1);

    if (entry->bytes == NULL)
        progress->taken++;
    if (key.len > 0)
        memcpy(bytes, key.at, key.len);
    if (text.len > 0)
        memcpy(bytes + key.len, text.at, text.len);
    free(entry->bytes);
    *entry = (struct entry){
        hash, {bytes, key.len}, {text.at == NULL ? NULL : bytes + key.len, text.len}, bytes};
    if (progress->taken * 2 > progress->slots_n)
        grow(progress);
}

static bool hold_message(void *arg, const struct kafka_message *message, struct err *reterr)
{
    (void)reterr;
    hold(arg, message->key, message->value);
    return true;
}

/* Hands out what a poll brought; all messages are freed whatever happens. */
static bool hand_out(const struct kafka_reading *reading, struct kafka_message *messages, size_t n,
                     int64_t *at, struct err *reterr)
{
    bool ok = true;

    for (size_t i = 0; i < n; i++) {
        const struct kafka_message *message = &messages[i];
        bool record = message->kind == KAFKA_RECORD;

        ok = ok && (!record || reading->each(reading->arg, message, reterr));
        *at = message->offset + record;
        kafka_message_free(&messages[i]);
    }
    return ok;
}

static bool open_at(const struct kafka_reading *reading, const struct kafka_offset *start,
                    struct kafka_consumer **ret, struct err *reterr)
{
    struct kafka_config quick = *reading->config;

    quick.prompt = true;
    return kafka_consumer_open(&quick, reading->client_id, NULL, false, ret, reterr) &&
           kafka_assign(*ret, start, 1, reterr);
}

bool kafka_read_to_end(const struct kafka_reading *reading, const struct kafka_offset *from,
                       int64_t *ret_next, struct err *reterr)
{
    struct kafka_consumer *consumer CLEANUP(consumer) = NULL;
    struct kafka_message messages[READ_AT_ONCE];
    struct kafka_offset start = *from;
    int64_t low = 0, end = 0;

    if (!kafka_watermarks(reading->admin, from->topic, from->partition, &low, &end, reterr))
        return false;
    if (start.offset < low)
        start.offset = low;
    int64_t at = start.offset, heard_ms = clock_mono_ms();
    if (at < end && !open_at(reading, &start, &consumer, reterr))
        return false;
    while (at < end) {
        size_t n = 0;

        if (!kafka_poll(consumer, messages, READ_AT_ONCE, POLL_MS, &n, reterr) ||
            !hand_out(reading, messages, n, &at, reterr))
            return false;
        if (n > 0)
            heard_ms = clock_mono_ms();
        else if (clock_mono_ms() - heard_ms > SILENCE_MS)
            return err_set(reterr, ERR_RETRY, "%s: its end can't be read", from->topic);
    }
    *ret_next = at;
    return true;
}

struct kafka_topic_spec kafka_progress_spec(const char *topic, int32_t partitions)
{
    /* few keys, written at each commit: only their last records matter */
    static const char *const settings[] = {"min.compaction.lag.ms=0", "segment.bytes=16777216",
                                           "segment.ms=600000", "min.cleanable.dirty.ratio=0.1",
                                           NULL};

    return (struct kafka_topic_spec){
        .name = topic, .partitions = partitions, .cleanup = KAFKA_COMPACT, .extra = settings};
}

bool kafka_progress_open_part(const struct kafka_config *config, const char *client_id,
                              struct kafka_admin *admin, const struct kafka_offset *part,
                              struct kafka_progress **ret, struct err *reterr)
{
    struct kafka_progress *progress = err_calloc(1, sizeof(*progress));
    int64_t next = 0;

    progress->topic = part->topic;
    progress->partition = part->partition;
    progress->slots_n = FIRST_SLOTS;
    progress->slots = err_calloc(progress->slots_n, sizeof(*progress->slots));
    const struct kafka_reading reading = {config, client_id, admin, hold_message, progress};
    if (!kafka_read_to_end(&reading, part, &next, reterr)) {
        kafka_progress_close(progress);
        return false;
    }
    *ret = progress;
    return true;
}

bool kafka_progress_open(const struct kafka_config *config, const char *client_id,
                         struct kafka_admin *admin, const char *topic, struct kafka_progress **ret,
                         struct err *reterr)
{
    const struct kafka_offset whole = {topic, 0, 0};

    return kafka_progress_open_part(config, client_id, admin, &whole, ret, reterr);
}

struct kafka_progress *kafka_progress_close(struct kafka_progress *progress)
{
    if (progress == NULL)
        return NULL;
    for (size_t i = 0; i < progress->slots_n; i++)
        free(progress->slots[i].bytes);
    free(progress->slots);
    free(progress);
    return NULL;
}

struct str kafka_progress_get(const struct kafka_progress *progress, struct str key)
{
    return find(progress, hash64(key.at, key.len), key)->text;
}

void kafka_progress_each(const struct kafka_progress *progress,
                         bool (*each)(void *arg, struct str key, struct str text), void *arg)
{
    for (size_t i = 0; i < progress->slots_n; i++) {
        const struct entry *entry = &progress->slots[i];

        if (entry->bytes != NULL && entry->text.at != NULL && !each(arg, entry->key, entry->text))
            return;
    }
}

bool kafka_progress_put(struct kafka_progress *progress, struct kafka_producer *producer,
                        struct str key, struct str text, struct err *reterr)
{
    const struct kafka_record record = {
        .topic = progress->topic, .partition = progress->partition, .key = key, .value = text};

    if (!kafka_produce(producer, &record, reterr))
        return err_prefix(reterr, "%s", progress->topic);
    hold(progress, key, text);
    return true;
}
