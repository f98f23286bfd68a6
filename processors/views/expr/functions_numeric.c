/* Mathematical functions of numerics, and width_bucket (chapter 9.3). */
#include "expr/body.h"

#include "record/array.h"
#include "record/numeric.h"
#include "record/numeric_math.h"
#include <math.h>

static bool fail(struct err *reterr, const char *sqlstate, const char *text)
{
    return err_sql(reterr, ERR_DEAD_LETTER, sqlstate, "%s", text);
}

static struct str zero(const struct call *call)
{
    return numeric_from_i64(call->scratch, 0);
}

static bool is_nan(struct str a)
{
    return numeric_is_special(a) && isnan(numeric_to_f64(a));
}

static bool is_infinite(struct str a)
{
    return numeric_is_special(a) && !is_nan(a);
}

static struct str special(const struct call *call, double real)
{
    return numeric_from_f64(call->scratch, real);
}

static bool num_sign(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str a = call->args[0].bytes;

    (void)reterr;
    ret->bytes = is_nan(a) ? a : numeric_from_i64(call->scratch, numeric_sign(a));
    return true;
}

static bool num_sqrt(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str a = call->args[0].bytes;

    ret->bytes = a;
    if (is_nan(a))
        return true;
    if (numeric_sign(a) < 0)
        return fail(reterr, "2201F", "cannot take square root of a negative number");
    if (!is_infinite(a))
        ret->bytes = numeric_sqrt(call->scratch, a);
    return true;
}

static bool num_exp(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str a = call->args[0].bytes;

    if (!numeric_is_special(a))
        return numeric_exp(call->scratch, a, &ret->bytes, reterr);
    ret->bytes = numeric_sign(a) < 0 ? zero(call) : a;
    return true;
}

static bool check_num_log(struct str a, struct err *reterr)
{
    if (is_nan(a))
        return true;
    if (numeric_sign(a) < 0)
        return fail(reterr, "2201E", "cannot take logarithm of a negative number");
    return numeric_sign(a) != 0 || fail(reterr, "2201E", "cannot take logarithm of zero");
}

static bool num_ln(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str a = call->args[0].bytes;

    if (!check_num_log(a, reterr))
        return false;
    ret->bytes = numeric_is_special(a) ? a : numeric_ln(call->scratch, a);
    return true;
}

static bool num_log_to(const struct call *call, struct str base, struct str a, struct value *ret,
                       struct err *reterr)
{
    if (is_nan(base) || is_nan(a)) {
        ret->bytes = special(call, NAN);
        return true;
    }
    if (!check_num_log(base, reterr) || !check_num_log(a, reterr))
        return false;
    if (is_infinite(base)) {
        ret->bytes = is_infinite(a) ? special(call, NAN) : zero(call);
        return true;
    }
    if (is_infinite(a)) {
        ret->bytes = a;
        return true;
    }
    return numeric_log(call->scratch, base, a, &ret->bytes, reterr);
}

static bool num_log(const struct call *call, struct value *ret, struct err *reterr)
{
    return num_log_to(call, call->args[0].bytes, call->args[1].bytes, ret, reterr);
}

static bool num_log10(const struct call *call, struct value *ret, struct err *reterr)
{
    return num_log_to(call, numeric_from_i64(call->scratch, 10), call->args[0].bytes, ret, reterr);
}

static bool is_one(const struct call *call, struct str a)
{
    return numeric_cmp(a, numeric_from_i64(call->scratch, 1)) == 0;
}

static bool is_odd(const struct call *call, struct str a)
{
    struct str half, two = numeric_from_i64(call->scratch, 2);

    if (!numeric_is_whole(a))
        return false;
    half = numeric_div_whole(call->scratch, a, two);
    return numeric_cmp(numeric_mul(call->scratch, half, two), a) != 0;
}

/* x^y where one of them is an infinity. */
static bool power_infinite(const struct call *call, struct str a, struct str b, struct value *ret,
                           struct err *reterr)
{
    struct str size = numeric_sign(a) < 0 ? numeric_negate(call->scratch, a) : a;
    int order = numeric_cmp(size, numeric_from_i64(call->scratch, 1));

    if (numeric_sign(a) == 0 && numeric_sign(b) < 0)
        return fail(reterr, "2201F", "zero raised to a negative power is undefined");
    if (is_infinite(b)) {
        bool grows = (order > 0) == (numeric_sign(b) > 0);

        ret->bytes = order == 0 ? numeric_from_i64(call->scratch, 1)
                     : grows    ? special(call, INFINITY)
                                : zero(call);
        return true;
    }
    if (numeric_sign(b) == 0) {
        ret->bytes = numeric_from_i64(call->scratch, 1);
        return true;
    }
    if (numeric_sign(a) < 0 && !numeric_is_whole(b))
        return fail(reterr, "2201F",
                    "a negative number raised to a non-integer power yields a complex result");
    if (numeric_sign(b) < 0)
        ret->bytes = zero(call);
    else
        ret->bytes = special(call, numeric_sign(a) < 0 && is_odd(call, b) ? -INFINITY : INFINITY);
    return true;
}

