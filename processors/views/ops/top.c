#include "ops/defect.h"
#include "ops/ordering.h"
#include "ops/shelf.h"

/*
 * The rows of each partition in order, in the store. A step reads the window of a partition that it
 * touches as it was, writes its deltas, reads the window again and emits the difference: O(window +
 * deltas * log n). Without partition expressions all rows are one partition.
 */
static void top_start(struct op *op, struct arena *arena)
{
    struct ordering *ordering = arena_alloc(arena, sizeof(*ordering));

    *ordering = ordering_new(arena, op, "order");
    op->own = ordering;
}

/* The window in the reading. */
struct window {
    const struct op *op;
    struct batch rows; /* taken so far */
    struct str *keys;  /* of the rows */
    uint32_t keys_cap;
    int64_t at;      /* how many rows lie before */
    struct str last; /* WITH TIES: the order of the last row */
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
    return ordering_values(window->op->own, step, row, &ignored) &&
           str_eq(window->last, buf_str(step->key));
}

static void take_row(struct window *window, struct step *step, struct str key,
                     const struct row *row, int64_t weight)
{
    uint32_t n = window->rows.n;

    window->keys =
        array_grow(step->arena, window->keys, n, &window->keys_cap, sizeof(*window->keys));
    window->keys[n] = key;
    batch_add(&window->rows, step->arena, row, weight);
}

/* Takes the part of the window that a row with this weight fills. */
static bool take(void *to, struct step *step, struct str key, const struct delta *entry)
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
        take_row(window, step, key, entry->row, after - from);
    if (node->ties && window->at >= end && window->last.len == 0) {
        buf_clear(step->key);
        if (ordering_values(window->op->own, step, entry->row, &ignored))
            window->last = arena_copy(step->arena, buf_str(step->key));
    }
    return node->ties || window->at < end;
}

static bool read_window(const struct op *op, struct step *step, struct str prefix,
                        struct window *ret, struct err *reterr)
{
    struct shelf_walk walk = {prefix, ordering_key, op->own, take, ret};

    *ret = (struct window){.op = op};
    return op->node->limit == 0 || shelf_walk(step, &walk, reterr);
}

/* One delta of the step with its full key, in the chain of its partition. */
struct arriving {
    struct str key;
    struct delta delta;
    uint32_t next; /* TABLE_NONE at the end */
};

/* A row of a window with its full key. */
struct placed {
    struct str key;
    const struct row *row;
    bool old, now; /* in the window before and after the step */
};

/* The partitions that the step touches, with their windows as they were. */
struct touched {
    struct table table; /* by prefix */
    struct partition *at;
    uint32_t cap;
};

struct partition {
    struct window before;
    uint32_t first; /* the step's deltas */
    uint32_t arriving_n;
    bool odd; /* something is there more than once, or less than not at all */
};

static struct partition *touch(struct step *step, struct touched *touched, struct str prefix)
{
    bool fresh;
    uint32_t i = table_enter(&touched->table, step->arena, prefix, &fresh);

    touched->at = array_grow(step->arena, touched->at, i, &touched->cap, sizeof(*touched->at));
    if (fresh)
        touched->at[i] = (struct partition){.first = TABLE_NONE};
    return &touched->at[i];
}

/* The input's deltas with their keys, by partition. */
static void take_input(struct op *op, struct step *step, struct touched *touched,
                       struct arriving *arriving)
{
    const struct batch *in = &op->inputs[0]->out;
    struct partition *partition;
    struct err raised;
    uint32_t n = 0;

    for (uint32_t i = 0; i < in->n; i++) {
        const struct delta *delta = &in->deltas[i];
        bool ok = ordering_partition(op->own, step, delta->row, &raised);
        size_t prefix = step->key->len;

        if (!ok || !ordering_place(op->own, step, delta->row, &raised)) {
            step_withhold(step, op, delta->row, delta->weight, &raised);
            continue;
        }
        struct str key = arena_copy(step->arena, buf_str(step->key));
        partition = touch(step, touched, (struct str){key.at, prefix});
        arriving[n] = (struct arriving){key, *delta, partition->first};
        partition->first = n++;
        partition->arriving_n++;
    }
}

