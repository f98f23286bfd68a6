/* f(x, VARIADIC array): the elements are the last arguments. A function of its own takes the array. */
#include "sql/calls.h"

/* Those that have one, "NAME spread". */
static const char *const spread[] = {"concat",
                                     "concat_ws",
                                     "format",
                                     "num_nulls",
                                     "num_nonnulls",
                                     "json_build_array",
                                     "jsonb_build_array",
                                     "json_build_object",
                                     "jsonb_build_object"};

/* What a path finds in a document, as the operators do. */
static const struct {
    const char *name, *symbol;
    enum type_id document;
} paths[] = {
    {"json_extract_path", "#>", TYPE_JSON},
    {"jsonb_extract_path", "#>", TYPE_JSONB},
    {"json_extract_path_text", "#>>", TYPE_JSON},
    {"jsonb_extract_path_text", "#>>", TYPE_JSONB},
};

/* NULL with *ret_done: refused. */
static struct expr *bind_path(struct binder *binder, const PgQuery__FuncCall *node,
                              const char *name, struct expr **args, bool *ret_done)
{
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct type type = {paths[i].document, -1, NULL};

        if (strcmp(paths[i].name, name) != 0 || node->n_args != 2)
            continue;
        *ret_done = true;
        args[0] = bind_coerce(binder, args[0], type, CAST_IMPLICIT, "argument");
        return args[0] == NULL
                   ? NULL
                   : bind_call(binder, FUNCTION_OPERATOR, paths[i].symbol, args, 2, node->location);
    }
    return NULL;
}

struct expr *bind_variadic(struct scope *scope, const PgQuery__FuncCall *node, const char *name)
{
    struct binder *binder = scope->binder;
    struct expr **args = arena_alloc(binder->arena, (node->n_args + 1) * sizeof(struct expr *));
    struct expr *found;
    bool done = false;

    for (size_t i = 0; i < node->n_args; i++)
        if ((args[i] = bind_expr(scope, node->args[i])) == NULL)
            return NULL;
    found = bind_path(binder, node, name, args, &done);
    if (done)
        return found;
    for (size_t i = 0; i < sizeof(spread) / sizeof(spread[0]); i++)
        if (strcmp(spread[i], name) == 0)
            return bind_call(binder, FUNCTION_NAMED, arena_printf(binder->arena, "%s spread", name),
                             args, (uint16_t)node->n_args, node->location);
    ast_refuse(&binder->ast, node->location,
               "%s is not known with VARIADIC and these arguments; write its arguments one by one",
               name);
    return NULL;
}
