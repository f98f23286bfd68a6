#include "ops/arrangement.h"

static bool is_null_safe(const struct arrangement_keys *by, uint16_t i)
{
    return i < 64 && (by->null_safe >> i & 1) != 0;
}

/* Every column of the node's key is one of the join key's. */
static bool covers_key(const struct plan_node *node, const struct arrangement_keys *by)
{
    for (uint16_t i = 0; i < node->schema.key_n; i++) {
        uint16_t k = 0;

        while (k < by->n &&
               !(by->exprs[k]->kind == EXPR_COLUMN && by->exprs[k]->column == node->schema.key[i]))
            k++;
        if (k == by->n)
            return false;
    }
    return node->has_key;
}

void arrangement_start(struct arrangement *arrangement, struct arena *arena, struct op *input,
                       struct arrangement_keys by)
{
    CLEANUP(buf) struct buf text = {0};

    buf_be(&text, input->node->fingerprint, 8);
    for (uint16_t i = 0; i < by.n; i++) {
        expr_print(&text, by.exprs[i], NULL);
        buf_puts(&text, is_null_safe(&by, i) ? "~;" : ";");
    }
    *arrangement = (struct arrangement){.fingerprint = hash64(text.at, text.len),
                                        .input = input,
                                        .by = by,
                                        .getters = getters_new(arena, by.exprs, by.n),
                                        .unique = covers_key(input->node, &by)};
}

/* The canonical join key into step->value; *ret_null when a NULL in it matches nothing. */
static bool join_key(const struct arrangement *arrangement, struct step *step,
                     const struct row *row, bool *ret_null, struct err *reterr)
{
    struct key_end end = {step->value, KEY_ASCENDING, false};

    buf_clear(step->value);
    *ret_null = false;
    for (uint16_t i = 0; i < arrangement->by.n; i++) {
        if (!getter_append(&arrangement->getters[i], row, step->arena, &end, reterr))
            return false;
        *ret_null = *ret_null || (end.null && !is_null_safe(&arrangement->by, i));
    }
    return true;
}

static void arrange(struct arrangement *arrangement, struct step *step, struct delta delta)
{
    bool fresh;

    buf_clear(step->key);
    state_key_part(step->key, buf_str(step->value));
    uint32_t key = table_enter(&arrangement->keys, step->arena, buf_str(step->key), &fresh);
    arrangement->heads = array_grow(step->arena, arrangement->heads, key, &arrangement->heads_cap,
                                    sizeof(*arrangement->heads));
    arrangement->deltas = array_grow(step->arena, arrangement->deltas, arrangement->deltas_n,
                                     &arrangement->deltas_cap, sizeof(*arrangement->deltas));
    arrangement->deltas[arrangement->deltas_n] =
        (struct arranged){delta, fresh ? TABLE_NONE : arrangement->heads[key]};
    arrangement->heads[key] = arrangement->deltas_n++;
}

void arrangement_prepare(struct arrangement *arrangement, struct step *step)
{
    const struct batch *in = &arrangement->input->out;
    struct err raised;
    bool null;

    if (arrangement->prepared)
        return;
    arrangement->prepared = true;
    arrangement->deltas =
        array_reserve(step->arena, in->n, &arrangement->deltas_cap, sizeof(*arrangement->deltas));
    for (uint32_t i = 0; i < in->n; i++) {
        struct delta delta = in->deltas[i];

        if (!join_key(arrangement, step, delta.row, &null, &raised))
            step_withhold_row(step, arrangement->input, &arrangement->input->node->schema, &delta,
                              &raised);
        else if (null)
            batch_add(&arrangement->nulls, step->arena, delta.row, delta.weight);
        else
            arrange(arrangement, step, delta);
    }
}

static bool read_one(const struct arrangement *arrangement, struct step *step, struct batch *ret,
                     struct err *reterr)
{
    struct str value;

    (void)arrangement;
    if (!store_get(step->store, buf_str(step->key), &value, reterr))
        return false;
    ret->n = ret->cap = state_list_read(step->arena, value, &ret->deltas);
    return true;
}

