/*
 * LIMIT and OFFSET by values that change: of a query around, or of a subquery. The rows are numbered
 * in their order, and a filter compares the numbers with the values.
 */
#include "sql/block.h"

enum { LIMITS = 2 };

/* Names of the query around, none of this one. */
static const struct from *without_own(struct block *block)
{
    struct from *around = arena_alloc(block->binder->arena, sizeof(*around));

    *around = block->from;
    around->tables = around->visible = (struct list){0};
    around->block = &block->from;
    return around;
}

static bool add_value(struct block *block, const struct from *around, const PgQuery__Node *node,
                      const char *clause)
{
    struct site site = block_site(block);
    struct scope scope = {.binder = block->binder, .from = around, .clause = clause, .site = &site};
    struct type type = {TYPE_INT8, -1, NULL};
    struct expr *value =
        node == NULL ? exprs_null(block->binder->arena, type, -1) : bind_expr(&scope, node);

    if (value != NULL)
        value = bind_coerce(block->binder, value, type, CAST_ASSIGNMENT, clause);
    return value != NULL && block_add_target(block, clause, value);
}

bool clauses_limit_values(struct block *block)
{
    const struct from *around;

    if (!block->by_value)
        return true;
    around = without_own(block);
    block->limits_at = block->targets.n;
    return add_value(block, around, block->select->limit_count, "LIMIT") &&
           add_value(block, around, block->select->limit_offset, "OFFSET");
}

static struct expr *value_at(const struct block *block, uint32_t i)
{
    return ((const struct target *)block->targets.at[i])->expr;
}

/* The rows beside their numbers, from 1 on in each partition. */
static uint32_t numbered(struct block *block, uint32_t node, const struct top_parts *rows)
{
    static const char *const names[] = {"row_number"};
    struct plan_window_function *function = arena_zalloc(block->binder->arena, sizeof(*function));

    function->kind = WINDOW_ROW_NUMBER;
    function->call.result = (struct type){TYPE_INT8, -1, NULL};
    return nodes_window(&block->binder->nodes, node,
                        (struct window_parts){.partition = rows->partition,
                                              .partition_n = rows->partition_n,
                                              .order = rows->order,
                                              .order_n = rows->order_n,
                                              .functions = function,
                                              .functions_n = 1,
                                              .names = names});
}

/* The targets behind the two move up, and with them the columns of the correlations. */
static void drop_values(struct block *block)
{
    struct list *targets = &block->targets;

    targets->n -= LIMITS;
    memmove(targets->at + block->limits_at, targets->at + block->limits_at + LIMITS,
            (targets->n - block->limits_at) * sizeof(*targets->at));
    for (uint32_t i = 0; i < block->correlations.n; i++)
        ((struct correlation *)block->correlations.at[i])->column -= LIMITS;
}

bool limit_by_value(struct block *block, uint32_t *node, const struct top_parts *rows)
{
    struct binder *binder = block->binder;
    uint16_t number = nodes_at(&binder->nodes, *node)->schema.columns_n;
    struct type type = {TYPE_INT8, -1, NULL};
    struct expr *args[1 + LIMITS], *keeps;

    *node = numbered(block, *node, rows);
    args[0] = exprs_column(binder->arena, number, type, -1);
    for (uint32_t i = 0; i < LIMITS; i++)
        args[1 + i] = value_at(block, block->limits_at + i);
    keeps = bind_call(binder, FUNCTION_NAMED, "limit keeps", args, 1 + LIMITS, -1);
    if (keeps == NULL)
        return false;
    *node = nodes_filter(&binder->nodes, *node, keeps);
    drop_values(block);
    return true;
}
