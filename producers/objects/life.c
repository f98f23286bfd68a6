#include "life.h"

#include "base/clock.h"
#include "base/log.h"
#include <inttypes.h>

/* A broker that was never reached is a mistake in the configuration; one that goes away is waited
 * for, but not for ever when somebody waits for the end of the run. */
enum { FIRST_CONTACT_MS = 30000, NOTICES_MS = 1000 };

/* What is to be done next. */
enum work { WORK_NONE, WORK_LIST, WORK_NOTICES };

static void disconnect(struct life *life, bool clean)
{
    notices_end(life->run.notices);
    writer_close(&life->run.writer, clean);
    life->connected = false;
}

static bool connect(struct life *life, struct err *reterr)
{
    struct run *run = &life->run;

    if (life->connected)
        return true;
    if (!writer_open(&run->writer, run->options, run->avro, run->metrics, reterr) ||
        (run->notices != NULL && !notices_begin(run->notices, &run->writer, reterr))) {
        disconnect(life, false);
        return false;
    }
    run->feed.seen = run->writer.seen;
    run->feed.edge = (struct feed_edge){.arg = &run->writer,
                                        .key = writer_key,
                                        .key_json = writer_key_json,
                                        .emit = writer_emit,
                                        .dead = writer_dead};
    life->connected = life->reached = true;
    return true;
}

static bool some_failed(const struct run_summary *summary, struct err *reterr)
{
    return err_stop(reterr, summary->failed_status, "%lld of %lld objects failed",
                    (long long)summary->failed, (long long)summary->objects);
}

static void count(struct account *account, const struct run_summary *summary)
{
    const struct feed_counts *counts = &summary->counts;

    account_count(account, "source", "objects", summary->objects);
    account_count(account, "source", "failed", summary->failed);
    account_count(account, "source", "skipped", summary->skipped);
    account_count(account, "source", "bytes", summary->bytes);
    account_count(account, "source", "rows", counts->rows);
    account_count(account, "bronze", "created", counts->created);
    account_count(account, "bronze", "updated", counts->updated);
    account_count(account, "bronze", "deleted", counts->deleted);
    account_count(account, "bronze", "unchanged", counts->unchanged);
    account_count(account, "bronze", "dead_letters", counts->dead);
}

/* Prints what the run did, for a person and for a program; of runs without end those that did
 * something. `why` NULL: it came to its end. */
static void report(struct life *life, const struct err *why)
{
    const struct run_summary *summary = &life->summary;
    bool once = life->run.options->schedule.kind == SCHEDULE_ONCE;
    struct account *account = &life->run.account;
    struct err some = {0};

    if (!once && why == NULL && summary->failed == 0 && summary->skipped == summary->objects)
        return;
    if (why == NULL && summary->failed > 0) {
        some_failed(summary, &some);
        why = &some;
    }
    count(account, summary);
    account_end(account, summary->stopped, why == NULL ? NULL : why->text, clock_mono_ms());
    account_tell(account, "topic", STR_NONE);
}

/* Whether what failed has been tried for long enough. */
static bool give_up(struct life *life)
{
    const struct objects_options *options = life->run.options;
    int64_t commits = atomic_load(&life->run.metrics[OBJECTS_COMMITS].value);
    int64_t now_ms = clock_mono_ms();

    if (life->failing_ms < 0 || commits != life->commits)
        life->failing_ms = now_ms;
    life->commits = commits;
    return (!life->reached && now_ms - life->began_ms >= FIRST_CONTACT_MS) ||
           (options->schedule.kind == SCHEDULE_ONCE &&
            now_ms - life->failing_ms >= options->give_up_ms);
}

/* A session failed. True when it is to be tried again, or *ret_stop: a stop was asked for. */
static bool try_again(struct life *life, unsigned *attempt, bool *ret_stop, struct err *reterr)
{
    if (reterr->kind != ERR_RETRY && reterr->kind != ERR_ABORT)
        return false;
    if (life->connected)
        disconnect(life, false);
    if (give_up(life))
        return false;
    *ret_stop = !service_retry(life->run.service, "reading and writing", reterr, attempt);
    return true;
}

/* Runs once, over as many sessions as it takes. *ret_stop: a stop was asked for. A batch of notices
 * goes with its session; the next one gives it again. */
static bool try_run(struct life *life, bool noticed, bool *ret_stop, struct err *reterr)
{
    struct run *run = &life->run;
    unsigned attempt = 0;

    for (;;) {
        bool connected = connect(life, reterr);
        account_stage(&run->account, "connect", clock_mono_ms());
        if (connected && run_once(run, noticed, &life->summary, reterr)) {
            *ret_stop = life->summary.stopped;
            return true;
        }
        if (!try_again(life, &attempt, ret_stop, reterr))
            return false;
        if (*ret_stop)
            return true;
    }
}

