/* From a full window to objects in the store: the four steps of the protocol, each repeatable. */
#include "task.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "http/sigv4.h"
#include "metrics.h"
#include <inttypes.h>

enum { DEAD_LETTER_TIMEOUT_MS = 30000 };

static bool commit_plan(struct task *task, struct partition *partition, struct err *reterr)
{
    CLEANUP(buf) struct buf metadata = {0};
    const struct kafka_offset offset = {partition->topic, partition->partition,
                                        partition->plan_start};

    plan_encode(&metadata, &partition->plan);
    return kafka_commit_offset(task->consumer, &offset, buf_str(&metadata), task->membership,
                               reterr);
}

/* The object is there already: it must be the one we would have put. */
static bool compare_object(struct task *task, const char *key, const char *sha256,
                           struct err *reterr)
{
    struct s3_about about = {0};

    if (!s3_head(task->s3, key, "sha256", &about, reterr))
        return false;
    if (!about.found) /* deleted between the two requests */
        return err_set(reterr, ERR_RETRY, "the object %s was there and is gone", key);
    if (strcmp(about.metadata, sha256) != 0)
        return err_stop(reterr, EX_DATAERR,
                        "the object %s in bucket %s has other contents than the plan gives "
                        "(sha256 %.64s, planned %s): it was not written by this sink, or records "
                        "have changed; move it away to go on",
                        key, task->settings->s3.bucket,
                        about.metadata[0] == '\0' ? "not told" : about.metadata, sha256);
    objects_count(OBJECTS_OBJECTS_FOUND, 1);
    return true;
}

static void append_key(const struct task *task, const struct partition *partition,
                       const struct object_format *format, struct buf *key)
{
    CLEANUP(buf) struct buf ext = {0};

    object_stream_extension(&ext, format, partition->shape);
    const struct key_parts parts = {.topic = partition->topic,
                                    .partition = partition->partition,
                                    .start = partition->plan_start,
                                    .end = partition->plan.end,
                                    .ext = buf_cstr(&ext)};
    key_template_render(key, task->settings->template, &parts);
}

static bool put_object(struct task *task, struct partition *partition,
                       const struct object_format *format, struct err *reterr)
{
    CLEANUP(buf) struct buf key = {0};
    char sha256[SHA256_CHARS + 1], records[24];
    size_t replaced = 0;
    bool existed = false;

    if (!window_write(&partition->window, format, partition->shape, &task->object, &replaced,
                      reterr))
        return false;
    sigv4_sha256_hex(buf_str(&task->object), sha256);
    snprintf(records, sizeof(records), "%zu", partition->window.n);
    append_key(task, partition, format, &key);
    const char *const metadata[][2] = {{"sha256", sha256}, {"records", records}, {NULL, NULL}};
    const struct s3_object object = {.key = buf_cstr(&key),
                                     .content_type =
                                         object_stream_content_type(format, partition->shape),
                                     .body = buf_str(&task->object),
                                     .metadata = metadata,
                                     .only_if_absent = true};
    if (!s3_put_large(task->s3, &object, (size_t)task->settings->part_bytes,
                      (size_t)task->settings->parallel_parts, &existed, reterr))
        return false;
    failpoint("s3-objects.after-put");
    if (existed)
        return compare_object(task, object.key, sha256, reterr);
    objects_count(OBJECTS_OBJECTS_WRITTEN, 1);
    objects_count(OBJECTS_OBJECT_BYTES, (int64_t)task->object.len);
    objects_count(OBJECTS_CHARACTERS_REPLACED, (int64_t)replaced);
    log_debug("object put", LOG_STR("key", object.key), LOG_INT("records", partition->window.n),
              LOG_INT("bytes", task->object.len));
    return true;
}

/* All formats; those that a first attempt has put already are compared. A window of bad records
 * alone makes no object. */
static bool put_objects(struct task *task, struct partition *partition, struct err *reterr)
{
    for (const struct object_format *const *format = task->settings->formats;
         *format != NULL && partition->window.n > 0; format++)
        if (!put_object(task, partition, *format, reterr))
            return false;
    return true;
}

static bool open_dead_letters(struct task *task, struct err *reterr)
{
    const struct settings *settings = task->settings;
    const struct kafka_topic_spec topic = {.name = settings->dead_letter_topic,
                                           .cleanup = KAFKA_DELETE};

    if (task->dead_letters != NULL && kafka_producer_broken(task->dead_letters))
        task->dead_letters = kafka_producer_close(task->dead_letters);
    if (task->dead_letters != NULL)
        return true;
    return kafka_ensure_topics(task->admin, &topic, 1, DEAD_LETTER_TIMEOUT_MS, reterr) &&
           kafka_producer_open(&settings->kafka, SERVICE_NAME, settings->transactional_id,
                               DEAD_LETTER_TIMEOUT_MS, &task->dead_letters, reterr);
}

