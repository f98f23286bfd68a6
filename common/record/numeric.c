#include "record/numeric.h"

#include "record/numeric_digits.h"

#include <assert.h>
#include <limits.h>

enum {
    SIGNIFICANT_DIGITS_MIN = 16, /* of a quotient */
    QUOTIENT_SCALE_MAX = 1000,
    ROUND_SCALE_MIN = -(NUMERIC_WEIGHT_MAX + 1) * NUMERIC_BASE_DIGITS
};

static enum numeric_form form_of(struct str packed)
{
    assert(packed.len > 0);
    return (enum numeric_form)packed.at[0];
}

static bool is_nan(struct str packed)
{
    return form_of(packed) == NUMERIC_NAN;
}

static int64_t small_number(struct str packed)
{
    int64_t number;

    memcpy(&number, packed.at + 2, sizeof(number));
    return number;
}

static bool both_small(struct str a, struct str b)
{
    return form_of(a) == NUMERIC_SMALL && form_of(b) == NUMERIC_SMALL;
}

static struct str special(enum numeric_form form)
{
    static const char forms[] = {NUMERIC_SMALL, NUMERIC_LARGE, NUMERIC_NAN, NUMERIC_PLUS_INFINITY,
                                 NUMERIC_MINUS_INFINITY};

    return (struct str){&forms[form], 1};
}

static struct str infinity(bool negative)
{
    return special(negative ? NUMERIC_MINUS_INFINITY : NUMERIC_PLUS_INFINITY);
}

/* -1, 0 or 1; not for NaN. */
static int sign_of(struct str packed)
{
    switch (form_of(packed)) {
    case NUMERIC_SMALL: {
        int64_t number = small_number(packed);

        return (number > 0) - (number < 0);
    }
    case NUMERIC_LARGE:
        if (packed.len == NUMERIC_LARGE_HEAD)
            return 0;
        return packed.at[1] != 0 ? -1 : 1;
    case NUMERIC_WIDE:
        if (packed.len == NUMERIC_WIDE_HEAD)
            return 0;
        return packed.at[1] != 0 ? -1 : 1;
    case NUMERIC_MINUS_INFINITY:
        return -1;
    case NUMERIC_PLUS_INFINITY:
    case NUMERIC_NAN:
        break;
    }
    return 1;
}

bool numeric_is_special(struct str packed)
{
    return form_of(packed) >= NUMERIC_NAN && form_of(packed) <= NUMERIC_MINUS_INFINITY;
}

/* What numeric can hold; the empty view: its limit is passed. */
static struct str in_limits(struct str packed)
{
    return form_of(packed) == NUMERIC_WIDE ? (struct str){NULL, 0} : packed;
}

bool numeric_check(struct str packed)
{
    if (packed.len == 0)
        return false;
    switch (form_of(packed)) {
    case NUMERIC_SMALL:
        return packed.len == NUMERIC_SMALL_SIZE &&
               numeric_small_scale(packed) <= NUMERIC_SMALL_SCALE_MAX;
    case NUMERIC_LARGE:
        break;
    case NUMERIC_NAN:
    case NUMERIC_PLUS_INFINITY:
    case NUMERIC_MINUS_INFINITY:
        return packed.len == 1;
    default:
        return false;
    }
    if (packed.len < NUMERIC_LARGE_HEAD || packed.len % 2 != 0)
        return false;

    struct digits_view view;
    digits_open(&view, packed);
    for (int i = 0; i < view.n; i++) {
        if (digits_get(&view, i) >= NUMERIC_BASE)
            return false;
    }
    return view.scale <= NUMERIC_SCALE_MAX;
}

int numeric_scale(struct str packed)
{
    struct digits_view view;

    if (form_of(packed) == NUMERIC_SMALL)
        return numeric_small_scale(packed);
    if (numeric_is_special(packed))
        return 0;
    digits_open(&view, packed);
    return view.scale;
}

