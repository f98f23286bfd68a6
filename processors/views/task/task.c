#include "task/internal.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "task/batch_rows.h"
#include "task/metrics.h"
#include <assert.h>

enum {
    POLL_MAX = 1000,
    WAIT_MS = 100, /* for the first record */
    DRY_MS = 3,    /* the input has run dry when near its end nothing comes for so long */
    BROKER_TIMEOUT_MS = 30 * 1000,
    WATERMARK_EVERY_MS = 1000,
    WARN_EVERY_MS = 10 * 1000,
    STORE_AWAY_MS_MAX = 6 * 24 * 3600 * 1000 /* below the seven days that tombstones live */
};

/* ---- gathering
 * --------------------------------------------------------------------------------------------- */

static bool batch_full(const struct task *task)
{
    return task->gathered.records_n + POLL_MAX > task->batch_max || arena_full(task->arena);
}

static uint32_t batch_rows_max(const struct task *task)
{
    return (uint32_t)task->context->options->batch_rows;
}

/* Decodes one record into an event, a dead letter, or both. Takes the message over, also on failure:
 * the schema of an Avro record can't be had. */
static bool take_record(struct task *task, struct kafka_message *message, struct err *reterr)
{
    struct gathered *gathered = &task->gathered;
    struct input_result result;

    gathered->records_n++;
    inputs_decode(task->inputs, task->engine, message, task->arena, &result);
    if (result.outcome == INPUT_FAILED) {
        *reterr = result.reason;
        if (reterr->kind == ERR_RETRY)
            reterr->kind = ERR_ABORT; /* the task is opened anew and reads from what is committed */
        kafka_message_free(message);
        return false;
    }
    if (result.outcome == INPUT_EVENT || result.outcome == INPUT_CONTRACT) {
        gathered->events[gathered->events_n++] = result.event;
        if (position_cmp(result.event.position, gathered->stamp.position) > 0)
            gathered->stamp = (struct output_stamp){result.event.position, result.commit_unix_us};
    }
    if (result.outcome == INPUT_REJECTED || result.outcome == INPUT_CONTRACT)
        gathered->rejected[gathered->rejected_n++] =
            (struct rejected){*message, result.rule, result.reason};
    else
        kafka_message_free(message);
    return true;
}

/* The input was read to `next`. */
static void note_progress(struct task *task, size_t input, int64_t next)
{
    if (task->held[input] < 0 || next < task->held[input])
        return;
    task->held[input] = -1;
    task->behind--;
}

static bool poll_once(struct task *task, int64_t wait_ms, size_t *ret_records, struct err *reterr)
{
    struct kafka_message messages[POLL_MAX];
    bool ok = true;
    size_t n = 0;

    *ret_records = 0;
    if (!kafka_poll(task->consumer, messages, POLL_MAX, wait_ms, &n, reterr))
        return false;
    for (size_t i = 0; i < n; i++) {
        bool record = messages[i].kind == KAFKA_RECORD;

        task->caught_up[messages[i].assigned_index] = !record;
        note_progress(task, messages[i].assigned_index, messages[i].offset + (record ? 1 : 0));
        if (record && ok) {
            ok = take_record(task, &messages[i], reterr);
            ++*ret_records;
        } else {
            kafka_message_free(&messages[i]);
        }
    }
    return ok;
}

bool task_gather(struct task *task, struct err *reterr)
{
    int64_t deadline_ms = 0;
    size_t records = 0;
    bool dry = false;

    do {
        bool any = task->gathered.records_n > 0;

        if (!poll_once(task, any ? DRY_MS : WAIT_MS, &records, reterr))
            return any && reterr->kind == ERR_RETRY; /* what was read is committed first; the
                                                        broker's fault will show again */
        if (!any)
            deadline_ms = clock_mono_ms() + task->context->options->commit_interval_ms;
        dry = records == 0 && kafka_near_end(task->consumer);
    } while (task->gathered.records_n > 0 && !dry && !batch_full(task) &&
             clock_mono_ms() < deadline_ms);
    return true;
}

