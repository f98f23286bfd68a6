#include "task/run.h"

#include "base/log.h"
#include "http/registry.h"
#include "kafka/consumer.h"
#include "state/state.h"
#include "task/codec.h"
#include "task/metrics.h"
#include "task/task.h"

enum { TOPICS_TIMEOUT_MS = 30 * 1000, MEMBERSHIP_WAIT_MS = 200 };

DEFINE_CLEANUP(admin, struct kafka_admin *, kafka_admin_close);

/* One task is enough for now; its number names transactional id, state folder, changelog partition
 * and metrics already. */
static const int32_t the_task = 0;

struct instance {
    struct task_context context;
    struct kafka_membership *membership;
    struct task *task;
    unsigned attempt; /* of the backoff */
};

static bool ensure_topics(const struct task_context *context, struct arena *arena,
                          struct err *reterr)
{
    const struct plan *plan = context->plan;
    size_t n = 0;
    struct kafka_topic_spec *specs = arena_zalloc(arena, (plan->views_n + 4) * sizeof(*specs));

    specs[n++] = (struct kafka_topic_spec){
        .name = context->control_topic, .partitions = 1, .cleanup = KAFKA_DELETE};
    specs[n++] = (struct kafka_topic_spec){
        .name = context->changelog_topic, .partitions = 1, .cleanup = KAFKA_COMPACT};
    specs[n++] =
        (struct kafka_topic_spec){.name = context->dead_letter_topic, .cleanup = KAFKA_DELETE};
    specs[n++] =
        (struct kafka_topic_spec){.name = context->quarantine_topic, .cleanup = KAFKA_COMPACT};
    for (uint32_t i = 0; i < plan->views_n; i++)
        specs[n++] = (struct kafka_topic_spec){.name = plan->views[i].topic,
                                               .partitions = plan->views[i].partitions,
                                               .cleanup = KAFKA_COMPACT};
    return kafka_ensure_topics(context->admin, specs, n, TOPICS_TIMEOUT_MS, reterr);
}

/* Another instance took over, or the transaction is void: give the task up and stand by. What can't
 * be mended ends the process. */
static bool give_up(struct instance *instance, const struct err *why, struct err *reterr)
{
    bool fenced = why->kind == ERR_STOP && why->exit_status == EX_TEMPFAIL;

    instance->task = task_close(instance->task);
    views_gauge(VIEWS_TASK_RUNNING, 0);
    service_ready(instance->context.service, false, "standing by");
    if (why->kind == ERR_STOP && !fenced) {
        *reterr = *why;
        return false;
    }
    views_count(VIEWS_TRANSACTIONS_ABORTED, 1);
    log_err(LOG_WARN, "giving the task up", why);
    return true;
}

static bool take_over(struct instance *instance, struct err *reterr)
{
    struct err why;

    service_ready(instance->context.service, false, "restoring");
    log_info("taking over", LOG_INT("task", the_task));
    if (task_open(&instance->context, the_task, &instance->task, &why)) {
        instance->attempt = 0;
        views_gauge(VIEWS_TASK_RUNNING, 1);
        service_ready(instance->context.service, false, "catching up");
        log_info("running", LOG_INT("task", the_task));
        return true;
    }
    instance->task = NULL;
    if (why.kind == ERR_STOP && why.exit_status != EX_TEMPFAIL) {
        *reterr = why;
        return false;
    }
    service_retry(instance->context.service, "opening the task", &why, &instance->attempt);
    return true;
}

static bool step(struct instance *instance, struct err *reterr)
{
    struct err why;

    if (task_step(instance->task, instance->membership, &why)) {
        if (instance->attempt > 0)
            log_info("running again");
        instance->attempt = 0;
        bool ready = task_up_to_date(instance->task);
        service_ready(instance->context.service, ready, ready ? NULL : "catching up");
        return true;
    }
    if (why.kind != ERR_RETRY)
        return give_up(instance, &why, reterr);
    service_retry(instance->context.service, "running the task", &why, &instance->attempt);
    return true;
}

