/*
 * UNION, INTERSECT and EXCEPT: a tree whose leaves are blocks. The
 * leaves are bound before any is planned, so that all of them have the same columns: their types
 * are decided together, and what one names of the query around, all are grouped by.
 */
#include "sql/join_group.h"
#include "sql/make.h"
#include "sql/nested.h"
#include "sql/set.h"

/* ---- binding ---- */

static struct set *bind_set(struct binder *binder, const PgQuery__SelectStmt *select,
                            struct around around, bool top);

struct set *set_of_block(struct binder *binder, const PgQuery__SelectStmt *select,
                         struct around around)
{
    struct set *set = arena_zalloc(binder->arena, sizeof(*set));

    set->block = arena_zalloc(binder->arena, sizeof(struct block));
    set->location = ast_location(select);
    *set->block = (struct block){.binder = binder,
                                 .select = select,
                                 .around = {.scope = around.scope},
                                 .keeps_unknown = true};
    return block_bind(set->block) ? set : NULL;
}

/* A part with clauses of its own where there is no query around: a query like any other. */
static struct set *bind_query_leaf(struct binder *binder, const PgQuery__SelectStmt *select)
{
    struct set *set = arena_zalloc(binder->arena, sizeof(*set));

    set->location = ast_location(select);
    return bind_select(binder, select, (struct around){0}, &set->query) ? set : NULL;
}

bool set_has_clauses(const PgQuery__SelectStmt *select)
{
    return select->with_clause != NULL || select->n_sort_clause > 0 ||
           select->limit_count != NULL || select->limit_offset != NULL;
}

static struct set *bind_operation(struct binder *binder, const PgQuery__SelectStmt *select,
                                  struct around around)
{
    struct set *set = arena_zalloc(binder->arena, sizeof(*set));

    set->location = ast_location(select->rarg);
    set->all = select->all;
    set->kind = select->op == PG_QUERY__SET_OPERATION__SETOP_UNION       ? SET_UNION
                : select->op == PG_QUERY__SET_OPERATION__SETOP_INTERSECT ? SET_INTERSECT
                                                                         : SET_EXCEPT;
    set->left = bind_set(binder, select->larg, around, false);
    set->right = set->left == NULL ? NULL : bind_set(binder, select->rarg, around, false);
    return set->right == NULL ? NULL : set;
}

static struct set *bind_set(struct binder *binder, const PgQuery__SelectStmt *select,
                            struct around around, bool top)
{
    struct set *set;

    if (++binder->depth > DEPTH_MAX) {
        ast_refuse(&binder->ast, ast_location(select), "set operations are nested too deeply");
        return NULL;
    }
    if (!top && (set_has_clauses(select) || select->n_values_lists > 0))
        set = around.scope == NULL
                  ? bind_query_leaf(binder, select)
                  : set_of_block(binder, make_whole(binder->arena, select), around);
    else if (select->op != PG_QUERY__SET_OPERATION__SETOP_NONE)
        set = bind_operation(binder, select, around);
    else
        set = set_of_block(binder, select, around);
    binder->depth--;
    return set;
}

/* ---- the query around ---- */

/* Every expression of the query around that some leaf names, once. */
static void collect_outer(struct binder *binder, const struct set *set, struct list *outer)
{
    if (set->kind != SET_LEAF) {
        collect_outer(binder, set->left, outer);
        collect_outer(binder, set->right, outer);
        return;
    }
    for (uint32_t i = 0; set->block != NULL && i < set->block->from.params.n; i++) {
        const struct param *param = set->block->from.params.at[i];
        bool known = false;

        for (uint32_t k = 0; k < outer->n; k++)
            known = known || expr_same(outer->at[k], param->outer);
        if (!known)
            list_add(outer, binder->arena, param->outer);
    }
}

