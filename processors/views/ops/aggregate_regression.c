/*
 * The variances of floats, and the statistics of pairs (y, x): exact sums of values and products,
 * so that nothing depends on the order of rows. PostgreSQL's own results depend on it in the last
 * digits.
 */
#include "ops/exact_sum.h"

#include <math.h>

struct pairs {
    struct exact_sum y, yy, x, xx, xy; /* of a single argument: y alone */
};

static void single_add(void *at, const struct aggregate_site *site, struct arena *arena,
                       const struct value *args, int64_t weight)
{
    struct pairs *pairs = at;

    (void)site;
    (void)arena;
    exact_sum_add(&pairs->y, args[0].real, weight);
    exact_sum_add_product(&pairs->yy, args[0].real, args[0].real, weight);
}

static void pair_add(void *at, const struct aggregate_site *site, struct arena *arena,
                     const struct value *args, int64_t weight)
{
    struct pairs *pairs = at;

    single_add(at, site, arena, args, weight);
    exact_sum_add(&pairs->x, args[1].real, weight);
    exact_sum_add_product(&pairs->xx, args[1].real, args[1].real, weight);
    exact_sum_add_product(&pairs->xy, args[0].real, args[1].real, weight);
}

static void single_save(const void *at, struct buf *out)
{
    const struct pairs *pairs = at;

    exact_sum_save(&pairs->y, out);
    exact_sum_save(&pairs->yy, out);
}

static void single_load(void *at, struct arena *arena, struct str *from)
{
    struct pairs *pairs = at;

    (void)arena;
    exact_sum_load(&pairs->y, from);
    exact_sum_load(&pairs->yy, from);
}

static void pair_save(const void *at, struct buf *out)
{
    const struct pairs *pairs = at;

    single_save(at, out);
    exact_sum_save(&pairs->x, out);
    exact_sum_save(&pairs->xx, out);
    exact_sum_save(&pairs->xy, out);
}

static void pair_load(void *at, struct arena *arena, struct str *from)
{
    struct pairs *pairs = at;

    single_load(at, arena, from);
    exact_sum_load(&pairs->x, from);
    exact_sum_load(&pairs->xx, from);
    exact_sum_load(&pairs->xy, from);
}

/* The sum of the products of deviations of a and b. NaN when one is no finite number. */
static bool deviations(const struct exact_sum *products, const struct exact_sum *a,
                       const struct exact_sum *b, double *ret, struct err *reterr)
{
    if (special_sum(&a->counts) != SUM_FINITE || special_sum(&b->counts) != SUM_FINITE) {
        *ret = (double)NAN;
        return true;
    }
    if (special_sum(&products->counts) != SUM_FINITE)
        return err_sql(reterr, ERR_DEAD_LETTER, "22003", "value out of range: overflow");
    *ret = exact_sum_cross(products, a, b, a->counts.n) / (double)a->counts.n;
    return true;
}

/* A squared sum is not below 0. */
static bool square_deviations(const struct exact_sum *squares, const struct exact_sum *a,
                              double *ret, struct err *reterr)
{
    if (!deviations(squares, a, a, ret, reterr))
        return false;
    if (*ret < 0)
        *ret = 0;
    return true;
}

static bool variance(const struct pairs *pairs, bool sample, struct value *ret, struct err *reterr)
{
    int64_t n = pairs->y.counts.n, by = sample ? n - 1 : n;

    ret->null = by <= 0;
    if (ret->null)
        return true;
    if (!square_deviations(&pairs->yy, &pairs->y, &ret->real, reterr))
        return false;
    ret->real /= (double)by;
    return true;
}

#define RESULT(name_)                                                                              \
    static bool name_(const void *at, const struct aggregate_site *site, struct arena *arena,      \
                      struct value *ret, struct err *reterr)

RESULT(var_samp)
{
    (void)site;
    (void)arena;
    return variance(at, true, ret, reterr);
}

RESULT(var_pop)
{
    (void)site;
    (void)arena;
    return variance(at, false, ret, reterr);
}

RESULT(stddev_samp)
{
    if (!var_samp(at, site, arena, ret, reterr))
        return false;
    ret->real = ret->null ? 0 : sqrt(ret->real);
    return true;
}

RESULT(stddev_pop)
{
    if (!var_pop(at, site, arena, ret, reterr))
        return false;
    ret->real = ret->null ? 0 : sqrt(ret->real);
    return true;
}

/* What the statistics of pairs are made of. */
struct moments {
    double n, xx, yy, xy, x, y;
};

