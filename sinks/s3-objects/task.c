#include "task.h"

#include "base/clock.h"
#include "base/log.h"
#include "metrics.h"
#include "service/account.h"
#include "snapshot.h"
#include "typed.h"
#include <assert.h>
#include <inttypes.h>

enum {
    ADMIN_TIMEOUT_MS = 3000,
    START_PATIENCE_MS = 30000,
    POLL_MS = 50,
    BATCH = 500,
    CHECK_EVERY_MS = 5000,
    TASK = 0 /* the control topic's one partition */
};

void partition_clear(struct partition *partition)
{
    for (size_t i = 0; i < partition->bad_n; i++)
        kafka_message_free(&partition->bad[i].message);
    free(partition->bad);
    partition->bad = NULL;
    partition->bad_n = 0;
    window_clear(&partition->window);
}

/* Drops windows and plans in hand: whoever owns the task next reads them from Kafka. */
static void release(struct task *task)
{
    for (size_t i = 0; i < task->partitions_n; i++) {
        partition_clear(&task->partitions[i]);
        window_done(&task->partitions[i].window);
    }
    task->snapshot = snapshot_close(task->snapshot);
    free(task->partitions);
    task->partitions = NULL;
    task->partitions_n = 0;
    task->consumer = kafka_consumer_close(task->consumer);
    task->dead_letters = kafka_producer_close(task->dead_letters);
}

bool task_still_owner(struct task *task, struct err *reterr)
{
    bool changed = false;

    service_beat(task->service);
    if (!kafka_membership_poll(task->membership, 0, &changed, reterr))
        return false;
    return (kafka_membership_owns(task->membership, TASK) && !changed) ||
           err_set(reterr, ERR_ABORT, "the task has been given to another instance");
}

bool task_insist(struct task *task, const char *doing, struct partition *partition,
                 bool (*step)(struct task *, struct partition *, struct err *), struct err *reterr)
{
    unsigned attempt = 0;

    for (;;) {
        if (!task_still_owner(task, reterr)) {
            if (reterr->kind != ERR_RETRY)
                return false;
        } else if (step(task, partition, reterr)) {
            return true;
        }
        if (reterr->kind != ERR_RETRY)
            return false;
        objects_count(OBJECTS_RETRIES, 1);
        if (!service_retry(task->service, doing, reterr, &attempt))
            return err_set(reterr, ERR_ABORT, "stopped while it was to %s", doing);
    }
}

void partition_keep_bad(struct partition *partition, struct kafka_message *message,
                        const struct err *reason)
{
    partition->bad = err_realloc(partition->bad, (partition->bad_n + 1) * sizeof(*partition->bad));
    partition->bad[partition->bad_n++] = (struct bad_record){*message, *reason};
    message->handle = NULL; /* ours now */
}

/* False when the schema of an Avro record can't be had: the task is read anew from what is written. */
static bool take_record(struct task *task, struct partition *partition,
                        struct kafka_message *message, struct err *reterr)
{
    struct object_row row;
    struct str key = {0}, value = {0};
    struct err reason;

    arena_reset(task->arena);
    if (registry_json(task->registry, message->key, task->arena, &key, &reason) &&
        registry_json(task->registry, message->value, task->arena, &value, &reason) &&
        object_row_read(partition->shape, key, value, task->arena, &row, &reason) &&
        typed_row_check(partition->shape, &row, task->arena, &reason)) {
        row.offset = message->offset;
        window_add(&partition->window, &row, key, value, clock_mono_ms());
        return true;
    }
    if (reason.kind != ERR_DEAD_LETTER) {
        *reterr = reason;
        reterr->kind = reason.kind == ERR_RETRY ? ERR_ABORT : reason.kind;
        return false;
    }
    window_add_bad(&partition->window, message->offset,
                   message->key.len + message->value.len + sizeof(struct bad_record),
                   clock_mono_ms());
    partition_keep_bad(partition, message, &reason);
    return true;
}

/* A record or the end of the partition. A plan that stands ends before any record behind it. */
static bool take_message(struct task *task, struct kafka_message *message, struct err *reterr)
{
    bool record = message->kind == KAFKA_RECORD;

    assert(message->assigned_index < task->partitions_n && task->partitions != NULL);
    struct partition *partition = &task->partitions[message->assigned_index];
    partition->position = message->offset + (record ? 1 : 0);
    if (task->snapshot != NULL) {
        objects_count(OBJECTS_RECORDS_READ, record ? 1 : 0);
        return !record || snapshot_take(task, partition, message, reterr);
    }
    if (partition->plan.standing && message->offset > partition->plan.end &&
        !task_finish_plan(task, partition, reterr))
        return false;
    if (!record)
        return true;
    objects_count(OBJECTS_RECORDS_READ, 1);
    if (!take_record(task, partition, message, reterr))
        return false;
    if (partition->plan.standing)
        return message->offset < partition->plan.end || task_finish_plan(task, partition, reterr);
    return !window_due(&partition->window, &task->settings->limits, clock_mono_ms()) ||
           task_rotate(task, partition, reterr);
}

