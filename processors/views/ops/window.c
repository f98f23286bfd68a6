#include "ops/window.h"

#include "ops/ordering.h"
#include "ops/shelf.h"

/*
 * Functions over the rows of a partition. The store holds each partition's rows in order; a step
 * runs every partition that it touches as it was and as it is, and emits the difference: it costs
 * the partition, once a step.
 */
struct window {
    struct ordering ordering;
    struct window_function *functions;
};

static const struct getter *optional_getter(struct arena *arena, const struct expr *expr)
{
    return expr == NULL ? NULL : getters_new(arena, &expr, 1);
}

static void function_start(struct window_function *function, struct arena *arena,
                           const struct plan_node *node, const struct plan_window_function *plan)
{
    uint16_t n = plan_aggregate_args_n(&plan->call);
    struct type *types = arena_alloc(arena, (n + 1U) * sizeof(*types));
    struct getter *args = arena_alloc(arena, (n + 1U) * sizeof(*args));

    for (uint16_t i = 0; i < n; i++) {
        types[i] = plan_aggregate_arg(&plan->call, i)->type;
        args[i] = getter_new(arena, plan_aggregate_arg(&plan->call, i));
    }
    *function = (struct window_function){
        .plan = plan,
        .site = {plan->call.aggregate, types, plan->call.result, n},
        .args = args,
        .filter = plan->call.filter == NULL ? NULL : expr_compile(arena, plan->call.filter),
        .start_limit = optional_getter(arena, plan->frame.start.limit),
        .end_limit = optional_getter(arena, plan->frame.end.limit),
        .range_key = optional_getter(arena, plan->frame.range_key)};
    if (node->order_n > 0)
        function->range_order = node->order[0].order;
}

static void window_start(struct op *op, struct arena *arena)
{
    const struct plan_node *node = op->node;
    struct window *window = arena_alloc(arena, sizeof(*window));

    *window = (struct window){
        .ordering = ordering_new(arena, op, "partitions"),
        .functions = arena_alloc(arena, node->functions_n * sizeof(*window->functions))};
    for (uint16_t i = 0; i < node->functions_n; i++)
        function_start(&window->functions[i], arena, node, &node->functions[i]);
    op->own = window;
}

/* ---- one partition ---- */

struct reading {
    const struct row **rows;
    uint32_t n, cap;
};

static bool take(void *to, struct step *step, struct str key, const struct delta *entry)
{
    struct reading *reading = to;

    (void)key;
    for (int64_t i = 0; i < entry->weight; i++) {
        reading->rows =
            array_grow(step->arena, reading->rows, reading->n, &reading->cap, sizeof(void *));
        reading->rows[reading->n++] = entry->row;
    }
    return true;
}

static struct str order_of(const struct op *op, struct step *step, const struct row *row)
{
    const struct window *window = op->own;
    struct err ignored;

    buf_clear(step->key);
    if (!ordering_values(&window->ordering, step, row, &ignored))
        return STR_NONE;
    return arena_copy(step->arena, buf_str(step->key));
}

static void find_peers(const struct op *op, struct step *step, struct window_rows *rows)
{
    struct str last = STR_NONE;

    rows->group_of = arena_alloc(step->arena, (rows->n + 1U) * sizeof(*rows->group_of));
    rows->starts = arena_alloc(step->arena, (rows->n + 1U) * sizeof(*rows->starts));
    for (uint32_t i = 0; i < rows->n; i++) {
        struct str mine = order_of(op, step, rows->rows[i]);

        if (i == 0 || !str_eq(mine, last))
            rows->starts[rows->groups_n++] = i;
        rows->group_of[i] = rows->groups_n - 1;
        last = mine;
    }
    rows->starts[rows->groups_n] = rows->n;
}

static const struct row *output_row(const struct op *op, struct step *step, const struct row *row,
                                    const struct window_result *results, uint32_t i)
{
    const struct schema *in = &op->inputs[0]->node->schema;

    row_begin(step->builder, op->node->schema.columns_n);
    for (uint16_t c = 0; c < in->columns_n; c++)
        row_set_value(step->builder, c, in->columns[c].type.id,
                      row_value(row, c, in->columns[c].type.id));
    for (uint16_t f = 0; f < op->node->functions_n; f++)
        row_set_value(step->builder, (uint16_t)(in->columns_n + f),
                      op->node->functions[f].call.result.id, results[f].values[i]);
    return row_finish(step->builder, step->arena);
}

static const struct err *raised_by(const struct op *op, const struct window_result *results,
                                   uint32_t i)
{
    for (uint16_t f = 0; f < op->node->functions_n; f++)
        if (results[f].raised[i] != NULL)
            return results[f].raised[i];
    return NULL;
}

/* Emits all rows of a partition with their functions, or takes them back. A row whose function
 * raises is withheld. */
