/* Arrays (chapter 9.19), and the functions that expressions of their own become: ARRAY[...],
 * subscripts, ANY and ALL, GREATEST and LEAST, the checks of domains. */
#include "expr/body.h"

#include "record/array.h"
#include "record/text.h"

static enum type_id element_of(const struct call *call, uint16_t i)
{
    return type_element(call->arg_types[i].id);
}

static struct array_walk open_arg(const struct call *call, uint16_t i)
{
    return array_open(call->args[i].bytes, element_of(call, i));
}

static bool array_make(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(array_maker) struct array_maker maker = {0};

    (void)reterr;
    array_begin(&maker, type_element(call->result_type.id), 1);
    for (uint16_t i = 0; i < call->args_n; i++)
        array_add(&maker, call->args[i]);
    ret->bytes = array_finish(&maker, call->scratch);
    return true;
}

static bool array_subscript(const struct call *call, struct value *ret, struct err *reterr)
{
    struct array_walk walk = open_arg(call, 0);
    int64_t at = call->args[1].slot - walk.lower;

    (void)reterr;
    ret->null = true;
    if (at < 0 || at >= walk.n)
        return true;
    while (at-- >= 0)
        array_next(&walk, ret);
    return true;
}

/* The slice's own bounds begin at 1. */
static bool array_slice(const struct call *call, struct value *ret, struct err *reterr)
{
    struct array_walk walk = open_arg(call, 0);
    CLEANUP(array_maker) struct array_maker maker = {0};
    struct value value;

    (void)reterr;
    array_begin(&maker, walk.element, 1);
    for (int64_t at = walk.lower; array_next(&walk, &value); at++) {
        if (at >= call->args[1].slot && at <= call->args[2].slot)
            array_add(&maker, value);
    }
    ret->bytes = array_finish(&maker, call->scratch);
    return true;
}

/* x op ANY (array), x op ALL (array): NULL when nothing decides and something is NULL. */
static bool over_elements(const struct call *call, unsigned mask, bool any, struct value *ret)
{
    struct array_walk walk = open_arg(call, 1);
    struct value element;
    bool unknown = false;

    while (array_next(&walk, &element)) {
        if (call->args[0].null || element.null) {
            unknown = true;
            continue;
        }
        if (comparison_holds(mask, value_compare(walk.element, call->args[0], element)) == any) {
            ret->slot = any;
            return true;
        }
    }
    ret->null = unknown;
    ret->slot = !any;
    return true;
}

#define OVER(name, mask)                                                                           \
    static bool any_##name(const struct call *call, struct value *ret, struct err *reterr)         \
    {                                                                                              \
        (void)reterr;                                                                              \
        ret->null = call->args[1].null;                                                            \
        return ret->null || over_elements(call, mask, true, ret);                                  \
    }                                                                                              \
    static bool all_##name(const struct call *call, struct value *ret, struct err *reterr)         \
    {                                                                                              \
        (void)reterr;                                                                              \
        ret->null = call->args[1].null;                                                            \
        return ret->null || over_elements(call, mask, false, ret);                                 \
    }

OVER(lt, 1)
OVER(eq, 2)
OVER(le, 3)
OVER(gt, 4)
OVER(ne, 5)
OVER(ge, 6)

/* The first of the greatest or least arguments that are not NULL. */
static bool pick(const struct call *call, int sign, struct value *ret)
{
    ret->null = true;
    for (uint16_t i = 0; i < call->args_n; i++) {
        const struct value *arg = &call->args[i];

        if (!arg->null &&
            (ret->null || sign * value_compare(call->arg_types[i].id, *arg, *ret) > 0))
            *ret = *arg;
    }
    return true;
}

static bool greatest(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return pick(call, 1, ret);
}

static bool least(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return pick(call, -1, ret);
}

