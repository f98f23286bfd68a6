#include "run.h"

#include "base/log.h"
#include "metrics.h"
#include "session.h"

enum {
    TOPICS_TIMEOUT_MS = 10 * 1000,
    MEMBERSHIP_WAIT_MS = 100,
    TARGET_BYTES_MAX = 16 << 20,
    ARENA_BYTES = 16 << 20
};

static const char client_id[] = "postgres-upsert";

/* The control topic's only partition: whoever owns it writes. */
static const int32_t the_task = 0;

struct instance {
    struct context context;
    const char *control_topic, *dead_letter_topic;
    struct kafka_membership *membership;
    struct session *session;
    unsigned attempt; /* of the back-off */
};

/* ---- starting ---- */

static bool load_target(struct context *context, struct arena *arena, struct err *reterr)
{
    const struct option_list *files = &context->options->target;

    if (files->n == 0)
        return true;
    context->target_sql = arena_alloc(arena, files->n * sizeof(*context->target_sql));
    for (size_t i = 0; i < files->n; i++) {
        CLEANUP(free) char *text = NULL;

        if (!options_read_file(files->items[i], TARGET_BYTES_MAX, &text, reterr))
            return err_prefix(reterr, "--target");
        context->target_sql[i] = arena_copy(arena, str_of(text)).at;
    }
    return true;
}

static bool load_routes(struct context *context, struct arena *arena, struct err *reterr)
{
    const struct upsert_options *options = context->options;
    struct route *routes = NULL;

    if (!load_target(context, arena, reterr))
        return false;
    bool ok = options->topics.n > 0
                  ? route_list(arena, options->pipeline, &options->topics, &routes,
                               &context->routes_n, reterr)
                  : route_scan(arena, options->pipeline,
                               str_of(context->target_sql == NULL ? "" : context->target_sql[0]),
                               &routes, &context->routes_n, reterr);
    context->routes = routes;
    if (ok && context->routes_n == 0)
        return err_stop(reterr, EX_USAGE,
                        "nothing to write: --target creates no table and --topics names none");
    return ok;
}

/* What only a person mends is said at once, also by an instance that will stand by. */
static bool check_target(const struct context *context, struct err *reterr)
{
    struct pg *pg = NULL;
    bool ok =
        pg_connect(&context->options->postgres, "sluice-postgres-upsert", PG_ORDINARY, &pg, reterr);

    pg_close(pg);
    return ok || reterr->kind != ERR_STOP;
}

static bool ensure_topics(const struct instance *instance, struct err *reterr)
{
    const struct kafka_topic_spec specs[] = {
        {.name = instance->control_topic, .partitions = 1, .cleanup = KAFKA_DELETE},
        {.name = instance->dead_letter_topic, .cleanup = KAFKA_DELETE}};

    return kafka_ensure_topics(instance->context.admin, specs, 2, TOPICS_TIMEOUT_MS, reterr);
}

/* False: reterr is set, or a stop was asked for. */
static bool prepare(struct instance *instance, struct arena *arena, struct err *reterr)
{
    struct context *context = &instance->context;
    const struct upsert_options *options = context->options;

    if (!load_routes(context, arena, reterr) || !check_target(context, reterr) ||
        !kafka_admin_open(&options->kafka, client_id, &context->admin, reterr))
        return false;
    while (!ensure_topics(instance, reterr))
        if (reterr->kind != ERR_RETRY ||
            !service_retry(context->service, "creating topics", reterr, &instance->attempt))
            return false;
    if (options->registry.url != NULL)
        context->registry = registry_open(&options->registry);
    context->dead = dead_letters_new(&options->kafka, instance->dead_letter_topic);
    return kafka_consumer_open(&options->kafka, client_id, NULL, false, &context->consumer,
                               reterr) &&
           kafka_membership_open(&options->kafka, client_id, context->group,
                                 instance->control_topic, options->member_id, &instance->membership,
                                 reterr);
}

