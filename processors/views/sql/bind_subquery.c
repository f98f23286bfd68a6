/*
 * Subqueries as expressions. Each becomes a relation with one row for each value of its
 * correlation keys, LEFT JOINed to the FROM of the block in which it stands; the expression then
 * reads columns of that relation.
 */
#include "sql/bind_subquery.h"
#include "sql/bind.h"

/* ---- correlation ---- */

/* Which columns an expression reads. */
struct reads {
    bool inner, outer;
};

static struct reads reads_of(const struct expr *expr)
{
    struct reads reads = {0};

    if (expr->kind == EXPR_COLUMN)
        return (struct reads){expr->column < OUTER_COLUMN,
                              expr->column >= OUTER_COLUMN && expr->column < AGGREGATE_COLUMN};
    for (uint16_t i = 0; i < expr->args_n; i++) {
        struct reads arg = reads_of(expr->args[i]);

        reads.inner = reads.inner || arg.inner;
        reads.outer = reads.outer || arg.outer;
    }
    return reads;
}

/* It reads what is no column of the block's row. */
static bool has_placeholder(const struct expr *expr)
{
    if (expr->kind == EXPR_COLUMN)
        return expr->column >= COLUMNS_MAX;
    for (uint16_t i = 0; i < expr->args_n; i++)
        if (has_placeholder(expr->args[i]))
            return true;
    return false;
}

/* The expression over the row of the block around. */
static struct expr *as_outer(struct arena *arena, const struct expr *expr)
{
    struct expr *copy = arena_alloc(arena, sizeof(*copy));

    *copy = *expr;
    if (expr->kind == EXPR_COLUMN)
        copy->column = (uint16_t)(expr->column - OUTER_COLUMN);
    copy->args = arena_alloc(arena, (expr->args_n + 1U) * sizeof(struct expr *));
    for (uint16_t i = 0; i < expr->args_n; i++)
        copy->args[i] = as_outer(arena, expr->args[i]);
    return copy;
}

bool bind_correlation(struct binder *binder, const struct expr *condition, struct list *conditions,
                      struct list *inner_keys, struct list *outer_keys)
{
    struct list parts = {0};
    struct expr *copy = arena_alloc(binder->arena, sizeof(*copy));

    *copy = *condition;
    exprs_conjuncts(&parts, binder->arena, copy);
    for (uint32_t i = 0; i < parts.n; i++) {
        struct expr *part = parts.at[i];
        struct reads left, right;
        bool swapped;

        if (!reads_of(part).outer) {
            list_add(conditions, binder->arena, part);
            continue;
        }
        left = exprs_is_equality(part) ? reads_of(part->args[0]) : (struct reads){true, true};
        right = exprs_is_equality(part) ? reads_of(part->args[1]) : left;
        swapped = left.outer;
        if (left.inner == left.outer || right.inner == right.outer || left.inner == right.inner)
            return ast_refuse(&binder->ast, part->location,
                              "a subquery may name columns of the query around it only as one "
                              "side of an equality in WHERE");
        list_add(inner_keys, binder->arena, part->args[swapped]);
        list_add(outer_keys, binder->arena, as_outer(binder->arena, part->args[!swapped]));
    }
    return true;
}

/* ---- the join ---- */

/* A relation in the making: the node, and what its columns must equal. */
struct beside {
    uint32_t node;
    struct list outer; /* struct expr * over the block's row */
    uint16_t first;    /* the first of as many columns that equal them */
    int location;
};

/* TRUE, as a value read from the column. */
static struct expr *true_of(struct arena *arena, struct expr *column)
{
    struct expr *inner = exprs_new(arena, EXPR_IS_NULL, TYPE_BOOL, 1, column->location);
    struct expr *outer = exprs_new(arena, EXPR_IS_NULL, TYPE_BOOL, 1, column->location);

    inner->args[0] = column;
    outer->args[0] = inner;
    return exprs_not(arena, outer, column->location);
}

static struct expr *column_of(struct binder *binder, const struct from *from, uint32_t column,
                              int location)
{
    return exprs_column(binder->arena, (uint16_t)column, from->columns[column].type, location);
}

