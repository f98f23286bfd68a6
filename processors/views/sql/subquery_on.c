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

/* The columns of the group that are in the set, in the order of the block's row, as a node; their
 * places in that row, which have room for `more`. */
static bool plan_columns(struct binder *binder, const struct from *from, struct group *group,
                         const struct column_set *set, uint16_t more, struct placed *ret)
{
    struct expr **exprs =
        arena_alloc(binder->arena, (from->columns_n + 1U) * sizeof(struct expr *));
    const char **names = arena_alloc(binder->arena, (from->columns_n + 1U) * sizeof(*names));
    struct from part = *from;
    uint32_t node;
    int16_t *at;

    part.group = group;
    *ret = (struct placed){
        .at = arena_alloc(binder->arena, (from->columns_n + more + 1U) * sizeof(*ret->at))};
    if (!joins_plan(binder, &part, set, &node, &at))
        return false;
    for (uint16_t i = 0; i < from->columns_n; i++) {
        if (!column_set_has(set, i))
            continue;
        exprs[ret->n] = exprs_column(binder->arena, (uint16_t)at[i], from->columns[i].type, -1);
        names[ret->n] = from->columns[i].name;
        ret->at[ret->n++] = i;
    }
    ret->node = nodes_project(&binder->nodes, node, exprs, names, ret->n);
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
    if (!plan_columns(binder, &from, from.group, &all, 0, &whole))
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
    if (!plan_columns(binder, from, *group, &(*group)->columns, 3, right))
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

/* Gives the columns of the set new places; each equals what has the old one. */
static bool tell_apart(struct binder *binder, struct from *from, const struct column_set *set,
                       uint16_t found, struct placed *placed, struct list *ret_on)
{
    for (uint16_t i = 0; i < placed->n; i++) {
        uint16_t old = placed->at[i];
        struct correlation correlation = {.null_safe = old != found};
        struct type type = from->columns[old].type;
        struct expr *equal;

        if (!column_set_has(set, old))
            continue;
        if (from->columns_n == COLUMNS_MAX)
            return ast_refuse(&binder->ast, -1, "FROM joins more than %d columns", COLUMNS_MAX);
        placed->at[i] = from->columns_n;
        from->columns[from->columns_n++] = (struct column){from->columns[old].name, type, false};
        correlation.outer = exprs_column(binder->arena, placed->at[i], type, -1);
        equal = subquery_equality(binder, &correlation, exprs_column(binder->arena, old, type, -1));
        if (equal == NULL)
            return false;
        list_add(ret_on, binder->arena, equal);
    }
    return true;
}

bool subquery_full(struct binder *binder, struct from *from, const struct full *full,
                   struct sides *sides, int location)
{
    const struct placed *right = &full->right;
    struct column_set columns = sides->left->columns, key;
    struct placed joined;
    struct list on = {0};

    if (right->n == 0)
        return true;
    if (!has_equality(sides->on, sides->left, sides->right, &full->answers))
        return ast_refuse(&binder->ast, location,
                          "FULL JOIN is only supported with an equality between both sides in ON");
    key = identity(binder, right);
    column_set_join(&columns, &key);
    if (!plan_columns(
            binder, from,
            joins_outer(binder, PLAN_JOIN_LEFT, sides->left, sides->right, *sides->on, location),
            &columns, 0, &joined) ||
        !tell_apart(binder, from, &key, right->at[right->n - 1], &joined, &on))
        return false;
    sides->left = joins_table(binder, joined.node, joined.at, joined.n, location);
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
