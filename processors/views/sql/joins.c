/*
 * The joins of one FROM clause. Inner joins are a bag of members and a bag of conditions, whatever
 * the syntax was; an outer join is a member with two bags of its own. Conditions sink as deep as
 * their meaning allows, equalities between members become join keys.
 */
#include "sql/joins.h"

struct column_set joins_columns_of(const struct expr *expr)
{
    struct column_set set = {0};

    exprs_columns(expr, &set);
    return set;
}

/* ---- making groups ---- */

struct group *joins_nothing(struct binder *binder)
{
    return arena_zalloc(binder->arena, sizeof(struct group));
}

static struct group *group_of(struct binder *binder, struct member *member)
{
    struct group *group = joins_nothing(binder);

    group->columns = member->columns;
    list_add(&group->members, binder->arena, member);
    return group;
}

struct group *joins_table(struct binder *binder, uint32_t node, const uint16_t *at, uint16_t n,
                          int location)
{
    struct member *member = arena_zalloc(binder->arena, sizeof(*member));

    *member = (struct member){.node = node, .at = at, .n = n, .location = location};
    for (uint16_t i = 0; i < n; i++)
        column_set_add(&member->columns, at[i]);
    return group_of(binder, member);
}

struct group *joins_leaf(struct binder *binder, uint32_t node, uint16_t first, uint16_t n,
                         int location)
{
    uint16_t *at = arena_alloc(binder->arena, (n + 1U) * sizeof(*at));

    for (uint16_t i = 0; i < n; i++)
        at[i] = (uint16_t)(first + i);
    return joins_table(binder, node, at, n, location);
}

struct group *joins_inner(struct binder *binder, struct group *left, struct group *right)
{
    for (uint32_t i = 0; i < right->members.n; i++)
        list_add(&left->members, binder->arena, right->members.at[i]);
    for (uint32_t i = 0; i < right->conditions.n; i++)
        list_add(&left->conditions, binder->arena, right->conditions.at[i]);
    column_set_join(&left->columns, &right->columns);
    return left;
}

struct group *joins_outer(struct binder *binder, enum plan_join_kind join, struct group *left,
                          struct group *right, struct list on, int location)
{
    struct member *member = arena_zalloc(binder->arena, sizeof(*member));

    *member = (struct member){.kind = MEMBER_OUTER,
                              .join = join,
                              .left = left,
                              .right = right,
                              .on = on,
                              .location = location,
                              .columns = left->columns};
    column_set_join(&member->columns, &right->columns);
    return group_of(binder, member);
}

struct group *joins_expand(struct binder *binder, struct group *left,
                           const struct expansion *expansion, bool outer)
{
    struct member *member = arena_zalloc(binder->arena, sizeof(*member));
    uint16_t *at = arena_alloc(binder->arena, (expansion->n + 1U) * sizeof(*at));

    for (uint16_t i = 0; i < expansion->n; i++)
        at[i] = (uint16_t)(expansion->first + i);
    *member = (struct member){.kind = MEMBER_EXPAND,
                              .left = left,
                              .columns = left->columns,
                              .at = at,
                              .n = expansion->n,
                              .rows = expansion->rows,
                              .rows_n = expansion->rows_n,
                              .names = expansion->names,
                              .outer = outer,
                              .location = expansion->location};
    for (uint16_t i = 0; i < expansion->n; i++)
        column_set_add(&member->columns, at[i]);
    return group_of(binder, member);
}

bool joins_covers(const struct group *group, const struct column_set *columns)
{
    return column_set_within(columns, &group->columns);
}

bool joins_meets(const struct group *group, const struct column_set *columns)
{
    return column_set_meets(columns, &group->columns);
}

/* The only member that has all the columns, or NULL. */
static struct member *owner_of(const struct group *group, const struct column_set *columns)
{
    for (uint32_t i = 0; i < group->members.n; i++) {
        struct member *member = group->members.at[i];

        if (column_set_within(columns, &member->columns))
            return member;
    }
    return NULL;
}

void joins_attach(struct binder *binder, struct group **group, struct group *right, struct list on,
                  int location)
{
    struct column_set columns = {0};
    struct member *owner, *below;
    struct group *joined;

    for (uint32_t i = 0; i < on.n; i++)
        exprs_columns(on.at[i], &columns);
    column_set_leave(&columns, &right->columns);
    owner = owner_of(*group, &columns);
    if (owner == NULL) {
        *group = joins_outer(binder, PLAN_JOIN_LEFT, *group, right, on, location);
        return;
    }
    below = arena_alloc(binder->arena, sizeof(*below));
    *below = *owner;
    joined = joins_outer(binder, PLAN_JOIN_LEFT, group_of(binder, below), right, on, location);
    *owner = *(const struct member *)joined->members.at[0];
    column_set_join(&(*group)->columns, &right->columns);
}

