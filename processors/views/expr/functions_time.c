#include "expr/body.h"

/* PostgreSQL's range of dates: 4714-11-24 BC to 5874897-12-31, as days since 2000-01-01. */
static const int64_t DATE_FIRST = -2451545, DATE_LAST = INT64_C(2145031948);

static bool date_is_infinite(int64_t days)
{
    return days == INT32_MIN || days == INT32_MAX;
}

static bool date_moved(int64_t days, int64_t by, struct value *ret, struct err *reterr)
{
    int64_t moved = days + by; /* both are 32 bits wide */

    if (date_is_infinite(days))
        moved = days;
    else if (moved < DATE_FIRST || moved > DATE_LAST)
        return err_sql(reterr, ERR_DEAD_LETTER, "22008", "date out of range");
    ret->slot = moved;
    return true;
}

static bool date_add(const struct call *call, struct value *ret, struct err *reterr)
{
    return date_moved(call->args[0].slot, call->args[1].slot, ret, reterr);
}

static bool add_date(const struct call *call, struct value *ret, struct err *reterr)
{
    return date_moved(call->args[1].slot, call->args[0].slot, ret, reterr);
}

static bool date_sub(const struct call *call, struct value *ret, struct err *reterr)
{
    return date_moved(call->args[0].slot, -call->args[1].slot, ret, reterr);
}

static bool dates_between(const struct call *call, struct value *ret, struct err *reterr)
{
    if (date_is_infinite(call->args[0].slot) || date_is_infinite(call->args[1].slot))
        return err_sql(reterr, ERR_DEAD_LETTER, "22008", "cannot subtract infinite dates");
    ret->slot = (int32_t)(call->args[0].slot - call->args[1].slot);
    return true;
}

#define OPERATOR(symbol, a, b, r, body_)                                                           \
    {                                                                                              \
        .name = (symbol), .kind = FUNCTION_OPERATOR, .args = {(a), (b)}, .result = (r),            \
        .body = (body_)                                                                            \
    }

const struct function functions_time[] = {
    OPERATOR("+", TYPE_DATE, TYPE_INT4, TYPE_DATE, date_add),
    OPERATOR("+", TYPE_INT4, TYPE_DATE, TYPE_DATE, add_date),
    OPERATOR("-", TYPE_DATE, TYPE_INT4, TYPE_DATE, date_sub),
    OPERATOR("-", TYPE_DATE, TYPE_DATE, TYPE_INT4, dates_between),
    {0},
};
