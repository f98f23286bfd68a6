/*
 * The exact sum of doubles, free of order. A finite double is an integer times 2^-1074 and below
 * 2^1024, so the sum of any number of them is one fixed-point integer of 2098 bits, with 64 more
 * for their number and one for the sign: 34 limbs in two's complement. Adding touches three limbs
 * and a carry; the result is rounded once. Private to the aggregates.
 */
#ifndef SLUICE_VIEWS_OPS_EXACT_SUM_H
#define SLUICE_VIEWS_OPS_EXACT_SUM_H

#include "ops/aggregate_ops.h"

enum { EXACT_LIMBS = 34 };

/* All zero is empty. */
struct exact_sum {
    struct special_counts counts;
    int64_t negative_zeros; /* a sum of nothing else is -0 */
    uint64_t limbs[EXACT_LIMBS];
};

/* Adds a number `weight` times. */
void exact_sum_add(struct exact_sum *sum, double number, int64_t weight);

/* Adds a product `weight` times, exact but for what is below 2^-1074. */
void exact_sum_add_product(struct exact_sum *sum, double a, double b, int64_t weight);

/* The rounded sum, as a float when `single`; 22003 when it is too large. */
WARN_UNUSED bool exact_sum_total(const struct exact_sum *sum, bool single, double *ret,
                                 struct err *reterr);

/* n * sum of products - a * b, exact, rounded once: n times the sum of the products of deviations.
 * All finite. */
double exact_sum_cross(const struct exact_sum *products, const struct exact_sum *a,
                       const struct exact_sum *b, int64_t n);

/* As stored: limbs that only repeat the sign, and zero limbs at the low end, are left out. */
void exact_sum_save(const struct exact_sum *sum, struct buf *out);
void exact_sum_load(struct exact_sum *sum, struct str *from);

#endif
