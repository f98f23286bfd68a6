#include "expr/jsonpath.h"

#include "record/array.h"
#include "record/interval.h"
#include "record/jsonb.h"
#include "record/numeric.h"
#include "record/text.h"
#include <float.h>
#include <math.h>

static const int64_t DAY_US = INT64_C(86400000000);

bool cast_same(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    *ret = call->args[0];
    return true;
}

static bool int_to_int(const struct call *call, struct value *ret, struct err *reterr)
{
    return int_result(call->result_type.id, call->args[0].slot, ret, reterr);
}

static bool int_to_bool(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->slot = call->args[0].slot != 0;
    return true;
}

static bool int_to_float4(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->real = (double)(float)call->args[0].slot;
    return true;
}

static bool int_to_float8(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->real = (double)call->args[0].slot;
    return true;
}

static bool int_to_numeric(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->bytes = numeric_from_i64(call->scratch, call->args[0].slot);
    return true;
}

/* Rounds half to even; the bounds are exact as doubles. */
static bool real_to_int(const struct call *call, struct value *ret, struct err *reterr)
{
    const double two_to_63 = 9223372036854775808.0;
    double real = rint(call->args[0].real);

    if (!(real >= -two_to_63 && real < two_to_63)) /* NaN too */
        return err_out_of_range(reterr, call->result_type.id);
    return int_result(call->result_type.id, (int64_t)real, ret, reterr);
}

static bool float8_to_float4(const struct call *call, struct value *ret, struct err *reterr)
{
    double real = call->args[0].real, single = (double)(float)real;

    if (isinf(single) && !isinf(real))
        return err_sql(reterr, ERR_DEAD_LETTER, "22003", "value out of range: overflow");
    if (single == 0 && real != 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "22003", "value out of range: underflow");
    ret->real = single;
    return true;
}

static bool float8_to_numeric(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->bytes = numeric_from_f64(call->scratch, call->args[0].real);
    return true;
}

/* Six significant digits, as PostgreSQL. */
static bool float4_to_numeric(const struct call *call, struct value *ret, struct err *reterr)
{
    char text[64];

    if (!isfinite(call->args[0].real))
        return float8_to_numeric(call, ret, reterr);
    snprintf(text, sizeof(text), "%.*g", FLT_DIG, call->args[0].real);
    return numeric_parse(str_of(text), call->scratch, &ret->bytes, reterr);
}

static bool numeric_to_int(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str packed = call->args[0].bytes;
    int64_t number;

    if (numeric_is_special(packed))
        return err_sql(reterr, ERR_DEAD_LETTER, "0A000", "cannot convert %s to %s",
                       isnan(numeric_to_f64(packed)) ? "NaN" : "infinity",
                       type_name(call->result_type.id));
    if (!numeric_to_i64(packed, &number, reterr))
        return err_out_of_range(reterr, call->result_type.id);
    return int_result(call->result_type.id, number, ret, reterr);
}

/* Through text, so that rounding happens once. */
static bool numeric_to_real(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf text = {0};

    numeric_print(&text, call->args[0].bytes);
    return text_parse((struct type){call->result_type.id, -1}, buf_str(&text), call->scratch, ret,
                      reterr);
}

static bool date_to_timestamp(const struct call *call, struct value *ret, struct err *reterr)
{
    int64_t days = call->args[0].slot;

    if (days == INT32_MIN || days == INT32_MAX) {
        ret->slot = days == INT32_MIN ? INT64_MIN : INT64_MAX;
        return true;
    }
    /* 294277-01-01 is the first day behind the last timestamp. */
    if (days >= text_days(294277, 1, 1))
        return err_sql(reterr, ERR_DEAD_LETTER, "22008", "date out of range for timestamp");
    ret->slot = days * DAY_US;
    return true;
}

static int64_t day_of(int64_t us)
{
    return us / DAY_US - (us % DAY_US < 0);
}

static bool timestamp_to_date(const struct call *call, struct value *ret, struct err *reterr)
{
    int64_t us = call->args[0].slot;

    (void)reterr;
    if (us == INT64_MIN || us == INT64_MAX)
        ret->slot = us == INT64_MIN ? INT32_MIN : INT32_MAX;
    else
        ret->slot = day_of(us);
    return true;
}

static bool timestamp_to_time(const struct call *call, struct value *ret, struct err *reterr)
{
    int64_t us = call->args[0].slot;

    (void)reterr;
    if (us == INT64_MIN || us == INT64_MAX)
        ret->null = true;
    else
        ret->slot = us - day_of(us) * DAY_US;
    return true;
}

