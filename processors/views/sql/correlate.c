/*
 * A block that names columns of the query around it gives its answer for each of their values. Where
 * WHERE says that they equal something of its own rows, the answer is grouped by that; else their
 * values are joined in (domain.c) and the answer is grouped by these. Either way the query around
 * finds its answer by equality.
 */
#include "sql/block.h"

#include "sql/joins.h"
#include "sql/subquery.h"

static struct target *target_at(const struct block *block, uint32_t i)
{
    return block->targets.at[i];
}

static bool is_whole_group(const struct block *block)
{
    return block->select->n_group_clause == 0 &&
           (block->aggregates.n > 0 || block->select->having_clause != NULL);
}

/* ---- over no rows ---- */

/* What the expression over aggregates is where there are no rows; NULL: it depends on more. */
static struct expr *empty_value(const struct block *block, const struct expr *expr)
{
    struct arena *arena = block->binder->arena;
    struct expr *copy;

    if (expr->kind == EXPR_COLUMN) {
        const struct aggregate_call *call;

        if (expr->column < AGGREGATE_COLUMN || expr->column >= BESIDE_COLUMN)
            return NULL;
        call = block->aggregates.at[expr->column - AGGREGATE_COLUMN];
        copy = exprs_null(arena, expr->type, expr->location);
        if (call->aggregate != NULL && aggregate_counts(call->aggregate))
            copy->constant = (struct value){0};
        return call->grouping ? NULL : copy;
    }
    copy = exprs_new(arena, expr->kind, expr->type.id, expr->args_n, expr->location);
    copy->type = expr->type;
    copy->constant = expr->constant;
    copy->function = expr->function;
    for (uint16_t i = 0; i < expr->args_n; i++)
        if ((copy->args[i] = empty_value(block, expr->args[i])) == NULL)
            return NULL;
    return copy;
}

struct expr **correlate_empty(struct block *block)
{
    struct expr **empty =
        arena_alloc(block->binder->arena, (block->targets.n + 1) * sizeof(struct expr *));

    if (block->having != NULL || block->limited || block->distinct_on || block->windows.n > 0)
        return NULL;
    for (uint32_t i = 0; i < block->visible_n; i++)
        if ((empty[i] = empty_value(block, target_at(block, i)->expr)) == NULL)
            return NULL;
    return empty;
}

/* ---- what WHERE says ---- */

/* The parts of a condition that make it a key of the correlation. */
struct key {
    struct expr *outer, *inner; /* over params, and over the block's own columns */
    bool null_safe;
};

/* Only params; only own columns, or none at all. */
static bool splits(const struct expr *outer, const struct expr *inner,
                   const struct column_set *params)
{
    struct column_set first = joins_columns_of(outer), second = joins_columns_of(inner);

    return !column_set_empty(&first) && column_set_within(&first, params) &&
           !column_set_meets(&second, params);
}

/* The condition as a key; `outer` NULL: it is none. */
static bool as_key(struct block *block, struct expr *condition, const struct column_set *params,
                   struct key *ret)
{
    struct column_set columns = joins_columns_of(condition);
    bool null_safe = condition->kind == EXPR_NOT && condition->args[0]->kind == EXPR_DISTINCT;
    struct expr **sides = null_safe                      ? condition->args[0]->args
                          : exprs_is_equality(condition) ? condition->args
                                                         : NULL;
    *ret = (struct key){.null_safe = null_safe};
    for (int side = 0; side < 2 && sides != NULL && ret->outer == NULL; side++)
        if (splits(sides[side], sides[1 - side], params)) {
            ret->outer = sides[side];
            ret->inner = sides[1 - side];
        }
    if (ret->outer != NULL)
        return bind_same_type(block->binder, &ret->outer, &ret->inner, condition->location);
    if (!column_set_empty(&columns) && column_set_within(&columns, params)) {
        ret->outer = condition;
        ret->inner = exprs_bool(block->binder->arena, true, condition->location);
        ret->null_safe = false;
    }
    return true;
}

