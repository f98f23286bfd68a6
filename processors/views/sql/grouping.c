#include "sql/block.h"

enum { APART_INDEX, APART_VALUE, APART_ARGS };

static const char apart[] = "group apart";

struct expr *group_apart(struct arena *arena, struct expr *expr, int index)
{
    struct expr *number = exprs_new(arena, EXPR_CONST, TYPE_INT4, 0, expr->location);
    struct expr *args[APART_ARGS] = {number, expr}, *call;

    number->constant.slot = index;
    call = exprs_call(arena, function_named(apart), args, APART_ARGS, expr->location);
    call->type = expr->type;
    return call;
}

static bool is_apart(const struct expr *group)
{
    return group->kind == EXPR_CALL && strcmp(group->function->name, apart) == 0;
}

const struct expr *group_plain(const struct expr *group)
{
    return is_apart(group) ? group->args[APART_VALUE] : group;
}

/* The table of FROM that the block's column is of. */
static const struct table *table_of(const struct block *block, uint16_t column)
{
    for (uint32_t i = 0; i < block->from.tables.n; i++) {
        const struct table *table = block->from.tables.at[i];

        if (column >= table->first && column < table->first + table->n)
            return table;
    }
    return NULL;
}

/* Every grouping set has the group. */
static bool is_in_all_sets(const struct block *block, uint32_t group)
{
    for (uint32_t i = 0; i < block->sets.n; i++)
        if (!column_set_has(block->sets.at[i], group))
            return false;
    return true;
}

static bool is_grouped(const struct block *block, uint16_t column)
{
    for (uint32_t i = 0; i < block->written_n; i++) {
        const struct expr *group = group_plain(block->groups.at[i]);

        if (group->kind == EXPR_COLUMN && group->column == column && is_in_all_sets(block, i))
            return true;
    }
    return false;
}

/* The column's source has its whole primary key in GROUP BY: PostgreSQL then allows the column. */
static bool is_fixed_by_key(const struct block *block, uint16_t column)
{
    const struct table *table = table_of(block, column);
    const struct plan_source *source;

    if (table == NULL || table->relation->source < 0)
        return false;
    source = block->binder->nodes.sources.at[table->relation->source];
    for (uint16_t i = 0; i < source->schema.key_n; i++)
        if (!is_grouped(block, (uint16_t)(table->first + source->schema.key[i])))
            return false;
    return true;
}

static struct expr *group_column(struct block *block, uint32_t group, const struct expr *expr)
{
    return exprs_column(block->binder->arena, (uint16_t)group, expr->type, expr->location);
}

static struct expr *rewrite_column(struct block *block, struct expr *expr)
{
    if (expr->column >= AGGREGATE_COLUMN)
        return expr;
    if (is_fixed_by_key(block, expr->column)) {
        list_add(&block->groups, block->binder->arena, expr);
        for (uint32_t i = 0; i < block->sets.n; i++)
            column_set_add(block->sets.at[i], block->groups.n - 1);
        return group_column(block, block->groups.n - 1, expr);
    }
    ast_refuse(&block->binder->ast, expr->location,
               "column \"%s\" must be in GROUP BY or inside an aggregate",
               block->from.columns[expr->column].name);
    return NULL;
}

/* The group that the expression is, of several that tell it apart the first target's; -1: none. */
static int group_of(const struct block *block, const struct expr *expr)
{
    int64_t least = INT64_MAX;
    int found = -1;

    for (uint32_t i = 0; i < block->groups.n; i++) {
        const struct expr *group = block->groups.at[i];

        if (expr_same(expr, group))
            return (int)i;
        if (is_apart(group) && group->args[APART_INDEX]->constant.slot < least &&
            expr_same(expr, group->args[APART_VALUE])) {
            least = group->args[APART_INDEX]->constant.slot;
            found = (int)i;
        }
    }
    return found;
}

/* The expression over the grouped row: whole groups first, then parts. */
static struct expr *rewrite(struct block *block, struct expr *expr)
{
    int group = group_of(block, expr);
    struct expr *copy;

