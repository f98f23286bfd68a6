#include "ops/aggregate.h"

#include "expr/function.h"
#include "ops/aggregate_ops.h"

void take_bytes(struct str *from, void *to, size_t size)
{
    assert(from->len >= size);
    if (size > 0)
        memcpy(to, from->at, size);
    *from = (struct str){from->at + size, from->len - size};
}

void accumulator_save(const struct aggregate_ops *ops, const void *at, struct buf *out)
{
    if (ops->save != NULL)
        ops->save(at, out);
    else
        buf_append(out, at, ops->size);
}

void accumulator_load(const struct aggregate_ops *ops, void *at, struct arena *arena,
                      struct str *from)
{
    if (ops->load != NULL)
        ops->load(at, arena, from);
    else
        take_bytes(from, at, ops->size);
}

bool accumulator_is_zero(const struct aggregate_ops *ops, const void *at)
{
    const uint64_t *words = at;

    if (ops->is_zero != NULL)
        return ops->is_zero(at);
    for (size_t i = 0; i < ops->size / sizeof(*words); i++) {
        if (words[i] != 0)
            return false;
    }
    return true;
}

enum special_sum special_sum(const struct special_counts *counts)
{
    if (counts->nan > 0 || (counts->plus > 0 && counts->minus > 0))
        return SUM_NAN;
    if (counts->plus > 0)
        return SUM_PLUS;
    return counts->minus > 0 ? SUM_MINUS : SUM_FINITE;
}

#define COUNT(arg_)                                                                                \
    {                                                                                              \
        .name = "count", .arg = (arg_), .result = TYPE_INT8, .ops = &aggregate_count               \
    }
#define SUM(arg_, result_, ops_)                                                                   \
    {                                                                                              \
        .name = "sum", .arg = (arg_), .result = (result_), .ops = &aggregate_sum_##ops_            \
    }
#define AVG(arg_, result_, ops_)                                                                   \
    {                                                                                              \
        .name = "avg", .arg = (arg_), .result = (result_), .ops = &aggregate_avg_##ops_            \
    }
#define EXTREMES(arg_)                                                                             \
    {.name = "min", .arg = (arg_), .result = (arg_), .needs_order = true},                         \
    {                                                                                              \
        .name = "max", .arg = (arg_), .result = (arg_), .needs_order = true                        \
    }

const struct aggregate aggregate_table[] = {
    COUNT(0),
    COUNT(TYPE_BOOL),
    COUNT(TYPE_INT2),
    COUNT(TYPE_INT4),
    COUNT(TYPE_INT8),
    COUNT(TYPE_FLOAT4),
    COUNT(TYPE_FLOAT8),
    COUNT(TYPE_NUMERIC),
    COUNT(TYPE_TEXT),
    COUNT(TYPE_VARCHAR),
    COUNT(TYPE_BPCHAR),
    COUNT(TYPE_BYTEA),
    COUNT(TYPE_DATE),
    COUNT(TYPE_TIME),
    COUNT(TYPE_TIMESTAMP),
    COUNT(TYPE_TIMESTAMPTZ),
    COUNT(TYPE_UUID),
    COUNT(TYPE_JSON),
    COUNT(TYPE_JSONB),
    SUM(TYPE_INT2, TYPE_INT8, int),
    SUM(TYPE_INT4, TYPE_INT8, int),
    SUM(TYPE_INT8, TYPE_NUMERIC, int),
    SUM(TYPE_FLOAT4, TYPE_FLOAT4, real),
    SUM(TYPE_FLOAT8, TYPE_FLOAT8, real),
    SUM(TYPE_NUMERIC, TYPE_NUMERIC, numeric),
    AVG(TYPE_INT2, TYPE_NUMERIC, int),
    AVG(TYPE_INT4, TYPE_NUMERIC, int),
    AVG(TYPE_INT8, TYPE_NUMERIC, int),
    AVG(TYPE_FLOAT4, TYPE_FLOAT8, real),
    AVG(TYPE_FLOAT8, TYPE_FLOAT8, real),
    AVG(TYPE_NUMERIC, TYPE_NUMERIC, numeric),
    EXTREMES(TYPE_INT2),
    EXTREMES(TYPE_INT4),
    EXTREMES(TYPE_INT8),
    EXTREMES(TYPE_FLOAT4),
    EXTREMES(TYPE_FLOAT8),
    EXTREMES(TYPE_NUMERIC),
    EXTREMES(TYPE_TEXT),
    EXTREMES(TYPE_BPCHAR),
    EXTREMES(TYPE_DATE),
    EXTREMES(TYPE_TIME),
    EXTREMES(TYPE_TIMESTAMP),
    EXTREMES(TYPE_TIMESTAMPTZ),
    {0},
};

/* The type that PostgreSQL prefers in each category. */
static bool is_preferred(enum type_id type)
{
    return type == TYPE_TEXT || type == TYPE_FLOAT8 || type == TYPE_TIMESTAMPTZ;
}

const struct aggregate *aggregate_resolve(struct str name, enum type_id arg)
{
    const struct aggregate *found = NULL;

    for (const struct aggregate *row = aggregate_table; row->name != NULL; row++) {
        if (!str_eq_c(name, row->name))
            continue;
        if (row->arg == arg)
            return row;
        if (arg == 0 || row->arg == 0)
            continue;
        if (arg == TYPE_UNKNOWN ? row->arg == TYPE_TEXT
                                : cast_find(arg, row->arg, CAST_IMPLICIT) != NULL &&
                                      (found == NULL || is_preferred(row->arg)))
            found = row;
    }
    return found;
}
