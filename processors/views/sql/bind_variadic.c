/* f(x, VARIADIC array): the elements are the last arguments. Where another function says the same of
 * an array, that one is called. */
#include "sql/calls.h"

/* `before` arguments stand before the array. */
struct variadic {
    const char *name;
    size_t before;
    struct expr *(*bind)(struct binder *binder, struct expr **args, int location);
};

static struct expr *call(struct binder *binder, const char *name, struct expr *a, struct expr *b,
                         int location)
{
    struct expr **args = arena_alloc(binder->arena, 2 * sizeof(struct expr *));

    args[0] = a;
    args[1] = b;
    return a == NULL ? NULL
                     : bind_call(binder, FUNCTION_NAMED, name, args, b == NULL ? 1 : 2, location);
}

static struct expr *joined(struct binder *binder, struct expr **args, int location)
{
    struct type text = {TYPE_TEXT, -1, NULL};
    struct expr *nothing = exprs_new(binder->arena, EXPR_CONST, TYPE_TEXT, 0, location);

    nothing->type = text;
    nothing->constant.bytes = STR("");
    return call(binder, "array_to_string", args[0], nothing, location);
}

static struct expr *joined_by(struct binder *binder, struct expr **args, int location)
{
    return call(binder, "array_to_string", args[1], args[0], location);
}

static struct expr *element_null(struct binder *binder, const struct expr *array)
{
    return exprs_null(binder->arena, (struct type){type_element(array->type.id), -1, NULL},
                      array->location);
}

static struct expr *count_nulls(struct binder *binder, struct expr **args, int location)
{
    struct expr *places =
        call(binder, "array_positions", args[0], element_null(binder, args[0]), location);

    return call(binder, "cardinality", places, NULL, location);
}

static struct expr *count_others(struct binder *binder, struct expr **args, int location)
{
    struct expr *others =
        call(binder, "array_remove", args[0], element_null(binder, args[0]), location);

    return call(binder, "cardinality", others, NULL, location);
}

/* The value or text at a path of a document of the type. */
static struct expr *at_path(struct binder *binder, struct expr **args, enum type_id document,
                            const char *name, int location)
{
    struct type type = {document, -1, NULL};

    args[0] = bind_coerce(binder, args[0], type, CAST_IMPLICIT, "argument");
    return args[0] == NULL ? NULL : bind_call(binder, FUNCTION_OPERATOR, name, args, 2, location);
}

static struct expr *json_at(struct binder *binder, struct expr **args, int location)
{
    return at_path(binder, args, TYPE_JSON, "#>", location);
}

static struct expr *jsonb_at(struct binder *binder, struct expr **args, int location)
{
    return at_path(binder, args, TYPE_JSONB, "#>", location);
}

static struct expr *json_text_at(struct binder *binder, struct expr **args, int location)
{
    return at_path(binder, args, TYPE_JSON, "#>>", location);
}

static struct expr *jsonb_text_at(struct binder *binder, struct expr **args, int location)
{
    return at_path(binder, args, TYPE_JSONB, "#>>", location);
}

static struct expr *built(struct binder *binder, struct expr **args, int location)
{
    return call(binder, "to_jsonb", args[0], NULL, location);
}

static const struct variadic table[] = {
    {"concat", 0, joined},
    {"concat_ws", 1, joined_by},
    {"num_nulls", 0, count_nulls},
    {"num_nonnulls", 0, count_others},
    {"json_extract_path", 1, json_at},
    {"jsonb_extract_path", 1, jsonb_at},
    {"json_extract_path_text", 1, json_text_at},
    {"jsonb_extract_path_text", 1, jsonb_text_at},
    {"jsonb_build_array", 0, built},
};

struct expr *bind_variadic(struct scope *scope, const PgQuery__FuncCall *node, const char *name)
{
    struct expr **args =
        arena_alloc(scope->binder->arena, (node->n_args + 1) * sizeof(struct expr *));

    for (size_t i = 0; i < node->n_args; i++)
        if ((args[i] = bind_expr(scope, node->args[i])) == NULL)
            return NULL;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(table[i].name, name) == 0 && node->n_args == table[i].before + 1 &&
            type_is_array(args[node->n_args - 1]->type.id))
            return table[i].bind(scope->binder, args, node->location);
    ast_refuse(&scope->binder->ast, node->location,
               "%s is not known with VARIADIC and these arguments; write its arguments one by one",
               name);
    return NULL;
}
