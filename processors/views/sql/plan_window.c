/*
 * The windows of a block: calls over the same partitions in the same order are one WINDOW node.
 * What the order of rows leaves open is refused.
 */
#include "sql/block.h"

static struct window_call *window_at(const struct block *block, uint32_t i)
{
    return block->windows.at[i];
}

static bool map_one(struct expr **expr, struct expr *(*map)(void *to, struct expr *expr), void *to)
{
    if (*expr == NULL)
        return true;
    *expr = map(to, *expr);
    return *expr != NULL;
}

static bool map_all(struct expr **exprs, uint16_t n,
                    struct expr *(*map)(void *to, struct expr *expr), void *to)
{
    for (uint16_t i = 0; i < n; i++)
        if (!map_one(&exprs[i], map, to))
            return false;
    return true;
}

bool window_map(struct window_call *call, struct expr *(*map)(void *to, struct expr *expr),
                void *to)
{
    return map_all(call->call.args, call->call.args_n, map, to) &&
           map_all(call->partition, call->partition_n, map, to) &&
           map_all(call->order, call->order_n, map, to) && map_one(&call->call.filter, map, to) &&
           map_one(&call->start_limit, map, to) && map_one(&call->end_limit, map, to) &&
           map_one(&call->range_key, map, to);
}

static struct expr *add_columns(void *set, struct expr *expr)
{
    exprs_columns(expr, set);
    return expr;
}

void window_need(const struct block *block, struct column_set *need)
{
    for (uint32_t i = 0; i < block->windows.n; i++)
        (void)!window_map(window_at(block, i), add_columns, need);
}

/* ---- what the order leaves open ---- */

/* The columns that partition and order fix. */
static struct column_set fixed_by(const struct nodes *nodes, uint32_t node,
                                  const struct window_call *call)
{
    struct column_set fixed = {0};

    for (uint16_t i = 0; i < call->partition_n; i++)
        exprs_add_carried(call->partition[i], &fixed);
    for (uint16_t i = 0; i < call->order_n; i++)
        exprs_add_carried(call->order[i], &fixed);
    return nodes_determined(nodes, node, fixed);
}

/* Appends the columns that tell apart rows which compare equal: none when the order is total. */
static void open_columns(struct buf *out, const struct plan_node *node,
                         const struct column_set *fixed)
{
    uint16_t n = node->has_key ? node->schema.key_n : node->schema.columns_n;

    for (uint16_t i = 0; i < n; i++) {
        uint16_t column = node->has_key ? node->schema.key[i] : i;

        if (!column_set_has(fixed, column))
            buf_printf(out, "%s%s", out->len == 0 ? "" : ", ", node->schema.columns[column].name);
    }
}

/* The rows of a frame depend on the order among peers. */
static bool frame_cuts_peers(const struct plan_frame *frame)
{
    return frame->unit == FRAME_ROWS &&
           (frame->start.kind != BOUND_UNBOUNDED || frame->end.kind != BOUND_UNBOUNDED);
}

static bool args_are_fixed(const struct nodes *nodes, uint32_t node, const struct window_call *call,
                           const struct column_set *fixed)
{
    uint16_t n = call->call.args_n;

    for (uint16_t i = 0; i < n; i++) {
        bool ordered = false;

        for (uint16_t j = 0; j < call->order_n; j++)
            ordered = ordered || expr_same(call->order[j], call->call.args[i]);
        if (!ordered && !nodes_fixes(nodes, node, fixed, call->call.args[i]))
            return false;
    }
    return true;
}

/* Whether the answer stays the same however peers are ordered. */
static bool bears_ties(const struct nodes *nodes, uint32_t node, const struct window_call *call,
                       const struct column_set *fixed)
{
    switch (call->kind) {
    case WINDOW_RANK:
    case WINDOW_DENSE_RANK:
    case WINDOW_PERCENT_RANK:
    case WINDOW_CUME_DIST:
        return true;
    case WINDOW_ROW_NUMBER:
    case WINDOW_NTILE:
    case WINDOW_LAG:
    case WINDOW_LEAD:
        return false;
    case WINDOW_AGGREGATE:
        return !frame_cuts_peers(&call->frame) &&
               (!call->call.aggregate->needs_order || args_are_fixed(nodes, node, call, fixed));
    case WINDOW_FIRST_VALUE:
    case WINDOW_LAST_VALUE:
    case WINDOW_NTH_VALUE:
        return !frame_cuts_peers(&call->frame) && args_are_fixed(nodes, node, call, fixed);
    }
    return false;
}

static bool check_order(struct block *block, uint32_t node, const struct window_call *call)
{
    CLEANUP(buf) struct buf open = {0};
    const struct nodes *nodes = &block->binder->nodes;
    struct column_set fixed = fixed_by(nodes, node, call);

    open_columns(&open, nodes_at(nodes, node), &fixed);
    return open.len == 0 || bears_ties(nodes, node, call, &fixed) ||
           ast_refuse(&block->binder->ast, call->call.location,
                      "%s needs a total order of its window, rows that compare equal could come in "
                      "any order; append to the window's ORDER BY: %s",
                      call->name, buf_cstr(&open));
}

/* ---- columns ---- */

void window_move(struct block *block, const int16_t *columns, uint16_t columns_n)
{
    int16_t *at = block_places(block);

    memcpy(at, columns, columns_n * sizeof(*at));
    block_move(block, at);
}