static void emit_rows(struct op *op, struct step *step, const struct window_rows *rows,
                      int64_t weight)
{
    const struct window *window = op->own;
    struct window_result *results =
        arena_alloc(step->arena, (op->node->functions_n + 1U) * sizeof(*results));

    for (uint16_t f = 0; f < op->node->functions_n; f++) {
        results[f].values = arena_alloc(step->arena, rows->n * sizeof(struct value));
        results[f].raised = arena_alloc(step->arena, rows->n * sizeof(void *));
        window_function_run(&window->functions[f], rows, step, &results[f]);
    }
    for (uint32_t i = 0; i < rows->n; i++) {
        const struct err *raised = raised_by(op, results, i);

        if (raised != NULL)
            step_withhold(step, op, rows->rows[i], weight, raised);
        else
            batch_add(&op->out, step->arena, output_row(op, step, rows->rows[i], results, i),
                      weight);
    }
}

static bool run_partition(struct op *op, struct step *step, struct str prefix, int64_t weight,
                          struct err *reterr)
{
    const struct window *window = op->own;
    struct reading reading = {.cap = 0};
    struct shelf_walk walk = {prefix, ordering_key, &window->ordering, take, &reading};

    if (!shelf_walk(step, &walk, reterr))
        return false;
    if (reading.n > 0) {
        struct window_rows rows = {.rows = reading.rows, .n = reading.n};

        find_peers(op, step, &rows);
        emit_rows(op, step, &rows, weight);
    }
    return true;
}

/* ---- the step ---- */

static bool check_getter(const struct getter *getter, struct step *step, const struct row *row,
                         struct err *ret_raised)
{
    struct value value = {0};

    return getter == NULL || getter->program == NULL ||
           getter_eval(getter, row, step->arena, &value, ret_raised);
}

/* Everything that is evaluated over a single row does not raise. */
static bool check_row(const struct op *op, struct step *step, const struct row *row,
                      struct err *ret_raised)
{
    const struct window *window = op->own;

    for (uint16_t f = 0; f < op->node->functions_n; f++) {
        const struct window_function *function = &window->functions[f];
        bool seen = true;

        if (function->filter != NULL &&
            !program_true(function->filter, row, step->arena, &seen, ret_raised))
            return false;
        for (uint16_t i = 0; i < function->site.args_n && seen; i++)
            if (!check_getter(&function->args[i], step, row, ret_raised))
                return false;
        if (!check_getter(function->start_limit, step, row, ret_raised) ||
            !check_getter(function->end_limit, step, row, ret_raised) ||
            !check_getter(function->range_key, step, row, ret_raised))
            return false;
    }
    return true;
}

/* A delta of the step with its full key. */
struct arriving {
    struct str key;
    const struct delta *delta;
};

/* What a step does: its deltas, and the partitions that they touch. */
struct arrived {
    struct arriving *at;
    uint32_t n;
    struct table partitions;
    const uint32_t *order; /* of the partitions */
};

static void take_input(struct op *op, struct step *step, struct arrived *arrived)
{
    const struct batch *in = &op->inputs[0]->out;
    const struct window *window = op->own;
    struct err raised;
    bool fresh;

    arrived->at = arena_alloc(step->arena, (in->n + 1U) * sizeof(*arrived->at));
    for (uint32_t i = 0; i < in->n; i++) {
        const struct delta *delta = &in->deltas[i];
        bool ok = check_row(op, step, delta->row, &raised) &&
                  ordering_partition(&window->ordering, step, delta->row, &raised);
        size_t prefix = step->key->len;

        if (!ok || !ordering_place(&window->ordering, step, delta->row, &raised)) {
            step_withhold(step, op, delta->row, delta->weight, &raised);
            continue;
        }
        struct str key = arena_copy(step->arena, buf_str(step->key));
        table_enter(&arrived->partitions, step->arena, (struct str){key.at, prefix}, &fresh);
        arrived->at[arrived->n++] = (struct arriving){key, delta};
    }
    arrived->order = table_order(&arrived->partitions, step->arena);
}

static bool write_input(struct step *step, const struct arrived *arrived, struct err *reterr)
{
    for (uint32_t i = 0; i < arrived->n; i++) {
        const struct arriving *one = &arrived->at[i];

        buf_clear(step->key);
        buf_put(step->key, one->key);
        if (!shelf_put(step, one->delta->row, one->delta->weight, reterr))
            return false;
    }
    return true;
}

/* Emits the partitions as they are, or takes them back; in their order, for the store's sake. */
static bool run_partitions(struct op *op, struct step *step, const struct arrived *arrived,
                           int64_t weight, struct err *reterr)
{
    for (uint32_t i = 0; i < arrived->partitions.n; i++)
        if (!run_partition(op, step, arrived->partitions.keys[arrived->order[i]].bytes, weight,
                           reterr))
            return false;
    return true;
}

/* No walk comes between two writes. */
static bool window_apply(struct op *op, struct step *step, struct err *reterr)
{
    struct arrived arrived = {.n = 0};

    take_input(op, step, &arrived);
    if (!run_partitions(op, step, &arrived, -1, reterr) || !write_input(step, &arrived, reterr) ||
        !run_partitions(op, step, &arrived, 1, reterr))
        return false;
    batch_consolidate(&op->out, step->arena);
    return true;
}

const struct op_ops op_window = {
    .name = "window",
    .state_note = "fp(partitions) | partition | order values | row's key -> (weight, row)...",
    .start = window_start,
    .apply = window_apply,
};
