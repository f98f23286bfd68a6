#include "ops/op.h"

/* Rows that are there over no input: made in the engine's first step, never again. */
struct values {
    const struct getter *getters;
};

static void values_start(struct op *op, struct arena *arena)
{
    struct values *values = arena_alloc(arena, sizeof(*values));

    values->getters = getters_new(arena, op->node->exprs, op->node->exprs_n);
    op->own = values;
}

static bool one_row(const struct op *op, struct step *step, uint32_t number,
                    const struct row *nothing, struct err *reterr)
{
    const struct values *values = op->own;
    uint16_t n = op->node->schema.columns_n;
    struct value value;

    row_begin(step->builder, n);
    for (uint16_t i = 0; i < n; i++) {
        const struct getter *getter = &values->getters[number * n + i];

        value = (struct value){0};
        if (!getter_eval(getter, nothing, step->arena, &value, reterr))
            return false;
        row_set_value(step->builder, i, getter->type.id, value);
    }
    return true;
}

static bool values_apply(struct op *op, struct step *step, struct err *reterr)
{
    static const struct schema empty = {0};
    const struct row *nothing;
    struct err raised;

    (void)reterr;
    if (!step->first)
        return true;
    row_begin(step->builder, 0);
    nothing = row_finish(step->builder, step->arena);
    for (uint32_t i = 0; i < op->node->rows_n; i++) {
        if (one_row(op, step, i, nothing, &raised))
            op_emit(op, step, row_finish(step->builder, step->arena), 1);
        else
            step_withhold_row(step, op, &empty, &(struct delta){nothing, 1}, &raised);
    }
    return true;
}

const struct op_ops op_values = {
    .name = "values", .state_note = "none", .start = values_start, .apply = values_apply};
