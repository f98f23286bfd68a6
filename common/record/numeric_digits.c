#include "record/numeric_digits.h"

#include <assert.h>

static const uint64_t powers10[] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
    10000000000000000000U,
};

numeric_u128 numeric_power10(int exponent)
{
    assert(exponent >= 0 && exponent <= 38);
    return exponent <= 19 ? powers10[exponent]
                          : (numeric_u128)powers10[19] * powers10[exponent - 19];
}

int numeric_count_digits(uint64_t number)
{
    if (number == 0)
        return 0;
    /* bits * log10(2), at most one too few */
    int guess = (64 - __builtin_clzll(number)) * 1233 >> 12;
    return guess + (number >= powers10[guess]);
}

static void put_u16(uint8_t *at, unsigned number)
{
    at[0] = (uint8_t)number;
    at[1] = (uint8_t)(number >> 8);
}

static unsigned get_u16(const char *at)
{
    return (uint8_t)at[0] | (unsigned)(uint8_t)at[1] << 8;
}

static void open_small(struct digits_view *view, struct str packed)
{
    int64_t number;

    memcpy(&number, packed.at + 2, sizeof(number));
    view->scale = numeric_small_scale(packed);
    view->negative = number < 0;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    int places = (view->scale + NUMERIC_BASE_DIGITS - 1) / NUMERIC_BASE_DIGITS;
    uint64_t pad = powers10[places * NUMERIC_BASE_DIGITS - view->scale];
    int at = (int)sizeof(view->own) / 2;
    uint64_t last = NUMERIC_BASE / pad;
    unsigned digit = (unsigned)(rest % last * pad);
    int weight = -places;

    /* the loop ends with a nonzero digit, or at once with 0 */
    view->n = 0;
    for (rest /= last;; weight++, digit = (unsigned)(rest % NUMERIC_BASE), rest /= NUMERIC_BASE) {
        if (digit != 0 || view->n > 0) {
            put_u16(view->own + (size_t)(2 * --at), digit);
            view->n++;
        }
        if (rest == 0)
            break;
    }
    view->weight = view->n == 0 ? 0 : weight;
    view->at = view->own + (size_t)(2 * at);
}

static void open_wide(struct digits_view *view, struct str packed)
{
    int32_t scale, weight;

    assert(packed.len >= NUMERIC_WIDE_HEAD);
    memcpy(&scale, packed.at + 2, sizeof(scale));
    memcpy(&weight, packed.at + 2 + sizeof(scale), sizeof(weight));
    view->scale = scale;
    view->weight = weight;
    view->n = (int)((packed.len - NUMERIC_WIDE_HEAD) / 2);
    view->at = (const uint8_t *)packed.at + NUMERIC_WIDE_HEAD;
}

void digits_open(struct digits_view *view, struct str packed)
{
    if (packed.at[0] == NUMERIC_SMALL) {
        open_small(view, packed);
        return;
    }
    view->negative = packed.at[1] != 0;
    if (packed.at[0] == NUMERIC_WIDE) {
        open_wide(view, packed);
        return;
    }
    assert(packed.at[0] == NUMERIC_LARGE && packed.len >= NUMERIC_LARGE_HEAD);
    view->scale = (int)get_u16(packed.at + 2);
    view->weight = (int16_t)get_u16(packed.at + 4);
    view->n = (int)((packed.len - NUMERIC_LARGE_HEAD) / 2);
    view->at = (const uint8_t *)packed.at + NUMERIC_LARGE_HEAD;
}

void digits_review(struct digits_view *view, struct arena *arena, struct digits_work work)
{
    uint8_t *at = arena_alloc(arena, 2 * (size_t)work.n);

    for (int i = 0; i < work.n; i++)
        put_u16(at + (size_t)(2 * i), work.digits[i]);
    view->n = work.n;
    view->weight = work.weight;
    view->at = at;
}

int digits_cmp(const struct digits_view *a, const struct digits_view *b)
{
    if (a->n == 0 || b->n == 0)
        return (a->n > 0) - (b->n > 0);
    if (a->weight != b->weight)
        return a->weight > b->weight ? 1 : -1;
    for (int i = 0; i < a->n && i < b->n; i++) {
        if (digits_get(a, i) != digits_get(b, i))
            return digits_get(a, i) > digits_get(b, i) ? 1 : -1;
    }
    return (a->n > b->n) - (a->n < b->n);
}