/* ---- conditions ---- */

/* What every arm of an OR holds holds for the whole: a join key may be among it. */
static void add_common_parts(struct binder *binder, struct group *group, const struct expr * or)
{
    struct list first = {0};

    exprs_conjuncts(&first, binder->arena, or->args[0]);
    for (uint32_t i = 0; i < first.n; i++) {
        bool in_all = exprs_is_equality(first.at[i]);

        for (uint16_t k = 1; k < or->args_n && in_all; k++) {
            struct list arm = {0};
            bool in_arm = false;

            exprs_conjuncts(&arm, binder->arena, or->args[k]);
            for (uint32_t j = 0; j < arm.n; j++)
                in_arm = in_arm || expr_same(arm.at[j], first.at[i]);
            in_all = in_arm;
        }
        if (in_all)
            list_add(&group->conditions, binder->arena, first.at[i]);
    }
}

void joins_condition(struct binder *binder, struct group *group, struct expr *condition)
{
    struct list parts = {0};

    exprs_conjuncts(&parts, binder->arena, condition);
    for (uint32_t i = 0; i < parts.n; i++) {
        const struct expr *part = parts.at[i];

        if (part->kind == EXPR_OR)
            add_common_parts(binder, group, part);
        list_add(&group->conditions, binder->arena, part);
    }
}

/* ---- LEFT joins that are inner ones ---- */

/* The expression is NULL when all the columns are. */
static bool is_strict(const struct expr *expr, const struct column_set *columns)
{
    if (expr->kind == EXPR_COLUMN)
        return expr->column < COLUMNS_MAX && column_set_has(columns, expr->column);
    if (expr->kind == EXPR_NOT)
        return is_strict(expr->args[0], columns);
    if (expr->kind != EXPR_CALL || expr->function->not_strict)
        return false;
    for (uint16_t i = 0; i < expr->args_n; i++)
        if (is_strict(expr->args[i], columns))
            return true;
    return false;
}

/* The condition is not true when all the columns are NULL. */
static bool rejects_nulls(const struct expr *expr, const struct column_set *columns)
{
    bool all = expr->kind == EXPR_OR;

    if (expr->kind == EXPR_AND || expr->kind == EXPR_OR) {
        for (uint16_t i = 0; i < expr->args_n; i++)
            if (rejects_nulls(expr->args[i], columns) != all)
                return !all;
        return all;
    }
    if (expr->kind == EXPR_NOT && expr->args[0]->kind == EXPR_IS_NULL)
        return is_strict(expr->args[0]->args[0], columns);
    return is_strict(expr, columns);
}

static bool is_inner_in_truth(const struct group *group, const struct member *member)
{
    if (member->kind != MEMBER_OUTER || member->join != PLAN_JOIN_LEFT)
        return false;
    for (uint32_t i = 0; i < group->conditions.n; i++)
        if (rejects_nulls(group->conditions.at[i], &member->right->columns))
            return true;
    return false;
}

/* Puts the parts of such a member in its place, over and over. */
static void dissolve(struct binder *binder, struct group *group)
{
    for (uint32_t i = 0; i < group->members.n; i++) {
        struct member *member = group->members.at[i];
        struct group *parts;

        if (!is_inner_in_truth(group, member))
            continue;
        parts = joins_inner(binder, member->left, member->right);
        group->members.at[i] = parts->members.at[0];
        for (uint32_t k = 1; k < parts->members.n; k++)
            list_add(&group->members, binder->arena, parts->members.at[k]);
        for (uint32_t k = 0; k < parts->conditions.n; k++)
            list_add(&group->conditions, binder->arena, parts->conditions.at[k]);
        for (uint32_t k = 0; k < member->on.n; k++)
            list_add(&group->conditions, binder->arena, member->on.at[k]);
        i = UINT32_MAX; /* from the start: new conditions may dissolve others */
    }
}

/* ---- conditions sink ---- */

/* A condition over one member: into the preserved side of a LEFT join or below functions, else on
 * top of the member. */
static void sink_into_member(struct binder *binder, struct member *member, struct expr *condition,
                             const struct column_set *columns)
{
    bool keeps_left = member->kind == MEMBER_EXPAND ||
                      (member->kind == MEMBER_OUTER && member->join == PLAN_JOIN_LEFT);

    if (keeps_left && column_set_within(columns, &member->left->columns))
        list_add(&member->left->conditions, binder->arena, condition);
    else
        list_add(&member->filters, binder->arena, condition);
}