/* Sorts the conditions of WHERE into keys (struct key *) and others. */
static bool sort_conditions(struct block *block, const struct column_set *params, struct list *keys,
                            struct list *others)
{
    struct arena *arena = block->binder->arena;
    const struct list *conditions = &block->from.group->conditions;

    for (uint32_t i = 0; i < conditions->n; i++) {
        struct key *key = arena_alloc(arena, sizeof(*key));

        if (!as_key(block, conditions->at[i], params, key))
            return false;
        if (key->outer != NULL)
            list_add(keys, arena, key);
        else
            list_add(others, arena, conditions->at[i]);
    }
    return true;
}

/* ---- what else reads them ---- */

/* The columns that the clauses behind WHERE read. */
static struct column_set read_by_clauses(const struct block *block)
{
    struct column_set set = {0};

    group_need(block, &set);
    window_need(block, &set);
    for (uint32_t i = 0; i < block->targets.n; i++)
        exprs_columns(target_at(block, i)->expr, &set);
    for (uint32_t i = 0; i < block->sorts.n; i++)
        exprs_columns(((const struct sort *)block->sorts.at[i])->expr, &set);
    if (block->having != NULL)
        exprs_columns(block->having, &set);
    beside_need(block, &set);
    rows_need(block, &set);
    return set;
}

static bool is_read_elsewhere(const struct block *block, const struct column_set *params,
                              const struct list *others)
{
    struct column_set set = read_by_clauses(block);

    for (uint32_t i = 0; i < others->n; i++)
        exprs_columns(others->at[i], &set);
    return column_set_meets(&set, params) || joins_read(block->from.group, params, false);
}

/* The expression over params as one over the row of the query around. */
static struct expr *as_outer(const struct block *block, const struct expr *expr)
{
    struct expr **by = arena_zalloc(block->binder->arena, COLUMNS_MAX * sizeof(struct expr *));

    for (uint32_t i = 0; i < block->from.params.n; i++) {
        const struct param *param = block->from.params.at[i];

        by[param->column] = param->outer;
    }
    return exprs_substitute(block->binder->arena, expr, by);
}

/* ---- what may raise, of params alone ---- */

/* All its arguments are computed, whatever they are. */
static bool computes_all(const struct expr *expr)
{
    return expr->kind == EXPR_CALL || expr->kind == EXPR_NOT || expr->kind == EXPR_IS_NULL ||
           expr->kind == EXPR_DISTINCT;
}

/* The largest parts of the expression that are over params alone and may raise become params
 * themselves: the row around computes them, and only where it reads the answer. */
static bool lift(struct block *block, const struct column_set *params, struct expr **expr)
{
    struct arena *arena = block->binder->arena;
    struct column_set columns = joins_columns_of(*expr);
    struct expr *copy;

    if (!column_set_meets(&columns, params) || !subquery_may_raise(*expr))
        return true;
    if (column_set_within(&columns, params)) {
        *expr = outer_value(block->binder, &block->from, as_outer(block, *expr), (*expr)->location);
        return *expr != NULL;
    }
    if (!computes_all(*expr))
        return true;
    copy = arena_alloc(arena, sizeof(*copy));
    *copy = **expr;
    copy->args = arena_alloc(arena, (copy->args_n + 1U) * sizeof(struct expr *));
    for (uint16_t i = 0; i < copy->args_n; i++) {
        copy->args[i] = (*expr)->args[i];
        if (!lift(block, params, &copy->args[i]))
            return false;
    }
    *expr = copy;
    return true;
}

/* Params that nothing reads any more would only make the domain larger. */
static void drop_unread_params(struct block *block)
{
    struct column_set set = read_by_clauses(block);
    struct list read = {0};

    for (uint32_t i = 0; i < block->from.params.n; i++) {
        const struct param *param = block->from.params.at[i];
        struct column_set one = {0};

        column_set_add(&one, param->column);
        if (column_set_has(&set, param->column) || joins_read(block->from.group, &one, true))
            list_add(&read, block->binder->arena, block->from.params.at[i]);
    }
    block->from.params = read;
}