/* One turn of the loop: the group protocol first, then whatever this instance is. */
static bool turn(struct instance *instance, struct err *reterr)
{
    struct err why;
    bool changed = false;

    service_beat(instance->context.service);
    if (!kafka_membership_poll(instance->membership,
                               instance->task == NULL ? MEMBERSHIP_WAIT_MS : 0, &changed, &why)) {
        if (why.kind == ERR_STOP) {
            *reterr = why;
            return false;
        }
        service_retry(instance->context.service, "staying in the group", &why, &instance->attempt);
        return true;
    }
    bool owns = kafka_membership_owns(instance->membership, the_task);
    if (!owns && instance->task != NULL) {
        err_set(&why, ERR_ABORT, "the group gave the task to another instance");
        return give_up(instance, &why, reterr);
    }
    if (!owns) {
        service_ready(instance->context.service, false, "standing by");
        return true;
    }
    return instance->task == NULL ? take_over(instance, reterr) : step(instance, reterr);
}

/* Waits until the broker answers and every topic of ours exists. False: reterr is set, or a stop
 * was asked for. */
static bool prepare(struct instance *instance, struct arena *arena, struct err *reterr)
{
    const struct task_context *context = &instance->context;
    unsigned attempt = 0;

    while (!ensure_topics(context, arena, reterr))
        if (reterr->kind != ERR_RETRY ||
            !service_retry(context->service, "creating topics", reterr, &attempt))
            return false;
    return kafka_membership_open(&context->options->kafka, "views", context->group,
                                 context->control_topic, context->options->member_id,
                                 &instance->membership, reterr);
}

/* What is Avro needs a registry; its schemas are there before the first record is. */
static bool open_formats(struct instance *instance, struct err *reterr)
{
    struct task_context *context = &instance->context;
    const struct registry_config *config = &context->options->registry;
    const struct plan *plan = context->plan;

    if (config->url != NULL)
        context->registry = registry_open(config);
    for (uint32_t i = 0; config->url == NULL && i < plan->sources_n; i++)
        if (plan->sources[i].format == PLAN_FORMAT_DEBEZIUM_AVRO ||
            plan->sources[i].format == PLAN_FORMAT_AVRO)
            return err_stop(reterr, EX_USAGE, "%s is Avro: give --schema-registry-url",
                            plan->sources[i].name);
    for (uint32_t i = 0; config->url == NULL && i < plan->views_n; i++)
        if (plan->views[i].format == PLAN_VIEW_AVRO)
            return err_stop(reterr, EX_USAGE, "%s is to be Avro: give --schema-registry-url",
                            plan->views[i].name);
    context->codec = codec_new(plan, context->registry);
    while (!codec_register(context->codec, reterr))
        if (reterr->kind != ERR_RETRY ||
            !service_retry(context->service, "registering schemas", reterr, &instance->attempt))
            return false;
    instance->attempt = 0;
    return true;
}

static struct task_context make_context(const struct views_options *options,
                                        const struct plan *plan, struct service *service,
                                        struct kafka_admin *admin, struct arena *arena)
{
    return (struct task_context){
        .options = options,
        .plan = plan,
        .service = service,
        .admin = admin,
        .group = arena_printf(arena, "%s-views", plan->pipeline),
        .control_topic = arena_printf(arena, "_sluice.%s.tasks", plan->pipeline),
        .changelog_topic = arena_printf(arena, "_sluice.%s.changelog", plan->pipeline),
        .dead_letter_topic = arena_printf(arena, "%s.dead-letters", plan->pipeline),
        .quarantine_topic = arena_printf(arena, "%s.quarantine", plan->pipeline),
    };
}

bool views_run(const struct views_options *options, const struct plan *plan,
               struct service *service, struct err *reterr)
{
    CLEANUP(arena) struct arena *arena = arena_new(1 << 20);
    CLEANUP(admin) struct kafka_admin *admin = NULL;
    struct instance instance = {0};
    bool ok = true;

    if (!state_check_directory(options->state_dir, reterr) ||
        !kafka_admin_open(&options->kafka, "views", &admin, reterr))
        return false;
    instance.context = make_context(options, plan, service, admin, arena);
    ok = (open_formats(&instance, reterr) && prepare(&instance, arena, reterr)) ||
         service_stopping(service);
    while (ok && !service_stopping(service))
        ok = turn(&instance, reterr);
    instance.task = task_close(instance.task);
    instance.membership = kafka_membership_close(instance.membership, true);
    codec_free(instance.context.codec);
    registry_close(instance.context.registry);
    return ok;
}