static bool num_power(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str a = call->args[0].bytes, b = call->args[1].bytes;

    if (is_nan(a) || is_nan(b)) {
        bool one_result = (is_nan(a) && !is_nan(b) && numeric_sign(b) == 0) ||
                          (is_nan(b) && !is_nan(a) && is_one(call, a));

        ret->bytes = one_result ? numeric_from_i64(call->scratch, 1) : special(call, NAN);
        return true;
    }
    if (is_infinite(a) || is_infinite(b))
        return power_infinite(call, a, b, ret, reterr);
    return numeric_power(call->scratch, a, b, &ret->bytes, reterr);
}

static bool num_div(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str a = call->args[0].bytes, b = call->args[1].bytes;

    if (!is_nan(a) && !is_nan(b) && numeric_sign(b) == 0)
        return err_division_by_zero(reterr);
    if (numeric_is_special(a) || numeric_is_special(b))
        return numeric_div(call->scratch, a, b, &ret->bytes, reterr);
    ret->bytes = numeric_div_whole(call->scratch, a, b);
    return true;
}

static bool num_scale(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->null = numeric_is_special(call->args[0].bytes);
    ret->slot = numeric_scale(call->args[0].bytes);
    return true;
}

static bool num_min_scale(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->null = numeric_is_special(call->args[0].bytes);
    if (!ret->null)
        ret->slot = numeric_min_scale(call->args[0].bytes);
    return true;
}

static bool num_trim_scale(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str a = call->args[0].bytes;

    (void)reterr;
    ret->bytes = numeric_is_special(a) ? a : numeric_round(call->scratch, a, numeric_min_scale(a));
    return true;
}

static struct str absolute(const struct call *call, struct str a)
{
    return numeric_sign(a) < 0 ? numeric_negate(call->scratch, a) : a;
}

static bool num_gcd_of(const struct call *call, struct str a, struct str b, struct str *ret,
                       struct err *reterr)
{
    int scale = numeric_scale(a) > numeric_scale(b) ? numeric_scale(a) : numeric_scale(b);

    a = absolute(call, a);
    b = absolute(call, b);
    while (numeric_sign(b) != 0) {
        struct str rest;

        if (!numeric_mod(call->scratch, a, b, &rest, reterr))
            return false;
        a = b;
        b = rest;
    }
    *ret = numeric_round(call->scratch, a, scale);
    return true;
}

static bool num_gcd(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str a = call->args[0].bytes, b = call->args[1].bytes;

    if (numeric_is_special(a) || numeric_is_special(b)) {
        ret->bytes = special(call, NAN);
        return true;
    }
    return num_gcd_of(call, a, b, &ret->bytes, reterr);
}

static bool num_lcm(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str a = call->args[0].bytes, b = call->args[1].bytes, gcd;
    int scale = numeric_scale(a) > numeric_scale(b) ? numeric_scale(a) : numeric_scale(b);

    if (numeric_is_special(a) || numeric_is_special(b)) {
        ret->bytes = special(call, NAN);
        return true;
    }
    if (numeric_sign(a) == 0 || numeric_sign(b) == 0) {
        ret->bytes = numeric_round(call->scratch, zero(call), scale);
        return true;
    }
    if (!num_gcd_of(call, a, b, &gcd, reterr))
        return false;
    struct str parts = numeric_div_whole(call->scratch, absolute(call, a), gcd);
    ret->bytes =
        numeric_round(call->scratch, numeric_mul(call->scratch, parts, absolute(call, b)), scale);
    return true;
}

static bool num_factorial(const struct call *call, struct value *ret, struct err *reterr)
{
    enum { FACTORIAL_MAX = 32177 };
    int64_t n = call->args[0].slot;

    if (n < 0)
        return fail(reterr, "22003", "factorial of a negative number is undefined");
    if (n > FACTORIAL_MAX)
        return fail(reterr, "22003", "value overflows numeric format");
    ret->bytes = numeric_from_i64(call->scratch, 1);
    for (int64_t i = 2; i <= n; i++)
        ret->bytes = numeric_mul(call->scratch, ret->bytes, numeric_from_i64(call->scratch, i));
    return true;
}

/* ---- width_bucket ---- */

static bool check_buckets(int64_t n, bool same_bounds, bool nan, struct err *reterr)
{
    if (n <= 0)
        return fail(reterr, "2201G", "count must be greater than zero");
    if (nan)
        return fail(reterr, "2201G", "operand, lower bound, and upper bound cannot be NaN");
    return !same_bounds || fail(reterr, "2201G", "lower bound cannot equal upper bound");
}

