/*
 * Rebuilding: all views computed anew from the start of bronze, and only what differs from the view
 * topics written. In this order, each step safe to repeat, since a task that finds the phase
 * "rebuilding" in its commit record starts over:
 *
 *   1  the commit record says "rebuilding" and the new plan; the old state is deleted (changelog
 *      tombstones included), some keys a transaction
 *   2  bronze is replayed to its present end; state and changelog as usual, view records kept aside
 *      in a second store ("wanted")
 *   3  the view topics are read to their end into a third store ("present")
 *   4  wanted and present are walked side by side; differences are written; the last transaction
 *      says "running"
 *
 * Dead letters are written again by the replay: the new plan's contract may reject other records.
 */
#include "task/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "record/json.h"

enum { KEYS_A_TRANSACTION = 20000, KEYS_A_WALK = 512, POLL_MAX = 1000, QUARANTINE_TAG = 0xffff };

/* A side store; its keys are a 2-byte topic tag and the record's key. */
struct side {
    struct state *state;
    struct buf key;
};

static bool side_open(const struct task *task, const char *name, struct side *ret,
                      struct err *reterr)
{
    CLEANUP(buf) struct buf path = {0};
    bool emptied = false;

    buf_printf(&path, "%.*s-%s", STR_ARG(buf_str(&task->path)), name);
    const struct state_config config = {buf_cstr(&path), task->context->options->state_bytes,
                                        8 << 20, NULL};
    return state_open(&config, &ret->state, &emptied, reterr) && state_empty(ret->state, reterr);
}

static void side_close(struct side *side)
{
    struct err ignored;

    if (side->state != NULL)
        (void)!state_empty(side->state, &ignored);
    state_close(side->state, false);
    buf_done(&side->key);
}

static bool side_put(struct side *side, uint32_t tag, struct str key, struct str value,
                     struct err *reterr)
{
    buf_clear(&side->key);
    buf_be(&side->key, tag, 2);
    buf_put(&side->key, key);
    if (side->key.len > STORE_KEY_BYTES_MAX)
        return err_stop(reterr, EX_DATAERR,
                        "a view's key is longer than %d bytes: --rebuild can't compare it",
                        STORE_KEY_BYTES_MAX - 2);
    store_put(state_store(side->state), buf_str(&side->key), value);
    return !overlay_full(state_overlay(side->state)) ||
           state_apply(side->state, &(struct state_mark){0}, reterr);
}

/* The topic that a tag stands for. */
static const char *tag_topic(const struct task *task, uint32_t tag)
{
    return tag == QUARANTINE_TAG ? task->context->quarantine_topic
                                 : task->context->plan->views[tag].topic;
}

/* ---- 1: the old state goes
 * --------------------------------------------------------------------------------- */

/* Marks some keys deleted in the overlay; *ret_more: there are others. The commit record stays. */
static bool delete_some(struct task *task, bool *ret_more, struct err *reterr)
{
    struct store *store = state_store(task->state);
    struct store_cursor cursor = store_scan(STR_NONE, false);
    struct str keys[KEYS_A_WALK];
    size_t n = 0;
    bool more = true;

    while (n < KEYS_A_WALK) {
        if (!store_next(store, &cursor, &more, reterr))
            return false;
        if (!more)
            break;
        if (!str_eq(cursor.key, COMMIT_RECORD_KEY))
            keys[n++] = cursor.key;
    }
    if (more)
        store_end(store, &cursor);
    for (size_t i = 0; i < n; i++)
        store_delete(store, keys[i]);
    *ret_more = n > 0;
    return true;
}

static bool delete_old_state(struct task *task, struct err *reterr)
{
    bool more = true;

    task->record.phase = PHASE_REBUILDING;
    while (more) {
        for (size_t i = 0; more && i < KEYS_A_TRANSACTION / KEYS_A_WALK; i++)
            if (!delete_some(task, &more, reterr))
                return false;
        service_beat(task->context->service);
        if (!task_commit(task, NULL, NULL, reterr))
            return false;
    }
    return true;
}

static bool seek_to_start(struct task *task, struct err *reterr)
{
    size_t n = 0;
    const struct kafka_offset *offsets = inputs_offsets(task->inputs, &n);

    for (size_t i = 0; i < n; i++) {
        int64_t low = 0, high = 0;

        if (!kafka_watermarks(task->context->admin, offsets[i].topic, offsets[i].partition, &low,
                              &high, reterr))
            return false;
        inputs_seek(task->inputs, str_of(offsets[i].topic), offsets[i].partition, low);
    }
    return true;
}

/* ---- 2: bronze is replayed
 * --------------------------------------------------------------------------------- */

static bool keep_output(struct task *task, struct side *wanted, const struct engine_output *output,
                        struct err *reterr)
{
    CLEANUP(buf) struct buf key = {0};
    CLEANUP(buf) struct buf value = {0};

