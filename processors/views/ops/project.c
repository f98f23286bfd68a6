#include "ops/op.h"

static void project_start(struct op *op, struct arena *arena)
{
    struct getter *getters = arena_alloc(arena, op->node->exprs_n * sizeof(*getters));

    for (uint16_t i = 0; i < op->node->exprs_n; i++)
        getters[i] = getter_new(arena, op->node->exprs[i]);
    op->own = getters;
}

/* Into the builder, which copies: what the expressions left in the arena is forgotten. */
static bool project_row(const struct op *op, struct step *step, const struct row *row,
                        struct err *reterr)
{
    const struct getter *getters = op->own;
    struct arena_mark mark = arena_mark(step->arena);
    struct value value;
    bool ok = true;

    row_begin(step->builder, op->node->exprs_n);
    for (uint16_t i = 0; i < op->node->exprs_n && ok; i++) {
        ok = getter_eval(&getters[i], row, step->arena, &value, reterr);
        if (ok)
            row_set_value(step->builder, i, getters[i].type.id, value);
    }
    arena_rewind(step->arena, mark);
    return ok;
}

static bool project_apply(struct op *op, struct step *step, struct err *reterr)
{
    const struct batch *in = &op->inputs[0]->out;
    struct err raised;

    (void)reterr;
    for (uint32_t i = 0; i < in->n; i++) {
        const struct delta *delta = &in->deltas[i];

        if (project_row(op, step, delta->row, &raised))
            op_emit(op, step, row_finish(step->builder, step->arena), delta->weight);
        else
            step_withhold(step, op, delta->row, delta->weight, &raised);
    }
    /* Without the key many rows become one. */
    if (!op->node->has_key)
        batch_consolidate(&op->out, step->arena);
    return true;
}

const struct op_ops op_project = {
    .name = "project",
    .state_note = "none",
    .start = project_start,
    .apply = project_apply,
};
