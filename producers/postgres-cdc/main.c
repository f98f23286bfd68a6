/* sluice-postgres-cdc: the changes of a PostgreSQL database -> Kafka, one topic a table. */
#include "base/clock.h"
#include "cdc_metrics.h"
#include "options.h"
#include "session.h"

/* A server that was never reached is a mistake in the configuration; one that goes away is waited
 * for. */
enum { FIRST_CONTACT_MS = 30000 };

/* Sessions one after another, until a stop or an error that nothing here can mend. */
static bool run_sessions(const struct cdc_options *options, struct service *service,
                         struct metric *metrics, struct session_memory *memory, struct err *reterr)
{
    int64_t start_ms = clock_mono_ms();
    unsigned attempt = 0;

    for (;;) {
        if (session_run(options, service, metrics, memory, &attempt, reterr))
            return true;
        if (reterr->kind != ERR_RETRY && reterr->kind != ERR_ABORT)
            return false;
        if (!memory->reached && clock_mono_ms() - start_ms >= FIRST_CONTACT_MS)
            return false;
        if (!service_retry(service, "capturing", reterr, &attempt))
            return true;
    }
}

/* What the registry told is kept from one session to the next. */
static bool run(const struct cdc_options *options, struct service *service, struct metric *metrics,
                struct err *reterr)
{
    struct session_memory memory = {0};

    if (!avro_topics_open(options->value_format, &options->registry, &memory.avro, reterr))
        return false;
    bool ok = run_sessions(options, service, metrics, &memory, reterr);
    avro_topics_close(memory.avro);
    return ok;
}

int main(int argc, char **argv)
{
    struct cdc_options options = {0};
    struct option_group groups[CDC_GROUPS + 1];
    struct metric rows[CDC_METRICS + 1];
    struct metrics metrics = {.rows = rows};
    struct option_set set;
    struct service *service = NULL;
    struct err err = {0};

    cdc_option_set(&options, groups, &set);
    cdc_metrics_init(rows);
    bool ok = service_start(&set, &options.service, argc, argv, &metrics, &service, &err);
    if (ok && service != NULL)
        ok = cdc_options_complete(&options, &err) && run(&options, service, rows, &err);
    cdc_options_done(&options);
    return service_finish(service, &set, ok ? NULL : &err);
}