struct digits_work digits_new(struct arena *arena, int n, int weight)
{
    assert(n >= 0);
    return (struct digits_work){arena_zalloc(arena, (size_t)n * sizeof(uint16_t)), n, weight};
}

struct digits_work digits_copy(struct arena *arena, const struct digits_view *view)
{
    struct digits_work work = digits_new(arena, view->n + 1, view->weight + 1);

    for (int i = 0; i < view->n; i++)
        work.digits[i + 1] = (uint16_t)digits_get(view, i);
    return work;
}

void digits_cut(struct digits_work *work, int scale, bool nearest)
{
    int keep = (work->weight + 1) * NUMERIC_BASE_DIGITS + scale; /* decimal digits that stay */
    int i = keep / NUMERIC_BASE_DIGITS;

    if (keep < 0) {
        work->n = 0;
        return;
    }
    if (i >= work->n)
        return;
    assert(work->digits[0] == 0);
    unsigned unit = (unsigned)powers10[NUMERIC_BASE_DIGITS - keep % NUMERIC_BASE_DIGITS];
    unsigned tail = work->digits[i] % unit;
    unsigned digit = work->digits[i] - tail;

    work->n = i + 1;
    if (nearest && tail >= unit / 2)
        digit += unit;
    for (; digit >= NUMERIC_BASE; digit = work->digits[i] + 1U) {
        assert(i > 0);
        work->digits[i--] = (uint16_t)(digit - NUMERIC_BASE);
    }
    work->digits[i] = (uint16_t)digit;
}

static struct str pack_small(struct arena *arena, int64_t number, int scale)
{
    char *at = arena_alloc(arena, NUMERIC_SMALL_SIZE);

    at[0] = NUMERIC_SMALL;
    at[1] = (char)scale;
    memcpy(at + 2, &number, sizeof(number));
    return (struct str){at, NUMERIC_SMALL_SIZE};
}

/* The number as an int64 of `scale` places, when it is one. */
static bool is_small(struct digits_work work, bool negative, int scale, int64_t *ret)
{
    int whole_digits = work.n == 0 ? 0 : work.weight * NUMERIC_BASE_DIGITS + 1; /* at least */

    if (scale > NUMERIC_SMALL_SCALE_MAX || (whole_digits > 0 && whole_digits + scale > 19))
        return false;
    int places = (scale + NUMERIC_BASE_DIGITS - 1) / NUMERIC_BASE_DIGITS;
    numeric_u128 sum = 0;
    for (int weight = work.n == 0 ? -1 : work.weight, i = 0; weight >= -places; weight--, i++)
        sum = sum * NUMERIC_BASE + (i < work.n ? work.digits[i] : 0);
    sum /= powers10[places * NUMERIC_BASE_DIGITS - scale];
    if (sum > (numeric_u128)INT64_MAX + negative)
        return false;
    *ret = (int64_t)(negative ? 0 - (uint64_t)sum : (uint64_t)sum);
    return true;
}

/* Without zeros at either end; 0 has no sign. */
static void strip(struct digits_work *work, bool *negative)
{
    for (; work->n > 0 && work->digits[0] == 0; work->n--, work->weight--)
        work->digits++;
    while (work->n > 0 && work->digits[work->n - 1] == 0)
        work->n--;
    if (work->n == 0) {
        work->weight = 0;
        *negative = false;
    }
}

static struct str pack_digits(struct arena *arena, struct digits_work work, bool negative,
                              int scale, bool wide)
{
    int32_t scale_32 = scale, weight_32 = work.weight;
    size_t head = wide ? NUMERIC_WIDE_HEAD : NUMERIC_LARGE_HEAD;
    size_t len = head + 2 * (size_t)work.n;
    uint8_t *at = arena_alloc(arena, len);

    at[0] = wide ? NUMERIC_WIDE : NUMERIC_LARGE;
    at[1] = negative;
    if (wide) {
        memcpy(at + 2, &scale_32, sizeof(scale_32));
        memcpy(at + 2 + sizeof(scale_32), &weight_32, sizeof(weight_32));
    } else {
        put_u16(at + 2, (unsigned)scale);
        put_u16(at + 4, (uint16_t)work.weight);
    }
    for (int i = 0; i < work.n; i++)
        put_u16(at + head + (size_t)(2 * i), work.digits[i]);
    return (struct str){(const char *)at, len};
}

struct str digits_pack(struct arena *arena, struct digits_work work, bool negative, int scale)
{
    int64_t number;

