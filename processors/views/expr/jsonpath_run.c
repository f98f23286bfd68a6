#include "expr/jsonpath_run.h"

#include "record/numeric.h"
#include <stdarg.h>

enum outcome path_fail(struct path_run *run, const char *sqlstate, const char *format, ...)
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
enum outcome path_fail_with(struct path_run *run, const struct err *raised)
{
    if (run->throws && !run->raised) {
        *run->reterr = *raised;
        run->raised = true;
    }
    return FAILED;
}

enum outcome path_stop(struct path_run *run, const struct err *raised)
{
    if (!run->raised)
        *run->reterr = *raised;
    run->raised = true;
    return FAILED;
}

static void add_item(struct path_run *run, struct path_items *items, struct jsonb *item)
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

enum outcome path_follow(struct path_run *run, const struct path_node *next, struct jsonb *item,
                         struct path_items *found)
{
    if (run->raised)
        return FAILED;
    if (next != NULL)
        return path_item(run, next, item, path_is_lax(run), found);
    if (found != NULL)
        add_item(run, found, item);
    return FOUND;
}

/* ---- going into containers ---- */

/* How executing goes over levels below an item. */
struct descent {
    const struct path_node *node; /* run over each item; NULL: the item itself is found */
    uint32_t first, last;
    bool tolerant, unwrap;
};

static enum outcome visit(struct path_run *run, const struct descent *descent, struct jsonb *item,
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
    outcome = path_item(run, descent->node, item, descent->unwrap, found);
    run->tolerant = outer;
    return outcome;
}

static enum outcome descend(struct path_run *run, const struct descent *descent, uint32_t level,
                            const struct jsonb *container, struct path_items *found)
{
    bool leaves = descent->first == PATH_LEVEL_LAST && descent->last == PATH_LEVEL_LAST;
    enum outcome outcome = NOTHING;

    if (level > descent->last)
        return NOTHING;
    for (uint32_t i = 0; i < container->n; i++) {
        struct jsonb *item = container->items[i];

        if (level >= descent->first || (leaves && !path_is_container(item))) {
            outcome = visit(run, descent, item, found);
            if (outcome == FAILED || (outcome == FOUND && found == NULL))
                return outcome;
        }
        if (level < descent->last && path_is_container(item)) {
            outcome = descend(run, descent, level + 1, item, found);
            if (outcome == FAILED || (outcome == FOUND && found == NULL))
                return outcome;
        }
    }
    return outcome;
}

/* The node over each element of an array. */
static enum outcome over_elements(struct path_run *run, const struct path_node *node,
                                  const struct jsonb *array, struct path_items *found)
{
    struct descent descent = {node, 1, 1, false, false};

    return descend(run, &descent, 1, array, found);
}

/* What follows the node, over each item of a container. */
static enum outcome over_items(struct path_run *run, const struct path_node *node,
                               const struct jsonb *container, struct path_items *found)
{
    struct descent descent = {node->next, 1, 1, false, path_is_lax(run)};

    return descend(run, &descent, 1, container, found);
}

