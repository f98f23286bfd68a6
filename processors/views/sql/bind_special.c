#include "sql/bind_values.h"
#include "sql/collations.h"

static struct expr *compare(struct scope *scope, const char *name, struct expr *a, struct expr *b,
                            int location)
{
    struct expr *args[] = {a, b};

    return bind_call(scope->binder, FUNCTION_OPERATOR, name, args, 2, location);
}

/* AND or OR of two; NULL when one is NULL (refused already). */
static struct expr *both(struct scope *scope, enum expr_kind kind, struct expr *a, struct expr *b,
                         int location)
{
    struct list args = {0};

    if (a == NULL || b == NULL)
        return NULL;
    list_add(&args, scope->binder->arena, a);
    list_add(&args, scope->binder->arena, b);
    return exprs_junction(scope->binder->arena, kind, &args, location);
}

/* One WHEN with its THEN. */
static bool bind_when(struct scope *scope, const PgQuery__CaseWhen *when, struct expr *subject,
                      struct expr **ret_when, struct expr **ret_then)
{
    struct expr *condition = bind_expr(scope, when->expr);

    if (condition == NULL)
        return false;
    if (subject != NULL)
        condition = compare(scope, "=", subject, condition, when->location);
    else
        condition = bind_coerce(scope->binder, condition, (struct type){TYPE_BOOL, -1},
                                CAST_IMPLICIT, "argument of WHEN");
    if (condition == NULL)
        return false;
    *ret_when = condition;
    *ret_then = bind_expr(scope, when->result);
    return *ret_then != NULL;
}

/* Lays out when, then, ..., else; results come with the else first, as PostgreSQL resolves their
 * common type. */
static struct expr *make_case(struct scope *scope, struct expr **whens, struct expr **results,
                              uint16_t whens_n, int location)
{
    struct type type;
    struct expr *expr, **at;

    if (!bind_common(scope->binder, results, (uint16_t)(whens_n + 1), "CASE", &type))
        return NULL;
    expr =
        exprs_new(scope->binder->arena, EXPR_CASE, type.id, (uint16_t)(2 * whens_n + 1), location);
    expr->type = type;
    at = expr->args;
    for (uint16_t i = 0; i < whens_n; i++) {
        *at++ = whens[i];
        *at++ = results[i + 1];
    }
    *at = results[0];
    return expr;
}

struct expr *bind_case(struct scope *scope, const PgQuery__CaseExpr *node)
{
    struct arena *arena = scope->binder->arena;
    struct expr **whens = arena_alloc(arena, (node->n_args + 1) * sizeof(struct expr *));
    struct expr **results = arena_alloc(arena, (node->n_args + 1) * sizeof(struct expr *));
    struct expr *subject = NULL;

    if (node->arg != NULL) {
        subject = bind_decided(scope->binder, bind_expr(scope, node->arg));
        if (subject == NULL)
            return NULL;
    }
    for (size_t i = 0; i < node->n_args; i++)
        if (!bind_when(scope, node->args[i]->case_when, subject, &whens[i], &results[i + 1]))
            return NULL;
    if (node->defresult == NULL)
        results[0] = exprs_null(arena, (struct type){TYPE_UNKNOWN, -1}, node->location);
    else
        results[0] = bind_expr(scope, node->defresult);
    if (results[0] == NULL)
        return NULL;
    return make_case(scope, whens, results, (uint16_t)node->n_args, node->location);
}

/* Binds a list of expressions and brings them to their common type. */
static struct expr **bind_args(struct scope *scope, PgQuery__Node *const *nodes, size_t n,
                               const char *what, struct type *ret_type)
{
    struct expr **args = arena_alloc(scope->binder->arena, n * sizeof(struct expr *));

    for (size_t i = 0; i < n; i++) {
        args[i] = bind_expr(scope, nodes[i]);
        if (args[i] == NULL)
            return NULL;
    }
    return bind_common(scope->binder, args, (uint16_t)n, what, ret_type) ? args : NULL;
}

struct expr *bind_coalesce(struct scope *scope, const PgQuery__CoalesceExpr *node)
{
    struct type type;
    struct expr **args = bind_args(scope, node->args, node->n_args, "COALESCE", &type);
    struct expr *expr;

