#include "ops/engine.h"

#include "ops/engine_own.h"
#include "ops/output.h"

static struct arrangement *find_arrangement(struct engine *engine, struct op *input,
                                            struct arrangement_keys keys)
{
    struct arrangement *made = &engine->arrangements[engine->arrangements_n];

    arrangement_start(made, engine->arena, input, keys);
    for (uint32_t i = 0; i < engine->arrangements_n; i++) {
        if (engine->arrangements[i].fingerprint == made->fingerprint)
            return &engine->arrangements[i];
    }
    engine->arrangements_n++;
    return made;
}

/* Only sources hold each row once for sure; what only drops or maps rows of one key keeps that. */
static bool may_repeat(const struct engine *engine, const struct plan_node *node)
{
    switch (node->kind) {
    case PLAN_SOURCE:
    case PLAN_GROUP:
    case PLAN_TOP:
    case PLAN_ORDINAL:
        return false;
    case PLAN_FILTER:
    case PLAN_WINDOW:
        return engine->repeats[node->inputs[0]];
    case PLAN_PROJECT:
        return node->has_key && engine->repeats[node->inputs[0]];
    case PLAN_JOIN:
    case PLAN_UNION:
    case PLAN_VALUES:
    case PLAN_EXPAND:
        return true;
    }
    return true;
}

static void start_op(struct engine *engine, uint32_t index)
{
    const struct plan_node *node = &engine->plan->nodes[index];
    struct op *op = &engine->ops[index];
    unsigned inputs_n = plan_inputs_n(node->kind);

    *op = (struct op){.ops = op_ops_of(node->kind), .node = node, .index = index};
    for (unsigned i = 0; i < inputs_n; i++) {
        assert(node->inputs[i] < index);
        op->inputs[i] = &engine->ops[node->inputs[i]];
    }
    op->keyed = inputs_n == 1 && op->inputs[0]->node->has_key && !engine->repeats[node->inputs[0]];
    if (node->kind == PLAN_JOIN) {
        struct arrangement_keys left = {node->left_keys, node->join_keys_n, node->null_safe};
        struct arrangement_keys right = {node->right_keys, node->join_keys_n, node->null_safe};

        op->sides[0] = find_arrangement(engine, op->inputs[0], left);
        op->sides[1] = find_arrangement(engine, op->inputs[1], right);
    }
    engine->repeats[index] = may_repeat(engine, node);
    op->source = node->kind == PLAN_SOURCE ? &engine->plan->sources[node->source] : NULL;
    op->ops->start(op, engine->arena);
}

bool engine_new(const struct plan *plan, struct store *store, struct engine **ret,
                struct err *reterr)
{
    struct engine *engine = err_calloc(1, sizeof(*engine));

    (void)reterr;
    engine->plan = plan;
    engine->store = store;
    engine->arena = arena_new(SIZE_MAX);
    engine->ops = arena_zalloc(engine->arena, plan->nodes_n * sizeof(*engine->ops));
    engine->repeats = arena_zalloc(engine->arena, plan->nodes_n * sizeof(*engine->repeats));
    engine->arrangements =
        arena_zalloc(engine->arena, (2 * (size_t)plan->nodes_n + 1) * sizeof(struct arrangement));
    for (uint32_t i = 0; i < plan->nodes_n; i++)
        start_op(engine, i);
    contract_start(engine);
    *ret = engine;
    return true;
}

bool engine_quarantined(const struct engine *engine, uint64_t *ret_n, struct err *reterr)
{
    return output_quarantined(engine->store, engine->plan, ret_n, reterr);
}

struct engine *engine_free(struct engine *engine)
{
    if (engine == NULL)
        return NULL;
    buf_done(&engine->key);
    buf_done(&engine->value);
    row_builder_done(&engine->builder);
    arena_free(engine->arena);
    free(engine);
    return NULL;
}

static bool run_ops(struct engine *engine, struct step *step, struct err *reterr)
{
    for (uint32_t i = 0; i < engine->arrangements_n; i++)
        arrangement_forget(&engine->arrangements[i]);
    for (uint32_t i = 0; i < engine->plan->nodes_n; i++) {
        struct op *op = &engine->ops[i];

        op->out = (struct batch){0};
        if (!op->ops->apply(op, step, reterr))
            return false;
    }
    /* Joins have read all sides as they were before the step. */
    for (uint32_t i = 0; i < engine->arrangements_n; i++) {
        if (!arrangement_finish(&engine->arrangements[i], step, reterr))
            return false;
    }
    return true;
}

static void collect_changes(struct engine *engine, struct step *step, struct engine_output *ret)
{
    struct changes changes = {0};

    for (uint32_t i = 0; i < engine->plan->views_n; i++) {
        const struct plan_view *view = &engine->plan->views[i];
        struct batch *out = &engine->ops[view->node].out;

        if (engine->repeats[view->node])
            batch_consolidate(out, step->arena);
        output_view(step, view, i, out, &changes);
    }
    ret->changes = changes.at;
    ret->changes_n = changes.n;
}

static bool run_step(struct engine *engine, struct step *step, struct engine_output *ret,
                     struct err *reterr)
{
    struct engine_output made = {0};

    step->store = engine->store;
    step->key = &engine->key;
    step->value = &engine->value;
    step->builder = &engine->builder;
    if (!run_ops(engine, step, reterr) || !output_quarantine(step, engine->plan, &made, reterr))
        return false;
    collect_changes(engine, step, &made);
    made.events_stale = step->events_stale;
    *ret = made;
    return true;
}

bool engine_step(struct engine *engine, const struct engine_event *events, uint32_t events_n,
                 struct arena *arena, struct engine_output *ret, struct err *reterr)
{
    struct step step = {.arena = arena, .events = events, .events_n = events_n};

    return run_step(engine, &step, ret, reterr);
}

bool engine_first_step(struct engine *engine, struct arena *arena, struct engine_output *ret,
                       struct err *reterr)
{
    struct step step = {.arena = arena, .first = true};

    return run_step(engine, &step, ret, reterr);
}