static bool send_dead_letters(struct task *task, struct partition *partition, struct err *reterr)
{
    const struct kafka_offset offset = {partition->topic, partition->partition,
                                        partition->plan.end + 1};

    if (!kafka_begin(task->dead_letters, reterr))
        return false;
    for (size_t i = 0; i < partition->bad_n; i++)
        if (!kafka_dead_letter(task->dead_letters, task->settings->dead_letter_topic,
                               &partition->bad[i].message, "decode", &partition->bad[i].reason,
                               reterr))
            return false;
    return kafka_send_offsets(task->dead_letters, task->settings->group_id, &offset, 1,
                              task->membership, reterr) &&
           kafka_commit(task->dead_letters, reterr);
}

/* Dead letters and the offset behind them are one transaction, so that each exists exactly once. */
static bool advance_with_dead_letters(struct task *task, struct partition *partition,
                                      struct err *reterr)
{
    struct err ignored;

    if (!open_dead_letters(task, reterr))
        return false;
    if (send_dead_letters(task, partition, reterr))
        return true;
    if (!kafka_producer_broken(task->dead_letters) && !kafka_abort(task->dead_letters, &ignored))
        task->dead_letters = kafka_producer_close(task->dead_letters);
    if (reterr->kind == ERR_DEAD_LETTER) /* too large even for its own topic */
        return err_stop(reterr, EX_DATAERR, "a record can't be dead-lettered: %s", reterr->text);
    /* lost membership shows at the next poll; anything else is tried again */
    if (reterr->kind == ERR_ABORT)
        reterr->kind = ERR_RETRY;
    return false;
}

bool task_advance(struct task *task, struct partition *partition, struct err *reterr)
{
    const struct kafka_offset offset = {partition->topic, partition->partition,
                                        partition->plan.end + 1};

    if (partition->bad_n > 0)
        return advance_with_dead_letters(task, partition, reterr);
    return kafka_commit_offset(task->consumer, &offset, STR(""), task->membership, reterr);
}

bool task_finish_plan(struct task *task, struct partition *partition, struct err *reterr)
{
    const struct plan *plan = &partition->plan;
    int64_t count = partition->window.count;

    if (plan->count != PLAN_COUNT_UNKNOWN && count != plan->count)
        return err_stop(reterr, EX_DATAERR,
                        "%s/%" PRId32 ": the plan [%" PRId64 "..%" PRId64 "] was made over %" PRId64
                        " records, but %" PRId64 " are there now: compaction or retention has "
                        "taken some, so that object can't be made again; check it in the store, "
                        "then commit offset %" PRId64 " for group %s to go on behind it",
                        partition->topic, partition->partition, partition->plan_start, plan->end,
                        plan->count, count, plan->end + 1, task->settings->group_id);
    failpoint("s3-objects.after-plan");
    if (!task_insist(task, "put objects", partition, put_objects, reterr))
        return false;
    failpoint("s3-objects.before-advance");
    if (!task_insist(task, "commit offsets", partition, task_advance, reterr))
        return false;
    if (partition->bad_n > 0)
        log_warn("dead letters", LOG_STR("topic", partition->topic),
                 LOG_INT("partition", partition->partition), LOG_INT("records", partition->bad_n),
                 LOG_INT("first_offset", partition->bad[0].message.offset),
                 LOG_STR("reason", partition->bad[0].reason.text));
    objects_count(OBJECTS_DEAD_LETTERS, (int64_t)partition->bad_n);
    objects_count(OBJECTS_RECORDS_WRITTEN, (int64_t)partition->window.n);
    partition->plan = (struct plan){0};
    partition_clear(partition);
    return true;
}

bool task_rotate(struct task *task, struct partition *partition, struct err *reterr)
{
    const struct window *window = &partition->window;

    failpoint("s3-objects.before-plan");
    partition->plan_start = window->first_offset;
    partition->plan = (struct plan){.standing = true,
                                    .end = window->last_offset,
                                    .count = window->count,
                                    .wall_ms = clock_wall_us() / 1000};
    memcpy(partition->plan.cfg, task->settings->cfg, sizeof(partition->plan.cfg));
    return task_insist(task, "commit a plan", partition, commit_plan, reterr) &&
           task_finish_plan(task, partition, reterr);
}
