/*
 * Runs a path over a document. Items go through the accessors one after another; what is found at
 * the end is added to the items, or, when only existence is asked for, ends the search. A failure
 * raises, or within predicates and when the question is silent, makes the answer unknown.
 */
#include "expr/jsonpath.h"

#include "record/numeric.h"
#include "record/numeric_math.h"
#include "record/text.h"
#include <math.h>
#include <stdarg.h>

enum outcome { FOUND, NOTHING, FAILED };
enum truth { FALSE, TRUE, UNKNOWN };

struct run {
    struct arena *arena;
    const struct path_question *question;
    struct jsonb *current;
    int64_t array_size; /* of the innermost array with subscripts; below 0: none */
    bool throws;        /* a failure raises */
    bool raised;        /* it did */
    bool tolerant;      /* what is not there is nothing, not a failure */
    struct err *reterr;
};

static enum outcome run_item(struct run *run, const struct path_node *node, struct jsonb *item,
                             bool unwrap, struct path_items *found);
static enum truth run_predicate(struct run *run, const struct path_node *node, struct jsonb *item);

static bool is_lax(const struct run *run)
{
    return !run->question->path->strict;
}

/* Raises where failures do. Returns FAILED. */
__attribute__((format(printf, 3, 4))) static enum outcome
fail(struct run *run, const char *sqlstate, const char *format, ...)
{
    va_list args;
    char text[256];

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (run->throws && !run->raised) {
        err_sql(run->reterr, ERR_DEAD_LETTER, sqlstate, "%s", text);
        run->raised = true;
    }
    return FAILED;
}

/* As fail, with what a library function raised. */
static enum outcome fail_with(struct run *run, const struct err *raised)
{
    if (run->throws && !run->raised) {
        *run->reterr = *raised;
        run->raised = true;
    }
    return FAILED;
}

/* What stops the path even where failures don't raise. */
static enum outcome stop(struct run *run, const struct err *raised)
{
    if (!run->raised)
        *run->reterr = *raised;
    run->raised = true;
    return FAILED;
}

static void add_item(struct run *run, struct path_items *items, struct jsonb *item)
{
    if (items->n == items->cap) {
        uint32_t cap = items->cap == 0 ? 4 : items->cap * 2;
        struct jsonb **larger = arena_alloc(run->arena, cap * sizeof(struct jsonb *));

        if (items->n > 0)
            memcpy(larger, items->at, items->n * sizeof(struct jsonb *));
        items->at = larger;
        items->cap = cap;
    }
    items->at[items->n++] = item;
}

/* What follows the node, over the item; at the end the item is found. */
static enum outcome follow(struct run *run, const struct path_node *next, struct jsonb *item,
                           struct path_items *found)
{
    if (run->raised)
        return FAILED;
    if (next != NULL)
        return run_item(run, next, item, is_lax(run), found);
    if (found != NULL)
        add_item(run, found, item);
    return FOUND;
}

static struct jsonb *make_number(struct run *run, struct str packed)
{
    CLEANUP(buf) struct buf text = {0};

    numeric_print(&text, packed);
    return jsonb_scalar(run->arena, JSON_NUMBER, arena_copy(run->arena, buf_str(&text)));
}

static struct str number_of(struct run *run, const struct jsonb *item)
{
    struct str packed = numeric_from_i64(run->arena, 0);
    struct err ignored;

    if (!numeric_parse(item->text, run->arena, &packed, &ignored))
        assert(false); /* a jsonb's number */
    return packed;
}

/* ---- going into containers ---- */

/* How executing goes over levels below an item. */
struct descent {
    const struct path_node *node; /* run over each item; NULL: the item itself is found */
    uint32_t first, last;
    bool tolerant, unwrap;
};

static bool is_container(const struct jsonb *item)
{
    return item->kind == JSON_ARRAY || item->kind == JSON_OBJECT;
}

static enum outcome visit(struct run *run, const struct descent *descent, struct jsonb *item,
                          struct path_items *found)
{
    bool outer = run->tolerant;
    enum outcome outcome = FOUND;