    if (args == NULL)
        return NULL;
    expr = exprs_new(scope->binder->arena, EXPR_COALESCE, type.id, (uint16_t)node->n_args,
                     node->location);
    expr->type = type;
    expr->args = args;
    return expr;
}

struct expr *bind_min_max(struct scope *scope, const PgQuery__MinMaxExpr *node)
{
    bool is_greatest = node->op == PG_QUERY__MIN_MAX_OP__IS_GREATEST;
    const char *what = is_greatest ? "GREATEST" : "LEAST";
    struct type type;
    struct expr **args = bind_args(scope, node->args, node->n_args, what, &type), *call;

    if (args == NULL || !bind_comparable(scope->binder, args[0], what))
        return NULL;
    for (size_t i = 0; i < node->n_args; i++)
        args[i] = exprs_ordered(scope->binder->arena, args[i]);
    call = exprs_call(scope->binder->arena, function_named(is_greatest ? "greatest" : "least"),
                      args, (uint16_t)node->n_args, node->location);
    call->type = type.collation == NULL ? type : args[0]->type;
    return type.collation == NULL ? call : bind_from_key(scope->binder, call, type);
}

/* NULLIF gives its first argument as the comparison sees it. */
static struct expr *bind_nullif(struct scope *scope, const PgQuery__AExpr *node)
{
    struct expr *a = bind_expr(scope, node->lexpr);
    struct expr *b = a == NULL ? NULL : bind_expr(scope, node->rexpr);
    struct expr *equal = b == NULL ? NULL : compare(scope, "=", a, b, node->location);
    struct expr *results[2];

    if (equal == NULL)
        return NULL;
    results[0] = equal->args[0];
    results[1] = exprs_null(scope->binder->arena, (struct type){TYPE_UNKNOWN, -1}, node->location);
    equal = make_case(scope, &equal, results, 1, node->location);
    if (equal != NULL)
        equal->type.typmod = results[0]->type.typmod;
    return equal;
}

static struct expr *bind_distinct(struct scope *scope, struct expr *a, struct expr *b, bool is_not,
                                  int location)
{
    struct expr *expr;

    if (a->type.id == TYPE_UNKNOWN && b->type.id == TYPE_UNKNOWN) {
        a = bind_decided(scope->binder, a);
        b = bind_decided(scope->binder, b);
    }
    if (!bind_same_type(scope->binder, &a, &b, location))
        return NULL;
    expr = exprs_new(scope->binder->arena, EXPR_DISTINCT, TYPE_BOOL, 2, location);
    expr->args[0] = a;
    expr->args[1] = b;
    return is_not ? exprs_not(scope->binder->arena, expr, location) : expr;
}

struct expr *bind_boolean_test(struct scope *scope, const PgQuery__BooleanTest *node)
{
    struct arena *arena = scope->binder->arena;
    struct expr *arg;

    if (!ast_only(&scope->binder->ast, node, "arg booltesttype"))
        return NULL;
    arg = bind_expr(scope, node->arg);
    if (arg != NULL)
        arg = bind_coerce(scope->binder, arg, (struct type){TYPE_BOOL, -1}, CAST_IMPLICIT,
                          "argument of IS TRUE, IS FALSE or IS UNKNOWN");
    if (arg == NULL)
        return NULL;
    switch (node->booltesttype) {
    case PG_QUERY__BOOL_TEST_TYPE__IS_UNKNOWN:
        return exprs_is_null(scope->binder->arena, arg);
    case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_UNKNOWN:
        return exprs_not(arena, exprs_is_null(scope->binder->arena, arg), node->location);
    case PG_QUERY__BOOL_TEST_TYPE__IS_TRUE:
    case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_TRUE:
        return bind_distinct(scope, arg, exprs_bool(arena, true, node->location),
                             node->booltesttype == PG_QUERY__BOOL_TEST_TYPE__IS_TRUE,
                             node->location);
    default:
        return bind_distinct(scope, arg, exprs_bool(arena, false, node->location),
                             node->booltesttype == PG_QUERY__BOOL_TEST_TYPE__IS_FALSE,
                             node->location);
    }
}

