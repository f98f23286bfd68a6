/*
 * The exact sum of numerics, and how many values there are of each display scale, so that the scale
 * of the result goes down again when the values that had it are taken back. What sum, avg and the
 * variances are made of. Private to the aggregates.
 */
#ifndef SLUICE_VIEWS_OPS_NUMERIC_SUM_H
#define SLUICE_VIEWS_OPS_NUMERIC_SUM_H

#include "ops/aggregate_ops.h"

struct scale_count {
    int64_t scale, n;
};

/* All zero is empty. */
struct numeric_sum {
    struct special_counts counts;
    struct str sum; /* wide, as numeric_wide_add gives it; empty: 0 at scale 0 */
    struct scale_count *scales;
    uint32_t scales_n, scales_cap;
};

/* Adds a numeric `weight` times. */
void numeric_sum_put(struct numeric_sum *sum, struct arena *arena, struct str packed,
                     int64_t weight);

/* The greatest display scale among the values. */
int numeric_sum_scale(const struct numeric_sum *sum);

/* The sum of the finite values at that scale, wide. */
struct str numeric_sum_finite(const struct numeric_sum *sum, struct arena *arena);

/* The sum at that scale, NaN or an infinity; 22003 when numeric can't hold it. */
WARN_UNUSED bool numeric_sum_total(const struct numeric_sum *sum, struct arena *arena,
                                   struct str *ret, struct err *reterr);

/* As stored. */
void numeric_sum_save(const void *at, struct buf *out);
void numeric_sum_load(void *at, struct arena *arena, struct str *from);

/* No value is in when no scale has a count and the sum is 0, at whatever scale it is written. */
bool numeric_sum_is_zero(const void *at);

/* a + weight * b, wide; an empty a is 0. */
struct str numeric_sum_plus(struct arena *arena, struct str a, struct str b, int64_t weight);

#endif
