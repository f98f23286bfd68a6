#include "expr/jsonpath_run.h"

#include "expr/jsonpath_moment.h"
#include "record/numeric.h"

static int order_of(const struct jsonb *a, const struct jsonb *b, struct path_run *run)
{
    if (a->kind == JSON_NUMBER)
        return numeric_cmp(path_number(run, a), path_number(run, b));
    if (a->kind == JSON_STRING)
        return str_cmp(a->text, b->text);
    return (a->kind == JSON_TRUE) - (b->kind == JSON_TRUE);
}

/* UNKNOWN, and *ret_order untouched, where they can't be compared; a zone that is missing stops the
 * path. */
static bool order_moments(struct path_run *run, const struct moment *a, const struct moment *b,
                          int *ret_order)
{
    bool needs_zone = false;
    struct err raised;

    if (!moment_compare(a, b, ret_order, &needs_zone))
        return false;
    if (!needs_zone || run->question->zones)
        return true;
    if (a->east_s != 0 || a->type == TYPE_TIMETZ || a->type == TYPE_TIMESTAMPTZ) {
        const struct moment *other = a;

        a = b;
        b = other;
    }
    err_sql(&raised, ERR_DEAD_LETTER, "0A000",
            "cannot convert value from %s to %s without time zone usage", moment_short_type(a),
            moment_short_type(b));
    (void)path_stop(run, &raised);
    return false;
}

/* The kinds that can be compared with one another: true and false are one. */
static enum json_kind class_of(const struct jsonb *item)
{
    return item->kind == JSON_TRUE ? JSON_FALSE : item->kind;
}

static enum truth compare(struct path_run *run, const struct path_node *node, const struct jsonb *a,
                          const struct jsonb *b)
{
    int order = 0;

    if (class_of(a) != class_of(b) || (a->moment == NULL) != (b->moment == NULL)) {
        if (a->kind == JSON_NULL || b->kind == JSON_NULL)
            return node->kind == PATH_NOT_EQUAL ? TRUE : FALSE;
        return UNKNOWN;
    }
    if (path_is_container(a))
        return UNKNOWN;
    if (a->moment == NULL)
        order = order_of(a, b, run);
    else if (!order_moments(run, a->moment, b->moment, &order))
        return UNKNOWN;
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

static enum truth matches_regex(struct path_run *run, const struct path_node *node,
                                const struct jsonb *item)
{
    CLEANUP(regex) struct regex regex = {0};
    struct regex_match found[REGEX_SUBS_MAX];
    bool is_found = false;
    struct err raised;

    if (item->kind != JSON_STRING || item->moment != NULL)
        return UNKNOWN;
    if (!regex_open(node->text, node->flags, item->text, run->arena, &regex, &raised) ||
        !regex_search(&regex, 0, found, &is_found, &raised)) {
        path_stop(run, &raised);
        return UNKNOWN;
    }
    return is_found ? TRUE : FALSE;
}

/* One pair of values; `b` NULL: there is no right side. */
static enum truth test_pair(struct path_run *run, const struct path_node *node,
                            const struct jsonb *a, const struct jsonb *b)
{
    if (node->kind == PATH_LIKE_REGEX)
        return matches_regex(run, node, a);
    assert(b != NULL);
    if (node->kind != PATH_STARTS_WITH)
        return compare(run, node, a, b);
    if (a->kind != JSON_STRING || b->kind != JSON_STRING || a->moment != NULL || b->moment != NULL)
        return UNKNOWN;
    return str_starts(a->text, b->text) ? TRUE : FALSE;
}

/* What is known while the pairs are gone through. */
struct verdict {
    bool found, failed, settled;
    enum truth truth;
};

static void judge(struct path_run *run, enum truth truth, struct verdict *verdict)
{
    verdict->found = verdict->found || truth == TRUE;
    verdict->failed = verdict->failed || truth == UNKNOWN;
    verdict->settled =
        (truth == TRUE && path_is_lax(run)) || (truth == UNKNOWN && !path_is_lax(run));
    verdict->truth = truth;
}

/* True when it is for some pair; in strict mode every pair must be comparable. */
static enum truth test_pairs(struct path_run *run, const struct path_node *node, struct jsonb *item)
{
    struct path_items left = {0}, right = {0};
    struct verdict verdict = {0};
    bool one_sided = node->right == NULL, unwrap = node->kind != PATH_STARTS_WITH;

    if (path_quiet_values(run, node->left, item, true, &left) == FAILED ||
        (!one_sided && path_quiet_values(run, node->right, item, unwrap, &right) == FAILED))
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

static enum truth test_exists(struct path_run *run, const struct path_node *node,
                              struct jsonb *item)
{
    struct path_items items = {0};
    enum outcome outcome;

    if (path_is_lax(run)) {
        outcome = path_quiet_values(run, node->left, item, false, NULL);
        return outcome == FAILED ? UNKNOWN : outcome == FOUND ? TRUE : FALSE;
    }
    outcome = path_quiet_values(run, node->left, item, false, &items);
    return outcome == FAILED ? UNKNOWN : items.n > 0 ? TRUE : FALSE;
}

enum truth path_test(struct path_run *run, const struct path_node *node, struct jsonb *item)
{
    enum truth left, right;

    switch (node->kind) {
    case PATH_AND:
    case PATH_OR:
        left = path_test(run, node->left, item);
        if (left == (node->kind == PATH_AND ? FALSE : TRUE))
            return left;
        right = path_test(run, node->right, item);
        return right == (node->kind == PATH_AND ? TRUE : FALSE) ? left : right;
    case PATH_NOT:
        left = path_test(run, node->left, item);
        return left == UNKNOWN ? UNKNOWN : left == TRUE ? FALSE : TRUE;
    case PATH_IS_UNKNOWN:
        return path_test(run, node->left, item) == UNKNOWN ? TRUE : FALSE;
    case PATH_EXISTS:
        return test_exists(run, node, item);
    default:
        return test_pairs(run, node, item);
    }
}
