#include "sql/block.h"

static struct target *target_at(const struct block *block, uint32_t i)
{
    return block->targets.at[i];
}

static struct sort *sort_at(const struct block *block, uint32_t i)
{
    return block->sorts.at[i];
}

/* The columns of FROM that are read above the joins. */
static struct column_set needed(const struct block *block)
{
    struct column_set need = {0};

    group_need(block, &need);
    if (!block->grouped) {
        window_need(block, &need);
        beside_need(block, &need);
        rows_need(block, &need);
    }
    for (uint32_t i = 0; i < block->targets.n && !block->grouped; i++)
        exprs_columns(target_at(block, i)->expr, &need);
    for (uint32_t i = 0; i < block->sorts.n && !block->grouped; i++)
        exprs_columns(sort_at(block, i)->expr, &need);
    return need;
}

/* After this, targets and sorts read the columns of the node. */
static bool plan_rows(struct block *block, uint32_t *node, const int16_t *at)
{
    if (!block->grouped) {
        window_move(block, at, COLUMNS_MAX);
        return beside_plan(block, node);
    }
    if (!group_plan(block, node, at))
        return false;
    if (!beside_plan(block, node))
        return false;
    if (block->having != NULL)
        *node = nodes_filter(&block->binder->nodes, *node, block->having);
    return true;
}

static uint32_t plan_project(struct block *block, uint32_t node)
{
    uint32_t n = block->targets.n;
    struct expr **exprs = arena_alloc(block->binder->arena, n * sizeof(struct expr *));
    const char **names = arena_alloc(block->binder->arena, n * sizeof(*names));

    for (uint32_t i = 0; i < n; i++) {
        exprs[i] = target_at(block, i)->expr;
        names[i] = target_at(block, i)->name;
    }
    return nodes_project(&block->binder->nodes, node, exprs, names, (uint16_t)n);
}

/* DISTINCT: a GROUP BY over every column, none where the rows are distinct already. From here on
 * targets and sorts are the node's columns. */
static uint32_t plan_distinct(struct block *block, uint32_t node)
{
    struct nodes *nodes = &block->binder->nodes;
    struct arena *arena = block->binder->arena;
    uint32_t projected = plan_project(block, node), n = block->targets.n;
    struct group_parts parts = {.exprs_n = (uint16_t)n, .key_n = (uint16_t)n};
    struct expr **exprs = arena_alloc(arena, n * sizeof(struct expr *));
    const char **names = arena_alloc(arena, n * sizeof(*names));

    for (uint32_t i = 0; i < n; i++) {
        struct target *target = target_at(block, i);

        names[i] = target->name;
        exprs[i] = target->expr =
            exprs_column(arena, (uint16_t)i, target->expr->type, target->expr->location);
    }
    for (uint32_t i = 0; i < block->sorts.n; i++)
        sort_at(block, i)->expr = exprs[sort_at(block, i)->target];
    parts.exprs = exprs;
    parts.names = names;
    if (nodes_at(nodes, projected)->has_key)
        return projected;
    return nodes_group(nodes, projected, parts);
}

/* The columns that ORDER BY fixes, each for one answer of a correlated block. */
static struct column_set fixed_columns(const struct block *block, uint32_t node)
{
    struct column_set fixed = {0};

    for (uint32_t i = 0; i < block->sorts.n; i++)
        exprs_add_carried(sort_at(block, i)->expr, &fixed);
    for (uint32_t i = block->targets.n - block->keys.n; i < block->targets.n; i++)
        exprs_add_carried(target_at(block, i)->expr, &fixed);
    return nodes_determined(&block->binder->nodes, node, fixed);
}

/* The key columns (all, where rows have no key) that ORDER BY leaves open, as text; "" when the
 * order is total. */