    assert(scale >= 0 && scale <= NUMERIC_SCALE_MAX);
    strip(&work, &negative);
    if (is_small(work, negative, scale, &number))
        return pack_small(arena, number, scale);
    if (work.weight > NUMERIC_WEIGHT_MAX)
        return (struct str){NULL, 0};
    return pack_digits(arena, work, negative, scale, false);
}

struct str digits_pack_wide(struct arena *arena, struct digits_work work, bool negative, int scale)
{
    int64_t number;
    bool wide;

    assert(scale >= 0);
    strip(&work, &negative);
    if (is_small(work, negative, scale, &number))
        return pack_small(arena, number, scale);
    wide = scale > NUMERIC_SCALE_MAX || work.weight > NUMERIC_WEIGHT_MAX || work.weight < INT16_MIN;
    return pack_digits(arena, work, negative, scale, wide);
}

struct str digits_pack_i128(struct arena *arena, numeric_i128 number, int scale)
{
    if (scale <= NUMERIC_SMALL_SCALE_MAX && number >= INT64_MIN && number <= INT64_MAX)
        return pack_small(arena, (int64_t)number, scale);

    uint16_t digits[11] = {0}; /* 2^127 has 39 decimal digits, and up to 3 are added */
    int at = (int)(sizeof(digits) / sizeof(digits[0]));
    int places = (scale + NUMERIC_BASE_DIGITS - 1) / NUMERIC_BASE_DIGITS;
    unsigned pad = (unsigned)powers10[places * NUMERIC_BASE_DIGITS - scale];
    bool negative = number < 0;
    numeric_u128 rest = negative ? 0 - (numeric_u128)number : (numeric_u128)number;
    unsigned last = NUMERIC_BASE / pad;

    digits[--at] = (uint16_t)((unsigned)(rest % last) * pad);
    for (rest /= last; rest != 0; rest /= NUMERIC_BASE)
        digits[--at] = (uint16_t)(rest % NUMERIC_BASE);
    int n = (int)(sizeof(digits) / sizeof(digits[0])) - at;
    return digits_pack(arena, (struct digits_work){digits + at, n, n - 1 - places}, negative,
                       scale);
}

static int low_weight(const struct digits_view *view)
{
    return view->weight - view->n + 1;
}

/* Zeroed digits that reach from above both numbers down to the lower end of both. */
static struct digits_work span_of(struct arena *arena, const struct digits_view *a,
                                  const struct digits_view *b)
{
    int high = (a->weight > b->weight ? a->weight : b->weight) + 1;
    int low = low_weight(a) < low_weight(b) ? low_weight(a) : low_weight(b);

    return digits_new(arena, high - low + 1, high);
}

struct digits_work digits_add(struct arena *arena, const struct digits_view *a,
                              const struct digits_view *b)
{
    struct digits_work sum = span_of(arena, a, b);
    unsigned carry = 0;

    for (int i = sum.n - 1; i >= 0; i--) {
        unsigned digit = digits_at(a, sum.weight - i) + digits_at(b, sum.weight - i) + carry;

        carry = digit >= NUMERIC_BASE;
        sum.digits[i] = (uint16_t)(digit - carry * NUMERIC_BASE);
    }
    assert(carry == 0);
    return sum;
}

struct digits_work digits_sub(struct arena *arena, const struct digits_view *a,
                              const struct digits_view *b)
{
    struct digits_work rest = span_of(arena, a, b);
    unsigned borrow = 0;

    for (int i = rest.n - 1; i >= 0; i--) {
        unsigned digit =
            NUMERIC_BASE + digits_at(a, rest.weight - i) - digits_at(b, rest.weight - i) - borrow;

        borrow = digit < NUMERIC_BASE;
        rest.digits[i] = (uint16_t)(digit - (1 - borrow) * NUMERIC_BASE);
    }
    assert(borrow == 0);
    return rest;
}

struct digits_work digits_mul(struct arena *arena, const struct digits_view *a,
                              const struct digits_view *b)
{
    struct digits_work product = digits_new(arena, a->n + b->n + 1, a->weight + b->weight + 2);

    for (int i = a->n - 1; i >= 0; i--) {
        uint16_t *row = product.digits + i + 2;
        unsigned factor = digits_get(a, i), carry = 0;

        for (int j = b->n - 1; j >= 0; j--) {
            unsigned digit = row[j] + factor * digits_get(b, j) + carry;

            carry = digit / NUMERIC_BASE;
            row[j] = (uint16_t)(digit % NUMERIC_BASE);
        }
        row[-1] = (uint16_t)carry;
    }
    return product;
}

