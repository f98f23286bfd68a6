/*
 * The nodes of a grouped block: one GROUP, or for grouping sets one each over the same rows,
 * brought to one shape (groups, then aggregates), marked with their number and added up.
 */
#include "sql/block.h"

static const struct aggregate_call *call_at(const struct block *block, uint32_t i)
{
    return block->aggregates.at[i];
}

static const struct expr *group_at(const struct block *block, uint32_t i)
{
    return block->groups.at[i];
}

void group_need(const struct block *block, struct column_set *need)
{
    for (uint32_t i = 0; i < block->groups.n; i++)
        exprs_columns(group_at(block, i), need);
    for (uint32_t i = 0; i < block->aggregates.n; i++) {
        const struct aggregate_call *call = call_at(block, i);

        for (uint16_t j = 0; j < call->args_n && !call->grouping; j++)
            exprs_columns(call->args[j], need);
        for (uint16_t j = 0; j < call->order_n; j++)
            exprs_columns(call->order[j].expr, need);
        if (call->filter != NULL)
            exprs_columns(call->filter, need);
    }
}

/* The name of a column of the grouped row: that of the target which is just this column, else
 * `name`. */
static const char *grouped_name(const struct block *block, uint32_t column, const char *name)
{
    for (uint32_t i = 0; i < block->targets.n; i++) {
        const struct target *target = block->targets.at[i];

        if (target->expr->kind == EXPR_COLUMN && target->expr->column == column)
            return target->name;
    }
    return name;
}

static const char *group_name(const struct block *block, uint32_t i)
{
    const struct expr *group = group_at(block, i);

    if (group->kind == EXPR_COLUMN)
        return block->from.columns[group->column].name;
    return grouped_name(block, i, arena_printf(block->binder->arena, "group%u", i + 1));
}

static const char *call_name(const struct block *block, uint32_t i)
{
    const struct aggregate_call *call = call_at(block, i);

    return grouped_name(block, block->groups.n + i,
                        call->grouping ? "grouping" : call->aggregate->name);
}

const struct plan_order *group_order(struct arena *arena, const struct plan_order *order,
                                     uint16_t n, const int16_t *at)
{
    struct plan_order *moved = arena_zalloc(arena, (n + 1U) * sizeof(*moved));

    for (uint16_t i = 0; i < n; i++)
        moved[i] = (struct plan_order){exprs_move(arena, order[i].expr, at), order[i].order};
    return moved;
}

struct plan_aggregate group_aggregate(struct arena *arena, const struct aggregate_call *call,
                                      const int16_t *at)
{
    struct plan_aggregate made = {.aggregate = call->aggregate,
                                  .order = group_order(arena, call->order, call->order_n, at),
                                  .order_n = call->order_n,
                                  .distinct = call->distinct,
                                  .result = call->type};
    const struct expr **more = arena_zalloc(arena, (call->args_n + 1U) * sizeof(void *));

    if (call->args_n > 0) {
        made.arg = exprs_move(arena, call->args[0], at);
        made.more_n = (uint16_t)(call->args_n - 1);
    }
    for (uint16_t i = 1; i < call->args_n; i++)
        more[i - 1] = exprs_move(arena, call->args[i], at);
    made.more = more;
    if (call->filter != NULL)
        made.filter = exprs_move(arena, call->filter, at);
    return made;
}

/* ---- order within aggregates ---- */

/* The columns that are the same in all rows of a group. */
static struct column_set fixed_in_group(const struct block *block, const struct column_set *set,
                                        const int16_t *at)
{
    struct column_set fixed = {0};

    for (uint32_t i = 0; i < block->groups.n; i++) {
        int column = exprs_carried_column(group_at(block, i));

        if (column_set_has(set, i) && column >= 0)
            column_set_add(&fixed, (uint32_t)at[column]);
    }
    return fixed;
}

/* Rows that agree in the columns are one row. */
static bool has_whole_key(const struct plan_node *node, const struct column_set *set)
{
    for (uint16_t i = 0; i < node->schema.key_n; i++)
        if (!column_set_has(set, node->schema.key[i]))
            return false;
    return node->has_key;
}

