/*
 * Subqueries as expressions, all by one road: the subquery becomes a relation with one row for each
 * value of its correlations, joined to the rows of the block in which it stands; the expression
 * then reads columns of that relation, NULL where there is none.
 */
#include "sql/subquery.h"

/* ---- scalar ---- */

static bool one_column(struct scope *scope, const struct query *query, int location)
{
    return query->columns_n == 1 ||
           ast_refuse(&scope->binder->ast, location, "subquery must return only one column");
}

/* The value of a scalar subquery, over the first columns of its node. */
struct lazy {
    uint32_t node;
    struct list correlations;
    const struct expr *value;
    uint16_t columns_n;
};

/* A cast to a wider number, or one that changes nothing but the form. */
static bool is_safe(const struct expr *expr)
{
    enum type_id from = expr->args_n == 1 ? expr->args[0]->type.id : TYPE_UNKNOWN;
    enum type_id to = expr->type.id;

    return exprs_carried_column(expr) >= 0 || strcmp(expr->function->name, "exact form") == 0 ||
           strcmp(expr->function->name, "of exact form") == 0 ||
           (expr->function->kind == FUNCTION_CAST && expr->type.typmod < 0 &&
            (from == TYPE_INT2 || from == TYPE_INT4) && (to == TYPE_INT4 || to == TYPE_INT8));
}

bool subquery_may_raise(const struct expr *expr)
{
    if (expr->kind == EXPR_TRY)
        return false;
    if (expr->kind == EXPR_CALL && comparison_of(expr->function->name) == 0 && !is_safe(expr))
        return true;
    for (uint16_t i = 0; i < expr->args_n; i++)
        if (subquery_may_raise(expr->args[i]))
            return true;
    return false;
}

/* What the value reads, then the keys of the correlations. */
static struct lazy read_columns(struct binder *binder, const struct query *query,
                                const struct plan_node *top)
{
    const struct schema *below = &nodes_at(&binder->nodes, top->inputs[0])->schema;
    uint16_t most = (uint16_t)(below->columns_n + query->correlations.n), n = 0;
    struct expr **exprs = arena_alloc(binder->arena, (most + 1U) * sizeof(struct expr *));
    const char **names = arena_alloc(binder->arena, (most + 1U) * sizeof(*names));
    int16_t *at = arena_alloc(binder->arena, (below->columns_n + 1U) * sizeof(*at));
    int16_t *same = arena_alloc(binder->arena, (below->columns_n + 1U) * sizeof(*same));
    const uint16_t *keys = subquery_keys(binder, query);
    struct column_set read = {0};
    struct lazy lazy = {0};

    exprs_columns(top->exprs[0], &read);
    for (uint16_t i = 0; i < below->columns_n; i++) {
        same[i] = (int16_t)i;
        at[i] = (int16_t)(column_set_has(&read, i) ? n : -1);
        if (at[i] < 0)
            continue;
        exprs[n] = exprs_column(binder->arena, i, below->columns[i].type, top->exprs[0]->location);
        names[n++] = below->columns[i].name;
    }
    lazy.columns_n = n;
    lazy.value = exprs_move(binder->arena, top->exprs[0], at);
    lazy.correlations = subquery_correlations(binder, query, n);
    for (uint32_t i = 0; i < query->correlations.n; i++) {
        exprs[n] = exprs_move(binder->arena, top->exprs[keys[i]], same);
        names[n++] = top->schema.columns[keys[i]].name;
    }
    lazy.node = nodes_project(&binder->nodes, top->inputs[0], exprs, names, n);
    return lazy;
}

/* An expression that may raise is computed for the row around it, where it is read: an error is
 * that row's, and none where CASE does not ask. */
static struct lazy lazily(struct binder *binder, const struct query *query, int location)
{
    const struct plan_node *top = nodes_at(&binder->nodes, query->node);

    if (top->kind == PLAN_PROJECT && !nodes_is_pinned(&binder->nodes, query->node) &&
        subquery_may_raise(top->exprs[0]))
        return read_columns(binder, query, top);
    return (struct lazy){.node = query->node,
                         .correlations = query->correlations,
                         .value =
                             exprs_column(binder->arena, 0, top->schema.columns[0].type, location),
                         .columns_n = 1};
}

/* The value over a node that was joined, its columns from `first` on. */
static struct expr *value_at(struct scope *scope, const struct lazy *lazy, uint32_t node,
                             uint16_t first, uint16_t from, int location)
{
    struct binder *binder = scope->binder;
    struct expr **by = arena_alloc(binder->arena, (lazy->columns_n + 1U) * sizeof(struct expr *));

    for (uint16_t i = 0; i < lazy->columns_n; i++)
        by[i] = subquery_column(scope, node, first, (uint16_t)(from + i), location);
    return exprs_substitute(binder->arena, lazy->value, by);
}

