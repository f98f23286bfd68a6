/*
 * PostgreSQL's numeric: arbitrary decimal numbers with a display scale, NaN and infinities, results
 * digit for digit those of PostgreSQL 15 (scale of each operation, rounding half away from zero,
 * division's select_div_scale).
 *
 * A packed numeric is a run of bytes, as it lies in a row. Byte 0 is its form: 0 small, 1 large,
 * 2 NaN, 3 +Infinity, 4 -Infinity; the last three end there.
 *
 * - small, used whenever it fits: byte 1 the display scale (0..18), then a little-endian int64, the
 *   number times 10^scale
 *
 * - large: byte 1 the sign (0 or 1), bytes 2-3 the display scale, bytes 4-5 the weight (int16, as
 *   PostgreSQL's), then base-10000 digits as uint16, no leading or trailing zero digit; all
 *   little-endian
 *
 * One number at one display scale has one packed form, so equal bytes mean equal value and scale.
 * Pure; every result is put in the arena, or is an operand as it was.
 *
 * A sum, difference, product or rounding with more than 131072 digits before the point comes out as
 * the empty view: the caller raises 22003, "value overflows numeric format". No other function
 * takes it.
 */
#ifndef SLUICE_RECORD_NUMERIC_H
#define SLUICE_RECORD_NUMERIC_H

#include "record/types.h"

/* Parses PostgreSQL's input syntax ("1.50", "-1e10", "NaN", "Infinity"). Fails with SQLSTATE 22P02
 * or 22003. */
WARN_UNUSED bool numeric_parse(struct str text, struct arena *arena, struct str *ret,
                               struct err *reterr);

/* Appends the output form of PostgreSQL: display scale kept, never an exponent. */
void numeric_print(struct buf *out, struct str packed);

/* The integer as a numeric of scale 0. */
struct str numeric_from_i64(struct arena *arena, int64_t number);

/* float8 -> numeric as PostgreSQL casts it (15 significant digits). */
struct str numeric_from_f64(struct arena *arena, double number);

/* float4 -> numeric as PostgreSQL casts it (6 significant digits). */
struct str numeric_from_f32(struct arena *arena, double number);

/* numeric -> int8 with rounding; 22003 when out of range, 0A000 for NaN and infinities, as
 * PostgreSQL. */
WARN_UNUSED bool numeric_to_i64(struct str packed, int64_t *ret, struct err *reterr);

/* numeric -> float8; a finite number beyond double's range gives an infinity or 0, where PostgreSQL
 * raises 22003. */
double numeric_to_f64(struct str packed);

/* Compares by value, not by scale; NaN equals NaN and is above +Infinity. Negative, 0, positive. */
int numeric_cmp(struct str a, struct str b);

/* a + b. */
struct str numeric_add(struct arena *arena, struct str a, struct str b);

/* a - b. */
struct str numeric_sub(struct arena *arena, struct str a, struct str b);

/* a * b. */
struct str numeric_mul(struct arena *arena, struct str a, struct str b);

/* a / b at PostgreSQL's scale; 22012 for division by zero. */
WARN_UNUSED bool numeric_div(struct arena *arena, struct str a, struct str b, struct str *ret,
                             struct err *reterr);

/* a % b (truncated), 22012 for zero. */
WARN_UNUSED bool numeric_mod(struct arena *arena, struct str a, struct str b, struct str *ret,
                             struct err *reterr);

/* -a. */
struct str numeric_negate(struct arena *arena, struct str a);

/* round(a, scale), half away from zero; scale may be negative. The result's display scale is
 * max(scale, 0). */
struct str numeric_round(struct arena *arena, struct str a, int scale);

/* trunc(a, scale). */
struct str numeric_trunc(struct arena *arena, struct str a, int scale);

/* The same past numeric's limits, for sums and squares on the way: their results are for these,
 * numeric_cmp, numeric_scale, numeric_sqrt_at and numeric_narrow alone, which raises 22003 for what
 * numeric can't hold. wide_div: of finite numbers, b is not 0; wide_trunc: to a whole number. */
struct str numeric_wide_add(struct arena *arena, struct str a, struct str b);
struct str numeric_wide_sub(struct arena *arena, struct str a, struct str b);
struct str numeric_wide_mul(struct arena *arena, struct str a, struct str b);
struct str numeric_wide_div(struct arena *arena, struct str a, struct str b);
struct str numeric_wide_round(struct arena *arena, struct str a, int scale);
struct str numeric_wide_trunc(struct arena *arena, struct str a);
WARN_UNUSED bool numeric_narrow(struct str wide, struct str *ret, struct err *reterr);

/* The display scale; 0 for NaN and infinities. */
int numeric_scale(struct str packed);

/* The bytes are a packed numeric: for what comes from disk or wire. */
bool numeric_check(struct str packed);

/* NaN or an infinity. */
bool numeric_is_special(struct str packed);

/* As numeric(p,s) would store it: rounds to the typmod's scale, 22003 when it does not fit. typmod
 * -1: unchanged. */
WARN_UNUSED bool numeric_apply_typmod(struct arena *arena, struct str a, int32_t typmod,
                                      struct str *ret, struct err *reterr);

/* Appends a canonical form per value whose memcmp order is the numbers' order: 1.0 and 1.00 give
 * the same bytes. */
void numeric_key(struct buf *out, struct str packed);

#endif
