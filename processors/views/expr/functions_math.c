/* Mathematical functions and bit operations (chapter 9.3); plain arithmetic is in
 * functions_number.c, numerics are in functions_numeric.c. */
#include "expr/body.h"

#include <math.h>

static bool fail(struct err *reterr, const char *sqlstate, const char *text)
{
    return err_sql(reterr, ERR_DEAD_LETTER, sqlstate, "%s", text);
}

static bool overflow(struct err *reterr)
{
    return fail(reterr, "22003", "value out of range: overflow");
}

static bool underflow(struct err *reterr)
{
    return fail(reterr, "22003", "value out of range: underflow");
}

static bool out_of_input(struct err *reterr)
{
    return fail(reterr, "22003", "input is out of range");
}

/* ---- float8 ---- */

static bool real_trunc(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->real = trunc(call->args[0].real);
    return true;
}

static bool real_sign(const struct call *call, struct value *ret, struct err *reterr)
{
    double real = call->args[0].real;

    (void)reterr;
    ret->real = real > 0 ? 1 : real < 0 ? -1 : 0;
    return true;
}

static bool real_sqrt(const struct call *call, struct value *ret, struct err *reterr)
{
    if (call->args[0].real < 0)
        return fail(reterr, "2201F", "cannot take square root of a negative number");
    ret->real = sqrt(call->args[0].real);
    return true;
}

static bool real_cbrt(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->real = cbrt(call->args[0].real);
    return true;
}

static bool real_power(const struct call *call, struct value *ret, struct err *reterr)
{
    double a = call->args[0].real, b = call->args[1].real, result;

    if (isnan(a) || isnan(b)) {
        ret->real = (isnan(a) && b == 0) || a == 1 ? 1 : NAN;
        return true;
    }
    if (a == 0 && b < 0)
        return fail(reterr, "2201F", "zero raised to a negative power is undefined");
    if (a < 0 && floor(b) != b)
        return fail(reterr, "2201F",
                    "a negative number raised to a non-integer power yields a complex result");
    result = pow(a, b);
    if (isinf(result) && !isinf(a) && !isinf(b))
        return overflow(reterr);
    if (result == 0 && a != 0 && !isinf(a) && !isinf(b))
        return underflow(reterr);
    ret->real = result;
    return true;
}

static bool real_exp(const struct call *call, struct value *ret, struct err *reterr)
{
    double real = call->args[0].real;

    ret->real = exp(real);
    if (isinf(ret->real) && !isinf(real))
        return overflow(reterr);
    return ret->real != 0 || isinf(real) || underflow(reterr);
}

static bool check_log(double real, struct err *reterr)
{
    if (real == 0)
        return fail(reterr, "2201E", "cannot take logarithm of zero");
    return !(real < 0) || fail(reterr, "2201E", "cannot take logarithm of a negative number");
}

static bool real_ln(const struct call *call, struct value *ret, struct err *reterr)
{
    ret->real = log(call->args[0].real);
    return check_log(call->args[0].real, reterr);
}

static bool real_log10(const struct call *call, struct value *ret, struct err *reterr)
{
    ret->real = log10(call->args[0].real);
    return check_log(call->args[0].real, reterr);
}

#define REAL(name, function)                                                                       \
    static bool name(const struct call *call, struct value *ret, struct err *reterr)               \
    {                                                                                              \
        (void)reterr;                                                                              \
        ret->real = function(call->args[0].real);                                                  \
        return true;                                                                               \
    }

/* Of an infinity there is none. */
#define REAL_FINITE(name, function)                                                                \
    static bool name(const struct call *call, struct value *ret, struct err *reterr)               \
    {                                                                                              \
        if (isinf(call->args[0].real))                                                             \
            return out_of_input(reterr);                                                           \
        ret->real = function(call->args[0].real);                                                  \
        return true;                                                                               \
    }

/* Between -1 and 1. */
#define REAL_UNIT(name, function)                                                                  \
    static bool name(const struct call *call, struct value *ret, struct err *reterr)               \
    {                                                                                              \
        if (call->args[0].real < -1 || call->args[0].real > 1)                                     \
            return out_of_input(reterr);                                                           \
        ret->real = function(call->args[0].real);                                                  \
        return true;                                                                               \
    }

