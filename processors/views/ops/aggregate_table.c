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

/* Over integers, numerics and floats. */
#define VARIANCE_ROW(name_, ops_, arg_, result_, kind_)                                            \
    {                                                                                              \
        .name = (name_), .arg = (arg_), .result = (result_), .ops = &aggregate_##ops_##_##kind_    \
    }
#define VARIANCES(name_, ops_)                                                                     \
    VARIANCE_ROW(name_, ops_, TYPE_INT2, TYPE_NUMERIC, int),                                       \
        VARIANCE_ROW(name_, ops_, TYPE_INT4, TYPE_NUMERIC, int),                                   \
        VARIANCE_ROW(name_, ops_, TYPE_INT8, TYPE_NUMERIC, int),                                   \
        VARIANCE_ROW(name_, ops_, TYPE_NUMERIC, TYPE_NUMERIC, numeric),                            \
        VARIANCE_ROW(name_, ops_, TYPE_FLOAT4, TYPE_FLOAT8, real),                                 \
        VARIANCE_ROW(name_, ops_, TYPE_FLOAT8, TYPE_FLOAT8, real)
#define PAIR(name_, result_)                                                                       \
    {                                                                                              \
        .name = #name_, .arg = TYPE_FLOAT8, .more = {TYPE_FLOAT8}, .result = (result_),            \
        .ops = &aggregate_##name_                                                                  \
    }
#define BITWISE(name_, ops_)                                                                       \
    {.name = (name_), .arg = TYPE_INT2, .result = TYPE_INT2, .ops = &(ops_)},                      \
        {.name = (name_), .arg = TYPE_INT4, .result = TYPE_INT4, .ops = &(ops_)},                  \
    {                                                                                              \
        .name = (name_), .arg = TYPE_INT8, .result = TYPE_INT8, .ops = &(ops_)                     \
    }
#define BOOLEAN(name_, ops_)                                                                       \
    {                                                                                              \
        .name = (name_), .arg = TYPE_BOOL, .result = TYPE_BOOL, .ops = &(ops_)                     \
    }
