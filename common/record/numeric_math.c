#include "record/numeric_math.h"

#include "record/numeric_digits.h"
#include <assert.h>
#include <math.h>

enum {
    SIGNIFICANT_MIN = 16, /* digits a result shows at least */
    SCALE_MOST = 1000,    /* PostgreSQL's bound of a display scale it chooses */
    RESULT_SCALE_MOST = 2000,
    GUARD = 12 /* digits computed beyond those shown */
};

static const double LN_10 = 2.302585092994046, LOG10_E = 0.434294481903252;

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int bounded(int scale)
{
    return scale < 0 ? 0 : scale > SCALE_MOST ? SCALE_MOST : scale;
}

static struct str small(struct arena *arena, int64_t number)
{
    return numeric_from_i64(arena, number);
}

/* 10^exponent, which may be wide. */
static struct str ten_to(struct arena *arena, int exponent)
{
    int rest = ((exponent % NUMERIC_BASE_DIGITS) + NUMERIC_BASE_DIGITS) % NUMERIC_BASE_DIGITS;
    struct digits_work work = digits_new(arena, 1, (exponent - rest) / NUMERIC_BASE_DIGITS);

    work.digits[0] = (uint16_t)numeric_power10(rest);
    return digits_pack_wide(arena, work, false, larger(-exponent, 0));
}

struct str numeric_div_at(struct arena *arena, struct str a, struct str b, int scale)
{
    struct digits_view left, right;

    digits_open(&left, a);
    digits_open(&right, b);
    struct digits_work quotient = digits_div(arena, &left, &right, scale);
    digits_cut(&quotient, scale, true);
    return digits_pack(arena, quotient, left.negative != right.negative, scale);
}

struct str numeric_div_whole(struct arena *arena, struct str a, struct str b)
{
    struct digits_view left, right;

    digits_open(&left, a);
    digits_open(&right, b);
    struct digits_work quotient = digits_div(arena, &left, &right, 0);
    digits_cut(&quotient, 0, false);
    return digits_pack_wide(arena, quotient, left.negative != right.negative, 0);
}

int numeric_sign(struct str a)
{
    struct digits_view view;

    if (numeric_is_special(a))
        return a.at[0] == NUMERIC_MINUS_INFINITY ? -1 : 1;
    digits_open(&view, a);
    return view.n == 0 ? 0 : view.negative ? -1 : 1;
}

int numeric_min_scale(struct str a)
{
    struct digits_view view;
    int scale;

    digits_open(&view, a);
    while (view.n > 0 && digits_get(&view, view.n - 1) == 0)
        view.n--;
    if (view.n == 0)
        return 0;
    scale = (view.n - 1 - view.weight) * NUMERIC_BASE_DIGITS;
    if (scale <= 0)
        return 0;
    for (unsigned last = digits_get(&view, view.n - 1); last % 10 == 0; last /= 10)
        scale--;
    return scale;
}

bool numeric_is_whole(struct str a)
{
    return numeric_min_scale(a) == 0;
}

/* The first digit of the number, counted from the point: 0 for 1 to 9. */
static int exponent_of(struct str a)
{
    struct digits_view view;

    digits_open(&view, a);
    return view.n == 0
               ? 0
               : view.weight * NUMERIC_BASE_DIGITS + numeric_count_digits(digits_get(&view, 0)) - 1;
}

/* The weight of PostgreSQL's first digit. */
static int weight_of(struct str a)
{
    struct digits_view view;

    digits_open(&view, a);
    return view.n == 0 ? 0 : view.weight;
}

static struct str mul_at(struct arena *arena, struct str a, struct str b, int scale)
{
    return numeric_round(arena, numeric_mul(arena, a, b), scale);
}

static struct str whole_root(struct arena *arena, struct str square);

/* A whole number that is not below the root of the whole number, and near it: by the root of its
 * first half of digits, in the end by a double's. */
static struct str root_from_above(struct arena *arena, struct str square)
{
    static const double ABOVE = 1 + 1e-12; /* a double's own error is less */
    int half = exponent_of(square) / 2, cut = half / 2;
    struct str root;