/* The value of the only row: `empty` where there is none. */
static struct expr *value_of_single(struct scope *scope, const struct query *query, int location)
{
    struct binder *binder = scope->binder;
    struct lazy lazy = lazily(binder, query, location);
    bool plain = query->empty == NULL && lazy.value->kind == EXPR_COLUMN;
    bool sure = query->always && query->correlations.n == 0;
    uint32_t node = plain || sure ? lazy.node : subquery_marked(binder, lazy.node);
    uint16_t marker = (uint16_t)(nodes_at(&binder->nodes, node)->schema.columns_n - 1), first = 0;
    struct expr *value, *choice;

    if (!subquery_join(scope, node, &lazy.correlations, sure, &first))
        return NULL;
    value = value_at(scope, &lazy, node, first, 0, location);
    if (plain || sure)
        return value;
    choice = exprs_new(binder->arena, EXPR_CASE, value->type.id, 3, location);
    choice->type = value->type;
    choice->args[0] =
        exprs_is_null(binder->arena, subquery_column(scope, node, first, marker, location));
    choice->args[1] =
        query->empty == NULL ? exprs_null(binder->arena, value->type, location) : query->empty[0];
    choice->args[2] = value;
    return choice;
}

/* The value of one of the rows, with their number: the error of two is raised where it is read. */
static struct expr *value_of_group(struct scope *scope, const struct query *query, int location)
{
    struct binder *binder = scope->binder;
    struct lazy lazy = lazily(binder, query, location);
    struct expr *one = exprs_new(binder->arena, EXPR_CONST, TYPE_INT8, 0, location);
    struct expr *value, *pair[2], *choice;
    struct counted counted = {0};

    if (!subquery_join_counted(scope, lazy.node, lazy.columns_n, &lazy.correlations, location,
                               &counted))
        return NULL;
    value = value_at(scope, &lazy, counted.node, counted.first, counted.values, location);
    if (lazy.value->kind == EXPR_COLUMN)
        return subquery_single(binder, counted.rows, value);
    one->constant.slot = 1;
    pair[0] = counted.rows;
    pair[1] = one;
    choice = exprs_new(binder->arena, EXPR_CASE, value->type.id, 3, location);
    choice->type = value->type;
    choice->args[0] = bind_call(binder, FUNCTION_OPERATOR, "=", pair, 2, location);
    choice->args[1] = value;
    choice->args[2] =
        subquery_single(binder, counted.rows, exprs_null(binder->arena, value->type, location));
    return choice;
}

static struct expr *bind_scalar(struct scope *scope, const PgQuery__SubLink *node)
{
    struct binder *binder = scope->binder;
    struct around around = {.scope = scope, .fills = true};
    struct query query;

    if (!bind_select(binder, node->subselect->select_stmt, around, &query) ||
        !one_column(scope, &query, node->location))
        return NULL;
    if (subquery_is_single(&binder->nodes, query.node, subquery_keys(binder, &query),
                           (uint16_t)query.correlations.n))
        return value_of_single(scope, &query, node->location);
    return value_of_group(scope, &query, node->location);
}

/* ---- EXISTS ---- */

static struct expr *exists_at_all(struct scope *scope, const struct query *query, int location)
{
    static const char *const names[] = {"rows"};
    struct plan_aggregate *count = arena_alloc(scope->binder->arena, sizeof(*count));
    struct list none = {0};
    uint16_t first = 0;
    uint32_t node;

    *count = subquery_count(NULL);
    node = subquery_group(scope->binder, query->node, NULL, 0, (struct counts){count, names, 1});
    if (!subquery_join(scope, node, &none, true, &first))
        return NULL;
    return subquery_has_rows(scope, subquery_column(scope, node, first, 0, location));
}

static struct expr *bind_exists(struct scope *scope, const PgQuery__SubLink *link)
{
    struct binder *binder = scope->binder;
    struct around around = {.scope = scope, .fills = true, .only_rows = true};
    struct list correlations;
    struct query query;
    uint16_t first = 0;
    uint32_t node;

    if (!bind_select(binder, link->subselect->select_stmt, around, &query))
        return NULL;
    if (query.always)
        return exprs_bool(binder->arena, true, link->location);
    if (query.correlations.n == 0)
        return exists_at_all(scope, &query, link->location);
    correlations = subquery_correlations(binder, &query, 0);
    node =
        subquery_marked(binder, subquery_distinct(binder, query.node, subquery_keys(binder, &query),
                                                  (uint16_t)query.correlations.n));
    if (!subquery_join(scope, node, &correlations, false, &first))
        return NULL;
    return exprs_not(
        binder->arena,
        exprs_is_null(binder->arena, subquery_column(scope, node, first, (uint16_t)correlations.n,
                                                     link->location)),
        link->location);
}

