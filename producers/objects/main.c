/* sluice-objects: files, HTTP resources and S3 objects -> Kafka, one topic, as changes. */
#include "base/clock.h"
#include "base/log.h"
#include "run.h"

/* A broker that was never reached is a mistake in the configuration; one that goes away is waited
 * for, but not for ever when somebody waits for the end of the run. */
enum { FIRST_CONTACT_MS = 30000 };

/* One life of the service over sessions with Kafka. */
struct life {
    struct run run;
    bool connected, reached; /* now; ever */
    int64_t began_ms;        /* of the process */
    int64_t failing_ms;      /* since when a run gets nowhere, -1: it does not fail */
    int64_t commits;         /* then */
    int64_t last_run_ms;     /* by the wall clock, -1: none yet */
    struct run_summary summary;
};

static void disconnect(struct life *life, bool clean)
{
    writer_close(&life->run.writer, clean);
    life->connected = false;
}

static bool connect(struct life *life, struct err *reterr)
{
    struct run *run = &life->run;

    if (life->connected)
        return true;
    if (!writer_open(&run->writer, run->options, run->avro, run->metrics, reterr)) {
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
    struct buf json CLEANUP(buf) = {0}, text CLEANUP(buf) = {0};
    struct err some = {0};

    if (!once && why == NULL && summary->failed == 0 && summary->skipped == summary->objects)
        return;
    if (why == NULL && summary->failed > 0) {
        some_failed(summary, &some);
        why = &some;
    }
    count(account, summary);
    account_end(account, summary->stopped, why == NULL ? NULL : why->text, clock_mono_ms());
    account_text(&text, account);
    log_info("run ended", LOG_STR("topic", account->run), LOG_STR("account", buf_cstr(&text)));
    account_json(&json, account);
    puts(buf_cstr(&json));
    fflush(stdout);
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

/* Runs once, over as many sessions as it takes. *ret_stop: a stop was asked for. */
static bool try_run(struct life *life, bool *ret_stop, struct err *reterr)
{
    struct run *run = &life->run;
    unsigned attempt = 0;

    for (;;) {
        bool listed = connect(life, reterr);
        account_stage(&run->account, "connect", clock_mono_ms());
        if (listed && run_once(run, &life->summary, reterr)) {
            *ret_stop = life->summary.stopped;
            return true;
        }
        if (reterr->kind != ERR_RETRY && reterr->kind != ERR_ABORT)
            return false;
        if (life->connected)
            disconnect(life, false);
        if (give_up(life))
            return false;
        *ret_stop = !service_retry(run->service, "reading and writing", reterr, &attempt);
        if (*ret_stop)
            return true;
    }
}

static bool one_run(struct life *life, bool *ret_stop, struct err *reterr)
{
    life->failing_ms = -1;
    life->summary = (struct run_summary){0};
    account_begin(&life->run.account, objects_service, life->run.options->topic, clock_wall_us(),
                  clock_mono_ms());
    bool ok = try_run(life, ret_stop, reterr);
    report(life, ok ? NULL : reterr);
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

static bool loop(struct life *life, struct err *reterr)
{
    const struct schedule *schedule = &life->run.options->schedule;
    bool stop = false;

    while (!stop) {
        int64_t due_ms = schedule_due_ms(schedule, life->last_run_ms, clock_wall_us() / 1000);

        if (due_ms < 0)
            break;
        if (!service_wait_until(life->run.service, due_ms))
            return true;
        life->last_run_ms = clock_wall_us() / 1000;
        if (!one_run(life, &stop, reterr) && !bear(life, reterr))
            return false;
        service_ready(life->run.service, life->connected, "not connected");
    }
    if (schedule->kind != SCHEDULE_ONCE || life->summary.failed == 0)
        return true;
    return some_failed(&life->summary, reterr);
}

static bool live(struct life *life, struct err *reterr)
{
    struct run *run = &life->run;
    const struct objects_options *options = run->options;

    if (!shape_make(&run->shape, options->key.items, options->key.n, options->columns, reterr) ||
        !avro_topics_open(options->value_format, &options->registry, &run->avro, reterr) ||
        !raw_open(options, run->service, &run->raw, reterr) ||
        !claims_open(options, run->service, &run->claims, reterr) ||
        !input_open(options, run->service, &run->input, reterr))
        return false;
    run->shape.null_text = options->null_text;
    run->feed.topic = options->topic;
    run->feed.tombstones = options->tombstones;
    life->began_ms = clock_mono_ms();
    life->last_run_ms = -1;
    bool ok = loop(life, reterr);
    if (life->connected)
        disconnect(life, true);
    input_close(run->input);
    run->avro = avro_topics_close(run->avro);
    raw_close(run->raw);
    claims_close(run->claims);
    return ok;
}

int main(int argc, char **argv)
{
    struct objects_options options = {0};
    struct objects_option_tables tables = {0};
    struct metric rows[OBJECTS_METRICS + 1];
    struct metrics metrics = {.rows = rows};
    struct option_set set;
    struct life life = {.run = {.options = &options, .metrics = rows}};
    struct err err = {0};

    objects_option_set(&options, &tables, &set);
    objects_metrics_init(rows);
    bool ok = service_start(&set, &options.service, argc, argv, &metrics, &life.run.service, &err);
    if (ok && life.run.service != NULL)
        ok = objects_options_complete(&options, &err) && live(&life, &err);
    shape_done(&life.run.shape);
    feed_done(&life.run.feed);
    objects_options_done(&options);
    return service_finish(life.run.service, &set, ok ? NULL : &err);
}
