#include "ops/op.h"

struct filter {
    const struct program *predicate;
};

static void filter_start(struct op *op, struct arena *arena)
{
    struct filter *filter = arena_alloc(arena, sizeof(*filter));

    filter->predicate = expr_compile(arena, op->node->predicate);
    op->own = filter;
}

static bool filter_apply(struct op *op, struct step *step, struct err *reterr)
{
    const struct filter *filter = op->own;
    const struct batch *in = &op->inputs[0]->out;
    struct err raised;
    bool keeps;

    (void)reterr;
    for (uint32_t i = 0; i < in->n; i++) {
        const struct delta *delta = &in->deltas[i];

        if (!program_true(filter->predicate, delta->row, step->arena, &keeps, &raised))
            step_withhold(step, op, delta->row, delta->weight, &raised);
        else if (keeps)
            op_emit(op, step, delta->row, delta->weight);
    }
    return true;
}

const struct op_ops op_filter = {
    .name = "filter",
    .state_note = "none",
    .start = filter_start,
    .apply = filter_apply,
};
