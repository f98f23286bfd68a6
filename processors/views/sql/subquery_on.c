/*
 * A subquery in the ON of an outer join that names columns of both sides. Its answer is needed for
 * each pair of rows, before it is known which pairs are joined: it is made for each combination of
 * values that pairs may have, which the conditions of ON that are bound already narrow, and stands
 * beside the rows that may be missing. Each pair finds its answer by ON, exactly one.
 *
 * Of a FULL JOIN both sides may be missing: it is that of the rows which a LEFT JOIN by this ON
 * gives, with the right side again, by what tells the right side's rows apart.
 */
#include "sql/joins.h"
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
    struct column_set all = {0};
    struct list on = {0};
    struct placed whole;

    if (n + rows->columns_n > COLUMNS_MAX)
        return ast_refuse(&binder->ast, -1, "subqueries make more than %d columns", COLUMNS_MAX);
    add_columns(&from, values);
    add_columns(&from, rows);
    if (!equal_to_domain(binder, &from, n, correlations, &on))
        return false;
    joins_attach(binder, &from.group, joins_leaf(binder, node, n, rows->columns_n, -1), on, -1);
    for (uint16_t i = 0; i < from.columns_n; i++)
        column_set_add(&all, i);
    if (!joins_place(binder, &from, from.group, &all, &whole))
        return false;
    *ret_node = whole.node;
    return true;
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
    for (uint16_t i = 0; i < shape->columns_n && scope->site->full != NULL; i++)
        column_set_add(&scope->site->full->answers, (uint32_t)(first + i));
    *ret_first = (uint16_t)(first + exprs->n);
    return true;
}

/* ---- FULL JOIN ---- */

/* The node's columns behind those that have a place get one. */
static bool place_others(struct binder *binder, struct from *from, struct placed *placed)
{
    const struct schema *shape = &nodes_at(&binder->nodes, placed->node)->schema;

    if (from->columns_n + shape->columns_n - placed->n > COLUMNS_MAX)
        return ast_refuse(&binder->ast, -1, "FROM joins more than %d columns", COLUMNS_MAX);
    for (; placed->n < shape->columns_n; placed->n++) {
        placed->at[placed->n] = from->columns_n;
        from->columns[from->columns_n++] = shape->columns[placed->n];
    }
    return true;
}

/* The right side as a node with a key, and TRUE as its last column. */
static bool settle_right(struct scope *scope)
{
    struct binder *binder = scope->binder;
    struct from *from = scope->from->block;
    struct placed *right = &scope->site->full->right;
    struct group **group = scope->site->optional;

    if (right->n > 0)
        return true;
    if (!joins_place(binder, from, *group, &(*group)->columns, right))
        return false;
    if (!nodes_at(&binder->nodes, right->node)->has_key)
        right->node = nodes_ordinal(&binder->nodes, right->node);
    right->node = subquery_marked(binder, right->node);
    if (!place_others(binder, from, right))
        return false;
    *group = joins_table(binder, right->node, right->at, right->n, -1);
    return true;
}

/* What PostgreSQL asks of ON: an equality between both sides, subqueries over both apart. */
static bool has_equality(const struct list *on, const struct group *left, const struct group *right,
                         const struct column_set *answers)
{
    for (uint32_t i = 0; i < on->n; i++) {
        const struct expr *condition = on->at[i];
        struct column_set sides[2] = {0};

        if (!exprs_is_equality(condition))
            continue;
        for (int k = 0; k < 2; k++)
            exprs_columns(condition->args[k], &sides[k]);
        if (column_set_empty(&sides[0]) || column_set_empty(&sides[1]) ||
            column_set_meets(&sides[0], answers) || column_set_meets(&sides[1], answers))
            continue;
        if ((joins_covers(left, &sides[0]) && joins_covers(right, &sides[1])) ||
            (joins_covers(left, &sides[1]) && joins_covers(right, &sides[0])))
            return true;
    }
    return false;
}

/* What tells the right side's rows apart: its key, and that there is one. */
static struct column_set identity(struct binder *binder, const struct placed *right)
{
    const struct schema *shape = &nodes_at(&binder->nodes, right->node)->schema;
    struct column_set set = {0};

    for (uint16_t i = 0; i < shape->key_n; i++)
        column_set_add(&set, right->at[shape->key[i]]);
    column_set_add(&set, right->at[right->n - 1]);
    return set;
}

/* The joined rows as a table; those whose ON names the query around, for all of its values. */
static bool join_apart(struct binder *binder, struct from *from, const struct column_set *key,
                       struct group **group, int16_t *at)
{
    struct column_set params = outer_columns(from), moved = *key;
    struct list own = {0}, conditions = {0};
    struct group *domain = NULL;
    const struct member *member;

    if (!joins_read(*group, &params, true))
        return joins_apart(binder, from, group, key, at);
    if (!domain_of_params(binder, from, -1, &own, &domain) ||
        !domain_place(binder, from, *group, joins_copy(binder, domain)))
        return false;
    column_set_join(&moved, &domain->columns);
    if (!joins_apart(binder, from, group, &moved, at))
        return false;
    member = domain->members.at[0];
    for (uint16_t i = 0; i < member->n; i++) {
        const struct correlation correlation = {own.at[i], i, true};
        struct expr *equal = subquery_equality(
            binder, &correlation,
            exprs_column(binder->arena, (uint16_t)at[member->at[i]], correlation.outer->type, -1));

        if (equal == NULL)
            return false;
        list_add(&conditions, binder->arena, equal);
    }
    for (uint32_t i = 0; i < conditions.n; i++)
        joins_condition(binder, *group, conditions.at[i]);
    return true;
}

bool subquery_full(struct binder *binder, struct from *from, const struct full *full,
                   struct sides *sides, int location)
{
    const struct placed *right = &full->right;
    struct column_set key;
    struct group *joined;
    struct list on = {0};
    int16_t at[COLUMNS_MAX];

    if (right->n == 0)
        return true;
    if (!has_equality(sides->on, sides->left, sides->right, &full->answers))
        return ast_refuse(&binder->ast, ((const struct expr *)sides->on->at[0])->location,
                          "FULL JOIN is only supported with an equality between both sides in ON");
    key = identity(binder, right);
    joined = joins_outer(binder, PLAN_JOIN_LEFT, sides->left, sides->right, *sides->on, location);
    joined->columns = sides->left->columns;
    if (!join_apart(binder, from, &key, &joined, at) ||
        !joins_equal(binder, from, &key, NULL, at, &on))
        return false;
    sides->left = joined;
    sides->right = joins_table(binder, right->node, right->at, right->n, location);
    *sides->on = on;
    return true;
}

bool subquery_join_between(struct scope *scope, uint32_t node, const struct list *correlations,
                           uint16_t *ret_first)
{
    struct binder *binder = scope->binder;
    int location = ((const struct correlation *)correlations->at[0])->outer->location;
    struct list exprs = {0};
    uint32_t domain;

    if (scope->site->full != NULL && !settle_right(scope))
        return false;
    for (uint32_t i = 0; i < correlations->n; i++)
        list_add(&exprs, binder->arena, ((const struct correlation *)correlations->at[i])->outer);
    domain_add_forms(binder, &exprs);
    return domain_plan(scope, &exprs, location, &domain) &&
           answer(binder, domain, node, correlations, &node) &&
           place(scope, node, &exprs, ret_first);
}
