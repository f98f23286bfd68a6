/* The relations of subqueries, and how they are joined to the rows of a block. */
#include "sql/join_group.h"
#include "sql/subquery.h"

static bool is_beside(const struct scope *scope)
{
    return scope->site->beside != NULL && !scope->in_aggregate;
}

static bool put_beside(struct scope *scope, uint32_t node, const struct list *correlations,
                       uint16_t *ret_first)
{
    struct binder *binder = scope->binder;
    struct beside *beside = arena_alloc(binder->arena, sizeof(*beside));
    uint16_t n = nodes_at(&binder->nodes, node)->schema.columns_n;

    *beside = (struct beside){node, *correlations, *scope->site->beside_columns_n};
    if (beside->first + n > COLUMNS_MAX)
        return ast_refuse(&binder->ast, -1, "subqueries make more than %d columns", COLUMNS_MAX);
    *scope->site->beside_columns_n = (uint16_t)(beside->first + n);
    list_add(scope->site->beside, binder->arena, beside);
    *ret_first = (uint16_t)(BESIDE_COLUMN + beside->first);
    return true;
}

struct expr *subquery_equality(struct binder *binder, const struct correlation *correlation,
                               struct expr *column)
{
    struct expr *args[] = {correlation->outer, column};
    int location = correlation->outer->location;
    struct expr *differ;

    if (!correlation->null_safe)
        return bind_call(binder, FUNCTION_OPERATOR, "=", args, 2, location);
    if (!bind_same_type(binder, &args[0], &args[1], location))
        return NULL;
    differ = exprs_new(binder->arena, EXPR_DISTINCT, TYPE_BOOL, 2, location);
    differ->args[0] = args[0];
    differ->args[1] = args[1];
    return exprs_not(binder->arena, differ, location);
}

/* The part of FROM whose columns the correlations read; NULL: both sides of an outer join. */
static struct group **part_for(struct scope *scope, const struct list *correlations)
{
    struct column_set columns = {0}, params = outer_columns(scope->from);

    for (uint32_t i = 0; i < correlations->n; i++)
        exprs_columns(((const struct correlation *)correlations->at[i])->outer, &columns);
    column_set_leave(&columns, &params);
    for (uint16_t i = scope->site->groups_n; i-- > 0;)
        if (joins_covers(*scope->site->groups[i], &columns))
            return scope->site->groups[i];
    return NULL;
}

struct expr *subquery_tried(struct arena *arena, struct expr *expr)
{
    struct expr *tried;

    if (!subquery_may_raise(expr))
        return expr;
    tried = exprs_new(arena, EXPR_TRY, expr->type.id, 1, expr->location);
    tried->type = expr->type;
    tried->args[0] = expr;
    return tried;
}

/* An error in what the subquery is asked for is the row's only where it reads the answer. */
static struct list tried(struct scope *scope, const struct list *correlations)
{
    struct arena *arena = scope->binder->arena;
    struct list all = {0};

    for (uint32_t i = 0; i < correlations->n; i++) {
        struct correlation *copy = arena_alloc(arena, sizeof(*copy));

        *copy = *(const struct correlation *)correlations->at[i];
        if (subquery_may_raise(copy->outer))
            list_add(scope->raising, arena, copy->outer);
        copy->outer = subquery_tried(arena, copy->outer);
        list_add(&all, arena, copy);
    }
    return all;
}

bool subquery_join(struct scope *scope, uint32_t node, const struct list *correlations, bool inner,
                   uint16_t *ret_first)
{
    struct binder *binder = scope->binder;
    struct from *from = scope->from->block;
    const struct schema *shape = &nodes_at(&binder->nodes, node)->schema;
    struct list on = {0}, all;
    struct group **part, *leaf;

    if (!inner && scope->raising != NULL) {
        all = tried(scope, correlations);
        correlations = &all;
    }
    if (is_beside(scope))
        return put_beside(scope, node, correlations, ret_first);
    if (from->columns_n + shape->columns_n > COLUMNS_MAX)
        return ast_refuse(&binder->ast, -1, "FROM joins more than %d columns", COLUMNS_MAX);
    part = part_for(scope, correlations);
    if (part == NULL)
        return subquery_join_between(scope, node, correlations, ret_first);
    *ret_first = from->columns_n;
    for (uint16_t i = 0; i < shape->columns_n; i++)
        from->columns[from->columns_n++] = shape->columns[i];
    leaf = joins_leaf(binder, node, *ret_first, shape->columns_n, -1);
    for (uint32_t i = 0; i < correlations->n; i++) {
        const struct correlation *correlation = correlations->at[i];
        struct expr *equal = subquery_equality(
            binder, correlation,
            exprs_column(binder->arena, (uint16_t)(*ret_first + correlation->column),
                         shape->columns[correlation->column].type, correlation->outer->location));

        if (equal == NULL)
            return false;
        list_add(&on, binder->arena, equal);
    }
    if (!inner) {
        joins_attach(binder, part, leaf, on, -1);
        return true;
    }
    *part = joins_inner(binder, *part, leaf);
    for (uint32_t i = 0; i < on.n; i++)
        joins_condition(binder, *part, on.at[i]);
    return true;
}