/* (value, check, message, sqlstate) */
static bool domain_check(const struct call *call, struct value *ret, struct err *reterr)
{
    char sqlstate[6] = "";

    *ret = call->args[0];
    if (call->args[1].null || call->args[1].slot != 0)
        return true;
    memcpy(sqlstate, call->args[3].bytes.at, 5);
    return err_sql(reterr, ERR_DEAD_LETTER, sqlstate, "%.*s", STR_ARG(call->args[2].bytes));
}

static bool count_nulls(const struct call *call, bool nulls, struct value *ret)
{
    ret->slot = 0;
    for (uint16_t i = 0; i < call->args_n; i++)
        ret->slot += call->args[i].null == nulls;
    return true;
}

static bool num_nulls(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return count_nulls(call, true, ret);
}

static bool num_nonnulls(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    return count_nulls(call, false, ret);
}

static bool spread_nulls(const struct call *call, struct value *ret, struct err *reterr)
{
    return call_spread(call, num_nulls, ret, reterr);
}

static bool spread_nonnulls(const struct call *call, struct value *ret, struct err *reterr)
{
    return call_spread(call, num_nonnulls, ret, reterr);
}

/* ---- questions ---- */

static bool array_ndims(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->slot = 1;
    ret->null = open_arg(call, 0).n == 0;
    return true;
}

static bool array_dims(const struct call *call, struct value *ret, struct err *reterr)
{
    struct array_walk walk = open_arg(call, 0);

    (void)reterr;
    ret->null = walk.n == 0;
    if (!ret->null)
        ret->bytes = str_of(arena_printf(call->scratch, "[%d:%lld]", walk.lower,
                                         (long long)walk.lower + walk.n - 1));
    return true;
}

static bool array_length(const struct call *call, struct value *ret, struct err *reterr)
{
    struct array_walk walk = open_arg(call, 0);

    (void)reterr;
    ret->null = walk.n == 0 || call->args[1].slot != 1;
    ret->slot = walk.n;
    return true;
}

static bool array_lower(const struct call *call, struct value *ret, struct err *reterr)
{
    struct array_walk walk = open_arg(call, 0);

    (void)reterr;
    ret->null = walk.n == 0 || call->args[1].slot != 1;
    ret->slot = walk.lower;
    return true;
}

static bool array_upper(const struct call *call, struct value *ret, struct err *reterr)
{
    struct array_walk walk = open_arg(call, 0);

    (void)reterr;
    ret->null = walk.n == 0 || call->args[1].slot != 1;
    ret->slot = (int64_t)walk.lower + walk.n - 1;
    return true;
}

static bool cardinality(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->slot = open_arg(call, 0).n;
    return true;
}

static bool same_values(enum type_id type, struct value a, struct value b)
{
    return a.null || b.null ? a.null && b.null : value_compare(type, a, b) == 0;
}

static bool array_position(const struct call *call, struct value *ret, struct err *reterr)
{
    struct value element;
    int64_t from = INT64_MIN;

    ret->null = true;
    if (call->args[0].null)
        return true;
    if (call->args_n > 2 && call->args[2].null)
        return err_sql(reterr, ERR_DEAD_LETTER, "22004", "initial position must not be null");
    if (call->args_n > 2)
        from = call->args[2].slot;
    struct array_walk walk = open_arg(call, 0);
    for (int64_t at = walk.lower; array_next(&walk, &element); at++) {
        if (at < from || !same_values(walk.element, element, call->args[1]))
            continue;
        *ret = (struct value){.slot = at};
        return true;
    }
    return true;
}

static bool array_positions(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(array_maker) struct array_maker maker = {0};
    struct value element;

    (void)reterr;
    ret->null = call->args[0].null;
    if (ret->null)
        return true;
    struct array_walk walk = open_arg(call, 0);
    array_begin(&maker, TYPE_INT4, 1);
    for (int64_t at = walk.lower; array_next(&walk, &element); at++) {
        if (same_values(walk.element, element, call->args[1]))
            array_add(&maker, (struct value){.slot = at});
    }
    ret->bytes = array_finish(&maker, call->scratch);
    return true;
}

