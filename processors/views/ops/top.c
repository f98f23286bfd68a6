#include "ops/op.h"

/*
 * The rows of the input in order, in the store. A step reads the window as it was, writes its
 * deltas, reads the window again and emits the difference: O(window + deltas * log n).
 */
struct top {
    uint64_t fingerprint;
    const struct getter *getters;
};

static void top_start(struct op *op, struct arena *arena)
{
    const struct plan_node *node = op->node;
    struct top *top = arena_alloc(arena, sizeof(*top));
    struct getter *getters = arena_alloc(arena, node->order_n * sizeof(*getters));

    for (uint16_t i = 0; i < node->order_n; i++)
        getters[i] = getter_new(arena, node->order[i].expr);
    *top = (struct top){state_fingerprint(node->fingerprint, "order"), getters};
    op->own = top;
}

/* fp | order | what tells rows apart, into step->key, not yet cut. */
static bool order_key(const struct op *op, struct step *step, const struct row *row,
                      struct err *reterr)
{
    const struct top *top = op->own;
    const struct plan_node *node = op->node;
    struct value value;

    state_key_begin(step->key, top->fingerprint);
    for (uint16_t i = 0; i < node->order_n; i++) {
        if (!getter_eval(&top->getters[i], row, step->arena, &value, reterr))
            return false;
        key_append(step->key, top->getters[i].type.id, value, node->order[i].order);
    }
    if (node->schema.key_n > 0)
        key_append_key(step->key, &node->schema, row);
    else
        state_key_hash(step->key, hash128(row, row->len));
    return true;
}

/*
 * The window in the reading. Rows whose keys were cut at the same prefix stand in the store in no
 * order: they are gathered as a run and sorted by their full keys.
 */
struct window {
    const struct op *op;
    struct step *step;
    struct batch rows; /* taken so far */
    int64_t at;        /* how many rows lie before */
    struct batch run;
    struct str run_prefix; /* empty: no run */
};

/* The part of the window that a row with this weight fills. */
static void take(struct window *window, const struct delta *entry)
{
    const struct plan_node *node = window->op->node;
    int64_t from = window->at, to, first = node->offset, end = INT64_MAX;

    if (entry->weight <= 0)
        return;
    if (__builtin_add_overflow(from, entry->weight, &to))
        to = INT64_MAX;
    window->at = to;
    if (node->limit >= 0 && node->limit < INT64_MAX - first)
        end = first + node->limit;
    from = from > first ? from : first;
    to = to < end ? to : end;
    if (from < to)
        batch_add(&window->rows, window->step->arena, entry->row, to - from);
}

static bool is_full(const struct window *window)
{
    const struct plan_node *node = window->op->node;

    return node->limit >= 0 && window->at >= node->offset &&
           window->at - node->offset >= node->limit;
}

struct sorted {
    struct str key;
    struct delta delta;
};

static int compare_sorted(const void *a, const void *b)
{
    return str_cmp(((const struct sorted *)a)->key, ((const struct sorted *)b)->key);
}

/* Puts a finished run in order and takes its rows. */
static bool end_run(struct window *window, struct err *reterr)
{
    struct step *step = window->step;
    struct sorted *sorted = arena_alloc(step->arena, window->run.n * sizeof(*sorted));

    for (uint32_t i = 0; i < window->run.n; i++) {
        const struct delta *delta = &window->run.deltas[i];

        if (!order_key(window->op, step, delta->row, reterr))
            return false;
        sorted[i] = (struct sorted){arena_copy(step->arena, buf_str(step->key)), *delta};
    }
    if (window->run.n > 1)
        qsort(sorted, window->run.n, sizeof(*sorted), compare_sorted);
    for (uint32_t i = 0; i < window->run.n; i++)
        take(window, &sorted[i].delta);
    window->run = (struct batch){0};
    window->run_prefix = STR_NONE;
    return true;
}

/* Takes one entry of the walk, directly or into a run. */
static bool take_entry(struct window *window, const struct store_cursor *cursor, struct err *reterr)
{
    bool cut = cursor->key.len == STORE_KEY_BYTES_MAX;
    struct str prefix = {cursor->key.at, STORE_KEY_PREFIX};
    struct arena *arena = window->step->arena;
    struct delta *list;

    if (window->run_prefix.len > 0 && !(cut && str_eq(window->run_prefix, prefix)) &&
        !end_run(window, reterr))
        return false;
    if (cut && window->run_prefix.len == 0)
        window->run_prefix = arena_copy(arena, prefix);
    uint32_t n = state_list_read(arena, cursor->value, &list);
    for (uint32_t i = 0; i < n; i++) {
        if (cut)
            batch_add(&window->run, arena, list[i].row, list[i].weight);
        else
            take(window, &list[i]);
    }
    return true;
}

static bool read_window(const struct op *op, struct step *step, struct batch *ret,
                        struct err *reterr)
{
    const struct top *top = op->own;
    struct window window = {.op = op, .step = step};
    bool more = true;

    state_key_begin(step->key, top->fingerprint);
    struct str prefix = arena_copy(step->arena, buf_str(step->key));
    struct store_cursor cursor = store_scan(prefix, false);
    while (!is_full(&window)) {
        if (!store_next(step->store, &cursor, &more, reterr))
            return false;
        if (!more)
            break;
        if (!take_entry(&window, &cursor, reterr))
            return false;
    }
    if (more)
        store_end(step->store, &cursor);
    if (window.run_prefix.len > 0 && !end_run(&window, reterr))
        return false;
    *ret = window.rows;
    return true;
}

static bool write_deltas(struct op *op, struct step *step, struct err *reterr)
{
    const struct batch *in = &op->inputs[0]->out;
    struct err raised;

    for (uint32_t i = 0; i < in->n; i++) {
        struct batch one = {&in->deltas[i], 1, 1};

        if (!order_key(op, step, in->deltas[i].row, &raised)) {
            step_withhold(step, op, in->deltas[i].row, in->deltas[i].weight, &raised);
            continue;
        }
        store_key_bound(step->key);
        if (!state_list_add(step->store, step->arena, step->value, buf_str(step->key), &one,
                            reterr))
            return false;
    }
    return true;
}

static bool top_apply(struct op *op, struct step *step, struct err *reterr)
{
    struct batch before = {0}, now = {0};

    if (op->inputs[0]->out.n == 0)
        return true;
    if (!read_window(op, step, &before, reterr) || !write_deltas(op, step, reterr) ||
        !read_window(op, step, &now, reterr))
        return false;
    for (uint32_t i = 0; i < before.n; i++)
        batch_add(&op->out, step->arena, before.deltas[i].row, -before.deltas[i].weight);
    for (uint32_t i = 0; i < now.n; i++)
        batch_add(&op->out, step->arena, now.deltas[i].row, now.deltas[i].weight);
    batch_consolidate(&op->out, step->arena);
    return true;
}

const struct op_ops op_top = {
    .name = "top",
    .state_note = "fp(order) | order values | row's key -> (weight, row)...",
    .start = top_start,
    .apply = top_apply,
};
