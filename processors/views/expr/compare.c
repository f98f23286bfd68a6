#include "expr/body.h"

#include "record/array.h"
#include "record/interval.h"
#include "record/jsonb.h"
#include "record/numeric.h"
#include <math.h>

static const int64_t DAY_US = INT64_C(86400000000);

static int compare_slots(struct value a, struct value b)
{
    return (a.slot > b.slot) - (a.slot < b.slot);
}

/* NaN equals NaN and is above every number. */
static int compare_reals(struct value a, struct value b)
{
    if (isnan(a.real) || isnan(b.real))
        return isnan(a.real) - isnan(b.real);
    return (a.real > b.real) - (a.real < b.real);
}

static struct str without_blanks(struct str s)
{
    while (s.len > 0 && s.at[s.len - 1] == ' ')
        s.len--;
    return s;
}

/* Element by element, NULL above all values, then by length, then by the lower bound. */
static int compare_arrays(enum type_id element, struct str a, struct str b)
{
    struct array_walk x = array_open(a, element), y = array_open(b, element);
    struct value left, right;
    int order = 0;

    while (order == 0 && x.i < x.n && y.i < y.n) {
        array_next(&x, &left);
        array_next(&y, &right);
        order =
            left.null || right.null ? left.null - right.null : value_compare(element, left, right);
    }
    if (order == 0)
        order = (x.n > y.n) - (x.n < y.n);
    return order != 0 ? order : (x.lower > y.lower) - (x.lower < y.lower);
}

int value_compare(enum type_id type, struct value a, struct value b)
{
    if (type_is_array(type))
        return compare_arrays(type_element(type), a.bytes, b.bytes);
    if (type_is_enum(type))
        return memcmp(a.bytes.at, b.bytes.at, 2);
    switch (type) {
    case TYPE_INTERVAL:
        return interval_compare(interval_open(a.bytes), interval_open(b.bytes));
    case TYPE_TIMETZ:
        return timetz_compare(timetz_open(a.bytes), timetz_open(b.bytes));
    case TYPE_JSONB:
        return jsonb_compare(a.bytes, b.bytes);
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
        return compare_reals(a, b);
    case TYPE_NUMERIC:
        return numeric_cmp(a.bytes, b.bytes);
    case TYPE_BPCHAR:
        return str_cmp(without_blanks(a.bytes), without_blanks(b.bytes));
    default:
        return type_is_bytes(type) ? str_cmp(a.bytes, b.bytes) : compare_slots(a, b);
    }
}

unsigned comparison_mask(const char *name)
{
    static const struct {
        const char *name;
        unsigned mask;
    } masks[] = {{"<", 1}, {"=", 2}, {"<=", 3}, {">", 4}, {"<>", 5}, {">=", 6}};

    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        if (strcmp(name, masks[i].name) == 0)
            return masks[i].mask;
    }
    return 0;
}

/* A date or timestamp in microseconds. Dates reach beyond the last timestamp: those lie below
 * infinity alone. */
static int64_t moment_of(enum type_id type, struct value value)
{
    int64_t us;

    if (type != TYPE_DATE)
        return value.slot;
    if (value.slot == INT32_MIN)
        return INT64_MIN;
    if (value.slot == INT32_MAX)
        return INT64_MAX;
    return __builtin_mul_overflow(value.slot, DAY_US, &us) ? INT64_MAX - 1 : us;
}

static int order_same(const struct call *call)
{
    return value_compare(call->arg_types[0].id, call->args[0], call->args[1]);
}

static int order_real(const struct call *call)
{
    return compare_reals(call->args[0], call->args[1]);
}

static int order_slot(const struct call *call)
{
    return compare_slots(call->args[0], call->args[1]);
}

static int order_moment(const struct call *call)
{
    int64_t a = moment_of(call->arg_types[0].id, call->args[0]);
    int64_t b = moment_of(call->arg_types[1].id, call->args[1]);

    return (a > b) - (a < b);
}

/* The six operators over one way to order. */
#define COMPARISON(order, operator, mask)                                                          \
    static bool order##_##operator(const struct call *call, struct value *ret, struct err *reterr) \
    {                                                                                              \
        (void)reterr;                                                                              \
        ret->slot = comparison_holds(mask, order(call));                                           \
        return true;                                                                               \
    }

