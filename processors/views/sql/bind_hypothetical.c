/*
 * rank, dense_rank, percent_rank and cume_dist (x, ...) WITHIN GROUP (ORDER BY ...): the place that a
 * row would have. It is made of counts of the rows before it, which take rows back like any count:
 * rank(x) is count(*) FILTER (WHERE key < key of x) + 1, a key being bytes in the order asked for.
 */
#include "sql/calls.h"

static const char *const names[] = {"rank", "dense_rank", "percent_rank", "cume_dist"};

bool bind_is_hypothetical(const PgQuery__FuncCall *node, const char *name)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && node->agg_within_group; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* A call in the making: keys of the rows, and what stands for them in the hypothetical one. */
struct hypothetical {
    struct scope *scope;
    const PgQuery__FuncCall *node;
    struct expr **rows, **given; /* from 1 on; 0: the directions */
    struct expr *filter;         /* or NULL */
    uint16_t n;
};

static bool check_shape(struct hypothetical *call, const char *name)
{
    struct ast *ast = &call->scope->binder->ast;
    const PgQuery__FuncCall *node = call->node;

    if (node->agg_distinct || node->agg_star || node->func_variadic)
        return ast_refuse(ast, node->location, "%s takes neither DISTINCT, * nor VARIADIC", name);
    if (node->n_args != node->n_agg_order || node->n_args + 1 > CALL_ARGS_MAX)
        return ast_refuse(ast, node->location,
                          "%s takes as many arguments as there are ORDER BY values (here %zu and "
                          "%zu)",
                          name, node->n_args, node->n_agg_order);
    return true;
}

/* One argument, and the value of the rows that it is compared with, as values of one type. */
static bool bind_pair(struct hypothetical *call, size_t i, char *directions)
{
    struct binder *binder = call->scope->binder;
    const PgQuery__SortBy *by = call->node->agg_order[i]->sort_by;
    struct key_order order;
    struct expr *pair[2];
    struct type type;

    if (!bind_sort_order(binder, by, &order))
        return false;
    pair[0] = bind_expr(call->scope, by->node);
    pair[1] = pair[0] == NULL ? NULL : bind_expr(call->scope, call->node->args[i]);
    if (pair[1] == NULL || !bind_common(binder, pair, 2, "WITHIN GROUP", &type) ||
        !bind_comparable(binder, pair[0], "ORDER BY"))
        return false;
    call->rows[i + 1] = exprs_ordered(binder->arena, pair[0]);
    call->given[i + 1] = exprs_ordered(binder->arena, pair[1]);
    directions[2 * i] = order.descending ? 'd' : 'a';
    directions[2 * i + 1] = order.nulls_first ? 'f' : 'l';
    return true;
}

static bool bind_pairs(struct hypothetical *call)
{
    struct arena *arena = call->scope->binder->arena;
    size_t n = call->node->n_args;
    char *directions = arena_zalloc(arena, 2 * n + 1);
    struct expr *text = exprs_new(arena, EXPR_CONST, TYPE_TEXT, 0, call->node->location);

    call->rows = arena_alloc(arena, (n + 1) * sizeof(struct expr *));
    call->given = arena_alloc(arena, (n + 1) * sizeof(struct expr *));
    for (size_t i = 0; i < n; i++)
        if (!bind_pair(call, i, directions))
            return false;
    text->constant.bytes = str_of(directions);
    call->rows[0] = call->given[0] = text;
    call->n = (uint16_t)(n + 1);
    return true;
}

static struct expr *key_of(struct hypothetical *call, struct expr **values)
{
    return exprs_call(call->scope->binder->arena, function_named("order key"), values, call->n,
                      call->node->location);
}

/* The row comes before the hypothetical one, or "<=": not behind it; and FILTER takes it. */
static struct expr *before(struct hypothetical *call, const char *comparison)
{
    struct binder *binder = call->scope->binder;
    struct expr *keys[] = {key_of(call, call->rows), key_of(call, call->given)};
    struct expr *is_before =
        bind_call(binder, FUNCTION_OPERATOR, comparison, keys, 2, call->node->location);
    struct list both = {0};

    if (is_before == NULL || call->filter == NULL)
        return is_before;
    list_add(&both, binder->arena, call->filter);
    list_add(&both, binder->arena, is_before);
    return exprs_junction(binder->arena, EXPR_AND, &both, call->node->location);
}

/* The number of rows, or of different keys, where the filter is true. */
static struct expr *count(struct hypothetical *call, struct expr *filter, bool different)
{
    struct arena *arena = call->scope->binder->arena;
    struct aggregate_call made = {.filter = filter,
                                  .distinct = different,
                                  .args_n = different,
                                  .type = {TYPE_INT8, -1, NULL},
                                  .location = call->node->location,
                                  .direct = call->given + 1,
                                  .direct_n = (uint16_t)(call->n - 1)};

    made.args = arena_zalloc(arena, sizeof(struct expr *) * 2);
    if (different)
        made.args[0] = key_of(call, call->rows);
    made.aggregate = aggregate_resolve(STR("count"), different ? TYPE_BYTEA : 0);
    assert(made.aggregate != NULL);
    return exprs_column(arena,
                        (uint16_t)(AGGREGATE_COLUMN + bind_add_aggregate(call->scope, &made)),
                        made.type, call->node->location);
}

/* The place from the counts: (name, rows before, rows in all, arguments), which must be groups. */
static struct expr *place(struct hypothetical *call, const char *function, struct expr *rows,
                          struct expr *all)
{
    struct arena *arena = call->scope->binder->arena;
    struct expr **args = arena_alloc(arena, (call->n + 2U) * sizeof(struct expr *));

    args[0] = rows;
    args[1] = all;
    for (uint16_t i = 1; i < call->n; i++)
        args[i + 1] = call->given[i];
    return exprs_call(arena, function_named(function), args, (uint16_t)(call->n + 1),
                      call->node->location);
}

struct expr *bind_hypothetical(struct scope *scope, const PgQuery__FuncCall *node, const char *name)
{
    struct scope inner = *scope;
    struct hypothetical call = {.scope = &inner, .node = node};
    bool within = strcmp(name, "cume_dist") == 0, different = strcmp(name, "dense_rank") == 0;
    struct expr *is_before, *rows, *all;

    inner.in_aggregate = true;
    if (!bind_aggregate_may_stand(scope, node->location) || !check_shape(&call, name) ||
        !bind_pairs(&call))
        return NULL;
    if (node->agg_filter != NULL) {
        inner.clause = "FILTER";
        call.filter = bind_condition(&inner, node->agg_filter);
        if (call.filter == NULL)
            return NULL;
    }
    is_before = before(&call, within ? "<=" : "<");
    if (is_before == NULL)
        return NULL;
    rows = count(&call, is_before, different);
    all = within || strcmp(name, "percent_rank") == 0 ? count(&call, call.filter, false) : rows;
    return place(&call, arena_printf(scope->binder->arena, "hypothetical %s", name), rows, all);
}
