/*
 * The variances and standard deviations of integers and numerics, by PostgreSQL's formula and
 * scales: (n * sum of squares - sum^2) / (n * (n - 1)).
 */
#include "ops/numeric_sum.h"

#include "record/numeric.h"
#include <math.h>

struct squares {
    struct numeric_sum sum;
    struct str squares; /* empty: 0 */
};

static void numeric_add_square(struct squares *squares, struct arena *arena, struct str packed,
                               int64_t weight)
{
    numeric_sum_put(&squares->sum, arena, packed, weight);
    if (!numeric_is_special(packed))
        squares->squares =
            numeric_sum_plus(arena, squares->squares, numeric_mul(arena, packed, packed), weight);
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

static struct str power_of_ten(struct arena *arena, int exponent)
{
    struct str power = numeric_from_i64(arena, 1), ten = numeric_from_i64(arena, 10);

    for (int i = 0; i < exponent; i++)
        power = numeric_mul(arena, power, ten);
    return power;
}

/* The integer part of the square root of an integer, by Newton's steps from above. */
static bool integer_root(struct arena *arena, struct str square, struct str *ret,
                         struct err *reterr)
{
    struct str two = numeric_from_i64(arena, 2), root, next;

    root = numeric_trunc(arena, numeric_from_f64(arena, sqrt(numeric_to_f64(square)) * 1.001), 0);
    root = numeric_add(arena, root, two);
    for (;;) {
        if (!numeric_div(arena, square, root, &next, reterr))
            return false;
        next = numeric_add(arena, root, numeric_trunc(arena, next, 0));
        if (!numeric_div(arena, next, two, &next, reterr))
            return false;
        next = numeric_trunc(arena, next, 0);
        if (numeric_cmp(next, root) >= 0)
            break;
        root = next;
    }
    /* A quotient is rounded in its last digit: the root may be one too large. */
    while (numeric_cmp(numeric_mul(arena, root, root), square) > 0)
        root = numeric_sub(arena, root, numeric_from_i64(arena, 1));
    *ret = root;
    return true;
}

/* Rounded to the operand's own scale, as PostgreSQL takes the root of a variance. */
static bool numeric_root(struct arena *arena, struct str square, struct str *ret,
                         struct err *reterr)
{
    enum { GUARD = 2 };
    int scale = numeric_scale(square), digits = scale + GUARD;
    struct str scaled = numeric_mul(arena, square, power_of_ten(arena, 2 * digits)), root;

    if (!integer_root(arena, numeric_trunc(arena, scaled, 0), &root, reterr))
        return false;
    struct str unit;
    if (!numeric_parse(str_of(arena_printf(arena, "1e-%d", digits)), arena, &unit, reterr))
        return false;
    *ret = numeric_round(arena, numeric_mul(arena, root, unit), scale);
    return true;
}

/* n * sum of squares - sum^2, over n * (n - 1) or n^2. */
static bool finite_variance(const struct squares *squares, struct arena *arena, bool sample,
                            struct str *ret, struct err *reterr)
{
    struct str total, n = numeric_from_i64(arena, squares->sum.counts.n);
    struct str below = numeric_from_i64(arena, squares->sum.counts.n - (sample ? 1 : 0));
    struct str zero = numeric_from_i64(arena, 0), above = zero;
    int scale = 2 * numeric_sum_scale(&squares->sum);

    if (!numeric_sum_total(&squares->sum, arena, &total, reterr))
        return false;
    if (squares->squares.len > 0)
        above = numeric_mul(arena, n, numeric_round(arena, squares->squares, scale));
    above = numeric_sub(arena, above, numeric_mul(arena, total, total));
    if (numeric_cmp(above, zero) <= 0) {
        *ret = zero;
        return true;
    }
    return numeric_div(arena, above, numeric_mul(arena, n, below), ret, reterr);
}

static bool variance(const struct squares *squares, struct arena *arena, bool sample,
                     struct value *ret, struct err *reterr)
{
    ret->null = squares->sum.counts.n <= (sample ? 1 : 0);
    if (ret->null)
        return true;
    if (special_sum(&squares->sum.counts) != SUM_FINITE)
        return numeric_parse(STR("NaN"), arena, &ret->bytes, reterr);
    return finite_variance(squares, arena, sample, &ret->bytes, reterr);
}

static bool deviation(const struct squares *squares, struct arena *arena, bool sample,
                      struct value *ret, struct err *reterr)
{
    struct str square;

    if (!variance(squares, arena, sample, ret, reterr))
        return false;
    square = ret->bytes;
    if (ret->null || numeric_is_special(square) ||
        numeric_cmp(square, numeric_from_i64(arena, 0)) == 0)
        return true;
    return numeric_root(arena, square, &ret->bytes, reterr);
}

static bool var_samp(const void *at, const struct aggregate_site *site, struct arena *arena,
                     struct value *ret, struct err *reterr)
{
    (void)site;
    return variance(at, arena, true, ret, reterr);
}

static bool var_pop(const void *at, const struct aggregate_site *site, struct arena *arena,
                    struct value *ret, struct err *reterr)
{
    (void)site;
    return variance(at, arena, false, ret, reterr);
}

static bool stddev_samp(const void *at, const struct aggregate_site *site, struct arena *arena,
                        struct value *ret, struct err *reterr)
{
    (void)site;
    return deviation(at, arena, true, ret, reterr);
}

static bool stddev_pop(const void *at, const struct aggregate_site *site, struct arena *arena,
                       struct value *ret, struct err *reterr)
{
    (void)site;
    return deviation(at, arena, false, ret, reterr);
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
