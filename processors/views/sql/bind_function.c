#include "sql/bind.h"
#include "sql/calls.h"
#include "sql/whole_row.h"

/* What changes by itself: no view over it can be kept equal to PostgreSQL's answer. */
static const char *const volatile_names[] = {"random",          "clock_timestamp", "timeofday",
                                             "gen_random_uuid", "nextval",         "currval",
                                             "current_setting", "txid_current",    "pg_sleep"};

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

struct expr *bind_function(struct scope *scope, const PgQuery__FuncCall *node)
{
    const char *name;
    struct expr **args;
    uint16_t args_n = 0;

    if (!ast_only(&scope->binder->ast, node,
                  "funcname args agg_order agg_filter agg_within_group agg_star agg_distinct "
                  "over funcformat func_variadic"))
        return NULL;
    name = function_name(scope, node);
    if (name == NULL)
        return NULL;
    if (node->func_variadic)
        return bind_variadic(scope, node, name);
    if (bind_is_clock(node, name))
        return bind_clock(scope, node, name);
    if (node->over != NULL)
        return bind_window(scope, node, name);
    if (bind_is_rows_function(name))
        return bind_rows_call(scope, node, name);
    if (bind_is_hypothetical(node, name))
        return bind_hypothetical(scope, node, name);
    if (bind_is_window_function(name)) {
        ast_refuse(&scope->binder->ast, node->location,
                   "window function %s requires an OVER clause", name);
        return NULL;
    }
    if (bind_is_aggregate(name))
        return bind_aggregate(scope, node, name);
    if (node->n_agg_order > 0 || node->agg_filter != NULL || node->agg_within_group ||
        node->agg_distinct) {
        ast_refuse(&scope->binder->ast, node->location, "%s is not an aggregate function", name);
        return NULL;
    }
    if (node->agg_star || node->n_args > CALL_ARGS_MAX) {
        ast_refuse(&scope->binder->ast, node->location, "%s is not known with these arguments",
                   name);
        return NULL;
    }
    if (bind_has_names(node->args, node->n_args)) {
        args = arena_alloc(scope->binder->arena, FUNCTION_ARGS_MAX * sizeof(struct expr *));
        return bind_by_names(scope, name, node->args, node->n_args, args, &args_n)
                   ? bind_call(scope->binder, FUNCTION_NAMED, name, args, args_n, node->location)
                   : NULL;
    }
    args = arena_alloc(scope->binder->arena, (node->n_args + 1) * sizeof(struct expr *));
    for (size_t i = 0; i < node->n_args; i++) {
        if (!bind_row_argument(scope, node, node->args[i], name, &args[i]))
            return NULL;
        if (args[i] != NULL && strcmp(name, "row_to_json") == 0)
            return args[i];
        if (args[i] == NULL && (args[i] = bind_expr(scope, node->args[i])) == NULL)
            return NULL;
    }
    return bind_call(scope->binder, FUNCTION_NAMED, name, args, (uint16_t)node->n_args,
                     node->location);
}
