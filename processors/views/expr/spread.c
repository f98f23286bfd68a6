/* f(x, VARIADIC array): the elements become the last arguments. */
#include "expr/body.h"

#include "record/array.h"

enum { ELEMENTS_MAX = 60000 };

bool call_spread(const struct call *call, function_body *body, struct value *ret,
                 struct err *reterr)
{
    uint16_t before = (uint16_t)(call->args_n - 1);
    struct value array = call->args[before], element;
    struct type type = {type_element(call->arg_types[before].id), -1, NULL};
    struct array_walk walk = {0};
    struct call spread = *call;

    if (!array.null)
        walk = array_open(array.bytes, type.id);
    if (walk.n > ELEMENTS_MAX)
        return err_sql(reterr, ERR_DEAD_LETTER, "54023",
                       "a VARIADIC array of more than %d elements", ELEMENTS_MAX);
    size_t n = before + (size_t)walk.n;
    struct value *args = arena_alloc(call->scratch, (n + 1) * sizeof(*args));
    struct type *types = arena_alloc(call->scratch, (n + 1) * sizeof(*types));
    memcpy(args, call->args, before * sizeof(*args));
    memcpy(types, call->arg_types, before * sizeof(*types));
    for (size_t i = before; array_next(&walk, &element); i++) {
        args[i] = element;
        types[i] = type;
    }
    spread.args = args;
    spread.arg_types = types;
    spread.args_n = (uint16_t)n;
    return body(&spread, ret, reterr);
}