/* ON conditions of a LEFT join over the right side alone choose among its rows: they sink into
 * it. */
static void sink_on(struct binder *binder, struct member *member)
{
    struct list stay = {0};

    for (uint32_t i = 0; i < member->on.n; i++) {
        struct expr *condition = member->on.at[i];
        struct column_set columns = joins_columns_of(condition);

        if (member->join == PLAN_JOIN_LEFT && !column_set_empty(&columns) &&
            column_set_within(&columns, &member->right->columns))
            list_add(&member->right->conditions, binder->arena, condition);
        else
            list_add(&stay, binder->arena, condition);
    }
    member->on = stay;
}

/* Conditions that read no column go first into every member: rows that they rule out raise no error
 * of another. */
static void sink_constants(struct binder *binder, struct group *group)
{
    struct list stay = {0};

    for (uint32_t i = 0; i < group->conditions.n; i++) {
        struct expr *condition = group->conditions.at[i];
        struct column_set columns = joins_columns_of(condition);

        if (!column_set_empty(&columns)) {
            list_add(&stay, binder->arena, condition);
            continue;
        }
        if (group->members.n == 0)
            list_add(&group->tops, binder->arena, condition);
        for (uint32_t k = 0; k < group->members.n; k++)
            sink_into_member(binder, group->members.at[k], condition, &columns);
    }
    group->conditions = stay;
}

static void sink_conditions(struct binder *binder, struct group *group)
{
    struct list stay = {0};

    for (uint32_t i = 0; i < group->conditions.n; i++) {
        struct expr *condition = group->conditions.at[i];
        struct column_set columns = joins_columns_of(condition);
        struct member *owner = owner_of(group, &columns);

        if (owner != NULL)
            sink_into_member(binder, owner, condition, &columns);
        else
            list_add(&stay, binder->arena, condition);
    }
    group->conditions = stay;
}

void joins_sink(struct binder *binder, struct group *group)
{
    dissolve(binder, group);
    sink_constants(binder, group);
    sink_conditions(binder, group);
    for (uint32_t i = 0; i < group->members.n; i++) {
        struct member *member = group->members.at[i];

        assert(member != NULL);
        if (member->kind == MEMBER_OUTER)
            sink_on(binder, member);
        if (member->kind != MEMBER_TABLE)
            joins_sink(binder, member->left);
        if (member->kind == MEMBER_OUTER)
            joins_sink(binder, member->right);
    }
}

/* ---- join keys ---- */

/* One pair of join keys; both NULL: none. */
struct key_pair {
    struct expr *left, *right;
    bool null_safe;
};

/* The two sides of `a = b` or `a IS NOT DISTINCT FROM b`; NULL: another. */
static struct expr **equal_sides(const struct expr *condition, bool *ret_null_safe)
{
    *ret_null_safe = condition->kind == EXPR_NOT && condition->args[0]->kind == EXPR_DISTINCT;
    if (*ret_null_safe)
        return condition->args[0]->args;
    return exprs_is_equality(condition) ? condition->args : NULL;
}

/* An equality with one side over `left` and the other over `right`: the two as values of one
 * type. */
static bool as_key(struct binder *binder, const struct expr *condition,
                   const struct column_set *left, const struct column_set *right,
                   struct key_pair *ret)
{
    struct column_set first, second;
    struct expr **sides;
    bool swapped;

    *ret = (struct key_pair){0};
    sides = equal_sides(condition, &ret->null_safe);
    if (sides == NULL)
        return true;
    first = joins_columns_of(sides[0]);
    second = joins_columns_of(sides[1]);
    if (column_set_empty(&first) || column_set_empty(&second))
        return true;
    swapped = column_set_within(&first, right) && column_set_within(&second, left);
    if (!swapped && !(column_set_within(&first, left) && column_set_within(&second, right)))
        return true;
    ret->left = sides[swapped];
    ret->right = sides[!swapped];
    return bind_same_type(binder, &ret->left, &ret->right, condition->location);
}

static void add_key(struct binder *binder, struct step *step, const struct key_pair *pair)
{
    if (pair->null_safe)
        step->null_safe |= UINT64_C(1) << step->left_keys.n;
    list_add(&step->left_keys, binder->arena, pair->left);
    list_add(&step->right_keys, binder->arena, pair->right);
}

/* Takes the conditions that join `right` to `left` out of the list: keys, and what can be tested
 * once both are there. */
static bool take_conditions(struct binder *binder, struct list *conditions,
                            const struct column_set *left, const struct column_set *right,
                            struct step *step)
{
    struct column_set both = *left;
    struct list stay = {0};