static bool has(struct array_walk walk, struct value value)
{
    struct value element;

    while (array_next(&walk, &element)) {
        if (!element.null && !value.null && value_compare(walk.element, element, value) == 0)
            return true;
    }
    return false;
}

/* Every element of b is in a; a NULL is in nothing. */
static bool holds_all(struct array_walk a, struct array_walk b)
{
    struct value element;

    while (array_next(&b, &element)) {
        if (!has(a, element))
            return false;
    }
    return true;
}

static bool array_contains(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->slot = holds_all(open_arg(call, 0), open_arg(call, 1));
    return true;
}

static bool array_contained(const struct call *call, struct value *ret, struct err *reterr)
{
    (void)reterr;
    ret->slot = holds_all(open_arg(call, 1), open_arg(call, 0));
    return true;
}

static bool array_overlaps(const struct call *call, struct value *ret, struct err *reterr)
{
    struct array_walk b = open_arg(call, 1);
    struct value element;

    (void)reterr;
    ret->slot = 0;
    while (ret->slot == 0 && array_next(&b, &element))
        ret->slot = has(open_arg(call, 0), element);
    return true;
}

/* ---- new arrays ---- */

static void add_all(struct array_maker *maker, struct array_walk walk)
{
    struct value element;

    while (array_next(&walk, &element))
        array_add(maker, element);
}

/* The bounds are those of the first that is not empty. */
static bool array_cat(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(array_maker) struct array_maker maker = {0};

    (void)reterr;
    if (call->args[0].null || call->args[1].null) {
        *ret = call->args[call->args[0].null];
        return true;
    }
    struct array_walk a = open_arg(call, 0), b = open_arg(call, 1);
    if (a.n == 0 || b.n == 0) {
        *ret = call->args[a.n == 0];
        return true;
    }
    array_begin(&maker, a.element, a.lower);
    add_all(&maker, a);
    add_all(&maker, b);
    ret->bytes = array_finish(&maker, call->scratch);
    return true;
}

/* A NULL array is an empty one. */
static bool array_append(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(array_maker) struct array_maker maker = {0};

    (void)reterr;
    array_begin(&maker, type_element(call->result_type.id), 1);
    if (!call->args[0].null) {
        struct array_walk walk = open_arg(call, 0);

        maker.lower = walk.n == 0 ? 1 : walk.lower;
        add_all(&maker, walk);
    }
    array_add(&maker, call->args[1]);
    ret->bytes = array_finish(&maker, call->scratch);
    return true;
}

static bool array_prepend(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(array_maker) struct array_maker maker = {0};

    (void)reterr;
    array_begin(&maker, type_element(call->result_type.id), 1);
    array_add(&maker, call->args[0]);
    if (!call->args[1].null) {
        struct array_walk walk = open_arg(call, 1);

        maker.lower = walk.n == 0 ? 1 : walk.lower;
        add_all(&maker, walk);
    }
    ret->bytes = array_finish(&maker, call->scratch);
    return true;
}

/* array_remove(a, x) and array_replace(a, x, y). */
static bool array_edit(const struct call *call, struct value *ret, struct err *reterr)
{
    CLEANUP(array_maker) struct array_maker maker = {0};
    struct value element;
    bool changed = false;

    (void)reterr;
    *ret = call->args[0];
    if (ret->null)
        return true;
    struct array_walk walk = open_arg(call, 0);
    array_begin(&maker, walk.element, walk.lower);
    while (array_next(&walk, &element)) {
        bool meant = same_values(walk.element, element, call->args[1]);

        changed |= meant;
        if (!meant)
            array_add(&maker, element);
        else if (call->args_n > 2)
            array_add(&maker, call->args[2]);
    }
    if (changed)
        ret->bytes = array_finish(&maker, call->scratch);
    return true;
}