static const char *open_columns(struct block *block, uint32_t node)
{
    CLEANUP(buf) struct buf out = {0};
    const struct plan_node *of = nodes_at(&block->binder->nodes, node);
    struct column_set fixed = fixed_columns(block, node);
    uint16_t n;

    n = of->has_key ? of->schema.key_n : of->schema.columns_n;
    for (uint16_t i = 0; i < n; i++) {
        uint16_t column = of->has_key ? of->schema.key[i] : i;

        if (column_set_has(&fixed, column))
            continue;
        buf_printf(&out, "%s%s", out.len == 0 ? "" : ", ", of->schema.columns[column].name);
    }
    return arena_copy(block->binder->arena, buf_str(&out)).at;
}

/* Rows that compare equal give the same output row: it does not matter which are cut. */
static bool outputs_are_fixed(const struct block *block, uint32_t node)
{
    const struct nodes *nodes = &block->binder->nodes;
    struct column_set fixed = fixed_columns(block, node);

    for (uint32_t i = 0; i < block->targets.n; i++) {
        const struct expr *expr = target_at(block, i)->expr;
        bool sorted = false;

        for (uint32_t j = 0; j < block->sorts.n; j++)
            sorted = sorted || expr_same(sort_at(block, j)->expr, expr);
        if (!exprs_type_is_exact(expr->type.id) ||
            (!sorted && !nodes_fixes(nodes, node, &fixed, expr)))
            return false;
    }
    return true;
}

static bool check_total_order(struct block *block, uint32_t node)
{
    struct ast *ast = &block->binder->ast;
    const char *clause = block->limit < 0 ? "OFFSET" : "LIMIT";
    int location =
        ast_location(block->limit < 0 ? block->select->limit_offset : block->select->limit_count);
    const char *open;

    if (block->ties && block->offset == 0 &&
        !(block->by_value && block->select->limit_offset != NULL))
        return true;
    open = open_columns(block, node);
    if (open[0] != '\0' && !outputs_are_fixed(block, node))
        return ast_refuse(ast, location,
                          "%s needs a total order, rows that compare equal could be cut anywhere; "
                          "append to ORDER BY: %s",
                          clause, open);
    return true;
}

/* Keeps what targets, order and key need under a LIMIT, which stores its input's rows. */
static uint32_t narrow(struct block *block, uint32_t node)
{
    const struct plan_node *of = nodes_at(&block->binder->nodes, node);
    struct column_set need = {0};
    uint16_t *kept = arena_alloc(block->binder->arena, (of->schema.columns_n + 1U) * sizeof(*kept)),
             n = 0;
    int16_t *at = arena_alloc(block->binder->arena, (of->schema.columns_n + 1U) * sizeof(*at));

    for (uint32_t i = 0; i < block->targets.n; i++)
        exprs_columns(target_at(block, i)->expr, &need);
    for (uint32_t i = 0; i < block->sorts.n; i++)
        exprs_columns(sort_at(block, i)->expr, &need);
    for (uint16_t i = 0; i < of->schema.key_n && of->has_key; i++)
        column_set_add(&need, of->schema.key[i]);
    for (uint16_t i = 0; i < of->schema.columns_n; i++) {
        at[i] = (int16_t)(column_set_has(&need, i) ? n : -1);
        if (at[i] >= 0)
            kept[n++] = i;
    }
    if (n == of->schema.columns_n || n == 0)
        return node;
    for (uint32_t i = 0; i < block->targets.n; i++)
        target_at(block, i)->expr = exprs_move(block->binder->arena, target_at(block, i)->expr, at);
    for (uint32_t i = 0; i < block->sorts.n; i++)
        sort_at(block, i)->expr = exprs_move(block->binder->arena, sort_at(block, i)->expr, at);
    return nodes_keep(&block->binder->nodes, node, kept, n);
}