void task_done_with_gathered(struct task *task)
{
    task->batch_max =
        batch_rows_next(task->batch_max, task->gathered.records_n, arena_used(task->arena),
                        (size_t)task->context->options->batch_bytes, batch_rows_max(task));
    task_forget_gathered(task);
}

void task_forget_gathered(struct task *task)
{
    for (uint32_t i = 0; i < task->gathered.rejected_n; i++)
        kafka_message_free(&task->gathered.rejected[i].message);
    task->gathered.events_n = task->gathered.rejected_n = task->gathered.records_n = 0;
    arena_reset(task->arena);
}

bool task_caught_up(const struct task *task)
{
    size_t n = 0;

    inputs_offsets(task->inputs, &n);
    for (size_t i = 0; i < n; i++)
        if (!task->caught_up[i])
            return false;
    return true;
}

bool task_up_to_date(const struct task *task)
{
    return task->behind == 0;
}

/* ---- committing
 * -------------------------------------------------------------------------------------------- */

static bool write_dead_letters(struct task *task, struct err *reterr)
{
    for (uint32_t i = 0; i < task->gathered.rejected_n; i++) {
        const struct rejected *rejected = &task->gathered.rejected[i];

        if (!kafka_dead_letter(task->producer, task->context->dead_letter_topic, &rejected->message,
                               rejected->rule, &rejected->reason, reterr))
            return false;
    }
    return true;
}

/* Puts the commit record into the overlay, so that it is in the changelog and in the store as every
 * other entry. */
static void write_commit_record(struct task *task)
{
    task->record.seq++;
    buf_clear(&task->record_text);
    commit_record_print(&task->record_text, &task->record, task->inputs);
    store_put(state_store(task->state), COMMIT_RECORD_KEY, buf_str(&task->record_text));
}

static bool send_offsets(struct task *task, struct kafka_membership *membership, struct err *reterr)
{
    size_t n = 0;
    const struct kafka_offset *offsets = inputs_offsets(task->inputs, &n);

    if (membership == NULL || failpoint_on("views.skip-offsets"))
        return true;
    return kafka_send_offsets(task->producer, task->context->group, offsets, n, membership, reterr);
}

static bool write_transaction(struct task *task, const struct engine_output *output,
                              struct kafka_membership *membership, struct err *reterr)
{
    uint64_t records = 0;

    if (output != NULL &&
        !outputs_write(&task->outputs, task->producer, output, task->gathered.stamp, reterr))
        return false;
    write_commit_record(task);
    if (!write_dead_letters(task, reterr) ||
        !changelog_write(&task->changelog, task->producer, state_overlay(task->state), &records,
                         reterr) ||
        !send_offsets(task, membership, reterr))
        return false;
    views_count(VIEWS_CHANGELOG_RECORDS, (int64_t)records);
    return true;
}

/*
 * The mark that goes with a commit. The changelog's end is asked for about once a second, while no
 * transaction is open: the store has everything before it then. In between, and when the
 * broker does not answer, the old one is kept: restoring a little too much changes nothing.
 */
static bool next_mark(struct task *task, struct state_mark *ret, struct err *reterr)
{
    int64_t low = 0, now_ms = clock_mono_ms();
    struct err away;

    *ret = *state_mark(task->state);
    ret->transaction_seq = task->record.seq;
    ret->plan_hash = task->record.plan_hash;
    ret->applied_unix_ms = clock_wall_us() / 1000;
    if (now_ms - task->watermark_checked_ms < WATERMARK_EVERY_MS)
        return true;
    task->watermark_checked_ms = now_ms;
    if (kafka_watermarks(task->context->admin, task->changelog.topic, task->number, &low,
                         &ret->changelog_next, &away) ||
        away.kind == ERR_RETRY)
        return true;
    *reterr = away;
    return false;
}