/* digits * factor in place; the carry goes to digits[0], which must have room. */
static void scale_up(uint16_t *digits, int n, unsigned factor)
{
    unsigned carry = 0;

    for (int i = n - 1; i >= 0; i--) {
        unsigned digit = digits[i] * factor + carry;

        carry = digit / NUMERIC_BASE;
        digits[i] = (uint16_t)(digit % NUMERIC_BASE);
    }
    assert(carry == 0);
}

/* The next digit of the quotient may be one or two too high: top two digits of the rest by the
 * first of the divisor, corrected by the second. */
static unsigned guess_digit(const uint16_t *rest, const uint16_t *divisor)
{
    unsigned top = rest[0] * (unsigned)NUMERIC_BASE + rest[1];
    unsigned guess = top / divisor[0], left = top % divisor[0];

    while (guess >= NUMERIC_BASE || guess * divisor[1] > left * (unsigned)NUMERIC_BASE + rest[2]) {
        guess--;
        left += divisor[0];
        if (left >= NUMERIC_BASE)
            break;
    }
    return guess;
}

/* rest[0..n] -= divisor[0..n-1] * factor; true when that came out negative (mod 10000^(n+1)). */
static bool subtract_multiple(uint16_t *rest, const uint16_t *divisor, int n, unsigned factor)
{
    int carry = 0;

    for (int i = n; i >= 0; i--) {
        int digit = rest[i] + carry - (i > 0 ? (int)(factor * divisor[i - 1]) : 0);

        carry = (digit - (NUMERIC_BASE - 1) * (digit < 0)) / NUMERIC_BASE;
        rest[i] = (uint16_t)(digit - carry * NUMERIC_BASE);
    }
    return carry < 0;
}

/* rest[0..n] += divisor[0..n-1], dropping the carry that undoes a borrow. */
static void add_back(uint16_t *rest, const uint16_t *divisor, int n)
{
    unsigned carry = 0;

    for (int i = n; i >= 0; i--) {
        unsigned digit = rest[i] + (i > 0 ? divisor[i - 1] : 0U) + carry;

        carry = digit >= NUMERIC_BASE;
        rest[i] = (uint16_t)(digit - carry * NUMERIC_BASE);
    }
}

/*
 * Long division. The divisor has n digits, at least 2 (the last may be 0); `rest` is the dividend,
 * one digit longer at its head; quotient[q] is the digit that `rest + q` by the divisor gives. Both
 * are scaled so that the divisor's first digit is at least half of the base, which bounds the error
 * of each guess.
 */
static void divide(uint16_t *quotient, int quotient_n, uint16_t *rest, uint16_t *divisor, int n)
{
    unsigned factor = NUMERIC_BASE / (divisor[0] + 1U);

    scale_up(divisor, n, factor);
    scale_up(rest, quotient_n + n, factor);
    for (int q = 0; q < quotient_n; q++) {
        unsigned digit = guess_digit(rest + q, divisor);

        if (digit > 0 && subtract_multiple(rest + q, divisor, n, digit)) {
            add_back(rest + q, divisor, n);
            digit--;
        }
        quotient[q] = (uint16_t)digit;
    }
}

struct digits_work digits_div(struct arena *arena, const struct digits_view *a,
                              const struct digits_view *b, int scale)
{
    int places = (scale + NUMERIC_BASE_DIGITS - 1) / NUMERIC_BASE_DIGITS + 1;
    int weight = a->weight - b->weight;
    int quotient_n = weight + places + 1;
    int divisor_n = b->n < 2 ? 2 : b->n;

    assert(b->n > 0);
    if (a->n == 0 || quotient_n <= 0)
        return digits_new(arena, 0, 0);

    struct digits_work quotient = digits_new(arena, quotient_n + 1, weight + 1);
    uint16_t *divisor = digits_new(arena, divisor_n, 0).digits;
    uint16_t *rest = digits_new(arena, quotient_n + divisor_n, 0).digits;
    for (int i = 0; i < b->n; i++)
        divisor[i] = (uint16_t)digits_get(b, i);
    for (int i = 0; i < a->n && i < quotient_n + divisor_n - 1; i++)
        rest[i + 1] = (uint16_t)digits_get(a, i);
    divide(quotient.digits + 1, quotient_n, rest, divisor, divisor_n);
    return quotient;
}