static bool array_fill(const struct call *call, struct value *ret, struct err *reterr)
{
    enum { FILL_MAX = 134217727 };
    CLEANUP(array_maker) struct array_maker maker = {0};
    struct value n = {0}, lower = {.slot = 1};

    if (call->args[1].null || (call->args_n > 2 && call->args[2].null))
        return err_sql(reterr, ERR_DEAD_LETTER, "22004",
                       "dimension array or low bound array cannot be null");
    struct array_walk dims = open_arg(call, 1);
    if (dims.n > 1)
        return err_sql(reterr, ERR_DEAD_LETTER, "0A000",
                       "arrays of more than one dimension are not supported");
    if (dims.n == 1)
        array_next(&dims, &n);
    if (call->args_n > 2) {
        struct array_walk lowers = open_arg(call, 2);

        array_next(&lowers, &lower);
    }
    if (n.null || lower.null)
        return err_sql(reterr, ERR_DEAD_LETTER, "22004", "dimension values cannot be null");
    if (n.slot < 0 || n.slot > FILL_MAX)
        return err_sql(reterr, ERR_DEAD_LETTER, "54000",
                       "array size exceeds the maximum allowed (%d)", FILL_MAX);
    array_begin(&maker, type_element(call->result_type.id), (int32_t)lower.slot);
    for (int64_t i = 0; i < n.slot; i++)
        array_add(&maker, call->args[0]);
    ret->bytes = array_finish(&maker, call->scratch);
    return true;
}

static bool trim_array(const struct call *call, struct value *ret, struct err *reterr)
{
    struct array_walk walk = open_arg(call, 0);
    CLEANUP(array_maker) struct array_maker maker = {0};
    struct value element;

    if (call->args[1].slot < 0 || call->args[1].slot > walk.n)
        return err_sql(reterr, ERR_DEAD_LETTER, "2202E",
                       "number of elements to trim must be between 0 and %u", walk.n);
    array_begin(&maker, walk.element, 1);
    for (int64_t left = walk.n - call->args[1].slot; left > 0 && array_next(&walk, &element);
         left--)
        array_add(&maker, element);
    ret->bytes = array_finish(&maker, call->scratch);
    return true;
}

/* ---- from and to text ---- */

static bool array_to_string(const struct call *call, struct value *ret, struct err *reterr)
{
    bool shows_null = call->args_n > 2 && !call->args[2].null, first = true;
    CLEANUP(buf) struct buf out = {0};
    struct value element;

    (void)reterr;
    ret->null = call->args[0].null || call->args[1].null;
    if (ret->null)
        return true;
    struct array_walk walk = open_arg(call, 0);
    struct type type = {walk.element, -1, call->arg_types[0].labels};
    while (array_next(&walk, &element)) {
        if (element.null && !shows_null)
            continue;
        if (!first)
            buf_put(&out, call->args[1].bytes);
        first = false;
        if (element.null)
            buf_put(&out, call->args[2].bytes);
        else
            text_print(&out, type, element);
    }
    ret->bytes = arena_copy(call->scratch, buf_str(&out));
    return true;
}

static void add_part(const struct call *call, struct array_maker *maker, struct str part)
{
    bool null = call->args_n > 2 && !call->args[2].null && str_eq(part, call->args[2].bytes);

    array_add(maker, (struct value){.null = null, .bytes = part});
}

static size_t character_len(struct str s)
{
    size_t n = 1;

    while (n < s.len && ((unsigned char)s.at[n] & 0xC0U) == 0x80U)
        n++;
    return n;
}

/* The bytes up to the separator: NULL splits into characters, the empty one not at all. */
static size_t part_len(const struct call *call, struct str s)
{
    struct str separator = call->args[1].bytes;

    if (call->args[1].null)
        return character_len(s);
    const char *found =
        separator.len == 0 ? NULL : memmem(s.at, s.len, separator.at, separator.len);
    return found == NULL ? s.len : (size_t)(found - s.at);
}

