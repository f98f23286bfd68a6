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

bool aggregate_skips(const struct aggregate_site *site, const struct value *args)
{
    switch (site->aggregate->nulls) {
    case NULLS_TAKE:
        return false;
    case NULLS_SKIP_FIRST:
        return args[0].null;
    case NULLS_SKIP:
        break;
    }
    for (uint16_t i = 0; i < site->args_n; i++) {
        if (args[i].null)
            return true;
    }
    return false;
}

bool aggregate_counts(const struct aggregate *aggregate)
{
    return strcmp(aggregate->name, "count") == 0 || strcmp(aggregate->name, "regr_count") == 0;
}

const struct aggregate *aggregate_internal(const char *name)
{
    for (const struct aggregate *row = aggregate_table; row->name != NULL; row++)
        if (row->internal && strcmp(row->name, name) == 0)
            return row;
    return NULL;
}