/* The first row of each partition by the expressions of DISTINCT ON. */
static bool plan_distinct_on(struct block *block, uint32_t *node)
{
    struct arena *arena = block->binder->arena;
    uint16_t n = block->distinct_on_n, order_n = (uint16_t)(block->sorts.n - n);
    struct expr **partition = arena_alloc(arena, (n + 1U) * sizeof(void *));
    struct plan_order *order = arena_zalloc(arena, (order_n + 1U) * sizeof(*order));
    const char *open = open_columns(block, *node);

    if (open[0] != '\0' && !outputs_are_fixed(block, *node))
        return ast_refuse(&block->binder->ast, sort_at(block, 0)->location,
                          "DISTINCT ON needs a total order, any of the rows that compare equal "
                          "could be the first; append to ORDER BY: %s",
                          open);
    *node = narrow(block, *node);
    for (uint16_t i = 0; i < n; i++)
        partition[i] = sort_at(block, i)->expr;
    for (uint16_t i = 0; i < order_n; i++)
        order[i] = (struct plan_order){sort_at(block, n + i)->expr, sort_at(block, n + i)->order};
    *node = nodes_top_of(&block->binder->nodes, *node,
                         (struct top_parts){.partition = partition,
                                            .partition_n = n,
                                            .order = order,
                                            .order_n = order_n,
                                            .limit = 1});
    return true;
}

static bool plan_limit(struct block *block, uint32_t *node)
{
    struct plan_order *order =
        arena_zalloc(block->binder->arena, (block->sorts.n + 1) * sizeof(*order));
    struct expr **partition =
        arena_alloc(block->binder->arena, (block->keys.n + 1) * sizeof(struct expr *));
    struct top_parts rows;

    if (!check_total_order(block, *node))
        return false;
    *node = narrow(block, *node);
    for (uint32_t i = 0; i < block->sorts.n; i++)
        order[i] = (struct plan_order){sort_at(block, i)->expr, sort_at(block, i)->order};
    for (uint32_t i = 0; i < block->keys.n; i++)
        partition[i] = target_at(block, block->targets.n - block->keys.n + i)->expr;
    rows = (struct top_parts){.partition = partition,
                              .partition_n = (uint16_t)block->keys.n,
                              .order = order,
                              .order_n = (uint16_t)block->sorts.n,
                              .limit = block->limit,
                              .offset = block->offset,
                              .ties = block->ties};
    if (block->by_value)
        return limit_by_value(block, node, &rows);
    *node = nodes_top_of(&block->binder->nodes, *node, rows);
    return true;
}

/* The order of the result, as far as its columns can say it. */
static void set_order(const struct block *block, struct query *query)
{
    struct arena *arena = block->binder->arena;
    struct plan_order *order = arena_zalloc(arena, (block->sorts.n + 1) * sizeof(*order));
    const struct plan_node *node = nodes_at(&block->binder->nodes, query->node);

    for (uint32_t i = 0; i < block->sorts.n; i++) {
        const struct sort *sort = sort_at(block, i);

        if (sort->target < 0)
            return;
        order[i].order = sort->order;
        order[i].expr = exprs_column(arena, (uint16_t)sort->target,
                                     node->schema.columns[sort->target].type, sort->location);
    }
    query->order = order;
    query->order_n = (uint16_t)block->sorts.n;
}

/* What the node of all targets means to the query around. */
static struct query query_of(const struct block *block, uint32_t node)
{
    const char **columns = arena_alloc(block->binder->arena, block->targets.n * sizeof(*columns));
    struct query query = {.node = node,
                          .columns = columns,
                          .columns_n = (uint16_t)block->visible_n,
                          .correlations = block->correlations,
                          .always = block->always && block->having == NULL && !block->limited,
                          .empty = block->empty};

    for (uint32_t i = 0; i < block->targets.n; i++)
        columns[i] = target_at(block, i)->name;
    set_order(block, &query);
    return query;
}

bool select_plan(struct block *block, struct query *ret)
{
    struct column_set need = needed(block);
    uint32_t node;
    int16_t *at;

    if (!joins_plan(block->binder, &block->from, &need, &node, &at) ||
        !plan_rows(block, &node, at) || (block->windows.n > 0 && !window_plan(block, &node)) ||
        !beside_plan(block, &node) || !rows_plan(block, &node))
        return false;
    block->rows = (struct list){0};
    if (block->distinct)
        node = plan_distinct(block, node);
    if (block->distinct_on && !plan_distinct_on(block, &node))
        return false;
    if (block->limited && !plan_limit(block, &node))
        return false;
    *ret = query_of(block, plan_project(block, node));
    return true;
}
