/*
 * The joins of one FROM clause. Inner joins are a bag of members and a bag of conditions, whatever
 * the syntax was; a LEFT join is a member with two bags of its own. Conditions sink as deep as
 * their meaning allows, equalities between members become join keys, and above each join only the
 * columns that are still needed are kept, so that joins store narrow rows.
 */
#include "sql/bind.h"

/* One member: a table, or a LEFT join. */
struct member {
    struct group *left, *right; /* a LEFT join; NULL: a table */
    struct list on;             /* of a LEFT join: what is left for the join itself */
    struct list filters;        /* conditions over this member alone */
    struct column_set columns;  /* of the block's row */
    uint32_t node;              /* a table's */
    uint16_t first, n;          /* a table's columns */
    int location;
};

struct group {
    struct list members;    /* struct member * */
    struct list conditions; /* struct expr * */
    struct list tops;       /* conditions that read no column */
    struct column_set columns;
};

/* One join of the chain that a group becomes. */
struct step {
    struct member *member;
    struct list left_keys, right_keys; /* over the block's row */
    struct list filters;               /* evaluated on the join's result */
    struct column_set need;            /* of the inputs */
};

/* A node and where the block's columns are in it. */
struct emitted {
    uint32_t node;
    int16_t *at;
};

/* What the walk needs everywhere. */
struct walk {
    struct binder *binder;
    const struct from *from;
};

static bool emit_group(struct walk *walk, struct group *group, const struct column_set *need,
                       bool alone, struct emitted *ret);

struct group *joins_leaf(struct binder *binder, uint32_t node, uint16_t first, uint16_t n,
                         int location)
{
    struct group *group = arena_zalloc(binder->arena, sizeof(*group));
    struct member *member = arena_zalloc(binder->arena, sizeof(*member));

    member->node = node;
    member->first = first;
    member->n = n;
    member->location = location;
    for (uint16_t i = 0; i < n; i++)
        column_set_add(&member->columns, (uint32_t)first + i);
    group->columns = member->columns;
    list_add(&group->members, binder->arena, member);
    return group;
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

struct group *joins_left(struct binder *binder, struct group *left, struct group *right,
                         struct list on, int location)
{
    struct group *group = arena_zalloc(binder->arena, sizeof(*group));
    struct member *member = arena_zalloc(binder->arena, sizeof(*member));

    member->left = left;
    member->right = right;
    member->on = on;
    member->location = location;
    member->columns = left->columns;
    column_set_join(&member->columns, &right->columns);
    group->columns = member->columns;
    list_add(&group->members, binder->arena, member);
    return group;
}

void joins_condition(struct binder *binder, struct group *group, struct expr *condition)
{
    exprs_conjuncts(&group->conditions, binder->arena, condition);
}

static struct column_set columns_of(const struct expr *expr)
{
    struct column_set set = {0};

    exprs_columns(expr, &set);
    return set;
}

/* ---- conditions sink ---- */

static void sink_group(struct binder *binder, struct group *group);

/* A condition over one member: into the preserved side of a LEFT join, else on top of the member.
 */
static void sink_into_member(struct binder *binder, struct member *member, struct expr *condition,
                             const struct column_set *columns)
{
    if (member->left != NULL && column_set_within(columns, &member->left->columns))
        list_add(&member->left->conditions, binder->arena, condition);
    else
        list_add(&member->filters, binder->arena, condition);
}

/* ON conditions over the right side alone choose among its rows: they sink into it. */
static void sink_on(struct binder *binder, struct member *member)
{
    struct list stay = {0};

    for (uint32_t i = 0; i < member->on.n; i++) {
        struct expr *condition = member->on.at[i];
        struct column_set columns = columns_of(condition);

        if (!column_set_empty(&columns) && column_set_within(&columns, &member->right->columns))
            list_add(&member->right->conditions, binder->arena, condition);
        else
            list_add(&stay, binder->arena, condition);
    }
    member->on = stay;
    sink_group(binder, member->left);
    sink_group(binder, member->right);
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

static void sink_group(struct binder *binder, struct group *group)
{
    struct list stay = {0};

    for (uint32_t i = 0; i < group->conditions.n; i++) {
        struct expr *condition = group->conditions.at[i];
        struct column_set columns = columns_of(condition);
        struct member *owner = owner_of(group, &columns);

        if (column_set_empty(&columns))
            list_add(&group->tops, binder->arena, condition);
        else if (owner != NULL)
            sink_into_member(binder, owner, condition, &columns);
        else
            list_add(&stay, binder->arena, condition);
    }
    group->conditions = stay;
    for (uint32_t i = 0; i < group->members.n; i++) {
        struct member *member = group->members.at[i];

        assert(member != NULL);
        if (member->left != NULL)
            sink_on(binder, member);
    }
}

/* ---- join keys ---- */

/* One pair of join keys; both NULL: none. */
struct key_pair {
    struct expr *left, *right;
};

/* `a = b` with one side over `left` and the other over `right`: the two as values of one type. */
static bool as_key(struct binder *binder, const struct expr *condition,
                   const struct column_set *left, const struct column_set *right,
                   struct key_pair *ret)
{
    struct column_set first, second;
    bool swapped;

    *ret = (struct key_pair){0};
    if (!exprs_is_equality(condition))
        return true;
    first = columns_of(condition->args[0]);
    second = columns_of(condition->args[1]);
    if (column_set_empty(&first) || column_set_empty(&second))
        return true;
    swapped = column_set_within(&first, right) && column_set_within(&second, left);
    if (!swapped && !(column_set_within(&first, left) && column_set_within(&second, right)))
        return true;
    ret->left = condition->args[swapped];
    ret->right = condition->args[!swapped];
    return bind_same_type(binder, &ret->left, &ret->right, condition->location);
}

static bool refuse_cross(struct binder *binder, const struct member *member)
{
    return ast_refuse(&binder->ast, member->location,
                      "this join has no equality between the two sides; write ON a.x = b.x");
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
        struct column_set columns = columns_of(condition);
        struct key_pair pair;

        if (!as_key(binder, condition, left, right, &pair))
            return false;
        if (pair.left != NULL) {
            list_add(&step->left_keys, binder->arena, pair.left);
            list_add(&step->right_keys, binder->arena, pair.right);
        } else if (column_set_within(&columns, &both)) {
            list_add(&step->filters, binder->arena, condition);
        } else {
            list_add(&stay, binder->arena, condition);
        }
    }
    *conditions = stay;
    return true;
}

/* A member not yet joined that an equality connects with the joined ones, the first written. */
static bool next_member(struct binder *binder, const struct group *group, const bool *joined,
                        const struct column_set *have, uint32_t *ret)
{
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
        }
    }
    for (uint32_t i = 0; i < group->members.n; i++)
        if (!joined[i])
            return refuse_cross(binder, group->members.at[i]);
    return false;
}

