/*
 * Comparisons with a subquery that need to know little of it: x op ANY or ALL by the least and the
 * greatest of its values, and (x, y) op (SELECT ...) with its only row.
 */
#include "sql/bind_values.h"
#include "sql/subquery.h"

/* ---- x op ANY, x op ALL ---- */

bool subquery_has_extremes(const struct type *type)
{
    return type->collation == NULL && !type_is_array(type->id) &&
           aggregate_resolve(STR("min"), type->id) != NULL;
}

static struct plan_aggregate extreme(struct binder *binder, struct str name, struct type type)
{
    return (struct plan_aggregate){.aggregate = aggregate_resolve(name, type.id),
                                   .arg = exprs_column(binder->arena, 0, type, -1),
                                   .result = type};
}

bool subquery_join_known(struct scope *scope, const struct query *query, bool extremes,
                         int location, struct known *ret)
{
    static const char *const names[] = {"rows", "values", "least", "greatest"};
    struct binder *binder = scope->binder;
    struct plan_aggregate *counts = arena_alloc(binder->arena, 4 * sizeof(*counts));
    struct list correlations = subquery_correlations(binder, query, 0);
    uint16_t n = (uint16_t)correlations.n, first = 0;
    struct type type = nodes_at(&binder->nodes, query->node)->schema.columns[0].type;
    struct expr *null = exprs_is_null(binder->arena, exprs_column(binder->arena, 0, type, -1));
    uint32_t node;

    counts[0] = subquery_count(NULL);
    counts[1] = subquery_count(exprs_not(binder->arena, null, location));
    if (extremes) {
        counts[2] = extreme(binder, STR("min"), type);
        counts[3] = extreme(binder, STR("max"), type);
    }
    node = subquery_group(binder, query->node, subquery_keys(binder, query), n,
                          (struct counts){counts, names, extremes ? 4 : 2});
    if (!subquery_join(scope, node, &correlations, n == 0, &first))
        return false;
    ret->rows = subquery_column(scope, node, first, n, location);
    ret->values = subquery_column(scope, node, first, (uint16_t)(n + 1), location);
    if (!extremes)
        return true;
    ret->least = subquery_column(scope, node, first, (uint16_t)(n + 2), location);
    ret->greatest = subquery_column(scope, node, first, (uint16_t)(n + 3), location);
    return true;
}

struct expr *subquery_has_rows(struct scope *scope, struct expr *count)
{
    struct expr *zero = exprs_new(scope->binder->arena, EXPR_CONST, TYPE_INT8, 0, count->location);
    struct expr *args[] = {count, zero};

    return bind_call(scope->binder, FUNCTION_OPERATOR, ">", args, 2, count->location);
}

struct expr *subquery_verdict(struct scope *scope, struct expr *test, struct expr *decided,
                              const struct known *known, bool all)
{
    struct arena *arena = scope->binder->arena;
    int location = test->location;
    struct expr *choice = exprs_new(arena, EXPR_CASE, TYPE_BOOL, 7, location);
    struct expr *differ = exprs_new(arena, EXPR_DISTINCT, TYPE_BOOL, 2, location);
    struct list none = {0}, unknown = {0};

    differ->args[0] = known->rows;
    differ->args[1] = known->values;
    list_add(&none, arena, exprs_is_null(arena, known->rows));
    list_add(&none, arena, exprs_not(arena, subquery_has_rows(scope, known->rows), location));
    list_add(&unknown, arena, exprs_is_null(arena, test));
    list_add(&unknown, arena, differ);
    choice->args[0] = decided;
    choice->args[1] = exprs_bool(arena, !all, location);
    choice->args[2] = exprs_junction(arena, EXPR_OR, &none, location);
    choice->args[3] = exprs_bool(arena, all, location);
    choice->args[4] = exprs_junction(arena, EXPR_OR, &unknown, location);
    choice->args[5] = exprs_null(arena, (struct type){TYPE_BOOL, -1, NULL}, location);
    choice->args[6] = exprs_bool(arena, all, location);
    return choice;
}

/* The comparison that decides: with the value that is the easiest of all for ANY, the hardest for
 * ALL; of = and <> both. */
static struct expr *decisive(struct scope *scope, struct expr *test, const struct known *known,
                             struct quantified quantified)
{
    struct binder *binder = scope->binder;
    bool less = quantified.name[0] == '<' && quantified.name[1] != '>';
    bool both = strcmp(quantified.name, "=") == 0 || strcmp(quantified.name, "<>") == 0;
    struct expr *one[] = {test, less == quantified.all && !both ? known->least : known->greatest};
    struct expr *other[] = {test, known->least};
    struct list tests = {0};
    struct expr *first =
        bind_call(binder, FUNCTION_OPERATOR, quantified.name, one, 2, quantified.location);
    struct expr *second =
        both && first != NULL
            ? bind_call(binder, FUNCTION_OPERATOR, quantified.name, other, 2, quantified.location)
            : first;

