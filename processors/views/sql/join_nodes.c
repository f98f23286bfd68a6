/*
 * The nodes of a FROM clause: each group a chain of joins, above each only the columns that are
 * still needed, so that joins store narrow rows.
 */
#include "sql/joins.h"

/* What the walk needs everywhere. */
struct walk {
    struct binder *binder;
    const struct from *from;
};

static bool emit_group(struct walk *walk, struct group *group, const struct column_set *need,
                       bool alone, struct emitted *ret);

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

static int16_t *no_columns(const struct walk *walk)
{
    int16_t *at = arena_alloc(walk->binder->arena, COLUMNS_MAX * sizeof(*at));

    for (int i = 0; i < COLUMNS_MAX; i++)
        at[i] = -1;
    return at;
}

/* All of the list over the node's row; NULL: none. */
static const struct expr *moved_all(struct walk *walk, const struct list *conditions,
                                    const int16_t *at)
{
    struct arena *arena = walk->binder->arena;

    if (conditions->n == 0)
        return NULL;
    return exprs_move(arena,
                      exprs_junction(arena, EXPR_AND, conditions,
                                     ((const struct expr *)conditions->at[0])->location),
                      at);
}

static void emit_filters(struct walk *walk, const struct list *filters, struct emitted *emitted)
{
    const struct expr *predicate = moved_all(walk, filters, emitted->at);

    if (predicate != NULL)
        emitted->node = nodes_filter(&walk->binder->nodes, emitted->node, predicate);
}

/* Drops the columns that nothing above needs, but for one: rows have to be counted. */
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
    if (n == 0 && schema->columns_n > 0)
        kept[n++] = 0;
    if (n == schema->columns_n)
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

/* Where the block's columns lie in the joined row. */
static int16_t *joined_places(const struct walk *walk, const struct emitted *left,
                              const struct emitted *right)
{
    uint16_t left_n = nodes_at(&walk->binder->nodes, left->node)->schema.columns_n;
    int16_t *at = no_columns(walk);

    for (uint16_t i = 0; i < walk->from->columns_n; i++) {
        if (left->at[i] >= 0)
            at[i] = left->at[i];
        else if (right->at[i] >= 0)
            at[i] = (int16_t)(left_n + right->at[i]);
    }
    return at;
}

/* Joins two nodes: `left` becomes the result. Without keys, and in an outer join, the filters are
 * the join's own predicate. */
static bool emit_join(struct walk *walk, enum plan_join_kind join, const struct step *step,
                      struct emitted *left, const struct emitted *right)
{
    struct nodes *nodes = &walk->binder->nodes;
    int16_t *at = joined_places(walk, left, right);
    bool own = join != PLAN_JOIN_INNER || step->left_keys.n == 0;
    struct join_keys keys = {.left = moved_keys(walk, &step->left_keys, left->at),
                             .right = moved_keys(walk, &step->right_keys, right->at),
                             .n = (uint16_t)step->left_keys.n,
                             .null_safe = step->null_safe,
                             .predicate = own ? moved_all(walk, &step->filters, at) : NULL};

    if (nodes_at(nodes, left->node)->schema.columns_n +
            nodes_at(nodes, right->node)->schema.columns_n >
        COLUMNS_MAX)
        return ast_refuse(&walk->binder->ast, step->member->location,
                          "a join of more than %d columns", COLUMNS_MAX);
    left->node = nodes_join(nodes, join, left->node, right->node, keys);
    left->at = at;
    if (!own)
        emit_filters(walk, &step->filters, left);
    return true;
}

static bool emit_outer_join(struct walk *walk, struct member *member, const struct column_set *need,
                            struct emitted *ret)
{
    struct step step = {.member = member};
    struct emitted right = {0};

    if (!joins_outer_step(walk->binder, member, &step))
        return false;
    step.need = need_of_step(&step, need);
    add_columns(&step.need, &member->filters);
    return emit_group(walk, member->left, &step.need, false, ret) &&
           emit_group(walk, member->right, &step.need, false, &right) &&
           emit_join(walk, member->join, &step, ret, &right);
}

