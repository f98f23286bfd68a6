/*
 * Comparisons of rows. ROW(...) op ROW(...) is one of its fields, NULL where they are; where a
 * table's row is a side, all is one of records: NULL equals NULL there, and is above all else.
 */
#include "sql/bind_values.h"
#include "sql/nested.h"
#include "sql/whole_row.h"

static struct expr *compare(struct binder *binder, const char *name, struct expr *a, struct expr *b,
                            int location)
{
    struct expr *args[] = {a, b};

    return bind_call(binder, FUNCTION_OPERATOR, name, args, 2, location);
}

static struct expr *junction(struct binder *binder, enum expr_kind kind, struct expr *a,
                             struct expr *b, int location)
{
    struct list args = {0};

    if (a == NULL || b == NULL)
        return NULL;
    list_add(&args, binder->arena, a);
    list_add(&args, binder->arena, b);
    return exprs_junction(binder->arena, kind, &args, location);
}

static struct expr *differ(struct binder *binder, struct expr *a, struct expr *b, int location)
{
    struct expr *test;

    if (a->type.id == TYPE_UNKNOWN && b->type.id == TYPE_UNKNOWN) {
        a = bind_decided(binder, a);
        b = bind_decided(binder, b);
    }
    if (a == NULL || b == NULL || !bind_same_type(binder, &a, &b, location))
        return NULL;
    test = exprs_new(binder->arena, EXPR_DISTINCT, TYPE_BOOL, 2, location);
    test->args[0] = a;
    test->args[1] = b;
    return test;
}

/* The fields' values side by side; false: refused. */
static bool pair_fields(struct binder *binder, const struct whole_row *a, const struct whole_row *b,
                        int location, struct expr ***ret_a, struct expr ***ret_b)
{
    uint32_t n = a->fields.n;

    if (n != b->fields.n || n == 0)
        return ast_refuse(&binder->ast, location, "unequal number of entries in row expressions");
    *ret_a = arena_alloc(binder->arena, n * sizeof(struct expr *));
    *ret_b = arena_alloc(binder->arena, n * sizeof(struct expr *));
    for (uint32_t i = 0; i < n; i++) {
        (*ret_a)[i] = ((const struct row_field *)a->fields.at[i])->expr;
        (*ret_b)[i] = ((const struct row_field *)b->fields.at[i])->expr;
        if ((*ret_a)[i] == NULL || (*ret_b)[i] == NULL)
            return ast_refuse(&binder->ast, location,
                              "rows that hold rows are not compared; compare their columns");
    }
    return true;
}

/* ---- ROW(...) op ROW(...) ---- */

/* From the last pair to the first. */
struct expr *bind_compare_fields(struct binder *binder, const char *name, struct expr **a,
                                 struct expr **b, uint32_t n, int location)
{
    bool equality = strcmp(name, "=") == 0, inequality = strcmp(name, "<>") == 0;
    char strict[2] = {name[0], '\0'};
    struct expr *rest = compare(binder, name, a[n - 1], b[n - 1], location);

    for (uint32_t i = n - 1; i-- > 0 && rest != NULL;) {
        struct expr *first =
            compare(binder, equality || inequality ? name : strict, a[i], b[i], location);

        if (!equality && !inequality)
            rest = junction(binder, EXPR_AND, compare(binder, "=", a[i], b[i], location), rest,
                            location);
        rest = junction(binder, equality ? EXPR_AND : EXPR_OR, first, rest, location);
    }
    return rest;
}

/* ---- records ---- */

/* PostgreSQL raises where two records' columns are of different types. */
static bool same_types(struct binder *binder, struct expr **a, struct expr **b, uint32_t n,
                       int location)
{
    for (uint32_t i = 0; i < n; i++) {
        a[i] = bind_decided(binder, a[i]);
        b[i] = a[i] == NULL ? NULL : bind_decided(binder, b[i]);
        if (b[i] == NULL)
            return false;
        if (a[i]->type.id != b[i]->type.id)
            return ast_refuse(&binder->ast, location,
                              "cannot compare dissimilar column types %s and %s at record column "
                              "%u (42804)",
                              type_name(a[i]->type.id), type_name(b[i]->type.id), i + 1);
    }
    return true;
}

/* Some field differs. */
static struct expr *fields_differ(struct binder *binder, struct expr **a, struct expr **b,
                                  uint32_t n, int location)
{
    struct list tests = {0};

    for (uint32_t i = 0; i < n; i++) {
        struct expr *test = differ(binder, a[i], b[i], location);

        if (test == NULL)
            return NULL;
        list_add(&tests, binder->arena, test);
    }
    return exprs_junction(binder->arena, EXPR_OR, &tests, location);
}

