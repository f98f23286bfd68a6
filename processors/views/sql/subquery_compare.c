/*
 * Comparisons with a subquery that need to know little of it: x op ANY or ALL by the least and the
 * greatest of its values, and (x, y) op (SELECT ...) with its only row.
 */
#include "sql/bind_values.h"
#include "sql/subquery.h"

/* ---- x op ANY, x op ALL ---- */

/* Of the subquery's values, for one value of its correlations. */
struct known {
    struct expr *rows, *values; /* how many, and how many of them are not NULL */
    struct expr *least, *greatest;
};

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

static bool join_known(struct scope *scope, const struct query *query, int location,
                       struct known *ret)
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
    counts[2] = extreme(binder, STR("min"), type);
    counts[3] = extreme(binder, STR("max"), type);
    node = subquery_group(binder, query->node, subquery_keys(binder, query), n,
                          (struct counts){counts, names, 4});
    if (!subquery_join(scope, node, &correlations, n == 0, &first))
        return false;
    ret->rows = subquery_column(scope, node, first, n, location);
    ret->values = subquery_column(scope, node, first, (uint16_t)(n + 1), location);
    ret->least = subquery_column(scope, node, first, (uint16_t)(n + 2), location);
    ret->greatest = subquery_column(scope, node, first, (uint16_t)(n + 3), location);
    return true;
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

/* Over no rows ANY is FALSE and ALL is TRUE; else what is decided, else NULL where a value is. */
struct expr *subquery_by_extremes(struct scope *scope, struct expr *test, const struct query *query,
                                  struct quantified quantified)
{
    struct arena *arena = scope->binder->arena;
    int location = quantified.location;
    struct expr *choice = exprs_new(arena, EXPR_CASE, TYPE_BOOL, 7, location);
    struct expr *zero = exprs_new(arena, EXPR_CONST, TYPE_INT8, 0, location);
    struct expr *differ = exprs_new(arena, EXPR_DISTINCT, TYPE_BOOL, 2, location), *decided;
    struct list none = {0}, unknown = {0};
    struct known known = {0};

    if (!join_known(scope, query, location, &known))
        return NULL;
    decided = decisive(scope, test, &known, quantified);
    struct expr *no_rows[] = {known.rows, zero};
    struct expr *empty = bind_call(scope->binder, FUNCTION_OPERATOR, "=", no_rows, 2, location);
    if (decided == NULL || empty == NULL)
        return NULL;
    list_add(&none, arena, exprs_is_null(arena, known.rows));
    list_add(&none, arena, empty);
    differ->args[0] = known.rows;
    differ->args[1] = known.values;
    list_add(&unknown, arena, exprs_is_null(arena, test));
    list_add(&unknown, arena, differ);
    choice->args[0] = exprs_junction(arena, EXPR_OR, &none, location);
    choice->args[1] = exprs_bool(arena, quantified.all, location);
    choice->args[2] = quantified.all ? exprs_not(arena, decided, location) : decided;
    choice->args[3] = exprs_bool(arena, !quantified.all, location);
    choice->args[4] = exprs_junction(arena, EXPR_OR, &unknown, location);
    choice->args[5] = exprs_null(arena, (struct type){TYPE_BOOL, -1, NULL}, location);
    choice->args[6] = exprs_bool(arena, quantified.all, location);
    return choice;
}

/* ---- (x, y) op (SELECT ...) ---- */

/* Each column of one of the rows, with their number: the error of two is raised where it is read. */
static bool row_values(struct scope *scope, const struct query *query, int location,
                       struct expr **ret)
{
    struct binder *binder = scope->binder;
    const struct schema *shape = &nodes_at(&binder->nodes, query->node)->schema;
    struct list correlations = subquery_correlations(binder, query, 0);
    uint16_t n = query->columns_n, keys_n = (uint16_t)correlations.n, first = 0;
    struct plan_aggregate *aggregates = arena_zalloc(binder->arena, (n + 1U) * sizeof(*aggregates));
    const char **names = arena_alloc(binder->arena, (n + 1U) * sizeof(*names));
    uint32_t node;

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
    node = subquery_group(binder, query->node, subquery_keys(binder, query), keys_n,
                          (struct counts){aggregates, names, (uint16_t)(n + 1)});
    if (!subquery_join(scope, node, &correlations, keys_n == 0, &first))
        return false;
    for (uint16_t i = 0; i < n; i++) {
        struct expr *args[] = {
            subquery_column(scope, node, first, keys_n, location),
            subquery_column(scope, node, first, (uint16_t)(keys_n + 1 + i), location)};

        ret[i] = exprs_call(binder->arena, function_named("single row"), args, 2, location);
        ret[i]->type = args[1]->type;
    }
    return true;
}

struct expr *subquery_row_compared(struct scope *scope, const PgQuery__SubLink *link)
{
    struct binder *binder = scope->binder;
    const char *name = ast_string(link->oper_name[link->n_oper_name - 1]);
    struct around around = {.scope = scope};
    struct expr **values, **given;
    struct list tests = {0};
    struct query query;

    if (!bind_select(binder, link->subselect->select_stmt, around, &query) ||
        !subquery_tests(scope, link, &query, &tests))
        return NULL;
    values = arena_alloc(binder->arena, (query.columns_n + 1U) * sizeof(struct expr *));
    given = arena_alloc(binder->arena, (tests.n + 1U) * sizeof(struct expr *));
    for (uint32_t i = 0; i < tests.n; i++)
        given[i] = tests.at[i];
    return row_values(scope, &query, link->location, values)
               ? bind_compare_fields(binder, name, given, values, tests.n, link->location)
               : NULL;
}
