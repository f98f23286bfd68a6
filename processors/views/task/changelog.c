#include "task/changelog.h"

#include "base/clock.h"

enum { POLL_MAX = 1000, POLL_TIMEOUT_MS = 200, STALL_MS = 120 * 1000, REPORT_MS = 1000 };

DEFINE_CLEANUP(consumer, struct kafka_consumer *, kafka_consumer_close);

/* Puts one record into the store. */
static void take_record(const struct kafka_message *message, struct state *state)
{
    if (message->value.at == NULL)
        store_delete(state_store(state), message->key);
    else
        store_put(state_store(state), message->key, message->value);
}

struct progress {
    int64_t position; /* next offset to read */
    int64_t moved_ms; /* when it last moved */
    int64_t reported_ms;
};

/* One poll: applies what came. *ret_moved: something did. */
static bool restore_poll(struct kafka_consumer *consumer, struct state *state, struct restored *ret,
                         struct progress *progress, struct err *reterr)
{
    struct kafka_message messages[POLL_MAX];
    size_t n = 0;
    struct err away;

    if (!kafka_poll(consumer, messages, POLL_MAX, POLL_TIMEOUT_MS, &n, &away)) {
        if (away.kind == ERR_RETRY)
            return true; /* the stall deadline bounds the wait */
        *reterr = away;
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (messages[i].kind == KAFKA_RECORD) {
            take_record(&messages[i], state);
            ret->records++;
        }
        int64_t next = messages[i].offset + (messages[i].kind == KAFKA_RECORD);
        if (next > progress->position) {
            progress->position = next;
            progress->moved_ms = clock_mono_ms();
        }
        kafka_message_free(&messages[i]);
    }
    return true;
}

/* Makes what was read so far permanent, so that restoring is bounded in memory and goes on where it
 * stopped. */
static bool restore_apply(struct state *state, const struct state_mark *mark, int64_t next,
                          struct err *reterr)
{
    struct state_mark reached = *mark;

    reached.changelog_next = next;
    reached.applied_unix_ms = clock_wall_us() / 1000;
    return state_apply(state, &reached, reterr);
}

static bool restore_range(const struct changelog *changelog, struct kafka_consumer *consumer,
                          struct state *state, const struct state_mark *mark, struct restored *ret,
                          struct err *reterr)
{
    int64_t now_ms = clock_mono_ms();
    struct progress progress = {state_mark(state)->changelog_next, now_ms, now_ms};

    while (progress.position < ret->end) {
        if (!restore_poll(consumer, state, ret, &progress, reterr))
            return false;
        if (overlay_full(state_overlay(state)) &&
            !restore_apply(state, mark, progress.position, reterr))
            return false;
        now_ms = clock_mono_ms();
        if (now_ms - progress.moved_ms > STALL_MS)
            return err_set(reterr, ERR_RETRY,
                           "restoring from %s stands still at offset %lld of %lld",
                           changelog->topic, (long long)progress.position, (long long)ret->end);
        if (now_ms - progress.reported_ms >= REPORT_MS) {
            progress.reported_ms = now_ms;
            changelog->each(changelog->arg, ret->records, ret->end - progress.position);
        }
    }
    return true;
}

bool changelog_restore(const struct changelog *changelog, struct kafka_admin *admin,
                       struct state *state, const struct state_mark *mark, struct restored *ret,
                       struct err *reterr)
{
    CLEANUP(consumer) struct kafka_consumer *consumer = NULL;
    int64_t low = 0;

    if (!kafka_watermarks(admin, changelog->topic, changelog->partition, &low, &ret->end, reterr))
        return false;
    if (state_mark(state)->changelog_next > ret->end)
        return err_stop(reterr, EX_DATAERR,
                        "the local state stands at offset %lld of %s, which ends at %lld: the "
                        "topic was truncated or "
                        "made anew; remove the folder of --state-dir to restore from what is left, "
                        "or run with --rebuild",
                        (long long)state_mark(state)->changelog_next, changelog->topic,
                        (long long)ret->end);
    if (state_mark(state)->changelog_next < low && !state_empty(state, reterr))
        return false;
    struct kafka_offset from = {changelog->topic, changelog->partition,
                                state_mark(state)->changelog_next};
    if (from.offset < low)
        from.offset = low;
    if (from.offset < ret->end) {
        if (!kafka_consumer_open(changelog->config, changelog->client_id, NULL, false, &consumer,
                                 reterr) ||
            !kafka_assign(consumer, &from, 1, reterr) ||
            !restore_range(changelog, consumer, state, mark, ret, reterr))
            return false;
    }
    return restore_apply(state, mark, ret->end, reterr);
}

bool changelog_write(const struct changelog *changelog, struct kafka_producer *producer,
                     const struct overlay *overlay, uint64_t *ret_records, struct err *reterr)
{
    struct kafka_record record = {.topic = changelog->topic, .partition = changelog->partition};
    uint64_t records = 0;

    for (const struct overlay_entry *entry = overlay_written(overlay); entry != NULL;
         entry = overlay_written_next(entry)) {
        record.key = entry->key;
        record.value = entry->value;
        if (!kafka_produce(producer, &record, reterr))
            return false;
        records++;
    }
    *ret_records = records;
    return true;
}