    if (descent->node == NULL) {
        if (found != NULL)
            add_item(run, found, item);
        return FOUND;
    }
    run->tolerant = outer || descent->tolerant;
    outcome = run_item(run, descent->node, item, descent->unwrap, found);
    run->tolerant = outer;
    return outcome;
}

static enum outcome descend(struct run *run, const struct descent *descent, uint32_t level,
                            const struct jsonb *container, struct path_items *found)
{
    bool leaves = descent->first == PATH_LEVEL_LAST && descent->last == PATH_LEVEL_LAST;
    enum outcome outcome = NOTHING;

    if (level > descent->last)
        return NOTHING;
    for (uint32_t i = 0; i < container->n; i++) {
        struct jsonb *item = container->items[i];

        if (level >= descent->first || (leaves && !is_container(item))) {
            outcome = visit(run, descent, item, found);
            if (outcome == FAILED || (outcome == FOUND && found == NULL))
                return outcome;
        }
        if (level < descent->last && is_container(item)) {
            outcome = descend(run, descent, level + 1, item, found);
            if (outcome == FAILED || (outcome == FOUND && found == NULL))
                return outcome;
        }
    }
    return outcome;
}

/* The node over each element of an array. */
static enum outcome over_elements(struct run *run, const struct path_node *node,
                                  const struct jsonb *array, struct path_items *found)
{
    struct descent descent = {node, 1, 1, false, false};

    return descend(run, &descent, 1, array, found);
}

/* What follows the node, over each item of a container. */
static enum outcome over_items(struct run *run, const struct path_node *node,
                               const struct jsonb *container, struct path_items *found)
{
    struct descent descent = {node->next, 1, 1, false, is_lax(run)};

    return descend(run, &descent, 1, container, found);
}

/* The node over an item; in lax mode the arrays among what it gives are unwrapped. */
static enum outcome values_of(struct run *run, const struct path_node *node, struct jsonb *item,
                              bool unwrap, struct path_items *found)
{
    struct path_items items = {0};
    enum outcome outcome;

    if (!unwrap || !is_lax(run))
        return run_item(run, node, item, is_lax(run), found);
    outcome = run_item(run, node, item, true, &items);
    if (outcome == FAILED)
        return FAILED;
    for (uint32_t i = 0; i < items.n; i++) {
        if (items.at[i]->kind == JSON_ARRAY)
            over_elements(run, NULL, items.at[i], found);
        else
            add_item(run, found, items.at[i]);
    }
    return FOUND;
}

/* As values_of, where a failure does not raise. */
static enum outcome quiet_values_of(struct run *run, const struct path_node *node,
                                    struct jsonb *item, bool unwrap, struct path_items *found)
{
    bool outer = run->throws;
    enum outcome outcome;

    run->throws = false;
    outcome = values_of(run, node, item, unwrap, found);
    run->throws = outer;
    return outcome;
}

/* ---- predicates ---- */

static int order_of(const struct jsonb *a, const struct jsonb *b, struct run *run)
{
    if (a->kind == JSON_NUMBER)
        return numeric_cmp(number_of(run, a), number_of(run, b));
    if (a->kind == JSON_STRING)
        return str_cmp(a->text, b->text);
    return (a->kind == JSON_TRUE) - (b->kind == JSON_TRUE);
}

/* The kinds that can be compared with one another: true and false are one. */
static enum json_kind class_of(const struct jsonb *item)
{
    return item->kind == JSON_TRUE ? JSON_FALSE : item->kind;
}

static enum truth compare(struct run *run, const struct path_node *node, const struct jsonb *a,
                          const struct jsonb *b)
{
    int order;

    if (class_of(a) != class_of(b)) {
        if (a->kind == JSON_NULL || b->kind == JSON_NULL)
            return node->kind == PATH_NOT_EQUAL ? TRUE : FALSE;
        return UNKNOWN;
    }
    if (is_container(a))
        return UNKNOWN;
    order = order_of(a, b, run);
    switch (node->kind) {
    case PATH_EQUAL:
        return order == 0 ? TRUE : FALSE;
    case PATH_NOT_EQUAL:
        return order != 0 ? TRUE : FALSE;
    case PATH_LESS:
        return order < 0 ? TRUE : FALSE;
    case PATH_GREATER:
        return order > 0 ? TRUE : FALSE;
    case PATH_LESS_EQUAL:
        return order <= 0 ? TRUE : FALSE;
    default:
        return order >= 0 ? TRUE : FALSE;
    }
}

