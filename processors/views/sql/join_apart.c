/*
 * A group of joins planned at once, as one table of the block's row: what it holds can then stand in
 * that row twice, here and in another table.
 */
#include "sql/joins.h"
#include "sql/nested.h"

bool joins_place(struct binder *binder, const struct from *from, struct group *group,
                 const struct column_set *set, struct placed *ret)
{
    struct expr **exprs =
        arena_alloc(binder->arena, (from->columns_n + 1U) * sizeof(struct expr *));
    const char **names = arena_alloc(binder->arena, (from->columns_n + 1U) * sizeof(*names));
    struct placed placed = {
        .at = arena_alloc(binder->arena, (from->columns_n + PLACED_MORE) * sizeof(*placed.at))};
    struct from part = *from;
    uint32_t node;
    int16_t *at;

    part.group = group;
    if (!joins_plan(binder, &part, set, &node, &at))
        return false;
    for (uint16_t i = 0; i < from->columns_n; i++) {
        if (!column_set_has(set, i))
            continue;
        exprs[placed.n] = exprs_column(binder->arena, (uint16_t)at[i], from->columns[i].type, -1);
        names[placed.n] = from->columns[i].name;
        placed.at[placed.n++] = i;
    }
    placed.node = nodes_project(&binder->nodes, node, exprs, names, placed.n);
    *ret = placed;
    return true;
}

bool joins_apart(struct binder *binder, struct from *from, struct group **group,
                 const struct column_set *moved, int16_t *ret_at)
{
    struct column_set columns = (*group)->columns;
    struct placed placed;

    column_set_join(&columns, moved);
    if (!joins_place(binder, from, *group, &columns, &placed))
        return false;
    for (int i = 0; i < COLUMNS_MAX; i++)
        ret_at[i] = (int16_t)i;
    for (uint16_t i = 0; i < placed.n; i++) {
        uint16_t old = placed.at[i];

        if (!column_set_has(moved, old))
            continue;
        if (from->columns_n == COLUMNS_MAX)
            return ast_refuse(&binder->ast, -1, "FROM joins more than %d columns", COLUMNS_MAX);
        placed.at[i] = from->columns_n;
        from->columns[from->columns_n++] =
            (struct column){from->columns[old].name, from->columns[old].type, false};
        ret_at[old] = (int16_t)placed.at[i];
    }
    *group = joins_table(binder, placed.node, placed.at, placed.n, -1);
    return true;
}

bool joins_equal(struct binder *binder, const struct from *from, const struct column_set *set,
                 const int16_t *a, const int16_t *b, struct list *out)
{
    for (uint16_t i = 0; i < from->columns_n; i++) {
        struct correlation correlation = {.null_safe = true};
        struct expr *equal;

        if (!column_set_has(set, i))
            continue;
        correlation.outer = exprs_column(binder->arena, (uint16_t)(a == NULL ? i : a[i]),
                                         from->columns[i].type, -1);
        equal = subquery_equality(
            binder, &correlation,
            exprs_column(binder->arena, (uint16_t)b[i], from->columns[i].type, -1));
        if (equal == NULL)
            return false;
        list_add(out, binder->arena, equal);
    }
    return true;
}