    if (half < SIGNIFICANT_MIN) {
        root = numeric_from_f64(arena, sqrt(numeric_to_f64(square)) * ABOVE);
        return numeric_add(arena, numeric_trunc(arena, root, 0), small(arena, 2));
    }
    square = numeric_wide_mul(arena, square, ten_to(arena, -2 * cut));
    root = whole_root(arena, numeric_wide_trunc(arena, square));
    return numeric_wide_mul(arena, numeric_wide_add(arena, root, small(arena, 1)),
                            ten_to(arena, cut));
}

/* The whole part of a whole number's root: Newton's steps from above go down until they are there. */
static struct str whole_root(struct arena *arena, struct str square)
{
    struct str root = root_from_above(arena, square), two = small(arena, 2);

    for (;;) {
        struct str sum = numeric_wide_add(arena, root, numeric_div_whole(arena, square, root));
        struct str next = numeric_div_whole(arena, sum, two);

        if (numeric_cmp(next, root) >= 0)
            return root;
        root = next;
    }
}

/* One digit more, cut, says how to round. */
struct str numeric_sqrt_at(struct arena *arena, struct str a, int scale)
{
    int digits = scale + 1;
    struct str square, root;

    if (numeric_sign(a) == 0)
        return numeric_round(arena, a, scale);
    square = numeric_wide_trunc(arena, numeric_wide_mul(arena, a, ten_to(arena, 2 * digits)));
    root = numeric_sign(square) == 0 ? square : whole_root(arena, square);
    return numeric_round(arena, numeric_wide_mul(arena, root, ten_to(arena, -digits)), scale);
}

struct str numeric_sqrt(struct arena *arena, struct str a)
{
    int sweight = weight_of(a) * NUMERIC_BASE_DIGITS / 2 + 1;

    return numeric_sqrt_at(arena, a, bounded(larger(SIGNIFICANT_MIN - sweight, numeric_scale(a))));
}

/* e^r for a small r: halved eight times, Taylor's series, squared back. */
static struct str exp_small(struct arena *arena, struct str r, int work)
{
    struct str x, sum = small(arena, 1), term = sum;

    work += 4;
    x = numeric_div_at(arena, r, small(arena, 256), work);
    for (int i = 1; numeric_sign(term) != 0; i++) {
        term = numeric_div_at(arena, mul_at(arena, term, x, work), small(arena, i), work);
        sum = numeric_add(arena, sum, term);
    }
    for (int i = 0; i < 8; i++)
        sum = mul_at(arena, sum, sum, work);
    return sum;
}

/* ln(m) for m near 1 to 10: y += 2 (m - e^y) / (m + e^y), three times the digits each step. */
static struct str ln_near(struct arena *arena, struct str m, int work)
{
    struct str y = numeric_from_f64(arena, log(numeric_to_f64(m)));

    for (int digits = SIGNIFICANT_MIN - 3; digits < 3 * work; digits *= 3) {
        struct str e = exp_small(arena, y, work);
        struct str up = numeric_sub(arena, m, e), down = numeric_add(arena, m, e);

        y = numeric_add(arena, y, numeric_div_at(arena, numeric_add(arena, up, up), down, work));
    }
    return y;
}

/* ln(a) with `work` places. */
static struct str ln_at(struct arena *arena, struct str a, int work)
{
    int exponent = exponent_of(a);
    bool near = exponent == 0 || (exponent == -1 && numeric_to_f64(a) > 0.5);
    struct str m = near ? a : numeric_mul(arena, a, ten_to(arena, -exponent));
    struct str y = ln_near(arena, m, work + 6);

    if (near)
        return y;
    struct str ln_10 = ln_near(arena, small(arena, 10), work + 6);
    return numeric_add(arena, y, numeric_mul(arena, small(arena, exponent), ln_10));
}