/* The order of classes: -Infinity, finite, +Infinity, NaN. */
static int rank_of(struct str packed)
{
    switch (form_of(packed)) {
    case NUMERIC_MINUS_INFINITY:
        return -1;
    case NUMERIC_PLUS_INFINITY:
        return 1;
    case NUMERIC_NAN:
        return 2;
    case NUMERIC_SMALL:
    case NUMERIC_LARGE:
    case NUMERIC_WIDE:
        break;
    }
    return 0;
}

/* The small number times 10^(scale - its own scale). */
static numeric_i128 small_at(struct str packed, int scale)
{
    int own = numeric_small_scale(packed);

    if (own == scale)
        return small_number(packed);
    return small_number(packed) * (numeric_i128)numeric_power10(scale - own);
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

int numeric_cmp(struct str a, struct str b)
{
    if (both_small(a, b)) {
        int scale = larger(numeric_small_scale(a), numeric_small_scale(b));
        numeric_i128 left = small_at(a, scale), right = small_at(b, scale);

        return (left > right) - (left < right);
    }
    if (numeric_is_special(a) || numeric_is_special(b))
        return rank_of(a) - rank_of(b);

    struct digits_view left, right;
    digits_open(&left, a);
    digits_open(&right, b);
    if (left.n == 0 || right.n == 0 || left.negative != right.negative)
        return sign_of(a) - sign_of(b);
    return left.negative ? digits_cmp(&right, &left) : digits_cmp(&left, &right);
}

/* a + b, or a - b. */
static struct str add_special(struct str a, struct str b, bool subtract)
{
    if (is_nan(a) || is_nan(b))
        return special(NUMERIC_NAN);
    if (numeric_is_special(b)) {
        bool negative = (sign_of(b) < 0) != subtract;

        if (numeric_is_special(a) && (sign_of(a) < 0) != negative)
            return special(NUMERIC_NAN);
        return infinity(negative);
    }
    return infinity(sign_of(a) < 0);
}

static struct str add_large(struct arena *arena, struct str a, struct str b, bool subtract)
{
    struct digits_view left, right;

    if (numeric_is_special(a) || numeric_is_special(b))
        return add_special(a, b, subtract);
    digits_open(&left, a);
    digits_open(&right, b);
    int scale = larger(left.scale, right.scale);
    if (left.negative == (right.negative != subtract))
        return digits_pack_wide(arena, digits_add(arena, &left, &right), left.negative, scale);
    if (digits_cmp(&left, &right) >= 0)
        return digits_pack_wide(arena, digits_sub(arena, &left, &right), left.negative, scale);
    return digits_pack_wide(arena, digits_sub(arena, &right, &left), !left.negative, scale);
}

/* Two small numbers aligned to 18 places stay below 2^124, so their sum fits. */
struct str numeric_add(struct arena *arena, struct str a, struct str b)
{
    if (both_small(a, b)) {
        int scale = larger(numeric_small_scale(a), numeric_small_scale(b));

        return digits_pack_i128(arena, small_at(a, scale) + small_at(b, scale), scale);
    }
    return in_limits(add_large(arena, a, b, false));
}

struct str numeric_wide_add(struct arena *arena, struct str a, struct str b)
{
    return both_small(a, b) ? numeric_add(arena, a, b) : add_large(arena, a, b, false);
}

struct str numeric_sub(struct arena *arena, struct str a, struct str b)
{
    if (both_small(a, b)) {
        int scale = larger(numeric_small_scale(a), numeric_small_scale(b));

        return digits_pack_i128(arena, small_at(a, scale) - small_at(b, scale), scale);
    }
    return in_limits(add_large(arena, a, b, true));
}

struct str numeric_wide_sub(struct arena *arena, struct str a, struct str b)
{
    return both_small(a, b) ? numeric_sub(arena, a, b) : add_large(arena, a, b, true);
}

static struct str mul_special(struct str a, struct str b)
{
    if (is_nan(a) || is_nan(b) || sign_of(a) == 0 || sign_of(b) == 0)
        return special(NUMERIC_NAN);
    return infinity(sign_of(a) != sign_of(b));
}

static struct str mul_large(struct arena *arena, struct str a, struct str b, int scale_most)
{
    struct digits_view left, right;

    if (numeric_is_special(a) || numeric_is_special(b))
        return mul_special(a, b);
    digits_open(&left, a);
    digits_open(&right, b);
    int scale = left.scale + right.scale;
    struct digits_work product = digits_mul(arena, &left, &right);
    if (scale > scale_most) {
        scale = scale_most;
        digits_cut(&product, scale, true);
    }
    return digits_pack_wide(arena, product, left.negative != right.negative, scale);
}

struct str numeric_mul(struct arena *arena, struct str a, struct str b)
{
    if (both_small(a, b))
        return digits_pack_i128(arena, (numeric_i128)small_number(a) * small_number(b),
                                numeric_small_scale(a) + numeric_small_scale(b));
    return in_limits(mul_large(arena, a, b, NUMERIC_SCALE_MAX));
}

struct str numeric_wide_mul(struct arena *arena, struct str a, struct str b)
{
    return both_small(a, b) ? numeric_mul(arena, a, b) : mul_large(arena, a, b, INT_MAX);
}

/* Where the first base-10000 digit of a number stands, and what it is; 0 and 0 for zero. */
struct lead {
    int weight;
    unsigned digit;
};

static struct lead lead_of(struct str packed)
{
    struct digits_view view;

    digits_open(&view, packed);
    return view.n == 0 ? (struct lead){0, 0} : (struct lead){view.weight, digits_get(&view, 0)};
}

/*
 * At least 16 significant digits (judged by the operands' first base-10000 digits, which may count
 * one digit too few) and at least the scale of either operand, but at most 1000 places.
 */
static int quotient_scale(struct str a, struct str b)
{
    struct lead left = lead_of(a), right = lead_of(b);
    int weight = left.weight - right.weight - (left.digit <= right.digit);
    int scale = SIGNIFICANT_DIGITS_MIN - weight * NUMERIC_BASE_DIGITS;

    scale = larger(scale, larger(numeric_scale(a), numeric_scale(b)));
    scale = larger(scale, 0);
    return scale < QUOTIENT_SCALE_MAX ? scale : QUOTIENT_SCALE_MAX;
}

static uint64_t magnitude(int64_t number)
{
    return number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
}

/* The quotient of two small numbers, when the widened dividend fits 128 bits. */
static bool div_small(struct arena *arena, struct str a, struct str b, int scale, struct str *ret)
{
    int64_t divisor = small_number(b);
    int more = scale + numeric_small_scale(b) - numeric_small_scale(a);

    if (more < 0 || more + numeric_count_digits(magnitude(small_number(a))) > 38)
        return false;
    numeric_i128 dividend = small_number(a) * (numeric_i128)numeric_power10(more);
    numeric_i128 quotient = dividend / divisor;
    numeric_i128 rest = dividend - quotient * divisor;
    numeric_i128 twice = 2 * (rest < 0 ? -rest : rest);

    if (twice >= (numeric_i128)magnitude(divisor))
        quotient += (small_number(a) < 0) == (divisor < 0) ? 1 : -1;
    *ret = digits_pack_i128(arena, quotient, scale);
    return true;
}

static bool by_zero(struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22012", "division by zero");
}

/* What division and modulo share where an operand is special or b is 0. True when that settled the
 * matter: then *ret_ok is the outcome. */
static bool div_edge(struct str a, struct str b, struct str *ret, bool *ret_ok, struct err *reterr)
{
    if (is_nan(a) || is_nan(b)) {
        *ret = special(NUMERIC_NAN);
        *ret_ok = true;
        return true;
    }
    if (sign_of(b) == 0) {
        *ret_ok = by_zero(reterr);
        return true;
    }
    return false;
}

struct str numeric_wide_div(struct arena *arena, struct str a, struct str b)
{
    int scale = quotient_scale(a, b);
    struct digits_view left, right;
    struct str made;

    if (both_small(a, b) && div_small(arena, a, b, scale, &made))
        return made;
    digits_open(&left, a);
    digits_open(&right, b);
    struct digits_work quotient = digits_div(arena, &left, &right, scale);
    digits_cut(&quotient, scale, true);
    return digits_pack_wide(arena, quotient, left.negative != right.negative, scale);
}

bool numeric_div(struct arena *arena, struct str a, struct str b, struct str *ret,
                 struct err *reterr)
{
    bool ok;

    if (div_edge(a, b, ret, &ok, reterr))
        return ok;
    if (numeric_is_special(a)) {
        *ret = numeric_is_special(b) ? special(NUMERIC_NAN) : infinity(sign_of(a) != sign_of(b));
        return true;
    }
    if (numeric_is_special(b)) {
        *ret = numeric_from_i64(arena, 0);
        return true;
    }

    return numeric_narrow(numeric_wide_div(arena, a, b), ret, reterr);
}

bool numeric_mod(struct arena *arena, struct str a, struct str b, struct str *ret,
                 struct err *reterr)
{
    bool ok;

    if (div_edge(a, b, ret, &ok, reterr))
        return ok;
    if (numeric_is_special(a)) {
        *ret = special(NUMERIC_NAN);
        return true;
    }
    if (numeric_is_special(b)) {
        *ret = a;
        return true;
    }
    if (both_small(a, b)) {
        int scale = larger(numeric_small_scale(a), numeric_small_scale(b));

        *ret = digits_pack_i128(arena, small_at(a, scale) % small_at(b, scale), scale);
        return true;
    }

    struct digits_view left, right, whole, part;
    digits_open(&left, a);
    digits_open(&right, b);
    struct digits_work quotient = digits_div(arena, &left, &right, 0);
    digits_cut(&quotient, 0, false);
    digits_review(&whole, arena, quotient);
    digits_review(&part, arena, digits_mul(arena, &right, &whole));
    *ret = digits_pack(arena, digits_sub(arena, &left, &part), left.negative,
                       larger(left.scale, right.scale));
    return true;
}

struct str numeric_negate(struct arena *arena, struct str a)
{
    switch (form_of(a)) {
    case NUMERIC_SMALL:
        return digits_pack_i128(arena, -(numeric_i128)small_number(a), numeric_small_scale(a));
    case NUMERIC_NAN:
        return a;
    case NUMERIC_PLUS_INFINITY:
    case NUMERIC_MINUS_INFINITY:
        return infinity(form_of(a) == NUMERIC_PLUS_INFINITY);
    case NUMERIC_LARGE:
    case NUMERIC_WIDE:
        break;
    }
    struct digits_view view;
    digits_open(&view, a);
    return digits_pack_wide(arena, digits_copy(arena, &view), !view.negative, view.scale);
}

/* Rounds or truncates a small number; false when the result may not fit 128 bits. */
static bool cut_small(struct arena *arena, struct str a, int scale, bool nearest, struct str *ret)
{
    int64_t number = small_number(a);
    int less = numeric_small_scale(a) - scale;

    if (less < -19 || (less > 19 && scale < -19))
        return false;
    if (less <= 0) {
        *ret = digits_pack_i128(arena, number * (numeric_i128)numeric_power10(-less), scale);
        return true;
    }
    numeric_i128 unit = less > 19 ? 0 : (numeric_i128)numeric_power10(less);
    numeric_i128 quotient = unit == 0 ? 0 : number / unit;
    numeric_i128 rest = unit == 0 ? 0 : number % unit;

    if (nearest && unit != 0 && 2 * (rest < 0 ? -rest : rest) >= unit)
        quotient += number < 0 ? -1 : 1;
    if (scale < 0)
        quotient *= (numeric_i128)numeric_power10(-scale);
    *ret = digits_pack_i128(arena, quotient, larger(scale, 0));
    return true;
}

static struct str cut(struct arena *arena, struct str a, int scale, bool nearest)
{
    struct str made;

    if (numeric_is_special(a))
        return a;
    if (form_of(a) == NUMERIC_SMALL && cut_small(arena, a, scale, nearest, &made))
        return made;

    struct digits_view view;
    digits_open(&view, a);
    struct digits_work work = digits_copy(arena, &view);
    digits_cut(&work, scale, nearest);
    return digits_pack_wide(arena, work, view.negative, larger(scale, 0));
}

static int scale_within(int scale)
{
    return scale > NUMERIC_SCALE_MAX ? NUMERIC_SCALE_MAX : larger(scale, ROUND_SCALE_MIN);
}

struct str numeric_round(struct arena *arena, struct str a, int scale)
{
    return in_limits(cut(arena, a, scale_within(scale), true));
}

struct str numeric_trunc(struct arena *arena, struct str a, int scale)
{
    return in_limits(cut(arena, a, scale_within(scale), false));
}

struct str numeric_wide_round(struct arena *arena, struct str a, int scale)
{
    return cut(arena, a, scale, true);
}

struct str numeric_wide_trunc(struct arena *arena, struct str a)
{
    return cut(arena, a, 0, false);
}

bool numeric_narrow(struct str wide, struct str *ret, struct err *reterr)
{
    *ret = in_limits(wide);
    return ret->len > 0 ||
           err_sql(reterr, ERR_DEAD_LETTER, "22003", "value overflows numeric format");
}

/* How many decimal digits the number has before its point; below 0 when zeros follow the point. */
static int whole_digits(struct str packed)
{
    if (form_of(packed) == NUMERIC_SMALL)
        return numeric_count_digits(magnitude(small_number(packed))) - numeric_small_scale(packed);
    struct lead lead = lead_of(packed);
    return lead.weight * NUMERIC_BASE_DIGITS + numeric_count_digits(lead.digit);
}

bool numeric_apply_typmod(struct arena *arena, struct str a, int32_t typmod, struct str *ret,
                          struct err *reterr)
{
    int precision, scale;

    if (!type_numeric_typmod(typmod, &precision, &scale) || is_nan(a)) {
        *ret = a;
        return true;
    }
    if (numeric_is_special(a))
        return err_sql(reterr, ERR_DEAD_LETTER, "22003",
                       "numeric field overflow: a field with precision %d, scale %d cannot hold an "
                       "infinite value",
                       precision, scale);
    struct str rounded = numeric_scale(a) == scale ? a : numeric_round(arena, a, scale);
    if (rounded.len == 0 || (sign_of(rounded) != 0 && whole_digits(rounded) > precision - scale))
        return err_sql(reterr, ERR_DEAD_LETTER, "22003",
                       "numeric field overflow: a field with precision %d, scale %d must round to "
                       "an absolute value less than %s%d",
                       precision, scale, precision > scale ? "10^" : "",
                       precision > scale ? precision - scale : 1);
    *ret = rounded;
    return true;
}

enum { KEY_MINUS_INFINITY = 1, KEY_NEGATIVE, KEY_ZERO, KEY_POSITIVE, KEY_PLUS_INFINITY, KEY_NAN };

/*
 * One byte for the class; for finite numbers but 0 the weight as big-endian uint16 with its sign
 * bit flipped, then the base-100 digits, each as 2 * digit + 1, the last nonzero one as 2 * digit.
 * All bytes after the class are inverted for negative numbers.
 */
void numeric_key(struct buf *out, struct str packed)
{
    struct digits_view view;

    if (numeric_is_special(packed) || sign_of(packed) == 0) {
        int rank = is_nan(packed) ? KEY_NAN : KEY_ZERO + 2 * rank_of(packed);

        buf_char(out, (char)rank);
        return;
    }
    digits_open(&view, packed);
    if (!buf_reserve(out, 3 + 2 * (size_t)view.n))
        return;
    uint8_t *at = (uint8_t *)out->at + out->len;
    unsigned weight = (unsigned)view.weight ^ 0x8000U;
    uint8_t flip = view.negative ? 0xff : 0;

    *at++ = view.negative ? KEY_NEGATIVE : KEY_POSITIVE;
    *at++ = (uint8_t)(weight >> 8) ^ flip;
    *at++ = (uint8_t)weight ^ flip;
    for (int i = 0; i < view.n; i++) {
        unsigned digit = digits_get(&view, i);
        bool last = i == view.n - 1;

        *at++ = (uint8_t)(digit / 100 * 2 + (last && digit % 100 == 0 ? 0 : 1)) ^ flip;
        if (!last || digit % 100 != 0)
            *at++ = (uint8_t)(digit % 100 * 2 + !last) ^ flip;
    }
    out->len = (size_t)(at - (uint8_t *)out->at);
}
