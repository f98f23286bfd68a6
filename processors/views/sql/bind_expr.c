#include "sql/bind_values.h"
#include "sql/calls.h"
#include "sql/collations.h"
#include "sql/nested.h"
#include "sql/whole_row.h"

#include "record/numeric.h"
#include <errno.h>

/* A number too big for int4: int8 when it fits, else numeric, as PostgreSQL types it. */
static struct expr *bind_number(struct scope *scope, const char *digits, int location)
{
    struct arena *arena = scope->binder->arena;
    struct expr *expr = exprs_new(arena, EXPR_CONST, TYPE_INT8, 0, location);
    struct err err;
    char *end;

    errno = 0;
    expr->constant.slot = strtoll(digits, &end, 10);
    if (errno == 0 && *end == '\0') {
        if (expr->constant.slot >= INT32_MIN && expr->constant.slot <= INT32_MAX)
            expr->type.id = TYPE_INT4; /* -2147483648: its digits alone are too big */
        return expr;
    }
    expr->type.id = TYPE_NUMERIC;
    if (!numeric_parse(str_of(digits), arena, &expr->constant.bytes, &err)) {
        ast_refuse(&scope->binder->ast, location, "%s", err.text);
        return NULL;
    }
    return expr;
}

static struct expr *bind_constant(struct scope *scope, const PgQuery__AConst *node)
{
    struct arena *arena = scope->binder->arena;
    struct expr *expr;

    if (node->isnull)
        return exprs_null(arena, (struct type){TYPE_UNKNOWN, -1}, node->location);
    switch (node->val_case) {
    case PG_QUERY__A__CONST__VAL_IVAL:
        expr = exprs_new(arena, EXPR_CONST, TYPE_INT4, 0, node->location);
        expr->constant.slot = node->ival->ival;
        return expr;
    case PG_QUERY__A__CONST__VAL_FVAL:
        return bind_number(scope, node->fval->fval, node->location);
    case PG_QUERY__A__CONST__VAL_BOOLVAL:
        return exprs_bool(arena, node->boolval->boolval, node->location);
    case PG_QUERY__A__CONST__VAL_SVAL:
        expr = exprs_new(arena, EXPR_CONST, TYPE_UNKNOWN, 0, node->location);
        expr->constant.bytes = arena_copy(arena, str_of(node->sval->sval));
        return expr;
    default:
        ast_refuse(&scope->binder->ast, node->location, "bit strings are not supported");
        return NULL;
    }
}

static void *refuse_row(struct scope *scope, int location, const char *reason)
{
    ast_refuse(&scope->binder->ast, location, "%s", reason);
    return NULL;
}

static struct expr *bind_cast(struct scope *scope, const PgQuery__TypeCast *node)
{
    const struct user_type *domain;
    struct expr *arg, *cast;
    struct type type;

    struct whole_row *row = NULL;

    if (!ast_only(&scope->binder->ast, node, "arg type_name") ||
        !bind_type(scope->binder, node->type_name, &type) ||
        !bind_whole_row(scope, node->arg, &row))
        return NULL;
    if (row != NULL && !type_is_text(type.id))
        return refuse_row(scope, node->location, "a row is cast to text alone");
    if (node->arg->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR && type_is_array(type.id)) {
        cast = arg = bind_array_as(scope, node->arg->a_array_expr, type);
    } else {
        arg = row != NULL ? whole_row_text(scope->binder, row) : bind_expr(scope, node->arg);
        cast =
            arg == NULL ? NULL : bind_coerce(scope->binder, arg, type, CAST_EXPLICIT, "expression");
    }
    domain = bind_domain_of(scope->binder, node->type_name);
    if (cast != NULL && domain != NULL)
        cast = bind_into_domain(scope->binder, domain, cast);
    if (cast != NULL && type.collation != NULL)
        cast = bind_with_collation(scope->binder, cast, (struct collated){type.collation, false});
    if (cast != NULL && cast != arg)
        cast->location = node->location;
    return cast;
}

/* The operator's name; NULL after a refusal. */
static const char *operator_name(struct scope *scope, const PgQuery__AExpr *node)
{
    const char *schema = node->n_name == 2 ? ast_string(node->name[0]) : NULL;

    if (node->n_name > 2 || (schema != NULL && strcmp(schema, "pg_catalog") != 0)) {
        ast_refuse(&scope->binder->ast, node->location, "only PostgreSQL's own operators exist");
        return NULL;
    }
    return ast_string(node->name[node->n_name - 1]);
}

static struct expr *bind_operator(struct scope *scope, const PgQuery__AExpr *node)
{
    const char *name = operator_name(scope, node);
    struct expr *args[2];
    uint16_t n = 0;

    if (name == NULL)
        return NULL;
    if (node->lexpr != NULL && (args[n++] = bind_expr(scope, node->lexpr)) == NULL)
        return NULL;
    if ((args[n++] = bind_expr(scope, node->rexpr)) == NULL)
        return NULL;
    return bind_call(scope->binder, FUNCTION_OPERATOR, name, args, n, node->location);
}

static struct expr *bind_a_expr(struct scope *scope, const PgQuery__AExpr *node)
{
    struct expr *of_rows = NULL;

    if (!bind_row_operator(scope, node, &of_rows))
        return NULL;
    if (of_rows != NULL)
        return of_rows;
    switch (node->kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
    case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE:
    case PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE:
    case PG_QUERY__A__EXPR__KIND__AEXPR_SIMILAR:
        return bind_operator(scope, node);
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL:
        return bind_any_all(scope, node);
    default:
        return bind_special_operator(scope, node);
    }
}

