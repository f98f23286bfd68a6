/* What the planner alone calls: order as bytes, and places among ordered rows. */
#include "expr/body.h"

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
    PLACE_ROW("rank", TYPE_INT8, rank),
    PLACE_ROW("dense_rank", TYPE_INT8, rank),
    PLACE_ROW("percent_rank", TYPE_FLOAT8, percent_rank),
    PLACE_ROW("cume_dist", TYPE_FLOAT8, cume_dist),
    {0},
};
