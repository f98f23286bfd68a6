/*
 * What a subquery names of the query around it. Inside it is a column like another, a param; what
 * makes the column is decided once all clauses are bound (correlate.c).
 */
#include "sql/bind.h"
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

struct column_set outer_columns(const struct from *from)
{
    struct column_set set = {0};

    for (uint32_t i = 0; i < from->block->params.n; i++)
        column_set_add(&set, ((const struct param *)from->block->params.at[i])->column);
    return set;
}