/* Counts the rows that broke rules which only warn, and says at most once in a while which. */
static void count_warnings(struct task *task)
{
    const struct plan *plan = task->context->plan;
    bool say = clock_mono_ms() - task->warned_ms >= WARN_EVERY_MS;

    for (uint32_t s = 0; s < plan->sources_n; s++) {
        for (uint16_t r = 0; r < plan->sources[s].rules_n; r++) {
            uint64_t rows = engine_take_warnings(task->engine, s, r);

            if (rows == 0)
                continue;
            int64_t all = views_warned(s, r, (int64_t)rows);
            if (say)
                log_warn("rows break a rule that only warns",
                         LOG_STR("source", plan->sources[s].name),
                         LOG_STR("rule", plan->sources[s].rules[r].name), LOG_INT("rows", all));
            task->warned_ms = say ? clock_mono_ms() : task->warned_ms;
        }
    }
}

static void count_commit(const struct task *task, const struct engine_output *output)
{
    uint64_t keys = 0, bytes = 0;

    state_size(task->state, &keys, &bytes);
    views_gauge(VIEWS_STATE_KEYS, (int64_t)keys);
    views_gauge(VIEWS_STATE_BYTES, (int64_t)bytes);
    views_count(VIEWS_TRANSACTIONS, 1);
    views_count(VIEWS_RECORDS_READ, task->gathered.records_n);
    views_count(VIEWS_DEAD_LETTERS, task->gathered.rejected_n);
    if (task->gathered.stamp.commit_unix_us > 0)
        views_gauge(VIEWS_COMMIT_TIME_SECONDS, task->gathered.stamp.commit_unix_us);
    if (output == NULL)
        return;
    views_count(VIEWS_RECORDS_WRITTEN, output->changes_n);
    views_count(VIEWS_STALE, (int64_t)output->events_stale);
    for (uint32_t i = 0; i < output->quarantines_n; i++)
        views_count(VIEWS_QUARANTINED, output->quarantines[i].gone ? -1 : 1);
}

bool task_commit(struct task *task, const struct engine_output *output,
                 struct kafka_membership *membership, struct err *reterr)
{
    int64_t started_ms = clock_mono_ms();
    struct state_mark mark;

    if (!kafka_begin(task->producer, reterr) ||
        !write_transaction(task, output, membership, reterr))
        return false;
    failpoint("views.open-transaction");
    if (!kafka_commit(task->producer, reterr))
        return false;
    failpoint("views.after-commit");
    int64_t committed_ms = clock_mono_ms();
    if (!next_mark(task, &mark, reterr) || !state_commit(task->state, &mark, reterr))
        return false;
    failpoint("views.after-apply");
    views_count(VIEWS_COMMIT_SECONDS, committed_ms - started_ms);
    views_count(VIEWS_APPLY_SECONDS, clock_mono_ms() - committed_ms);
    count_commit(task, output);
    count_warnings(task);
    return true;
}

static bool compute_and_commit(struct task *task, struct kafka_membership *membership,
                               struct err *reterr)
{
    struct engine_output output;
    int64_t started_ms = clock_mono_ms();

    if (!engine_step(task->engine, task->gathered.events, task->gathered.events_n, task->arena,
                     &output, reterr))
        return false;
    views_count(VIEWS_STEP_SECONDS, clock_mono_ms() - started_ms);
    failpoint("views.before-commit");
    return task_commit(task, &output, membership, reterr);
}

/* With nothing to do, what was committed goes to the store. */
static bool rest(struct task *task, struct err *reterr)
{
    struct state_mark mark;

    return overlay_count(state_overlay(task->state)) == 0 ||
           (next_mark(task, &mark, reterr) && state_commit(task->state, &mark, reterr));
}