static bool lift_conditions(struct block *block)
{
    struct list *conditions = &block->from.group->conditions;
    struct column_set params = outer_columns(&block->from);
    uint32_t before = block->from.params.n;

    for (uint32_t i = 0; i < conditions->n; i++) {
        struct expr *condition = conditions->at[i];

        if (!lift(block, &params, &condition))
            return false;
        conditions->at[i] = condition;
    }
    if (block->from.params.n > before)
        drop_unread_params(block);
    return true;
}

/* ---- keys become columns ---- */

static bool add_key(struct block *block, struct expr *outer, struct expr *inner, bool null_safe)
{
    struct arena *arena = block->binder->arena;
    struct correlation *correlation = arena_alloc(arena, sizeof(*correlation));

    if (!bind_comparable(block->binder, inner, "a subquery that names it"))
        return false;
    *correlation = (struct correlation){outer, (uint16_t)block->targets.n, null_safe};
    list_add(&block->keys, arena, inner);
    list_add(&block->correlations, arena, correlation);
    return block_add_target(block, arena_printf(arena, "key%u", block->keys.n), inner);
}

/* Groups, windows, DISTINCT ON: all for each value of the keys. */
static void add_to_groups(struct block *block)
{
    for (uint32_t i = 0; i < block->keys.n; i++) {
        list_add(&block->groups, block->binder->arena, block->keys.at[i]);
        for (uint32_t s = 0; s < block->sets.n; s++)
            column_set_add(block->sets.at[s], block->groups.n - 1);
        block->written_n++;
    }
}

static void add_to_windows(struct block *block)
{
    struct arena *arena = block->binder->arena;

    for (uint32_t i = 0; i < block->windows.n; i++) {
        struct window_call *call = block->windows.at[i];
        struct expr **partition =
            arena_alloc(arena, (call->partition_n + block->keys.n + 1) * sizeof(struct expr *));

        if (call->partition_n > 0)
            memcpy(partition, call->partition, call->partition_n * sizeof(struct expr *));
        for (uint32_t k = 0; k < block->keys.n; k++)
            partition[call->partition_n++] = block->keys.at[k];
        call->partition = partition;
    }
}

static void add_to_distinct_on(struct block *block)
{
    struct arena *arena = block->binder->arena;
    struct list sorts = {0};

    for (uint32_t i = 0; i < block->keys.n; i++) {
        struct sort *sort = arena_zalloc(arena, sizeof(*sort));

        sort->expr = block->keys.at[i];
        sort->target = (int)(block->targets.n - block->keys.n + i);
        list_add(&sorts, arena, sort);
    }
    for (uint32_t i = 0; i < block->sorts.n; i++)
        list_add(&sorts, arena, block->sorts.at[i]);
    block->sorts = sorts;
    block->distinct_on_n = (uint16_t)(block->distinct_on_n + block->keys.n);
}

static bool by_equality(struct block *block, const struct list *keys, struct list others)
{
    block->from.group->conditions = others;
    for (uint32_t i = 0; i < keys->n; i++) {
        const struct key *key = keys->at[i];

        if (!add_key(block, as_outer(block, key->outer), key->inner, key->null_safe))
            return false;
    }
    return true;
}

/* Every column of the domain is a key: what is a param already, and the exact forms behind it. */
static bool add_domain_keys(struct block *block, const struct list *exprs, uint16_t *at)
{
    struct from *from = &block->from;

    for (uint32_t i = 0; i < exprs->n; i++) {
        struct expr *outer = exprs->at[i];

        if (i < from->params.n) {
            at[i] = ((const struct param *)from->params.at[i])->column;
        } else {
            at[i] = from->columns_n++;
            from->columns[at[i]] = (struct column){"outer", outer->type, false};
        }
        if (!add_key(block, outer,
                     exprs_column(block->binder->arena, at[i], outer->type, outer->location), true))
            return false;
    }
    return true;
}