/* What gives all its values back, in order. */
#define COLLECTING .state = AGGREGATE_BAG, .needs_order = true
#define PERCENTILE(name_, arg_, fraction_, result_)                                                \
    {                                                                                              \
        .name = #name_, .arg = (arg_), .more = {(fraction_)}, .result = (result_),                 \
        .state = AGGREGATE_BAG, .nulls = NULLS_SKIP_FIRST, .within_group = true,                   \
        .ops = &aggregate_##name_                                                                  \
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
    SUM(TYPE_INTERVAL, TYPE_INTERVAL, interval),
    AVG(TYPE_INTERVAL, TYPE_INTERVAL, interval),
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
    /* over keys of a collation */
    {.name = "min of keys",
     .arg = TYPE_BYTEA,
     .result = TYPE_BYTEA,
     .state = AGGREGATE_EXTREME,
     .internal = true,
     .ops = &aggregate_min},
    {.name = "max of keys",
     .arg = TYPE_BYTEA,
     .result = TYPE_BYTEA,
     .state = AGGREGATE_EXTREME,
     .internal = true,
     .ops = &aggregate_max},
    BOOLEAN("bool_and", aggregate_all),
    BOOLEAN("every", aggregate_all),
    BOOLEAN("bool_or", aggregate_some),
    BITWISE("bit_and", aggregate_all),
    BITWISE("bit_or", aggregate_some),
    BITWISE("bit_xor", aggregate_odd),
    VARIANCES("variance", var_samp),
    VARIANCES("var_samp", var_samp),
    VARIANCES("var_pop", var_pop),
    VARIANCES("stddev", stddev_samp),
    VARIANCES("stddev_samp", stddev_samp),
    VARIANCES("stddev_pop", stddev_pop),
    PAIR(corr, TYPE_FLOAT8),
    PAIR(covar_pop, TYPE_FLOAT8),
    PAIR(covar_samp, TYPE_FLOAT8),
    PAIR(regr_avgx, TYPE_FLOAT8),
    PAIR(regr_avgy, TYPE_FLOAT8),
    PAIR(regr_count, TYPE_INT8),
    PAIR(regr_intercept, TYPE_FLOAT8),
    PAIR(regr_r2, TYPE_FLOAT8),
    PAIR(regr_slope, TYPE_FLOAT8),
    PAIR(regr_sxx, TYPE_FLOAT8),
    PAIR(regr_sxy, TYPE_FLOAT8),
    PAIR(regr_syy, TYPE_FLOAT8),
    {.name = "string_agg",
     .arg = TYPE_TEXT,
     .more = {TYPE_TEXT},
     .result = TYPE_TEXT,
     .nulls = NULLS_SKIP_FIRST,
     COLLECTING,
     .ops = &aggregate_string},
    {.name = "string_agg",
     .arg = TYPE_BYTEA,
     .more = {TYPE_BYTEA},
     .result = TYPE_BYTEA,
     .nulls = NULLS_SKIP_FIRST,
     COLLECTING,
     .ops = &aggregate_string},
    {.name = "array_agg",
     .arg = TYPE_ANYELEMENT,
     .result = TYPE_ANYARRAY,
     .nulls = NULLS_TAKE,
     COLLECTING,
     .ops = &aggregate_array},
    {.name = "json_agg",
     .arg = TYPE_ANY,
     .result = TYPE_JSON,
     .nulls = NULLS_TAKE,
     COLLECTING,
     .ops = &aggregate_json_elements},
    {.name = "json_agg of rows",
     .arg = TYPE_JSON,
     .result = TYPE_JSON,
     .nulls = NULLS_TAKE,
     .internal = true,
     COLLECTING,
     .ops = &aggregate_json_rows},
    {.name = "jsonb_agg",
     .arg = TYPE_ANY,
     .result = TYPE_JSONB,
     .nulls = NULLS_TAKE,
     COLLECTING,
     .ops = &aggregate_jsonb_elements},
    {.name = "json_object_agg",
     .arg = TYPE_ANY,
     .more = {TYPE_ANY},
     .result = TYPE_JSON,
     .nulls = NULLS_TAKE,
     COLLECTING,
     .ops = &aggregate_json_members},
    {.name = "jsonb_object_agg",
     .arg = TYPE_ANY,
     .more = {TYPE_ANY},
     .result = TYPE_JSONB,
     .nulls = NULLS_TAKE,
     .needs_unique = true,
     COLLECTING,
     .ops = &aggregate_jsonb_members},
    PERCENTILE(percentile_cont, TYPE_FLOAT8, TYPE_FLOAT8, TYPE_FLOAT8),
    PERCENTILE(percentile_cont, TYPE_FLOAT8, TYPE_ARRAY | TYPE_FLOAT8, TYPE_ARRAY | TYPE_FLOAT8),
    PERCENTILE(percentile_cont, TYPE_INTERVAL, TYPE_FLOAT8, TYPE_INTERVAL),
    PERCENTILE(percentile_cont, TYPE_INTERVAL, TYPE_ARRAY | TYPE_FLOAT8,
               TYPE_ARRAY | TYPE_INTERVAL),
    PERCENTILE(percentile_disc, TYPE_ANYELEMENT, TYPE_FLOAT8, TYPE_ANYELEMENT),
    PERCENTILE(percentile_disc, TYPE_ANYELEMENT, TYPE_ARRAY | TYPE_FLOAT8, TYPE_ANYARRAY),
    {.name = "mode",
     .arg = TYPE_ANYELEMENT,
     .result = TYPE_ANYELEMENT,
     .state = AGGREGATE_BAG,
     .within_group = true,
     .ops = &aggregate_mode},
    {.name = "first",
     .arg = TYPE_ANYELEMENT,
     .result = TYPE_ANYELEMENT,
     .state = AGGREGATE_BAG,
     .nulls = NULLS_TAKE,
     .internal = true,
     .ops = &aggregate_first},
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
    type.collation = arg.collation;
    return type;
}

