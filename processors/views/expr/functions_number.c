#include "expr/body.h"

#include "record/numeric.h"
#include <math.h>

bool err_out_of_range(struct err *reterr, enum type_id type)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22003", "%s out of range", type_name(type));
}

bool err_division_by_zero(struct err *reterr)
{
    return err_sql(reterr, ERR_DEAD_LETTER, "22012", "division by zero");
}

static bool int_fits(enum type_id type, int64_t number)
{
    switch (type) {
    case TYPE_INT2:
        return number >= INT16_MIN && number <= INT16_MAX;
    case TYPE_INT4:
        return number >= INT32_MIN && number <= INT32_MAX;
    default:
        return true;
    }
}

bool int_result(enum type_id type, int64_t number, struct value *ret, struct err *reterr)
{
    if (!int_fits(type, number))
        return err_out_of_range(reterr, type);
    ret->slot = number;
    return true;
}

/* Integers: computed in 64 bits, checked against the result's type. */

#define INT_CHECKED(name, builtin)                                                                 \
    static bool name(const struct call *call, struct value *ret, struct err *reterr)               \
    {                                                                                              \
        int64_t number;                                                                            \
                                                                                                   \
        if (builtin(call->args[0].slot, call->args[1].slot, &number))                              \
            return err_out_of_range(reterr, call->result_type.id);                                 \
        return int_result(call->result_type.id, number, ret, reterr);                              \
    }

INT_CHECKED(int_add, __builtin_add_overflow)
INT_CHECKED(int_sub, __builtin_sub_overflow)
INT_CHECKED(int_mul, __builtin_mul_overflow)

static bool int_div(const struct call *call, struct value *ret, struct err *reterr)
{
    int64_t a = call->args[0].slot, b = call->args[1].slot;

    if (b == 0)
        return err_division_by_zero(reterr);
    if (a == INT64_MIN && b == -1)
        return err_out_of_range(reterr, call->result_type.id);
    return int_result(call->result_type.id, a / b, ret, reterr);
}

static bool int_mod(const struct call *call, struct value *ret, struct err *reterr)
{
    int64_t a = call->args[0].slot, b = call->args[1].slot;

    if (b == 0)
        return err_division_by_zero(reterr);
    ret->slot = b == -1 ? 0 : a % b;
    return true;
}

static bool int_negate(const struct call *call, struct value *ret, struct err *reterr)
{
    if (call->args[0].slot == INT64_MIN)
        return err_out_of_range(reterr, call->result_type.id);
    return int_result(call->result_type.id, -call->args[0].slot, ret, reterr);
}

static bool int_abs(const struct call *call, struct value *ret, struct err *reterr)
{
    if (call->args[0].slot < 0)
        return int_negate(call, ret, reterr);
    ret->slot = call->args[0].slot;
    return true;
}

/* Floats: an infinite result of finite arguments and a zero of nonzero ones are errors. */

static double rounded(const struct call *call, double real)
{
    return call->result_type.id == TYPE_FLOAT4 ? (double)(float)real : real;
}

static bool real_result(const struct call *call, double real, bool may_be_infinite,
                        bool may_be_zero, struct value *ret, struct err *reterr)
{
    real = rounded(call, real);
    if (isinf(real) && !may_be_infinite)
        return err_sql(reterr, ERR_DEAD_LETTER, "22003", "value out of range: overflow");
    if (real == 0 && !may_be_zero)
        return err_sql(reterr, ERR_DEAD_LETTER, "22003", "value out of range: underflow");
    ret->real = real;
    return true;
}

static bool real_add(const struct call *call, struct value *ret, struct err *reterr)
{
    double a = call->args[0].real, b = call->args[1].real;

    return real_result(call, a + b, isinf(a) || isinf(b), true, ret, reterr);
}

static bool real_sub(const struct call *call, struct value *ret, struct err *reterr)
{
    double a = call->args[0].real, b = call->args[1].real;

    return real_result(call, a - b, isinf(a) || isinf(b), true, ret, reterr);
}

static bool real_mul(const struct call *call, struct value *ret, struct err *reterr)
{
    double a = call->args[0].real, b = call->args[1].real;

    return real_result(call, a * b, isinf(a) || isinf(b), a == 0 || b == 0, ret, reterr);
}

static bool real_div(const struct call *call, struct value *ret, struct err *reterr)
{
    double a = call->args[0].real, b = call->args[1].real;

    if (b == 0 && !isnan(a))
        return err_division_by_zero(reterr);
    return real_result(call, a / b, isinf(a) || b == 0, a == 0 || isinf(b), ret, reterr);
}