static bool reads_column(const struct expr *expr)
{
    if (expr->kind == EXPR_COLUMN)
        return true;
    for (uint16_t i = 0; i < expr->args_n; i++)
        if (reads_column(expr->args[i]))
            return true;
    return false;
}

/* PostgreSQL gives the items that read no column one common type together with the left side,
 * when there are several. */
static bool unify_items(struct scope *scope, const struct expr *left, struct list *items)
{
    enum type_id *ids = arena_alloc(scope->binder->arena, (items->n + 1) * sizeof(*ids));
    uint16_t n = 1;
    enum type_id common;

    ids[0] = left->type.id;
    for (uint32_t i = 0; i < items->n; i++)
        if (!reads_column(items->at[i]))
            ids[n++] = ((const struct expr *)items->at[i])->type.id;
    if (n <= 2 || !type_common(ids, n, &common))
        return true;
    for (uint32_t i = 0; i < items->n; i++) {
        if (reads_column(items->at[i]))
            continue;
        items->at[i] =
            bind_coerce(scope->binder, items->at[i], (struct type){common, -1, left->type.labels},
                        CAST_IMPLICIT, "IN");
        if (items->at[i] == NULL)
            return false;
    }
    return true;
}

/* x IN (a, b): OR of equalities; NOT IN: AND of inequalities. */
static struct expr *bind_in(struct scope *scope, const PgQuery__AExpr *node)
{
    const char *operator= ast_string(node->name[0]);
    bool is_not = operator!= NULL && strcmp(operator, "<>") == 0;
    struct expr *left = bind_expr(scope, node->lexpr);
    struct list items = {0}, tests = {0};

    if (left == NULL)
        return NULL;
    for (size_t i = 0; i < node->rexpr->list->n_items; i++) {
        struct expr *item = bind_expr(scope, node->rexpr->list->items[i]);

        if (item == NULL)
            return NULL;
        list_add(&items, scope->binder->arena, item);
    }
    if (!unify_items(scope, left, &items))
        return NULL;
    for (uint32_t i = 0; i < items.n; i++) {
        struct expr *test = compare(scope, is_not ? "<>" : "=", left, items.at[i], node->location);

        if (test == NULL)
            return NULL;
        list_add(&tests, scope->binder->arena, test);
    }
    return exprs_junction(scope->binder->arena, is_not ? EXPR_AND : EXPR_OR, &tests,
                          node->location);
}

/* x between a and b, or its negation. */
static struct expr *between(struct scope *scope, struct expr *x, struct expr *a, struct expr *b,
                            bool is_not, int location)
{
    struct expr *low = compare(scope, is_not ? "<" : ">=", x, a, location);
    struct expr *high = low == NULL ? NULL : compare(scope, is_not ? ">" : "<=", x, b, location);

    return both(scope, is_not ? EXPR_OR : EXPR_AND, low, high, location);
}

static struct expr *bind_between(struct scope *scope, const PgQuery__AExpr *node)
{
    PgQuery__AExprKind kind = node->kind;
    bool is_not = kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN ||
                  kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM;
    bool symmetric = kind == PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM ||
                     kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM;
    struct expr *x = bind_expr(scope, node->lexpr);
    struct expr *a = x == NULL ? NULL : bind_expr(scope, node->rexpr->list->items[0]);
    struct expr *b = a == NULL ? NULL : bind_expr(scope, node->rexpr->list->items[1]);
    struct expr *first = b == NULL ? NULL : between(scope, x, a, b, is_not, node->location);

    if (first == NULL || !symmetric)
        return first;
    return both(scope, is_not ? EXPR_AND : EXPR_OR, first,
                between(scope, x, b, a, is_not, node->location), node->location);
}

struct expr *bind_special_operator(struct scope *scope, const PgQuery__AExpr *node)
{
    struct expr *a, *b;

    switch (node->kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF:
        return bind_nullif(scope, node);
    case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
        a = bind_expr(scope, node->lexpr);
        b = a == NULL ? NULL : bind_expr(scope, node->rexpr);
        return b == NULL ? NULL
                         : bind_distinct(scope, a, b,
                                         node->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT,
                                         node->location);
    case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
        return bind_in(scope, node);
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM:
        return bind_between(scope, node);
    default:
        ast_refuse(&scope->binder->ast, node->location, "this operator is not supported");
        return NULL;
    }
}
