/*
 * The arithmetic behind numeric.c for numbers of any size: schoolbook algorithms over base-10000
 * digits, most significant first. Private to the room; the public contract is numeric.h. Knows
 * nothing of NaN and infinities.
 */
#ifndef SLUICE_RECORD_NUMERIC_DIGITS_H
#define SLUICE_RECORD_NUMERIC_DIGITS_H

#include "record/numeric.h"

__extension__ typedef __int128 numeric_i128;
__extension__ typedef unsigned __int128 numeric_u128;

enum numeric_form {
    NUMERIC_SMALL = 0,
    NUMERIC_LARGE,
    NUMERIC_NAN,
    NUMERIC_PLUS_INFINITY,
    NUMERIC_MINUS_INFINITY,
    NUMERIC_WIDE /* as large, past PostgreSQL's limits of weight and scale: sums on the way */
};

enum {
    NUMERIC_BASE = 10000,
    NUMERIC_BASE_DIGITS = 4,       /* decimal digits in one digit */
    NUMERIC_SMALL_SCALE_MAX = 18,  /* of the small form */
    NUMERIC_SMALL_SIZE = 10,       /* bytes of the small form */
    NUMERIC_LARGE_HEAD = 6,        /* bytes of the large form before its digits */
    NUMERIC_WIDE_HEAD = 10,        /* of the wide form */
    NUMERIC_SCALE_MAX = 0x3fff,    /* display scale, PostgreSQL's limit */
    NUMERIC_WEIGHT_MAX = INT16_MAX /* weight of the first digit, PostgreSQL's limit */
};

/* A finite packed number opened for reading: the sum of digit i times 10000^(weight - i). Not to be
 * copied: `at` may point into `own`. */
struct digits_view {
    bool negative;
    int weight, scale, n;
    const uint8_t *at; /* n little-endian uint16, not aligned */
    uint8_t own[12];   /* the digits of a small number */
};

/* Digits in the making; most functions want digits[0] to be a spare 0 that takes a carry. */
struct digits_work {
    uint16_t *digits;
    int n, weight; /* weight: of digits[0] */
};

/* 10^exponent, exponent 0 to 38. */
numeric_u128 numeric_power10(int exponent);

/* How many decimal digits a number has; 0 has none. */
int numeric_count_digits(uint64_t number);

/* The display scale of a small number. */
static inline int numeric_small_scale(struct str packed)
{
    return (uint8_t)packed.at[1];
}

/* Opens a small, large or wide number. */
void digits_open(struct digits_view *view, struct str packed);

/* Digit i, counted from the most significant. */
static inline unsigned digits_get(const struct digits_view *view, int i)
{
    const uint8_t *at = view->at + 2 * (ptrdiff_t)i;

    return at[0] | (unsigned)at[1] << 8;
}

/* The digit worth 10000^weight; 0 outside of the number. */
static inline unsigned digits_at(const struct digits_view *view, int weight)
{
    int i = view->weight - weight;

    return i < 0 || i >= view->n ? 0 : digits_get(view, i);
}

/* Opens digits in the making, through a copy in the arena; sign and scale are not set. */
void digits_review(struct digits_view *view, struct arena *arena, struct digits_work work);

/* Compares without the signs. */
int digits_cmp(const struct digits_view *a, const struct digits_view *b);

/* Room for n digits, zeroed, in the arena. */
struct digits_work digits_new(struct arena *arena, int n, int weight);

/* The number's digits behind a spare 0, in the arena. */
struct digits_work digits_copy(struct arena *arena, const struct digits_view *view);

/* Cuts behind `scale` decimal places (may be negative); `nearest`: rounds half away from zero.
 * Needs the spare digit. */
void digits_cut(struct digits_work *work, int scale, bool nearest);

/* The packed form of the digits; the empty view when the weight passes PostgreSQL's limit. The
 * digits must not go below the scale. */
struct str digits_pack(struct arena *arena, struct digits_work work, bool negative, int scale);

/* The same without limits: what passes them is wide. */
struct str digits_pack_wide(struct arena *arena, struct digits_work work, bool negative, int scale);

/* The packed form of number / 10^scale. */
struct str digits_pack_i128(struct arena *arena, numeric_i128 number, int scale);

/* |a| + |b|. */
struct digits_work digits_add(struct arena *arena, const struct digits_view *a,
                              const struct digits_view *b);

/* |a| - |b| for |a| >= |b|. */
struct digits_work digits_sub(struct arena *arena, const struct digits_view *a,
                              const struct digits_view *b);

/* |a| * |b|, with a spare digit. */
struct digits_work digits_mul(struct arena *arena, const struct digits_view *a,
                              const struct digits_view *b);

/* |a| / |b|, cut one digit or more behind `scale` decimal places, with a spare digit; b is not 0.
 */
struct digits_work digits_div(struct arena *arena, const struct digits_view *a,
                              const struct digits_view *b, int scale);

#endif