/* The equalities of the join; one that always holds when there are none. */
static bool conditions_of(struct scope *scope, const struct beside *beside, uint16_t first,
                          struct list *on)
{
    struct binder *binder = scope->binder;

    for (uint32_t i = 0; i < beside->outer.n; i++) {
        struct expr *args[2] = {
            beside->outer.at[i],
            column_of(binder, scope->join, (uint32_t)first + beside->first + i, beside->location)};
        struct expr *equal = bind_call(binder, FUNCTION_OPERATOR, "=", args, 2, beside->location);

        if (equal == NULL)
            return false;
        list_add(on, binder->arena, equal);
    }
    if (on->n == 0) {
        struct expr *args[2] = {
            true_of(binder->arena, column_of(binder, scope->join, 0, beside->location)),
            true_of(binder->arena, column_of(binder, scope->join, first, beside->location))};
        struct expr *equal = bind_call(binder, FUNCTION_OPERATOR, "=", args, 2, beside->location);

        if (equal == NULL)
            return false;
        list_add(on, binder->arena, equal);
    }
    return true;
}

/* LEFT JOINs the relation to the block; *ret_first is its first column in the block's row. */
static bool join_beside(struct scope *scope, const struct beside *beside, uint16_t *ret_first)
{
    struct binder *binder = scope->binder;
    struct from *from = scope->join;
    const struct schema *shape = &nodes_at(&binder->nodes, beside->node)->schema;
    struct relation *relation = arena_zalloc(binder->arena, sizeof(*relation));
    struct table *table = arena_zalloc(binder->arena, sizeof(*table));
    uint16_t first = from->columns_n;
    struct list on = {0};

    if (first + shape->columns_n > COLUMNS_MAX)
        return ast_refuse(&binder->ast, beside->location, "FROM joins more than %d columns",
                          COLUMNS_MAX);
    *relation = (struct relation){.name = "", .node = beside->node, .source = -1, .view = -1};
    *table = (struct table){.alias = "",
                            .relation = relation,
                            .first = first,
                            .n = shape->columns_n,
                            .one_row = beside->outer.n == 0};
    table->names = arena_zalloc(binder->arena, (table->n + 1U) * sizeof(struct name));
    for (uint16_t i = 0; i < table->n; i++) {
        from->columns[first + i] = shape->columns[i];
        table->names[i].column = "";
    }
    from->columns_n = (uint16_t)(first + table->n);
    list_add(&from->tables, binder->arena, table);
    if (!conditions_of(scope, beside, first, &on))
        return false;
    from->group = joins_left(binder, from->group,
                             joins_leaf(binder, beside->node, first, table->n, beside->location),
                             on, beside->location);
    *ret_first = first;
    return true;
}

/* ---- values ---- */

static struct expr *is_null(struct arena *arena, struct expr *arg)
{
    struct expr *test = exprs_new(arena, EXPR_IS_NULL, TYPE_BOOL, 1, arg->location);

    test->args[0] = arg;
    return test;
}

static bool one_column(struct scope *scope, const struct inner_query *inner, int location)
{
    if (inner->query.columns_n - inner->outer_keys.n != 1)
        return ast_refuse(&scope->binder->ast, location, "subquery must return only one column");
    return true;
}

/* One row of the node at most for each value of the columns from `first` on. */
static bool is_single(const struct nodes *nodes, uint32_t node, uint16_t first)
{
    const struct plan_node *of = nodes_at(nodes, node);
    struct column_set set = {0};

    for (uint16_t i = first; i < of->schema.columns_n; i++)
        column_set_add(&set, i);
    set = nodes_determined(nodes, node, set);
    for (uint16_t i = 0; i < of->schema.key_n; i++)
        if (!column_set_has(&set, of->schema.key[i]))
            return false;
    return of->has_key;
}

static struct expr *bind_scalar(struct scope *scope, const struct inner_query *inner, int location)
{
    struct binder *binder = scope->binder;
    struct arena *arena = binder->arena;
    struct beside beside = {inner->query.node, inner->outer_keys, 1, location};
    struct expr *value, *choice;
    uint16_t first = 0;

