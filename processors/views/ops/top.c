#include "ops/defect.h"
#include "ops/shelf.h"

/*
 * The rows of each partition in order, in the store. A step reads the window of a partition that it
 * touches as it was, writes its deltas, reads the window again and emits the difference: O(window +
 * deltas * log n). Without partition expressions all rows are one partition.
 */
struct top {
    uint64_t fingerprint;
    const struct getter *partition, *order;
};

static void top_start(struct op *op, struct arena *arena)
{
    const struct plan_node *node = op->node;
    struct top *top = arena_alloc(arena, sizeof(*top));
    struct getter *order = arena_alloc(arena, node->order_n * sizeof(*order));

    for (uint16_t i = 0; i < node->order_n; i++)
        order[i] = getter_new(arena, node->order[i].expr);
    *top = (struct top){state_fingerprint(node->fingerprint, "order"),
                        getters_new(arena, node->exprs, node->exprs_n), order};
    op->own = top;
}

/* fp | partition, into step->key. */
static bool partition_key(const struct op *op, struct step *step, const struct row *row,
                          struct err *reterr)
{
    const struct top *top = op->own;
    struct value value;

    state_key_begin(step->key, top->fingerprint);
    if (op->node->exprs_n == 0)
        return true;
    buf_clear(step->value);
    for (uint16_t i = 0; i < op->node->exprs_n; i++) {
        value = (struct value){0};
        if (!getter_eval(&top->partition[i], row, step->arena, &value, reterr))
            return false;
        key_append(step->value, top->partition[i].type.id, value, KEY_ASCENDING);
    }
    state_key_part(step->key, buf_str(step->value));
    return true;
}

static bool append_order(const struct op *op, struct step *step, const struct row *row,
                         struct err *reterr)
{
    const struct top *top = op->own;
    const struct plan_node *node = op->node;
    struct value value;

    for (uint16_t i = 0; i < node->order_n; i++) {
        value = (struct value){0};
        if (!getter_eval(&top->order[i], row, step->arena, &value, reterr))
            return false;
        key_append(step->key, top->order[i].type.id, value, node->order[i].order);
    }
    return true;
}

/* fp | partition | order | what tells rows apart, not yet cut. */
static bool order_key(const void *of, struct step *step, const struct row *row, struct err *reterr)
{
    const struct op *op = of;
    const struct schema *schema = &op->inputs[0]->node->schema;

    if (!partition_key(op, step, row, reterr) || !append_order(op, step, row, reterr))
        return false;
    if (schema->key_n > 0)
        key_append_key(step->key, schema, row);
    else
        state_key_hash(step->key, hash128(row, row->len));
    return true;
}

/* The window in the reading. */
struct window {
    const struct op *op;
    struct batch rows; /* taken so far */
    int64_t at;        /* how many rows lie before */
    struct str last;   /* WITH TIES: the order of the last row */
};

static int64_t window_end(const struct plan_node *node)
{
    if (node->limit < 0 || node->limit >= INT64_MAX - node->offset)
        return INT64_MAX;
    return node->offset + node->limit + (node->offset > 0 && defect("top-one-more"));
}

/* The row compares equal to the last one of the window. */
static bool is_tie(struct window *window, struct step *step, const struct row *row)
{
    struct err ignored;

    buf_clear(step->key);
    return append_order(window->op, step, row, &ignored) &&
           str_eq(window->last, buf_str(step->key));
}

/* Takes the part of the window that a row with this weight fills. */
static bool take(void *to, struct step *step, const struct delta *entry)
{
    struct window *window = to;
    const struct plan_node *node = window->op->node;
    int64_t from = window->at, after, first = node->offset, end = window_end(node);
    struct err ignored;

    if (from >= end && (!node->ties || end == first || !is_tie(window, step, entry->row)))
        return false;
    if (__builtin_add_overflow(from, entry->weight, &after))
        after = INT64_MAX;
    window->at = after;
    from = from > first ? from : first;
    if (!node->ties)
        after = after < end ? after : end;
    if (from < after)
        batch_add(&window->rows, step->arena, entry->row, after - from);
    if (node->ties && window->at >= end && window->last.len == 0) {
        buf_clear(step->key);
        if (append_order(window->op, step, entry->row, &ignored))
            window->last = arena_copy(step->arena, buf_str(step->key));
    }
    return node->ties || window->at < end;
}

static bool read_window(const struct op *op, struct step *step, struct str prefix,
                        struct batch *ret, struct err *reterr)
{
    struct window window = {.op = op};
    struct shelf_walk walk = {prefix, order_key, op, take, &window};

    if (op->node->limit == 0) {
        *ret = (struct batch){0};
        return true;
    }
    if (!shelf_walk(step, &walk, reterr))
        return false;
    *ret = window.rows;
    return true;
}

/* The partitions that the step touches, with their windows as they were. */
struct touched {
    struct table table; /* by prefix */
    struct batch *before;
    uint32_t cap;
};

static bool touch(struct op *op, struct step *step, struct touched *touched, struct err *reterr)
{
    bool fresh;
    uint32_t i = table_enter(&touched->table, step->arena, buf_str(step->key), &fresh);

    touched->before =
        array_grow(step->arena, touched->before, i, &touched->cap, sizeof(*touched->before));
    return !fresh ||
           read_window(op, step, touched->table.keys[i].bytes, &touched->before[i], reterr);
}

static bool write_delta(struct op *op, struct step *step, struct touched *touched,
                        const struct delta *delta, struct err *reterr)
{
    struct err raised;

    if (!order_key(op, step, delta->row, &raised)) {
        step_withhold(step, op, delta->row, delta->weight, &raised);
        return true;
    }
    if (!partition_key(op, step, delta->row, reterr) || !touch(op, step, touched, reterr))
        return false;
    return order_key(op, step, delta->row, reterr) &&
           shelf_put(step, delta->row, delta->weight, reterr);
}

static void emit(struct op *op, struct step *step, const struct batch *rows, int sign)
{
    for (uint32_t i = 0; i < rows->n; i++)
        batch_add(&op->out, step->arena, rows->deltas[i].row, sign * rows->deltas[i].weight);
}

static bool top_apply(struct op *op, struct step *step, struct err *reterr)
{
    const struct batch *in = &op->inputs[0]->out;
    struct touched touched = {.cap = 0};
    struct batch now;

    for (uint32_t i = 0; i < in->n; i++) {
        if (!write_delta(op, step, &touched, &in->deltas[i], reterr))
            return false;
    }
    for (uint32_t i = 0; i < touched.table.n; i++) {
        if (!read_window(op, step, touched.table.keys[i].bytes, &now, reterr))
            return false;
        emit(op, step, &touched.before[i], -1);
        emit(op, step, &now, 1);
    }
    batch_consolidate(&op->out, step->arena);
    return true;
}

const struct op_ops op_top = {
    .name = "top",
    .state_note = "fp(order) | partition | order values | row's key -> (weight, row)...",
    .start = top_start,
    .apply = top_apply,
};