static bool real_negate(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->real = -call->args[0].real;
    return true;
}

static bool real_abs(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->real = fabs(call->args[0].real);
    return true;
}

/* Rounds half to even, as PostgreSQL's dround does. */
static bool real_round(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->real = rint(call->args[0].real);
    return true;
}

static bool real_floor(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->real = floor(call->args[0].real);
    return true;
}

static bool real_ceil(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->real = ceil(call->args[0].real);
    return true;
}

/* Numerics. */

#define NUMERIC_PAIR(name)                                                                         \
    static bool pair_##name(const struct call *call, struct value *ret, struct err *reterr)        \
    {                                                                                              \
        ret->bytes = numeric_##name(call->scratch, call->args[0].bytes, call->args[1].bytes);      \
        return ret->bytes.len > 0 ||                                                               \
               err_sql(reterr, ERR_DEAD_LETTER, "22003", "value overflows numeric format");        \
    }

NUMERIC_PAIR(add)
NUMERIC_PAIR(sub)
NUMERIC_PAIR(mul)

static bool pair_div(const struct call *call, struct value *ret, struct err *reterr)
{
    return numeric_div(call->scratch, call->args[0].bytes, call->args[1].bytes, &ret->bytes,
                       reterr);
}

static bool pair_mod(const struct call *call, struct value *ret, struct err *reterr)
{
    return numeric_mod(call->scratch, call->args[0].bytes, call->args[1].bytes, &ret->bytes,
                       reterr);
}

static bool negate_numeric(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->bytes = numeric_negate(call->scratch, call->args[0].bytes);
    return true;
}

static bool abs_numeric(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->bytes = call->args[0].bytes;
    if (numeric_cmp(ret->bytes, numeric_from_i64(call->scratch, 0)) < 0)
        ret->bytes = numeric_negate(call->scratch, ret->bytes);
    return true;
}

/* The most digits behind the point of a numeric, and those before it with one that rounding adds. */
enum { SCALE_MOST = 16383, SCALE_LEAST = -131073 };

static int scale_arg(const struct call *call)
{
    int64_t scale = call->args_n > 1 ? call->args[1].slot : 0;

    return (int)(scale > SCALE_MOST ? SCALE_MOST : scale < SCALE_LEAST ? SCALE_LEAST : scale);
}

static bool round_numeric(const struct call *call, struct value *ret, struct err *reterr)
{
    ret->bytes = numeric_round(call->scratch, call->args[0].bytes, scale_arg(call));
    return ret->bytes.len > 0 ||
           err_sql(reterr, ERR_DEAD_LETTER, "22003", "value overflows numeric format");
}

static bool trunc_numeric(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->bytes = numeric_trunc(call->scratch, call->args[0].bytes, scale_arg(call));
    return true;
}

/* floor and ceil: truncate, then one step away when something was cut off on that side. */
static bool numeric_step(const struct call *call, int step, struct value *ret)
{
    struct str a = call->args[0].bytes;
    struct str whole = numeric_trunc(call->scratch, a, 0);
    int cut = numeric_cmp(a, whole);

    if (cut != 0 && (cut > 0) == (step > 0))
        whole = numeric_add(call->scratch, whole, numeric_from_i64(call->scratch, step));
    ret->bytes = whole;
    return true;
}

static bool floor_numeric(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return numeric_step(call, -1, ret);
}

static bool ceil_numeric(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return numeric_step(call, 1, ret);
}

#define OPERATOR(symbol, a, b, r, body_)                                                           \
    {                                                                                              \
        .name = (symbol), .kind = FUNCTION_OPERATOR, .args = {(a), (b)}, .result = (r),            \
        .body = (body_)                                                                            \
    }

#define INT_ROWS(a, b, r)                                                                          \
    OPERATOR("+", a, b, r, int_add), OPERATOR("-", a, b, r, int_sub),                              \
        OPERATOR("*", a, b, r, int_mul), OPERATOR("/", a, b, r, int_div)

#define REAL_ROWS(a, b, r)                                                                         \
    OPERATOR("+", a, b, r, real_add), OPERATOR("-", a, b, r, real_sub),                            \
        OPERATOR("*", a, b, r, real_mul), OPERATOR("/", a, b, r, real_div)

