#include "ops/exact_sum.h"

#include <math.h>

enum {
    LIMBS = EXACT_LIMBS,
    LIMB_BITS = 64,
    UNIT_EXPONENT = -1074,
    MANTISSA_BITS = 53,
    WIDE_LIMBS = 2 * LIMBS + 4
};

__extension__ typedef unsigned __int128 wide;

/* Adds (or subtracts) product * 2^shift. */
static void fixed_add(uint64_t *limbs, unsigned n, wide product, unsigned shift, bool negative)
{
    unsigned at = shift / LIMB_BITS, bits = shift % LIMB_BITS;
    uint64_t low = (uint64_t)product, high = (uint64_t)(product >> LIMB_BITS);
    uint64_t parts[3] = {low << bits, high << bits, 0};
    unsigned carry = 0;

    if (bits > 0) {
        parts[1] |= low >> (LIMB_BITS - bits);
        parts[2] = high >> (LIMB_BITS - bits);
    }
    for (unsigned i = 0; at + i < n && (i < 3 || carry != 0); i++) {
        uint64_t part = i < 3 ? parts[i] : 0, before = limbs[at + i];
        uint64_t after = negative ? before - part - carry : before + part + carry;

        if (negative)
            carry = before < part || before - part < carry;
        else
            carry = after < before || (carry != 0 && after == before);
        limbs[at + i] = after;
    }
}

void exact_sum_add(struct exact_sum *sum, double number, int64_t weight)
{
    int exponent;

    sum->counts.n += weight;
    if (isnan(number)) {
        sum->counts.nan += weight;
        return;
    }
    if (isinf(number)) {
        *(number > 0 ? &sum->counts.plus : &sum->counts.minus) += weight;
        return;
    }
    double fraction = frexp(fabs(number), &exponent);
    uint64_t mantissa = (uint64_t)ldexp(fraction, MANTISSA_BITS);
    int shift = exponent - MANTISSA_BITS - UNIT_EXPONENT;
    if (mantissa == 0) {
        sum->negative_zeros += signbit(number) ? weight : 0;
        return;
    }
    if (shift < 0) { /* a subnormal: its low bits are zeros */
        mantissa >>= -shift;
        shift = 0;
    }
    uint64_t times = weight < 0 ? -(uint64_t)weight : (uint64_t)weight;
    fixed_add(sum->limbs, LIMBS, (wide)mantissa * times, (unsigned)shift,
              (number < 0) != (weight < 0));
}

/* The magnitude into `to`; true when negative. */
static bool magnitude(const uint64_t *limbs, unsigned n, uint64_t *to)
{
    bool negative = limbs[n - 1] >> (LIMB_BITS - 1) != 0;
    bool carry = negative;

    for (unsigned i = 0; i < n; i++) {
        to[i] = negative ? ~limbs[i] + carry : limbs[i];
        carry = carry && to[i] == 0;
    }
    return negative;
}

/* The nearest number, ties to even; infinite when it is too large. The 64 bits from the topmost one
 * are rounded by the machine; whether anything is below them is kept in the last one. */
static double fixed_round(const uint64_t *limbs, unsigned n, int unit, bool single)
{
    uint64_t whole[WIDE_LIMBS];
    bool negative = magnitude(limbs, n, whole);
    int top = (int)n - 1;

    while (top >= 0 && whole[top] == 0)
        top--;
    if (top < 0)
        return 0;
    unsigned zeros = (unsigned)__builtin_clzll(whole[top]);
    uint64_t bits = whole[top] << zeros;
    bool sticky = false;
    if (top > 0 && zeros > 0)
        bits |= whole[top - 1] >> (LIMB_BITS - zeros);
    if (top > 0)
        sticky = (zeros > 0 ? whole[top - 1] << zeros : whole[top - 1]) != 0;
    for (int i = 0; i < top - 1; i++)
        sticky = sticky || whole[i] != 0;
    bits |= sticky;
    /* Sums of floats are multiples of 2^-149, so nothing is lost among the subnormals of either. */
    double real = single ? (double)(float)bits : (double)bits;
    real = ldexp(real, top * LIMB_BITS - (int)zeros + unit);
    if (single)
        real = (double)(float)real;
    return negative ? -real : real;
}