static bool string_to_array(const struct call *call, struct value *ret, struct err *reterr)
{
    struct str s = call->args[0].bytes;
    CLEANUP(array_maker) struct array_maker maker = {0};

    (void)reterr;
    ret->null = call->args[0].null;
    if (ret->null)
        return true;
    array_begin(&maker, TYPE_TEXT, 1);
    while (s.len > 0) {
        size_t n = part_len(call, s), skip = call->args[1].null ? 0 : call->args[1].bytes.len;

        add_part(call, &maker, (struct str){s.at, n});
        if (n + skip > s.len || n == s.len)
            break;
        s = (struct str){s.at + n + skip, s.len - n - skip};
        if (s.len == 0 && skip > 0)
            add_part(call, &maker, s);
    }
    ret->bytes = array_finish(&maker, call->scratch);
    return true;
}

#define OVER_ROWS(symbol, name)                                                                    \
    FUNCTION_LOOSE_ROW(symbol " any", TYPE_BOOL, any_##name, TYPE_ANYELEMENT, TYPE_ANYARRAY),      \
        FUNCTION_LOOSE_ROW(symbol " all", TYPE_BOOL, all_##name, TYPE_ANYELEMENT, TYPE_ANYARRAY)

#define COUNT_ROW(name_, body_)                                                                    \
    {                                                                                              \
        .name = (name_), .args = {TYPE_ANY}, .result = TYPE_INT4, .variadic = true,                \
        .not_strict = true, .body = (body_)                                                        \
    }
#define PICK_ROW(name_, body_)                                                                     \
    {                                                                                              \
        .name = (name_), .args = {TYPE_COMMON}, .result = TYPE_COMMON, .variadic = true,           \
        .not_strict = true, .body = (body_)                                                        \
    }

const struct function functions_array[] = {
    {.name = "array",
     .args = {TYPE_COMMON},
     .result = TYPE_COMMON_ARRAY,
     .variadic = true,
     .not_strict = true,
     .body = array_make},
    FUNCTION_ROW("array_subscript", TYPE_ANYELEMENT, array_subscript, TYPE_ANYARRAY, TYPE_INT4),
    FUNCTION_ROW("array_slice", TYPE_ANYARRAY, array_slice, TYPE_ANYARRAY, TYPE_INT4, TYPE_INT4),
    OVER_ROWS("<", lt),
    OVER_ROWS("=", eq),
    OVER_ROWS("<=", le),
    OVER_ROWS(">", gt),
    OVER_ROWS("<>", ne),
    OVER_ROWS(">=", ge),
    FUNCTION_ROW("num_nulls spread", TYPE_INT4, spread_nulls, TYPE_ANYARRAY),
    FUNCTION_ROW("num_nonnulls spread", TYPE_INT4, spread_nonnulls, TYPE_ANYARRAY),
    COUNT_ROW("num_nulls", num_nulls),
    COUNT_ROW("num_nonnulls", num_nonnulls),
    PICK_ROW("greatest", greatest),
    PICK_ROW("least", least),
    FUNCTION_LOOSE_ROW("domain_check", TYPE_ANYELEMENT, domain_check, TYPE_ANYELEMENT, TYPE_BOOL,
                       TYPE_TEXT, TYPE_TEXT),
    FUNCTION_ROW("array_ndims", TYPE_INT4, array_ndims, TYPE_ANYARRAY),
    FUNCTION_ROW("array_dims", TYPE_TEXT, array_dims, TYPE_ANYARRAY),
    FUNCTION_ROW("array_length", TYPE_INT4, array_length, TYPE_ANYARRAY, TYPE_INT4),
    FUNCTION_ROW("array_lower", TYPE_INT4, array_lower, TYPE_ANYARRAY, TYPE_INT4),
    FUNCTION_ROW("array_upper", TYPE_INT4, array_upper, TYPE_ANYARRAY, TYPE_INT4),
    FUNCTION_ROW("cardinality", TYPE_INT4, cardinality, TYPE_ANYARRAY),
    FUNCTION_LOOSE_ROW("array_position", TYPE_INT4, array_position, TYPE_COMMON_ARRAY, TYPE_COMMON),
    FUNCTION_LOOSE_ROW("array_position", TYPE_INT4, array_position, TYPE_COMMON_ARRAY, TYPE_COMMON,
                       TYPE_INT4),
    FUNCTION_LOOSE_ROW("array_positions", type_int4_array, array_positions, TYPE_COMMON_ARRAY,
                       TYPE_COMMON),
    FUNCTION_OPERATOR_ROW("@>", TYPE_ANYARRAY, TYPE_ANYARRAY, TYPE_BOOL, array_contains),
    FUNCTION_OPERATOR_ROW("<@", TYPE_ANYARRAY, TYPE_ANYARRAY, TYPE_BOOL, array_contained),
    FUNCTION_OPERATOR_ROW("&&", TYPE_ANYARRAY, TYPE_ANYARRAY, TYPE_BOOL, array_overlaps),
    {.name = "||",
     .kind = FUNCTION_OPERATOR,
     .args = {TYPE_COMMON_ARRAY, TYPE_COMMON_ARRAY},
     .result = TYPE_COMMON_ARRAY,
     .not_strict = true,
     .body = array_cat},
    {.name = "||",
     .kind = FUNCTION_OPERATOR,
     .args = {TYPE_COMMON_ARRAY, TYPE_COMMON},
     .result = TYPE_COMMON_ARRAY,
     .not_strict = true,
     .body = array_append},
    {.name = "||",
     .kind = FUNCTION_OPERATOR,
     .args = {TYPE_COMMON, TYPE_COMMON_ARRAY},
     .result = TYPE_COMMON_ARRAY,
     .not_strict = true,
     .body = array_prepend},
    FUNCTION_LOOSE_ROW("array_cat", TYPE_COMMON_ARRAY, array_cat, TYPE_COMMON_ARRAY,
                       TYPE_COMMON_ARRAY),
    FUNCTION_LOOSE_ROW("array_append", TYPE_COMMON_ARRAY, array_append, TYPE_COMMON_ARRAY,
                       TYPE_COMMON),
    FUNCTION_LOOSE_ROW("array_prepend", TYPE_COMMON_ARRAY, array_prepend, TYPE_COMMON,
                       TYPE_COMMON_ARRAY),
    FUNCTION_LOOSE_ROW("array_remove", TYPE_COMMON_ARRAY, array_edit, TYPE_COMMON_ARRAY,
                       TYPE_COMMON),
    FUNCTION_LOOSE_ROW("array_replace", TYPE_COMMON_ARRAY, array_edit, TYPE_COMMON_ARRAY,
                       TYPE_COMMON, TYPE_COMMON),
    FUNCTION_LOOSE_ROW("array_fill", TYPE_ANYARRAY, array_fill, TYPE_ANYELEMENT, type_int4_array),
    FUNCTION_LOOSE_ROW("array_fill", TYPE_ANYARRAY, array_fill, TYPE_ANYELEMENT, type_int4_array,
                       type_int4_array),
    FUNCTION_ROW("trim_array", TYPE_ANYARRAY, trim_array, TYPE_ANYARRAY, TYPE_INT4),
    FUNCTION_LOOSE_ROW("array_to_string", TYPE_TEXT, array_to_string, TYPE_ANYARRAY, TYPE_TEXT),
    FUNCTION_LOOSE_ROW("array_to_string", TYPE_TEXT, array_to_string, TYPE_ANYARRAY, TYPE_TEXT,
                       TYPE_TEXT),
    FUNCTION_LOOSE_ROW("string_to_array", type_text_array, string_to_array, TYPE_TEXT, TYPE_TEXT),
    FUNCTION_LOOSE_ROW("string_to_array", type_text_array, string_to_array, TYPE_TEXT, TYPE_TEXT,
                       TYPE_TEXT),
    {0},
};