static bool take_batch(struct task *task, struct kafka_message *batch, size_t n, struct err *reterr)
{
    bool well = true;

    for (size_t i = 0; i < n; i++) {
        well = well && take_message(task, &batch[i], reterr);
        kafka_message_free(&batch[i]);
    }
    return well;
}

/* Ends the windows whose time has come, and the largest while all hold too much. */
static bool rotate_due(struct task *task, struct err *reterr)
{
    for (;;) {
        struct partition *largest = NULL;
        int64_t bytes = 0, records = 0, now_ms = clock_mono_ms();

        for (size_t i = 0; i < task->partitions_n; i++) {
            struct partition *partition = &task->partitions[i];
            bool free_to_end = !partition->plan.standing && partition->window.count > 0;

            if (free_to_end && window_due(&partition->window, &task->settings->limits, now_ms) &&
                !task_rotate(task, partition, reterr))
                return false;
            bytes += window_bytes(&partition->window);
            records += partition->window.count;
            if (free_to_end && partition->window.count > 0 &&
                (largest == NULL ||
                 window_bytes(&partition->window) > window_bytes(&largest->window)))
                largest = partition;
        }
        objects_gauge(OBJECTS_BUFFERED_BYTES, bytes);
        objects_gauge(OBJECTS_BUFFERED_RECORDS, records);
        if (bytes <= task->settings->buffer_bytes || largest == NULL)
            return true;
        if (!task_rotate(task, largest, reterr))
            return false;
    }
}

static bool write_due(struct task *task, struct err *reterr)
{
    return task->snapshot != NULL ? snapshot_write_due(task, task->settings->once, reterr)
                                  : rotate_due(task, reterr);
}

/* From time to time: the lag, and topics that have got more partitions (which are then read too).
 */
static bool look_around(struct task *task, struct err *reterr)
{
    int64_t lag = 0;
    size_t partitions = 0;

    if (clock_mono_ms() - task->checked_ms < CHECK_EVERY_MS)
        return true;
    task->checked_ms = clock_mono_ms();
    for (size_t i = 0; i < task->partitions_n; i++) {
        const struct partition *one = &task->partitions[i];
        int64_t low = 0, high = 0;

        if (!kafka_watermarks(task->admin, one->topic, one->partition, &low, &high, reterr))
            return false;
        lag += high > one->position ? high - one->position : 0;
    }
    objects_gauge(OBJECTS_LAG_RECORDS, lag);
    for (size_t i = 0; i < task->settings->topics.n; i++) {
        int32_t n = 0;

        if (!kafka_partitions(task->admin, task->settings->topics.items[i], &n, reterr))
            return false;
        partitions += (size_t)n;
    }
    return partitions <= task->partitions_n ||
           err_set(reterr, ERR_ABORT, "a topic has got more partitions");
}

/* All that the topics held when the task was taken over is in objects. */
static bool caught_up(const struct task *task)
{
    for (size_t i = 0; i < task->partitions_n; i++) {
        const struct partition *one = &task->partitions[i];
        int64_t written = task->snapshot != NULL  ? one->written
                          : one->plan.standing    ? one->plan_start
                          : one->window.count > 0 ? one->window.first_offset
                                                  : one->position;

        if (written < one->held)
            return false;
    }
    return true;
}

static bool turn(struct task *task, struct err *reterr)
{
    struct kafka_message batch[BATCH];
    size_t n = 0;

    if (!task_still_owner(task, reterr) ||
        !kafka_poll(task->consumer, batch, BATCH, POLL_MS, &n, reterr) ||
        !take_batch(task, batch, n, reterr) || !write_due(task, reterr) ||
        !look_around(task, reterr))
        return false;
    bool ready = caught_up(task);
    service_ready(task->service, ready, ready ? NULL : "catching up");
    task->attempt = 0;
    return true;
}

/* One round of an instance that does not read: joins, waits, or takes the task over. */
static bool stand_by(struct task *task, struct err *reterr)
{
    bool changed = false;

    service_beat(task->service);
    if (!kafka_membership_poll(task->membership, POLL_MS, &changed, reterr))
        return false;
    if (kafka_membership_owns(task->membership, TASK))
        return task_acquire(task, reterr);
    service_ready(task->service, false, "standby: the task is not ours (yet)");
    return true;
}

/* After an error of the loop: true when it goes on. */
static bool recover(struct task *task, struct err *err)
{
    switch (err->kind) {
    case ERR_RETRY:
        objects_count(OBJECTS_RETRIES, 1);
        if (task->consumer == NULL)
            release(task); /* what a half-done acquire left */
        return service_retry(task->service, task->consumer == NULL ? "start reading" : "read", err,
                             &task->attempt) ||
               service_stopping(task->service);
    case ERR_ABORT:
        log_info(err->text, LOG_STR("doing", "release the task"));
        release(task);
        return true;
    case ERR_DEAD_LETTER:
    case ERR_STOP:
    case ERR_NONE:
        break;
    }
    return false;
}