/* By the first field that differs: NULL is above all. */
static struct expr *order_records(struct binder *binder, const char *name, struct expr **a,
                                  struct expr **b, uint32_t n, int location)
{
    bool less = name[0] == '<';
    char strict[2] = {name[0], '\0'};
    struct expr *choice =
        exprs_new(binder->arena, EXPR_CASE, TYPE_BOOL, (uint16_t)(2 * n + 1), location);
    struct expr **at = choice->args;

    for (uint32_t i = 0; i < n; i++) {
        struct expr *either = exprs_new(binder->arena, EXPR_COALESCE, TYPE_BOOL, 2, location);

        at[0] = differ(binder, a[i], b[i], location);
        either->args[0] = at[0] == NULL ? NULL : compare(binder, strict, a[i], b[i], location);
        if (either->args[0] == NULL)
            return NULL;
        either->args[1] = exprs_is_null(binder->arena, less ? b[i] : a[i]);
        at[1] = either;
        at += 2;
    }
    *at = exprs_bool(binder->arena, name[1] == '=', location);
    return choice;
}

/* NULL where a side is no row. */
static struct expr *where_both(struct binder *binder, const struct whole_row *a,
                               const struct whole_row *b, struct expr *value)
{
    const struct whole_row *sides[] = {a, b};
    struct list absent = {0};

    for (unsigned i = 0; i < 2; i++)
        if (sides[i]->present != NULL)
            list_add(&absent, binder->arena, exprs_is_null(binder->arena, sides[i]->present));
    if (absent.n == 0 || value == NULL)
        return value;
    return exprs_null_where(
        binder->arena, exprs_junction(binder->arena, EXPR_OR, &absent, value->location), value);
}

static struct expr *compare_rows(struct binder *binder, const char *name, const struct whole_row *a,
                                 const struct whole_row *b, int location)
{
    uint32_t n = a->fields.n;
    struct expr **left = NULL, **right = NULL, *test;

    if (comparison_of(name) == 0) {
        ast_refuse(&binder->ast, location, "rows are not compared by %s", name);
        return NULL;
    }
    if (!pair_fields(binder, a, b, location, &left, &right))
        return NULL;
    assert(left != NULL && right != NULL);
    if (a->written && b->written)
        return bind_compare_fields(binder, name, left, right, n, location);
    if (!same_types(binder, left, right, n, location))
        return NULL;
    if (strcmp(name, "=") != 0 && strcmp(name, "<>") != 0)
        return where_both(binder, a, b, order_records(binder, name, left, right, n, location));
    test = fields_differ(binder, left, right, n, location);
    if (test != NULL && strcmp(name, "=") == 0)
        test = exprs_not(binder->arena, test, location);
    return where_both(binder, a, b, test);
}

static struct expr *presence(struct binder *binder, const struct whole_row *row, int location)
{
    return row->present == NULL ? exprs_bool(binder->arena, false, location)
                                : exprs_is_null(binder->arena, row->present);
}

/* a IS DISTINCT FROM b: a row that is none is another than one of NULLs. */
static struct expr *rows_differ(struct binder *binder, const struct whole_row *a,
                                const struct whole_row *b, bool is_not, int location)
{
    struct expr **left = NULL, **right = NULL, *test;

    if (!pair_fields(binder, a, b, location, &left, &right))
        return NULL;
    assert(left != NULL && right != NULL);
    if (!(a->written && b->written) && !same_types(binder, left, right, a->fields.n, location))
        return NULL;
    test = fields_differ(binder, left, right, a->fields.n, location);
    if (test != NULL && (a->present != NULL || b->present != NULL))
        test = junction(
            binder, EXPR_OR,
            differ(binder, presence(binder, a, location), presence(binder, b, location), location),
            test, location);
    return test != NULL && is_not ? exprs_not(binder->arena, test, location) : test;
}

/* ---- by syntax ---- */

/* What is compared with a row must be one. */
static struct whole_row *other_row(struct scope *scope, const PgQuery__Node *node)
{
    struct whole_row *row = NULL;

    if (!bind_whole_row(scope, node, &row))
        return NULL;
    if (row == NULL)
        ast_refuse(&scope->binder->ast, ast_location(node), "a row is compared with rows alone");
    return row;
}

static struct expr *row_in(struct scope *scope, const PgQuery__AExpr *node,
                           const struct whole_row *left)
{
    bool is_not = strcmp(ast_string(node->name[0]), "<>") == 0;
    struct list tests = {0};

    for (size_t i = 0; i < node->rexpr->list->n_items; i++) {
        const struct whole_row *right = other_row(scope, node->rexpr->list->items[i]);
        struct expr *test = right == NULL ? NULL
                                          : compare_rows(scope->binder, is_not ? "<>" : "=", left,
                                                         right, node->location);

        if (test == NULL)
            return NULL;
        list_add(&tests, scope->binder->arena, test);
    }
    return exprs_junction(scope->binder->arena, is_not ? EXPR_AND : EXPR_OR, &tests,
                          node->location);
}