static bool by_domain(struct block *block)
{
    struct binder *binder = block->binder;
    struct from *from = &block->from;
    struct list exprs = {0};
    int location = ast_location(block->select);
    uint16_t *at;

    for (uint32_t i = 0; i < from->params.n; i++)
        list_add(&exprs, binder->arena, ((const struct param *)from->params.at[i])->outer);
    domain_add_forms(binder, &exprs);
    if (exprs.n >= 64 || from->columns_n + exprs.n > COLUMNS_MAX)
        return ast_refuse(&binder->ast, location,
                          "a subquery that names too many columns of the query around it: 63, "
                          "counting numbers, intervals, char and documents twice");
    at = arena_alloc(binder->arena, exprs.n * sizeof(*at));
    return add_domain_keys(block, &exprs, at) &&
           domain_plan(from->outer, &exprs, location, &block->domain) &&
           domain_place(binder, from, from->group,
                        joins_table(binder, block->domain, at, (uint16_t)exprs.n, location));
}

/* One of the grouping sets has a row over nothing too. */
static bool has_empty_set(const struct block *block)
{
    for (uint32_t i = 0; i < block->sets.n; i++)
        if (column_set_empty(block->sets.at[i]))
            return true;
    return false;
}

bool correlate(struct block *block)
{
    bool grouped = block->select->n_group_clause > 0 || is_whole_group(block);
    struct list keys = {0}, others = {0};
    struct column_set params;

    block->always = is_whole_group(block);
    if (block->from.params.n == 0)
        return true;
    if (!block->whole_domain && !lift_conditions(block))
        return false;
    params = outer_columns(&block->from);
    block->fill = has_empty_set(block) ||
                  (block->always && (!block->around.fills || correlate_empty(block) == NULL));
    if (!sort_conditions(block, &params, &keys, &others))
        return false;
    if (block->always && !block->fill)
        block->empty = correlate_empty(block);
    if (block->fill || block->whole_domain || is_read_elsewhere(block, &params, &others)) {
        if (!by_domain(block))
            return false;
    } else if (!by_equality(block, &keys, others)) {
        return false;
    }
    if (grouped)
        add_to_groups(block);
    add_to_windows(block);
    if (block->distinct_on)
        add_to_distinct_on(block);
    return true;
}

uint32_t correlate_fill(struct block *block, uint32_t node, const struct group_parts *parts)
{
    struct nodes *nodes = &block->binder->nodes;
    struct arena *arena = block->binder->arena;
    const struct schema *shape = &nodes_at(nodes, node)->schema;
    uint16_t n = parts->exprs_n;
    struct join_keys keys = {.left = arena_alloc(arena, (n + 1U) * sizeof(void *)),
                             .right = arena_alloc(arena, (n + 1U) * sizeof(void *)),
                             .n = n,
                             .null_safe = (UINT64_C(1) << n) - 1};
    struct expr **exprs = arena_alloc(arena, shape->columns_n * sizeof(struct expr *));
    const char **names = arena_alloc(arena, shape->columns_n * sizeof(*names));

    for (uint16_t i = 0; i < shape->columns_n; i++) {
        struct type type = shape->columns[i].type;

        names[i] = shape->columns[i].name;
        exprs[i] = exprs_column(arena, (uint16_t)(i < n ? i : n + i), type, -1);
        if (i < n) {
            keys.left[i] = keys.right[i] = exprs[i];
        } else if (aggregate_counts(parts->aggregates[i - n].aggregate)) {
            struct expr *either = exprs_new(arena, EXPR_COALESCE, type.id, 2, -1);

            either->args[0] = exprs[i];
            either->args[1] = exprs_new(arena, EXPR_CONST, type.id, 0, -1);
            exprs[i] = either;
        }
    }
    node = nodes_join(nodes, PLAN_JOIN_LEFT, block->domain, node, keys);
    return nodes_project(nodes, node, exprs, names, shape->columns_n);
}
