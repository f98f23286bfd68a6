/*
 * sum and avg over intervals: months, days and microseconds add up apart from one another. The
 * arithmetic of intervals is that of their operators.
 */
#include "ops/aggregate_interval.h"

#include "expr/function.h"
#include "record/interval.h"

__extension__ typedef __int128 wide;

/* Sums of 64 bits each; microseconds as two halves. */
struct interval_sum {
    int64_t n, months, days, us_high;
    uint64_t us_low;
};

static wide total_us(const struct interval_sum *sum)
{
    __extension__ typedef unsigned __int128 wide_bits;

    return (wide)((wide_bits)(uint64_t)sum->us_high << 64 | sum->us_low);
}

static void interval_put(void *at, const struct aggregate_site *site, struct arena *arena,
                         const struct value *args, int64_t weight)
{
    struct interval_sum *sum = at;
    struct interval interval = interval_open(args[0].bytes);
    wide us = total_us(sum) + (wide)interval.us * weight;

    (void)site;
    (void)arena;
    sum->n += weight;
    sum->months += interval.months * weight;
    sum->days += interval.days * weight;
    sum->us_high = (int64_t)(us >> 64);
    sum->us_low = (uint64_t)us;
}

static bool sum_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                       struct value *ret, struct err *reterr)
{
    const struct interval_sum *sum = at;
    wide us = total_us(sum);

    (void)site;
    ret->null = sum->n == 0;
    if (ret->null)
        return true;
    if (sum->months != (int32_t)sum->months || sum->days != (int32_t)sum->days || us != (int64_t)us)
        return err_sql(reterr, ERR_DEAD_LETTER, "22008", "interval out of range");
    ret->bytes = interval_pack(arena, (struct interval){.us = (int64_t)us,
                                                        .days = (int32_t)sum->days,
                                                        .months = (int32_t)sum->months});
    return true;
}

bool interval_operate(const char *name, struct value interval, struct operand right,
                      struct arena *arena, struct value *ret, struct err *reterr)
{
    enum type_id types[] = {TYPE_INTERVAL, right.type};
    struct type arg_types[] = {{TYPE_INTERVAL, -1, NULL}, {right.type, -1, NULL}};
    struct value args[] = {interval, right.value};
    struct call call = {.args = args,
                        .arg_types = arg_types,
                        .result_type = {TYPE_INTERVAL, -1, NULL},
                        .scratch = arena,
                        .args_n = 2};
    bool ambiguous = false;
    const struct function *function =
        function_resolve(FUNCTION_OPERATOR, str_of(name), types, 2, &ambiguous);

    assert(function != NULL);
    *ret = (struct value){0};
    return function->body(&call, ret, reterr);
}

static bool avg_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                       struct value *ret, struct err *reterr)
{
    const struct interval_sum *sum = at;
    struct operand n = {TYPE_FLOAT8, {.real = (double)sum->n}};

    if (!sum_result(at, site, arena, ret, reterr))
        return false;
    return ret->null || interval_operate("/", *ret, n, arena, ret, reterr);
}

const struct aggregate_ops aggregate_sum_interval = {
    .size = sizeof(struct interval_sum), .add = interval_put, .result = sum_result};
const struct aggregate_ops aggregate_avg_interval = {
    .size = sizeof(struct interval_sum), .add = interval_put, .result = avg_result};
