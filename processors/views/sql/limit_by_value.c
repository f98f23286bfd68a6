/*
 * LIMIT and OFFSET by values that change: of a query around, or of a subquery. The rows are numbered
 * in their order, and a filter compares the numbers with the values.
 */
#include "sql/block.h"
#include "sql/make.h"

enum { LIMITS = 2 };

const PgQuery__SelectStmt *limit_apart(struct arena *arena, const PgQuery__SelectStmt *select)
{
    PgQuery__SelectStmt part = *select, *whole;

    part.with_clause = NULL; /* its names are known already */
    part.n_sort_clause = 0;
    part.limit_count = part.limit_offset = NULL;
    part.limit_option = PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_DEFAULT;
    whole = make_whole(arena, &part);
    whole->sort_clause = select->sort_clause;
    whole->n_sort_clause = select->n_sort_clause;
    whole->limit_count = select->limit_count;
    whole->limit_offset = select->limit_offset;
    whole->limit_option = select->limit_option;
    return whole;
}

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

/* The rows beside their numbers in each partition, from 1 on, and their ranks. */
static uint32_t numbered(struct block *block, uint32_t node, const struct top_parts *rows)
{
    static const char *const names[] = {"row_number", "rank"};
    static const enum plan_window_kind kinds[] = {WINDOW_ROW_NUMBER, WINDOW_RANK};
    uint16_t n = rows->ties ? 2 : 1;
    struct plan_window_function *functions =
        arena_zalloc(block->binder->arena, n * sizeof(*functions));

    for (uint16_t i = 0; i < n; i++) {
        functions[i].kind = kinds[i];
        functions[i].call.result = (struct type){TYPE_INT8, -1, NULL};
    }
    return nodes_window(&block->binder->nodes, node,
                        (struct window_parts){.partition = rows->partition,
                                              .partition_n = rows->partition_n,
                                              .order = rows->order,
                                              .order_n = rows->order_n,
                                              .functions = functions,
                                              .functions_n = n,
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
    uint16_t last = (uint16_t)(number + rows->ties);
    struct type type = {TYPE_INT8, -1, NULL};
    struct expr *args[2 + LIMITS], *keeps;

    *node = numbered(block, *node, rows);
    args[0] = exprs_column(binder->arena, number, type, -1);
    args[1] = exprs_column(binder->arena, last, type, -1);
    for (uint32_t i = 0; i < LIMITS; i++)
        args[2 + i] = value_at(block, block->limits_at + i);
    keeps = bind_call(binder, FUNCTION_NAMED, "limit keeps", args, 2 + LIMITS, -1);
    if (keeps == NULL)
        return false;
    *node = nodes_filter(&binder->nodes, *node, keeps);
    drop_values(block);
    return true;
}
