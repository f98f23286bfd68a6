#include "ops/op.h"

/*
 * Gives rows without a unique key one: a row that is there w times becomes w rows with a hash of it
 * and the numbers 0 to w-1. The store holds how often each row is there.
 */
struct ordinal {
    uint64_t fingerprint;
};

static void ordinal_start(struct op *op, struct arena *arena)
{
    struct ordinal *ordinal = arena_alloc(arena, sizeof(*ordinal));

    ordinal->fingerprint = state_fingerprint(op->node->fingerprint, "counts");
    op->own = ordinal;
}

static const struct row *numbered(const struct op *op, struct step *step, const struct row *row,
                                  struct hash128 hash, int64_t number)
{
    const struct schema *in = &op->inputs[0]->node->schema;
    char text[33];

    snprintf(text, sizeof(text), "%016llx%016llx", (unsigned long long)hash.high,
             (unsigned long long)hash.low);
    row_begin(step->builder, (uint16_t)(in->columns_n + 2));
    for (uint16_t i = 0; i < in->columns_n; i++)
        row_set_value(step->builder, i, in->columns[i].type.id,
                      row_value(row, i, in->columns[i].type.id));
    row_set_bytes(step->builder, in->columns_n, str_of(text));
    row_set_slot(step->builder, (uint16_t)(in->columns_n + 1), number);
    return row_finish(step->builder, step->arena);
}

/* Rows below 0 are owed, not there. */
static int64_t there(int64_t weight)
{
    return weight > 0 ? weight : 0;
}

static bool one_row(struct op *op, struct step *step, const struct delta *delta, struct err *reterr)
{
    const struct ordinal *ordinal = op->own;
    struct hash128 hash = hash128(delta->row, delta->row->len);
    int64_t before = 0, after;
    struct str stored;

    state_key_begin(step->key, ordinal->fingerprint);
    state_key_hash(step->key, hash);
    if (!store_get(step->store, buf_str(step->key), &stored, reterr))
        return false;
    if (stored.at != NULL)
        memcpy(&before, stored.at, sizeof(before));
    after = before + delta->weight;
    if (after == 0)
        store_delete(step->store, buf_str(step->key));
    else
        store_put(step->store, buf_str(step->key),
                  (struct str){(const char *)&after, sizeof(after)});
    for (int64_t i = there(before); i < there(after); i++)
        batch_add(&op->out, step->arena, numbered(op, step, delta->row, hash, i), 1);
    for (int64_t i = there(after); i < there(before); i++)
        batch_add(&op->out, step->arena, numbered(op, step, delta->row, hash, i), -1);
    return true;
}

static bool ordinal_apply(struct op *op, struct step *step, struct err *reterr)
{
    struct batch *in = &op->inputs[0]->out;
    struct batch rows = {0};

    for (uint32_t i = 0; i < in->n; i++)
        batch_add(&rows, step->arena, in->deltas[i].row, in->deltas[i].weight);
    batch_consolidate(&rows, step->arena);
    for (uint32_t i = 0; i < rows.n; i++)
        if (!one_row(op, step, &rows.deltas[i], reterr))
            return false;
    return true;
}

const struct op_ops op_ordinal = {.name = "ordinal",
                                  .state_note = "fp(counts) | hash of the row -> weight",
                                  .start = ordinal_start,
                                  .apply = ordinal_apply};