    if (!one_column(scope, inner, location))
        return NULL;
    if (!is_single(&binder->nodes, beside.node, 1)) {
        ast_refuse(&binder->ast, location,
                   "this subquery could give more than one row; make it one by an aggregate or by "
                   "an equality with the whole key");
        return NULL;
    }
    if (!join_beside(scope, &beside, &first))
        return NULL;
    value = column_of(binder, scope->join, first, location);
    if (inner->absent == NULL)
        return value;
    choice = exprs_new(arena, EXPR_CASE, value->type.id, 3, location);
    choice->type = value->type;
    choice->args[0] = is_null(arena, column_of(binder, scope->join, first + 1U, location));
    choice->args[1] = arena_alloc(arena, sizeof(struct expr));
    *choice->args[1] = *inner->absent;
    choice->args[2] = value;
    return choice;
}

/* The node's rows grouped by the columns from `first` on; without any, one group of a TRUE. */
static uint32_t group_of(struct scope *scope, uint32_t node, uint16_t first,
                         struct plan_aggregate *counts, uint16_t counts_n)
{
    static const char *const count_names[] = {"rows", "values"};
    struct nodes *nodes = &scope->binder->nodes;
    struct arena *arena = scope->binder->arena;
    const struct schema *shape = &nodes_at(nodes, node)->schema;
    uint16_t n = (uint16_t)(shape->columns_n - first);
    struct expr **exprs = arena_alloc(arena, (n + 1U) * sizeof(struct expr *));
    const char **names = arena_alloc(arena, (n + 1U) * sizeof(*names));

    for (uint16_t i = 0; i < n; i++) {
        exprs[i] = exprs_column(arena, (uint16_t)(first + i), shape->columns[first + i].type, -1);
        names[i] = shape->columns[first + i].name;
    }
    if (n == 0) {
        exprs[n] = exprs_bool(arena, true, -1);
        names[n++] = "any";
    }
    return nodes_group(nodes, node,
                       (struct group_parts){.exprs = exprs,
                                            .names = names,
                                            .aggregates = counts,
                                            .aggregate_names = count_names,
                                            .exprs_n = n,
                                            .key_n = n,
                                            .aggregates_n = counts_n});
}

static struct expr *bind_exists(struct scope *scope, const struct inner_query *inner, int location)
{
    struct arena *arena = scope->binder->arena;
    uint16_t keys = (uint16_t)(inner->query.columns_n - inner->outer_keys.n);
    struct beside beside = {group_of(scope, inner->query.node, keys, NULL, 0), inner->outer_keys, 0,
                            location};
    uint16_t first = 0;

    if (inner->absent != NULL) {
        ast_refuse(&scope->binder->ast, location,
                   "EXISTS over an aggregate without GROUP BY is always true; leave it out");
        return NULL;
    }
    if (!join_beside(scope, &beside, &first))
        return NULL;
    return exprs_not(arena, is_null(arena, column_of(scope->binder, scope->join, first, location)),
                     location);
}

/* The rows and the values that are not NULL, for each correlation: rows NULL where there are none.
 */
static bool join_counts(struct scope *scope, const struct inner_query *inner, int location,
                        struct expr **ret_rows, struct expr **ret_values)
{
    struct binder *binder = scope->binder;
    struct type type = nodes_at(&binder->nodes, inner->query.node)->schema.columns[0].type;
    struct plan_aggregate *counts = arena_zalloc(binder->arena, 2 * sizeof(*counts));
    struct beside beside = {.outer = inner->outer_keys, .location = location};
    uint16_t first = 0, groups = (uint16_t)(inner->outer_keys.n == 0 ? 1 : inner->outer_keys.n);
    struct expr *filter =
        exprs_not(binder->arena,
                  is_null(binder->arena, exprs_column(binder->arena, 0, type, location)), location);

    for (int i = 0; i < 2; i++)
        counts[i] = (struct plan_aggregate){.aggregate = aggregate_resolve(STR("count"), 0),
                                            .result = {TYPE_INT8, -1, NULL}};
    counts[1].filter = filter;
    beside.node = group_of(scope, inner->query.node, 1, counts, 2);
    if (!join_beside(scope, &beside, &first))
        return false;
    *ret_rows = column_of(binder, scope->join, (uint32_t)first + groups, location);
    *ret_values = column_of(binder, scope->join, (uint32_t)first + groups + 1U, location);
    return true;
}