static double cot(double x)
{
    return 1 / tan(x);
}

REAL_FINITE(real_sin, sin)
REAL_FINITE(real_cos, cos)
REAL_FINITE(real_tan, tan)
REAL_FINITE(real_cot, cot)
REAL_UNIT(real_asin, asin)
REAL_UNIT(real_acos, acos)
REAL_UNIT(real_atanh, atanh)
REAL(real_atan, atan)
REAL(real_sinh, sinh)
REAL(real_cosh, cosh)
REAL(real_tanh, tanh)
REAL(real_asinh, asinh)

static bool real_acosh(const struct call *call, struct value *ret, struct err *reterr)
{
    if (call->args[0].real < 1)
        return out_of_input(reterr);
    ret->real = acosh(call->args[0].real);
    return true;
}

static bool real_atan2(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->real = atan2(call->args[0].real, call->args[1].real);
    return true;
}

static const double RADIANS_PER_DEGREE = 0.0174532925199432957692;

static bool real_degrees(const struct call *call, struct value *ret, struct err *reterr)
{
    ret->real = call->args[0].real / RADIANS_PER_DEGREE;
    return !isinf(ret->real) || isinf(call->args[0].real) || overflow(reterr);
}

static bool real_radians(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->real = call->args[0].real * RADIANS_PER_DEGREE;
    return true;
}

static bool real_pi(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)call;
    (void)reterr;
    ret->real = M_PI;
    return true;
}

/* ---- in degrees: exact where the result is. Each half is scaled by its value at 30 and 60 ---- */

static volatile const double one_half = 0.5, one = 1.0; /* not to be folded by another libm */

static double sin_to_30(double x)
{
    volatile double top = sin(x * RADIANS_PER_DEGREE), at_30 = sin(30 * one * RADIANS_PER_DEGREE);

    return top / at_30 / 2.0;
}

static double cos_to_60(double x)
{
    volatile double less = 1.0 - cos(x * RADIANS_PER_DEGREE);
    volatile double at_60 = 1.0 - cos(60 * one * RADIANS_PER_DEGREE);

    return 1.0 - less / at_60 / 2.0;
}

static double sin_quadrant(double x)
{
    return x <= 30 ? sin_to_30(x) : cos_to_60(90 - x);
}

static double cos_quadrant(double x)
{
    return x <= 60 ? cos_to_60(x) : sin_to_30(90 - x);
}

static double sind(double x)
{
    int sign = 1;

    x = fmod(x, 360);
    if (x < 0) {
        x = -x;
        sign = -1;
    }
    if (x > 180) {
        x = 360 - x;
        sign = -sign;
    }
    if (x > 90)
        x = 180 - x;
    return sign * sin_quadrant(x);
}

static double cosd(double x)
{
    int sign = 1;

    x = fabs(fmod(x, 360));
    if (x > 180)
        x = 360 - x;
    if (x > 90) {
        x = 180 - x;
        sign = -1;
    }
    return sign * cos_quadrant(x);
}

/* Tangent or, over it, cotangent; 45 degrees give exactly 1. */
static double tangent(double x, bool over)
{
    double at_45 = over ? cos_quadrant(45) / sin_quadrant(45) : sin_quadrant(45) / cos_quadrant(45);
    int sign = 1;

    x = fmod(x, 360);
    if (x < 0) {
        x = -x;
        sign = -1;
    }
    if (x > 180) {
        x = 360 - x;
        sign = -sign;
    }
    if (x > 90) {
        x = 180 - x;
        sign = -sign;
    }
    volatile double ratio =
        over ? cos_quadrant(x) / sin_quadrant(x) : sin_quadrant(x) / cos_quadrant(x);
    double result = sign * (ratio / at_45);
    return result == 0 ? 0 : result;
}

static double tand(double x)
{
    return tangent(x, false);
}

static double cotd(double x)
{
    return tangent(x, true);
}