static void finish(struct instance *instance)
{
    instance->session = session_close(instance->session);
    kafka_membership_close(instance->membership, true);
    kafka_consumer_close(instance->context.consumer);
    dead_letters_free(instance->context.dead);
    registry_close(instance->context.registry);
    kafka_admin_close(instance->context.admin);
}

/* ---- running ---- */

/* Ends the session; the next one goes on from what the target holds. False for what nothing here
 * mends. */
static bool give_up(struct instance *instance, const char *doing, const struct err *why,
                    struct err *reterr)
{
    instance->session = session_close(instance->session);
    upsert_gauge(UPSERT_TASK_RUNNING, 0);
    if (why->kind == ERR_STOP) {
        *reterr = *why;
        return false;
    }
    upsert_count(why->kind == ERR_ABORT ? UPSERT_FENCED : UPSERT_RETRIES, 1);
    service_retry(instance->context.service, doing, why, &instance->attempt);
    return true;
}

static void stand_by(struct instance *instance)
{
    if (instance->session != NULL)
        log_info("standing by: the group gave the task to another instance");
    instance->session = session_close(instance->session);
    upsert_gauge(UPSERT_TASK_RUNNING, 0);
    service_ready(instance->context.service, false, "standing by");
}

static void set_ready(struct instance *instance)
{
    const char *reason = session_resyncing(instance->session)    ? "resync"
                         : !session_caught_up(instance->session) ? "catching up"
                                                                 : NULL;

    instance->attempt = 0;
    service_ready(instance->context.service, reason == NULL, reason);
}

static bool take_over(struct instance *instance, struct err *reterr)
{
    struct err why;

    if (!session_open(&instance->context, &instance->session, &why))
        return give_up(instance, "opening the target", &why, reterr);
    upsert_gauge(UPSERT_TASK_RUNNING, 1);
    log_info("writing", LOG_INT("tables", instance->context.routes_n));
    set_ready(instance);
    return true;
}

static bool step(struct instance *instance, struct err *reterr)
{
    struct err why;
    bool reading = false;

    if (session_step(instance->session, &reading, &why)) {
        set_ready(instance);
        session_report(instance->session, instance->membership);
        return true;
    }
    if (!reading || why.kind != ERR_RETRY)
        return give_up(instance, "writing", &why, reterr);
    upsert_count(UPSERT_RETRIES, 1);
    service_retry(instance->context.service, "reading", &why, &instance->attempt);
    return true;
}

/* One turn: the group protocol first, then whatever this instance is. */
static bool turn(struct instance *instance, struct err *reterr)
{
    struct err why;
    bool changed = false;
    int64_t wait_ms = instance->session == NULL ? MEMBERSHIP_WAIT_MS : 0;

    service_beat(instance->context.service);
    if (!kafka_membership_poll(instance->membership, wait_ms, &changed, &why)) {
        if (why.kind == ERR_STOP) {
            *reterr = why;
            return false;
        }
        service_retry(instance->context.service, "staying in the group", &why, &instance->attempt);
        return true;
    }
    if (!kafka_membership_owns(instance->membership, the_task)) {
        stand_by(instance);
        return true;
    }
    return instance->session == NULL ? take_over(instance, reterr) : step(instance, reterr);
}

bool upsert_run(const struct upsert_options *options, struct service *service, struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(ARENA_BYTES);
    struct instance instance = {
        .context = {.options = options,
                    .service = service,
                    .group = arena_printf(arena, "%s-postgres-upsert", options->pipeline),
                    .resync = options->resync},
        .control_topic = arena_printf(arena, "_sluice.%s-postgres-upsert.tasks", options->pipeline),
        .dead_letter_topic = arena_printf(arena, "%s.dead-letters", options->pipeline)};
    bool ok = prepare(&instance, arena, reterr);

    while (ok && !service_stopping(service))
        ok = turn(&instance, reterr);
    ok = ok || service_stopping(service);
    finish(&instance);
    return ok;
}
