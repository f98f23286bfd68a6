/*
 * Functions of FROM with subqueries among their arguments: these become columns of a subquery that the functions read,
 *
 *   f(x, (SELECT ...)) AS g   is   LATERAL (SELECT g.* FROM (SELECT (SELECT ...) AS "argument 1")
 *                                   AS arguments, f(x, arguments."argument 1") AS g) AS g
 */
#include "sql/from.h"
#include "sql/make.h"

#define ARGUMENTS "arguments of functions"

/* The call with columns in the place of its subqueries, which are added to the targets. */
static PgQuery__Node *call_apart(struct arena *arena, PgQuery__Node *node, struct list *targets)
{
    PgQuery__FuncCall *call;

    if (node->node_case != PG_QUERY__NODE__NODE_FUNC_CALL)
        return node;
    call = arena_alloc(arena, sizeof(*call));
    *call = *node->func_call;
    call->args = arena_alloc(arena, (call->n_args + 1) * sizeof(void *));
    for (size_t i = 0; i < call->n_args; i++) {
        PgQuery__Node *arg = node->func_call->args[i];
        const char *name;

        call->args[i] = arg;
        if (!ast_has_subquery(arg))
            continue;
        name = arena_printf(arena, "argument %u", targets->n + 1);
        list_add(targets, arena, make_target(arena, arg, name));
        call->args[i] = make_column(arena, ARGUMENTS, name, ast_location(arg));
    }
    return make_node(arena, PG_QUERY__NODE__NODE_FUNC_CALL, call);
}

/* The item with all its calls so. */
static PgQuery__RangeFunction *item_apart(struct arena *arena, const PgQuery__RangeFunction *node,
                                          struct list *targets)
{
    PgQuery__RangeFunction *item = arena_alloc(arena, sizeof(*item));

    *item = *node;
    item->lateral = true;
    item->functions = arena_alloc(arena, item->n_functions * sizeof(void *));
    for (size_t i = 0; i < item->n_functions; i++) {
        PgQuery__List *parts = arena_alloc(arena, sizeof(*parts));

        *parts = *node->functions[i]->list;
        parts->items = arena_alloc(arena, parts->n_items * sizeof(void *));
        memcpy(parts->items, node->functions[i]->list->items, parts->n_items * sizeof(void *));
        parts->items[0] = call_apart(arena, parts->items[0], targets);
        item->functions[i] = make_node(arena, PG_QUERY__NODE__NODE_LIST, parts);
    }
    return item;
}

const PgQuery__RangeSubselect *from_function_subquery(struct binder *binder,
                                                      const PgQuery__RangeFunction *node)
{
    struct arena *arena = binder->arena;
    struct list arguments = {0}, items = {0}, none = {0};
    PgQuery__RangeFunction *function = item_apart(arena, node, &arguments);
    const char *alias = node->alias != NULL ? node->alias->aliasname : from_function_name(node);
    PgQuery__RangeSubselect *whole, *values;
    struct list targets = {0};

    values = make_subselect(arena, make_select(arena, &arguments, &none), ARGUMENTS);
    list_add(&items, arena, make_node(arena, PG_QUERY__NODE__NODE_RANGE_SUBSELECT, values));
    list_add(&items, arena, make_node(arena, PG_QUERY__NODE__NODE_RANGE_FUNCTION, function));
    list_add(&targets, arena,
             make_target(arena, make_column(arena, alias, NULL, ast_location(node)), NULL));
    whole = make_subselect(arena, make_select(arena, &targets, &items), alias);
    whole->lateral = true;
    return whole;
}