static struct expr *between(struct binder *binder, const struct whole_row *x,
                            const struct whole_row *a, const struct whole_row *b, bool is_not,
                            int location)
{
    return junction(binder, is_not ? EXPR_OR : EXPR_AND,
                    compare_rows(binder, is_not ? "<" : ">=", x, a, location),
                    compare_rows(binder, is_not ? ">" : "<=", x, b, location), location);
}

static struct expr *row_between(struct scope *scope, const PgQuery__AExpr *node,
                                const struct whole_row *x)
{
    bool is_not = node->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN ||
                  node->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM;
    bool symmetric = node->kind == PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM ||
                     node->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM;
    const struct whole_row *a = other_row(scope, node->rexpr->list->items[0]);
    const struct whole_row *b = a == NULL ? NULL : other_row(scope, node->rexpr->list->items[1]);
    struct expr *test;

    if (b == NULL)
        return NULL;
    test = between(scope->binder, x, a, b, is_not, node->location);
    if (!symmetric)
        return test;
    return junction(scope->binder, is_not ? EXPR_AND : EXPR_OR, test,
                    between(scope->binder, x, b, a, is_not, node->location), node->location);
}

static bool is_subquery(const PgQuery__Node *node)
{
    return node->node_case == PG_QUERY__NODE__NODE_SUB_LINK &&
           node->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK;
}

/* ROW(...) op (SELECT ...), as PostgreSQL's analysis makes one link of it. */
static struct expr *with_subquery(struct scope *scope, const PgQuery__AExpr *node)
{
    PgQuery__SubLink link = *node->rexpr->sub_link;

    link.sub_link_type = PG_QUERY__SUB_LINK_TYPE__ROWCOMPARE_SUBLINK;
    link.testexpr = node->lexpr;
    link.oper_name = node->name;
    link.n_oper_name = node->n_name;
    return bind_subquery(scope, &link);
}

static struct expr *row_operator(struct scope *scope, const PgQuery__AExpr *node,
                                 const struct whole_row *left)
{
    struct binder *binder = scope->binder;
    const struct whole_row *right;

    switch (node->kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
        right = other_row(scope, node->rexpr);
        return right == NULL ? NULL
                             : compare_rows(binder, ast_string(node->name[node->n_name - 1]), left,
                                            right, node->location);
    case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
        right = other_row(scope, node->rexpr);
        return right == NULL
                   ? NULL
                   : rows_differ(binder, left, right,
                                 node->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT,
                                 node->location);
    case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
        return row_in(scope, node, left);
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM:
        return row_between(scope, node, left);
    default:
        ast_refuse(&binder->ast, node->location, "this operator does not take rows");
        return NULL;
    }
}

/* 'text' || row: the row's text. */
static bool concatenated(struct scope *scope, const PgQuery__AExpr *node, struct expr **ret)
{
    const PgQuery__Node *sides[] = {node->lexpr, node->rexpr};
    struct expr *args[2];
    bool any = false;

    for (unsigned i = 0; i < 2; i++) {
        struct whole_row *row = NULL;

        if (!bind_whole_row(scope, sides[i], &row))
            return false;
        any = any || row != NULL;
        args[i] = row != NULL ? whole_row_text(scope->binder, row) : NULL;
        if (row != NULL && args[i] == NULL)
            return false;
    }
    if (!any)
        return true;
    for (unsigned i = 0; i < 2; i++)
        if (args[i] == NULL &&
            (args[i] = bind_decided(scope->binder, bind_expr(scope, sides[i]))) == NULL)
            return false;
    *ret = compare(scope->binder, "||", args[0], args[1], node->location);
    return *ret != NULL;
}

bool bind_row_operator(struct scope *scope, const PgQuery__AExpr *node, struct expr **ret)
{
    struct whole_row *left = NULL;

    *ret = NULL;
    if (node->lexpr == NULL || node->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY ||
        node->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL)
        return true;
    if (node->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP &&
        strcmp(ast_string(node->name[node->n_name - 1]), "||") == 0)
        return concatenated(scope, node, ret);
    if (node->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP && is_subquery(node->rexpr) &&
        node->lexpr->node_case == PG_QUERY__NODE__NODE_ROW_EXPR) {
        *ret = with_subquery(scope, node);
        return *ret != NULL;
    }
    if (!bind_whole_row(scope, node->lexpr, &left))
        return false;
    if (left == NULL)
        return true;
    *ret = row_operator(scope, node, left);
    return *ret != NULL;
}