static bool real_bucket(const struct call *call, struct value *ret, struct err *reterr)
{
    double x = call->args[0].real, a = call->args[1].real, b = call->args[2].real;
    int64_t n = call->args[3].slot;

    if (!check_buckets(n, false, isnan(x) || isnan(a) || isnan(b), reterr))
        return false;
    if (isinf(a) || isinf(b))
        return fail(reterr, "2201G", "lower and upper bounds must be finite");
    if (!check_buckets(n, a == b, false, reterr))
        return false;
    double from = a < b ? x - a : a - x, span = a < b ? b - a : a - b;
    if (a < b ? x < a : x > a)
        ret->slot = 0;
    else if (a < b ? x >= b : x <= b)
        ret->slot = n + 1;
    else
        ret->slot = (int64_t)(from / span * (double)n) + 1;
    return int_result(TYPE_INT4, ret->slot, ret, reterr);
}

static bool num_bucket(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str x = call->args[0].bytes, a = call->args[1].bytes, b = call->args[2].bytes;
    int64_t n = call->args[3].slot, whole = 0;

    if (!check_buckets(n, false, is_nan(x) || is_nan(a) || is_nan(b), reterr))
        return false;
    if (is_infinite(a) || is_infinite(b))
        return fail(reterr, "2201G", "lower and upper bounds must be finite");
    int order = numeric_cmp(a, b);
    if (!check_buckets(n, order == 0, false, reterr))
        return false;
    int from = numeric_cmp(x, a) * -order, to = numeric_cmp(x, b) * -order;
    if (from < 0) {
        ret->slot = 0;
        return true;
    }
    if (to >= 0)
        return int_result(TYPE_INT4, n + 1, ret, reterr);
    struct str part = numeric_mul(call->scratch, numeric_sub(call->scratch, x, a),
                                  numeric_from_i64(call->scratch, n));
    struct str bucket = numeric_div_whole(call->scratch, part, numeric_sub(call->scratch, b, a));
    if (!numeric_to_i64(bucket, &whole, reterr))
        return false;
    return int_result(TYPE_INT4, whole + 1, ret, reterr);
}

/* How many of the ascending thresholds are at or below the operand. */
static bool array_bucket(const struct call *call, struct value *ret, struct err *reterr)
{
    struct array_walk walk = array_open(call->args[1].bytes, type_element(call->arg_types[1].id));
    struct value threshold;

    ret->slot = 0;
    while (array_next(&walk, &threshold)) {
        if (threshold.null)
            return fail(reterr, "22004", "thresholds array must not contain NULLs");
        if (value_compare(walk.element, call->args[0], threshold) >= 0)
            ret->slot = walk.i;
    }
    return true;
}

#define NUM_ROW(name, body) FUNCTION_ROW(name, TYPE_NUMERIC, body, TYPE_NUMERIC)
#define NUM_PAIR_ROW(name, body) FUNCTION_ROW(name, TYPE_NUMERIC, body, TYPE_NUMERIC, TYPE_NUMERIC)
const struct function functions_numeric[] = {
    NUM_ROW("sign", num_sign),
    NUM_ROW("sqrt", num_sqrt),
    NUM_ROW("exp", num_exp),
    NUM_ROW("ln", num_ln),
    NUM_ROW("log", num_log10),
    NUM_ROW("log10", num_log10),
    NUM_ROW("trim_scale", num_trim_scale),
    FUNCTION_ROW("scale", TYPE_INT4, num_scale, TYPE_NUMERIC),
    FUNCTION_ROW("min_scale", TYPE_INT4, num_min_scale, TYPE_NUMERIC),
    FUNCTION_ROW("factorial", TYPE_NUMERIC, num_factorial, TYPE_INT8),
    NUM_PAIR_ROW("log", num_log),
    NUM_PAIR_ROW("power", num_power),
    NUM_PAIR_ROW("pow", num_power),
    NUM_PAIR_ROW("div", num_div),
    NUM_PAIR_ROW("gcd", num_gcd),
    NUM_PAIR_ROW("lcm", num_lcm),
    FUNCTION_OPERATOR_ROW("^", TYPE_NUMERIC, TYPE_NUMERIC, TYPE_NUMERIC, num_power),
    FUNCTION_ROW("width_bucket", TYPE_INT4, real_bucket, TYPE_FLOAT8, TYPE_FLOAT8, TYPE_FLOAT8,
                 TYPE_INT4),
    FUNCTION_ROW("width_bucket", TYPE_INT4, num_bucket, TYPE_NUMERIC, TYPE_NUMERIC, TYPE_NUMERIC,
                 TYPE_INT4),
    FUNCTION_ROW("width_bucket", TYPE_INT4, array_bucket, TYPE_COMMON, TYPE_COMMON_ARRAY),
    {0},
};
