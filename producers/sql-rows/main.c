/* sluice-sql-rows: the rows of a table or query -> Kafka, at set times, in full or what is new. */
#include "base/clock.h"
#include "base/cron.h"
#include "base/log.h"
#include "run.h"
#include "service/service.h"
#include "tick.h"

/* What outlives a session. */
struct life {
    struct session session;
    struct schedule schedule;
    bool pending;       /* a run is due now: it failed, or the process ended inside it */
    int64_t last_ms;    /* when the last run began that ended; -1: there was none */
    int64_t failing_ms; /* since when, by the monotonic clock; -1: it does not */
    unsigned attempt;
};

static void tell(const struct rows_options *options, const struct summary *summary)
{
    struct buf line CLEANUP(buf) = {0};

    summary_print(&line, options, summary);
    account_tell(&summary->account, "topic", buf_str(&line));
}

/* A run that was cut short is due at once. */
static void recall(struct life *life)
{
    const struct progress *progress = &life->session.progress;

    if (life->schedule.kind == SCHEDULE_ONCE)
        return;
    life->pending |= progress->state == PROGRESS_RUNNING;
    if (progress->state == PROGRESS_ENDED && life->last_ms < 0)
        life->last_ms = progress->began_us / 1000;
    /* a first run by cron is due at the first such time from now on, wherever the clock stands when
     * it is looked at */
    if (life->schedule.kind == SCHEDULE_CRON && life->last_ms < 0)
        life->last_ms = tick_now_us() / 1000;
}

/* False when a stop was asked for, or nothing is due any more. */
static bool wait_until_due(struct life *life)
{
    struct service *service = life->session.service;

    while (!life->pending) {
        int64_t now_ms = tick_now_us() / 1000;
        int64_t due_ms = schedule_due_ms(&life->schedule, life->last_ms, now_ms);

        if (due_ms < 0)
            return false;
        if (due_ms <= now_ms)
            break;
        service_beat(service);
        service_ready(service, true, NULL);
        int64_t look_ms = tick_look_ms();
        if (service_wait(service, due_ms - now_ms < look_ms ? due_ms - now_ms : look_ms))
            return false;
    }
    return !service_stopping(service);
}

static void succeed(struct life *life, const struct summary *summary)
{
    struct metric *metrics = life->session.metrics;

    life->last_ms = summary->began_us / 1000;
    life->pending = false;
    life->failing_ms = -1;
    life->attempt = 0;
    metric_add(&metrics[ROWS_RUNS_DONE], 1);
    metric_add(&metrics[ROWS_RUN_TIME], summary->account.took_ms * 1000);
    metric_set(&metrics[ROWS_LAST_SUCCESS], summary->began_us);
    tell(life->session.options, summary);
}

/* One session: runs as they fall due, until a stop, the end of the schedule, or an error. */
static bool live(struct life *life, struct summary *summary, struct err *reterr)
{
    summary_begin(summary, life->session.options, tick_now_us(), clock_mono_ms());
    if (!session_open(&life->session, reterr))
        return false;
    recall(life);
    while (wait_until_due(life)) {
        life->pending = true;
        if (!run_once(&life->session, summary, reterr))
            return false;
        succeed(life, summary);
        if (life->schedule.kind == SCHEDULE_ONCE)
            return true;
    }
    return true;
}

/* The error ends the process. */
static bool give_up(struct life *life, struct summary *summary, struct err *reterr)
{
    int64_t now_ms = clock_mono_ms();
    bool passing = reterr->kind == ERR_RETRY || reterr->kind == ERR_ABORT;

    if (life->failing_ms < 0)
        life->failing_ms = now_ms;
    if (passing && now_ms - life->failing_ms < life->session.options->give_up_ms)
        return false;
    if (passing)
        reterr->exit_status = EX_UNAVAILABLE;
    summary_end(summary, reterr->text, now_ms);
    metric_add(&life->session.metrics[ROWS_RUNS_FAILED], 1);
    tell(life->session.options, summary);
    return true;
}

static bool run(struct life *life, struct err *reterr)
{
    const struct rows_options *options = life->session.options;
    struct service *service = life->session.service;
    struct summary summary = {0};

    if (!schedule_make(options->once, options->every_ms, options->cron, &life->schedule, reterr))
        return false;
    for (;;) {
        bool ok = live(life, &summary, reterr);

        session_close(&life->session, ok);
        if (ok || service_stopping(service))
            return true;
        if (give_up(life, &summary, reterr))
            return false;
        if (!service_retry(service, "reading rows", reterr, &life->attempt))
            return true;
    }
}

int main(int argc, char **argv)
{
    struct rows_options options = {0};
    struct option_group groups[ROWS_GROUPS + 1];
    struct metric rows[ROWS_METRICS + 1];
    struct metrics metrics = {.rows = rows};
    struct option_set set;
    struct service *service = NULL;
    struct err err = {0};

    rows_option_set(&options, groups, &set);
    rows_metrics_init(rows);
    bool ok = service_start(&set, &options.service, argc, argv, &metrics, &service, &err);
    if (ok && service != NULL) {
        struct life life = {.session = {.options = &options, .service = service, .metrics = rows},
                            .last_ms = -1,
                            .failing_ms = -1};

        ok = rows_options_complete(&options, &err) &&
             avro_topics_open(options.value_format, &options.registry, &life.session.avro, &err) &&
             run(&life, &err);
        avro_topics_close(life.session.avro);
    }
    rows_options_done(&options);
    return service_finish(service, &set, ok ? NULL : &err);
}