static bool read_many(struct step *step, struct batch *ret, struct err *reterr)
{
    struct store_cursor cursor = store_scan(arena_copy(step->arena, buf_str(step->key)), false);
    struct delta *list;
    bool more;

    for (;;) {
        if (!store_next(step->store, &cursor, &more, reterr))
            return false;
        if (!more)
            return true;
        uint32_t n = state_list_read(step->arena, cursor.value, &list);
        for (uint32_t i = 0; i < n; i++)
            batch_add(ret, step->arena, list[i].row, list[i].weight);
    }
}

bool arrangement_read(struct arrangement *arrangement, struct step *step, struct str key,
                      const struct batch **ret, struct err *reterr)
{
    bool fresh;
    uint32_t i = table_enter(&arrangement->looked_up, step->arena, key, &fresh);

    arrangement->found = array_grow(step->arena, arrangement->found, i, &arrangement->found_cap,
                                    sizeof(*arrangement->found));
    *ret = &arrangement->found[i];
    if (!fresh)
        return true;
    arrangement->found[i] = (struct batch){0};
    state_key_begin(step->key, arrangement->fingerprint);
    buf_put(step->key, key);
    return arrangement->unique ? read_one(arrangement, step, &arrangement->found[i], reterr)
                               : read_many(step, &arrangement->found[i], reterr);
}

/* The key of the row's entry, into step->key: the row's own part is nothing, its unique key, or its
 * hash. */
static void entry_key(const struct arrangement *arrangement, struct step *step, struct str key,
                      const struct row *row)
{
    const struct plan_node *node = arrangement->input->node;

    state_key_begin(step->key, arrangement->fingerprint);
    buf_put(step->key, key);
    if (arrangement->unique)
        return;
    if (node->has_key) {
        buf_clear(step->value);
        key_append_key(step->value, &node->schema, row);
        state_key_part(step->key, buf_str(step->value));
    } else {
        state_key_hash(step->key, hash128(row, row->len));
    }
}

/* The deltas of one entry, to be written at once. */
struct entries {
    struct table table;
    struct batch *batches;
    uint32_t cap;
};

static void collect_entry(const struct arrangement *arrangement, struct step *step,
                          struct entries *entries, struct str key, struct delta delta)
{
    bool fresh;

    entry_key(arrangement, step, key, delta.row);
    uint32_t i = table_enter(&entries->table, step->arena, buf_str(step->key), &fresh);
    entries->batches =
        array_grow(step->arena, entries->batches, i, &entries->cap, sizeof(*entries->batches));
    struct batch *batch = &entries->batches[i];
    if (fresh) {
        *batch = (struct batch){.cap = 2};
        batch->deltas = arena_alloc(step->arena, batch->cap * sizeof(*batch->deltas));
    }
    batch_add(batch, step->arena, delta.row, delta.weight);
}

void arrangement_forget(struct arrangement *arrangement)
{
    arrangement->prepared = false;
    arrangement->keys = arrangement->looked_up = (struct table){0};
    arrangement->heads = NULL;
    arrangement->deltas = NULL;
    arrangement->found = NULL;
    arrangement->heads_cap = arrangement->deltas_cap = arrangement->found_cap = 0;
    arrangement->deltas_n = 0;
    arrangement->nulls = (struct batch){0};
}

bool arrangement_finish(struct arrangement *arrangement, struct step *step, struct err *reterr)
{
    struct entries entries = {.cap = 0};

    if (arrangement->deltas_n > 0) {
        table_reserve(&entries.table, step->arena, arrangement->deltas_n);
        entries.batches = array_reserve(step->arena, arrangement->deltas_n, &entries.cap,
                                        sizeof(*entries.batches));
    }
    for (uint32_t k = 0; k < arrangement->keys.n; k++) {
        for (uint32_t i = arrangement->heads[k]; i != TABLE_NONE; i = arrangement->deltas[i].next)
            collect_entry(arrangement, step, &entries, arrangement->keys.keys[k].bytes,
                          arrangement->deltas[i].delta);
    }
    arrangement_forget(arrangement);
    for (uint32_t i = 0; i < entries.table.n; i++) {
        struct str key = entries.table.keys[i].bytes;
        struct batch *batch = &entries.batches[i];

        if (arrangement->input->node->has_key)
            state_one_write(step->store, step->arena, step->value, key, batch);
        else if (!state_list_add(step->store, step->arena, step->value, key, batch, reterr))
            return false;
    }
    return true;
}