static const struct plan_rows *moved_rows(struct walk *walk, const struct member *member,
                                          const int16_t *at)
{
    struct arena *arena = walk->binder->arena;
    struct plan_rows *rows = arena_alloc(arena, (member->rows_n + 1U) * sizeof(*rows));

    for (uint16_t i = 0; i < member->rows_n; i++) {
        const struct expr **args =
            arena_alloc(arena, (member->rows[i].args_n + 1U) * sizeof(struct expr *));

        for (uint16_t k = 0; k < member->rows[i].args_n; k++)
            args[k] = exprs_move(arena, member->rows[i].args[k], at);
        rows[i] = member->rows[i];
        rows[i].args = args;
    }
    return rows;
}

static bool emit_expand(struct walk *walk, struct member *member, const struct column_set *need,
                        struct emitted *ret)
{
    struct nodes *nodes = &walk->binder->nodes;
    struct column_set below = *need;
    uint16_t first;

    for (uint16_t i = 0; i < member->rows_n; i++)
        for (uint16_t k = 0; k < member->rows[i].args_n; k++)
            exprs_columns(member->rows[i].args[k], &below);
    add_columns(&below, &member->filters);
    if (!emit_group(walk, member->left, &below, false, ret))
        return false;
    first = nodes_at(nodes, ret->node)->schema.columns_n;
    if (first + member->n > COLUMNS_MAX)
        return ast_refuse(&walk->binder->ast, member->location, "a join of more than %d columns",
                          COLUMNS_MAX);
    ret->node = nodes_expand(nodes, ret->node, moved_rows(walk, member, ret->at), member->rows_n,
                             member->names, member->outer);
    for (uint16_t i = 0; i < member->n; i++)
        ret->at[member->at[i]] = (int16_t)(first + i);
    return true;
}

/* `alone`: nothing is joined with it, so nothing is gained by dropping columns. */
static bool emit_member(struct walk *walk, struct member *member, const struct column_set *need,
                        bool alone, struct emitted *ret)
{
    bool ok = true;

    switch (member->kind) {
    case MEMBER_OUTER:
        ok = emit_outer_join(walk, member, need, ret);
        break;
    case MEMBER_EXPAND:
        ok = emit_expand(walk, member, need, ret);
        break;
    case MEMBER_TABLE:
        ret->node = member->node;
        ret->at = no_columns(walk);
        for (uint16_t i = 0; i < member->n; i++)
            ret->at[member->at[i]] = (int16_t)i;
        break;
    }
    if (!ok)
        return false;
    emit_filters(walk, &member->filters, ret);
    if (!alone)
        prune(walk, need, ret);
    return true;
}

static bool emit_chain(struct walk *walk, struct group *group, struct step *steps, bool alone,
                       struct emitted *ret)
{
    if (!emit_member(walk, steps[0].member, &steps[0].need, alone && group->members.n == 1, ret))
        return false;
    for (uint32_t i = 1; i < group->members.n; i++) {
        struct emitted right = {0};

        if (!emit_member(walk, steps[i].member, &steps[i].need, false, &right))
            return false;
        prune(walk, &steps[i].need, ret);
        if (!emit_join(walk, PLAN_JOIN_INNER, &steps[i], ret, &right))
            return false;
    }
    return true;
}

static bool emit_group(struct walk *walk, struct group *group, const struct column_set *need,
                       bool alone, struct emitted *ret)
{
    struct step *steps = arena_zalloc(walk->binder->arena, (group->members.n + 1) * sizeof(*steps));
    struct column_set above = *need;

    if (group->members.n == 0) {
        ret->node = nodes_one_row(&walk->binder->nodes);
        ret->at = no_columns(walk);
    } else {
        if (!joins_steps(walk->binder, group, steps))
            return false;
        for (uint32_t i = group->members.n; i-- > 1;)
            above = steps[i].need = need_of_step(&steps[i], &above);
        steps[0].need = above;
        if (!emit_chain(walk, group, steps, alone, ret))
            return false;
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

    joins_gather(binder, from->group);
    joins_sink(binder, from->group);
    if (!emit_group(&walk, from->group, need, true, &emitted))
        return false;
    *ret_node = emitted.node;
    *ret_at = emitted.at;
    return true;
}
