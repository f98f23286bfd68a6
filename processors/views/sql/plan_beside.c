/*
 * The relations that subqueries of SELECT, HAVING and ORDER BY read, beside the rows these clauses
 * see: the groups of a grouped block, else the rows of FROM.
 */
#include "sql/block.h"

static struct beside *beside_at(const struct block *block, uint32_t i)
{
    return block->beside.at[i];
}

void beside_need(const struct block *block, struct column_set *need)
{
    for (uint32_t i = 0; i < block->beside.n; i++)
        for (uint32_t k = 0; k < beside_at(block, i)->correlations.n; k++)
            exprs_columns(
                ((const struct correlation *)beside_at(block, i)->correlations.at[k])->outer, need);
}

bool beside_map(struct block *block, struct expr *(*map)(void *to, struct expr *expr), void *to)
{
    for (uint32_t i = 0; i < block->beside.n; i++)
        for (uint32_t k = 0; k < beside_at(block, i)->correlations.n; k++) {
            struct correlation *correlation = beside_at(block, i)->correlations.at[k];

            correlation->outer = map(to, correlation->outer);
            if (correlation->outer == NULL)
                return false;
        }
    return true;
}

/* It reads a column from `low` to before `high`. */
static bool reads_between(const struct expr *expr, uint32_t low, uint32_t high)
{
    if (expr->kind == EXPR_COLUMN)
        return expr->column >= low && expr->column < high;
    for (uint16_t i = 0; i < expr->args_n; i++)
        if (reads_between(expr->args[i], low, high))
            return true;
    return false;
}

/* LEFT-joins one relation to the node. */
static bool join_one(struct block *block, const struct beside *beside, int16_t *at, uint32_t *node)
{
    struct nodes *nodes = &block->binder->nodes;
    struct arena *arena = block->binder->arena;
    const struct schema *shape = &nodes_at(nodes, beside->node)->schema;
    uint16_t left_n = nodes_at(nodes, *node)->schema.columns_n;
    uint32_t n = beside->correlations.n;
    struct join_keys keys = {.left = arena_alloc(arena, (n + 1) * sizeof(void *)),
                             .right = arena_alloc(arena, (n + 1) * sizeof(void *)),
                             .n = (uint16_t)n};

    if (left_n + shape->columns_n > COLUMNS_MAX)
        return ast_refuse(&block->binder->ast, -1, "a join of more than %d columns", COLUMNS_MAX);
    for (uint32_t i = 0; i < n; i++) {
        const struct correlation *correlation = beside->correlations.at[i];
        struct expr *left = exprs_move(arena, correlation->outer, at);
        struct expr *right =
            exprs_column(arena, correlation->column, shape->columns[correlation->column].type, -1);

        if (!bind_same_type(block->binder, &left, &right, left->location))
            return false;
        keys.left[i] = left;
        keys.right[i] = right;
        if (correlation->null_safe)
            keys.null_safe |= UINT64_C(1) << (i % 64);
    }
    *node = nodes_join(nodes, PLAN_JOIN_LEFT, *node, beside->node, keys);
    for (uint16_t i = 0; i < shape->columns_n; i++)
        at[BESIDE_COLUMN + beside->first + i] = (int16_t)(left_n + i);
    return true;
}

/* It reads windows, or the columns of one of the relations. */
static bool waits_for(const struct block *block, const struct expr *expr, const struct list *list)
{
    if (reads_between(expr, WINDOW_COLUMN, ROWS_COLUMN))
        return true;
    for (uint32_t i = 0; i < list->n; i++) {
        const struct beside *beside = list->at[i];
        uint32_t first = BESIDE_COLUMN + beside->first;

        if (reads_between(expr, first,
                          first + nodes_at(&block->binder->nodes, beside->node)->schema.columns_n))
            return true;
    }
    return false;
}

/* The relations that can be joined before there are windows, and the others. */
static void part(const struct block *block, struct list *before, struct list *behind)
{
    for (uint32_t i = 0; i < block->beside.n; i++) {
        struct beside *beside = beside_at(block, i);
        bool waits = false;

        for (uint32_t k = 0; k < beside->correlations.n; k++)
            waits =
                waits ||
                waits_for(block, ((const struct correlation *)beside->correlations.at[k])->outer,
                          behind);
        list_add(waits ? behind : before, block->binder->arena, beside);
    }
}

bool beside_plan(struct block *block, uint32_t *node)
{
    int16_t *at = block_places(block);
    struct list before = {0}, behind = {0};

    if (block->beside.n == 0)
        return true;
    part(block, &before, &behind);
    for (uint32_t i = 0; i < before.n; i++)
        if (!join_one(block, before.at[i], at, node))
            return false;
    block->beside = behind;
    block_move(block, at);
    if (block->having != NULL)
        block->having = exprs_move(block->binder->arena, block->having, at);
    return true;
}

/* ---- GROUP BY ---- */

bool beside_reads(const struct expr *expr)
{
    return reads_between(expr, BESIDE_COLUMN, WINDOW_COLUMN);
}

/* The relation becomes a member of FROM; at[] its columns. */
static bool join_to_from(struct block *block, const struct beside *beside, int16_t *at)
{
    struct site site = {.groups = {&block->from.group}, .groups_n = 1};
    struct scope scope = {.binder = block->binder, .from = &block->from, .site = &site};
    struct list correlations = {0};
    uint16_t first = 0;

    for (uint32_t i = 0; i < beside->correlations.n; i++) {
        struct correlation *copy = arena_alloc(block->binder->arena, sizeof(*copy));

        *copy = *(const struct correlation *)beside->correlations.at[i];
        copy->outer = exprs_move(block->binder->arena, copy->outer, at);
        list_add(&correlations, block->binder->arena, copy);
    }
    if (!subquery_join(&scope, beside->node, &correlations, false, &first))
        return false;
    for (uint16_t i = 0; i < nodes_at(&block->binder->nodes, beside->node)->schema.columns_n; i++)
        at[BESIDE_COLUMN + beside->first + i] = (int16_t)(first + i);
    return true;
}

bool beside_settle(struct block *block)
{
    int16_t *at = block_places(block);

    for (uint32_t i = 0; i < block->beside.n; i++)
        if (!join_to_from(block, beside_at(block, i), at))
            return false;
    block->beside = (struct list){0};
    block_settle(block, at);
    return true;
}
