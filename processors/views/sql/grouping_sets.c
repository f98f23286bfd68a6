/* GROUP BY: its expressions, and the sets of them that ROLLUP, CUBE and GROUPING SETS ask for. */
#include "sql/block.h"

enum { SETS_MAX = 4096, CUBE_MAX = 12 };

static const struct list NO_SETS;

static bool has_aggregate(const struct expr *expr)
{
    if (expr->kind == EXPR_COLUMN)
        return expr->column >= AGGREGATE_COLUMN && expr->column < ROWS_COLUMN;
    for (uint16_t i = 0; i < expr->args_n; i++)
        if (has_aggregate(expr->args[i]))
            return true;
    return false;
}

/* Puts the expression's place among the groups into the set. */
static bool add_group(struct block *block, struct expr *expr, int location, struct column_set *set)
{
    struct binder *binder = block->binder;
    uint32_t place = 0;

    expr = bind_decided(binder, expr);
    if (expr == NULL)
        return false;
    if (has_aggregate(expr))
        return ast_refuse(&binder->ast, location, "aggregates are not allowed in GROUP BY");
    if (!bind_comparable(binder, expr, "GROUP BY"))
        return false;
    while (place < block->groups.n && !expr_same(expr, block->groups.at[place]))
        place++;
    if (place == block->groups.n)
        list_add(&block->groups, binder->arena, expr);
    if (place >= COLUMNS_MAX)
        return ast_refuse(&binder->ast, location, "GROUP BY has more than %d columns", COLUMNS_MAX);
    column_set_add(set, place);
    return true;
}

/* One that is written. */
static bool add_expr(struct block *block, const PgQuery__Node *node, struct column_set *set)
{
    struct list exprs = {0};

    if (!clauses_group_item(block, node, &exprs))
        return false;
    for (uint32_t i = 0; i < exprs.n; i++)
        if (!add_group(block, exprs.at[i], ast_location(node), set))
            return false;
    return true;
}

/* An expression, or several in parentheses, as one set. */
static struct column_set *simple_set(struct block *block, const PgQuery__Node *node)
{
    struct column_set *set = arena_zalloc(block->binder->arena, sizeof(*set));

    if (node->node_case != PG_QUERY__NODE__NODE_ROW_EXPR)
        return add_expr(block, node, set) ? set : NULL;
    for (size_t i = 0; i < node->row_expr->n_args; i++)
        if (!add_expr(block, node->row_expr->args[i], set))
            return NULL;
    return set;
}

static bool add_set(struct block *block, struct list *sets, const struct column_set *set,
                    int location)
{
    struct column_set *copy = arena_alloc(block->binder->arena, sizeof(*copy));

    if (sets->n >= SETS_MAX)
        return ast_refuse(&block->binder->ast, location,
                          "too many grouping sets present (maximum %d)", SETS_MAX);
    *copy = *set;
    list_add(sets, block->binder->arena, copy);
    return true;
}

static bool item_sets(struct block *block, const PgQuery__Node *node, struct list *sets);

/* The single sets in the parentheses of ROLLUP and CUBE. */
static bool parts_of(struct block *block, const PgQuery__GroupingSet *node, struct list *parts)
{
    for (size_t i = 0; i < node->n_content; i++) {
        struct column_set *set = simple_set(block, node->content[i]);

        if (set == NULL)
            return false;
        list_add(parts, block->binder->arena, set);
    }
    return true;
}

/* All parts, then one less from the end, down to none. */
static bool rollup_sets(struct block *block, const PgQuery__GroupingSet *node, struct list *sets)
{
    struct list parts = {0};

    if (!parts_of(block, node, &parts))
        return false;
    for (uint32_t n = parts.n + 1; n-- > 0;) {
        struct column_set set = {0};

        for (uint32_t i = 0; i < n; i++)
            column_set_join(&set, parts.at[i]);
        if (!add_set(block, sets, &set, node->location))
            return false;
    }
    return true;
}

