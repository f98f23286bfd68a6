/*
 * A FULL JOIN with a LATERAL item that may name tables left of the whole join. Rows of neither side
 * are lost, whatever they are asked for, so it is bound as a block of its own, (SELECT ... FROM the
 * join), which names those tables as any subquery does; its tables keep their names.
 */
#include "sql/block.h"
#include "sql/from.h"

static bool has_lateral(const PgQuery__Node *node)
{
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_RANGE_SUBSELECT:
        return node->range_subselect->lateral;
    case PG_QUERY__NODE__NODE_RANGE_FUNCTION:
        return true;
    case PG_QUERY__NODE__NODE_JOIN_EXPR:
        return has_lateral(node->join_expr->larg) || has_lateral(node->join_expr->rarg);
    default:
        return false;
    }
}

bool from_full_is_apart(const struct from *from, const PgQuery__JoinExpr *node)
{
    return node->jointype == PG_QUERY__JOIN_TYPE__JOIN_FULL && from->tables.n > 0 &&
           (has_lateral(node->larg) || has_lateral(node->rarg));
}

static struct expr *copied(struct block *block, const struct expr *expr)
{
    struct expr *copy = arena_alloc(block->binder->arena, sizeof(*copy));

    *copy = *expr;
    return copy;
}

/* A column for each name of each table and whether it has a row, then for each name that is seen
 * without a table. */
static bool add_targets(struct block *block)
{
    struct site site = {.groups = {&block->from.group}, .groups_n = 1};
    struct scope scope = {.binder = block->binder, .from = &block->from, .site = &site};

    for (uint32_t i = 0; i < block->from.tables.n; i++) {
        struct table *table = block->from.tables.at[i];
        struct expr *present;

        for (uint16_t k = 0; k < table->n; k++)
            if (!block_add_target(block, table->names[k].column,
                                  copied(block, table->names[k].expr)))
                return false;
        if (!bind_presence(&scope, table, &present) || !block_add_target(block, "found", present))
            return false;
    }
    for (uint32_t i = 0; i < block->from.visible.n; i++) {
        const struct name *name = block->from.visible.at[i];

        if (!block_add_target(block, name->column, copied(block, name->expr)))
            return false;
    }
    block->visible_n = block->targets.n;
    return true;
}

/* The name as one of column `at` of the block around. */
static struct name moved(struct binder *binder, const struct from *from, const struct name *name,
                         uint16_t at)
{
    return (struct name){name->column, exprs_column(binder->arena, at, from->columns[at].type,
                                                    name->expr->location)};
}

/* The tables and names of the join, over the columns from `first` on. */
static void show(struct binder *binder, struct from *from, const struct from *inner, uint16_t first,
                 struct item *item)
{
    for (uint32_t i = 0; i < inner->tables.n; i++) {
        const struct table *table = inner->tables.at[i];
        struct table *copy = arena_alloc(binder->arena, sizeof(*copy));

        *copy = *table;
        copy->first = first;
        copy->optional = true;
        copy->names = arena_alloc(binder->arena, (table->n + 1U) * sizeof(struct name));
        for (uint16_t k = 0; k < table->n; k++)
            copy->names[k] = moved(binder, from, &table->names[k], first++);
        copy->marker = first++;
        list_add(&from->tables, binder->arena, copy);
    }
    item->visible = (struct list){0};
    for (uint32_t i = 0; i < inner->visible.n; i++) {
        struct name *name = arena_alloc(binder->arena, sizeof(*name));

        *name = moved(binder, from, inner->visible.at[i], first++);
        list_add(&item->visible, binder->arena, name);
    }
}

bool from_full_apart(struct binder *binder, struct from *from, PgQuery__Node *node,
                     const struct sight *sight, struct item *item)
{
    static const PgQuery__SelectStmt nothing = PG_QUERY__SELECT_STMT__INIT;
    struct from part = from_part(from, sight);
    struct scope scope = {.binder = binder, .from = &part, .clause = "FROM", .site = &sight->site};
    struct block block = {.binder = binder, .select = &nothing, .around = {.scope = &scope}};
    struct relation relation = {.source = -1, .view = -1};
    struct query query;
    uint16_t first;

    item->location = ast_location(node);
    if (!bind_from(binder, &node, 1, &scope, &block.from) || !add_targets(&block) ||
        !block_finish(&block, &query))
        return false;
    first = from->columns_n; /* the block may have named more of what is around this one */
    relation.node = query.node;
    relation.columns = query.columns;
    relation.columns_n = query.columns_n;
    if (!from_add_table(
            binder, from,
            memcpy(arena_alloc(binder->arena, sizeof(relation)), &relation, sizeof(relation)),
            (struct named){arena_printf(binder->arena, "full join %u", first), NULL}, item))
        return false;
    from->tables.n--;
    show(binder, from, &block.from, first, item);
    return from_add_correlations(binder, from, &query.correlations, first, item);
}
