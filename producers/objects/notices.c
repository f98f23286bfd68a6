#include "notices.h"

#include "base/log.h"
#include "notification.h"
#include <inttypes.h>

enum { BATCH_MAX = 256, ARENA_BYTES = 1 << 20, KEY_ROOM = 64 };

/* What a notification says of one of our objects; the last one of a name counts. */
struct change {
    char *name;
    char tag[FILE_TAG_MAX];
    int64_t size;
    size_t ordinal;
    bool removed;
};

struct notices {
    const struct objects_options *options;
    const struct input *input;
    struct kafka_consumer *consumer;
    struct kafka_offset *next; /* a partition each: what stands behind the batch */
    bool *at_end;
    int32_t partitions;
    bool need_list;
    struct kafka_message messages[BATCH_MAX]; /* the batch */
    bool bad[BATCH_MAX];                      /* which of them is no notification */
    size_t messages_n;
    struct change *changes;
    size_t changes_n;
    struct arena *arena;
};

struct notices *notices_new(const struct objects_options *options, const struct input *input)
{
    if (options->notifications_topic == NULL)
        return NULL;
    struct notices *notices = err_calloc(1, sizeof(*notices));
    notices->options = options;
    notices->input = input;
    notices->arena = arena_new(ARENA_BYTES);
    return notices;
}

static void drop_batch(struct notices *notices)
{
    for (size_t i = 0; i < notices->messages_n; i++)
        kafka_message_free(&notices->messages[i]);
    for (size_t i = 0; i < notices->changes_n; i++)
        free(notices->changes[i].name);
    free(notices->changes);
    notices->changes = NULL;
    notices->messages_n = notices->changes_n = 0;
    arena_reset(notices->arena);
}

void notices_end(struct notices *notices)
{
    if (notices == NULL)
        return;
    drop_batch(notices);
    notices->consumer = kafka_consumer_close(notices->consumer);
    free(notices->next);
    free(notices->at_end);
    notices->next = NULL;
    notices->at_end = NULL;
}

struct notices *notices_free(struct notices *notices)
{
    notices_end(notices);
    if (notices != NULL)
        arena_free(notices->arena);
    free(notices);
    return NULL;
}

static struct str position_key(char *into, int32_t partition)
{
    return (struct str){into,
                        (size_t)snprintf(into, KEY_ROOM, "notifications:%" PRId32, partition)};
}

/* Where the partition goes on. */
static bool find_start(struct notices *notices, const struct writer *writer,
                       struct kafka_offset *next, struct err *reterr)
{
    int64_t low = 0, high = 0;
    char name[KEY_ROOM];

    if (!kafka_watermarks(writer->admin, next->topic, next->partition, &low, &high, reterr))
        return false;
    struct str text = kafka_progress_get(writer->progress, position_key(name, next->partition));
    if (!str_integer(text, &next->offset))
        next->offset = text.at == NULL ? high : -1;
    if (text.at != NULL && next->offset >= low && next->offset <= high)
        return true;
    if (text.at != NULL)
        log_warn("notifications are missing, so objects are listed", LOG_STR("topic", next->topic),
                 LOG_INT("partition", next->partition), LOG_INT("from", next->offset),
                 LOG_INT("first", low));
    next->offset = high;
    notices->need_list = true;
    return true;
}

bool notices_begin(struct notices *notices, struct writer *writer, struct err *reterr)
{
    const char *topic = notices->options->notifications_topic;

    if (!kafka_partitions(writer->admin, topic, &notices->partitions, reterr))
        return false;
    if (notices->partitions == 0)
        return err_stop(reterr, EX_CONFIG, "--notifications-topic: there is no topic %s", topic);
    notices->need_list = false;
    notices->next = err_calloc((size_t)notices->partitions, sizeof(*notices->next));
    notices->at_end = err_calloc((size_t)notices->partitions, sizeof(*notices->at_end));
    for (int32_t i = 0; i < notices->partitions; i++) {
        notices->next[i] = (struct kafka_offset){.topic = topic, .partition = i};
        if (!find_start(notices, writer, &notices->next[i], reterr))
            return false;
    }
    return kafka_consumer_open(&notices->options->kafka, objects_service, NULL, false,
                               &notices->consumer, reterr) &&
           kafka_assign(notices->consumer, notices->next, (size_t)notices->partitions, reterr);
}