/* Whether equal order (and group) means equal arguments; `all` of them or the first. */
static bool args_are_fixed(const struct nodes *nodes, uint32_t node,
                           const struct plan_aggregate *aggregate, struct column_set fixed,
                           bool by_first)
{
    uint16_t n = plan_aggregate_args_n(aggregate);

    for (uint16_t i = 0; i < aggregate->order_n; i++)
        exprs_add_carried(aggregate->order[i].expr, &fixed);
    if (by_first)
        exprs_add_carried(aggregate->arg, &fixed);
    fixed = nodes_determined(nodes, node, fixed);
    if (has_whole_key(nodes_at(nodes, node), &fixed))
        return true;
    for (uint16_t i = 0; i < n; i++) {
        const struct expr *arg = plan_aggregate_arg(aggregate, i);
        bool ordered = by_first && i == 0;

        for (uint16_t j = 0; j < aggregate->order_n; j++)
            ordered = ordered || expr_same(aggregate->order[j].expr, arg);
        if (!ordered && !nodes_fixes(nodes, node, &fixed, arg))
            return false;
    }
    return true;
}

/* The key columns that the order leaves open, or what to append where there is no key. */
static const char *open_key(struct block *block, uint32_t node, struct column_set fixed,
                            const struct plan_aggregate *aggregate)
{
    CLEANUP(buf) struct buf out = {0};
    const struct plan_node *of = nodes_at(&block->binder->nodes, node);

    for (uint16_t i = 0; i < aggregate->order_n; i++)
        exprs_add_carried(aggregate->order[i].expr, &fixed);
    fixed = nodes_determined(&block->binder->nodes, node, fixed);
    for (uint16_t i = 0; i < of->schema.key_n && of->has_key; i++)
        if (!column_set_has(&fixed, of->schema.key[i]))
            buf_printf(&out, "%s%s", out.len == 0 ? "" : ", ",
                       of->schema.columns[of->schema.key[i]].name);
    if (out.len == 0)
        expr_print(&out, aggregate->arg, &of->schema);
    return arena_copy(block->binder->arena, buf_str(&out)).at;
}

bool group_check_order(struct block *block, uint32_t node, struct column_set fixed,
                       const struct plan_aggregate *aggregate, int location)
{
    const struct nodes *nodes = &block->binder->nodes;
    const char *name = aggregate->aggregate->name;

    if (!aggregate->aggregate->needs_order || (aggregate->distinct && aggregate->order_n == 0) ||
        args_are_fixed(nodes, node, aggregate, fixed, aggregate->aggregate->needs_unique))
        return true;
    return ast_refuse(&block->binder->ast, location,
                      "%s needs a total order, values that compare equal could come in any order; "
                      "append to its ORDER BY: %s",
                      name, open_key(block, node, fixed, aggregate));
}

/* ---- nodes ---- */

/* Where a set's GROUP has its aggregates: grouping() is none of them. */
static bool set_aggregates(struct block *block, uint32_t node, const struct column_set *set,
                           const int16_t *at, struct group_parts *parts)
{
    struct arena *arena = block->binder->arena;
    uint32_t n = block->aggregates.n;
    struct plan_aggregate *aggregates = arena_zalloc(arena, (n + 1) * sizeof(*aggregates));
    const char **names = arena_alloc(arena, (n + 1) * sizeof(*names));
    struct column_set fixed = fixed_in_group(block, set, at);

    parts->aggregates = aggregates;
    parts->aggregate_names = names;
    for (uint32_t i = 0; i < n; i++) {
        const struct aggregate_call *call = call_at(block, i);
        uint16_t place = parts->aggregates_n;

        if (call->grouping)
            continue;
        aggregates[place] = group_aggregate(arena, call, at);
        names[place] = call_name(block, i);
        if (!group_check_order(block, node, fixed, &aggregates[place], call->location))
            return false;
        parts->aggregates_n++;
    }
    return true;
}

static void set_groups(const struct block *block, const struct column_set *set, const int16_t *at,
                       struct group_parts *parts)
{
    struct arena *arena = block->binder->arena;
    uint32_t n = block->groups.n;
    struct expr **exprs = arena_alloc(arena, (n + 1) * sizeof(struct expr *));
    const char **names = arena_alloc(arena, (n + 1) * sizeof(*names));

    parts->exprs = exprs;
    parts->names = names;
    for (uint32_t i = 0; i < n; i++) {
        if (!column_set_has(set, i))
            continue;
        exprs[parts->exprs_n] = exprs_move(arena, group_at(block, i), at);
        names[parts->exprs_n++] = group_name(block, i);
        parts->key_n = (uint16_t)(parts->key_n + (i < block->written_n));
    }
}