/* The chain of joins of a group: steps[0] is the first member alone. */
static bool plan_steps(struct binder *binder, struct group *group, struct step *steps)
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
    return true;
}

static void add_columns(struct column_set *set, const struct list *exprs)
{
    for (uint32_t i = 0; i < exprs->n; i++)
        exprs_columns(exprs->at[i], set);
}

static struct column_set need_of_step(const struct step *step, const struct column_set *above)
{
    struct column_set need = *above;

    add_columns(&need, &step->left_keys);
    add_columns(&need, &step->right_keys);
    add_columns(&need, &step->filters);
    return need;
}

/* ---- nodes ---- */

static int16_t *no_columns(const struct walk *walk)
{
    int16_t *at = arena_alloc(walk->binder->arena, COLUMNS_MAX * sizeof(*at));

    for (int i = 0; i < COLUMNS_MAX; i++)
        at[i] = -1;
    return at;
}

static void emit_filters(struct walk *walk, const struct list *filters, struct emitted *emitted)
{
    struct arena *arena = walk->binder->arena;
    const struct expr *predicate;

    if (filters->n == 0)
        return;
    predicate =
        exprs_junction(arena, EXPR_AND, filters, ((const struct expr *)filters->at[0])->location);
    emitted->node = nodes_filter(&walk->binder->nodes, emitted->node,
                                 exprs_move(arena, predicate, emitted->at));
}

/* Drops the columns that nothing above needs. */
static void prune(struct walk *walk, const struct column_set *need, struct emitted *emitted)
{
    const struct schema *schema = &nodes_at(&walk->binder->nodes, emitted->node)->schema;
    uint16_t *kept = arena_alloc(walk->binder->arena, (schema->columns_n + 1U) * sizeof(*kept));
    int16_t *at = no_columns(walk), *column_at = no_columns(walk);
    uint16_t n = 0;

    for (uint16_t i = 0; i < walk->from->columns_n; i++)
        if (emitted->at[i] >= 0)
            column_at[emitted->at[i]] = (int16_t)i;
    for (uint16_t i = 0; i < schema->columns_n; i++) {
        if (column_at[i] < 0 || !column_set_has(need, (uint32_t)column_at[i]))
            continue;
        at[column_at[i]] = (int16_t)n;
        kept[n++] = i;
    }
    if (n == schema->columns_n || n == 0)
        return;
    emitted->node = nodes_keep(&walk->binder->nodes, emitted->node, kept, n);
    emitted->at = at;
}

static const struct expr **moved_keys(struct walk *walk, const struct list *keys, const int16_t *at)
{
    const struct expr **moved = arena_alloc(walk->binder->arena, (keys->n + 1) * sizeof(void *));

    for (uint32_t i = 0; i < keys->n; i++)
        moved[i] = exprs_move(walk->binder->arena, keys->at[i], at);
    return moved;
}

