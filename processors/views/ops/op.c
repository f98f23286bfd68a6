#include "ops/op.h"

/* Every operator, by the kind of node that it runs. */
static const struct op_ops *const operators[] = {
    [PLAN_SOURCE] = &op_source, [PLAN_FILTER] = &op_filter, [PLAN_PROJECT] = &op_project,
    [PLAN_JOIN] = &op_join,     [PLAN_GROUP] = &op_group,   [PLAN_TOP] = &op_top,
    [PLAN_UNION] = &op_union,   [PLAN_WINDOW] = &op_window, [PLAN_ORDINAL] = &op_ordinal,
    [PLAN_VALUES] = &op_values, [PLAN_EXPAND] = &op_expand,
};

const struct op_ops *op_ops_of(enum plan_kind kind)
{
    return operators[kind];
}

void op_emit(struct op *op, struct step *step, const struct row *row, int64_t weight)
{
    struct batch *out = &op->out;

    if (out->n > 0 && out->deltas[out->n - 1].weight == -weight &&
        row_same(out->deltas[out->n - 1].row, row))
        out->n--;
    else
        batch_add(out, step->arena, row, weight);
}

void step_withhold(struct step *step, const struct op *op, const struct row *row, int64_t weight,
                   const struct err *reason)
{
    struct delta delta = {row, weight};

    step_withhold_row(step, op, &op->inputs[0]->node->schema, &delta, reason);
}

void step_withhold_row(struct step *step, const struct op *op, const struct schema *schema,
                       const struct delta *delta, const struct err *reason)
{
    step->withheld = array_grow(step->arena, step->withheld, step->withheld_n, &step->withheld_cap,
                                sizeof(*step->withheld));
    step->withheld[step->withheld_n++] =
        (struct withheld){op->index, schema, delta->row, delta->weight, *reason};
}

struct getter getter_new(struct arena *arena, const struct expr *expr)
{
    struct getter getter = {.type = expr->type};

    if (expr->kind == EXPR_COLUMN)
        getter.column = expr->column;
    else
        getter.program = expr_compile(arena, expr);
    return getter;
}

const struct getter *getters_new(struct arena *arena, const struct expr *const *exprs, uint16_t n)
{
    struct getter *getters = arena_alloc(arena, n * sizeof(*getters));

    for (uint16_t i = 0; i < n; i++)
        getters[i] = getter_new(arena, exprs[i]);
    return getters;
}

bool getter_eval(const struct getter *getter, const struct row *row, struct arena *arena,
                 struct value *ret, struct err *reterr)
{
    if (getter->program != NULL)
        return program_eval(getter->program, row, arena, ret, reterr);
    *ret = row_value(row, getter->column, getter->type.id);
    return true;
}

bool getter_append(const struct getter *getter, const struct row *row, struct arena *scratch,
                   struct key_end *to, struct err *reterr)
{
    struct arena_mark mark = arena_mark(scratch);
    struct value value = {0};
    bool ok = getter_eval(getter, row, scratch, &value, reterr);

    if (ok)
        key_append(to->key, getter->type.id, value, to->order);
    to->null = value.null;
    arena_rewind(scratch, mark);
    return ok;
}