static enum truth matches_regex(struct run *run, const struct path_node *node,
                                const struct jsonb *item)
{
    CLEANUP(regex) struct regex regex = {0};
    struct regex_match found[REGEX_SUBS_MAX];
    bool is_found = false;
    struct err raised;

    if (item->kind != JSON_STRING)
        return UNKNOWN;
    if (!regex_open(node->text, node->flags, item->text, run->arena, &regex, &raised) ||
        !regex_search(&regex, 0, found, &is_found, &raised)) {
        stop(run, &raised);
        return UNKNOWN;
    }
    return is_found ? TRUE : FALSE;
}

/* One pair of values; `b` NULL: there is no right side. */
static enum truth test_pair(struct run *run, const struct path_node *node, const struct jsonb *a,
                            const struct jsonb *b)
{
    if (node->kind == PATH_LIKE_REGEX)
        return matches_regex(run, node, a);
    assert(b != NULL);
    if (node->kind != PATH_STARTS_WITH)
        return compare(run, node, a, b);
    if (a->kind != JSON_STRING || b->kind != JSON_STRING)
        return UNKNOWN;
    return str_starts(a->text, b->text) ? TRUE : FALSE;
}

/* What is known while the pairs are gone through. */
struct verdict {
    bool found, failed, settled;
    enum truth truth;
};

static void judge(struct run *run, enum truth truth, struct verdict *verdict)
{
    verdict->found = verdict->found || truth == TRUE;
    verdict->failed = verdict->failed || truth == UNKNOWN;
    verdict->settled = (truth == TRUE && is_lax(run)) || (truth == UNKNOWN && !is_lax(run));
    verdict->truth = truth;
}

/* True when it is for some pair; in strict mode every pair must be comparable. */
static enum truth test_pairs(struct run *run, const struct path_node *node, struct jsonb *item)
{
    struct path_items left = {0}, right = {0};
    struct verdict verdict = {0};
    bool one_sided = node->right == NULL, unwrap = node->kind != PATH_STARTS_WITH;

    if (quiet_values_of(run, node->left, item, true, &left) == FAILED ||
        (!one_sided && quiet_values_of(run, node->right, item, unwrap, &right) == FAILED))
        return UNKNOWN;
    if (one_sided)
        right.n = 1;
    for (uint32_t i = 0; i < left.n; i++)
        for (uint32_t k = 0; k < right.n; k++) {
            const struct jsonb *b = one_sided ? NULL : right.at[k];

            judge(run, test_pair(run, node, left.at[i], b), &verdict);
            if (verdict.settled)
                return verdict.truth;
        }
    return verdict.found ? TRUE : verdict.failed ? UNKNOWN : FALSE;
}

static enum truth test_exists(struct run *run, const struct path_node *node, struct jsonb *item)
{
    struct path_items items = {0};
    enum outcome outcome;

    if (is_lax(run)) {
        outcome = quiet_values_of(run, node->left, item, false, NULL);
        return outcome == FAILED ? UNKNOWN : outcome == FOUND ? TRUE : FALSE;
    }
    outcome = quiet_values_of(run, node->left, item, false, &items);
    return outcome == FAILED ? UNKNOWN : items.n > 0 ? TRUE : FALSE;
}

static enum truth run_predicate(struct run *run, const struct path_node *node, struct jsonb *item)
{
    enum truth left, right;

    switch (node->kind) {
    case PATH_AND:
    case PATH_OR:
        left = run_predicate(run, node->left, item);
        if (left == (node->kind == PATH_AND ? FALSE : TRUE))
            return left;
        right = run_predicate(run, node->right, item);
        return right == (node->kind == PATH_AND ? TRUE : FALSE) ? left : right;
    case PATH_NOT:
        left = run_predicate(run, node->left, item);
        return left == UNKNOWN ? UNKNOWN : left == TRUE ? FALSE : TRUE;
    case PATH_IS_UNKNOWN:
        return run_predicate(run, node->left, item) == UNKNOWN ? TRUE : FALSE;
    case PATH_EXISTS:
        return test_exists(run, node, item);
    default:
        return test_pairs(run, node, item);
    }
}