static double asind_positive(double x)
{
    volatile double asin_half = asin(one_half), acos_half = acos(one_half);

    if (x <= 0.5) {
        volatile double top = asin(x);

        return top / asin_half * 30;
    }
    volatile double top = acos(x);
    return 90 - top / acos_half * 60;
}

static double asind(double x)
{
    return x >= 0 ? asind_positive(x) : -asind_positive(-x);
}

static double acosd_positive(double x)
{
    volatile double asin_half = asin(one_half), acos_half = acos(one_half);

    if (x <= 0.5) {
        volatile double top = asin(x);

        return 90 - top / asin_half * 30;
    }
    volatile double top = acos(x);
    return top / acos_half * 60;
}

static double acosd(double x)
{
    return x >= 0 ? acosd_positive(x) : 90 + asind_positive(-x);
}

static double atand(double x)
{
    volatile double top = atan(x), at_1 = atan(one);

    return top / at_1 * 45;
}

REAL_FINITE(real_sind, sind)
REAL_FINITE(real_cosd, cosd)
REAL_FINITE(real_tand, tand)
REAL_FINITE(real_cotd, cotd)
REAL_UNIT(real_asind, asind)
REAL_UNIT(real_acosd, acosd)
REAL(real_atand, atand)

static bool real_atan2d(const struct call *call, struct value *ret, struct err *reterr)
{
    volatile double top = atan2(call->args[0].real, call->args[1].real), at_1 = atan(one);

    (void)reterr;
    ret->real = top / at_1 * 45;
    return true;
}

/* ---- integers ---- */

static uint64_t magnitude(int64_t number)
{
    return number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
}