/* The type that PostgreSQL prefers in each category. */
static bool is_preferred(enum type_id type)
{
    return type == TYPE_TEXT || type == TYPE_FLOAT8 || type == TYPE_TIMESTAMPTZ ||
           type == TYPE_INTERVAL || type == TYPE_BOOL;
}

/* Stands for several types. */
static bool is_choice(enum type_id type)
{
    return type >= TYPE_ANY && type < (enum type_id)TYPE_ENUM_FIRST;
}

/* How well an argument fits: 0 not at all, 1 by a cast, 2 by a cast to a preferred type, 3 as it
 * is. */
static int fit_of(enum type_id wanted, enum type_id given)
{
    if (given == TYPE_UNKNOWN)
        return wanted == TYPE_TEXT ? 2 : wanted == TYPE_ANY || wanted == TYPE_ANYELEMENT ? 1 : 0;
    if (takes_as_is(wanted, given))
        return 3;
    if (type_is_array(given) != type_is_array(wanted) || is_choice(wanted) ||
        cast_find(given, wanted, CAST_IMPLICIT) == NULL)
        return 0;
    return is_preferred(wanted) ? 2 : 1;
}

/* 0 when some argument does not fit. Arrays of arrays are not there. */
static int fit_of_row(const struct aggregate *row, const enum type_id *args, uint16_t args_n)
{
    int sum = 1;

    if (row->result == TYPE_ANYARRAY && row->arg == TYPE_ANYELEMENT && args_n > 0 &&
        type_is_array(args[0]))
        return 0;

    if (aggregate_args_n(row) != args_n)
        return 0;
    for (uint16_t i = 0; i < args_n; i++) {
        /* behind the first argument, which has chosen the row, a literal is what it must be */
        int fit = i > 0 && args[i] == TYPE_UNKNOWN ? 1 : fit_of(arg_at(row, i), args[i]);

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

void aggregate_signature(struct buf *out, const struct aggregate *row)
{
    uint16_t n = aggregate_args_n(row), first = row->within_group ? 1 : 0;

    buf_printf(out, "%s(%s", row->name, n == 0 ? "*" : "");
    for (uint16_t i = first; i < n; i++)
        buf_printf(out, "%s%s", i > first ? ", " : "", type_name(arg_at(row, i)));
    buf_char(out, ')');
    if (row->within_group)
        buf_printf(out, " WITHIN GROUP (ORDER BY %s)", type_name(row->arg));
}

/* One line of the list. */
static void print_row(struct buf *out, const struct aggregate *row)
{
    size_t start = out->len;

    aggregate_signature(out, row);
    do
        buf_char(out, ' ');
    while (out->len - start < 64);
    buf_printf(out, "%-28s aggregate%s\n", type_name(row->result),
               row->needs_order ? ", with ORDER BY" : "");
}

/* Those that the planner makes of counts. */
static void print_hypothetical(struct buf *out)
{
    static const char *const names[] = {"rank", "dense_rank", "percent_rank", "cume_dist"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t start = out->len;

        buf_printf(out, "%s(VARIADIC \"any\") WITHIN GROUP (ORDER BY VARIADIC \"any\")", names[i]);
        do
            buf_char(out, ' ');
        while (out->len - start < 64);
        buf_printf(out, "%-28s aggregate\n", type_name(i < 2 ? TYPE_INT8 : TYPE_FLOAT8));
    }
}

void aggregate_list(struct buf *out)
{
    for (const struct aggregate *row = aggregate_table; row->name != NULL; row++)
        if (!row->internal)
            print_row(out, row);
    print_hypothetical(out);
}