/* The exponent of ln(a), as PostgreSQL guesses it from the first digits. */
static int guess_ln_weight(struct arena *arena, struct str a)
{
    struct digits_view view;
    double real = numeric_to_f64(a);
    struct str less = numeric_sub(arena, a, small(arena, 1));

    if (numeric_cmp(a, numeric_div_at(arena, small(arena, 9), small(arena, 10), 1)) >= 0 &&
        numeric_cmp(a, numeric_div_at(arena, small(arena, 11), small(arena, 10), 1)) <= 0) {
        digits_open(&view, less);
        return view.n == 0 ? 0
                           : view.weight * NUMERIC_BASE_DIGITS + (int)log10(digits_get(&view, 0));
    }
    digits_open(&view, a);
    if (view.n == 0 || real < 0)
        return 0;
    double digits = digits_get(&view, 0);
    int weight = view.weight * NUMERIC_BASE_DIGITS;
    if (view.n > 1) {
        digits = digits * NUMERIC_BASE + digits_get(&view, 1);
        weight -= NUMERIC_BASE_DIGITS;
    }
    return (int)log10(fabs(log(digits) + weight * LN_10));
}

struct str numeric_ln(struct arena *arena, struct str a)
{
    int scale = bounded(larger(SIGNIFICANT_MIN - guess_ln_weight(arena, a), numeric_scale(a)));

    return numeric_round(arena, ln_at(arena, a, scale + GUARD), scale);
}

static bool overflows(struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22003", "value overflows numeric format");
}

/* e^x with `scale` places: 10^n e^r. */
static bool exp_at(struct arena *arena, struct str x, int scale, struct str *ret,
                   struct err *reterr)
{
    double real = numeric_to_f64(x);
    int n;

    if (fabs(real) >= RESULT_SCALE_MOST * 3) {
        if (real > 0)
            return overflows(reterr);
        *ret = numeric_round(arena, small(arena, 0), scale);
        return true;
    }
    n = (int)floor(real / LN_10);
    int work = larger(scale + n + GUARD, GUARD);
    struct str ln_10 = ln_near(arena, small(arena, 10), work + 8);
    struct str r = numeric_sub(arena, x, numeric_mul(arena, small(arena, n), ln_10));
    struct str e = exp_small(arena, numeric_round(arena, r, work + 4), work);
    *ret = numeric_round(arena, numeric_mul(arena, e, ten_to(arena, n)), scale);
    return ret->len > 0 || overflows(reterr);
}

bool numeric_exp(struct arena *arena, struct str a, struct str *ret, struct err *reterr)
{
    double digits = numeric_to_f64(a) * LOG10_E;

    digits = digits > RESULT_SCALE_MOST    ? RESULT_SCALE_MOST
             : digits < -RESULT_SCALE_MOST ? -RESULT_SCALE_MOST
                                           : digits;
    int scale = bounded(larger(SIGNIFICANT_MIN - (int)digits, numeric_scale(a)));
    return exp_at(arena, a, scale, ret, reterr);
}

bool numeric_log(struct arena *arena, struct str base, struct str a, struct str *ret,
                 struct err *reterr)
{
    int base_weight = guess_ln_weight(arena, base), a_weight = guess_ln_weight(arena, a);
    int scale = larger(SIGNIFICANT_MIN - (a_weight - base_weight), numeric_scale(base));

    scale = bounded(larger(scale, numeric_scale(a)));
    int work = scale + GUARD + larger(0, larger(a_weight - 2 * base_weight, -base_weight));
    struct str ln_base = ln_at(arena, base, work + 4), ln_a = ln_at(arena, a, work + 4);
    if (numeric_sign(ln_base) == 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "22012", "division by zero");
    *ret = numeric_div_at(arena, ln_a, ln_base, scale);
    return true;
}

/* log10 of |a|^b from a's first digits. */
static double guess_power(struct str a, double b)
{
    struct digits_view view;

    digits_open(&view, a);
    if (view.n == 0)
        return 0;
    double digits = digits_get(&view, 0);
    int places = view.weight * NUMERIC_BASE_DIGITS;
    for (int i = 1; i < view.n && i * NUMERIC_BASE_DIGITS < 16; i++) {
        digits = digits * NUMERIC_BASE + digits_get(&view, i);
        places -= NUMERIC_BASE_DIGITS;
    }
    return b * (log10(digits) + places);
}