/* Keeps what windows, targets, order and key need: the node stores its input's rows. */
static uint32_t narrow(struct block *block, uint32_t node)
{
    const struct plan_node *of = nodes_at(&block->binder->nodes, node);
    uint16_t columns_n = of->schema.columns_n, n = 0;
    struct column_set need = {0};
    uint16_t *kept = arena_alloc(block->binder->arena, (columns_n + 1U) * sizeof(*kept));
    int16_t *at = arena_alloc(block->binder->arena, (columns_n + 1U) * sizeof(*at));

    window_need(block, &need);
    beside_need(block, &need);
    rows_need(block, &need);
    for (uint32_t i = 0; i < block->targets.n; i++)
        exprs_columns(((const struct target *)block->targets.at[i])->expr, &need);
    for (uint32_t i = 0; i < block->sorts.n; i++)
        exprs_columns(((const struct sort *)block->sorts.at[i])->expr, &need);
    for (uint16_t i = 0; i < of->schema.key_n && of->has_key; i++)
        column_set_add(&need, of->schema.key[i]);
    for (uint16_t i = 0; i < columns_n; i++) {
        at[i] = (int16_t)(column_set_has(&need, i) ? n : -1);
        if (at[i] >= 0)
            kept[n++] = i;
    }
    if (n == columns_n || n == 0)
        return node;
    window_move(block, at, columns_n);
    return nodes_keep(&block->binder->nodes, node, kept, n);
}

/* ---- nodes ---- */

static bool same_window(const struct window_call *a, const struct window_call *b)
{
    if (a->partition_n != b->partition_n || a->order_n != b->order_n)
        return false;
    for (uint16_t i = 0; i < a->partition_n; i++)
        if (!expr_same(a->partition[i], b->partition[i]))
            return false;
    for (uint16_t i = 0; i < a->order_n; i++)
        if (!expr_same(a->order[i], b->order[i]) ||
            a->orders[i].descending != b->orders[i].descending ||
            a->orders[i].nulls_first != b->orders[i].nulls_first)
            return false;
    return true;
}

static struct plan_window_function function_of(struct block *block, const struct window_call *call)
{
    int16_t *stay = block_places(block);
    struct plan_window_function function = {
        .kind = call->kind,
        .call = group_aggregate(block->binder->arena, &call->call, stay),
        .frame = call->frame};

    function.frame.start.limit = call->start_limit;
    function.frame.end.limit = call->end_limit;
    function.frame.range_key = call->range_key;
    return function;
}

static const char *window_name(const struct block *block, uint32_t i)
{
    for (uint32_t t = 0; t < block->targets.n; t++) {
        const struct target *target = block->targets.at[t];

        if (target->expr->kind == EXPR_COLUMN && target->expr->column == WINDOW_COLUMN + i)
            return target->name;
    }
    return window_at(block, i)->name;
}

static const struct plan_order *orders_of(struct block *block, const struct window_call *call)
{
    struct plan_order *order =
        arena_zalloc(block->binder->arena, (call->order_n + 1U) * sizeof(*order));

    for (uint16_t i = 0; i < call->order_n; i++)
        order[i] = (struct plan_order){call->order[i], call->orders[i]};
    return order;
}

/* One node for the calls over the window of call `first`; their columns go to at[]. */
static uint32_t plan_one(struct block *block, uint32_t node, uint32_t first, int16_t *at)
{
    struct arena *arena = block->binder->arena;
    const struct window_call *call = window_at(block, first);
    uint16_t columns_n = nodes_at(&block->binder->nodes, node)->schema.columns_n;
    struct plan_window_function *functions =
        arena_alloc(arena, block->windows.n * sizeof(*functions));
    const char **names = arena_alloc(arena, block->windows.n * sizeof(*names));
    struct window_parts parts = {.partition = call->partition,
                                 .partition_n = call->partition_n,
                                 .order = orders_of(block, call),
                                 .order_n = call->order_n,
                                 .functions = functions,
                                 .names = names};

    for (uint32_t i = first; i < block->windows.n; i++) {
        if (!same_window(call, window_at(block, i)))
            continue;
        at[WINDOW_COLUMN + i] = (int16_t)(columns_n + parts.functions_n);
        names[parts.functions_n] = window_name(block, i);
        functions[parts.functions_n++] = function_of(block, window_at(block, i));
    }
    return nodes_window(&block->binder->nodes, node, parts);
}

bool window_plan(struct block *block, uint32_t *node)
{
    uint32_t input = narrow(block, *node);
    int16_t *at = block_places(block);

    for (uint32_t i = 0; i < block->windows.n; i++)
        if (!check_order(block, input, window_at(block, i)))
            return false;
    *node = input;
    for (uint32_t i = 0; i < block->windows.n; i++)
        if (at[WINDOW_COLUMN + i] == (int16_t)(WINDOW_COLUMN + i))
            *node = plan_one(block, *node, i, at);
    if (nodes_at(&block->binder->nodes, *node)->schema.columns_n > COLUMNS_MAX)
        return ast_refuse(&block->binder->ast, -1, "windows make more than %d columns",
                          COLUMNS_MAX);
    block->windows = (struct list){0};
    block_move(block, at);
    return true;
}
