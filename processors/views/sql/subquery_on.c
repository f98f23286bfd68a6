/*
 * A subquery in the ON of an outer join that names columns of both sides. Its answer is needed for
 * each pair of rows, before it is known which pairs are joined: it is made for each combination of
 * values that pairs may have, which the conditions of ON that are bound already narrow, and stands
 * beside the rows that may be missing. Each pair finds its answer by ON, exactly one.
 */
#include "sql/join_group.h"
#include "sql/subquery.h"

static void add_columns(struct from *from, const struct schema *schema)
{
    for (uint16_t i = 0; i < schema->columns_n; i++)
        from->columns[from->columns_n++] = schema->columns[i];
}

/* The correlations over the domain's columns instead of the query around. */
static bool equal_to_domain(struct binder *binder, const struct from *from, uint16_t first,
                            const struct list *correlations, struct list *ret)
{
    for (uint32_t i = 0; i < correlations->n; i++) {
        struct correlation copy = *(const struct correlation *)correlations->at[i];
        uint16_t column = (uint16_t)(first + copy.column);
        int location = copy.outer->location;
        struct expr *equal;

        copy.outer = exprs_column(binder->arena, (uint16_t)i, from->columns[i].type, location);
        equal = subquery_equality(
            binder, &copy,
            exprs_column(binder->arena, column, from->columns[column].type, location));
        if (equal == NULL)
            return false;
        list_add(ret, binder->arena, equal);
    }
    return true;
}

/* All columns of the group, in the order of the block's row. */
static bool plan_whole(struct binder *binder, const struct from *from, uint32_t *ret_node)
{
    struct expr **exprs =
        arena_alloc(binder->arena, (from->columns_n + 1U) * sizeof(struct expr *));
    const char **names = arena_alloc(binder->arena, (from->columns_n + 1U) * sizeof(*names));
    struct column_set need = {0};
    uint32_t node;
    int16_t *at;

    for (uint16_t i = 0; i < from->columns_n; i++)
        column_set_add(&need, i);
    if (!joins_plan(binder, from, &need, &node, &at))
        return false;
    for (uint16_t i = 0; i < from->columns_n; i++) {
        exprs[i] = exprs_column(binder->arena, (uint16_t)at[i], from->columns[i].type, -1);
        names[i] = from->columns[i].name;
    }
    *ret_node = nodes_project(&binder->nodes, node, exprs, names, from->columns_n);
    return true;
}

/* Each value of the domain with the subquery's row, NULLs where it has none. */
static bool answer(struct binder *binder, uint32_t domain, uint32_t node,
                   const struct list *correlations, uint32_t *ret_node)
{
    const struct schema *values = &nodes_at(&binder->nodes, domain)->schema;
    const struct schema *rows = &nodes_at(&binder->nodes, node)->schema;
    uint16_t n = values->columns_n;
    struct from from = {.columns = arena_zalloc(binder->arena, COLUMNS_MAX * sizeof(struct column)),
                        .group = joins_leaf(binder, domain, 0, n, -1),
                        .block = &from};
    struct list on = {0};

    if (n + rows->columns_n > COLUMNS_MAX)
        return ast_refuse(&binder->ast, -1, "subqueries make more than %d columns", COLUMNS_MAX);
    add_columns(&from, values);
    add_columns(&from, rows);
    if (!equal_to_domain(binder, &from, n, correlations, &on))
        return false;
    joins_attach(binder, &from.group, joins_leaf(binder, node, n, rows->columns_n, -1), on, -1);
    return plan_whole(binder, &from, ret_node);
}

/* The answers beside the rows that may be missing; what else they are found by comes to ON. */
static bool place(struct scope *scope, uint32_t node, const struct list *exprs, uint16_t *ret_first)
{
    struct binder *binder = scope->binder;
    struct from *from = scope->from->block;
    const struct schema *shape = &nodes_at(&binder->nodes, node)->schema;
    struct group **optional = scope->site->optional;
    uint16_t first = from->columns_n;

    if (first + shape->columns_n > COLUMNS_MAX)
        return ast_refuse(&binder->ast, -1, "FROM joins more than %d columns", COLUMNS_MAX);
    add_columns(from, shape);
    *optional =
        joins_inner(binder, *optional, joins_leaf(binder, node, first, shape->columns_n, -1));
    for (uint16_t i = 0; i < exprs->n; i++) {
        const struct correlation correlation = {exprs->at[i], i, true};
        struct expr *equal = subquery_equality(
            binder, &correlation,
            exprs_column(binder->arena, (uint16_t)(first + i), shape->columns[i].type, -1));
        struct column_set columns = {0};

        if (equal == NULL)
            return false;
        exprs_columns(equal, &columns);
        if (joins_covers(*optional, &columns))
            joins_condition(binder, *optional, equal);
        else
            list_add(scope->site->on, binder->arena, equal);
    }
    *ret_first = (uint16_t)(first + exprs->n);
    return true;
}

bool subquery_join_between(struct scope *scope, uint32_t node, const struct list *correlations,
                           uint16_t *ret_first)
{
    struct binder *binder = scope->binder;
    int location = ((const struct correlation *)correlations->at[0])->outer->location;
    struct list exprs = {0};
    uint32_t domain;

    if (scope->site->optional == NULL)
        return ast_refuse(&binder->ast, location,
                          "a subquery in ON that names columns of both sides of a FULL JOIN is not "
                          "supported; make it a column of one side in a subquery of FROM");
    for (uint32_t i = 0; i < correlations->n; i++)
        list_add(&exprs, binder->arena, ((const struct correlation *)correlations->at[i])->outer);
    domain_add_forms(binder, &exprs);
    return domain_plan(scope, &exprs, location, &domain) &&
           answer(binder, domain, node, correlations, &node) &&
           place(scope, node, &exprs, ret_first);
}
