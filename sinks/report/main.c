/* sluice-report: shows or exports views, and the quality of topics, for a person. See README.md. */
#include "base/clock.h"
#include "base/log.h"
#include "run.h"
#include "serve.h"

/* A run of several that failed is over; the next may do better. */
static bool run(const struct report_options *options, struct service *service, struct err *reterr)
{
    int64_t last_ms = -1;

    for (;;) {
        int64_t due_ms = schedule_due_ms(&options->schedule, last_ms, clock_wall_us() / 1000);

        if (due_ms < 0 || !service_wait_until(service, due_ms))
            return true;
        last_ms = clock_wall_us() / 1000;
        bool ok = run_once(options, service, reterr);
        if (!ok && !options->lasting)
            return false;
        if (!ok)
            log_err(LOG_ERROR, "report", reterr);
        service_ready(service, ok, "the last run failed");
    }
}

int main(int argc, char **argv)
{
    struct report_options options = {0};
    struct report_option_tables tables = {0};
    struct metric rows[SERVE_METRICS + 1];
    struct metrics metrics = {.rows = rows};
    struct option_set set;
    struct service *service = NULL;
    enum options_outcome outcome;
    struct err err = {0};

    serve_metrics_init(rows);
    report_option_set(&options, &tables, &set);
    log_configure(report_service, LOG_LOGFMT, LOG_INFO);
    bool ok = options_parse(&set, argc, argv, &outcome, &err);
    if (ok && outcome == OPTIONS_RUN) {
        ok = report_options_complete(&options, &err);
        if (!options.lasting) { /* for a person at a terminal */
            options.service.http_port = -1;
            options.service.log_level = LOG_WARN;
        }
        ok = ok && service_open(report_service, &options.service, &metrics, &service, &err) &&
             (options.serve != NULL ? serve(&options, service, rows, &err)
                                    : run(&options, service, &err));
    }
    return service_finish(service, &set, ok ? NULL : &err);
}