struct expr *subquery_column(struct scope *scope, uint32_t node, uint16_t first, uint16_t column,
                             int location)
{
    return exprs_column(scope->binder->arena, (uint16_t)(first + column),
                        nodes_at(&scope->binder->nodes, node)->schema.columns[column].type,
                        location);
}

/* ---- relations ---- */

/* The node's columns at `columns`, then what `more` says. */
static uint32_t project(struct binder *binder, uint32_t node, const uint16_t *columns, uint16_t n,
                        struct expr *more)
{
    const struct schema *shape = &nodes_at(&binder->nodes, node)->schema;
    struct expr **exprs = arena_alloc(binder->arena, (n + 2U) * sizeof(struct expr *));
    const char **names = arena_alloc(binder->arena, (n + 2U) * sizeof(*names));

    for (uint16_t i = 0; i < n; i++) {
        exprs[i] = exprs_column(binder->arena, columns[i], shape->columns[columns[i]].type, -1);
        names[i] = shape->columns[columns[i]].name;
    }
    exprs[n] = more;
    names[n] = "found";
    return nodes_project(&binder->nodes, node, exprs, names, (uint16_t)(n + (more != NULL)));
}

uint32_t subquery_marked(struct binder *binder, uint32_t node)
{
    uint16_t n = nodes_at(&binder->nodes, node)->schema.columns_n;
    uint16_t *columns = arena_alloc(binder->arena, (n + 1U) * sizeof(*columns));

    for (uint16_t i = 0; i < n; i++)
        columns[i] = i;
    return project(binder, node, columns, n, exprs_bool(binder->arena, true, -1));
}

uint32_t subquery_group(struct binder *binder, uint32_t node, const uint16_t *columns, uint16_t n,
                        struct counts counts)
{
    const struct schema *shape = &nodes_at(&binder->nodes, node)->schema;
    struct expr **exprs = arena_alloc(binder->arena, (n + 1U) * sizeof(struct expr *));
    const char **names = arena_alloc(binder->arena, (n + 1U) * sizeof(*names));

    for (uint16_t i = 0; i < n; i++) {
        exprs[i] = exprs_column(binder->arena, columns[i], shape->columns[columns[i]].type, -1);
        names[i] = shape->columns[columns[i]].name;
    }
    return nodes_group(&binder->nodes, node,
                       (struct group_parts){.exprs = exprs,
                                            .names = names,
                                            .aggregates = counts.aggregates,
                                            .aggregate_names = counts.names,
                                            .exprs_n = n,
                                            .key_n = n,
                                            .aggregates_n = counts.n});
}

struct plan_aggregate subquery_count(struct expr *filter)
{
    return (struct plan_aggregate){.aggregate = aggregate_resolve(STR("count"), 0),
                                   .filter = filter,
                                   .result = {TYPE_INT8, -1, NULL}};
}

bool subquery_is_single(const struct nodes *nodes, uint32_t node, const uint16_t *columns,
                        uint16_t n)
{
    const struct plan_node *of = nodes_at(nodes, node);
    struct column_set set = {0};

    for (uint16_t i = 0; i < n; i++)
        column_set_add(&set, columns[i]);
    set = nodes_determined(nodes, node, set);
    for (uint16_t i = 0; i < of->schema.key_n; i++)
        if (!column_set_has(&set, of->schema.key[i]))
            return false;
    return of->has_key;
}

uint16_t *subquery_keys(struct binder *binder, const struct query *query)
{
    uint16_t *columns = arena_alloc(binder->arena, (query->correlations.n + 1) * sizeof(*columns));

    for (uint32_t i = 0; i < query->correlations.n; i++)
        columns[i] = ((const struct correlation *)query->correlations.at[i])->column;
    return columns;
}

struct list subquery_correlations(struct binder *binder, const struct query *query, uint16_t first)
{
    struct list moved = {0};

    for (uint32_t i = 0; i < query->correlations.n; i++) {
        struct correlation *copy = arena_alloc(binder->arena, sizeof(*copy));

        *copy = *(const struct correlation *)query->correlations.at[i];
        copy->column = (uint16_t)(first + i);
        list_add(&moved, binder->arena, copy);
    }
    return moved;
}

uint32_t subquery_distinct(struct binder *binder, uint32_t node, const uint16_t *columns,
                           uint16_t n)
{
    if (subquery_is_single(&binder->nodes, node, columns, n))
        return project(binder, node, columns, n, NULL);
    return subquery_group(binder, node, columns, n, (struct counts){0});
}
