#include "sql/exprs.h"

struct expr *exprs_new(struct arena *arena, enum expr_kind kind, enum type_id type, uint16_t args_n,
                       int location)
{
    struct expr *expr = arena_zalloc(arena, sizeof(*expr));

    expr->kind = kind;
    expr->type = (struct type){type, -1};
    expr->location = location;
    expr->args_n = args_n;
    if (args_n > 0)
        expr->args = arena_zalloc(arena, args_n * sizeof(struct expr *));
    return expr;
}

struct expr *exprs_column(struct arena *arena, uint16_t column, struct type type, int location)
{
    struct expr *expr = exprs_new(arena, EXPR_COLUMN, type.id, 0, location);

    expr->type = type;
    expr->column = column;
    return expr;
}

struct expr *exprs_bool(struct arena *arena, bool value, int location)
{
    struct expr *expr = exprs_new(arena, EXPR_CONST, TYPE_BOOL, 0, location);

    expr->constant.slot = value;
    return expr;
}

struct expr *exprs_null(struct arena *arena, struct type type, int location)
{
    struct expr *expr = exprs_new(arena, EXPR_CONST, type.id, 0, location);

    expr->type = type;
    expr->constant.null = true;
    return expr;
}

struct expr *exprs_call(struct arena *arena, const struct function *function, struct expr **args,
                        uint16_t args_n, int location)
{
    struct expr *expr = exprs_new(arena, EXPR_CALL, function->result, args_n, location);

    expr->function = function;
    if (args_n > 0)
        memcpy(expr->args, args, args_n * sizeof(struct expr *));
    return expr;
}

struct expr *exprs_not(struct arena *arena, struct expr *arg, int location)
{
    struct expr *expr = exprs_new(arena, EXPR_NOT, TYPE_BOOL, 1, location);

    expr->args[0] = arg;
    return expr;
}

/* Appends the arguments of nested nodes of the same kind, in order. */
static void flatten(struct list *out, struct arena *arena, enum expr_kind kind, struct expr *expr)
{
    if (expr->kind != kind) {
        list_add(out, arena, expr);
        return;
    }
    for (uint16_t i = 0; i < expr->args_n; i++)
        flatten(out, arena, kind, expr->args[i]);
}

struct expr *exprs_is_null(struct arena *arena, struct expr *arg)
{
    struct expr *test = exprs_new(arena, EXPR_IS_NULL, TYPE_BOOL, 1, arg->location);

    test->args[0] = arg;
    return test;
}

struct expr *exprs_null_where(struct arena *arena, struct expr *test, struct expr *value)
{
    struct expr *choice = exprs_new(arena, EXPR_CASE, value->type.id, 3, value->location);

    choice->type = value->type;
    choice->args[0] = test;
    choice->args[1] = exprs_null(arena, value->type, value->location);
    choice->args[2] = value;
    return choice;
}

struct expr *exprs_each(struct arena *arena, struct expr *array, struct expr *test)
{
    struct expr *each = exprs_new(arena, EXPR_EACH, TYPE_BOOL, 2, array->location);

    each->args[0] = array;
    each->args[1] = test;
    return each;
}

struct expr *exprs_junction(struct arena *arena, enum expr_kind kind, const struct list *args,
                            int location)
{
    struct list flat = {0};
    struct expr *expr;

    for (uint32_t i = 0; i < args->n; i++)
        flatten(&flat, arena, kind, args->at[i]);
    assert(flat.n >= 1 && flat.at != NULL);
    if (flat.n == 1)
        return flat.at[0];
    expr = exprs_new(arena, kind, TYPE_BOOL, (uint16_t)flat.n, location);
    memcpy(expr->args, flat.at, flat.n * sizeof(struct expr *));
    return expr;
}

void exprs_conjuncts(struct list *out, struct arena *arena, struct expr *expr)
{
    flatten(out, arena, EXPR_AND, expr);
}

void exprs_columns(const struct expr *expr, struct column_set *set)
{
    if (expr->kind == EXPR_COLUMN && expr->column < COLUMNS_MAX)
        column_set_add(set, expr->column);
    for (uint16_t i = 0; i < expr->args_n; i++)
        exprs_columns(expr->args[i], set);
}

/* A copy whose args are the given function of the old ones is made by both walks below. */
static struct expr *copy_of(struct arena *arena, const struct expr *expr)
{
    struct expr *copy = exprs_new(arena, expr->kind, expr->type.id, expr->args_n, expr->location);
    struct expr **args = copy->args;

    *copy = *expr;
    copy->args = args;
    return copy;
}

struct expr *exprs_substitute(struct arena *arena, const struct expr *expr, struct expr **by)
{
    struct expr *copy;

    if (expr->kind == EXPR_COLUMN)
        return by[expr->column];
    copy = copy_of(arena, expr);
    for (uint16_t i = 0; i < expr->args_n; i++)
        copy->args[i] = exprs_substitute(arena, expr->args[i], by);
    return copy;
}

struct expr *exprs_move(struct arena *arena, const struct expr *expr, const int16_t *at)
{
    struct expr *copy = copy_of(arena, expr);

