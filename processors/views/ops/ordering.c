#include "ops/ordering.h"

struct ordering ordering_new(struct arena *arena, const struct op *op, const char *part)
{
    const struct plan_node *node = op->node;
    struct getter *order = arena_alloc(arena, (node->order_n + 1U) * sizeof(*order));

    for (uint16_t i = 0; i < node->order_n; i++)
        order[i] = getter_new(arena, node->order[i].expr);
    return (struct ordering){.fingerprint = state_fingerprint(node->fingerprint, part),
                             .node = node,
                             .partition = getters_new(arena, node->exprs, node->exprs_n),
                             .order = order,
                             .rows = &op->inputs[0]->node->schema};
}

bool ordering_partition(const struct ordering *ordering, struct step *step, const struct row *row,
                        struct err *reterr)
{
    struct key_end end = {step->value, KEY_ASCENDING, false};

    buf_clear(step->value);
    for (uint16_t i = 0; i < ordering->node->exprs_n; i++)
        if (!getter_append(&ordering->partition[i], row, step->arena, &end, reterr))
            return false;
    state_key_begin(step->key, ordering->fingerprint);
    state_key_part(step->key, buf_str(step->value));
    return true;
}

bool ordering_values(const struct ordering *ordering, struct step *step, const struct row *row,
                     struct err *reterr)
{
    const struct plan_node *node = ordering->node;

    for (uint16_t i = 0; i < node->order_n; i++) {
        struct key_end end = {step->key, node->order[i].order, false};

        if (!getter_append(&ordering->order[i], row, step->arena, &end, reterr))
            return false;
    }
    return true;
}

bool ordering_place(const struct ordering *ordering, struct step *step, const struct row *row,
                    struct err *reterr)
{
    if (!ordering_values(ordering, step, row, reterr))
        return false;
    if (ordering->rows->key_n > 0)
        key_append_key(step->key, ordering->rows, row);
    else
        state_key_hash(step->key, hash128(row, row->len));
    return true;
}

bool ordering_key(const void *ordering, struct step *step, const struct row *row,
                  struct err *reterr)
{
    return ordering_partition(ordering, step, row, reterr) &&
           ordering_place(ordering, step, row, reterr);
}
