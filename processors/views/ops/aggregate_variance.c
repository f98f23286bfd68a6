/*
 * The variances and standard deviations of integers and numerics, by PostgreSQL's formula and
 * scales: (n * sum of squares - sum^2) / (n * (n - 1)).
 */
#include "ops/numeric_sum.h"

#include "record/numeric.h"
#include "record/numeric_math.h"

struct squares {
    struct numeric_sum sum;
    struct str squares; /* empty: 0 */
};

static void numeric_add_square(struct squares *squares, struct arena *arena, struct str packed,
                               int64_t weight)
{
    numeric_sum_put(&squares->sum, arena, packed, weight);
    if (!numeric_is_special(packed))
        squares->squares = numeric_sum_plus(arena, squares->squares,
                                            numeric_wide_mul(arena, packed, packed), weight);
}

static void squares_add_numeric(void *at, const struct aggregate_site *site, struct arena *arena,
                                const struct value *args, int64_t weight)
{
    (void)site;
    numeric_add_square(at, arena, args[0].bytes, weight);
}

static void squares_add_int(void *at, const struct aggregate_site *site, struct arena *arena,
                            const struct value *args, int64_t weight)
{
    (void)site;
    numeric_add_square(at, arena, numeric_from_i64(arena, args[0].slot), weight);
}

/* n * sum of squares - sum^2, over n * (n - 1) or n^2; wide. */
static struct str finite_variance(const struct squares *squares, struct arena *arena, bool sample)
{
    struct str n = numeric_from_i64(arena, squares->sum.counts.n);
    struct str below = numeric_from_i64(arena, squares->sum.counts.n - (sample ? 1 : 0));
    struct str zero = numeric_from_i64(arena, 0), above = zero;
    struct str total = numeric_sum_finite(&squares->sum, arena);
    int scale = 2 * numeric_sum_scale(&squares->sum);

    if (squares->squares.len > 0)
        above = numeric_wide_mul(arena, n, numeric_wide_round(arena, squares->squares, scale));
    above = numeric_wide_sub(arena, above, numeric_wide_mul(arena, total, total));
    if (numeric_cmp(above, zero) <= 0)
        return zero;
    return numeric_wide_div(arena, above, numeric_mul(arena, n, below));
}

/* The variance, or its root: NULL over too few values, NaN where one is NaN or infinite. */
static bool spread(const struct squares *squares, struct arena *arena, bool sample, bool root,
                   struct value *ret, struct err *reterr)
{
    struct str square;

    ret->null = squares->sum.counts.n <= (sample ? 1 : 0);
    if (ret->null)
        return true;
    if (special_sum(&squares->sum.counts) != SUM_FINITE)
        return numeric_parse(STR("NaN"), arena, &ret->bytes, reterr);
    square = finite_variance(squares, arena, sample);
    if (root)
        square = numeric_sqrt_at(arena, square, numeric_scale(square));
    return numeric_narrow(square, &ret->bytes, reterr);
}

static bool var_samp(const void *at, const struct aggregate_site *site, struct arena *arena,
                     struct value *ret, struct err *reterr)
{
    (void)site;
    return spread(at, arena, true, false, ret, reterr);
}

static bool var_pop(const void *at, const struct aggregate_site *site, struct arena *arena,
                    struct value *ret, struct err *reterr)
{
    (void)site;
    return spread(at, arena, false, false, ret, reterr);
}

static bool stddev_samp(const void *at, const struct aggregate_site *site, struct arena *arena,
                        struct value *ret, struct err *reterr)
{
    (void)site;
    return spread(at, arena, true, true, ret, reterr);
}

static bool stddev_pop(const void *at, const struct aggregate_site *site, struct arena *arena,
                       struct value *ret, struct err *reterr)
{
    (void)site;
    return spread(at, arena, false, true, ret, reterr);
}

static void squares_save(const void *at, struct buf *out)
{
    const struct squares *squares = at;
    uint64_t len = squares->squares.len;

    numeric_sum_save(&squares->sum, out);
    buf_append(out, &len, sizeof(len));
    buf_put(out, squares->squares);
}

static void squares_load(void *at, struct arena *arena, struct str *from)
{
    struct squares *squares = at;
    uint64_t len;

    numeric_sum_load(&squares->sum, arena, from);
    take_bytes(from, &len, sizeof(len));
    char *packed = arena_alloc(arena, len);
    take_bytes(from, packed, len);
    squares->squares = (struct str){packed, len};
}

static bool squares_is_zero(const void *at)
{
    return numeric_sum_is_zero(&((const struct squares *)at)->sum);
}

#define SQUARES_OPS(add_, result_)                                                                 \
    {                                                                                              \
        .size = sizeof(struct squares), .add = (add_), .result = (result_), .save = squares_save,  \
        .load = squares_load, .is_zero = squares_is_zero                                           \
    }

const struct aggregate_ops aggregate_var_samp_int = SQUARES_OPS(squares_add_int, var_samp);
const struct aggregate_ops aggregate_var_pop_int = SQUARES_OPS(squares_add_int, var_pop);
const struct aggregate_ops aggregate_stddev_samp_int = SQUARES_OPS(squares_add_int, stddev_samp);
const struct aggregate_ops aggregate_stddev_pop_int = SQUARES_OPS(squares_add_int, stddev_pop);
const struct aggregate_ops aggregate_var_samp_numeric = SQUARES_OPS(squares_add_numeric, var_samp);
const struct aggregate_ops aggregate_var_pop_numeric = SQUARES_OPS(squares_add_numeric, var_pop);
const struct aggregate_ops aggregate_stddev_samp_numeric =
    SQUARES_OPS(squares_add_numeric, stddev_samp);
const struct aggregate_ops aggregate_stddev_pop_numeric =
    SQUARES_OPS(squares_add_numeric, stddev_pop);