/* Reads the windows as they are before any delta is written, one behind the other in the store: its
 * order is not disturbed between two walks. */
static bool read_windows(const struct op *op, struct step *step, struct touched *touched,
                         struct err *reterr)
{
    const uint32_t *order = table_order(&touched->table, step->arena);

    for (uint32_t i = 0; i < touched->table.n; i++) {
        uint32_t p = order[i];

        if (!read_window(op, step, touched->table.keys[p].bytes, &touched->at[p].before, reterr))
            return false;
    }
    return true;
}

/* The store holds, under the key that was written, what a plain change leaves: the row that came,
 * once, or nothing. Not so when a retraction overtook its insertion. */
static bool is_plain(struct step *step, struct str key, const struct delta *delta, bool *ret,
                     struct err *reterr)
{
    struct str stored;
    int64_t weight = 0;

    if (!store_get(step->store, key, &stored, reterr))
        return false;
    if (stored.len >= sizeof(weight))
        memcpy(&weight, stored.at, sizeof(weight));
    *ret = delta->weight < 0 ? stored.len == 0
                             : weight == 1 && stored.len == sizeof(weight) + delta->row->len;
    return true;
}

/* Of rows that have a key each, the deltas of this sign tell what is left: nothing is read. */
static void write_keyed(struct step *step, const struct arriving *arriving, uint32_t first,
                        bool coming)
{
    for (uint32_t i = first; i != TABLE_NONE; i = arriving[i].next) {
        const struct arriving *one = &arriving[i];
        struct delta delta = one->delta;
        struct batch batch = {&delta, 1, 1};

        if ((delta.weight > 0) != coming)
            continue;
        buf_clear(step->key);
        buf_put(step->key, one->key);
        store_key_bound(step->key);
        state_one_write(step->store, step->arena, step->value, buf_str(step->key), &batch);
    }
}

static bool write_counted(struct step *step, struct partition *partition,
                          const struct arriving *arriving, struct err *reterr)
{
    for (uint32_t i = partition->first; i != TABLE_NONE; i = arriving[i].next) {
        const struct arriving *one = &arriving[i];
        bool plain = false;

        buf_clear(step->key);
        buf_put(step->key, one->key);
        if (!shelf_put(step, one->delta.row, one->delta.weight, reterr) ||
            !is_plain(step, buf_str(step->key), &one->delta, &plain, reterr))
            return false;
        partition->odd = partition->odd || !plain;
    }
    return true;
}

static bool write_input(const struct op *op, struct step *step, struct touched *touched,
                        const struct arriving *arriving, struct err *reterr)
{
    for (uint32_t p = 0; p < touched->table.n; p++) {
        struct partition *partition = &touched->at[p];

        if (op->keyed) {
            write_keyed(step, arriving, partition->first, false);
            write_keyed(step, arriving, partition->first, true);
        } else if (!write_counted(step, partition, arriving, reterr)) {
            return false;
        }
    }
    return true;
}

static void emit(struct op *op, struct step *step, const struct batch *rows, int sign)
{
    for (uint32_t i = 0; i < rows->n; i++)
        batch_add(&op->out, step->arena, rows->deltas[i].row, sign * rows->deltas[i].weight);
}

/* ---- the window after the step, from the one before and the deltas ---- */

static int compare_placed(const void *a, const void *b)
{
    return str_cmp(((const struct placed *)a)->key, ((const struct placed *)b)->key);
}

/* The window as places; false when a row is there more than once. */
static bool place_window(const struct window *window, struct placed *placed)
{
    for (uint32_t i = 0; i < window->rows.n; i++) {
        if (window->rows.deltas[i].weight != 1)
            return false;
        placed[i] = (struct placed){window->keys[i], window->rows.deltas[i].row, true, true};
    }
    return true;
}

