/* Arithmetic and methods of paths. */
#include "expr/jsonpath_run.h"

#include "expr/jsonpath_moment.h"
#include "record/numeric.h"
#include "record/numeric_math.h"
#include "record/text.h"
#include <math.h>

struct jsonb *path_make_number(struct path_run *run, struct str packed)
{
    CLEANUP(buf) struct buf text = {0};

    numeric_print(&text, packed);
    return jsonb_scalar(run->arena, JSON_NUMBER, arena_copy(run->arena, buf_str(&text)));
}

struct str path_number(struct path_run *run, const struct jsonb *item)
{
    struct str packed = numeric_from_i64(run->arena, 0);
    struct err ignored;

    if (!numeric_parse(item->text, run->arena, &packed, &ignored))
        assert(false); /* a jsonb's number */
    return packed;
}

static bool calculate(struct path_run *run, enum path_kind kind, struct str a, struct str b,
                      struct str *ret, struct err *raised)
{
    switch (kind) {
    case PATH_ADD:
        *ret = numeric_add(run->arena, a, b);
        break;
    case PATH_SUBTRACT:
        *ret = numeric_sub(run->arena, a, b);
        break;
    case PATH_MULTIPLY:
        *ret = numeric_mul(run->arena, a, b);
        break;
    case PATH_DIVIDE:
        return numeric_div(run->arena, a, b, ret, raised);
    default:
        return numeric_mod(run->arena, a, b, ret, raised);
    }
    return ret->len > 0 ||
           err_sql(raised, ERR_DEAD_LETTER, "22003", "value overflows numeric format");
}

enum outcome path_arithmetic(struct path_run *run, const struct path_node *node, struct jsonb *item,
                             struct path_items *found)
{
    struct path_items left = {0}, right = {0};
    struct str result = STR_NONE;
    struct err raised;

    if (path_values(run, node->left, item, true, &left) == FAILED ||
        path_values(run, node->right, item, true, &right) == FAILED)
        return FAILED;
    if (left.n != 1 || left.at[0]->kind != JSON_NUMBER)
        return path_fail(run, "22038",
                         "left operand of jsonpath operator %s is not a single numeric value",
                         jsonpath_operator(node->kind));
    if (right.n != 1 || right.at[0]->kind != JSON_NUMBER)
        return path_fail(run, "22038",
                         "right operand of jsonpath operator %s is not a single numeric value",
                         jsonpath_operator(node->kind));
    if (!calculate(run, node->kind, path_number(run, left.at[0]), path_number(run, right.at[0]),
                   &result, &raised))
        return path_fail_with(run, &raised);
    if (node->next == NULL && found == NULL)
        return FOUND;
    return path_follow(run, node->next, path_make_number(run, result), found);
}

enum outcome path_sign(struct path_run *run, const struct path_node *node, struct jsonb *item,
                       struct path_items *found)
{
    struct path_items items = {0};
    enum outcome outcome = NOTHING, one;
    bool asked = found != NULL || node->next != NULL;

    if (path_values(run, node->left, item, true, &items) == FAILED)
        return FAILED;
    for (uint32_t i = 0; i < items.n; i++) {
        struct jsonb *value = items.at[i];

        if (value->kind != JSON_NUMBER && !asked)
            continue;
        if (value->kind != JSON_NUMBER)
            return path_fail(run, "2203B",
                             "operand of unary jsonpath operator %s is not a numeric value",
                             jsonpath_operator(node->kind));
        if (!asked)
            return FOUND;
        if (node->kind == PATH_MINUS)
            value = path_make_number(run, numeric_negate(run->arena, path_number(run, value)));
        one = path_follow(run, node->next, value, found);
        if (one == FAILED || (one == FOUND && found == NULL))
            return one;
        outcome = one == FOUND ? FOUND : outcome;
    }
    return outcome;
}

/* ---- methods ---- */

enum outcome path_type(struct path_run *run, const struct path_node *node, const struct jsonb *item,
                       struct path_items *found)
{
    static const char *const names[] = {
        [JSON_NULL] = "null",     [JSON_FALSE] = "boolean", [JSON_TRUE] = "boolean",
        [JSON_NUMBER] = "number", [JSON_STRING] = "string", [JSON_OBJECT] = "object",
        [JSON_ARRAY] = "array"};

    const char *name = item->moment == NULL ? names[item->kind] : moment_type(item->moment);

    return path_follow(run, node->next, jsonb_scalar(run->arena, JSON_STRING, str_of(name)), found);
}

enum outcome path_size(struct path_run *run, const struct path_node *node, const struct jsonb *item,
                       struct path_items *found)
{
    int64_t size = item->kind == JSON_ARRAY ? item->n : 1;

    if (item->kind != JSON_ARRAY && !path_is_lax(run)) {
        if (run->tolerant)
            return NOTHING;
        return path_fail(run, "22039",
                         "jsonpath item method .size() can only be applied to an array");
    }
    return path_follow(run, node->next, path_make_number(run, numeric_from_i64(run->arena, size)),
                       found);
}

/* The number rounded up or down to a whole one. */
static struct str whole_of(struct path_run *run, struct str number, bool up)
{
    struct str whole = numeric_trunc(run->arena, number, 0), one = numeric_from_i64(run->arena, 1);
    int order = numeric_cmp(number, whole);

    if (up && order > 0)
        return numeric_add(run->arena, whole, one);
    return !up && order < 0 ? numeric_sub(run->arena, whole, one) : whole;
}

enum outcome path_numeric(struct path_run *run, const struct path_node *node,
                          const struct jsonb *item, struct path_items *found)
{
    struct str number, zero = numeric_from_i64(run->arena, 0);

    if (item->kind != JSON_NUMBER)
        return path_fail(run, "22036",
                         "jsonpath item method .%s() can only be applied to a numeric value",
                         jsonpath_method(node->kind));
    number = path_number(run, item);
    if (node->kind != PATH_ABS)
        number = whole_of(run, number, node->kind == PATH_CEILING);
    else if (numeric_cmp(number, zero) < 0)
        number = numeric_negate(run->arena, number);
    if (node->next == NULL && found == NULL)
        return FOUND;
    return path_follow(run, node->next, path_make_number(run, number), found);
}

/* The text as a double that is a number. */
static bool real_of(struct path_run *run, struct str text, double *ret)
{
    struct type type = {TYPE_FLOAT8, -1, NULL};
    struct value value = {0};
    struct err ignored;

    if (!text_parse(type, text, run->arena, &value, &ignored) || !isfinite(value.real))
        return false;
    *ret = value.real;
    return true;
}

enum outcome path_double(struct path_run *run, const struct path_node *node, struct jsonb *item,
                         struct path_items *found)
{
    double real = 0;

    if (item->moment != NULL || (item->kind != JSON_NUMBER && item->kind != JSON_STRING))
        return path_fail(
            run, "22036",
            "jsonpath item method .double() can only be applied to a string or numeric "
            "value");
    if (!real_of(run, item->text, &real))
        return path_fail(
            run, "22036", "%s",
            item->kind == JSON_NUMBER
                ? "numeric argument of jsonpath item method .double() is out of range for "
                  "type double precision"
                : "string argument of jsonpath item method .double() is not a valid "
                  "representation of a double precision number");
    if (item->kind == JSON_STRING)
        item = path_make_number(run, numeric_from_f64(run->arena, real));
    return path_follow(run, node->next, item, found);
}