/* All leaves name all of them, in one order. */
static bool share_outer(struct binder *binder, struct set *set, const struct list *outer)
{
    struct list params = {0};
    uint16_t column;

    if (set->kind != SET_LEAF)
        return share_outer(binder, set->left, outer) && share_outer(binder, set->right, outer);
    assert(set->block != NULL); /* where there is a query around */
    for (uint32_t i = 0; i < outer->n; i++)
        if (!outer_param(binder, &set->block->from, outer->at[i], &column))
            return false;
    for (uint32_t i = 0; i < outer->n; i++)
        for (uint32_t k = 0; k < outer->n; k++)
            if (expr_same(((struct param *)set->block->from.params.at[k])->outer, outer->at[i]))
                list_add(&params, binder->arena, set->block->from.params.at[k]);
    set->block->from.params = params;
    set->block->whole_domain = true;
    return true;
}

/* ---- nodes ---- */

/* The node's columns as expressions. */
static struct expr **columns_of(struct binder *binder, uint32_t node, int location)
{
    const struct schema *shape = &nodes_at(&binder->nodes, node)->schema;
    struct expr **exprs =
        arena_alloc(binder->arena, (shape->columns_n + 1U) * sizeof(struct expr *));

    for (uint16_t i = 0; i < shape->columns_n; i++)
        exprs[i] = exprs_column(binder->arena, i, shape->columns[i].type, location);
    return exprs;
}

static uint16_t written_n(const struct set *set)
{
    return set->block != NULL ? (uint16_t)set->block->visible_n : set->query.columns_n;
}

/* A block's targets, before it is planned; a node's columns. */
static void set_exprs(struct binder *binder, struct set *set)
{
    if (set->block == NULL) {
        set->exprs = columns_of(binder, set->query.node, set->location);
        return;
    }
    set->exprs = arena_alloc(binder->arena, (set->block->visible_n + 1) * sizeof(struct expr *));
    for (uint32_t i = 0; i < set->block->visible_n; i++)
        set->exprs[i] = ((const struct target *)set->block->targets.at[i])->expr;
}

/* The node with these columns in place of its first ones. */
static uint32_t recast(struct binder *binder, uint32_t node, struct expr **exprs, uint16_t n)
{
    const struct schema *shape = &nodes_at(&binder->nodes, node)->schema;
    struct expr **all = columns_of(binder, node, -1);
    const char **names = arena_alloc(binder->arena, (shape->columns_n + 1U) * sizeof(*names));

    for (uint16_t i = 0; i < shape->columns_n; i++)
        names[i] = shape->columns[i].name;
    memcpy(all, exprs, n * sizeof(struct expr *));
    return nodes_project(&binder->nodes, node, all, names, shape->columns_n);
}

/* Plans a leaf; its columns are cast to what all parts have. */
static bool settle(struct binder *binder, struct set *set)
{
    uint16_t n = written_n(set);

    if (set->block == NULL) {
        set->query.node = recast(binder, set->query.node, set->exprs, n);
        return true;
    }
    for (uint16_t i = 0; i < n; i++)
        ((struct target *)set->block->targets.at[i])->expr = set->exprs[i];
    return block_finish(set->block, &set->query);
}

static bool unify(struct binder *binder, struct set *set)
{
    static const char *const names[] = {"", "UNION", "INTERSECT", "EXCEPT"};
    uint16_t n = written_n(set->left);

    set_exprs(binder, set->left);
    set_exprs(binder, set->right);
    if (n != written_n(set->right))
        return ast_refuse(&binder->ast, set->location,
                          "each %s query must have the same number of columns", names[set->kind]);
    for (uint16_t i = 0; i < n; i++) {
        struct expr *pair[] = {set->left->exprs[i], set->right->exprs[i]};
        struct type type;

        if (!bind_common(binder, pair, 2, names[set->kind], &type))
            return false;
        for (int side = 0; side < 2; side++) {
            pair[side] = bind_decided(binder, pair[side]);
            if (pair[side] == NULL)
                return false;
        }
        if (!(set->all && set->kind == SET_UNION) &&
            !bind_comparable(binder, pair[0], names[set->kind]))
            return false;
        set->left->exprs[i] = pair[0];
        set->right->exprs[i] = pair[1];
    }
    return settle(binder, set->left) && settle(binder, set->right);
}

static uint32_t group_all(struct binder *binder, uint32_t node, uint16_t n,
                          struct plan_aggregate *aggregates, uint16_t aggregates_n)
{
    static const char *const names[] = {"left", "right"};
    const struct schema *shape = &nodes_at(&binder->nodes, node)->schema;
    const char **group_names = arena_alloc(binder->arena, (n + 1U) * sizeof(*group_names));