bool notices_need_list(const struct notices *notices)
{
    return notices->need_list;
}

static void note_change(void *arg, const struct notification *one)
{
    struct notices *notices = arg;
    struct change change = {
        .size = one->size, .ordinal = notices->changes_n, .removed = one->removed};

    if (!input_holds(notices->input, one->bucket, one->key))
        return;
    change.name = err_calloc(1, one->key.len + 1);
    memcpy(change.name, one->key.at, one->key.len);
    snprintf(change.tag, sizeof(change.tag), "%.*s", STR_ARG(one->etag));
    notices->changes = err_realloc(notices->changes, (notices->changes_n + 1) * sizeof(change));
    notices->changes[notices->changes_n++] = change;
}

static int by_name(const void *a, const void *b)
{
    const struct change *one = a, *other = b;
    int order = strcmp(one->name, other->name);

    return order != 0 ? order : (one->ordinal > other->ordinal) - (one->ordinal < other->ordinal);
}

/* Takes what a poll brought into the batch; ends of partitions are noted. */
static void take(struct notices *notices, struct kafka_message *messages, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct kafka_message *message = &messages[i];
        bool record = message->kind == KAFKA_RECORD;

        notices->next[message->partition].offset = message->offset + record;
        notices->at_end[message->partition] |= !record;
        if (record)
            notices->messages[notices->messages_n++] = *message;
        else
            kafka_message_free(message);
    }
}

bool notices_poll(struct notices *notices, int64_t timeout_ms, bool *ret_any, bool *ret_end,
                  struct err *reterr)
{
    struct kafka_message messages[BATCH_MAX];
    struct err not_now;
    size_t n = 0;

    drop_batch(notices);
    if (!kafka_poll(notices->consumer, messages, BATCH_MAX, timeout_ms, &n, reterr))
        return false;
    take(notices, messages, n);
    for (size_t i = 0; i < notices->messages_n; i++) /* why it is bad is told in the end */
        notices->bad[i] = !notification_read(notices->messages[i].value, notices->arena,
                                             note_change, notices, &not_now);
    if (notices->changes_n > 0)
        qsort(notices->changes, notices->changes_n, sizeof(*notices->changes), by_name);
    *ret_any = notices->messages_n > 0;
    *ret_end = true;
    for (int32_t i = 0; i < notices->partitions; i++)
        *ret_end = *ret_end && notices->at_end[i];
    return true;
}

bool notices_tell(const struct notices *notices)
{
    return notices->changes_n > 0;
}

void notices_items(const struct notices *notices, struct item_list *ret)
{
    *ret = (struct item_list){0};
    for (size_t i = 0; i < notices->changes_n; i++) {
        const struct change *change = &notices->changes[i];
        bool last = i + 1 == notices->changes_n || strcmp(change->name, change[1].name) != 0;

        if (!last || change->removed)
            continue;
        input_add_object(ret, change->name, change->tag, change->size);
        ret->items[ret->n - 1].told = true;
    }
}

bool notices_done(struct notices *notices, struct writer *writer, struct err *reterr)
{
    char name[KEY_ROOM], digits[24];
    struct err why;

    for (size_t i = 0; i < notices->messages_n; i++) {
        const struct kafka_message *message = &notices->messages[i];

        if (notices->bad[i] &&
            !notification_read(message->value, notices->arena, NULL, NULL, &why) &&
            !writer_dead_message(writer, message, "notification", &why, reterr))
            return false;
    }
    for (int32_t i = 0; i < notices->partitions; i++) {
        snprintf(digits, sizeof(digits), "%" PRId64, notices->next[i].offset);
        if (!writer_put(writer, position_key(name, i), str_of(digits), reterr))
            return false;
    }
    notices->need_list = false;
    drop_batch(notices);
    return true;
}