bool exact_sum_total(const struct exact_sum *sum, bool single, double *ret, struct err *reterr)
{
    switch (special_sum(&sum->counts)) {
    case SUM_NAN:
        *ret = (double)NAN;
        return true;
    case SUM_PLUS:
        *ret = (double)INFINITY;
        return true;
    case SUM_MINUS:
        *ret = -(double)INFINITY;
        return true;
    case SUM_FINITE:
        break;
    }
    double total = fixed_round(sum->limbs, LIMBS, UNIT_EXPONENT, single);
    if (isinf(total))
        return err_sql(reterr, ERR_DEAD_LETTER, "22003", "value out of range: overflow");
    *ret = total;
    return true;
}

void exact_sum_add_product(struct exact_sum *sum, double a, double b, int64_t weight)
{
    double product = a * b, rest = fma(a, b, -product);

    exact_sum_add(sum, product, weight);
    if (isfinite(product) && rest != 0) {
        exact_sum_add(sum, rest, weight);
        sum->counts.n -= weight;
    }
}

/* Adds (or subtracts) a * b, both magnitudes, to a wide number. */
static void wide_add_product(uint64_t *to, const uint64_t *a, unsigned a_n, const uint64_t *b,
                             unsigned shift, bool negative)
{
    for (unsigned i = 0; i < a_n; i++) {
        for (unsigned j = 0; j < LIMBS; j++) {
            if (a[i] != 0 && b[j] != 0)
                fixed_add(to, WIDE_LIMBS, (wide)a[i] * b[j], (i + j) * LIMB_BITS + shift, negative);
        }
    }
}

double exact_sum_cross(const struct exact_sum *products, const struct exact_sum *a,
                       const struct exact_sum *b, int64_t n)
{
    uint64_t x[LIMBS], y[LIMBS], number = (uint64_t)n, to[WIDE_LIMBS] = {0};
    bool negative = magnitude(products->limbs, LIMBS, x);

    wide_add_product(to, &number, 1, x, (unsigned)-UNIT_EXPONENT, negative);
    negative = magnitude(a->limbs, LIMBS, x) != magnitude(b->limbs, LIMBS, y);
    wide_add_product(to, x, LIMBS, y, 0, !negative);
    return fixed_round(to, WIDE_LIMBS, 2 * UNIT_EXPONENT, false);
}

void exact_sum_save(const struct exact_sum *sum, struct buf *out)
{
    uint32_t first = 0, end = LIMBS;
    uint64_t sign = sum->limbs[LIMBS - 1] >> (LIMB_BITS - 1) != 0 ? UINT64_MAX : 0;

    while (end > 0 && sum->limbs[end - 1] == sign)
        end--;
    while (first < end && sum->limbs[first] == 0)
        first++;
    uint32_t head[4] = {first, end, sign != 0, sum->negative_zeros != 0};
    buf_append(out, &sum->counts, sizeof(sum->counts));
    buf_append(out, head, sizeof(head));
    buf_append(out, sum->limbs + first, (end - first) * sizeof(*sum->limbs));
    if (head[3] != 0)
        buf_append(out, &sum->negative_zeros, sizeof(sum->negative_zeros));
}

void exact_sum_load(struct exact_sum *sum, struct str *from)
{
    uint32_t head[4];

    take_bytes(from, &sum->counts, sizeof(sum->counts));
    take_bytes(from, head, sizeof(head));
    assert(head[0] <= head[1] && head[1] <= LIMBS);
    memset(sum->limbs, 0, sizeof(sum->limbs));
    take_bytes(from, sum->limbs + head[0], (head[1] - head[0]) * sizeof(*sum->limbs));
    for (uint32_t i = head[1]; i < LIMBS; i++)
        sum->limbs[i] = head[2] != 0 ? UINT64_MAX : 0;
    sum->negative_zeros = 0;
    if (head[3] != 0)
        take_bytes(from, &sum->negative_zeros, sizeof(sum->negative_zeros));
}