    for (uint16_t i = 0; i < n; i++)
        group_names[i] = shape->columns[i].name;
    return nodes_group(&binder->nodes, node,
                       (struct group_parts){.exprs = columns_of(binder, node, -1),
                                            .names = group_names,
                                            .aggregates = aggregates,
                                            .aggregate_names = names,
                                            .exprs_n = n,
                                            .key_n = n,
                                            .aggregates_n = aggregates_n});
}

/* The node with one column more: which side it is. */
static uint32_t tagged(struct binder *binder, uint32_t node, bool right)
{
    const struct schema *shape = &nodes_at(&binder->nodes, node)->schema;
    uint16_t n = shape->columns_n;
    struct expr **exprs = columns_of(binder, node, -1);
    const char **names = arena_alloc(binder->arena, (n + 1U) * sizeof(*names));

    for (uint16_t i = 0; i < n; i++)
        names[i] = shape->columns[i].name;
    names[n] = "side";
    exprs[n] = exprs_bool(binder->arena, right, -1);
    return nodes_project(&binder->nodes, node, exprs, names, (uint16_t)(n + 1));
}

static struct expr *call_of(struct binder *binder, enum function_kind kind, const char *name,
                            struct expr *a, struct expr *b)
{
    struct expr *args[] = {a, b};

    return bind_call(binder, kind, name, args, 2, -1);
}

static struct expr *least(struct binder *binder, struct expr *a, struct expr *b)
{
    struct expr *args[] = {a, b};
    struct expr *call = exprs_call(binder->arena, function_named("least"), args, 2, -1);

    call->type = a->type;
    return call;
}

/* Each row as often as `times` says. */
static uint32_t repeated(struct binder *binder, uint32_t node, uint16_t n, struct expr *times)
{
    static const char *const names[] = {"times"};
    struct expr *one = exprs_new(binder->arena, EXPR_CONST, TYPE_INT8, 0, -1);
    const struct expr *call;
    struct plan_rows *rows = arena_alloc(binder->arena, sizeof(*rows));
    struct type *type = arena_alloc(binder->arena, sizeof(*type));
    uint16_t *columns = arena_alloc(binder->arena, (n + 1U) * sizeof(*columns));

    one->constant.slot = 1;
    call = call_of(binder, FUNCTION_ROWS, "generate_series", one, times);
    *type = call->type;
    *rows = (struct plan_rows){.function = call->function,
                               .args = arena_alloc(binder->arena, 2 * sizeof(struct expr *)),
                               .args_n = 2,
                               .columns_n = 1,
                               .types = type};
    for (uint16_t i = 0; i < 2; i++)
        rows->args[i] = call->args[i];
    for (uint16_t i = 0; i < n; i++)
        columns[i] = i;
    node = nodes_expand(&binder->nodes, node, rows, 1, names, false);
    return nodes_keep(&binder->nodes, node, columns, n);
}

/* INTERSECT and EXCEPT: each row with how often it is on either side. */
static uint32_t compared(struct binder *binder, const struct set *set)
{
    struct nodes *nodes = &binder->nodes;
    uint16_t n = nodes_at(nodes, set->left->query.node)->schema.columns_n;
    struct expr *side = exprs_column(binder->arena, n, (struct type){TYPE_BOOL, -1, NULL}, -1);
    struct plan_aggregate *counts = arena_zalloc(binder->arena, 2 * sizeof(*counts));
    struct type count_type = {TYPE_INT8, -1, NULL};
    struct expr *left = exprs_column(binder->arena, n, count_type, -1);
    struct expr *right = exprs_column(binder->arena, (uint16_t)(n + 1), count_type, -1);
    struct expr *zero = exprs_new(binder->arena, EXPR_CONST, TYPE_INT8, 0, -1);
    struct list kept = {0};
    uint16_t *columns = arena_alloc(binder->arena, (n + 1U) * sizeof(*columns));
    uint32_t node = nodes_union(nodes, tagged(binder, set->left->query.node, false),
                                tagged(binder, set->right->query.node, true));

    for (int i = 0; i < 2; i++)
        counts[i] =
            (struct plan_aggregate){.aggregate = aggregate_resolve(STR("count"), 0),
                                    .filter = i == 1 ? side : exprs_not(binder->arena, side, -1),
                                    .result = count_type};
    node = group_all(binder, node, n, counts, 2);
    if (set->all)
        return repeated(binder, node, n,
                        set->kind == SET_EXCEPT
                            ? call_of(binder, FUNCTION_OPERATOR, "-", left, right)
                            : least(binder, left, right));
    list_add(&kept, binder->arena, call_of(binder, FUNCTION_OPERATOR, ">", left, zero));
    list_add(&kept, binder->arena,
             call_of(binder, FUNCTION_OPERATOR, set->kind == SET_EXCEPT ? "=" : ">", right, zero));
    node = nodes_filter(nodes, node, exprs_junction(binder->arena, EXPR_AND, &kept, -1));
    for (uint16_t i = 0; i < n; i++)
        columns[i] = i;
    return nodes_keep(nodes, node, columns, n);
}