/* A predicate as a value. */
static enum outcome run_condition(struct run *run, const struct path_node *node, struct jsonb *item,
                                  struct path_items *found)
{
    enum truth truth = run_predicate(run, node, item);
    enum json_kind kind = truth == UNKNOWN ? JSON_NULL : truth == TRUE ? JSON_TRUE : JSON_FALSE;

    if (run->raised)
        return FAILED;
    if (node->next == NULL && found == NULL)
        return FOUND;
    return follow(run, node->next, jsonb_scalar(run->arena, kind, STR_NONE), found);
}

static enum outcome run_filter(struct run *run, const struct path_node *node, struct jsonb *item,
                               struct path_items *found)
{
    struct jsonb *outer = run->current;
    enum truth truth;

    run->current = item;
    truth = run_predicate(run, node->left, item);
    run->current = outer;
    if (run->raised)
        return FAILED;
    return truth == TRUE ? follow(run, node->next, item, found) : NOTHING;
}

/* ---- arithmetic ---- */

static bool calculate(struct run *run, enum path_kind kind, struct str a, struct str b,
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

static enum outcome run_arithmetic(struct run *run, const struct path_node *node,
                                   struct jsonb *item, struct path_items *found)
{
    struct path_items left = {0}, right = {0};
    struct str result = STR_NONE;
    struct err raised;

    if (values_of(run, node->left, item, true, &left) == FAILED ||
        values_of(run, node->right, item, true, &right) == FAILED)
        return FAILED;
    if (left.n != 1 || left.at[0]->kind != JSON_NUMBER)
        return fail(run, "22038",
                    "left operand of jsonpath operator %s is not a single numeric value",
                    jsonpath_operator(node->kind));
    if (right.n != 1 || right.at[0]->kind != JSON_NUMBER)
        return fail(run, "22038",
                    "right operand of jsonpath operator %s is not a single numeric value",
                    jsonpath_operator(node->kind));
    if (!calculate(run, node->kind, number_of(run, left.at[0]), number_of(run, right.at[0]),
                   &result, &raised))
        return fail_with(run, &raised);
    if (node->next == NULL && found == NULL)
        return FOUND;
    return follow(run, node->next, make_number(run, result), found);
}

static enum outcome run_sign(struct run *run, const struct path_node *node, struct jsonb *item,
                             struct path_items *found)
{
    struct path_items items = {0};
    enum outcome outcome = NOTHING, one;
    bool asked = found != NULL || node->next != NULL;

    if (values_of(run, node->left, item, true, &items) == FAILED)
        return FAILED;
    for (uint32_t i = 0; i < items.n; i++) {
        struct jsonb *value = items.at[i];

        if (value->kind != JSON_NUMBER && !asked)
            continue;
        if (value->kind != JSON_NUMBER)
            return fail(run, "2203B",
                        "operand of unary jsonpath operator %s is not a numeric value",
                        jsonpath_operator(node->kind));
        if (!asked)
            return FOUND;
        if (node->kind == PATH_MINUS)
            value = make_number(run, numeric_negate(run->arena, number_of(run, value)));
        one = follow(run, node->next, value, found);
        if (one == FAILED || (one == FOUND && found == NULL))
            return one;
        outcome = one == FOUND ? FOUND : outcome;
    }
    return outcome;
}

/* ---- methods ---- */

static enum outcome run_type(struct run *run, const struct path_node *node,
                             const struct jsonb *item, struct path_items *found)
{
    static const char *const names[] = {
        [JSON_NULL] = "null",     [JSON_FALSE] = "boolean", [JSON_TRUE] = "boolean",
        [JSON_NUMBER] = "number", [JSON_STRING] = "string", [JSON_OBJECT] = "object",
        [JSON_ARRAY] = "array"};

    return follow(run, node->next, jsonb_scalar(run->arena, JSON_STRING, str_of(names[item->kind])),
                  found);
}

static enum outcome run_size(struct run *run, const struct path_node *node,
                             const struct jsonb *item, struct path_items *found)
{
    int64_t size = item->kind == JSON_ARRAY ? item->n : 1;

    if (item->kind != JSON_ARRAY && !is_lax(run)) {
        if (run->tolerant)
            return NOTHING;
        return fail(run, "22039", "jsonpath item method .size() can only be applied to an array");
    }
    return follow(run, node->next, make_number(run, numeric_from_i64(run->arena, size)), found);
}

/* The number rounded up or down to a whole one. */
static struct str whole_of(struct run *run, struct str number, bool up)
{
    struct str whole = numeric_trunc(run->arena, number, 0), one = numeric_from_i64(run->arena, 1);
    int order = numeric_cmp(number, whole);

    if (up && order > 0)
        return numeric_add(run->arena, whole, one);
    return !up && order < 0 ? numeric_sub(run->arena, whole, one) : whole;
}

static enum outcome run_numeric(struct run *run, const struct path_node *node,
                                const struct jsonb *item, struct path_items *found)
{
    struct str number, zero = numeric_from_i64(run->arena, 0);

    if (item->kind != JSON_NUMBER)
        return fail(run, "22036",
                    "jsonpath item method .%s() can only be applied to a numeric value",
                    jsonpath_method(node->kind));
    number = number_of(run, item);
    if (node->kind != PATH_ABS)
        number = whole_of(run, number, node->kind == PATH_CEILING);
    else if (numeric_cmp(number, zero) < 0)
        number = numeric_negate(run->arena, number);
    if (node->next == NULL && found == NULL)
        return FOUND;
    return follow(run, node->next, make_number(run, number), found);
}

/* The text as a double that is a number. */
static bool real_of(struct run *run, struct str text, double *ret)
{
    struct type type = {TYPE_FLOAT8, -1, NULL};
    struct value value = {0};
    struct err ignored;

    if (!text_parse(type, text, run->arena, &value, &ignored) || !isfinite(value.real))
        return false;
    *ret = value.real;
    return true;
}

static enum outcome run_double(struct run *run, const struct path_node *node, struct jsonb *item,
                               struct path_items *found)
{
    double real = 0;

    if (item->kind != JSON_NUMBER && item->kind != JSON_STRING)
        return fail(run, "22036",
                    "jsonpath item method .double() can only be applied to a string or numeric "
                    "value");
    if (!real_of(run, item->text, &real))
        return fail(run, "22036", "%s",
                    item->kind == JSON_NUMBER
                        ? "numeric argument of jsonpath item method .double() is out of range for "
                          "type double precision"
                        : "string argument of jsonpath item method .double() is not a valid "
                          "representation of a double precision number");
    if (item->kind == JSON_STRING)
        item = make_number(run, numeric_from_f64(run->arena, real));
    return follow(run, node->next, item, found);
}

/* ---- accessors ---- */

static enum outcome run_key(struct run *run, const struct path_node *node, struct jsonb *item,
                            bool unwrap, struct path_items *found)
{
    struct jsonb *value;

    if (item->kind == JSON_ARRAY && unwrap)
        return over_elements(run, node, item, found);
    if (item->kind != JSON_OBJECT) {
        if (run->tolerant)
            return NOTHING;
        return fail(run, "2203A", "jsonpath member accessor can only be applied to an object");
    }
    value = jsonb_member(item, node->text);
    if (value != NULL)
        return follow(run, node->next, value, found);
    if (run->tolerant)
        return NOTHING;
    return fail(run, "2203A", "JSON object does not contain key \"%.*s\"", STR_ARG(node->text));
}

static enum outcome run_any_key(struct run *run, const struct path_node *node, struct jsonb *item,
                                bool unwrap, struct path_items *found)
{
    if (item->kind == JSON_OBJECT)
        return over_items(run, node, item, found);
    if (item->kind == JSON_ARRAY && unwrap)
        return over_elements(run, node, item, found);
    if (run->tolerant)
        return NOTHING;
    return fail(run, "2203C", "jsonpath wildcard member accessor can only be applied to an object");
}

static enum outcome run_any_element(struct run *run, const struct path_node *node,
                                    struct jsonb *item, struct path_items *found)
{
    if (item->kind == JSON_ARRAY)
        return over_items(run, node, item, found);
    if (is_lax(run))
        return follow(run, node->next, item, found);
    if (run->tolerant)
        return NOTHING;
    return fail(run, "22039", "jsonpath wildcard array accessor can only be applied to an array");
}

/* ** with its levels. */
static enum outcome run_any_level(struct run *run, const struct path_node *node, struct jsonb *item,
                                  struct path_items *found)
{
    struct descent descent = {node->next, node->first_level, node->last_level, true, is_lax(run)};
    enum outcome outcome = NOTHING;
    bool outer = run->tolerant;

    if (node->first_level == 0) {
        run->tolerant = true;
        outcome = follow(run, node->next, item, found);
        run->tolerant = outer;
        if (outcome == FAILED || (outcome == FOUND && found == NULL))
            return outcome;
    }
    return is_container(item) ? descend(run, &descent, 1, item, found) : outcome;
}

static enum outcome index_of(struct run *run, const struct path_node *node, struct jsonb *item,
                             int64_t *ret)
{
    struct path_items items = {0};
    struct err ignored;
    int64_t index = 0;

    if (run_item(run, node, item, is_lax(run), &items) == FAILED)
        return FAILED;
    if (items.n != 1 || items.at[0]->kind != JSON_NUMBER)
        return fail(run, "22033", "jsonpath array subscript is not a single numeric value");
    if (!numeric_to_i64(numeric_trunc(run->arena, number_of(run, items.at[0]), 0), &index,
                        &ignored) ||
        index < INT32_MIN || index > INT32_MAX)
        return fail(run, "22033", "jsonpath array subscript is out of integer range");
    *ret = index;
    return FOUND;
}

/* The elements that one subscript names. */
static enum outcome run_subscript(struct run *run, const struct path_node *node,
                                  const struct path_subscript *subscript, struct jsonb *item,
                                  struct path_items *found)
{
    int64_t size = run->array_size, from = 0, to = 0;
    enum outcome outcome = NOTHING;

    if (index_of(run, subscript->from, item, &from) == FAILED)
        return FAILED;
    to = from;
    if (subscript->to != NULL && index_of(run, subscript->to, item, &to) == FAILED)
        return FAILED;
    if (!run->tolerant && (from < 0 || from > to || to >= size))
        return fail(run, "22033", "jsonpath array subscript is out of bounds");
    from = from < 0 ? 0 : from;
    to = to >= size ? size - 1 : to;
    for (int64_t i = from; i <= to; i++) {
        struct jsonb *element = item->kind == JSON_ARRAY ? item->items[i] : item;

        if (node->next == NULL && found == NULL)
            return FOUND;
        outcome = follow(run, node->next, element, found);
        if (outcome == FAILED || (outcome == FOUND && found == NULL))
            return outcome;
    }
    return outcome;
}

static enum outcome run_subscripts(struct run *run, const struct path_node *node,
                                   struct jsonb *item, struct path_items *found)
{
    int64_t outer = run->array_size;
    enum outcome outcome = NOTHING;

    if (item->kind != JSON_ARRAY && !is_lax(run)) {
        if (run->tolerant)
            return NOTHING;
        return fail(run, "22039", "jsonpath array accessor can only be applied to an array");
    }
    run->array_size = item->kind == JSON_ARRAY ? item->n : 1;
    for (uint32_t i = 0; i < node->subscripts_n; i++) {
        outcome = run_subscript(run, node, &node->subscripts[i], item, found);
        if (outcome == FAILED || (outcome == FOUND && found == NULL))
            break;
    }
    run->array_size = outer;
    return outcome;
}

/* ---- values ---- */

static enum outcome run_variable(struct run *run, const struct path_node *node,
                                 struct path_items *found)
{
    struct jsonb *value;
    struct err raised;

    value = jsonb_member(run->question->vars, node->text);
    if (value != NULL)
        return follow(run, node->next, value, found);
    err_sql(&raised, ERR_DEAD_LETTER, "42704", "could not find jsonpath variable \"%.*s\"",
            STR_ARG(node->text));
    return stop(run, &raised);
}

static enum outcome run_literal(struct run *run, const struct path_node *node,
                                struct path_items *found)
{
    if (node->next == NULL && found == NULL)
        return FOUND;
    return follow(run, node->next, node->value, found);
}

static enum outcome run_last(struct run *run, const struct path_node *node,
                             struct path_items *found)
{
    if (node->next == NULL && found == NULL)
        return FOUND;
    return follow(run, node->next,
                  make_number(run, numeric_from_i64(run->arena, run->array_size - 1)), found);
}

/* What is done to each element of an array where it is unwrapped. */
static bool unwraps(enum path_kind kind)
{
    return kind == PATH_FILTER || kind == PATH_ABS || kind == PATH_FLOOR || kind == PATH_CEILING ||
           kind == PATH_DOUBLE;
}

static enum outcome run_accessor(struct run *run, const struct path_node *node, struct jsonb *item,
                                 bool unwrap, struct path_items *found)
{
    if (unwrap && item->kind == JSON_ARRAY && unwraps(node->kind))
        return over_elements(run, node, item, found);
    switch (node->kind) {
    case PATH_KEY:
        return run_key(run, node, item, unwrap, found);
    case PATH_ANY_KEY:
        return run_any_key(run, node, item, unwrap, found);
    case PATH_ANY_ELEMENT:
        return run_any_element(run, node, item, found);
    case PATH_SUBSCRIPTS:
        return run_subscripts(run, node, item, found);
    case PATH_ANY_LEVEL:
        return run_any_level(run, node, item, found);
    case PATH_FILTER:
        return run_filter(run, node, item, found);
    case PATH_TYPE:
        return run_type(run, node, item, found);
    case PATH_SIZE:
        return run_size(run, node, item, found);
    case PATH_DOUBLE:
        return run_double(run, node, item, found);
    default:
        return run_numeric(run, node, item, found);
    }
}

static enum outcome run_item(struct run *run, const struct path_node *node, struct jsonb *item,
                             bool unwrap, struct path_items *found)
{
    if (run->raised)
        return FAILED;
    switch (node->kind) {
    case PATH_LITERAL:
        return run_literal(run, node, found);
    case PATH_VARIABLE:
        return run_variable(run, node, found);
    case PATH_ROOT:
        return follow(run, node->next, run->question->document, found);
    case PATH_CURRENT:
        return follow(run, node->next, run->current, found);
    case PATH_LAST:
        return run_last(run, node, found);
    case PATH_PLUS:
    case PATH_MINUS:
        return run_sign(run, node, item, found);
    default:
        if (node->kind >= PATH_KEY)
            return run_accessor(run, node, item, unwrap, found);
        return node->kind >= PATH_AND ? run_condition(run, node, item, found)
                                      : run_arithmetic(run, node, item, found);
    }
}

bool jsonpath_run(const struct path_question *question, struct arena *arena,
                  struct path_items *items, enum path_answer *ret, struct err *reterr)
{
    struct run run = {.arena = arena,
                      .question = question,
                      .current = question->document,
                      .array_size = -1,
                      .throws = !question->silent,
                      .tolerant = !question->path->strict,
                      .reterr = reterr};
    struct path_items all = {0};
    enum outcome outcome;

    if (question->vars->kind != JSON_OBJECT)
        return err_sql(reterr, ERR_DEAD_LETTER, "22023", "\"vars\" argument is not an object");
    /* in strict mode a failure behind the first item counts too */
    if (question->first && question->path->strict)
        items = &all;
    outcome = run_item(&run, question->path->node, question->document, is_lax(&run),
                       question->first && !question->path->strict ? NULL : items);
    if (run.raised)
        return false;
    if (outcome == FOUND && items == &all && all.n == 0)
        outcome = NOTHING;
    *ret = outcome == FAILED ? PATH_UNKNOWN : outcome == FOUND ? PATH_FOUND : PATH_NOTHING;
    return true;
}
