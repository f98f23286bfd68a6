/*
 * The domain of a subquery that names what the block around computes of its rows: an aggregate, a
 * window function, the answer of a subquery. The block is planned beside itself, as far as it is
 * bound, with these values as its only columns; groups that HAVING leaves out are more than are
 * asked for.
 */
#include "sql/block.h"
#include "sql/joins.h"
#include "sql/subquery.h"

static bool refuse(struct binder *binder, int location)
{
    return ast_refuse(&binder->ast, location,
                      "a subquery that compares with an aggregate, a window function or another "
                      "subquery of the query around is not supported here; make it a column in a "
                      "subquery of FROM");
}

/* Something that is none of FROM's columns, nor made by this block. */
static bool reads_rows(const struct expr *expr)
{
    if (expr->kind == EXPR_COLUMN)
        return expr->column >= ROWS_COLUMN;
    for (uint16_t i = 0; i < expr->args_n; i++)
        if (reads_rows(expr->args[i]))
            return true;
    return false;
}

static void *copied(struct arena *arena, const void *from, size_t size)
{
    return memcpy(arena_alloc(arena, size), from, size);
}

/* The list of copies of its structures. */
static struct list copied_all(struct arena *arena, const struct list *list, size_t size)
{
    struct list copy = {0};

    for (uint32_t i = 0; i < list->n; i++)
        list_add(&copy, arena, copied(arena, list->at[i], size));
    return copy;
}

static struct expr **copied_exprs(struct arena *arena, struct expr **exprs, uint16_t n)
{
    return n == 0 ? exprs : copied(arena, exprs, n * sizeof(struct expr *));
}

static struct list copied_windows(struct arena *arena, const struct list *windows)
{
    struct list copy = copied_all(arena, windows, sizeof(struct window_call));

    for (uint32_t i = 0; i < copy.n; i++) {
        struct window_call *call = copy.at[i];

        call->call.args = copied_exprs(arena, call->call.args, call->call.args_n);
        call->partition = copied_exprs(arena, call->partition, call->partition_n);
        call->order = copied_exprs(arena, call->order, call->order_n);
    }
    return copy;
}

static struct list copied_beside(struct arena *arena, const struct list *list)
{
    struct list copy = copied_all(arena, list, sizeof(struct beside));

    for (uint32_t i = 0; i < copy.n; i++) {
        struct beside *beside = copy.at[i];

        beside->correlations = copied_all(arena, &beside->correlations, sizeof(struct correlation));
    }
    return copy;
}

/* The block as far as FROM and WHERE, and what its other clauses read so far. */
static struct block begin_again(const struct block *block)
{
    struct binder *binder = block->binder;
    struct block copy = {
        .binder = binder,
        .select = block->select,
        .around = {.scope = block->around.scope},
        .from = block->from,
        .aggregates = copied_all(binder->arena, &block->aggregates, sizeof(struct aggregate_call)),
        .windows = copied_windows(binder->arena, &block->windows),
        .beside = copied_beside(binder->arena, &block->beside),
        .beside_columns_n = block->beside_columns_n,
        .whole_domain = block->from.params.n > 0};

    copy.from.group = joins_copy(binder, block->from.group);
    copy.from.tables = copied_all(binder->arena, &block->from.tables, sizeof(struct table));
    copy.from.params = copied_all(binder->arena, &block->from.params, sizeof(struct param));
    return copy;
}

/* GROUP BY, which may name targets that are not bound yet. */
static bool bind_groups(struct block *copy, int location)
{
    uint32_t windows_n = copy->windows.n;

    if (!block_bind_plain_targets(copy) || !clauses_group(copy))
        return false;
    for (uint32_t i = 0; i < copy->groups.n; i++)
        for (uint32_t t = 0; t < copy->targets.n; t++) {
            const struct target *target = copy->targets.at[t];

            if (target->expr == copy->groups.at[i] && target->postponed)
                return refuse(copy->binder, location);
        }
    copy->windows.n = windows_n;
    copy->rows = (struct list){0};
    copy->grouped = copy->select->n_group_clause > 0 || copy->aggregates.n > 0 ||
                    copy->select->having_clause != NULL;
    return true;
}

static bool put_targets(struct block *copy, const struct list *exprs)
{
    struct arena *arena = copy->binder->arena;

    copy->targets = (struct list){0};
    for (uint32_t i = 0; i < exprs->n; i++)
        if (!block_add_target(copy, arena_printf(arena, "outer%u", i + 1),
                              subquery_tried(arena, exprs->at[i])))
            return false;
    copy->visible_n = copy->targets.n;
    return true;
}

/* The node's first columns. */
static uint32_t first_columns(struct binder *binder, uint32_t node, uint16_t n)
{
    uint16_t *columns = arena_alloc(binder->arena, (n + 1U) * sizeof(*columns));

    for (uint16_t i = 0; i < n; i++)
        columns[i] = i;
    return nodes_keep(&binder->nodes, node, columns, n);
}

bool domain_of_block(const struct scope *scope, const struct list *exprs, int location,
                     uint32_t *ret_node)
{
    struct block *block = scope->site == NULL ? NULL : scope->site->block, copy;
    struct query query;

    for (uint32_t i = 0; i < exprs->n; i++)
        if (block == NULL || reads_rows(exprs->at[i]))
            return refuse(scope->binder, location);
    assert(block != NULL);
    copy = begin_again(block);
    copy.from.block = &copy.from;
    if (!bind_groups(&copy, location) || !put_targets(&copy, exprs) || !block_finish(&copy, &query))
        return false;
    block->read_as_rows = block->read_as_rows || !copy.grouped;
    *ret_node = domain_distinct(block->binder,
                                first_columns(block->binder, query.node, (uint16_t)exprs->n));
    return true;
}