static bool plan_set(struct binder *binder, struct set *set)
{
    uint32_t node;

    if (set->kind == SET_LEAF)
        return true;
    if (!plan_set(binder, set->left) || !plan_set(binder, set->right) || !unify(binder, set))
        return false;
    if (set->kind != SET_UNION) {
        node = compared(binder, set);
    } else {
        node = nodes_union(&binder->nodes, set->left->query.node, set->right->query.node);
        if (!set->all)
            node =
                group_all(binder, node, nodes_at(&binder->nodes, node)->schema.columns_n, NULL, 0);
    }
    set->query = set->left->query;
    set->query.node = node;
    set->query.order_n = 0;
    set->query.always = false;
    set->query.empty = NULL;
    return true;
}

/* ---- the whole ---- */

bool set_plan_clauses(struct binder *binder, const PgQuery__SelectStmt *select,
                      struct around around, const struct query *query, struct query *ret)
{
    struct block block = {.binder = binder, .select = select, .around = around};
    const struct schema *shape = &nodes_at(&binder->nodes, query->node)->schema;
    struct expr **exprs = columns_of(binder, query->node, ast_location(select));
    struct name *names = arena_alloc(binder->arena, (shape->columns_n + 1U) * sizeof(*names));

    if (!bind_from(binder, NULL, 0, NULL, &block.from))
        return false;
    for (uint16_t i = 0; i < query->columns_n; i++) {
        names[i] = (struct name){query->columns[i], exprs[i]};
        block.from.columns[i] = shape->columns[i];
        list_add(&block.from.visible, binder->arena, &names[i]);
        if (!block_add_target(&block, query->columns[i], exprs[i]))
            return false;
    }
    block.visible_n = block.targets.n;
    block.from.columns_n = shape->columns_n;
    block.from.group = joins_leaf(binder, query->node, 0, shape->columns_n, -1);
    if (!clauses_order(&block) || !clauses_limit(&block))
        return false;
    assert(!block.by_value); /* limit_apart */
    for (uint16_t i = query->columns_n; i < shape->columns_n; i++) {
        if (!block_add_target(&block, shape->columns[i].name, exprs[i]))
            return false;
        block.from.columns[i] = shape->columns[i];
        list_add(&block.keys, binder->arena, exprs[i]);
    }
    block.correlations = query->correlations;
    return select_plan(&block, ret);
}

bool set_plan(struct binder *binder, const PgQuery__SelectStmt *select, struct set *set,
              struct around around, struct query *ret)
{
    struct list outer = {0};

    collect_outer(binder, set, &outer);
    if (outer.n > 0 && !share_outer(binder, set, &outer))
        return false;
    if (!plan_set(binder, set))
        return false;
    if (set_has_clauses(select))
        return set_plan_clauses(binder, select, around, &set->query, ret);
    *ret = set->query;
    return true;
}

bool bind_set_operation(struct binder *binder, const PgQuery__SelectStmt *select,
                        struct around around, struct query *ret)
{
    struct set *set = bind_set(binder, select, around, true);

    return set != NULL && set_plan(binder, select, set, around, ret);
}