/* ---- IN ---- */

bool subquery_tests(struct scope *scope, const PgQuery__SubLink *link, const struct query *query,
                    struct list *ret)
{
    const PgQuery__Node *test = link->testexpr;
    bool is_row = test->node_case == PG_QUERY__NODE__NODE_ROW_EXPR;
    size_t n = is_row ? test->row_expr->n_args : 1;

    *ret = (struct list){0};
    if (n != query->columns_n)
        return ast_refuse(&scope->binder->ast, link->location,
                          n < query->columns_n ? "subquery has too many columns"
                                               : "subquery has too few columns");
    for (size_t i = 0; i < n; i++) {
        struct expr *expr = bind_expr(scope, is_row ? test->row_expr->args[i] : test);

        if (expr == NULL)
            return false;
        list_add(ret, scope->binder->arena, expr);
    }
    return true;
}

bool subquery_comparable(struct scope *scope, struct list *tests, struct query *query)
{
    struct binder *binder = scope->binder;
    const struct schema *shape = &nodes_at(&binder->nodes, query->node)->schema;
    uint16_t n = (uint16_t)tests->n, all = (uint16_t)(n + query->correlations.n);
    struct expr **exprs = arena_alloc(binder->arena, (all + 1U) * sizeof(struct expr *));
    const char **names = arena_alloc(binder->arena, (all + 1U) * sizeof(*names));
    uint16_t *keys = subquery_keys(binder, query);

    for (uint16_t i = 0; i < all; i++) {
        uint16_t column = i < n ? i : keys[i - n];
        struct expr *left = i < n ? tests->at[i] : NULL;

        names[i] = shape->columns[column].name;
        exprs[i] = exprs_column(binder->arena, column, shape->columns[column].type, -1);
        if (left == NULL)
            continue;
        exprs[i]->location = left->location;
        if (!bind_same_type(binder, &left, &exprs[i], left->location))
            return false;
        tests->at[i] = left;
    }
    query->node = nodes_project(&binder->nodes, query->node, exprs, names, all);
    query->correlations = subquery_correlations(binder, query, n);
    return true;
}

/* The tests' equalities before those of the keys. */
static struct list tested_correlations(struct binder *binder, const struct list *tests,
                                       const struct query *query)
{
    struct list correlations = {0};

    for (uint32_t i = 0; i < tests->n; i++) {
        struct correlation *one = arena_alloc(binder->arena, sizeof(*one));

        *one = (struct correlation){tests->at[i], (uint16_t)i, false};
        list_add(&correlations, binder->arena, one);
    }
    for (uint32_t i = 0; i < query->correlations.n; i++)
        list_add(&correlations, binder->arena, query->correlations.at[i]);
    return correlations;
}

static uint32_t distinct_whole(struct binder *binder, uint32_t node)
{
    uint16_t n = nodes_at(&binder->nodes, node)->schema.columns_n;
    uint16_t *columns = arena_alloc(binder->arena, (n + 1U) * sizeof(*columns));

    for (uint16_t i = 0; i < n; i++)
        columns[i] = i;
    return subquery_distinct(binder, node, columns, n);
}

static struct expr *bind_in(struct scope *scope, struct list *tests, struct query *query,
                            int location)
{
    struct binder *binder = scope->binder;
    struct known known = {0};
    struct expr *found;
    struct list correlations;
    uint16_t first = 0;
    uint32_t node;

    assert(tests->at != NULL); /* one at least */
    if (!subquery_comparable(scope, tests, query))
        return NULL;
    node = subquery_marked(binder, distinct_whole(binder, query->node));
    correlations = tested_correlations(binder, tests, query);
    if (!subquery_join(scope, node, &correlations, false, &first) ||
        !subquery_join_known(scope, query, false, location, &known))
        return NULL;
    found = exprs_is_null(binder->arena,
                          subquery_column(scope, node, first, (uint16_t)correlations.n, location));
    return subquery_verdict(scope, tests->at[0], exprs_not(binder->arena, found, location), &known,
                            false);
}

/* By the extremes of what has them, else value by value. */
static struct expr *compared(struct scope *scope, struct list *tests, struct query *query,
                             struct quantified quantified)
{
    const struct schema *shape = &nodes_at(&scope->binder->nodes, query->node)->schema;

    if (tests->n > 1 || comparison_of(quantified.name) == 0 ||
        !subquery_has_extremes(&shape->columns[0].type))
        return subquery_compared(scope, tests, query, quantified);
    if (!subquery_comparable(scope, tests, query))
        return NULL;
    shape = &nodes_at(&scope->binder->nodes, query->node)->schema;
    if (!subquery_has_extremes(&shape->columns[0].type))
        return subquery_compared(scope, tests, query, quantified);
    assert(tests->at != NULL); /* one */
    return subquery_by_extremes(scope, tests->at[0], query, quantified);
}

