/* Arguments by name: f(1, days => 2). */
#include "sql/calls.h"

/* A function's arguments as PostgreSQL names them, and what those not given are. */
struct named_args {
    const char *function, *names;
    uint16_t required;
    const char *defaults[FUNCTION_ARGS_MAX];
};

#define PATH_ARGS(function_)                                                                       \
    {                                                                                              \
        .function = (function_), .names = "target path vars silent", .required = 2, .defaults = {  \
            [2] = "{}",                                                                            \
            [3] = "false"                                                                          \
        }                                                                                          \
    }

static const struct named_args named[] = {
    {"make_date", "year month day", 3, {0}},
    {"make_time", "hour min sec", 3, {0}},
    {"make_timestamp", "year month mday hour min sec", 6, {0}},
    {"make_timestamptz", "year month mday hour min sec timezone", 6, {0}},
    {"make_interval",
     "years months weeks days hours mins secs",
     0,
     {"0", "0", "0", "0", "0", "0", "0"}},
    {"jsonb_set", "jsonb_in path replacement create_if_missing", 3, {[3] = "true"}},
    {"jsonb_set_lax",
     "jsonb_in path replacement create_if_missing null_value_treatment",
     3,
     {[3] = "true", [4] = "use_json_null"}},
    {"jsonb_insert", "jsonb_in path replacement insert_after", 3, {[3] = "false"}},
    PATH_ARGS("jsonb_path_exists"),
    PATH_ARGS("jsonb_path_exists_tz"),
    PATH_ARGS("jsonb_path_match"),
    PATH_ARGS("jsonb_path_match_tz"),
    PATH_ARGS("jsonb_path_query"),
    PATH_ARGS("jsonb_path_query_tz"),
    PATH_ARGS("jsonb_path_query_array"),
    PATH_ARGS("jsonb_path_query_array_tz"),
    PATH_ARGS("jsonb_path_query_first"),
    PATH_ARGS("jsonb_path_query_first_tz"),
};

static const struct named_args *named_of(const char *function)
{
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
        if (strcmp(named[i].function, function) == 0)
            return &named[i];
    return NULL;
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

bool bind_has_names(PgQuery__Node *const *nodes, size_t n)
{
    return n > 0 && nodes[n - 1]->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR;
}

static struct expr *default_of(struct binder *binder, const char *text, int location)
{
    struct expr *literal = exprs_new(binder->arena, EXPR_CONST, TYPE_UNKNOWN, 0, location);

    literal->constant.bytes = str_of(text);
    return literal;
}

/* Those that are not given, up to the last that is. */
static bool fill(struct scope *scope, const struct named_args *shape, struct expr **args,
                 uint16_t args_n, int location)
{
    for (uint16_t i = 0; i < args_n; i++) {
        if (args[i] != NULL)
            continue;
        if (shape->defaults[i] == NULL)
            return ast_refuse(&scope->binder->ast, location,
                              "%s is called without its argument %u of (%s)", shape->function,
                              i + 1U, shape->names);
        args[i] = default_of(scope->binder, shape->defaults[i], location);
    }
    return true;
}

/* Where the argument stands; -1: after a refusal. */
static int place_for(struct scope *scope, const struct named_args *shape, const char *function,
                     const PgQuery__Node *node, size_t i)
{
    int place = (int)i;

    if (shape == NULL) {
        ast_refuse(&scope->binder->ast, ast_location(node),
                   "%s is not known with arguments of these names", function);
        return -1;
    }
    if (node->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR)
        place = place_of(shape->names, node->named_arg_expr->name);
    if (place >= 0 && place < FUNCTION_ARGS_MAX)
        return place;
    ast_refuse(&scope->binder->ast, ast_location(node), "the arguments of %s are (%s)", function,
               shape->names);
    return -1;
}

bool bind_by_names(struct scope *scope, const char *function, PgQuery__Node *const *nodes, size_t n,
                   struct expr **args, uint16_t *ret_n)
{
    const struct named_args *shape = named_of(function);
    uint16_t args_n = shape == NULL ? 0 : shape->required;

    memset(args, 0, FUNCTION_ARGS_MAX * sizeof(struct expr *));
    for (size_t i = 0; i < n; i++) {
        bool by_name = nodes[i]->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR;
        int place = place_for(scope, shape, function, nodes[i], i);

        if (place < 0)
            return false;
        if (args[place] != NULL)
            return ast_refuse(&scope->binder->ast, ast_location(nodes[i]),
                              "an argument of %s is given twice", function);
        args[place] = bind_expr(scope, by_name ? nodes[i]->named_arg_expr->arg : nodes[i]);
        if (args[place] == NULL)
            return false;
        args_n = place >= args_n ? (uint16_t)(place + 1) : args_n;
    }
    assert(shape != NULL); /* one argument at least was looked up */
    *ret_n = args_n;
    return fill(scope, shape, args, args_n, ast_location(nodes[0]));
}