/* Takes the row out of the places. */
static bool take_away(struct placed *placed, uint32_t n, const struct arriving *gone)
{
    for (uint32_t i = 0; i < n; i++) {
        if (placed[i].now && str_eq(placed[i].key, gone->key) &&
            row_same(placed[i].row, gone->delta.row)) {
            placed[i].now = false;
            return true;
        }
    }
    return false;
}

static bool is_there(const struct placed *placed, uint32_t n, struct str key)
{
    for (uint32_t i = 0; i < n; i++)
        if (placed[i].now && str_eq(placed[i].key, key))
            return true;
    return false;
}

/*
 * Moves the places as the deltas of weight `sign` say. Behind the last row of a full window the store
 * alone knows what there is, and nothing there matters. False when this is not enough to know the
 * new window: a row that went was not there, or one that came stands beside an equal key.
 */
static bool move_places(const struct arriving *arriving, uint32_t first, int64_t sign,
                        struct str end, struct placed *placed, uint32_t *n)
{
    for (uint32_t i = first; i != TABLE_NONE; i = arriving[i].next) {
        const struct arriving *one = &arriving[i];

        if ((one->delta.weight != 1 && one->delta.weight != -1) ||
            one->key.len > STORE_KEY_BYTES_MAX)
            return false;
        if (one->delta.weight != sign || (end.len > 0 && str_cmp(one->key, end) > 0))
            continue;
        if (sign < 0) {
            if (!take_away(placed, *n, one))
                return false;
        } else {
            if (is_there(placed, *n, one->key))
                return false;
            placed[(*n)++] = (struct placed){one->key, one->delta.row, false, true};
        }
    }
    return true;
}

/* Works the window after the step out without the store and emits the difference; false when it
 * can't be. */
static bool emit_moved(struct op *op, struct step *step, const struct partition *partition,
                       const struct arriving *arriving)
{
    const struct plan_node *node = op->node;
    uint32_t n = partition->before.rows.n;
    int64_t there = 0;

    if (partition->odd || node->offset != 0 || node->ties || node->limit < 0)
        return false;
    struct placed *placed =
        arena_alloc(step->arena, (n + partition->arriving_n + 1U) * sizeof(*placed));
    if (!place_window(&partition->before, placed))
        return false;
    bool full = (int64_t)n >= node->limit;
    struct str end = full && n > 0 ? placed[n - 1].key : STR_NONE;
    if (!move_places(arriving, partition->first, -1, end, placed, &n) ||
        !move_places(arriving, partition->first, 1, end, placed, &n))
        return false;
    qsort(placed, n, sizeof(*placed), compare_placed);
    for (uint32_t i = 0; i < n; i++)
        there += placed[i].now;
    if (full && there < node->limit)
        return false;
    there = 0;
    for (uint32_t i = 0; i < n; i++) {
        there += placed[i].now;
        bool now = placed[i].now && there <= node->limit;
        if (now != placed[i].old)
            batch_add(&op->out, step->arena, placed[i].row, now ? 1 : -1);
    }
    return true;
}

static bool top_apply(struct op *op, struct step *step, struct err *reterr)
{
    const struct batch *in = &op->inputs[0]->out;
    struct touched touched = {.cap = 0};
    struct arriving *arriving = arena_alloc(step->arena, (in->n + 1U) * sizeof(*arriving));
    struct window now;
    bool read = false;

    take_input(op, step, &touched, arriving);
    if (!read_windows(op, step, &touched, reterr) ||
        !write_input(op, step, &touched, arriving, reterr))
        return false;
    for (uint32_t i = 0; i < touched.table.n; i++) {
        if (emit_moved(op, step, &touched.at[i], arriving))
            continue;
        if (!read_window(op, step, touched.table.keys[i].bytes, &now, reterr))
            return false;
        emit(op, step, &touched.at[i].before.rows, -1);
        emit(op, step, &now.rows, 1);
        read = true;
    }
    if (read)
        batch_consolidate(&op->out, step->arena);
    return true;
}

const struct op_ops op_top = {
    .name = "top",
    .state_note = "fp(order) | partition | order values | row's key -> (weight, row)...",
    .start = top_start,
    .apply = top_apply,
};
