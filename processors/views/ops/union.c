#include "ops/defect.h"
#include "ops/op.h"

/* The deltas of both inputs. */
static void union_start(struct op *op, struct arena *arena)
{
    (void)op;
    (void)arena;
}

static bool union_apply(struct op *op, struct step *step, struct err *reterr)
{
    (void)reterr;
    for (unsigned side = 0; side < 2; side++) {
        const struct batch *in = &op->inputs[side]->out;

        for (uint32_t i = 0; i < in->n; i++)
            if (side == 0 || in->deltas[i].weight > 0 || !defect("union-keeps"))
                batch_add(&op->out, step->arena, in->deltas[i].row, in->deltas[i].weight);
    }
    return true;
}

const struct op_ops op_union = {
    .name = "union", .state_note = "none", .start = union_start, .apply = union_apply};