enum outcome path_values(struct path_run *run, const struct path_node *node, struct jsonb *item,
                         bool unwrap, struct path_items *found)
{
    struct path_items items = {0};
    enum outcome outcome;

    if (!unwrap || !path_is_lax(run))
        return path_item(run, node, item, path_is_lax(run), found);
    outcome = path_item(run, node, item, true, &items);
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
enum outcome path_quiet_values(struct path_run *run, const struct path_node *node,
                               struct jsonb *item, bool unwrap, struct path_items *found)
{
    bool outer = run->throws;
    enum outcome outcome;

    run->throws = false;
    outcome = path_values(run, node, item, unwrap, found);
    run->throws = outer;
    return outcome;
}

/* A predicate as a value. */
static enum outcome run_condition(struct path_run *run, const struct path_node *node,
                                  struct jsonb *item, struct path_items *found)
{
    enum truth truth = path_test(run, node, item);
    enum json_kind kind = truth == UNKNOWN ? JSON_NULL : truth == TRUE ? JSON_TRUE : JSON_FALSE;

    if (run->raised)
        return FAILED;
    if (node->next == NULL && found == NULL)
        return FOUND;
    return path_follow(run, node->next, jsonb_scalar(run->arena, kind, STR_NONE), found);
}

static enum outcome run_filter(struct path_run *run, const struct path_node *node,
                               struct jsonb *item, struct path_items *found)
{
    struct jsonb *outer = run->current;
    enum truth truth;

    run->current = item;
    truth = path_test(run, node->left, item);
    run->current = outer;
    if (run->raised)
        return FAILED;
    return truth == TRUE ? path_follow(run, node->next, item, found) : NOTHING;
}

/* ---- accessors ---- */

static enum outcome run_key(struct path_run *run, const struct path_node *node, struct jsonb *item,
                            bool unwrap, struct path_items *found)
{
    struct jsonb *value;

    if (item->kind == JSON_ARRAY && unwrap)
        return over_elements(run, node, item, found);
    if (item->kind != JSON_OBJECT) {
        if (run->tolerant)
            return NOTHING;
        return path_fail(run, "2203A", "jsonpath member accessor can only be applied to an object");
    }
    value = jsonb_member(item, node->text);
    if (value != NULL)
        return path_follow(run, node->next, value, found);
    if (run->tolerant)
        return NOTHING;
    return path_fail(run, "2203A", "JSON object does not contain key \"%.*s\"",
                     STR_ARG(node->text));
}

static enum outcome run_any_key(struct path_run *run, const struct path_node *node,
                                struct jsonb *item, bool unwrap, struct path_items *found)
{
    if (item->kind == JSON_OBJECT)
        return over_items(run, node, item, found);
    if (item->kind == JSON_ARRAY && unwrap)
        return over_elements(run, node, item, found);
    if (run->tolerant)
        return NOTHING;
    return path_fail(run, "2203C",
                     "jsonpath wildcard member accessor can only be applied to an object");
}

static enum outcome run_any_element(struct path_run *run, const struct path_node *node,
                                    struct jsonb *item, struct path_items *found)
{
    if (item->kind == JSON_ARRAY)
        return over_items(run, node, item, found);
    if (path_is_lax(run))
        return path_follow(run, node->next, item, found);
    if (run->tolerant)
        return NOTHING;
    return path_fail(run, "22039",
                     "jsonpath wildcard array accessor can only be applied to an array");
}

/* ** with its levels. */
static enum outcome run_any_level(struct path_run *run, const struct path_node *node,
                                  struct jsonb *item, struct path_items *found)
{
    struct descent descent = {node->next, node->first_level, node->last_level, true,
                              path_is_lax(run)};
    enum outcome outcome = NOTHING;
    bool outer = run->tolerant;

    if (node->first_level == 0) {
        run->tolerant = true;
        outcome = path_follow(run, node->next, item, found);
        run->tolerant = outer;
        if (outcome == FAILED || (outcome == FOUND && found == NULL))
            return outcome;
    }
    return path_is_container(item) ? descend(run, &descent, 1, item, found) : outcome;
}

static enum outcome index_of(struct path_run *run, const struct path_node *node, struct jsonb *item,
                             int64_t *ret)
{
    struct path_items items = {0};
    struct err ignored;
    int64_t index = 0;

    if (path_item(run, node, item, path_is_lax(run), &items) == FAILED)
        return FAILED;
    if (items.n != 1 || items.at[0]->kind != JSON_NUMBER)
        return path_fail(run, "22033", "jsonpath array subscript is not a single numeric value");
    if (!numeric_to_i64(numeric_trunc(run->arena, path_number(run, items.at[0]), 0), &index,
                        &ignored) ||
        index < INT32_MIN || index > INT32_MAX)
        return path_fail(run, "22033", "jsonpath array subscript is out of integer range");
    *ret = index;
    return FOUND;
}

/* The elements that one subscript names. */
static enum outcome run_subscript(struct path_run *run, const struct path_node *node,
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
        return path_fail(run, "22033", "jsonpath array subscript is out of bounds");
    from = from < 0 ? 0 : from;
    to = to >= size ? size - 1 : to;
    for (int64_t i = from; i <= to; i++) {
        struct jsonb *element = item->kind == JSON_ARRAY ? item->items[i] : item;

        if (node->next == NULL && found == NULL)
            return FOUND;
        outcome = path_follow(run, node->next, element, found);
        if (outcome == FAILED || (outcome == FOUND && found == NULL))
            return outcome;
    }
    return outcome;
}

static enum outcome run_subscripts(struct path_run *run, const struct path_node *node,
                                   struct jsonb *item, struct path_items *found)
{
    int64_t outer = run->array_size;
    enum outcome outcome = NOTHING;

    if (item->kind != JSON_ARRAY && !path_is_lax(run)) {
        if (run->tolerant)
            return NOTHING;
        return path_fail(run, "22039", "jsonpath array accessor can only be applied to an array");
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

/* What follows the node, over an item of another document. */
static enum outcome follow_within(struct path_run *run, const struct path_node *node,
                                  const struct jsonb *base, int64_t id, struct jsonb *item,
                                  struct path_items *found)
{
    const struct jsonb *outer = run->base;
    int64_t outer_id = run->base_id;
    enum outcome outcome;

    run->base = base;
    run->base_id = id;
    outcome = path_follow(run, node->next, item, found);
    run->base = outer;
    run->base_id = outer_id;
    return outcome;
}

static enum outcome run_variable(struct path_run *run, const struct path_node *node,
                                 struct path_items *found)
{
    struct jsonb *value;
    struct err raised;

    value = jsonb_member(run->question->vars, node->text);
    if (value != NULL)
        return follow_within(run, node, run->question->vars, 1, value, found);
    err_sql(&raised, ERR_DEAD_LETTER, "42704", "could not find jsonpath variable \"%.*s\"",
            STR_ARG(node->text));
    return path_stop(run, &raised);
}

static enum outcome run_literal(struct path_run *run, const struct path_node *node,
                                struct path_items *found)
{
    if (node->next == NULL && found == NULL)
        return FOUND;
    return path_follow(run, node->next, node->value, found);
}

static enum outcome run_last(struct path_run *run, const struct path_node *node,
                             struct path_items *found)
{
    if (node->next == NULL && found == NULL)
        return FOUND;
    return path_follow(run, node->next,
                       path_make_number(run, numeric_from_i64(run->arena, run->array_size - 1)),
                       found);
}

/* What is done to each element of an array where it is unwrapped. */
static bool unwraps(enum path_kind kind)
{
    return kind == PATH_FILTER || kind == PATH_ABS || kind == PATH_FLOOR || kind == PATH_CEILING ||
           kind == PATH_DOUBLE || kind == PATH_KEYVALUE || kind == PATH_DATETIME;
}

static enum outcome run_accessor(struct path_run *run, const struct path_node *node,
                                 struct jsonb *item, bool unwrap, struct path_items *found)
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
        return path_type(run, node, item, found);
    case PATH_SIZE:
        return path_size(run, node, item, found);
    case PATH_DOUBLE:
        return path_double(run, node, item, found);
    case PATH_KEYVALUE:
        return path_keyvalue(run, node, item, found);
    case PATH_DATETIME:
        return path_datetime(run, node, item, found);
    default:
        return path_numeric(run, node, item, found);
    }
}

enum outcome path_item(struct path_run *run, const struct path_node *node, struct jsonb *item,
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
        return follow_within(run, node, run->question->document, 0, run->question->document, found);
    case PATH_CURRENT:
        return path_follow(run, node->next, run->current, found);
    case PATH_LAST:
        return run_last(run, node, found);
    case PATH_PLUS:
    case PATH_MINUS:
        return path_sign(run, node, item, found);
    default:
        if (node->kind >= PATH_KEY)
            return run_accessor(run, node, item, unwrap, found);
        return node->kind >= PATH_AND ? run_condition(run, node, item, found)
                                      : path_arithmetic(run, node, item, found);
    }
}

bool jsonpath_run(const struct path_question *question, struct arena *arena,
                  struct path_items *items, enum path_answer *ret, struct err *reterr)
{
    struct path_run run = {.arena = arena,
                           .question = question,
                           .current = question->document,
                           .base = question->document,
                           .next_id = question->plain ? 1 : 2,
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
    outcome = path_item(&run, question->path->node, question->document, path_is_lax(&run),
                        question->first && !question->path->strict ? NULL : items);
    if (run.raised)
        return false;
    if (outcome == FOUND && items == &all && all.n == 0)
        outcome = NOTHING;
    *ret = outcome == FAILED ? PATH_UNKNOWN : outcome == FOUND ? PATH_FOUND : PATH_NOTHING;
    return true;
}