/* TRUE where a value is equal; else FALSE over no rows, NULL where one or the value is NULL. */
static struct expr *in_value(struct scope *scope, struct expr *tested, struct expr *found,
                             struct expr *rows, struct expr *values)
{
    struct arena *arena = scope->binder->arena;
    struct expr *choice = exprs_new(arena, EXPR_CASE, TYPE_BOOL, 7, tested->location);
    struct expr *differ = exprs_new(arena, EXPR_DISTINCT, TYPE_BOOL, 2, tested->location);
    struct list unknown = {0};

    differ->args[0] = rows;
    differ->args[1] = values;
    list_add(&unknown, arena, is_null(arena, tested));
    list_add(&unknown, arena, differ);
    choice->args[0] = exprs_not(arena, is_null(arena, found), tested->location);
    choice->args[1] = exprs_bool(arena, true, tested->location);
    choice->args[2] = is_null(arena, rows);
    choice->args[3] = exprs_bool(arena, false, tested->location);
    choice->args[4] = exprs_junction(arena, EXPR_OR, &unknown, tested->location);
    choice->args[5] = exprs_null(arena, (struct type){TYPE_BOOL, -1, NULL}, tested->location);
    choice->args[6] = exprs_bool(arena, false, tested->location);
    return choice;
}

static struct expr *bind_in(struct scope *scope, const PgQuery__Node *test,
                            const struct inner_query *inner, int location)
{
    struct binder *binder = scope->binder;
    struct beside beside = {.location = location};
    struct expr *tested, *found, *rows, *values;
    uint16_t first = 0;

    if (!one_column(scope, inner, location))
        return NULL;
    if (inner->absent != NULL || test->node_case == PG_QUERY__NODE__NODE_ROW_EXPR) {
        ast_refuse(&binder->ast, location,
                   "IN over rows, or over a correlated aggregate, is not supported; write EXISTS");
        return NULL;
    }
    tested = bind_decided(binder, bind_expr(scope, test));
    if (tested == NULL)
        return NULL;
    if (has_placeholder(tested)) {
        ast_refuse(&binder->ast, location,
                   "the value tested by IN (SELECT ...) can't be an aggregate, a window function "
                   "or a column of another query");
        return NULL;
    }
    list_add(&beside.outer, binder->arena, tested);
    for (uint32_t i = 0; i < inner->outer_keys.n; i++)
        list_add(&beside.outer, binder->arena, inner->outer_keys.at[i]);
    beside.node = group_of(scope, inner->query.node, 0, NULL, 0);
    if (!join_beside(scope, &beside, &first) ||
        !join_counts(scope, inner, location, &rows, &values))
        return NULL;
    found = column_of(binder, scope->join, first, location);
    return in_value(scope, tested, found, rows, values);
}

static struct expr *refuse(struct scope *scope, int location)
{
    ast_refuse(&scope->binder->ast, location,
               "this form of a subquery is not supported here; write a join with a subquery in "
               "FROM");
    return NULL;
}

struct expr *bind_subquery(struct scope *scope, const PgQuery__SubLink *node)
{
    struct inner_query inner = {0};
    const char *op_name = node->n_oper_name == 1 ? ast_string(node->oper_name[0]) : "=";

    if (scope->join == NULL || scope->in_window || node->subselect == NULL)
        return refuse(scope, node->location);
    if (!bind_inner_select(scope, node->subselect->select_stmt, &inner))
        return NULL;
    for (uint32_t i = 0; i < inner.outer_keys.n; i++)
        if (has_placeholder(inner.outer_keys.at[i]))
            return refuse(scope, node->location);
    switch (node->sub_link_type) {
    case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK:
        return bind_scalar(scope, &inner, node->location);
    case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK:
        return bind_exists(scope, &inner, node->location);
    case PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK:
        if (op_name != NULL && strcmp(op_name, "=") == 0)
            return bind_in(scope, node->testexpr, &inner, node->location);
        return refuse(scope, node->location);
    default:
        return refuse(scope, node->location);
    }
}