bool task_step(struct task *task, struct kafka_membership *membership, struct err *reterr)
{
    if (!task_gather(task, reterr))
        return false;
    if (task->gathered.records_n == 0)
        return rest(task, reterr);
    if (!compute_and_commit(task, membership, reterr)) {
        if (reterr->kind == ERR_RETRY)
            reterr->kind =
                ERR_ABORT; /* half a step can't be taken twice: the task is opened anew */
        return false;
    }
    task_done_with_gathered(task);
    return true;
}

/* ---- opening
 * -----------------------------------------------------------------------------------------------
 */

static bool open_state(struct task *task, struct err *reterr)
{
    const struct views_options *options = task->context->options;
    bool emptied = false;

    buf_printf(&task->path, "%s/%s/%d", options->state_dir, task->context->plan->pipeline,
               (int)task->number);
    const struct state_config config = {buf_cstr(&task->path), options->state_bytes,
                                        options->state_buffer_bytes, NULL};
    if (!state_open(&config, &task->state, &emptied, reterr))
        return false;
    if (emptied)
        log_warn("the machine stopped without a clean stop of this service: local state is "
                 "restored from the changelog");
    const struct state_mark *mark = state_mark(task->state);
    if (mark->cluster_id[0] != '\0' && strcmp(mark->cluster_id, task->cluster_id) != 0)
        return err_stop(reterr, EX_CONFIG,
                        "--state-dir %s holds the state of Kafka cluster %s, but --kafka-bootstrap "
                        "leads to %s: "
                        "give another --state-dir, or remove that folder",
                        buf_cstr(&task->path), mark->cluster_id, task->cluster_id);
    if (mark->applied_unix_ms != 0 &&
        clock_wall_us() / 1000 - mark->applied_unix_ms > STORE_AWAY_MS_MAX) {
        log_warn("local state was away longer than tombstones are kept: it is restored from the "
                 "changelog's start");
        return state_empty(task->state, reterr);
    }
    return true;
}

static void report_restore(void *arg, uint64_t records, int64_t left)
{
    service_beat(arg);
    log_info("restoring state", LOG_INT("records", records), LOG_INT("offsets_left", left));
}

static bool restore_state(struct task *task, struct err *reterr)
{
    struct state_mark mark = *state_mark(task->state);
    struct restored restored = {0};
    int64_t started_ms = clock_mono_ms();

    snprintf(mark.cluster_id, sizeof(mark.cluster_id), "%s", task->cluster_id);
    mark.plan_hash = task->context->plan->hash;
    if (!changelog_restore(&task->changelog, task->context->admin, task->state, &mark, &restored,
                           reterr))
        return false;
    log_info("state restored", LOG_INT("task", task->number), LOG_INT("records", restored.records),
             LOG_INT("ms", clock_mono_ms() - started_ms));
    return true;
}

static bool partition_counts(struct task *task, int32_t *counts, struct err *reterr)
{
    const struct plan *plan = task->context->plan;

    for (uint32_t i = 0; i < plan->sources_n; i++) {
        if (!kafka_partitions(task->context->admin, plan->sources[i].topic, &counts[i], reterr))
            return false;
        if (counts[i] == 0 && plan->sources[i].node != UINT32_MAX)
            return err_set(reterr, ERR_RETRY, "topic %s of %s does not exist yet",
                           plan->sources[i].topic, plan->sources[i].name);
    }
    return true;
}

/* A source that keeps no rows needs all that was ever written to its topic: settings that keep it, and
 * (check_beginning) each partition's first record. */
static bool check_trusted(struct task *task, struct err *reterr)
{
    const struct plan *plan = task->context->plan;

    for (uint32_t i = 0; i < plan->sources_n; i++) {
        const struct plan_source *source = &plan->sources[i];

        if (source->trusted && source->node != UINT32_MAX &&
            !kafka_check_keeps_all(task->context->admin, source->topic, reterr))
            return err_prefix(reterr, "source %s says before 'trusted'", source->name);
    }
    return true;
}