    column_set_join(&both, right);
    for (uint32_t i = 0; i < conditions->n; i++) {
        struct expr *condition = conditions->at[i];
        struct column_set columns = joins_columns_of(condition);
        struct key_pair pair;

        if (!as_key(binder, condition, left, right, &pair))
            return false;
        if (pair.left != NULL && (!pair.null_safe || step->left_keys.n < 64))
            add_key(binder, step, &pair);
        else if (column_set_within(&columns, &both))
            list_add(&step->filters, binder->arena, condition);
        else
            list_add(&stay, binder->arena, condition);
    }
    *conditions = stay;
    return true;
}

/* The condition reads both: joining by it leaves fewer rows than all pairs. */
static bool connects(const struct expr *condition, const struct column_set *have,
                     const struct member *member)
{
    struct column_set columns = joins_columns_of(condition), both = *have;

    column_set_join(&both, &member->columns);
    return column_set_meets(&columns, &member->columns) && column_set_within(&columns, &both);
}

/* A member not yet joined that an equality connects with the joined ones, else one that another
 * condition does, else any; of each the first written. */
static bool next_member(struct binder *binder, const struct group *group, const bool *joined,
                        const struct column_set *have, uint32_t *ret)
{
    uint32_t connected = UINT32_MAX, any = UINT32_MAX;

    for (uint32_t i = 0; i < group->members.n; i++) {
        const struct member *member = group->members.at[i];

        for (uint32_t j = 0; j < group->conditions.n && !joined[i]; j++) {
            struct key_pair pair;

            if (!as_key(binder, group->conditions.at[j], have, &member->columns, &pair))
                return false;
            if (pair.left != NULL) {
                *ret = i;
                return true;
            }
            if (connected == UINT32_MAX && connects(group->conditions.at[j], have, member))
                connected = i;
        }
        if (!joined[i] && any == UINT32_MAX)
            any = i;
    }
    *ret = connected != UINT32_MAX ? connected : any;
    return true;
}

bool joins_steps(struct binder *binder, struct group *group, struct step *steps)
{
    bool *joined = arena_zalloc(binder->arena, group->members.n);
    struct column_set have;

    steps[0].member = group->members.at[0];
    joined[0] = true;
    have = steps[0].member->columns;
    for (uint32_t i = 1; i < group->members.n; i++) {
        uint32_t next = 0;

        if (!next_member(binder, group, joined, &have, &next))
            return false;
        joined[next] = true;
        steps[i].member = group->members.at[next];
        if (!take_conditions(binder, &group->conditions, &have, &steps[i].member->columns,
                             &steps[i]))
            return false;
        column_set_join(&have, &steps[i].member->columns);
    }
    if (group->conditions.n > 0)
        return ast_refuse(&binder->ast, ((const struct expr *)group->conditions.at[0])->location,
                          "this condition reads a table outside its join; write it in WHERE");
    return true;
}

/* A condition of ON over the left side alone: a key that is TRUE on the right. */
static void take_left_condition(struct binder *binder, struct expr *condition, struct step *step)
{
    struct key_pair pair = {condition, exprs_bool(binder->arena, true, condition->location), false};

    if (!exprs_is_true(condition))
        add_key(binder, step, &pair);
}

/* PostgreSQL's own refusal. */
static bool check_full(struct binder *binder, const struct list *filters)
{
    for (uint32_t i = 0; i < filters->n; i++) {
        const struct expr *filter = filters->at[i];
        struct column_set columns = joins_columns_of(filter);

        if (!column_set_empty(&columns))
            return ast_refuse(&binder->ast, filter->location,
                              "FULL JOIN is only supported with an equality between both sides in "
                              "ON");
    }
    return true;
}

bool joins_outer_step(struct binder *binder, struct member *member, struct step *step)
{
    struct list rest = {0};

    if (!take_conditions(binder, &member->on, &member->left->columns, &member->right->columns,
                         step))
        return false;
    if (member->on.n > 0)
        return ast_refuse(&binder->ast, ((const struct expr *)member->on.at[0])->location,
                          "ON of an outer join can't read a table outside that join");
    rest = step->filters;
    step->filters = (struct list){0};
    for (uint32_t i = 0; i < rest.n; i++) {
        struct expr *condition = rest.at[i];
        struct column_set columns = joins_columns_of(condition);

        if (member->join == PLAN_JOIN_LEFT && column_set_within(&columns, &member->left->columns))
            take_left_condition(binder, condition, step);
        else if (!exprs_is_true(condition))
            list_add(&step->filters, binder->arena, condition);
    }
    return member->join != PLAN_JOIN_FULL || step->left_keys.n > 0 ||
           check_full(binder, &step->filters);
}