static struct expr *bind_junction(struct scope *scope, const PgQuery__BoolExpr *node)
{
    bool is_and = node->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR;
    bool is_not = node->boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR;
    struct list args = {0};

    for (size_t i = 0; i < node->n_args; i++) {
        struct expr *arg = bind_expr(scope, node->args[i]);

        if (arg != NULL)
            arg = bind_coerce(scope->binder, arg, (struct type){TYPE_BOOL, -1}, CAST_IMPLICIT,
                              is_not   ? "argument of NOT"
                              : is_and ? "argument of AND"
                                       : "argument of OR");
        if (arg == NULL)
            return NULL;
        list_add(&args, scope->binder->arena, arg);
    }
    assert(args.at != NULL); /* the grammar gives one or more */
    if (is_not)
        return exprs_not(scope->binder->arena, args.at[0], node->location);
    return exprs_junction(scope->binder->arena, is_and ? EXPR_AND : EXPR_OR, &args, node->location);
}

static struct expr *bind_null_test(struct scope *scope, const PgQuery__NullTest *node)
{
    struct whole_row *row = NULL;
    struct expr *arg, *test;

    if (!ast_only(&scope->binder->ast, node, "arg nulltesttype") ||
        !bind_whole_row(scope, node->arg, &row))
        return NULL;
    if (row != NULL)
        return whole_row_null_test(scope->binder, row,
                                   node->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL,
                                   node->location);
    arg = bind_decided(scope->binder, bind_expr(scope, node->arg));
    if (arg == NULL)
        return NULL;
    test = exprs_is_null(scope->binder->arena, arg);
    if (node->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL)
        return test;
    return exprs_not(scope->binder->arena, test, node->location);
}

static struct expr *bind_collate(struct scope *scope, const PgQuery__CollateClause *node)
{
    struct collated collated = {NULL, true};
    struct expr *arg;

    if (!bind_collation_name(scope->binder, node, &collated.name))
        return NULL;
    arg = bind_decided(scope->binder, bind_expr(scope, node->arg));
    if (arg != NULL && !bind_takes_collation(arg->type.id)) {
        ast_refuse(&scope->binder->ast, node->location, "collations are not supported by type %s",
                   type_name(arg->type.id));
        return NULL;
    }
    return arg == NULL ? NULL : bind_with_collation(scope->binder, arg, collated);
}

static void *refuse_node(struct scope *scope, const PgQuery__Node *node)
{
    struct ast *ast = &scope->binder->ast;
    int location = ast_location(node);

    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_ROW_EXPR:
        ast_refuse(
            ast, location,
            "a row is no value here: compare it, cast it to text, or write row_to_json(...)");
        break;
    case PG_QUERY__NODE__NODE_PARAM_REF:
        ast_refuse(ast, location, "a parameter has no value here; write a literal");
        break;
    default:
        ast_refuse(ast, location, "%s is not supported in an expression", ast_kind(node));
        break;
    }
    return NULL;
}

static struct expr *bind_node(struct scope *scope, const PgQuery__Node *node)
{
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_A_CONST:
        return bind_constant(scope, node->a_const);
    case PG_QUERY__NODE__NODE_COLUMN_REF:
        return bind_column(scope, node->column_ref);
    case PG_QUERY__NODE__NODE_TYPE_CAST:
        return bind_cast(scope, node->type_cast);
    case PG_QUERY__NODE__NODE_A_EXPR:
        return bind_a_expr(scope, node->a_expr);
    case PG_QUERY__NODE__NODE_BOOL_EXPR:
        return bind_junction(scope, node->bool_expr);
    case PG_QUERY__NODE__NODE_NULL_TEST:
        return bind_null_test(scope, node->null_test);
    case PG_QUERY__NODE__NODE_BOOLEAN_TEST:
        return bind_boolean_test(scope, node->boolean_test);
    case PG_QUERY__NODE__NODE_CASE_EXPR:
        return bind_case(scope, node->case_expr);
    case PG_QUERY__NODE__NODE_COALESCE_EXPR:
        return bind_coalesce(scope, node->coalesce_expr);
    case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
        return bind_min_max(scope, node->min_max_expr);
    case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION:
        return bind_sql_value(scope->binder, node->sqlvalue_function);
    case PG_QUERY__NODE__NODE_FUNC_CALL:
        return bind_function(scope, node->func_call);
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
        return bind_array(scope, node->a_array_expr);
    case PG_QUERY__NODE__NODE_A_INDIRECTION:
        return bind_indirection(scope, node->a_indirection);
    case PG_QUERY__NODE__NODE_GROUPING_FUNC:
        return bind_grouping(scope, node->grouping_func);
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
        return bind_collate(scope, node->collate_clause);
    case PG_QUERY__NODE__NODE_SUB_LINK:
        return bind_subquery(scope, node->sub_link);
    default:
        return refuse_node(scope, node);
    }
}

struct expr *bind_expr(struct scope *scope, const PgQuery__Node *node)
{
    struct binder *binder = scope->binder;
    struct expr *expr;

    if (binder->depth >= DEPTH_MAX) {
        ast_refuse(&binder->ast, ast_location(node), "the expression is nested too deeply");
        return NULL;
    }
    binder->depth++;
    expr = bind_node(scope, node);
    binder->depth--;
    return expr;
}

struct expr *bind_condition(struct scope *scope, const PgQuery__Node *node)
{
    struct expr *expr = bind_expr(scope, node);
    char what[64];

    if (expr == NULL)
        return NULL;
    snprintf(what, sizeof(what), "argument of %s", scope->clause);
    return bind_coerce(scope->binder, expr, (struct type){TYPE_BOOL, -1}, CAST_IMPLICIT, what);
}