/* a^n by squaring, every product rounded relative to its size. */
static struct str power_whole(struct arena *arena, struct str a, uint32_t n, int significant)
{
    struct str result = small(arena, 1), square = a;

    for (;;) {
        if (n & 1) {
            result = numeric_mul(arena, result, square);
            result = numeric_round(arena, result, larger(0, significant - exponent_of(result)));
        }
        n >>= 1;
        if (n == 0 || result.len == 0)
            return result;
        square = numeric_mul(arena, square, square);
        if (square.len == 0)
            return square;
        square = numeric_round(arena, square, larger(0, significant - exponent_of(square)));
    }
}

static bool power_int(struct arena *arena, struct str a, int64_t n, int b_scale, struct str *ret,
                      struct err *reterr)
{
    double digits = guess_power(a, (double)n);

    if (digits > (INT16_MAX + 1) * NUMERIC_BASE_DIGITS)
        return overflows(reterr);
    int scale = bounded(larger(larger(SIGNIFICANT_MIN, numeric_scale(a)), b_scale));
    if (digits + 1 < -scale) {
        *ret = numeric_round(arena, small(arena, 0), scale);
        return true;
    }
    int significant = larger(scale + (int)fabs(digits), SIGNIFICANT_MIN) + GUARD + 10;
    struct str power =
        power_whole(arena, a, (uint32_t)(n < 0 ? -n : n), significant + (int)fabs(digits));
    if (power.len == 0)
        return overflows(reterr);
    *ret = n < 0 ? numeric_div_at(arena, small(arena, 1), power, scale)
                 : numeric_round(arena, power, scale);
    return ret->len > 0 || overflows(reterr);
}

/* e^(b ln a) for a positive a. */
static bool power_real(struct arena *arena, struct str a, struct str b, struct str *ret,
                       struct err *reterr)
{
    double product = log(numeric_to_f64(a)) * numeric_to_f64(b);

    if (fabs(product) > RESULT_SCALE_MOST * 3.01) {
        if (product > 0)
            return overflows(reterr);
        *ret = numeric_round(arena, small(arena, 0), SCALE_MOST);
        return true;
    }
    int scale = larger(SIGNIFICANT_MIN - (int)(product * LOG10_E), numeric_scale(a));
    scale = bounded(larger(scale, numeric_scale(b)));
    int work = scale + larger((int)(product * LOG10_E), 0) + larger(exponent_of(b), 0) + GUARD + 4;
    struct str x = numeric_mul(arena, ln_at(arena, a, work), b);
    return exp_at(arena, numeric_round(arena, x, work), scale, ret, reterr);
}

static bool undefined(struct err *reterr, const char *text)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "2201F", "%s", text);
}

bool numeric_power(struct arena *arena, struct str a, struct str b, struct str *ret,
                   struct err *reterr)
{
    int sign = numeric_sign(a);
    int64_t n;
    struct err ignored;
    struct str positive = a, root;

    if (sign == 0 && numeric_sign(b) < 0)
        return undefined(reterr, "zero raised to a negative power is undefined");
    if (sign < 0 && !numeric_is_whole(b))
        return undefined(reterr,
                         "a negative number raised to a non-integer power yields a complex result");
    if (numeric_is_whole(b) && numeric_to_i64(b, &n, &ignored) && n >= INT32_MIN && n <= INT32_MAX)
        return power_int(arena, a, n, numeric_scale(b), ret, reterr);
    if (sign == 0) {
        *ret = numeric_round(arena, small(arena, 0), SIGNIFICANT_MIN);
        return true;
    }
    if (sign < 0)
        positive = numeric_negate(arena, a);
    if (!power_real(arena, positive, b, ret, reterr))
        return false;
    root = numeric_div_whole(arena, b, small(arena, 2));
    if (sign < 0 && numeric_cmp(numeric_add(arena, root, root), b) != 0)
        *ret = numeric_negate(arena, *ret);
    return true;
}