static bool check_beginning(const struct plan *plan, const struct kafka_offset *at, int64_t low,
                            struct err *reterr)
{
    for (uint32_t i = 0; i < plan->sources_n && low > 0; i++)
        if (plan->sources[i].trusted && strcmp(plan->sources[i].topic, at->topic) == 0)
            return err_stop(reterr, EX_CONFIG,
                            "source %s says before 'trusted': topic %s, partition %d begins at "
                            "offset %lld",
                            plan->sources[i].name, at->topic, (int)at->partition, (long long)low);
    return true;
}

static bool open_inputs(struct task *task, struct err *reterr)
{
    CLEANUP(free) int32_t *counts = err_calloc(task->context->plan->sources_n, sizeof(*counts));
    size_t n = 0;

    if (!partition_counts(task, counts, reterr) || !check_trusted(task, reterr))
        return false;
    task->inputs = inputs_new(task->context->plan, counts, task->context->registry);
    const struct kafka_offset *offsets = inputs_offsets(task->inputs, &n);
    task->held = err_calloc(n, sizeof(*task->held));
    task->behind = n;
    for (size_t i = 0; i < n; i++) {
        int64_t low = 0;

        if (!kafka_watermarks(task->context->admin, offsets[i].topic, offsets[i].partition, &low,
                              &task->held[i], reterr) ||
            !check_beginning(task->context->plan, &offsets[i], low, reterr))
            return false;
        inputs_seek(task->inputs, str_of(offsets[i].topic), offsets[i].partition, low);
    }
    task->caught_up = err_calloc(n, sizeof(*task->caught_up));
    return true;
}

/*
 * The commit record is the truth. Group offsets behind it do no harm (a rebuild was cut short
 * before the next transaction, or somebody reset them); ahead of it the changelog has lost its end.
 */
static bool check_group_offset(struct task *task, const struct kafka_offset *offset,
                               struct err *reterr)
{
    const struct task_context *context = task->context;
    int64_t committed = 0;

    if (!kafka_committed(context->admin, context->group, offset->topic, offset->partition,
                         &committed, NULL, reterr))
        return false;
    if (committed > offset->offset)
        return err_stop(reterr, EX_CONFIG,
                        "group %s has offset %lld for %s/%d, but the state in %s stands at %lld: "
                        "the changelog was truncated or the "
                        "group's offsets were set forward; to read anew, run with --rebuild",
                        context->group, (long long)committed, offset->topic, (int)offset->partition,
                        task->changelog.topic, (long long)offset->offset);
    if (committed >= 0 && committed < offset->offset)
        log_warn("the group's offset is behind the state, which holds",
                 LOG_STR("topic", offset->topic), LOG_INT("partition", offset->partition),
                 LOG_INT("offset", committed), LOG_INT("state", offset->offset));
    return true;
}

static bool check_group_offsets(struct task *task, struct err *reterr)
{
    size_t n = 0;
    const struct kafka_offset *offsets = inputs_offsets(task->inputs, &n);

    for (size_t i = 0; i < n; i++)
        if (!check_group_offset(task, &offsets[i], reterr))
            return false;
    return true;
}

/* Reads the commit record out of the restored store. *ret_fresh: there is none. */
static bool read_commit_record(struct task *task, bool *ret_fresh, struct err *reterr)
{
    struct str text;

    if (!store_get(state_store(task->state), COMMIT_RECORD_KEY, &text, reterr))
        return false;
    *ret_fresh = text.at == NULL;
    return *ret_fresh || commit_record_parse(text, &task->record, task->inputs, reterr);
}