/* bpchar to text and varchar drops the trailing blanks. */
static bool bpchar_to_text(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->bytes = call->args[0].bytes;
    while (ret->bytes.len > 0 && ret->bytes.at[ret->bytes.len - 1] == ' ')
        ret->bytes.len--;
    return true;
}

static bool time_to_interval(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->bytes = interval_pack(call->scratch, (struct interval){call->args[0].slot, 0, 0});
    return true;
}

/* The zone is UTC. */
static bool time_to_timetz(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->bytes = timetz_pack(call->scratch, (struct timetz){call->args[0].slot, 0});
    return true;
}

static bool timetz_to_time(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->slot = timetz_open(call->args[0].bytes).us;
    return true;
}

static bool timestamp_to_timetz(const struct call *call, struct value *ret, struct err *reterr)
{
    struct value time = {0};

    if (!timestamp_to_time(call, &time, reterr))
        return false;
    ret->null = time.null;
    if (!time.null)
        ret->bytes = timetz_pack(call->scratch, (struct timetz){time.slot, 0});
    return true;
}

/* What is left of the microseconds beyond whole days. */
static bool interval_to_time(const struct call *call, struct value *ret, struct err *reterr)
{
    int64_t us = interval_open(call->args[0].bytes).us;

    (void)reterr;
    ret->slot = us - day_of(us) * DAY_US;
    return true;
}

static bool json_to_jsonb(const struct call *call, struct value *ret, struct err *reterr)
{
    return text_parse((struct type){TYPE_JSONB, -1}, call->args[0].bytes, call->scratch, ret,
                      reterr);
}

static bool err_jsonb_kind(const struct call *call, const struct jsonb *value, struct err *reterr)
{
    static const char *const kinds[] = {
        [JSON_NULL] = "null",      [JSON_FALSE] = "boolean", [JSON_TRUE] = "boolean",
        [JSON_NUMBER] = "numeric", [JSON_STRING] = "string", [JSON_OBJECT] = "object",
        [JSON_ARRAY] = "array"};
    const char *kind = kinds[value->kind];

    if (value->kind == JSON_OBJECT || value->kind == JSON_ARRAY)
        return err_sql(reterr, ERR_DEAD_LETTER, "22023", "cannot cast jsonb %s to type %s", kind,
                       type_name(call->result_type.id));
    return err_sql(reterr, ERR_DEAD_LETTER, "22023", "cannot cast jsonb %s to type %s", kind,
                   type_name(call->result_type.id));
}

static bool jsonb_to_bool(const struct call *call, struct value *ret, struct err *reterr)
{
    const struct jsonb *value = jsonb_open(call->args[0].bytes, call->scratch);

    if (value->kind != JSON_TRUE && value->kind != JSON_FALSE)
        return err_jsonb_kind(call, value, reterr);
    ret->slot = value->kind == JSON_TRUE;
    return true;
}

static bool jsonb_to_number(const struct call *call, struct value *ret, struct err *reterr)
{
    const struct jsonb *value = jsonb_open(call->args[0].bytes, call->scratch);
    struct type numeric = {TYPE_NUMERIC, -1};
    struct value number = {0};
    struct call inner = *call;

    if (value->kind != JSON_NUMBER)
        return err_jsonb_kind(call, value, reterr);
    if (!text_parse(numeric, value->text, call->scratch, &number, reterr))
        return false;
    inner.args = &number;
    inner.arg_types = &numeric;
    if (call->result_type.id == TYPE_NUMERIC)
        *ret = number;
    else if (call->result_type.id == TYPE_FLOAT4 || call->result_type.id == TYPE_FLOAT8)
        return numeric_to_real(&inner, ret, reterr);
    else
        return numeric_to_int(&inner, ret, reterr);
    return true;
}

/* One element by its own cast; the typmod is applied behind. */
static bool cast_element(const struct call *call, const struct function *cast, struct type from,
                         struct type to, struct value *element, struct err *reterr)
{
    struct value result = {0};
    struct call inner = {.args = element,
                         .arg_types = &from,
                         .result_type = to,
                         .scratch = call->scratch,
                         .args_n = 1};

    if (cast == NULL || element->null)
        return true;
    if (!cast->body(&inner, &result, reterr))
        return false;
    *element = result;
    return true;
}

