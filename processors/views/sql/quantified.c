/*
 * x op ANY (SELECT ...) and x op ALL (SELECT ...) for any operator: every value of x that there may
 * be is compared with every row of the subquery, and the answers are counted by it. And
 * ARRAY(SELECT ...).
 */
#include "sql/bind_values.h"
#include "sql/block.h"
#include "sql/subquery.h"

#include "record/array.h"

/* The values of x and of the correlations, each once. */
static bool tested_domain(struct scope *scope, const struct list *tests, const struct query *query,
                          int location, uint32_t *ret_node)
{
    struct list exprs = {0};

    for (uint32_t i = 0; i < tests->n; i++)
        list_add(&exprs, scope->binder->arena, tests->at[i]);
    for (uint32_t i = 0; i < query->correlations.n; i++)
        list_add(&exprs, scope->binder->arena,
                 ((const struct correlation *)query->correlations.at[i])->outer);
    return domain_plan(scope, &exprs, location, ret_node);
}

/* Domain and subquery, joined by the correlations. */
static uint32_t pairs(struct binder *binder, uint32_t domain, const struct query *query,
                      uint16_t tests_n)
{
    uint32_t n = query->correlations.n;
    struct join_keys keys = {.left = arena_alloc(binder->arena, (n + 1) * sizeof(void *)),
                             .right = arena_alloc(binder->arena, (n + 1) * sizeof(void *)),
                             .n = (uint16_t)n};

    for (uint32_t i = 0; i < n; i++) {
        const struct correlation *correlation = query->correlations.at[i];
        struct type type =
            nodes_at(&binder->nodes, query->node)->schema.columns[correlation->column].type;

        keys.left[i] = exprs_column(binder->arena, (uint16_t)(tests_n + i), type, -1);
        keys.right[i] = exprs_column(binder->arena, correlation->column, type, -1);
        if (correlation->null_safe && i < 64)
            keys.null_safe |= UINT64_C(1) << i;
    }
    return nodes_join(&binder->nodes, PLAN_JOIN_INNER, domain, query->node, keys);
}

/* The comparison over a pair. */
static struct expr *comparison(struct scope *scope, uint32_t node, uint16_t tests_n,
                               uint16_t domain_n, struct quantified quantified)
{
    struct binder *binder = scope->binder;
    const struct schema *shape = &nodes_at(&binder->nodes, node)->schema;
    struct expr **left = arena_alloc(binder->arena, tests_n * sizeof(struct expr *));
    struct expr **right = arena_alloc(binder->arena, tests_n * sizeof(struct expr *)), *answer;

    if (tests_n > 1 && comparison_of(quantified.name) == 0) {
        ast_refuse(&binder->ast, quantified.location, "rows are not compared by %s",
                   quantified.name);
        return NULL;
    }
    for (uint16_t i = 0; i < tests_n; i++) {
        uint16_t column = (uint16_t)(domain_n + i);

        left[i] = exprs_column(binder->arena, i, shape->columns[i].type, quantified.location);
        right[i] =
            exprs_column(binder->arena, column, shape->columns[column].type, quantified.location);
    }
    answer =
        bind_compare_fields(binder, quantified.name, left, right, tests_n, quantified.location);
    return answer == NULL ? NULL
                          : bind_coerce(binder, answer, (struct type){TYPE_BOOL, -1, NULL},
                                        CAST_IMPLICIT, "operator of ANY or ALL");
}

/* The domain's columns, then the answer; grouped: rows, those that are true, those not NULL. */
static uint32_t counted(struct binder *binder, uint32_t node, uint16_t domain_n,
                        struct expr *answer)
{
    static const char *const count_names[] = {"rows", "true", "known"};
    const struct schema *shape = &nodes_at(&binder->nodes, node)->schema;
    struct expr **exprs = arena_alloc(binder->arena, (domain_n + 1U) * sizeof(struct expr *));
    const char **names = arena_alloc(binder->arena, (domain_n + 1U) * sizeof(*names));
    uint16_t *columns = arena_alloc(binder->arena, (domain_n + 1U) * sizeof(*columns));
    struct plan_aggregate *counts = arena_alloc(binder->arena, 3 * sizeof(*counts));
    struct expr *column =
        exprs_column(binder->arena, domain_n, (struct type){TYPE_BOOL, -1, NULL}, -1);

    for (uint16_t i = 0; i < domain_n; i++) {
        exprs[i] = exprs_column(binder->arena, i, shape->columns[i].type, -1);
        names[i] = shape->columns[i].name;
        columns[i] = i;
    }
    exprs[domain_n] = answer;
    names[domain_n] = "answer";
    counts[0] = subquery_count(NULL);
    counts[1] = subquery_count(column);
    counts[2] = subquery_count(exprs_not(binder->arena, exprs_is_null(binder->arena, column), -1));
    node = nodes_project(&binder->nodes, node, exprs, names, (uint16_t)(domain_n + 1));
    return subquery_group(binder, node, columns, domain_n, (struct counts){counts, count_names, 3});
}

static struct expr *differ(struct arena *arena, struct expr *a, struct expr *b)
{
    struct expr *expr = exprs_new(arena, EXPR_DISTINCT, TYPE_BOOL, 2, a->location);

    expr->args[0] = a;
    expr->args[1] = b;
    return expr;
}

/* ANY: TRUE where one is, else NULL where one is, else FALSE; ALL the other way round. */
static struct expr *verdict(struct scope *scope, uint32_t node, uint16_t first, uint16_t domain_n,
                            struct quantified quantified)
{
    struct arena *arena = scope->binder->arena;
    struct expr *counts[3], *choice, *zero;

