/* USING and NATURAL: the columns that two sides of a join share become one. */
#include "sql/from.h"

/* The one visible name of an item; false after a refusal. */
static bool find_visible(struct binder *binder, const struct item *item, const char *column,
                         int location, uint32_t *ret)
{
    bool found = false;

    for (uint32_t i = 0; i < item->visible.n; i++) {
        if (strcmp(((const struct name *)item->visible.at[i])->column, column) != 0)
            continue;
        if (found)
            return ast_refuse(&binder->ast, location, "column \"%s\" of USING is ambiguous",
                              column);
        found = true;
        *ret = i;
    }
    if (!found)
        return ast_refuse(&binder->ast, location,
                          "column \"%s\" of USING is missing on one side of the join", column);
    return true;
}

/* Either of the two, of a FULL join: the one that is not NULL. */
static struct expr *either(struct binder *binder, struct expr *const *pair, struct type type,
                           int location)
{
    struct expr *expr = exprs_new(binder->arena, EXPR_COALESCE, type.id, 2, location);

    expr->type = type;
    expr->args[0] = pair[0];
    expr->args[1] = pair[1];
    return expr;
}

/* One USING column: its condition; and the column it becomes, the right one for a RIGHT join, else
 * the left one, but in an inner join the one that needs no cast. */
static struct name *merge_column(struct binder *binder, const PgQuery__JoinExpr *node,
                                 const struct name *left, const struct name *right,
                                 struct list *conditions)
{
    int location = ast_location(node->rarg);
    struct expr *args[] = {left->expr, right->expr};
    struct expr *pair[] = {left->expr, right->expr};
    struct name *name = arena_alloc(binder->arena, sizeof(*name));
    struct expr *equality = bind_call(binder, FUNCTION_OPERATOR, "=", args, 2, location);
    bool take_right = node->jointype == PG_QUERY__JOIN_TYPE__JOIN_RIGHT;
    struct type type;

    if (equality == NULL || !bind_common(binder, pair, 2, "USING", &type))
        return NULL;
    list_add(conditions, binder->arena, equality);
    if (node->jointype == PG_QUERY__JOIN_TYPE__JOIN_INNER)
        take_right = left->expr != pair[0] && right->expr == pair[1];
    name->column = left->column;
    name->expr = node->jointype == PG_QUERY__JOIN_TYPE__JOIN_FULL
                     ? either(binder, pair, type, location)
                     : pair[take_right];
    return name;
}

static void add_unmerged(struct binder *binder, const struct list *visible, const bool *used,
                         struct list *out)
{
    for (uint32_t i = 0; i < visible->n; i++)
        if (!used[i])
            list_add(out, binder->arena, visible->at[i]);
}

static bool has_name(const struct item *item, const char *column)
{
    for (uint32_t i = 0; i < item->visible.n; i++)
        if (strcmp(((const struct name *)item->visible.at[i])->column, column) == 0)
            return true;
    return false;
}

/* The columns of USING; of NATURAL those that both sides have, in the left's order. */
static struct list using_columns(struct binder *binder, const PgQuery__JoinExpr *node,
                                 const struct item *left, const struct item *right)
{
    struct list columns = {0};

    for (size_t i = 0; i < node->n_using_clause; i++)
        list_add(&columns, binder->arena, ast_string(node->using_clause[i]));
    for (uint32_t i = 0; i < left->visible.n && node->is_natural; i++) {
        const struct name *name = left->visible.at[i];

        if (has_name(right, name->column))
            list_add(&columns, binder->arena, name->column);
    }
    return columns;
}

bool from_using(struct binder *binder, const PgQuery__JoinExpr *node, struct item *left,
                struct item *right, struct list *conditions, struct list *visible)
{
    bool *left_used = arena_zalloc(binder->arena, left->visible.n + 1);
    bool *right_used = arena_zalloc(binder->arena, right->visible.n + 1);
    struct list columns = using_columns(binder, node, left, right);

    for (uint32_t i = 0; i < columns.n; i++) {
        const char *column = columns.at[i];
        struct name *merged;
        uint32_t l = 0, r = 0;

        if (!find_visible(binder, left, column, right->location, &l) ||
            !find_visible(binder, right, column, right->location, &r))
            return false;
        assert(left->visible.at != NULL && right->visible.at != NULL);
        left_used[l] = right_used[r] = true;
        merged = merge_column(binder, node, left->visible.at[l], right->visible.at[r], conditions);
        if (merged == NULL)
            return false;
        list_add(visible, binder->arena, merged);
    }
    add_unmerged(binder, &left->visible, left_used, visible);
    add_unmerged(binder, &right->visible, right_used, visible);
    return true;
}