/* grouping(a, b): a bit for each argument that the set leaves out, the last one lowest. */
static struct expr *grouping_value(const struct block *block, const struct aggregate_call *call,
                                   const struct column_set *set)
{
    struct expr *value = exprs_new(block->binder->arena, EXPR_CONST, TYPE_INT4, 0, call->location);

    for (uint16_t i = 0; i < call->args_n; i++) {
        bool grouped = column_set_has(set, group_written(block, call->args[i]));

        value->constant.slot = value->constant.slot * 2 + !grouped;
    }
    return value;
}

/* The set's rows in the shape that all sets share; the number of the set is the last column. */
static uint32_t shape_set(struct block *block, uint32_t node, const struct column_set *set,
                          uint32_t number)
{
    struct arena *arena = block->binder->arena;
    uint32_t n = block->groups.n + block->aggregates.n;
    struct expr **exprs = arena_alloc(arena, (n + 1) * sizeof(struct expr *));
    const char **names = arena_alloc(arena, (n + 1) * sizeof(*names));
    uint16_t from = 0;

    for (uint32_t i = 0; i < block->groups.n; i++) {
        struct type type = group_at(block, i)->type;

        names[i] = group_name(block, i);
        exprs[i] = column_set_has(set, i) ? exprs_column(arena, from++, type, -1)
                                          : exprs_null(arena, type, -1);
    }
    for (uint32_t i = 0; i < block->aggregates.n; i++) {
        const struct aggregate_call *call = call_at(block, i);
        uint32_t to = block->groups.n + i;

        names[to] = call_name(block, i);
        exprs[to] = call->grouping ? grouping_value(block, call, set)
                                   : exprs_column(arena, from++, call->type, -1);
    }
    names[n] = "grouping set";
    exprs[n] = exprs_new(arena, EXPR_CONST, TYPE_INT4, 0, -1);
    exprs[n]->constant.slot = number;
    return nodes_project(&block->binder->nodes, node, exprs, names, (uint16_t)(n + 1));
}

static bool plan_set(struct block *block, uint32_t input, const int16_t *at,
                     const struct column_set *set, uint32_t *ret_node)
{
    struct group_parts parts = {0};

    set_groups(block, set, at, &parts);
    if (!set_aggregates(block, input, set, at, &parts))
        return false;
    *ret_node = nodes_group(&block->binder->nodes, input, parts);
    if (block->fill && parts.exprs_n == block->keys.n)
        *ret_node = correlate_fill(block, *ret_node, &parts);
    return true;
}

/* The sets' rows added up: a set's number and its groups are the key. */
static bool plan_sets(struct block *block, uint32_t input, const int16_t *at, uint32_t *ret_node)
{
    uint16_t *key = arena_alloc(block->binder->arena, (block->groups.n + 1) * sizeof(*key));
    uint32_t node = 0;

    for (uint32_t i = 0; i < block->written_n; i++)
        key[i] = (uint16_t)i;
    key[block->written_n] = (uint16_t)(block->groups.n + block->aggregates.n);
    for (uint32_t i = 0; i < block->sets.n; i++) {
        if (!plan_set(block, input, at, block->sets.at[i], &node))
            return false;
        node = shape_set(block, node, block->sets.at[i], i);
        *ret_node = i == 0 ? node
                           : nodes_union_keyed(&block->binder->nodes, *ret_node, node, key,
                                               (uint16_t)(block->written_n + 1));
    }
    return true;
}

static bool has_grouping(const struct block *block)
{
    for (uint32_t i = 0; i < block->aggregates.n; i++)
        if (call_at(block, i)->grouping)
            return true;
    return false;
}

bool group_plan(struct block *block, uint32_t *node, const int16_t *at)
{
    struct column_set *all = arena_zalloc(block->binder->arena, sizeof(*all));

    if (block->groups.n == 0 && block->aggregates.n == 0)
        *node = nodes_one_row(&block->binder->nodes); /* HAVING alone: FROM is not looked at */
    for (uint32_t i = 0; i < block->groups.n; i++)
        column_set_add(all, i);
    if (block->sets.n == 0 && !has_grouping(block))
        return plan_set(block, *node, at, all, node);
    if (block->sets.n == 0)
        list_add(&block->sets, block->binder->arena, all);
    return plan_sets(block, *node, at, node);
}