/* Every subset. */
static bool cube_sets(struct block *block, const PgQuery__GroupingSet *node, struct list *sets)
{
    struct list parts = {0};

    if (!parts_of(block, node, &parts))
        return false;
    if (parts.n > CUBE_MAX)
        return ast_refuse(&block->binder->ast, node->location, "CUBE is limited to %d elements",
                          CUBE_MAX);
    for (uint32_t chosen = 1U << parts.n; chosen-- > 0;) {
        struct column_set set = {0};

        for (uint32_t i = 0; i < parts.n; i++)
            if ((chosen >> (parts.n - 1 - i) & 1U) != 0)
                column_set_join(&set, parts.at[i]);
        if (!add_set(block, sets, &set, node->location))
            return false;
    }
    return true;
}

static bool grouping_set(struct block *block, const PgQuery__GroupingSet *node, struct list *sets)
{
    struct column_set empty = {0};

    switch (node->kind) {
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_EMPTY:
        return add_set(block, sets, &empty, node->location);
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_ROLLUP:
        return rollup_sets(block, node, sets);
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_CUBE:
        return cube_sets(block, node, sets);
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_SETS:
        for (size_t i = 0; i < node->n_content; i++)
            if (!item_sets(block, node->content[i], sets))
                return false;
        return true;
    default:
        return ast_refuse(&block->binder->ast, node->location, "this GROUP BY is not known");
    }
}

/* One item of GROUP BY. */
static bool item_sets(struct block *block, const PgQuery__Node *node, struct list *sets)
{
    const struct column_set *set;

    if (node->node_case == PG_QUERY__NODE__NODE_GROUPING_SET)
        return grouping_set(block, node->grouping_set, sets);
    set = simple_set(block, node);
    return set != NULL && add_set(block, sets, set, ast_location(node));
}

/* Every set of one with every set of the other. */
static bool cross(struct block *block, const struct list *a, const struct list *b, int location,
                  struct list *ret)
{
    struct list made = NO_SETS;

    for (uint32_t i = 0; i < a->n; i++) {
        for (uint32_t j = 0; j < b->n; j++) {
            struct column_set set = *(const struct column_set *)a->at[i];

            column_set_join(&set, b->at[j]);
            if (!add_set(block, &made, &set, location))
                return false;
        }
    }
    *ret = made;
    return true;
}

/* GROUP BY DISTINCT: each set once. */
static void drop_repeated(struct list *sets)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < sets->n; i++) {
        bool is_new = true;

        for (uint32_t j = 0; j < n; j++)
            is_new = is_new && !column_set_same(sets->at[i], sets->at[j]);
        if (is_new)
            sets->at[n++] = sets->at[i];
    }
    sets->n = n;
}

bool clauses_have_sets(const PgQuery__SelectStmt *select)
{
    for (size_t i = 0; i < select->n_group_clause; i++)
        if (select->group_clause[i]->node_case == PG_QUERY__NODE__NODE_GROUPING_SET)
            return true;
    return false;
}

bool clauses_group(struct block *block)
{
    const PgQuery__SelectStmt *select = block->select;
    struct column_set none = {0};
    bool has_sets = clauses_have_sets(select);

    if (!add_set(block, &block->sets, &none, -1))
        return false;
    for (size_t i = 0; i < select->n_group_clause; i++) {
        const PgQuery__Node *node = select->group_clause[i];
        struct list sets = NO_SETS;

        if (!item_sets(block, node, &sets) ||
            !cross(block, &block->sets, &sets, ast_location(node), &block->sets))
            return false;
    }
    if (select->group_distinct)
        drop_repeated(&block->sets);
    if (has_sets && block->groups_row)
        return ast_refuse(&block->binder->ast, ast_location(select->group_clause[0]),
                          "a whole row in ROLLUP, CUBE or GROUPING SETS is not supported; name its "
                          "columns");
    if (!has_sets)
        block->sets = NO_SETS;
    block->written_n = block->groups.n;
    return rows_settle(block);
}