    for (uint32_t i = 0; i < output->changes_n; i++) {
        const struct engine_change *change = &output->changes[i];

        buf_clear(&key);
        buf_clear(&value);
        if (!codec_key(task->context->codec, change, &key, reterr) ||
            (change->row != NULL && !codec_value(task->context->codec, change, &value, reterr)) ||
            !side_put(wanted, change->view, buf_str(&key),
                      change->row == NULL ? STR_NONE : buf_str(&value), reterr))
            return false;
    }
    for (uint32_t i = 0; i < output->quarantines_n; i++) {
        const struct engine_quarantine *entry = &output->quarantines[i];

        buf_clear(&value);
        if (!entry->gone)
            outputs_quarantine_value(&value, task->context->plan, entry);
        if (!side_put(wanted, QUARANTINE_TAG, entry->key, entry->gone ? STR_NONE : buf_str(&value),
                      reterr))
            return false;
    }
    return true;
}

static bool replay_step(struct task *task, struct side *wanted, struct err *reterr)
{
    struct engine_output output;

    if (!task_gather(task, reterr))
        return reterr->kind == ERR_RETRY; /* the broker is away: the loop asks again */
    if (task->gathered.records_n == 0)
        return true;
    if (!engine_step(task->engine, task->gathered.events, task->gathered.events_n, task->arena,
                     &output, reterr) ||
        !keep_output(task, wanted, &output, reterr) || !task_commit(task, NULL, NULL, reterr))
        return false;
    task_done_with_gathered(task);
    return true;
}

static bool replay(struct task *task, struct side *wanted, struct err *reterr)
{
    struct engine_output output;
    size_t n = 0;
    const struct kafka_offset *offsets = inputs_offsets(task->inputs, &n);

    if (!engine_first_step(task->engine, task->arena, &output, reterr) ||
        !keep_output(task, wanted, &output, reterr) ||
        !kafka_consumer_open(&task->context->options->kafka, "views", task->context->group, false,
                             &task->consumer, reterr) ||
        !kafka_assign(task->consumer, offsets, n, reterr))
        return false;
    while (!task_caught_up(task)) {
        service_beat(task->context->service);
        if (service_stopping(task->context->service))
            return err_set(reterr, ERR_ABORT,
                           "stopped inside a rebuild; the next start begins it again");
        if (!replay_step(task, wanted, reterr))
            return false;
    }
    task->consumer = kafka_consumer_close(task->consumer);
    return state_apply(wanted->state, &(struct state_mark){0}, reterr);
}

/* ---- 3: what the topics hold
 * ------------------------------------------------------------------------------- */

/*
 * A key in one format can't take away what has it in the other: the two lie in different partitions,
 * whose order nobody keeps.
 */
static bool check_format(const struct task *task, uint32_t tag, const struct kafka_message *message,
                         struct err *reterr)
{
    const struct plan *plan = task->context->plan;
    bool avro = tag != QUARANTINE_TAG && plan->views[tag].format == PLAN_VIEW_AVRO;

    return tag == QUARANTINE_TAG || message->key.len == 0 || avro == avro_is_framed(message->key) ||
           err_stop(reterr, EX_CONFIG,
                    "topic %s holds records as %s, and %s is to be written as %s: delete the "
                    "topic, or give the view another (WITH (topic = ...)), and --rebuild again",
                    message->topic, avro ? "JSON" : "Avro", plan->views[tag].name,
                    avro ? "Avro" : "JSON");
}

static bool read_partitions(struct task *task, struct kafka_consumer *consumer, uint32_t tag,
                            size_t partitions, struct side *present, struct err *reterr)
{
    CLEANUP(free) bool *ended = err_calloc(partitions, sizeof(*ended)); /* an end is told again */
    struct kafka_message messages[POLL_MAX];
    size_t n = 0, open = partitions;
    bool ok = true;

    while (open > 0) {
        service_beat(task->context->service);
        if (!kafka_poll(consumer, messages, POLL_MAX, 200, &n, reterr)) {
            if (reterr->kind != ERR_RETRY)
                return false;
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            if (messages[i].kind == KAFKA_EOF) {
                open -= !ended[messages[i].partition];
                ended[messages[i].partition] = true;
            } else {
                ok = ok && check_format(task, tag, &messages[i], reterr) &&
                     side_put(present, tag, messages[i].key, messages[i].value, reterr);
            }
            kafka_message_free(&messages[i]);
        }
        if (!ok)
            return false;
    }
    return true;
}

DEFINE_CLEANUP(consumer, struct kafka_consumer *, kafka_consumer_close);