#define SIGN_ROWS(type, negate, abs_)                                                              \
    {.name = "-",                                                                                  \
     .kind = FUNCTION_OPERATOR,                                                                    \
     .args = {(type)},                                                                             \
     .result = (type),                                                                             \
     .body = (negate)},                                                                            \
        {.name = "+",                                                                              \
         .kind = FUNCTION_OPERATOR,                                                                \
         .args = {(type)},                                                                         \
         .result = (type),                                                                         \
         .body = cast_same},                                                                       \
        {.name = "@",                                                                              \
         .kind = FUNCTION_OPERATOR,                                                                \
         .args = {(type)},                                                                         \
         .result = (type),                                                                         \
         .body = (abs_)},                                                                          \
    {                                                                                              \
        .name = "abs", .args = {(type)}, .result = (type), .body = (abs_)                          \
    }

#define MOD_ROWS(type, body_)                                                                      \
    OPERATOR("%", type, type, type, body_),                                                        \
    {                                                                                              \
        .name = "mod", .args = {(type), (type)}, .result = (type), .body = (body_)                 \
    }

#define ONE(name_, type, body_)                                                                    \
    {                                                                                              \
        .name = (name_), .args = {(type)}, .result = (type), .body = (body_)                       \
    }

const struct function functions_number[] = {
    INT_ROWS(TYPE_INT2, TYPE_INT2, TYPE_INT2),
    INT_ROWS(TYPE_INT2, TYPE_INT4, TYPE_INT4),
    INT_ROWS(TYPE_INT2, TYPE_INT8, TYPE_INT8),
    INT_ROWS(TYPE_INT4, TYPE_INT2, TYPE_INT4),
    INT_ROWS(TYPE_INT4, TYPE_INT4, TYPE_INT4),
    INT_ROWS(TYPE_INT4, TYPE_INT8, TYPE_INT8),
    INT_ROWS(TYPE_INT8, TYPE_INT2, TYPE_INT8),
    INT_ROWS(TYPE_INT8, TYPE_INT4, TYPE_INT8),
    INT_ROWS(TYPE_INT8, TYPE_INT8, TYPE_INT8),
    MOD_ROWS(TYPE_INT2, int_mod),
    MOD_ROWS(TYPE_INT4, int_mod),
    MOD_ROWS(TYPE_INT8, int_mod),
    MOD_ROWS(TYPE_NUMERIC, pair_mod),
    SIGN_ROWS(TYPE_INT2, int_negate, int_abs),
    SIGN_ROWS(TYPE_INT4, int_negate, int_abs),
    SIGN_ROWS(TYPE_INT8, int_negate, int_abs),
    REAL_ROWS(TYPE_FLOAT4, TYPE_FLOAT4, TYPE_FLOAT4),
    REAL_ROWS(TYPE_FLOAT4, TYPE_FLOAT8, TYPE_FLOAT8),
    REAL_ROWS(TYPE_FLOAT8, TYPE_FLOAT4, TYPE_FLOAT8),
    REAL_ROWS(TYPE_FLOAT8, TYPE_FLOAT8, TYPE_FLOAT8),
    SIGN_ROWS(TYPE_FLOAT4, real_negate, real_abs),
    SIGN_ROWS(TYPE_FLOAT8, real_negate, real_abs),
    OPERATOR("+", TYPE_NUMERIC, TYPE_NUMERIC, TYPE_NUMERIC, pair_add),
    OPERATOR("-", TYPE_NUMERIC, TYPE_NUMERIC, TYPE_NUMERIC, pair_sub),
    OPERATOR("*", TYPE_NUMERIC, TYPE_NUMERIC, TYPE_NUMERIC, pair_mul),
    OPERATOR("/", TYPE_NUMERIC, TYPE_NUMERIC, TYPE_NUMERIC, pair_div),
    SIGN_ROWS(TYPE_NUMERIC, negate_numeric, abs_numeric),
    ONE("round", TYPE_FLOAT8, real_round),
    ONE("floor", TYPE_FLOAT8, real_floor),
    ONE("ceil", TYPE_FLOAT8, real_ceil),
    ONE("ceiling", TYPE_FLOAT8, real_ceil),
    ONE("round", TYPE_NUMERIC, round_numeric),
    ONE("trunc", TYPE_NUMERIC, trunc_numeric),
    ONE("floor", TYPE_NUMERIC, floor_numeric),
    ONE("ceil", TYPE_NUMERIC, ceil_numeric),
    ONE("ceiling", TYPE_NUMERIC, ceil_numeric),
    {.name = "round",
     .args = {TYPE_NUMERIC, TYPE_INT4},
     .result = TYPE_NUMERIC,
     .body = round_numeric},
    {.name = "trunc",
     .args = {TYPE_NUMERIC, TYPE_INT4},
     .result = TYPE_NUMERIC,
     .body = trunc_numeric},
    {0},
};
