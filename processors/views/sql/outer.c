/*
 * What a subquery names of the query around it. Inside it is a column like another, a param; what
 * makes the column is decided once all clauses are bound (correlate.c).
 */
#include "sql/bind.h"
#include "sql/collations.h"
#include "sql/nested.h"

bool outer_param(struct binder *binder, struct from *from, struct expr *outer, uint16_t *ret_column)
{
    struct from *block = from->block;
    struct param *param;

    for (uint32_t i = 0; i < block->params.n; i++) {
        param = block->params.at[i];
        if (expr_same(param->outer, outer)) {
            *ret_column = param->column;
            return true;
        }
    }
    if (block->columns_n >= COLUMNS_MAX)
        return ast_refuse(&binder->ast, outer->location, "FROM joins more than %d columns",
                          COLUMNS_MAX);
    param = arena_alloc(binder->arena, sizeof(*param));
    *param = (struct param){outer, block->columns_n++};
    block->columns[param->column] = (struct column){"outer", outer->type, false};
    list_add(&block->params, binder->arena, param);
    *ret_column = param->column;
    return true;
}

/* Its values are told apart by their bytes alone. */
static bool needs_form(const struct type *type)
{
    return type_element(type->id) == TYPE_JSON || bind_is_undecided(type) ||
           (type_is_array(type->id) && type->collation != NULL);
}

struct expr *outer_form(struct binder *binder, struct expr *expr)
{
    if (!needs_form(&expr->type))
        return expr;
    return exprs_call(binder->arena, function_named("exact form"), &expr, 1, expr->location);
}

struct expr *outer_unformed(struct binder *binder, struct expr *form, struct type type)
{
    struct expr *value;

    if (!needs_form(&type))
        return form;
    value = exprs_call(binder->arena, function_named("of exact form"), &form, 1, form->location);
    value->type = type;
    return value;
}

struct expr *outer_value(struct binder *binder, struct from *from, struct expr *outer, int location)
{
    struct expr *form = outer_form(binder, outer);
    uint16_t column = 0;

    if (!outer_param(binder, from, form, &column))
        return NULL;
    return outer_unformed(binder, exprs_column(binder->arena, column, form->type, location),
                          outer->type);
}

struct column_set outer_columns(const struct from *from)
{
    struct column_set set = {0};

    for (uint32_t i = 0; i < from->block->params.n; i++)
        column_set_add(&set, ((const struct param *)from->block->params.at[i])->column);
    return set;
}
