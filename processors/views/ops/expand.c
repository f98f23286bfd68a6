#include "ops/defect.h"
#include "ops/op.h"
#include "record/json.h"

/*
 * Each row beside the rows that functions give over it, and their number. Several functions go in
 * step: where one ends before the longest, its columns are NULL.
 */
struct expand_function {
    const struct plan_rows *plan;
    const struct getter *args;
    struct type *arg_types;
    const void *prepared;
    bool reads_escapes;
};

struct expand {
    struct expand_function *functions;
    uint16_t values_n; /* columns of all functions */
};

/* What constant arguments settle for every row. */
static const void *prepare(const struct plan_rows *plan, struct arena *arena)
{
    struct value values[FUNCTION_ARGS_MAX] = {0};
    bool known[FUNCTION_ARGS_MAX] = {0};

    if (plan->function->prepare == NULL)
        return NULL;
    for (uint16_t i = 0; i < plan->args_n; i++) {
        known[i] = plan->args[i]->kind == EXPR_CONST && !plan->args[i]->constant.null;
        values[i] = plan->args[i]->constant;
    }
    return plan->function->prepare(values, known, plan->args_n, arena);
}

static void expand_start(struct op *op, struct arena *arena)
{
    const struct plan_node *node = op->node;
    struct expand *expand = arena_zalloc(arena, sizeof(*expand));

    expand->functions = arena_zalloc(arena, node->rows_functions_n * sizeof(*expand->functions));
    for (uint16_t i = 0; i < node->rows_functions_n; i++) {
        struct expand_function *function = &expand->functions[i];

        function->plan = &node->rows[i];
        function->args = getters_new(arena, function->plan->args, function->plan->args_n);
        function->arg_types =
            arena_alloc(arena, (function->plan->args_n + 1U) * sizeof(*function->arg_types));
        for (uint16_t k = 0; k < function->plan->args_n; k++)
            function->arg_types[k] = function->plan->args[k]->type;
        function->prepared = prepare(function->plan, arena);
        function->reads_escapes = function_reads_escapes(function->plan->function);
        expand->values_n = (uint16_t)(expand->values_n + function->plan->columns_n);
    }
    op->own = expand;
}

/* The rows of one function; none for a NULL argument. */
static bool function_rows(const struct expand_function *function, struct step *step,
                          const struct row *row, struct rows_out *out, struct err *reterr)
{
    const struct plan_rows *plan = function->plan;
    struct value args[FUNCTION_ARGS_MAX] = {0};
    struct call call = {.args = args,
                        .arg_types = function->arg_types,
                        .result_type = plan->types[0],
                        .scratch = step->arena,
                        .prepared = function->prepared,
                        .args_n = plan->args_n};

    *out = (struct rows_out){.arena = step->arena, .columns_n = plan->columns_n};
    for (uint16_t i = 0; i < plan->args_n; i++) {
        if (!getter_eval(&function->args[i], row, step->arena, &args[i], reterr))
            return false;
        if (args[i].null && !plan->function->not_strict)
            return true;
    }
    if (function->reads_escapes && !args[0].null && !json_check_escapes(args[0].bytes, reterr))
        return false;
    return plan->function->rows(&call, out, reterr);
}

static void set_input(const struct op *op, struct step *step, const struct row *row)
{
    const struct schema *schema = &op->inputs[0]->node->schema;

    row_begin(step->builder, op->node->schema.columns_n);
    for (uint16_t i = 0; i < schema->columns_n; i++) {
        enum type_id type = schema->columns[i].type.id;

        row_set_value(step->builder, i, type, row_value(row, i, type));
    }
}

/* Row `number` of the functions; what is not set is NULL. */
static void set_values(const struct op *op, struct step *step, const struct rows_out *outs,
                       uint32_t number)
{
    uint16_t at = op->inputs[0]->node->schema.columns_n;

    for (uint16_t f = 0; f < op->node->rows_functions_n; f++) {
        const struct plan_rows *plan = &op->node->rows[f];

        for (uint16_t c = 0; c < plan->columns_n; c++, at++)
            if (number < outs[f].n)
                row_set_value(step->builder, at, plan->types[c].id,
                              outs[f].values[number * plan->columns_n + c]);
    }
}

static bool one_row(struct op *op, struct step *step, const struct delta *delta,
                    struct rows_out *outs, struct err *reterr)
{
    const struct expand *expand = op->own;
    uint16_t last = (uint16_t)(op->node->schema.columns_n - 1);
    uint32_t n = 0;

    for (uint16_t f = 0; f < op->node->rows_functions_n; f++) {
        if (!function_rows(&expand->functions[f], step, delta->row, &outs[f], reterr))
            return false;
        n = outs[f].n > n ? outs[f].n : n;
    }
    for (uint32_t i = 0; i < n || (i == 0 && op->node->outer && !defect("expand-not-outer")); i++) {
        set_input(op, step, delta->row);
        set_values(op, step, outs, i);
        if (n > 0)
            row_set_slot(step->builder, last, (int64_t)i + 1);
        batch_add(&op->out, step->arena, row_finish(step->builder, step->arena), delta->weight);
    }
    return true;
}

static bool expand_apply(struct op *op, struct step *step, struct err *reterr)
{
    const struct batch *in = &op->inputs[0]->out;
    struct rows_out *outs =
        arena_alloc(step->arena, (op->node->rows_functions_n + 1U) * sizeof(*outs));
    struct err raised;

    (void)reterr;
    for (uint32_t i = 0; i < in->n; i++)
        if (!one_row(op, step, &in->deltas[i], outs, &raised))
            step_withhold(step, op, in->deltas[i].row, in->deltas[i].weight, &raised);
    return true;
}

const struct op_ops op_expand = {
    .name = "expand", .state_note = "none", .start = expand_start, .apply = expand_apply};