static bool read_topic(struct task *task, uint32_t tag, struct side *present, struct err *reterr)
{
    const char *topic = tag_topic(task, tag);
    CLEANUP(consumer) struct kafka_consumer *consumer = NULL;
    int32_t partitions = 0;

    if (!kafka_partitions(task->context->admin, topic, &partitions, reterr))
        return false;
    CLEANUP(free) struct kafka_offset *offsets = err_calloc((size_t)partitions, sizeof(*offsets));
    for (int32_t i = 0; i < partitions; i++) {
        int64_t high = 0;

        offsets[i] = (struct kafka_offset){topic, i, 0};
        if (!kafka_watermarks(task->context->admin, topic, i, &offsets[i].offset, &high, reterr))
            return false;
    }
    return kafka_consumer_open(&task->context->options->kafka, "views", NULL, false, &consumer,
                               reterr) &&
           kafka_assign(consumer, offsets, (size_t)partitions, reterr) &&
           read_partitions(task, consumer, tag, (size_t)partitions, present, reterr);
}

static bool read_present(struct task *task, struct side *present, struct err *reterr)
{
    for (uint32_t view = 0; view < task->context->plan->views_n; view++)
        if (!read_topic(task, view, present, reterr))
            return false;
    return read_topic(task, QUARANTINE_TAG, present, reterr) &&
           state_apply(present->state, &(struct state_mark){0}, reterr);
}

/* ---- 4: the differences
 * ------------------------------------------------------------------------------------ */

/* Writes one record into the open transaction, beginning and ending transactions of bounded size.
 */
struct difference {
    struct task *task;
    uint64_t written;
    size_t open; /* records in the open transaction */
};

static bool write_difference(struct difference *difference, struct str side_key, struct str value,
                             struct err *reterr)
{
    struct task *task = difference->task;
    struct kafka_record record = {.topic = tag_topic(task, (uint32_t)be_get(side_key.at, 2)),
                                  .partition = -1,
                                  .key = {side_key.at + 2, side_key.len - 2},
                                  .value = value};

    if (difference->open == 0 && !kafka_begin(task->producer, reterr))
        return false;
    if (!kafka_produce(task->producer, &record, reterr))
        return false;
    difference->written++;
    if (++difference->open < KEYS_A_TRANSACTION)
        return true;
    difference->open = 0;
    service_beat(task->context->service);
    return kafka_commit(task->producer, reterr);
}

/* One entry of a side store, or its end. */
struct walk {
    struct store *store;
    struct store_cursor cursor;
    bool more;
};

static bool walk_on(struct walk *walk, struct err *reterr)
{
    return store_next(walk->store, &walk->cursor, &walk->more, reterr);
}

static bool write_differences(struct difference *difference, struct walk *wanted,
                              struct walk *present, struct err *reterr)
{
    while (wanted->more || present->more) {
        int order = !present->more  ? -1
                    : !wanted->more ? 1
                                    : str_cmp(wanted->cursor.key, present->cursor.key);
        bool same = order == 0 && str_eq(wanted->cursor.value, present->cursor.value);

        if (!same &&
            !write_difference(difference, order <= 0 ? wanted->cursor.key : present->cursor.key,
                              order <= 0 ? wanted->cursor.value : STR_NONE, reterr))
            return false;
        if ((order <= 0 && !walk_on(wanted, reterr)) || (order >= 0 && !walk_on(present, reterr)))
            return false;
    }
    return difference->open == 0 || kafka_commit(difference->task->producer, reterr);
}

static bool compare(struct task *task, struct side *wanted, struct side *present,
                    struct err *reterr)
{
    struct difference difference = {.task = task};
    struct walk left = {state_store(wanted->state), store_scan(STR_NONE, false), true};
    struct walk right = {state_store(present->state), store_scan(STR_NONE, false), true};

    if (!walk_on(&left, reterr) || !walk_on(&right, reterr) ||
        !write_differences(&difference, &left, &right, reterr))
        return false;
    task->record.phase = PHASE_RUNNING;
    log_info("rebuilt", LOG_INT("differences", difference.written));
    return task_commit(task, NULL, NULL, reterr);
}

static bool rebuild(struct task *task, struct side *wanted, struct side *present,
                    struct err *reterr)
{
    return side_open(task, "wanted", wanted, reterr) &&
           side_open(task, "present", present, reterr) && delete_old_state(task, reterr) &&
           seek_to_start(task, reterr) && replay(task, wanted, reterr) &&
           read_present(task, present, reterr) && compare(task, wanted, present, reterr);
}

bool task_rebuild(struct task *task, struct err *reterr)
{
    struct side wanted = {0}, present = {0};

    log_info("rebuilding: all views are computed anew from bronze", LOG_INT("task", task->number));
    bool ok = rebuild(task, &wanted, &present, reterr);
    side_close(&wanted);
    side_close(&present);
    return ok;
}