/* What is read and not yet written is written now, so that a stop leaves nothing to read again. */
static void drain(struct task *task)
{
    struct err err;

    if (task->snapshot != NULL && !snapshot_write_due(task, true, &err))
        log_err(LOG_WARN, "drain", &err);
    for (size_t i = 0; i < task->partitions_n; i++) {
        struct partition *partition = &task->partitions[i];

        if (partition->window.count == 0 || partition->plan.standing)
            continue;
        if (!task_rotate(task, partition, &err)) {
            log_err(LOG_WARN, "drain", &err);
            return;
        }
    }
}

/* With --once: all that was there at the start has been read, and the rest is for the drain. */
static bool is_over(const struct task *task)
{
    if (!task->settings->once || task->consumer == NULL)
        return false;
    for (size_t i = 0; i < task->partitions_n; i++)
        if (task->partitions[i].position < task->partitions[i].held ||
            task->partitions[i].plan.standing)
            return false;
    return task->snapshot == NULL || caught_up(task);
}

static bool loop(struct task *task, struct err *reterr)
{
    while (!service_stopping(task->service) && !is_over(task)) {
        bool well = task->consumer == NULL ? stand_by(task, reterr) : turn(task, reterr);

        if (!well && !recover(task, reterr))
            return false;
    }
    drain(task);
    return true;
}

static bool open_control_topic(struct task *task, struct err *reterr)
{
    const struct kafka_topic_spec control = {
        .name = task->settings->control_topic, .partitions = 1, .cleanup = KAFKA_COMPACT};

    return kafka_ensure_topics(task->admin, &control, 1, ADMIN_TIMEOUT_MS, reterr);
}

static bool check_bucket(struct task *task, struct err *reterr)
{
    return s3_check_bucket(task->s3, reterr);
}

/*
 * Waits for the servers before the task is joined, but not for long: at the start an address is
 * more likely wrong than its server away. False with *ret_stopped when asked to stop.
 */
static bool wait_for(struct task *task, const char *doing,
                     bool (*step)(struct task *, struct err *), bool *ret_stopped,
                     struct err *reterr)
{
    unsigned attempt = 0;
    int64_t deadline_ms = clock_mono_ms() + START_PATIENCE_MS;

    while (!step(task, reterr)) {
        if (reterr->kind != ERR_RETRY || clock_mono_ms() >= deadline_ms)
            return false;
        objects_count(OBJECTS_RETRIES, 1);
        if (!service_retry(task->service, doing, reterr, &attempt)) {
            *ret_stopped = true;
            return false;
        }
    }
    return true;
}

static bool open_task(struct task *task, bool *ret_stopped, struct err *reterr)
{
    const struct settings *settings = task->settings;

    return s3_open(&settings->s3, &task->s3, reterr) &&
           kafka_admin_open(&settings->kafka, SERVICE_NAME, &task->admin, reterr) &&
           wait_for(task, "look at the bucket", check_bucket, ret_stopped, reterr) &&
           wait_for(task, "look at the control topic", open_control_topic, ret_stopped, reterr) &&
           kafka_membership_open(&settings->kafka, SERVICE_NAME, settings->group_id,
                                 settings->control_topic, settings->member_id, &task->membership,
                                 reterr);
}

static void count(struct account *account, const char *layer, const char *what,
                  enum objects_metric metric)
{
    account_count(account, layer, what, atomic_load(&objects_metrics.rows[metric].value));
}

/* What a run that ends has done; one that goes on has metrics. */
static void tell(const struct task *task, struct account *account, const char *error)
{
    if (!task->settings->once)
        return;
    count(account, "topics", "read", OBJECTS_RECORDS_READ);
    count(account, "topics", "dead_letters", OBJECTS_DEAD_LETTERS);
    count(account, "objects", "records", OBJECTS_RECORDS_WRITTEN);
    count(account, "objects", "objects", OBJECTS_OBJECTS_WRITTEN);
    count(account, "objects", "found", OBJECTS_OBJECTS_FOUND);
    count(account, "objects", "bytes", OBJECTS_OBJECT_BYTES);
    account_end(account, service_stopping(task->service), error, clock_mono_ms());
    account_tell(account, "pipeline", STR_NONE);
}

bool task_run(const struct settings *settings, struct service *service, struct err *reterr)
{
    struct task task = {.settings = settings, .service = service, .arena = arena_new(0)};
    struct account account;

    if (settings->registry.url != NULL)
        task.registry = registry_open(&settings->registry);
    bool stopped = false;
    account_begin(&account, SERVICE_NAME, settings->pipeline, clock_wall_us(), clock_mono_ms());
    bool opened = open_task(&task, &stopped, reterr);
    account_stage(&account, "open", clock_mono_ms());
    bool well = (opened && loop(&task, reterr)) || stopped;
    account_stage(&account, "write", clock_mono_ms());
    tell(&task, &account, well ? NULL : reterr->text);

    release(&task);
    /* a clean stop gives the place up at once, for the one that stands by */
    kafka_membership_close(task.membership, well);
    kafka_admin_close(task.admin);
    s3_close(task.s3);
    registry_close(task.registry);
    buf_done(&task.object);
    arena_free(task.arena);
    return well;
}