static bool one_run(struct life *life, bool noticed, bool *ret_stop, struct err *reterr)
{
    life->failing_ms = -1;
    if (!life->reached)
        life->began_ms = clock_mono_ms();
    life->summary = (struct run_summary){0};
    account_begin(&life->run.account, objects_service, life->run.options->topic, clock_wall_us(),
                  clock_mono_ms());
    bool ok = try_run(life, noticed, ret_stop, reterr);
    report(life, ok ? NULL : reterr);
    if (life->summary.failed > 0)
        life->failed = life->summary;
    return ok;
}

/* A run that found no list of objects is over, like one whose objects failed: the next one may do
 * better. */
static bool bear(struct life *life, struct err *reterr)
{
    bool listing = reterr->exit_status == EX_NOINPUT && life->connected;

    if (!listing || life->run.options->schedule.kind == SCHEDULE_ONCE)
        return false;
    log_err(LOG_ERROR, "run", reterr);
    return true;
}

/* Looks once for notices. `*ret_end`: with --once, there are no more. */
static bool look(struct life *life, int64_t due_ms, enum work *ret, bool *ret_end,
                 struct err *reterr)
{
    struct notices *notices = life->run.notices;
    bool once = life->run.options->schedule.kind == SCHEDULE_ONCE, any = false, end = false;
    int64_t wait_ms = due_ms - clock_wall_us() / 1000;

    if (!connect(life, reterr))
        return false;
    service_ready(life->run.service, true, NULL);
    if (notices_need_list(notices) || (!once && wait_ms <= 0)) {
        *ret = WORK_LIST;
        return true;
    }
    if (once || wait_ms > NOTICES_MS)
        wait_ms = NOTICES_MS;
    if (!notices_poll(notices, wait_ms, &any, &end, reterr))
        return false;
    *ret = any ? WORK_NOTICES : WORK_NONE;
    *ret_end = once && end && !any;
    return true;
}

/* Waits for notices, or for the time to list. With --once objects are listed when notices are first
 * read, later on only those that are told of are looked at. */
static bool await_notices(struct life *life, int64_t due_ms, enum work *ret, struct err *reterr)
{
    unsigned attempt = 0;
    bool end = false;

    life->failing_ms = -1;
    *ret = WORK_NONE;
    while (*ret == WORK_NONE && !end && !service_stopping(life->run.service)) {
        service_beat(life->run.service);
        if (!look(life, due_ms, ret, &end, reterr) && !try_again(life, &attempt, &end, reterr))
            return false;
    }
    return true;
}

static bool await_work(struct life *life, enum work *ret, struct err *reterr)
{
    int64_t due_ms =
        schedule_due_ms(&life->run.options->schedule, life->last_run_ms, clock_wall_us() / 1000);

    if (life->run.notices != NULL)
        return await_notices(life, due_ms, ret, reterr);
    if (life->last_run_ms < 0 && due_ms > clock_wall_us() / 1000) /* the first is yet to come */
        service_ready(life->run.service, true, NULL);
    bool due = due_ms >= 0 && service_wait_until(life->run.service, due_ms);
    *ret = due ? WORK_LIST : WORK_NONE;
    return true;
}

static bool loop(struct life *life, struct err *reterr)
{
    enum work work = WORK_NONE;

    for (bool stop = false; !stop;) {
        if (!await_work(life, &work, reterr))
            return false;
        if (work == WORK_NONE)
            break;
        if (work == WORK_LIST)
            life->last_run_ms = clock_wall_us() / 1000;
        if (!one_run(life, work == WORK_NOTICES, &stop, reterr) && !bear(life, reterr))
            return false;
        service_ready(life->run.service, life->connected, "not connected");
    }
    if (life->run.options->schedule.kind != SCHEDULE_ONCE || life->failed.failed == 0)
        return true;
    return some_failed(&life->failed, reterr);
}

bool life_live(struct life *life, struct err *reterr)
{
    struct run *run = &life->run;
    const struct objects_options *options = run->options;

    if (!shape_make(&run->shape, options->key.items, options->key.n, options->columns, reterr) ||
        !avro_topics_open(options->value_format, &options->registry, &run->avro, reterr) ||
        !raw_open(options, run->service, &run->raw, reterr) ||
        !claims_open(options, run->service, &run->claims, reterr) ||
        !input_open(options, run->service, &run->input, reterr))
        return false;
    run->notices = notices_new(options, run->input);
    run->shape.null_text = options->null_text;
    run->feed.topic = options->topic;
    run->feed.tombstones = options->tombstones;
    life->began_ms = clock_mono_ms();
    life->last_run_ms = -1;
    bool ok = loop(life, reterr);
    if (life->connected)
        disconnect(life, true);
    notices_free(run->notices);
    input_close(run->input);
    run->avro = avro_topics_close(run->avro);
    raw_close(run->raw);
    claims_close(run->claims);
    return ok;
}