static bool array_to_array(const struct call *call, struct value *ret, struct err *reterr)
{
    struct type from = {type_element(call->arg_types[0].id), -1, call->arg_types[0].labels};
    struct type to = {type_element(call->result_type.id), -1, call->result_type.labels};
    const struct function *cast =
        from.id == to.id ? NULL : cast_find(from.id, to.id, CAST_EXPLICIT);
    struct array_walk walk = array_open(call->args[0].bytes, from.id);
    CLEANUP(array_maker) struct array_maker maker = {0};
    struct value element;

    array_begin(&maker, to.id, walk.lower);
    while (array_next(&walk, &element)) {
        if (!cast_element(call, cast, from, to, &element, reterr))
            return false;
        array_add(&maker, element);
    }
    ret->bytes = array_finish(&maker, call->scratch);
    return true;
}

static bool cast_parse(const struct call *call, struct value *ret, struct err *reterr)
{
    struct type type = {call->result_type.id, -1, call->result_type.labels};
    struct value text = call->args[0];

    if (call->arg_types[0].id == TYPE_BPCHAR && !bpchar_to_text(call, &text, reterr))
        return false;
    return text_parse(type, text.bytes, call->scratch, ret, reterr);
}

bool cast_print(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(buf) struct buf text = {0};

    (void)reterr;
    if (call->arg_types[0].id == TYPE_BOOL) {
        ret->bytes = call->args[0].slot != 0 ? STR("true") : STR("false");
        return true;
    }
    text_print(&text, call->arg_types[0], call->args[0]);
    ret->bytes = arena_copy(call->scratch, buf_str(&text));
    return true;
}

