/* sum and avg over floats. */
#include "ops/exact_sum.h"

static void real_add(void *at, const struct aggregate_site *site, struct arena *arena,
                     const struct value *args, int64_t weight)
{
    (void)site;
    (void)arena;
    exact_sum_add(at, args[0].real, weight);
}

static bool real_sum_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                            struct value *ret, struct err *reterr)
{
    const struct exact_sum *sum = at;

    (void)arena;
    *ret = (struct value){.null = sum->counts.n == 0};
    if (ret->null)
        return true;
    if (!exact_sum_total(sum, site->result.id == TYPE_FLOAT4, &ret->real, reterr))
        return false;
    if (sum->negative_zeros == sum->counts.n)
        ret->real = -0.0;
    return true;
}

static bool real_avg_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                            struct value *ret, struct err *reterr)
{
    const struct exact_sum *sum = at;
    double total;

    (void)site;
    (void)arena;
    *ret = (struct value){.null = sum->counts.n == 0};
    if (ret->null)
        return true;
    if (!exact_sum_total(sum, false, &total, reterr))
        return false;
    ret->real = total / (double)sum->counts.n;
    return true;
}

static void real_save(const void *at, struct buf *out)
{
    exact_sum_save(at, out);
}

static void real_load(void *at, struct arena *arena, struct str *from)
{
    (void)arena;
    exact_sum_load(at, from);
}

const struct aggregate_ops aggregate_sum_real = {.size = sizeof(struct exact_sum),
                                                 .add = real_add,
                                                 .result = real_sum_result,
                                                 .save = real_save,
                                                 .load = real_load};
const struct aggregate_ops aggregate_avg_real = {.size = sizeof(struct exact_sum),
                                                 .add = real_add,
                                                 .result = real_avg_result,
                                                 .save = real_save,
                                                 .load = real_load};
