/*
 * A group of joins planned at once, as one table of the block's row: what it holds can then stand in
 * that row twice, here and in another table.
 */
#include "sql/joins.h"
#include "sql/nested.h"
#include "sql/subquery.h"

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

/* The table's node with a column more, at the end of the block's row. */
static bool mark_table(struct binder *binder, struct from *from, struct member *member,
                       uint16_t *ret_marker)
{
    uint16_t *at = arena_alloc(binder->arena, (member->n + 1U) * sizeof(*at));

    if (from->columns_n == COLUMNS_MAX)
        return ast_refuse(&binder->ast, member->location, "FROM joins more than %d columns",
                          COLUMNS_MAX);
    memcpy(at, member->at, member->n * sizeof(*at));
    at[member->n++] = *ret_marker = from->columns_n;
    from->columns[from->columns_n++] = (struct column){"found", {TYPE_BOOL, -1, NULL}, true};
    member->at = at;
    member->node = subquery_marked(binder, member->node);
    return true;
}

bool joins_mark(struct binder *binder, struct from *from, struct group *group, uint16_t column,
                uint16_t *ret_marker)
{
    *ret_marker = 0;
    for (uint32_t i = 0; i < group->members.n && *ret_marker == 0; i++) {
        struct member *member = group->members.at[i];
        bool ok = true;

        if (!column_set_has(&member->columns, column))
            continue;
        if (member->kind == MEMBER_TABLE)
            ok = mark_table(binder, from, member, ret_marker);
        else
            ok = joins_mark(binder, from, member->left, column, ret_marker);
        if (ok && *ret_marker == 0 && member->kind == MEMBER_OUTER)
            ok = joins_mark(binder, from, member->right, column, ret_marker);
        if (!ok)
            return false;
        if (*ret_marker == 0)
            continue;
        column_set_add(&member->columns, *ret_marker);
        column_set_add(&group->columns, *ret_marker);
    }
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