/* The context is that of pg_cast. */
#define CAST(from, to, context_, body_)                                                            \
    {                                                                                              \
        .name = "cast", .kind = FUNCTION_CAST, .args = {TYPE_##from}, .result = TYPE_##to,         \
        .context = CAST_##context_, .body = (body_)                                                \
    }

#define PARSE_ROW(from)                                                                            \
    {                                                                                              \
        .name = "cast", .kind = FUNCTION_CAST, .args = {TYPE_##from}, .result = TYPE_ANY,          \
        .context = CAST_EXPLICIT, .body = cast_parse                                               \
    }

const struct function functions_cast[] = {
    CAST(INT2, INT4, IMPLICIT, cast_same),
    CAST(INT2, INT8, IMPLICIT, cast_same),
    CAST(INT2, FLOAT4, IMPLICIT, int_to_float4),
    CAST(INT2, FLOAT8, IMPLICIT, int_to_float8),
    CAST(INT2, NUMERIC, IMPLICIT, int_to_numeric),
    CAST(INT4, INT2, ASSIGNMENT, int_to_int),
    CAST(INT4, INT8, IMPLICIT, cast_same),
    CAST(INT4, FLOAT4, IMPLICIT, int_to_float4),
    CAST(INT4, FLOAT8, IMPLICIT, int_to_float8),
    CAST(INT4, NUMERIC, IMPLICIT, int_to_numeric),
    CAST(INT4, BOOL, EXPLICIT, int_to_bool),
    CAST(INT8, INT2, ASSIGNMENT, int_to_int),
    CAST(INT8, INT4, ASSIGNMENT, int_to_int),
    CAST(INT8, FLOAT4, IMPLICIT, int_to_float4),
    CAST(INT8, FLOAT8, IMPLICIT, int_to_float8),
    CAST(INT8, NUMERIC, IMPLICIT, int_to_numeric),
    CAST(BOOL, INT4, EXPLICIT, cast_same),
    CAST(FLOAT4, INT2, ASSIGNMENT, real_to_int),
    CAST(FLOAT4, INT4, ASSIGNMENT, real_to_int),
    CAST(FLOAT4, INT8, ASSIGNMENT, real_to_int),
    CAST(FLOAT4, FLOAT8, IMPLICIT, cast_same),
    CAST(FLOAT4, NUMERIC, ASSIGNMENT, float4_to_numeric),
    CAST(FLOAT8, INT2, ASSIGNMENT, real_to_int),
    CAST(FLOAT8, INT4, ASSIGNMENT, real_to_int),
    CAST(FLOAT8, INT8, ASSIGNMENT, real_to_int),
    CAST(FLOAT8, FLOAT4, ASSIGNMENT, float8_to_float4),
    CAST(FLOAT8, NUMERIC, ASSIGNMENT, float8_to_numeric),
    CAST(NUMERIC, INT2, ASSIGNMENT, numeric_to_int),
    CAST(NUMERIC, INT4, ASSIGNMENT, numeric_to_int),
    CAST(NUMERIC, INT8, ASSIGNMENT, numeric_to_int),
    CAST(NUMERIC, FLOAT4, IMPLICIT, numeric_to_real),
    CAST(NUMERIC, FLOAT8, IMPLICIT, numeric_to_real),
    CAST(TEXT, VARCHAR, IMPLICIT, cast_same),
    CAST(TEXT, BPCHAR, IMPLICIT, cast_same),
    CAST(VARCHAR, TEXT, IMPLICIT, cast_same),
    CAST(VARCHAR, BPCHAR, IMPLICIT, cast_same),
    CAST(BPCHAR, TEXT, IMPLICIT, bpchar_to_text),
    CAST(BPCHAR, VARCHAR, IMPLICIT, bpchar_to_text),
    CAST(DATE, TIMESTAMP, IMPLICIT, date_to_timestamp),
    CAST(DATE, TIMESTAMPTZ, IMPLICIT, date_to_timestamp),
    CAST(TIMESTAMP, TIMESTAMPTZ, IMPLICIT, cast_same), /* the time zone is UTC */
    CAST(TIMESTAMP, DATE, ASSIGNMENT, timestamp_to_date),
    CAST(TIMESTAMP, TIME, ASSIGNMENT, timestamp_to_time),
    CAST(TIMESTAMPTZ, TIMESTAMP, ASSIGNMENT, cast_same),
    CAST(TIMESTAMPTZ, DATE, ASSIGNMENT, timestamp_to_date),
    CAST(TIMESTAMPTZ, TIME, ASSIGNMENT, timestamp_to_time),
    /* From a type to itself: for the typmod. */
    CAST(NUMERIC, NUMERIC, IMPLICIT, cast_same),
    CAST(VARCHAR, VARCHAR, IMPLICIT, cast_same),
    CAST(BPCHAR, BPCHAR, IMPLICIT, cast_same),
    CAST(TIME, TIME, IMPLICIT, cast_same),
    CAST(TIMESTAMP, TIMESTAMP, IMPLICIT, cast_same),
    CAST(TIMESTAMPTZ, TIMESTAMPTZ, IMPLICIT, cast_same),
    CAST(INTERVAL, INTERVAL, IMPLICIT, cast_same),
    CAST(TIMETZ, TIMETZ, IMPLICIT, cast_same),
    CAST(TIME, INTERVAL, IMPLICIT, time_to_interval),
    CAST(TIME, TIMETZ, IMPLICIT, time_to_timetz),
    CAST(TIMETZ, TIME, ASSIGNMENT, timetz_to_time),
    CAST(TIMESTAMPTZ, TIMETZ, ASSIGNMENT, timestamp_to_timetz),
    CAST(INTERVAL, TIME, ASSIGNMENT, interval_to_time),
    CAST(JSON, JSONB, ASSIGNMENT, json_to_jsonb),
    CAST(JSONB, JSON, ASSIGNMENT, cast_same),
    CAST(JSONB, BOOL, EXPLICIT, jsonb_to_bool),
    CAST(JSONB, NUMERIC, EXPLICIT, jsonb_to_number),
    CAST(JSONB, INT2, EXPLICIT, jsonb_to_number),
    CAST(JSONB, INT4, EXPLICIT, jsonb_to_number),
    CAST(JSONB, INT8, EXPLICIT, jsonb_to_number),
    CAST(JSONB, FLOAT4, EXPLICIT, jsonb_to_number),
    CAST(JSONB, FLOAT8, EXPLICIT, jsonb_to_number),
    CAST(TEXT, JSONPATH, EXPLICIT, text_to_jsonpath),
    CAST(VARCHAR, JSONPATH, EXPLICIT, text_to_jsonpath),
    CAST(BPCHAR, JSONPATH, EXPLICIT, text_to_jsonpath),
    CAST(ANYARRAY, ANYARRAY, IMPLICIT, array_to_array),
    /* Through the text form. */
    CAST(ANY, TEXT, ASSIGNMENT, cast_print),
    CAST(ANY, VARCHAR, ASSIGNMENT, cast_print),
    CAST(ANY, BPCHAR, ASSIGNMENT, cast_print),
    PARSE_ROW(TEXT),
    PARSE_ROW(VARCHAR),
    PARSE_ROW(BPCHAR),
    {0},
};
