/*
 * Roots, logarithms and powers of numerics at the scales PostgreSQL 15 chooses: computed with more
 * digits than it shows and rounded once. Takes finite numbers alone; NaN and the infinities are the
 * caller's.
 */
#ifndef SLUICE_RECORD_NUMERIC_MATH_H
#define SLUICE_RECORD_NUMERIC_MATH_H

#include "record/numeric.h"

/* a / b rounded to that scale (0 or more); b is not 0. */
struct str numeric_div_at(struct arena *arena, struct str a, struct str b, int scale);

/* a / b without what lies behind the point; b is not 0. */
struct str numeric_div_whole(struct arena *arena, struct str a, struct str b);

/* The root of a number that is not negative. */
struct str numeric_sqrt(struct arena *arena, struct str a);

/* The same rounded to that scale. */
struct str numeric_sqrt_at(struct arena *arena, struct str a, int scale);

/* e^a; 22003 when the result is too large. */
WARN_UNUSED bool numeric_exp(struct arena *arena, struct str a, struct str *ret,
                             struct err *reterr);

/* ln(a) of a positive number. */
struct str numeric_ln(struct arena *arena, struct str a);

/* The logarithm of a positive number to a positive base; 22012 for base 1. */
WARN_UNUSED bool numeric_log(struct arena *arena, struct str base, struct str a, struct str *ret,
                             struct err *reterr);

/* a^b; 2201F and 22003. */
WARN_UNUSED bool numeric_power(struct arena *arena, struct str a, struct str b, struct str *ret,
                               struct err *reterr);

/* The least scale that shows the whole number. */
int numeric_min_scale(struct str a);

/* -1, 0 or 1; of NaN 1. */
int numeric_sign(struct str a);

/* The number has nothing behind its point. */
bool numeric_is_whole(struct str a);

#endif
