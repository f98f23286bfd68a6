#include "sql/block.h"

struct move {
    struct arena *arena;
    const int16_t *at;
};

int16_t *block_places(const struct block *block)
{
    size_t n = ROWS_COLUMN + (size_t)ROWS_COLUMNS * block->rows.n;
    int16_t *at = arena_alloc(block->binder->arena, n * sizeof(*at));

    for (size_t i = 0; i < n; i++)
        at[i] = (int16_t)i;
    return at;
}

static struct expr *move_one(void *to, struct expr *expr)
{
    const struct move *move = to;

    return exprs_move(move->arena, expr, move->at);
}

void block_move(struct block *block, const int16_t *at)
{
    struct move move = {block->binder->arena, at};

    for (uint32_t i = 0; i < block->targets.n; i++) {
        struct target *target = block->targets.at[i];

        target->expr = move_one(&move, target->expr);
    }
    for (uint32_t i = 0; i < block->sorts.n; i++) {
        struct sort *sort = block->sorts.at[i];

        sort->expr = move_one(&move, sort->expr);
    }
    for (uint32_t i = 0; i < block->windows.n; i++)
        (void)!window_map(block->windows.at[i], move_one, &move);
    (void)!beside_map(block, move_one, &move);
    (void)!rows_map(block, move_one, &move);
}

void block_settle(struct block *block, const int16_t *at)
{
    block_move(block, at);
    for (uint32_t i = 0; i < block->groups.n; i++)
        block->groups.at[i] = exprs_move(block->binder->arena, block->groups.at[i], at);
}

bool block_add_target(struct block *block, const char *name, struct expr *expr)
{
    struct target *target = arena_alloc(block->binder->arena, sizeof(*target));

    if (block->targets.n >= COLUMNS_MAX)
        return ast_refuse(&block->binder->ast, expr->location, "more than %d columns are selected",
                          COLUMNS_MAX);
    *target = (struct target){.name = name, .expr = expr};
    list_add(&block->targets, block->binder->arena, target);
    return true;
}

struct site block_site(struct block *block)
{
    return (struct site){.groups = {&block->from.group},
                         .groups_n = 1,
                         .beside = &block->beside,
                         .block = block,
                         .beside_columns_n = &block->beside_columns_n};
}