/* x op ANY (SELECT ...), x op ALL (SELECT ...); IN is = ANY. */
static struct expr *bind_quantified(struct scope *scope, const PgQuery__SubLink *link)
{
    bool all = link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK;
    const char *name =
        link->n_oper_name == 0 ? "=" : ast_string(link->oper_name[link->n_oper_name - 1]);
    struct around around = {.scope = scope};
    struct list tests;
    struct query query;
    struct expr *in;

    if (!bind_select(scope->binder, link->subselect->select_stmt, around, &query) ||
        !subquery_tests(scope, link, &query, &tests))
        return NULL;
    if (tests.n > 1 || strcmp(name, all ? "<>" : "=") != 0)
        return compared(scope, &tests, &query, (struct quantified){name, all, link->location});
    in = bind_in(scope, &tests, &query, link->location);
    return in == NULL || !all ? in : exprs_not(scope->binder->arena, in, link->location);
}

/* ---- conditions that are inner joins ---- */

static bool semi_exists(struct scope *scope, const PgQuery__SubLink *link, bool *ret_done)
{
    struct binder *binder = scope->binder;
    struct around around = {.scope = scope, .fills = true, .only_rows = true};
    struct list correlations;
    struct query query;
    uint16_t first = 0;

    if (!bind_select(binder, link->subselect->select_stmt, around, &query))
        return false;
    *ret_done = query.always || query.correlations.n > 0;
    if (query.always || query.correlations.n == 0)
        return true;
    correlations = subquery_correlations(binder, &query, 0);
    return subquery_join(scope,
                         subquery_distinct(binder, query.node, subquery_keys(binder, &query),
                                           (uint16_t)query.correlations.n),
                         &correlations, true, &first);
}

static bool semi_in(struct scope *scope, const PgQuery__SubLink *link)
{
    struct around around = {.scope = scope};
    struct list tests, correlations;
    struct query query;
    uint16_t first = 0;

    if (!bind_select(scope->binder, link->subselect->select_stmt, around, &query) ||
        !subquery_tests(scope, link, &query, &tests) || !subquery_comparable(scope, &tests, &query))
        return false;
    correlations = tested_correlations(scope->binder, &tests, &query);
    return subquery_join(scope, distinct_whole(scope->binder, query.node), &correlations, true,
                         &first);
}

bool bind_semi_join(struct scope *scope, const PgQuery__Node *node, bool *ret_done)
{
    const PgQuery__SubLink *link;

    *ret_done = false;
    if (node->node_case != PG_QUERY__NODE__NODE_SUB_LINK || scope->site == NULL ||
        node->sub_link->subselect == NULL)
        return true;
    link = node->sub_link;
    if (link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK)
        return semi_exists(scope, link, ret_done);
    if (link->sub_link_type != PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK || link->n_oper_name > 0)
        return true;
    *ret_done = true;
    return semi_in(scope, link);
}

static struct expr *bind_kind(struct scope *scope, const PgQuery__SubLink *node)
{
    struct ast *ast = &scope->binder->ast;

    if (scope->site == NULL || node->subselect == NULL) {
        ast_refuse(ast, node->location, "a subquery is not supported in %s", scope->clause);
        return NULL;
    }
    switch (node->sub_link_type) {
    case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK:
        return bind_scalar(scope, node);
    case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK:
        return bind_exists(scope, node);
    case PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK:
    case PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK:
        return bind_quantified(scope, node);
    case PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK:
        return bind_array_of(scope, node);
    case PG_QUERY__SUB_LINK_TYPE__ROWCOMPARE_SUBLINK:
        return subquery_row_compared(scope, node);
    default:
        ast_refuse(ast, node->location, "this form of a subquery is not supported");
        return NULL;
    }
}

/* Where the answer is read, what the subquery was asked for is computed first, and may raise. */
static struct expr *having_computed(struct binder *binder, const struct list *raising,
                                    struct expr *value)
{
    for (uint32_t i = 0; i < raising->n; i++) {
        struct expr *args[] = {raising->at[i], value};
        struct expr *call =
            exprs_call(binder->arena, function_named("having computed"), args, 2, value->location);

        call->type = value->type;
        value = call;
    }
    return value;
}

struct expr *bind_subquery(struct scope *scope, const PgQuery__SubLink *node)
{
    struct list raising = {0}, *around = scope->raising;
    struct expr *value;

    scope->raising = &raising;
    value = bind_kind(scope, node);
    scope->raising = around;
    return value == NULL ? NULL : having_computed(scope->binder, &raising, value);
}