    if (!both || second == NULL)
        return second;
    list_add(&tests, binder->arena, first);
    list_add(&tests, binder->arena, second);
    return exprs_junction(binder->arena, quantified.all ? EXPR_AND : EXPR_OR, &tests,
                          quantified.location);
}

struct expr *subquery_by_extremes(struct scope *scope, struct expr *test, const struct query *query,
                                  struct quantified quantified)
{
    struct known known = {0};
    struct expr *decided;

    if (!subquery_join_known(scope, query, true, quantified.location, &known))
        return NULL;
    decided = decisive(scope, test, &known, quantified);
    if (decided != NULL && quantified.all)
        decided = exprs_not(scope->binder->arena, decided, quantified.location);
    return decided == NULL ? NULL : subquery_verdict(scope, test, decided, &known, quantified.all);
}

/* ---- (x, y) op (SELECT ...) ---- */

/* The node's rows for each value of the correlations: their number, and `n` columns of one of them. */
static uint32_t count_rows(struct binder *binder, uint32_t node, uint16_t n,
                           const struct list *correlations, int location)
{
    const struct schema *shape = &nodes_at(&binder->nodes, node)->schema;
    uint16_t keys_n = (uint16_t)correlations->n;
    struct plan_aggregate *aggregates = arena_zalloc(binder->arena, (n + 1U) * sizeof(*aggregates));
    const char **names = arena_alloc(binder->arena, (n + 1U) * sizeof(*names));
    uint16_t *keys = arena_alloc(binder->arena, (keys_n + 1U) * sizeof(*keys));

    names[0] = "rows";
    aggregates[0] = subquery_count(NULL);
    for (uint16_t i = 0; i < n; i++) {
        struct type type = shape->columns[i].type;

        names[i + 1] = "value";
        aggregates[i + 1] =
            (struct plan_aggregate){.aggregate = aggregate_internal("first"),
                                    .arg = exprs_column(binder->arena, i, type, location),
                                    .result = type};
    }
    for (uint16_t i = 0; i < keys_n; i++)
        keys[i] = ((const struct correlation *)correlations->at[i])->column;
    return subquery_group(binder, node, keys, keys_n,
                          (struct counts){aggregates, names, (uint16_t)(n + 1)});
}

bool subquery_join_counted(struct scope *scope, uint32_t node, uint16_t n,
                           const struct list *correlations, int location, struct counted *ret)
{
    struct query keyed = {.correlations = *correlations};
    struct list moved = subquery_correlations(scope->binder, &keyed, 0);
    uint16_t first = 0;

    ret->node = count_rows(scope->binder, node, n, correlations, location);
    if (!subquery_join(scope, ret->node, &moved, moved.n == 0, &first))
        return false;
    ret->rows = subquery_column(scope, ret->node, first, (uint16_t)moved.n, location);
    ret->first = first;
    ret->values = (uint16_t)(moved.n + 1);
    return true;
}

struct expr *subquery_single(struct binder *binder, struct expr *rows, struct expr *value)
{
    struct expr *args[] = {rows, value};
    struct expr *single =
        exprs_call(binder->arena, function_named("single row"), args, 2, value->location);

    single->type = value->type;
    return single;
}

struct expr *subquery_row_compared(struct scope *scope, const PgQuery__SubLink *link)
{
    struct binder *binder = scope->binder;
    const char *name = ast_string(link->oper_name[link->n_oper_name - 1]);
    struct around around = {.scope = scope};
    struct counted counted = {0};
    struct expr **values, **given;
    struct list tests = {0};
    struct query query;

    if (!bind_select(binder, link->subselect->select_stmt, around, &query) ||
        !subquery_tests(scope, link, &query, &tests) ||
        !subquery_join_counted(scope, query.node, query.columns_n, &query.correlations,
                               link->location, &counted))
        return NULL;
    values = arena_alloc(binder->arena, (query.columns_n + 1U) * sizeof(struct expr *));
    given = arena_alloc(binder->arena, (tests.n + 1U) * sizeof(struct expr *));
    for (uint32_t i = 0; i < tests.n; i++) {
        given[i] = tests.at[i];
        values[i] =
            subquery_single(binder, counted.rows,
                            subquery_column(scope, counted.node, counted.first,
                                            (uint16_t)(counted.values + i), link->location));
    }
    return bind_compare_fields(binder, name, given, values, tests.n, link->location);
}
