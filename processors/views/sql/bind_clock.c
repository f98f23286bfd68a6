/*
 * now(), current_date and the like: constants of the moment that --as-of gives, so that a replay
 * gives the same rows. Without it they are refused.
 */
#include "sql/calls.h"

#include "record/text.h"

/* What changes by itself, and is the moment of --as-of or refused. */
static const char *const now_names[] = {"now", "transaction_timestamp", "statement_timestamp"};

bool bind_is_clock(const PgQuery__FuncCall *node, const char *name)
{
    if (node->n_args == 1)
        return strcmp(name, "age") == 0;
    for (size_t i = 0; i < sizeof(now_names) / sizeof(now_names[0]); i++)
        if (node->n_args == 0 && strcmp(now_names[i], name) == 0)
            return true;
    return false;
}

bool bind_as_of(struct binder *binder, const char *text, struct err *reterr)
{
    const struct type type = {.id = TYPE_TIMESTAMPTZ, .typmod = -1};

    binder->as_of = NULL;
    if (text == NULL)
        return true;
    binder->as_of = arena_zalloc(binder->arena, sizeof(*binder->as_of));
    if (!text_parse(type, str_of(text), binder->arena, binder->as_of, reterr))
        return err_stop(reterr, EX_USAGE,
                        "--as-of: \"%s\" is not a timestamp; write it as 2024-12-31 23:59:59+00",
                        text);
    return true;
}

static struct expr *bind_now(struct binder *binder, const char *name, int location)
{
    struct expr *expr = exprs_new(binder->arena, EXPR_CONST, TYPE_TIMESTAMPTZ, 0, location);

    if (binder->as_of == NULL) {
        ast_refuse(
            &binder->ast, location,
            "%s changes by itself, a view can't be kept equal to it; give the moment that it "
            "stands for with --as-of=TIMESTAMP, or use a column of the source",
            name);
        return NULL;
    }
    expr->constant = *binder->as_of;
    return expr;
}

/* age(moment): from the midnight of the day. */
static struct expr *bind_age(struct scope *scope, const PgQuery__FuncCall *node)
{
    struct binder *binder = scope->binder;
    struct expr *args[2];
    struct type type = {TYPE_DATE, -1, NULL};

    args[1] = bind_expr(scope, node->args[0]);
    args[0] = args[1] == NULL ? NULL : bind_now(binder, "age() from today", node->location);
    if (args[0] != NULL)
        args[0] = bind_coerce(binder, args[0], type, CAST_EXPLICIT, "today");
    type.id =
        args[1] != NULL && args[1]->type.id == TYPE_TIMESTAMP ? TYPE_TIMESTAMP : TYPE_TIMESTAMPTZ;
    if (args[0] != NULL)
        args[0] = bind_coerce(binder, args[0], type, CAST_EXPLICIT, "today");
    return args[0] == NULL ? NULL
                           : bind_call(binder, FUNCTION_NAMED, "age", args, 2, node->location);
}

struct expr *bind_clock(struct scope *scope, const PgQuery__FuncCall *node, const char *name)
{
    if (node->n_args == 1)
        return bind_age(scope, node);
    return bind_now(scope->binder, arena_printf(scope->binder->arena, "%s()", name),
                    node->location);
}

/* The name as it is written and the type it has; none: it depends on the session. */
static const char *sql_value(const PgQuery__SQLValueFunction *node, enum type_id *ret_type)
{
    switch (node->op) {
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_DATE:
        *ret_type = TYPE_DATE;
        return "current_date";
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME_N:
        *ret_type = TYPE_TIMETZ;
        return "current_time";
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP_N:
        *ret_type = TYPE_TIMESTAMPTZ;
        return "current_timestamp";
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME_N:
        *ret_type = TYPE_TIME;
        return "localtime";
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP_N:
        *ret_type = TYPE_TIMESTAMP;
        return "localtimestamp";
    default:
        return NULL;
    }
}

const char *bind_sql_value_name(const PgQuery__SQLValueFunction *node)
{
    enum type_id type;

    return sql_value(node, &type);
}

struct expr *bind_sql_value(struct binder *binder, const PgQuery__SQLValueFunction *node)
{
    enum type_id id = TYPE_TIMESTAMPTZ;
    const char *name = sql_value(node, &id);
    const struct type type = {.id = id, .typmod = node->typmod};
    struct expr *now;

    if (name == NULL) {
        ast_refuse(&binder->ast, node->location,
                   "the result depends on the session, a view can't be kept equal to it");
        return NULL;
    }
    now = bind_now(binder, name, node->location);
    return now == NULL ? NULL : bind_coerce(binder, now, type, CAST_EXPLICIT, name);
}
