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

    if (!ast_only(&scope->binder->ast, node,
                  "funcname args agg_order agg_filter agg_within_group agg_star agg_distinct "
                  "over funcformat"))
        return NULL;
    name = function_name(scope, node);
    if (name == NULL)
        return NULL;
    if (node->n_args == 0 && bind_is_now(name))
        return bind_now(scope->binder, arena_printf(scope->binder->arena, "%s()", name),
                        node->location);
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
    if (node->n_args > 0 &&
        node->args[node->n_args - 1]->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR)
        return bind_by_names(scope, node, name);
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