#define COMPARISONS(order)                                                                         \
    COMPARISON(order, lt, 1)                                                                       \
    COMPARISON(order, eq, 2)                                                                       \
    COMPARISON(order, le, 3)                                                                       \
    COMPARISON(order, gt, 4)                                                                       \
    COMPARISON(order, ne, 5)                                                                       \
    COMPARISON(order, ge, 6)

COMPARISONS(order_same)
COMPARISONS(order_real)
COMPARISONS(order_slot)
COMPARISONS(order_moment)

#define ROW(symbol, a, b, body_)                                                                   \
    {                                                                                              \
        .name = (symbol), .kind = FUNCTION_OPERATOR, .args = {(a), (b)}, .result = TYPE_BOOL,      \
        .body = (body_)                                                                            \
    }

#define ROWS(order, a, b)                                                                          \
    ROW("<", a, b, order##_lt), ROW("=", a, b, order##_eq), ROW("<=", a, b, order##_le),           \
        ROW(">", a, b, order##_gt), ROW("<>", a, b, order##_ne), ROW(">=", a, b, order##_ge)

#define BYTE_ROWS(type)                                                                            \
    ROW("~<~", type, type, order_same_lt), ROW("~<=~", type, type, order_same_le),                 \
        ROW("~>~", type, type, order_same_gt), ROW("~>=~", type, type, order_same_ge)

const struct function functions_compare[] = {
    ROWS(order_slot, TYPE_BOOL, TYPE_BOOL),
    ROWS(order_slot, TYPE_INT2, TYPE_INT2),
    ROWS(order_slot, TYPE_INT2, TYPE_INT4),
    ROWS(order_slot, TYPE_INT2, TYPE_INT8),
    ROWS(order_slot, TYPE_INT4, TYPE_INT2),
    ROWS(order_slot, TYPE_INT4, TYPE_INT4),
    ROWS(order_slot, TYPE_INT4, TYPE_INT8),
    ROWS(order_slot, TYPE_INT8, TYPE_INT2),
    ROWS(order_slot, TYPE_INT8, TYPE_INT4),
    ROWS(order_slot, TYPE_INT8, TYPE_INT8),
    ROWS(order_real, TYPE_FLOAT4, TYPE_FLOAT4),
    ROWS(order_real, TYPE_FLOAT4, TYPE_FLOAT8),
    ROWS(order_real, TYPE_FLOAT8, TYPE_FLOAT4),
    ROWS(order_real, TYPE_FLOAT8, TYPE_FLOAT8),
    ROWS(order_same, TYPE_NUMERIC, TYPE_NUMERIC),
    ROWS(order_same, TYPE_TEXT, TYPE_TEXT),
    ROWS(order_same, TYPE_BPCHAR, TYPE_BPCHAR),
    BYTE_ROWS(TYPE_TEXT),
    BYTE_ROWS(TYPE_BPCHAR),
    ROWS(order_same, TYPE_BYTEA, TYPE_BYTEA),
    ROWS(order_same, TYPE_UUID, TYPE_UUID),
    ROWS(order_same, TYPE_INTERVAL, TYPE_INTERVAL),
    ROWS(order_same, TYPE_TIMETZ, TYPE_TIMETZ),
    ROWS(order_same, TYPE_JSONB, TYPE_JSONB),
    ROWS(order_same, TYPE_ANYARRAY, TYPE_ANYARRAY),
    ROWS(order_same, TYPE_ANYENUM, TYPE_ANYENUM),
    ROWS(order_slot, TYPE_TIME, TYPE_TIME),
    ROWS(order_slot, TYPE_DATE, TYPE_DATE),
    ROWS(order_slot, TYPE_TIMESTAMP, TYPE_TIMESTAMP),
    ROWS(order_slot, TYPE_TIMESTAMPTZ, TYPE_TIMESTAMPTZ),
    ROWS(order_moment, TYPE_DATE, TYPE_TIMESTAMP),
    ROWS(order_moment, TYPE_DATE, TYPE_TIMESTAMPTZ),
    ROWS(order_moment, TYPE_TIMESTAMP, TYPE_DATE),
    ROWS(order_moment, TYPE_TIMESTAMP, TYPE_TIMESTAMPTZ),
    ROWS(order_moment, TYPE_TIMESTAMPTZ, TYPE_DATE),
    ROWS(order_moment, TYPE_TIMESTAMPTZ, TYPE_TIMESTAMP),
    {0},
};