    if (expr->kind == EXPR_COLUMN) {
        assert(at[expr->column] >= 0);
        copy->column = (uint16_t)at[expr->column];
    }
    for (uint16_t i = 0; i < expr->args_n; i++)
        copy->args[i] = exprs_move(arena, expr->args[i], at);
    return copy;
}

/* The cast maps different values to different values. */
static bool cast_keeps_apart(enum type_id from, enum type_id to)
{
    switch (from) {
    case TYPE_INT2:
        return to == TYPE_INT4 || to == TYPE_INT8 || to == TYPE_NUMERIC || to == TYPE_FLOAT8;
    case TYPE_INT4:
        return to == TYPE_INT8 || to == TYPE_NUMERIC || to == TYPE_FLOAT8;
    case TYPE_INT8:
        return to == TYPE_NUMERIC;
    case TYPE_FLOAT4:
        return to == TYPE_FLOAT8;
    case TYPE_VARCHAR:
        return to == TYPE_TEXT;
    case TYPE_TEXT:
        return to == TYPE_VARCHAR;
    default:
        return false;
    }
}

struct expr *exprs_ordered(struct arena *arena, const struct expr *expr)
{
    struct expr *args[2], *copy = arena_alloc(arena, sizeof(*copy));

    *copy = *expr;
    if (expr->type.collation == NULL)
        return copy;
    args[0] = copy;
    args[1] = exprs_new(arena, EXPR_CONST, TYPE_TEXT, 0, expr->location);
    args[1]->constant.bytes = str_of(expr->type.collation);
    return exprs_call(arena, function_named("collation key"), args, 2, expr->location);
}

/* What changes the collation or orders by it keeps values apart. */
static bool is_of_collation(const struct expr *expr)
{
    return expr->kind == EXPR_CALL && expr->args_n == 2 &&
           (strcmp(expr->function->name, "with collation") == 0 ||
            strcmp(expr->function->name, "collation key") == 0);
}

int exprs_carried_column(const struct expr *expr)
{
    while (is_of_collation(expr))
        expr = expr->args[0];
    while (expr->kind == EXPR_CALL && expr->function->kind == FUNCTION_CAST && expr->args_n == 1 &&
           expr->type.typmod == -1 && cast_keeps_apart(expr->args[0]->type.id, expr->type.id))
        expr = expr->args[0];
    return expr->kind == EXPR_COLUMN ? expr->column : -1;
}

void exprs_add_carried(const struct expr *expr, struct column_set *set)
{
    int carried = exprs_carried_column(expr);

    if (carried >= 0)
        column_set_add(set, (uint32_t)carried);
    if (expr->kind == EXPR_CASE && expr->args_n == 3 && expr->args[0]->kind == EXPR_IS_NULL)
        expr = expr->args[2];
    if (expr->kind != EXPR_CALL || strcmp(expr->function->name, "row key") != 0)
        return;
    for (uint16_t i = 0; i < expr->args_n; i++)
        exprs_add_carried(expr->args[i], set);
}

bool exprs_type_is_exact(enum type_id type)
{
    if (type_is_array(type))
        return exprs_type_is_exact(type_element(type));
    switch (type) {
    case TYPE_INTERVAL:
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
    case TYPE_NUMERIC:
    case TYPE_BPCHAR:
    case TYPE_JSON:
    case TYPE_JSONB:
        return false;
    default:
        return true;
    }
}

bool exprs_is_equality(const struct expr *expr)
{
    return expr->kind == EXPR_CALL && expr->args_n == 2 &&
           expr->function->kind == FUNCTION_OPERATOR && strcmp(expr->function->name, "=") == 0;
}

bool exprs_not_null(const struct expr *expr, const struct schema *schema)
{
    switch (expr->kind) {
    case EXPR_CONST:
        return !expr->constant.null;
    case EXPR_COLUMN:
        return schema->columns[expr->column].not_null;
    case EXPR_IS_NULL:
    case EXPR_DISTINCT:
        return true;
    case EXPR_NOT:
        return exprs_not_null(expr->args[0], schema);
    case EXPR_COALESCE:
        for (uint16_t i = 0; i < expr->args_n; i++)
            if (exprs_not_null(expr->args[i], schema))
                return true;
        return false;
    case EXPR_CALL:
        return expr->function->kind == FUNCTION_CAST && exprs_not_null(expr->args[0], schema) &&
               exprs_carried_column(expr) >= 0;
    default:
        return false;
    }
}

bool exprs_is_plain(const struct expr *expr)
{
    if (expr->kind == EXPR_COLUMN)
        return expr->column < COLUMNS_MAX;
    for (uint16_t i = 0; i < expr->args_n; i++)
        if (!exprs_is_plain(expr->args[i]))
            return false;
    return true;
}

bool exprs_is_true(const struct expr *expr)
{
    return expr->kind == EXPR_CONST && expr->type.id == TYPE_BOOL && !expr->constant.null &&
           expr->constant.slot != 0;
}
