#include "sql/bind.h"

/* What changes by itself: no view over it can be kept equal to PostgreSQL's answer. */
static const char *const volatile_names[] = {"now",
                                             "random",
                                             "clock_timestamp",
                                             "statement_timestamp",
                                             "transaction_timestamp",
                                             "timeofday",
                                             "gen_random_uuid",
                                             "nextval",
                                             "currval",
                                             "current_setting",
                                             "txid_current",
                                             "pg_sleep"};

/* The function's name without pg_catalog; NULL after a refusal. */
static const char *function_name(struct scope *scope, const PgQuery__FuncCall *node)
{
    struct ast *ast = &scope->binder->ast;
    const char *schema = node->n_funcname == 2 ? ast_string(node->funcname[0]) : NULL;
    const char *name = ast_string(node->funcname[node->n_funcname - 1]);

    if (node->n_funcname > 2 || (schema != NULL && strcmp(schema, "pg_catalog") != 0)) {
        ast_refuse(ast, node->location, "functions of other schemas are not supported");
        return NULL;
    }
    for (size_t i = 0; i < sizeof(volatile_names) / sizeof(volatile_names[0]); i++) {
        if (strcmp(volatile_names[i], name) == 0) {
            ast_refuse(ast, node->location,
                       "%s() changes by itself, a view can't be kept equal to it; use a column of "
                       "the source",
                       name);
            return NULL;
        }
    }
    return name;
}

static bool is_aggregate(const char *name)
{
    for (const struct aggregate *at = aggregate_table; at->name != NULL; at++)
        if (strcmp(at->name, name) == 0)
            return true;
    return false;
}

/* The number of the call among the block's aggregates; the same call twice is one. */
static uint16_t add_call(struct scope *scope, const struct aggregate *aggregate, struct expr *arg)
{
    struct list *calls = scope->aggregates;
    struct aggregate_call *call;

    for (uint32_t i = 0; i < calls->n; i++) {
        call = calls->at[i];
        if (call->aggregate == aggregate && (call->arg == NULL) == (arg == NULL) &&
            (arg == NULL || expr_same(call->arg, arg)))
            return (uint16_t)i;
    }
    call = arena_zalloc(scope->binder->arena, sizeof(*call));
    call->aggregate = aggregate;
    call->arg = arg;
    list_add(calls, scope->binder->arena, call);
    return (uint16_t)(calls->n - 1);
}

/* The argument of an aggregate, cast to what it takes. */
static bool bind_aggregate_arg(struct scope *scope, const PgQuery__FuncCall *node, const char *name,
                               const struct aggregate **ret_aggregate, struct expr **ret_arg)
{
    struct scope inner = *scope;
    const struct aggregate *aggregate;
    struct expr *arg;

    inner.in_aggregate = true;
    if (node->n_args != 1)
        return ast_refuse(&scope->binder->ast, node->location, "%s takes one argument", name);
    arg = bind_decided(scope->binder, bind_expr(&inner, node->args[0]));
    if (arg == NULL)
        return false;
    aggregate = aggregate_resolve(str_of(name), arg->type.id);
    if (aggregate == NULL)
        return ast_refuse(&scope->binder->ast, node->location,
                          "aggregate %s(%s) is not known; sluice-views --functions lists what "
                          "there is",
                          name, type_name(arg->type.id));
    if (aggregate->arg != 0 && aggregate->arg != TYPE_UNKNOWN)
        arg = bind_coerce(scope->binder, arg, (struct type){aggregate->arg, -1}, CAST_IMPLICIT,
                          "argument");
    *ret_aggregate = aggregate;
    *ret_arg = arg;
    return arg != NULL;
}