    for (uint16_t i = 0; i < 3; i++)
        counts[i] =
            subquery_column(scope, node, first, (uint16_t)(domain_n + i), quantified.location);
    zero = exprs_new(arena, EXPR_CONST, TYPE_INT8, 0, quantified.location);
    choice = exprs_new(arena, EXPR_CASE, TYPE_BOOL, 5, quantified.location);
    if (quantified.all) {
        choice->args[0] = differ(arena, counts[1], counts[2]);
    } else {
        struct expr *args[] = {counts[1], zero};

        choice->args[0] =
            bind_call(scope->binder, FUNCTION_OPERATOR, ">", args, 2, quantified.location);
    }
    choice->args[1] = exprs_bool(arena, !quantified.all, quantified.location);
    choice->args[2] = differ(arena, counts[0], counts[2]);
    choice->args[3] = exprs_null(arena, (struct type){TYPE_BOOL, -1, NULL}, quantified.location);
    choice->args[4] = exprs_bool(arena, quantified.all, quantified.location);
    return choice->args[0] == NULL ? NULL : choice;
}

struct expr *subquery_compared(struct scope *scope, struct list *tests, struct query *query,
                               struct quantified quantified)
{
    struct binder *binder = scope->binder;
    struct list correlations = {0};
    uint16_t tests_n = (uint16_t)tests->n, domain_n, first = 0;
    uint32_t domain, node;
    struct expr *answer;

    for (uint32_t i = 0; i < tests->n; i++)
        if ((tests->at[i] = bind_decided(binder, tests->at[i])) == NULL)
            return NULL;
    if (!tested_domain(scope, tests, query, quantified.location, &domain))
        return NULL;
    domain_n = nodes_at(&binder->nodes, domain)->schema.columns_n;
    node = pairs(binder, domain, query, tests_n);
    answer = comparison(scope, node, tests_n, domain_n, quantified);
    if (answer == NULL)
        return NULL;
    node = counted(binder, node, domain_n, answer);
    for (uint16_t i = 0; i < domain_n; i++) {
        struct correlation *one = arena_alloc(binder->arena, sizeof(*one));

        *one = (struct correlation){
            i < tests_n ? tests->at[i]
                        : ((const struct correlation *)query->correlations.at[i - tests_n])->outer,
            i, true};
        list_add(&correlations, binder->arena, one);
    }
    if (!subquery_join(scope, node, &correlations, false, &first))
        return NULL;
    return verdict(scope, node, first, domain_n, quantified);
}

/* ---- ARRAY(SELECT ...) ---- */

static struct expr *empty_array(struct arena *arena, struct type type, int location)
{
    CLEANUP(array_maker) struct array_maker maker = {0};
    struct expr *expr = exprs_new(arena, EXPR_CONST, type.id, 0, location);

    expr->type = type;
    array_begin(&maker, type_element(type.id), 1);
    expr->constant.bytes = array_finish(&maker, arena);
    return expr;
}

/* array_agg of the query's column in its order. */
static bool ordered_array(struct scope *scope, const struct query *query, int location,
                          struct plan_aggregate *ret)
{
    struct binder *binder = scope->binder;
    struct block block = {.binder = binder};
    struct type type = nodes_at(&binder->nodes, query->node)->schema.columns[0].type;
    struct column_set fixed = {0};

    *ret = (struct plan_aggregate){.aggregate = aggregate_resolve(STR("array_agg"), type.id),
                                   .arg = exprs_column(binder->arena, 0, type, location),
                                   .order = query->order,
                                   .order_n = query->order_n};
    if (ret->aggregate == NULL)
        return ast_refuse(&binder->ast, location, "ARRAY over type %s is not supported",
                          type_name(type.id));
    ret->result = aggregate_result(ret->aggregate, type);
    for (uint32_t i = 0; i < query->correlations.n; i++)
        column_set_add(&fixed, ((const struct correlation *)query->correlations.at[i])->column);
    return group_check_order(&block, query->node, fixed, ret, location);
}

struct expr *bind_array_of(struct scope *scope, const PgQuery__SubLink *link)
{
    static const char *const names[] = {"array"};
    struct binder *binder = scope->binder;
    struct around around = {.scope = scope, .ordered = true};
    struct plan_aggregate *array = arena_alloc(binder->arena, sizeof(*array));
    struct list correlations;
    struct query query;
    struct expr *either;
    uint16_t n, first = 0;
    uint32_t node;

    if (!bind_select(binder, link->subselect->select_stmt, around, &query))
        return NULL;
    if (query.columns_n != 1) {
        ast_refuse(&binder->ast, link->location, "subquery must return only one column");
        return NULL;
    }
    if (!ordered_array(scope, &query, link->location, array))
        return NULL;
    correlations = subquery_correlations(binder, &query, 0);
    n = (uint16_t)correlations.n;
    node = subquery_group(binder, query.node, subquery_keys(binder, &query), n,
                          (struct counts){array, names, 1});
    if (!subquery_join(scope, node, &correlations, n == 0, &first))
        return NULL;
    either = exprs_new(binder->arena, EXPR_COALESCE, array->result.id, 2, link->location);
    either->type = array->result;
    either->args[0] = subquery_column(scope, node, first, n, link->location);
    either->args[1] = empty_array(binder->arena, array->result, link->location);
    return either;
}
