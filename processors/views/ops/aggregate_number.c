/* count, sum and avg over integers and numerics. */
#include "ops/numeric_sum.h"

#include "record/numeric.h"

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 wide_bits;

static void count_add(void *at, const struct aggregate_site *site, struct arena *arena,
                      const struct value *args, int64_t weight)
{
    (void)site;
    (void)arena;
    (void)args;
    *(int64_t *)at += weight;
}

static bool count_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                         struct value *ret, struct err *reterr)
{
    (void)site;
    (void)arena;
    (void)reterr;
    *ret = (struct value){.slot = *(const int64_t *)at};
    return true;
}

const struct aggregate_ops aggregate_count = {
    .size = sizeof(int64_t), .add = count_add, .result = count_result};

/* 128 bits hold 2^64 values of 63 bits. The halves are kept apart: accumulators are 8-aligned. */
struct int_sum {
    int64_t n, high;
    uint64_t low;
};

static wide int_total(const struct int_sum *sum)
{
    return (wide)((wide_bits)(uint64_t)sum->high << 64 | sum->low);
}

static void int_add(void *at, const struct aggregate_site *site, struct arena *arena,
                    const struct value *args, int64_t weight)
{
    struct int_sum *sum = at;
    wide total = int_total(sum) + (wide)args[0].slot * weight;

    (void)site;
    (void)arena;
    sum->n += weight;
    sum->high = (int64_t)(total >> 64);
    sum->low = (uint64_t)total;
}

static struct str wide_numeric(struct arena *arena, wide number)
{
    static const int64_t unit = INT64_C(1000000000000000000);

    if (number >= INT64_MIN && number <= INT64_MAX)
        return numeric_from_i64(arena, (int64_t)number);
    struct str high = wide_numeric(arena, number / unit);
    struct str scaled = numeric_mul(arena, high, numeric_from_i64(arena, unit));
    return numeric_add(arena, scaled, numeric_from_i64(arena, (int64_t)(number % unit)));
}

static bool int_sum_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                           struct value *ret, struct err *reterr)
{
    const struct int_sum *sum = at;
    wide total = int_total(sum);

    *ret = (struct value){.null = sum->n == 0};
    if (ret->null)
        return true;
    if (site->result.id == TYPE_NUMERIC) {
        ret->bytes = wide_numeric(arena, total);
        return true;
    }
    if (total < INT64_MIN || total > INT64_MAX)
        return err_sql(reterr, ERR_DEAD_LETTER, "22003", "bigint out of range");
    ret->slot = (int64_t)total;
    return true;
}

static bool int_avg_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                           struct value *ret, struct err *reterr)
{
    const struct int_sum *sum = at;

    (void)site;
    *ret = (struct value){.null = sum->n == 0};
    return ret->null || numeric_div(arena, wide_numeric(arena, int_total(sum)),
                                    numeric_from_i64(arena, sum->n), &ret->bytes, reterr);
}

const struct aggregate_ops aggregate_sum_int = {
    .size = sizeof(struct int_sum), .add = int_add, .result = int_sum_result};
const struct aggregate_ops aggregate_avg_int = {
    .size = sizeof(struct int_sum), .add = int_add, .result = int_avg_result};

static void numeric_sum_add(void *at, const struct aggregate_site *site, struct arena *arena,
                            const struct value *args, int64_t weight)
{
    (void)site;
    numeric_sum_put(at, arena, args[0].bytes, weight);
}

static bool numeric_sum_result(const void *at, const struct aggregate_site *site,
                               struct arena *arena, struct value *ret, struct err *reterr)
{
    const struct numeric_sum *sum = at;

    (void)site;
    *ret = (struct value){.null = sum->counts.n == 0};
    return ret->null || numeric_sum_total(sum, arena, &ret->bytes, reterr);
}

static bool numeric_avg_result(const void *at, const struct aggregate_site *site,
                               struct arena *arena, struct value *ret, struct err *reterr)
{
    const struct numeric_sum *sum = at;
    struct str total;

    (void)site;
    *ret = (struct value){.null = sum->counts.n == 0};
    return ret->null ||
           (numeric_sum_total(sum, arena, &total, reterr) &&
            numeric_div(arena, total, numeric_from_i64(arena, sum->counts.n), &ret->bytes, reterr));
}

const struct aggregate_ops aggregate_sum_numeric = {.size = sizeof(struct numeric_sum),
                                                    .add = numeric_sum_add,
                                                    .result = numeric_sum_result,
                                                    .save = numeric_sum_save,
                                                    .load = numeric_sum_load,
                                                    .is_zero = numeric_sum_is_zero};
const struct aggregate_ops aggregate_avg_numeric = {.size = sizeof(struct numeric_sum),
                                                    .add = numeric_sum_add,
                                                    .result = numeric_avg_result,
                                                    .save = numeric_sum_save,
                                                    .load = numeric_sum_load,
                                                    .is_zero = numeric_sum_is_zero};