static uint64_t gcd_of(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

static bool whole_result(const struct call *call, uint64_t number, struct value *ret,
                         struct err *reterr)
{
    if (number > (uint64_t)INT64_MAX)
        return err_out_of_range(reterr, call->result_type.id);
    return int_result(call->result_type.id, (int64_t)number, ret, reterr);
}

static bool int_gcd(const struct call *call, struct value *ret, struct err *reterr)
{
    return whole_result(call, gcd_of(magnitude(call->args[0].slot), magnitude(call->args[1].slot)),
                        ret, reterr);
}

static bool int_lcm(const struct call *call, struct value *ret, struct err *reterr)
{
    uint64_t a = magnitude(call->args[0].slot), b = magnitude(call->args[1].slot), product;

    if (a == 0 || b == 0) {
        ret->slot = 0;
        return true;
    }
    if (__builtin_mul_overflow(a / gcd_of(a, b), b, &product))
        return err_out_of_range(reterr, call->result_type.id);
    return whole_result(call, product, ret, reterr);
}

#define BITS(name, expression)                                                                     \
    static bool name(const struct call *call, struct value *ret, struct err *reterr)               \
    {                                                                                              \
        int64_t a = call->args[0].slot, b = call->args_n > 1 ? call->args[1].slot : 0;             \
                                                                                                   \
        (void)reterr;                                                                              \
        (void)b;                                                                                   \
        ret->slot = (expression);                                                                  \
        return true;                                                                               \
    }

BITS(bit_and, a &b)
BITS(bit_or, a | b)
BITS(bit_xor, a ^ b)
BITS(bit_not, ~a)

/* C's shift of the type's own width, as PostgreSQL has it on this machine. */
static bool shift_left(const struct call *call, struct value *ret, struct err *reterr)
{
    uint64_t a = (uint64_t)call->args[0].slot, by = (uint64_t)call->args[1].slot;

    (void)reterr;
    switch (call->result_type.id) {
    case TYPE_INT2:
        ret->slot = (int16_t)(uint16_t)((uint32_t)a << (by & 31));
        break;
    case TYPE_INT4:
        ret->slot = (int32_t)((uint32_t)a << (by & 31));
        break;
    default:
        ret->slot = (int64_t)(a << (by & 63));
        break;
    }
    return true;
}

static bool shift_right(const struct call *call, struct value *ret, struct err *reterr)
{
    unsigned width = call->result_type.id == TYPE_INT8 ? 63 : 31;

    (void)reterr;
    ret->slot = call->args[0].slot >> ((uint64_t)call->args[1].slot & width);
    return true;
}

#define REAL_ROW(name, body) FUNCTION_ROW(name, TYPE_FLOAT8, body, TYPE_FLOAT8)
#define BIT_ROWS(type)                                                                             \
    FUNCTION_OPERATOR_ROW("&", type, type, type, bit_and),                                         \
        FUNCTION_OPERATOR_ROW("|", type, type, type, bit_or),                                      \
        FUNCTION_OPERATOR_ROW("#", type, type, type, bit_xor),                                     \
        FUNCTION_PREFIX_ROW("~", type, type, bit_not),                                             \
        FUNCTION_OPERATOR_ROW("<<", type, TYPE_INT4, type, shift_left),                            \
        FUNCTION_OPERATOR_ROW(">>", type, TYPE_INT4, type, shift_right)
const struct function functions_math[] = {
    REAL_ROW("trunc", real_trunc),
    REAL_ROW("sign", real_sign),
    REAL_ROW("sqrt", real_sqrt),
    REAL_ROW("cbrt", real_cbrt),
    REAL_ROW("exp", real_exp),
    REAL_ROW("ln", real_ln),
    REAL_ROW("log", real_log10),
    REAL_ROW("log10", real_log10),
    REAL_ROW("degrees", real_degrees),
    REAL_ROW("radians", real_radians),
    REAL_ROW("sin", real_sin),
    REAL_ROW("cos", real_cos),
    REAL_ROW("tan", real_tan),
    REAL_ROW("cot", real_cot),
    REAL_ROW("asin", real_asin),
    REAL_ROW("acos", real_acos),
    REAL_ROW("atan", real_atan),
    REAL_ROW("sinh", real_sinh),
    REAL_ROW("cosh", real_cosh),
    REAL_ROW("tanh", real_tanh),
    REAL_ROW("asinh", real_asinh),
    REAL_ROW("acosh", real_acosh),
    REAL_ROW("atanh", real_atanh),
    REAL_ROW("sind", real_sind),
    REAL_ROW("cosd", real_cosd),
    REAL_ROW("tand", real_tand),
    REAL_ROW("cotd", real_cotd),
    REAL_ROW("asind", real_asind),
    REAL_ROW("acosd", real_acosd),
    REAL_ROW("atand", real_atand),
    FUNCTION_ROW("atan2", TYPE_FLOAT8, real_atan2, TYPE_FLOAT8, TYPE_FLOAT8),
    FUNCTION_ROW("atan2d", TYPE_FLOAT8, real_atan2d, TYPE_FLOAT8, TYPE_FLOAT8),
    FUNCTION_ROW("power", TYPE_FLOAT8, real_power, TYPE_FLOAT8, TYPE_FLOAT8),
    FUNCTION_ROW("pow", TYPE_FLOAT8, real_power, TYPE_FLOAT8, TYPE_FLOAT8),
    {.name = "pi", .result = TYPE_FLOAT8, .body = real_pi},
    FUNCTION_OPERATOR_ROW("^", TYPE_FLOAT8, TYPE_FLOAT8, TYPE_FLOAT8, real_power),
    FUNCTION_PREFIX_ROW("|/", TYPE_FLOAT8, TYPE_FLOAT8, real_sqrt),
    FUNCTION_PREFIX_ROW("||/", TYPE_FLOAT8, TYPE_FLOAT8, real_cbrt),
    FUNCTION_ROW("gcd", TYPE_INT4, int_gcd, TYPE_INT4, TYPE_INT4),
    FUNCTION_ROW("gcd", TYPE_INT8, int_gcd, TYPE_INT8, TYPE_INT8),
    FUNCTION_ROW("lcm", TYPE_INT4, int_lcm, TYPE_INT4, TYPE_INT4),
    FUNCTION_ROW("lcm", TYPE_INT8, int_lcm, TYPE_INT8, TYPE_INT8),
    BIT_ROWS(TYPE_INT2),
    BIT_ROWS(TYPE_INT4),
    BIT_ROWS(TYPE_INT8),
    {0},
};
