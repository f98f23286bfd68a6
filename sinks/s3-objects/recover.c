/* Where a partition goes on: the committed offset and its plan, else the objects, else its start.
 */
#include "task.h"

#include "base/log.h"
#include "snapshot.h"
#include <inttypes.h>

/* The last object of one partition and format in a listing. */
struct last_object {
    const char *template;
    struct key_parts parts;
    int64_t start, end; /* -1: none */
};

static bool look_at_key(struct str key, int64_t size, void *arg)
{
    struct last_object *last = arg;
    int64_t start = 0, end = 0;

    (void)size;
    if (key_template_parse(key, last->template, &last->parts, &start, &end) && end > last->end) {
        last->start = start;
        last->end = end;
    }
    return true;
}

/*
 * The group's offset has expired or never was. Objects that are there are not made again: it goes
 * on behind the last one. When another format lacks that one, it is planned again, for a crash may
 * have come between the two.
 */
static bool recover_from_objects(struct task *task, struct partition *partition, int64_t *ret_next,
                                 struct err *reterr)
{
    CLEANUP(buf) struct buf prefix = {0};
    struct last_object most = {.start = -1, .end = -1};
    struct key_parts parts = {.topic = partition->topic, .partition = partition->partition};
    static const char *const offsets[] = {"start", "end", NULL};
    int64_t least_end = INT64_MAX;

    for (const struct object_format *const *format = task->settings->formats; *format != NULL;
         format++) {
        CLEANUP(buf) struct buf ext = {0};
        object_stream_extension(&ext, *format, partition->shape);
        parts.ext = buf_cstr(&ext);
        struct last_object last = {task->settings->template, parts, -1, -1};
        buf_clear(&prefix);
        key_template_prefix(&prefix, task->settings->template, &parts, offsets);

        if (!s3_list(task->s3, buf_cstr(&prefix), look_at_key, &last, reterr))
            return false;
        if (last.end > most.end)
            most = last;
        if (last.end < least_end)
            least_end = last.end;
    }
    *ret_next = most.end + 1; /* 0 when there is none */
    if (most.end >= 0 && least_end < most.end) {
        partition->plan =
            (struct plan){.standing = true, .end = most.end, .count = PLAN_COUNT_UNKNOWN};
        memcpy(partition->plan.cfg, task->settings->cfg, sizeof(partition->plan.cfg));
        *ret_next = most.start;
    }
    if (most.end >= 0)
        log_info("no committed offset: going on behind the last object",
                 LOG_STR("topic", partition->topic), LOG_INT("partition", partition->partition),
                 LOG_INT("offset", *ret_next));
    return true;
}

/* The layout snapshot reads the topic from its start; the group's offset says which dead letters
 * were sent. */
static bool start_partition(struct task *task, struct partition *partition, struct err *reterr)
{
    CLEANUP(buf) struct buf metadata = {0};

    partition->written = -1;
    return kafka_watermarks(task->admin, partition->topic, partition->partition,
                            &partition->position, &partition->held, reterr) &&
           kafka_committed(task->admin, task->settings->group_id, partition->topic,
                           partition->partition, &partition->committed, &metadata, reterr);
}

static bool recover_partition(struct task *task, struct partition *partition, struct err *reterr)
{
    if (task->settings->layout == LAYOUT_SNAPSHOT)
        return start_partition(task, partition, reterr);

    CLEANUP(buf) struct buf metadata = {0};
    int64_t next = -1, low = 0;

    if (!kafka_watermarks(task->admin, partition->topic, partition->partition, &low,
                          &partition->held, reterr) ||
        !kafka_committed(task->admin, task->settings->group_id, partition->topic,
                         partition->partition, &next, &metadata, reterr))
        return false;
    if (next < 0) {
        if (!recover_from_objects(task, partition, &next, reterr))
            return false;
        next = next == 0 ? low : next;
    } else if (!plan_decode(buf_str(&metadata), &partition->plan, reterr)) {
        return err_prefix(reterr, "%s/%" PRId32, partition->topic, partition->partition);
    }
    partition->position = partition->plan_start = next;
    if (partition->plan.standing && strcmp(partition->plan.cfg, task->settings->cfg) != 0)
        return err_stop(reterr, EX_CONFIG,
                        "%s/%" PRId32 ": an object of offsets %" PRId64 " to %" PRId64
                        " is planned with another --format or --s3-bucket: start once with the "
                        "former ones to finish it",
                        partition->topic, partition->partition, next, partition->plan.end);
    if (partition->plan.standing)
        log_info("a plan stands: making its objects", LOG_STR("topic", partition->topic),
                 LOG_INT("partition", partition->partition), LOG_INT("start", next),
                 LOG_INT("end", partition->plan.end));
    return true;
}

/* Adds the topic's partitions to the task's. */
static bool add_topic(struct task *task, size_t index, struct err *reterr)
{
    const char *topic = task->settings->topics.items[index];
    int32_t n = 0;

    if (!kafka_partitions(task->admin, topic, &n, reterr))
        return false;
    if (n == 0)
        return err_set(reterr, ERR_RETRY, "the topic %s does not exist yet", topic);
    size_t first = task->partitions_n;
    task->partitions =
        err_realloc(task->partitions, (first + (size_t)n) * sizeof(*task->partitions));
    task->partitions_n = first + (size_t)n;
    for (size_t i = first; i < task->partitions_n; i++)
        task->partitions[i] = (struct partition){.topic = topic,
                                                 .partition = (int32_t)(i - first),
                                                 .shape = &task->settings->shapes[index]};
    for (size_t i = first; i < task->partitions_n; i++) /* all can be released if one fails */
        if (!recover_partition(task, &task->partitions[i], reterr))
            return false;
    return true;
}

static bool start_reading(struct task *task, struct err *reterr)
{
    CLEANUP(free) struct kafka_offset *offsets = err_calloc(task->partitions_n, sizeof(*offsets));
    struct kafka_config kafka = task->settings->kafka;

    for (size_t i = 0; i < task->partitions_n; i++)
        offsets[i] = (struct kafka_offset){task->partitions[i].topic, task->partitions[i].partition,
                                           task->partitions[i].position};
    kafka.prompt = task->settings->once; /* which leaves at the topics' ends */
    if (!kafka_consumer_open(&kafka, SERVICE_NAME, task->settings->group_id, false, &task->consumer,
                             reterr))
        return false;
    if (kafka_assign(task->consumer, offsets, task->partitions_n, reterr))
        return true;
    task->consumer = kafka_consumer_close(task->consumer);
    return false;
}

bool task_acquire(struct task *task, struct err *reterr)
{
    const struct option_list *topics = &task->settings->topics;

    for (size_t i = 0; i < topics->n; i++)
        if (!add_topic(task, i, reterr))
            return false;
    if (task->settings->layout == LAYOUT_SNAPSHOT && !snapshot_open(task, reterr))
        return false;
    if (!start_reading(task, reterr))
        return false;
    log_info("reading", LOG_INT("topics", topics->n), LOG_INT("partitions", task->partitions_n));
    return true;
}
