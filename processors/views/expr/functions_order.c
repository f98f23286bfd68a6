/* What the planner alone calls: order as bytes, and places among ordered rows. */
#include "expr/body.h"

#include "record/interval.h"
#include "record/key.h"

/* (directions, value, ...): bytes that order as the values do; two letters a value, `a` or `d` and
 * whether NULL comes first or last. */
static bool order_key(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str directions = call->args[0].bytes;
    CLEANUP(buf) struct buf key = {0};

    (void)reterr;
    for (uint16_t i = 1; i < call->args_n; i++) {
        struct key_order order = {directions.at[2 * i - 2] == 'd', directions.at[2 * i - 1] == 'f'};

        key_append(&key, call->arg_types[i].id, call->args[i], order);
    }
    ret->bytes = arena_copy(call->scratch, buf_str(&key));
    return true;
}

/* (rows before, rows in all, what the hypothetical row holds) */
static bool rank(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->slot = call->args[0].slot + 1;
    return true;
}

static bool percent_rank(const struct call *call, struct value *ret, struct err *reterr)
{
    int64_t all = call->args[1].slot;

    (void)reterr;
    ret->real = all == 0 ? 0 : (double)call->args[0].slot / (double)all;
    return true;
}

static bool cume_dist(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->real = (double)(call->args[0].slot + 1) / (double)(call->args[1].slot + 1);
    return true;
}

/* ---- times of day as numbers ---- */

/* By the moment, then by the zone: what timetz_compare orders by. */
static int64_t place_of(struct timetz time)
{
    enum { ZONES = 1 << 18 };
    int64_t utc, place;

    if (__builtin_add_overflow(time.us, (int64_t)time.west_s * 1000000, &utc) ||
        __builtin_mul_overflow(utc, ZONES, &place))
        return time.us < 0 ? INT64_MIN : INT64_MAX;
    return place + time.west_s;
}

static struct timetz time_of(const struct call *call)
{
    struct timetz time = {call->args[0].slot, 0};

    return call->arg_types[0].id == TYPE_TIMETZ ? timetz_open(call->args[0].bytes) : time;
}

static bool time_place(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->slot = place_of(time_of(call));
    return true;
}

static bool shifted(const struct call *call, int64_t by, struct value *ret)
{
    struct timetz time = time_of(call);

    if (__builtin_add_overflow(time.us, by, &time.us))
        time.us = by < 0 ? INT64_MIN : INT64_MAX;
    ret->slot = place_of(time);
    return true;
}

/* An interval's months and days are not looked at, as PostgreSQL does not. */
static bool time_before(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return shifted(call, -interval_open(call->args[1].bytes).us, ret);
}

static bool time_behind(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return shifted(call, interval_open(call->args[1].bytes).us, ret);
}

static bool time_part(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->slot = interval_open(call->args[0].bytes).us;
    return true;
}

/* A row's number, its rank or without ties the number again, what LIMIT and OFFSET say: whether it
 * is among those that stay. */
static bool limit_keeps(const struct call *call, struct value *ret, struct err *reterr)
{
    const struct value *limit = &call->args[2], *offset = &call->args[3];
    int64_t number = call->args[0].slot, rank = call->args[1].slot;
    int64_t skipped = offset->null ? 0 : offset->slot;

    if (!limit->null && limit->slot < 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "2201W", "LIMIT must not be negative");
    if (skipped < 0)
        return err_sql(reterr, ERR_DEAD_LETTER, "2201X", "OFFSET must not be negative");
    ret->slot =
        number > skipped && (limit->null || (limit->slot > 0 && rank - skipped <= limit->slot));
    return true;
}

#define TIME_ROWS(type)                                                                            \
    FUNCTION_ROW("time place", TYPE_INT8, time_place, type),                                       \
        FUNCTION_ROW("time before", TYPE_INT8, time_before, type, TYPE_INTERVAL),                  \
        FUNCTION_ROW("time behind", TYPE_INT8, time_behind, type, TYPE_INTERVAL)
#define PLACE_ROW(name_, r, body_)                                                                 \
    {                                                                                              \
        .name = "hypothetical " name_, .args = {TYPE_INT8, TYPE_INT8, TYPE_ANY}, .result = (r),    \
        .variadic = true, .not_strict = true, .body = (body_)                                      \
    }

const struct function functions_order[] = {
    {.name = "order key",
     .args = {TYPE_TEXT, TYPE_ANY},
     .result = TYPE_BYTEA,
     .variadic = true,
     .not_strict = true,
     .body = order_key},
    TIME_ROWS(TYPE_TIME),
    TIME_ROWS(TYPE_TIMETZ),
    FUNCTION_ROW("time part", TYPE_INT8, time_part, TYPE_INTERVAL),
    {.name = "limit keeps",
     .args = {TYPE_INT8, TYPE_INT8, TYPE_INT8, TYPE_INT8},
     .result = TYPE_BOOL,
     .not_strict = true,
     .body = limit_keeps},
    PLACE_ROW("rank", TYPE_INT8, rank),
    PLACE_ROW("dense_rank", TYPE_INT8, rank),
    PLACE_ROW("percent_rank", TYPE_FLOAT8, percent_rank),
    PLACE_ROW("cume_dist", TYPE_FLOAT8, cume_dist),
    {0},
};