    if (group >= 0)
        return group_column(block, (uint32_t)group, expr);
    if (expr->kind == EXPR_COLUMN)
        return rewrite_column(block, expr);
    copy = exprs_new(block->binder->arena, expr->kind, expr->type.id, expr->args_n, expr->location);
    copy->type = expr->type;
    copy->constant = expr->constant;
    copy->function = expr->function;
    for (uint16_t i = 0; i < expr->args_n; i++) {
        copy->args[i] = rewrite(block, expr->args[i]);
        if (copy->args[i] == NULL)
            return NULL;
    }
    return copy;
}

static struct expr *rewrite_for(void *block, struct expr *expr)
{
    return rewrite(block, expr);
}

/* Windows, and what stands beside the rows, read the grouped row. */
static bool rewrite_windows(struct block *block)
{
    for (uint32_t i = 0; i < block->windows.n; i++)
        if (!window_map(block->windows.at[i], rewrite_for, block))
            return false;
    return beside_map(block, rewrite_for, block) && rows_map(block, rewrite_for, block);
}

/* Where the grouped row's columns end up, once all groups are known; other placeholders are placed later. */
static int16_t *final_places(const struct block *block)
{
    int16_t *at = block_places(block);

    for (size_t i = AGGREGATE_COLUMN; i < BESIDE_COLUMN; i++)
        at[i] = (int16_t)(block->groups.n + i - AGGREGATE_COLUMN);
    return at;
}

uint32_t group_written(const struct block *block, const struct expr *expr)
{
    uint32_t group = 0;

    while (group < block->written_n && !expr_same(group_plain(block->groups.at[group]), expr))
        group++;
    return group;
}

/* The arguments of grouping() are groups. */
static bool check_grouping(struct block *block)
{
    for (uint32_t i = 0; i < block->aggregates.n; i++) {
        const struct aggregate_call *call = block->aggregates.at[i];

        for (uint16_t j = 0; j < call->args_n && call->grouping; j++) {
            if (group_written(block, call->args[j]) == block->written_n)
                return ast_refuse(&block->binder->ast, call->location,
                                  "arguments to GROUPING must be grouping expressions of the "
                                  "associated query level");
        }
    }
    return true;
}

/* In several grouping sets what a hypothetical row is made of would differ from set to set. */
static bool check_direct(struct block *block)
{
    for (uint32_t i = 0; i < block->aggregates.n && block->sets.n > 1; i++) {
        const struct aggregate_call *call = block->aggregates.at[i];
        struct column_set columns = {0};

        for (uint16_t j = 0; j < call->direct_n; j++)
            exprs_columns(call->direct[j], &columns);
        if (!column_set_empty(&columns))
            return ast_refuse(&block->binder->ast, call->location,
                              "with several grouping sets the direct arguments must be constants");
    }
    return true;
}

/* PostgreSQL sorts by equal expressions once, though their columns differ where a set has but one. */
static bool check_apart(struct block *block)
{
    bool sorts = block->limited || block->distinct || block->distinct_on;

    for (uint32_t i = 0; i < block->groups.n && sorts; i++) {
        const struct expr *group = block->groups.at[i];

        if (is_apart(group))
            return ast_refuse(&block->binder->ast, group->location,
                              "a column grouped under two names can't be sorted by; write DISTINCT "
                              "or LIMIT around: SELECT ... FROM (SELECT ...) AS q");
    }
    return true;
}

bool grouping_rewrite(struct block *block)
{
    struct arena *arena = block->binder->arena;
    const int16_t *at;

    if (!check_grouping(block) || !check_direct(block) || !check_apart(block))
        return false;
    for (uint32_t i = 0; i < block->targets.n; i++) {
        struct target *target = block->targets.at[i];

        if ((target->expr = rewrite(block, target->expr)) == NULL)
            return false;
    }
    for (uint32_t i = 0; i < block->sorts.n; i++) {
        struct sort *sort = block->sorts.at[i];

        if ((sort->expr = rewrite(block, sort->expr)) == NULL)
            return false;
    }
    if (block->having != NULL && (block->having = rewrite(block, block->having)) == NULL)
        return false;
    if (!rewrite_windows(block))
        return false;
    if (block->groups.n + block->aggregates.n > COLUMNS_MAX)
        return ast_refuse(&block->binder->ast, -1, "a GROUP BY makes more than %d columns",
                          COLUMNS_MAX);
    at = final_places(block);
    block_move(block, at);
    if (block->having != NULL)
        block->having = exprs_move(arena, block->having, at);
    return true;
}