/* What the store holds decides how to go on: start, continue, or rebuild. */
static bool settle(struct task *task, struct err *reterr)
{
    struct engine_output output;
    bool fresh = false;
    bool rebuild = task->context->options->rebuild;
    uint64_t hash = task->context->plan->hash;

    if (!read_commit_record(task, &fresh, reterr))
        return false;
    if (!fresh && !rebuild && task->record.plan_hash != hash)
        return err_stop(
            reterr, EX_CONFIG,
            "the pipeline has changed since its state was written (plan %016llx, now %016llx): "
            "run with --rebuild, which computes all views anew and writes only the differences",
            (unsigned long long)task->record.plan_hash, (unsigned long long)hash);
    task->record.plan_hash = hash;
    if ((!fresh && rebuild) || task->record.phase == PHASE_REBUILDING)
        return task_rebuild(task, reterr);
    if (!fresh)
        return check_group_offsets(task, reterr);
    return engine_first_step(task->engine, task->arena, &output, reterr) &&
           task_commit(task, &output, NULL, reterr);
}

static bool start_reading(struct task *task, struct err *reterr)
{
    const struct task_context *context = task->context;
    size_t n = 0;
    const struct kafka_offset *offsets = inputs_offsets(task->inputs, &n);

    return kafka_consumer_open(&context->options->kafka, "views", context->group, false,
                               &task->consumer, reterr) &&
           kafka_assign(task->consumer, offsets, n, reterr);
}

/* The gauge goes on from what the state holds. */
static bool gauge_quarantined(const struct task *task, struct err *reterr)
{
    uint64_t rows = 0;

    if (!engine_quarantined(task->engine, &rows, reterr))
        return false;
    views_gauge(VIEWS_QUARANTINED, (int64_t)rows);
    return true;
}

static bool open_parts(struct task *task, struct err *reterr)
{
    const struct task_context *context = task->context;
    char transactional_id[256];

    snprintf(transactional_id, sizeof(transactional_id), "%s-%d", context->group,
             (int)task->number);
    return kafka_cluster_id(context->admin, BROKER_TIMEOUT_MS, task->cluster_id, reterr) &&
           open_inputs(task, reterr) &&
           kafka_producer_open(&context->options->kafka, "views", transactional_id,
                               BROKER_TIMEOUT_MS, &task->producer, reterr) &&
           open_state(task, reterr) && restore_state(task, reterr) &&
           engine_new(context->plan, state_store(task->state), &task->engine, reterr);
}

bool task_open(const struct task_context *context, int32_t number, struct task **ret,
               struct err *reterr)
{
    struct task *task = err_calloc(1, sizeof(*task));
    size_t rows = (size_t)context->options->batch_rows + 2 * (size_t)POLL_MAX;

    task->context = context;
    task->number = number;
    task->warned_ms = clock_mono_ms() - WARN_EVERY_MS;
    task->changelog = (struct changelog){&context->options->kafka, "views",
                                         context->changelog_topic, number,
                                         report_restore,           context->service};
    task->outputs = (struct outputs){.plan = context->plan,
                                     .quarantine_topic = context->quarantine_topic,
                                     .codec = context->codec};
    task->arena = arena_new((size_t)context->options->batch_bytes);
    task->batch_max = batch_rows_least(batch_rows_max(task));
    task->gathered.events = err_calloc(rows, sizeof(*task->gathered.events));
    task->gathered.rejected = err_calloc(rows, sizeof(*task->gathered.rejected));
    if (!open_parts(task, reterr) || !settle(task, reterr) || !gauge_quarantined(task, reterr) ||
        !start_reading(task, reterr)) {
        task_close(task);
        return false;
    }
    task_forget_gathered(task);
    *ret = task;
    return true;
}

struct task *task_close(struct task *task)
{
    if (task == NULL)
        return NULL;
    task_forget_gathered(task);
    kafka_consumer_close(task->consumer);
    kafka_producer_close(task->producer);
    engine_free(task->engine);
    state_close(task->state, true);
    inputs_free(task->inputs);
    outputs_done(&task->outputs);
    buf_done(&task->record_text);
    buf_done(&task->path);
    arena_free(task->arena);
    free(task->caught_up);
    free(task->held);
    free(task->gathered.events);
    free(task->gathered.rejected);
    free(task);
    return NULL;
}