static struct expr *bind_aggregate(struct scope *scope, const PgQuery__FuncCall *node,
                                   const char *name)
{
    const struct aggregate *aggregate = NULL;
    struct expr *arg = NULL;
    struct type type = {.typmod = -1};
    uint16_t index;

    if (scope->in_aggregate) {
        ast_refuse(&scope->binder->ast, node->location,
                   "aggregates can't be nested; write a subquery in FROM");
        return NULL;
    }
    if (scope->aggregates == NULL) {
        ast_refuse(&scope->binder->ast, node->location, "aggregates are not allowed in %s",
                   scope->clause);
        return NULL;
    }
    if (node->agg_star)
        aggregate = aggregate_resolve(str_of(name), 0);
    else if (!bind_aggregate_arg(scope, node, name, &aggregate, &arg))
        return NULL;
    if (aggregate == NULL) {
        ast_refuse(&scope->binder->ast, node->location, "%s(*) is not known", name);
        return NULL;
    }
    index = add_call(scope, aggregate, arg);
    type.id = aggregate->result;
    return exprs_column(scope->binder->arena, (uint16_t)(AGGREGATE_COLUMN + index), type,
                        node->location);
}

/* The place of the name in a list separated by blanks; -1: none. */
static int place_of(const char *names, const char *name)
{
    size_t len = strlen(name);
    int place = 0;

    for (const char *at = names; *at != '\0'; place++) {
        size_t n = strcspn(at, " ");

        if (n == len && strncmp(at, name, n) == 0)
            return place;
        at += n + (at[n] == ' ');
    }
    return -1;
}

/* f(1, days => 2): what is not given is 0. */
static struct expr *bind_by_names(struct scope *scope, const PgQuery__FuncCall *node,
                                  const char *name)
{
    const struct function *function = function_by_names(str_of(name));
    struct expr *args[FUNCTION_ARGS_MAX] = {0};
    uint16_t n = 0;

    for (size_t i = 0; i < node->n_args; i++) {
        const PgQuery__Node *arg = node->args[i];
        bool named = arg->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR;
        int place = !named             ? (int)i
                    : function == NULL ? -1
                                       : place_of(function->names, arg->named_arg_expr->name);

        if (function == NULL || place < 0 || place >= FUNCTION_ARGS_MAX || args[place] != NULL) {
            ast_refuse(&scope->binder->ast, ast_location(arg),
                       "%s is not known with arguments of these names", name);
            return NULL;
        }
        args[place] = bind_expr(scope, named ? arg->named_arg_expr->arg : arg);
        if (args[place] == NULL)
            return NULL;
    }
    for (; n < FUNCTION_ARGS_MAX && function->args[n] != 0; n++) {
        if (args[n] != NULL)
            continue;
        args[n] = exprs_new(scope->binder->arena, EXPR_CONST, TYPE_INT4, 0, node->location);
    }
    return bind_call(scope->binder, FUNCTION_NAMED, name, args, n, node->location);
}

struct expr *bind_function(struct scope *scope, const PgQuery__FuncCall *node)
{
    const char *name;
    struct expr **args;

    if (!ast_only(&scope->binder->ast, node, "funcname args agg_star funcformat"))
        return NULL;
    name = function_name(scope, node);
    if (name == NULL)
        return NULL;
    if (is_aggregate(name))
        return bind_aggregate(scope, node, name);
    if (node->agg_star || node->n_args > CALL_ARGS_MAX) {
        ast_refuse(&scope->binder->ast, node->location, "%s is not known with these arguments",
                   name);
        return NULL;
    }
    if (node->n_args > 0 &&
        node->args[node->n_args - 1]->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR)
        return bind_by_names(scope, node, name);
    args = arena_alloc(scope->binder->arena, (node->n_args + 1) * sizeof(struct expr *));
    for (size_t i = 0; i < node->n_args; i++) {
        args[i] = bind_expr(scope, node->args[i]);
        if (args[i] == NULL)
            return NULL;
    }
    return bind_call(scope->binder, FUNCTION_NAMED, name, args, (uint16_t)node->n_args,
                     node->location);
}