/* Joins two nodes: `left` becomes the result. */
static void emit_join(struct walk *walk, enum plan_join_kind join, const struct step *step,
                      struct emitted *left, const struct emitted *right)
{
    struct nodes *nodes = &walk->binder->nodes;
    uint16_t left_n = nodes_at(nodes, left->node)->schema.columns_n;
    struct join_keys keys = {moved_keys(walk, &step->left_keys, left->at),
                             moved_keys(walk, &step->right_keys, right->at),
                             (uint16_t)step->left_keys.n};
    int16_t *at = no_columns(walk);

    for (uint16_t i = 0; i < walk->from->columns_n; i++) {
        if (left->at[i] >= 0)
            at[i] = left->at[i];
        else if (right->at[i] >= 0)
            at[i] = (int16_t)(left_n + right->at[i]);
    }
    left->node = nodes_join(nodes, join, left->node, right->node, keys);
    left->at = at;
}

/* A condition of ON over the left side alone: a key that is TRUE on the right. */
static bool take_left_condition(struct binder *binder, struct member *member,
                                struct expr *condition, struct step *step)
{
    struct column_set columns = columns_of(condition);

    if (!column_set_within(&columns, &member->left->columns))
        return ast_refuse(&binder->ast, condition->location,
                          "ON of an outer join holds equalities between the two sides, and "
                          "conditions on one side; write this one in WHERE if you mean that");
    if (exprs_is_true(condition))
        return true;
    list_add(&step->left_keys, binder->arena, condition);
    list_add(&step->right_keys, binder->arena,
             exprs_bool(binder->arena, true, condition->location));
    return true;
}

static bool left_step(struct binder *binder, struct member *member, struct step *step)
{
    struct list rest = {0};

    if (!take_conditions(binder, &member->on, &member->left->columns, &member->right->columns,
                         step))
        return false;
    if (step->left_keys.n == 0)
        return refuse_cross(binder, member);
    rest = step->filters;
    step->filters = (struct list){0};
    for (uint32_t i = 0; i < rest.n; i++)
        if (!take_left_condition(binder, member, rest.at[i], step))
            return false;
    return true;
}

static bool emit_left_join(struct walk *walk, struct member *member, const struct column_set *need,
                           struct emitted *ret)
{
    struct step step = {.member = member};
    struct emitted right = {0};

    if (!left_step(walk->binder, member, &step))
        return false;
    step.need = need_of_step(&step, need);
    add_columns(&step.need, &member->filters);
    if (!emit_group(walk, member->left, &step.need, false, ret) ||
        !emit_group(walk, member->right, &step.need, false, &right))
        return false;
    emit_join(walk, PLAN_JOIN_LEFT, &step, ret, &right);
    return true;
}

/* `alone`: nothing is joined with it, so nothing is gained by dropping columns. */
static bool emit_member(struct walk *walk, struct member *member, const struct column_set *need,
                        bool alone, struct emitted *ret)
{
    if (member->left != NULL) {
        if (!emit_left_join(walk, member, need, ret))
            return false;
    } else {
        ret->node = member->node;
        ret->at = no_columns(walk);
        for (uint16_t i = 0; i < member->n; i++)
            ret->at[member->first + i] = (int16_t)i;
    }
    emit_filters(walk, &member->filters, ret);
    if (!alone)
        prune(walk, need, ret);
    return true;
}

static bool emit_group(struct walk *walk, struct group *group, const struct column_set *need,
                       bool alone, struct emitted *ret)
{
    struct binder *binder = walk->binder;
    struct step *steps = arena_zalloc(binder->arena, group->members.n * sizeof(*steps));
    struct column_set above = *need;

    if (!plan_steps(binder, group, steps))
        return false;
    for (uint32_t i = group->members.n; i-- > 1;)
        above = steps[i].need = need_of_step(&steps[i], &above);
    steps[0].need = above;
    if (!emit_member(walk, steps[0].member, &steps[0].need, alone && group->members.n == 1, ret))
        return false;
    for (uint32_t i = 1; i < group->members.n; i++) {
        struct emitted right = {0};

        if (!emit_member(walk, steps[i].member, &steps[i].need, false, &right))
            return false;
        prune(walk, &steps[i].need, ret);
        emit_join(walk, PLAN_JOIN_INNER, &steps[i], ret, &right);
        emit_filters(walk, &steps[i].filters, ret);
    }
    emit_filters(walk, &group->tops, ret);
    if (!alone)
        prune(walk, need, ret);
    return true;
}

bool joins_plan(struct binder *binder, const struct from *from, const struct column_set *need,
                uint32_t *ret_node, int16_t **ret_at)
{
    struct walk walk = {binder, from};
    struct emitted emitted = {0};

    sink_group(binder, from->group);
    if (!emit_group(&walk, from->group, need, true, &emitted))
        return false;
    *ret_node = emitted.node;
    *ret_at = emitted.at;
    return true;
}