/* False: an error; ret->null: there are fewer than `least` pairs. */
static bool moments_of(const void *at, int64_t least, struct moments *to, struct value *ret,
                       struct err *reterr)
{
    const struct pairs *pairs = at;

    *to = (struct moments){.n = (double)pairs->y.counts.n};
    ret->null = pairs->y.counts.n < least;
    return ret->null || (square_deviations(&pairs->xx, &pairs->x, &to->xx, reterr) &&
                         square_deviations(&pairs->yy, &pairs->y, &to->yy, reterr) &&
                         deviations(&pairs->xy, &pairs->x, &pairs->y, &to->xy, reterr));
}

/* `formula` over the moments `m`, NULL when `missing`. */
#define STATISTIC(name_, least, missing, formula)                                                  \
    RESULT(name_)                                                                                  \
    {                                                                                              \
        struct moments m;                                                                          \
                                                                                                   \
        (void)site;                                                                                \
        (void)arena;                                                                               \
        if (!moments_of(at, (least), &m, ret, reterr))                                             \
            return false;                                                                          \
        ret->null = ret->null || (missing);                                                        \
        ret->real = ret->null ? 0 : (formula);                                                     \
        return true;                                                                               \
    }

STATISTIC(regr_sxx, 1, false, m.xx)
STATISTIC(regr_syy, 1, false, m.yy)
STATISTIC(regr_sxy, 1, false, m.xy)
STATISTIC(covar_pop, 1, false, m.xy / m.n)
STATISTIC(covar_samp, 2, false, m.xy / (m.n - 1))
STATISTIC(corr, 1, m.xx == 0 || m.yy == 0, m.xy / sqrt(m.xx * m.yy))
STATISTIC(regr_r2, 1, m.xx == 0, m.yy == 0 ? 1 : m.xy * m.xy / (m.xx * m.yy))
STATISTIC(regr_slope, 1, m.xx == 0, m.xy / m.xx)

RESULT(regr_count)
{
    (void)site;
    (void)arena;
    (void)reterr;
    ret->slot = ((const struct pairs *)at)->y.counts.n;
    return true;
}

static bool average(const struct exact_sum *sum, struct value *ret, struct err *reterr)
{
    ret->null = sum->counts.n < 1;
    if (ret->null)
        return true;
    if (!exact_sum_total(sum, false, &ret->real, reterr))
        return false;
    ret->real /= (double)sum->counts.n;
    return true;
}

RESULT(regr_avgx)
{
    (void)site;
    (void)arena;
    return average(&((const struct pairs *)at)->x, ret, reterr);
}

RESULT(regr_avgy)
{
    (void)site;
    (void)arena;
    return average(&((const struct pairs *)at)->y, ret, reterr);
}

RESULT(regr_intercept)
{
    struct value x = {0}, y = {0};

    if (!regr_slope(at, site, arena, ret, reterr) || !regr_avgx(at, site, arena, &x, reterr) ||
        !regr_avgy(at, site, arena, &y, reterr))
        return false;
    if (!ret->null)
        ret->real = y.real - ret->real * x.real;
    return true;
}

#define SINGLE_OPS(name_)                                                                          \
    const struct aggregate_ops aggregate_##name_##_real = {                                        \
        .size = 2 * sizeof(struct exact_sum),                                                      \
        .add = single_add,                                                                         \
        .result = (name_),                                                                         \
        .save = single_save,                                                                       \
        .load = single_load,                                                                       \
    };
#define PAIR_OPS(name_)                                                                            \
    const struct aggregate_ops aggregate_##name_ = {                                               \
        .size = sizeof(struct pairs),                                                              \
        .add = pair_add,                                                                           \
        .result = (name_),                                                                         \
        .save = pair_save,                                                                         \
        .load = pair_load,                                                                         \
    };

SINGLE_OPS(var_samp)
SINGLE_OPS(var_pop)
SINGLE_OPS(stddev_samp)
SINGLE_OPS(stddev_pop)
PAIR_OPS(regr_count)
PAIR_OPS(regr_sxx)
PAIR_OPS(regr_syy)
PAIR_OPS(regr_sxy)
PAIR_OPS(regr_avgx)
PAIR_OPS(regr_avgy)
PAIR_OPS(regr_r2)
PAIR_OPS(regr_slope)
PAIR_OPS(regr_intercept)
PAIR_OPS(covar_pop)
PAIR_OPS(covar_samp)
PAIR_OPS(corr)
