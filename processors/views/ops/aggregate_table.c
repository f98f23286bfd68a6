#include "ops/aggregate_ops.h"

#include "expr/function.h"

#define SUM(arg_, result_, ops_)                                                                   \
    {                                                                                              \
        .name = "sum", .arg = (arg_), .result = (result_), .ops = &aggregate_sum_##ops_            \
    }
#define AVG(arg_, result_, ops_)                                                                   \
    {                                                                                              \
        .name = "avg", .arg = (arg_), .result = (result_), .ops = &aggregate_avg_##ops_            \
    }
#define EXTREMES(arg_)                                                                             \
    {.name = "min",                                                                                \
     .arg = (arg_),                                                                                \
     .result = (arg_),                                                                             \
     .state = AGGREGATE_EXTREME,                                                                   \
     .ops = &aggregate_min},                                                                       \
    {                                                                                              \
        .name = "max", .arg = (arg_), .result = (arg_), .state = AGGREGATE_EXTREME,                \
        .ops = &aggregate_max                                                                      \
    }

const struct aggregate aggregate_table[] = {
    {.name = "count", .result = TYPE_INT8, .ops = &aggregate_count},
    {.name = "count", .arg = TYPE_ANY, .result = TYPE_INT8, .ops = &aggregate_count},
    SUM(TYPE_INT2, TYPE_INT8, int),
    SUM(TYPE_INT4, TYPE_INT8, int),
    SUM(TYPE_INT8, TYPE_NUMERIC, int),
    SUM(TYPE_FLOAT4, TYPE_FLOAT4, real),
    SUM(TYPE_FLOAT8, TYPE_FLOAT8, real),
    SUM(TYPE_NUMERIC, TYPE_NUMERIC, numeric),
    AVG(TYPE_INT2, TYPE_NUMERIC, int),
    AVG(TYPE_INT4, TYPE_NUMERIC, int),
    AVG(TYPE_INT8, TYPE_NUMERIC, int),
    AVG(TYPE_FLOAT4, TYPE_FLOAT8, real),
    AVG(TYPE_FLOAT8, TYPE_FLOAT8, real),
    AVG(TYPE_NUMERIC, TYPE_NUMERIC, numeric),
    EXTREMES(TYPE_INT2),
    EXTREMES(TYPE_INT4),
    EXTREMES(TYPE_INT8),
    EXTREMES(TYPE_FLOAT4),
    EXTREMES(TYPE_FLOAT8),
    EXTREMES(TYPE_NUMERIC),
    EXTREMES(TYPE_TEXT),
    EXTREMES(TYPE_BPCHAR),
    EXTREMES(TYPE_DATE),
    EXTREMES(TYPE_TIME),
    EXTREMES(TYPE_TIMETZ),
    EXTREMES(TYPE_TIMESTAMP),
    EXTREMES(TYPE_TIMESTAMPTZ),
    EXTREMES(TYPE_INTERVAL),
    EXTREMES(TYPE_ANYENUM),
    EXTREMES(TYPE_ANYARRAY),
    {.name = "single",
     .arg = TYPE_ANYELEMENT,
     .result = TYPE_ANYELEMENT,
     .state = AGGREGATE_BAG,
     .nulls = NULLS_TAKE,
     .internal = true,
     .ops = &aggregate_single},
    {0},
};

uint16_t aggregate_args_n(const struct aggregate *aggregate)
{
    uint16_t n = aggregate->arg != 0;

    for (uint16_t i = 0; n > 0 && i < AGGREGATE_ARGS_MAX - 1 && aggregate->more[i] != 0; i++)
        n++;
    return n;
}

static enum type_id arg_at(const struct aggregate *aggregate, uint16_t i)
{
    return i == 0 ? aggregate->arg : aggregate->more[i - 1];
}

/* The row takes values of many types as they are. */
static bool takes_as_is(enum type_id wanted, enum type_id given)
{
    switch (wanted) {
    case TYPE_ANY:
    case TYPE_ANYELEMENT:
        return true;
    case TYPE_ANYARRAY:
        return type_is_array(given);
    case TYPE_ANYENUM:
        return type_is_enum(given);
    default:
        return wanted == given;
    }
}

enum type_id aggregate_arg_type(enum type_id wanted, enum type_id given)
{
    return takes_as_is(wanted, given) ? given : wanted;
}

struct type aggregate_result(const struct aggregate *aggregate, struct type arg)
{
    struct type type = {.id = aggregate->result, .typmod = -1};

    if (type.id == TYPE_ANYELEMENT || type.id == TYPE_ANYENUM ||
        (type.id == TYPE_ANYARRAY && aggregate->arg == TYPE_ANYARRAY))
        type.id = arg.id;
    else if (type.id == TYPE_ANYARRAY)
        type.id = type_array_of(arg.id);
    else
        return type;
    type.labels = arg.labels;
    return type;
}

/* The type that PostgreSQL prefers in each category. */
static bool is_preferred(enum type_id type)
{
    return type == TYPE_TEXT || type == TYPE_FLOAT8 || type == TYPE_TIMESTAMPTZ ||
           type == TYPE_INTERVAL || type == TYPE_BOOL;
}

/* How well an argument fits: 0 not at all, 1 by a cast, 2 by a cast to a preferred type, 3 as it
 * is. */
static int fit_of(enum type_id wanted, enum type_id given)
{
    if (given == TYPE_UNKNOWN)
        return wanted == TYPE_TEXT ? 2 : wanted == TYPE_ANY || wanted == TYPE_ANYELEMENT ? 1 : 0;
    if (takes_as_is(wanted, given))
        return 3;
    if (type_is_array(given) || type_is_enum(given) || wanted >= TYPE_ANY ||
        cast_find(given, wanted, CAST_IMPLICIT) == NULL)
        return 0;
    return is_preferred(wanted) ? 2 : 1;
}

/* 0 when some argument does not fit. */
static int fit_of_row(const struct aggregate *row, const enum type_id *args, uint16_t args_n)
{
    int sum = 1;

    if (aggregate_args_n(row) != args_n)
        return 0;
    for (uint16_t i = 0; i < args_n; i++) {
        int fit = fit_of(arg_at(row, i), args[i]);

        if (fit == 0)
            return 0;
        sum += fit;
    }
    return sum;
}

const struct aggregate *aggregate_resolve_args(struct str name, const enum type_id *args,
                                               uint16_t args_n)
{
    const struct aggregate *found = NULL;
    int best = 0;

    for (const struct aggregate *row = aggregate_table; row->name != NULL; row++) {
        int fit = str_eq_c(name, row->name) ? fit_of_row(row, args, args_n) : 0;

        if (fit > best) {
            best = fit;
            found = row;
        }
    }
    return found;
}

const struct aggregate *aggregate_resolve(struct str name, enum type_id arg)
{
    return aggregate_resolve_args(name, &arg, arg != 0);
}
