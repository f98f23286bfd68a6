/*
 * sum and avg over floats, exact and free of order. A finite double is an integer times 2^-1074 and
 * below 2^1024, so the sum of any number of them is one fixed-point integer of 2098 bits, with 64
 * more for their number and one for the sign: 34 limbs in two's complement. Adding touches three
 * limbs and a carry; the result is rounded once.
 */
#include "ops/aggregate_ops.h"

#include <math.h>

enum { LIMBS = 34, LIMB_BITS = 64, UNIT_EXPONENT = -1074, MANTISSA_BITS = 53 };

__extension__ typedef unsigned __int128 wide;

struct real_sum {
    struct special_counts counts;
    uint64_t limbs[LIMBS];
};

/* Adds (or subtracts) product * 2^shift. */
static void fixed_add(uint64_t *limbs, wide product, unsigned shift, bool negative)
{
    unsigned at = shift / LIMB_BITS, bits = shift % LIMB_BITS;
    uint64_t low = (uint64_t)product, high = (uint64_t)(product >> LIMB_BITS);
    uint64_t parts[3] = {low << bits, high << bits, 0};
    unsigned carry = 0;

    if (bits > 0) {
        parts[1] |= low >> (LIMB_BITS - bits);
        parts[2] = high >> (LIMB_BITS - bits);
    }
    for (unsigned i = 0; at + i < LIMBS && (i < 3 || carry != 0); i++) {
        uint64_t part = i < 3 ? parts[i] : 0, before = limbs[at + i];
        uint64_t after = negative ? before - part - carry : before + part + carry;

        if (negative)
            carry = before < part || before - part < carry;
        else
            carry = after < before || (carry != 0 && after == before);
        limbs[at + i] = after;
    }
}

static void real_add(void *at, const struct aggregate_site *site, struct arena *arena,
                     const struct value *args, int64_t weight)
{
    struct real_sum *sum = at;
    int exponent;

    (void)site;
    (void)arena;
    sum->counts.n += weight;
    if (isnan(args[0].real)) {
        sum->counts.nan += weight;
        return;
    }
    if (isinf(args[0].real)) {
        *(args[0].real > 0 ? &sum->counts.plus : &sum->counts.minus) += weight;
        return;
    }
    double fraction = frexp(fabs(args[0].real), &exponent);
    uint64_t mantissa = (uint64_t)ldexp(fraction, MANTISSA_BITS);
    int shift = exponent - MANTISSA_BITS - UNIT_EXPONENT;
    if (mantissa == 0)
        return;
    if (shift < 0) { /* a subnormal: its low bits are zeros */
        mantissa >>= -shift;
        shift = 0;
    }
    uint64_t times = weight < 0 ? -(uint64_t)weight : (uint64_t)weight;
    fixed_add(sum->limbs, (wide)mantissa * times, (unsigned)shift,
              (args[0].real < 0) != (weight < 0));
}

/* The magnitude into `to`; true when negative. */
static bool magnitude(const uint64_t *limbs, uint64_t *to)
{
    bool negative = limbs[LIMBS - 1] >> (LIMB_BITS - 1) != 0;
    bool carry = negative;

    for (unsigned i = 0; i < LIMBS; i++) {
        to[i] = negative ? ~limbs[i] + carry : limbs[i];
        carry = carry && to[i] == 0;
    }
    return negative;
}

/* The nearest number, ties to even; infinite when it is too large. The 64 bits from the topmost one
 * are rounded by the machine; whether anything is below them is kept in the last one. */
static double fixed_round(const uint64_t *limbs, bool single)
{
    uint64_t whole[LIMBS];
    bool negative = magnitude(limbs, whole);
    int top = LIMBS - 1;

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
    real = ldexp(real, top * LIMB_BITS - (int)zeros + UNIT_EXPONENT);
    if (single)
        real = (double)(float)real;
    return negative ? -real : real;
}

static bool real_total(const struct real_sum *sum, bool single, double *ret, struct err *reterr)
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
    double total = fixed_round(sum->limbs, single);
    if (isinf(total))
        return err_sql(reterr, ERR_DEAD_LETTER, "22003", "value out of range: overflow");
    *ret = total;
    return true;
}

static bool real_sum_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                            struct value *ret, struct err *reterr)
{
    const struct real_sum *sum = at;

    (void)arena;
    *ret = (struct value){.null = sum->counts.n == 0};
    return ret->null || real_total(sum, site->result.id == TYPE_FLOAT4, &ret->real, reterr);
}

static bool real_avg_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                            struct value *ret, struct err *reterr)
{
    const struct real_sum *sum = at;
    double total;

    (void)site;
    (void)arena;
    *ret = (struct value){.null = sum->counts.n == 0};
    if (ret->null)
        return true;
    if (!real_total(sum, false, &total, reterr))
        return false;
    ret->real = total / (double)sum->counts.n;
    return true;
}

/* Limbs that only repeat the sign, and zero limbs at the low end, are not stored. */
static void real_save(const void *at, struct buf *out)
{
    const struct real_sum *sum = at;
    uint32_t first = 0, end = LIMBS;
    uint64_t sign = sum->limbs[LIMBS - 1] >> (LIMB_BITS - 1) != 0 ? UINT64_MAX : 0;

    while (end > 0 && sum->limbs[end - 1] == sign)
        end--;
    while (first < end && sum->limbs[first] == 0)
        first++;
    uint32_t head[4] = {first, end, sign != 0, 0};
    buf_append(out, &sum->counts, sizeof(sum->counts));
    buf_append(out, head, sizeof(head));
    buf_append(out, sum->limbs + first, (end - first) * sizeof(*sum->limbs));
}

static void real_load(void *at, struct arena *arena, struct str *from)
{
    struct real_sum *sum = at;
    uint32_t head[4];

    (void)arena;
    take_bytes(from, &sum->counts, sizeof(sum->counts));
    take_bytes(from, head, sizeof(head));
    assert(head[0] <= head[1] && head[1] <= LIMBS);
    memset(sum->limbs, 0, sizeof(sum->limbs));
    take_bytes(from, sum->limbs + head[0], (head[1] - head[0]) * sizeof(*sum->limbs));
    for (uint32_t i = head[1]; i < LIMBS; i++)
        sum->limbs[i] = head[2] != 0 ? UINT64_MAX : 0;
}

const struct aggregate_ops aggregate_sum_real = {.size = sizeof(struct real_sum),
                                                 .add = real_add,
                                                 .result = real_sum_result,
                                                 .save = real_save,
                                                 .load = real_load};
const struct aggregate_ops aggregate_avg_real = {.size = sizeof(struct real_sum),
                                                 .add = real_add,
                                                 .result = real_avg_result,
                                                 .save = real_save,
                                                 .load = real_load};
