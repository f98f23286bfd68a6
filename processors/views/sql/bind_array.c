/* Arrays in expressions: ARRAY[...], subscripts, ANY and ALL. */
#include "sql/bind_values.h"
#include "sql/whole_row.h"

#include "record/array.h"

static const struct function *internal(const char *name)
{
    const struct function *function = function_named(name);

    assert(function != NULL);
    return function;
}

static struct expr *call_of(struct scope *scope, const char *name, struct expr **args,
                            uint16_t args_n, struct type type, int location)
{
    struct expr *call = exprs_call(scope->binder->arena, internal(name), args, args_n, location);

    call->type = type;
    return call;
}

/* The elements of the list, bound; NULL: refused. */
static struct expr **bind_elements(struct scope *scope, PgQuery__Node *const *nodes, size_t n)
{
    struct expr **args = arena_alloc(scope->binder->arena, (n + 1) * sizeof(struct expr *));

    for (size_t i = 0; i < n; i++) {
        args[i] = bind_expr(scope, nodes[i]);
        if (args[i] == NULL)
            return NULL;
        if (type_is_array(args[i]->type.id)) {
            ast_refuse(&scope->binder->ast, args[i]->location,
                       "arrays of more than one dimension are not supported");
            return NULL;
        }
    }
    return args;
}

static struct type array_type(struct type element)
{
    return (struct type){type_array_of(element.id), -1, element.labels, element.collation};
}

struct expr *bind_array(struct scope *scope, const PgQuery__AArrayExpr *node)
{
    struct expr **args = bind_elements(scope, node->elements, node->n_elements);
    struct type element;

    if (args == NULL)
        return NULL;
    if (node->n_elements == 0) {
        ast_refuse(&scope->binder->ast, node->location,
                   "cannot determine type of empty array; explicitly cast to the desired type, for "
                   "example ARRAY[]::integer[]");
        return NULL;
    }
    if (!bind_common(scope->binder, args, (uint16_t)node->n_elements, "ARRAY", &element))
        return NULL;
    return call_of(scope, "array", args, (uint16_t)node->n_elements, array_type(element),
                   node->location);
}

struct expr *bind_array_as(struct scope *scope, const PgQuery__AArrayExpr *node, struct type type)
{
    struct expr **args = bind_elements(scope, node->elements, node->n_elements);
    struct type element = {type_element(type.id), type.typmod, type.labels};
    CLEANUP(array_maker) struct array_maker maker = {0};
    struct expr *empty;

    if (args == NULL)
        return NULL;
    for (size_t i = 0; i < node->n_elements; i++) {
        args[i] = bind_coerce(scope->binder, args[i], element, CAST_EXPLICIT, "array element");
        if (args[i] == NULL)
            return NULL;
    }
    if (node->n_elements > 0)
        return call_of(scope, "array", args, (uint16_t)node->n_elements, type, node->location);
    empty = exprs_null(scope->binder->arena, type, node->location);
    array_begin(&maker, element.id, 1);
    empty->constant = (struct value){.bytes = array_finish(&maker, scope->binder->arena)};
    return empty;
}

static struct expr *bind_index(struct scope *scope, const PgQuery__Node *node, int32_t none,
                               int location)
{
    struct type int4 = {TYPE_INT4, -1};
    struct expr *index;

    if (node == NULL) {
        index = exprs_null(scope->binder->arena, int4, location);
        index->constant = (struct value){.slot = none};
        return index;
    }
    index = bind_expr(scope, node);
    return index == NULL
               ? NULL
               : bind_coerce(scope->binder, index, int4, CAST_ASSIGNMENT, "array subscript");
}

static struct expr *subscript_array(struct scope *scope, struct expr *array,
                                    const PgQuery__AIndices *node, int location)
{
    struct type element = {type_element(array->type.id), -1, array->type.labels};
    struct expr *args[3] = {array};

    if (!node->is_slice) {
        args[1] = bind_index(scope, node->uidx, 0, location);
        return args[1] == NULL ? NULL
                               : call_of(scope, "array_subscript", args, 2, element, location);
    }
    args[1] = bind_index(scope, node->lidx, INT32_MIN, location);
    args[2] = args[1] == NULL ? NULL : bind_index(scope, node->uidx, INT32_MAX, location);
    return args[2] == NULL ? NULL : call_of(scope, "array_slice", args, 3, array->type, location);
}

/* One step into a jsonb, by name or number, as #> goes. */
static struct expr *subscript_jsonb(struct scope *scope, struct expr *document,
                                    const PgQuery__AIndices *node, int location)
{
    struct type text = {TYPE_TEXT, -1};
    struct expr *args[2] = {document};

    if (node->is_slice) {
        ast_refuse(&scope->binder->ast, location, "jsonb subscript does not support slices");
        return NULL;
    }
    args[1] = bind_expr(scope, node->uidx);
    if (args[1] != NULL)
        args[1] = bind_coerce(scope->binder, args[1], text, CAST_ASSIGNMENT, "jsonb subscript");
    return args[1] == NULL
               ? NULL
               : bind_call(scope->binder, FUNCTION_NAMED, "jsonb_extract_path", args, 2, location);
}

struct expr *bind_indirection(struct scope *scope, const PgQuery__AIndirection *node)
{
    int location = ast_location(node->arg);
    struct expr *expr = NULL;
    size_t used = 0;

    if (!bind_row_field(scope, node, &expr, &used))
        return NULL;
    if (expr == NULL)
        expr = bind_expr(scope, node->arg);
    for (size_t i = used; i < node->n_indirection && expr != NULL; i++) {
        const PgQuery__Node *step = node->indirection[i];

        if (step->node_case != PG_QUERY__NODE__NODE_A_INDICES) {
            ast_refuse(&scope->binder->ast, location, "type %s has no fields",
                       type_name(expr->type.id));
            return NULL;
        }
        if (type_is_array(expr->type.id)) {
            expr = subscript_array(scope, expr, step->a_indices, location);
        } else if (expr->type.id == TYPE_JSONB) {
            expr = subscript_jsonb(scope, expr, step->a_indices, location);
        } else {
            ast_refuse(&scope->binder->ast, location,
                       "cannot subscript type %s because it does not support subscripting",
                       type_name(expr->type.id));
            return NULL;
        }
    }
    return expr;
}

/* ---- ANY and ALL over an array ---- */

/* x op each element of ARRAY[...]: OR or AND of the comparisons. */
static struct expr *unrolled(struct scope *scope, const char *name, struct expr *x,
                             struct expr *array, bool any, int location)
{
    struct arena *arena = scope->binder->arena;
    struct list tests = {0};

    for (uint16_t i = 0; i < array->args_n; i++) {
        struct expr *args[] = {x, array->args[i]};
        struct expr *test = bind_call(scope->binder, FUNCTION_OPERATOR, name, args, 2, location);

        if (test == NULL)
            return NULL;
        list_add(&tests, arena, test);
    }
    return exprs_junction(arena, any ? EXPR_OR : EXPR_AND, &tests, location);
}

/* x op ALL: FALSE where one answer is, else NULL where one is, else TRUE; ANY by the negations. */
static struct expr *over_each(struct scope *scope, const char *name, struct expr *x,
                              struct expr *array, bool any, int location)
{
    struct arena *arena = scope->binder->arena;
    struct expr *element = exprs_new(arena, EXPR_ELEMENT, 0, 0, location), *args[] = {x, element};
    struct expr *choice = exprs_new(arena, EXPR_CASE, TYPE_BOOL, 7, location), *test;

    element->type = array->type;
    element->type.id = type_element(array->type.id);
    test = bind_call(scope->binder, FUNCTION_OPERATOR, name, args, 2, location);
    if (test != NULL)
        test = bind_coerce(scope->binder, test, (struct type){TYPE_BOOL, -1, NULL}, CAST_IMPLICIT,
                           "operator of ANY or ALL");
    if (test == NULL)
        return NULL;
    if (any)
        test = exprs_not(arena, test, location);
    choice->args[0] = exprs_is_null(arena, array);
    choice->args[1] = exprs_null(arena, (struct type){TYPE_BOOL, -1, NULL}, location);
    choice->args[2] = exprs_not(arena, exprs_each(arena, array, test), location);
    choice->args[3] = exprs_bool(arena, any, location);
    choice->args[4] =
        exprs_each(arena, array, exprs_not(arena, exprs_is_null(arena, test), location));
    choice->args[5] = exprs_bool(arena, !any, location);
    choice->args[6] = choice->args[1];
    return choice;
}

/* Our own functions compare by this operator, without a collation. */
static bool is_plain_comparison(const char *name, const struct expr *x, const struct expr *array)
{
    return comparison_of(name) != 0 &&
           ((x->type.collation == NULL && array->type.collation == NULL) ||
            strcmp(name, "=") == 0 || strcmp(name, "<>") == 0);
}

/* Brings x and the array to the types between which the operator compares; false: refused. */
static bool match_array(struct scope *scope, const char *name, struct expr **x, struct expr **array,
                        int location)
{
    struct binder *binder = scope->binder;
    enum type_id element = type_element((*array)->type.id);
    enum type_id asked[2] = {(*x)->type.id, element}, taken[2], result;
    bool ambiguous = false;
    const struct function *function =
        function_resolve(FUNCTION_OPERATOR, str_of(name), asked, 2, &ambiguous);

    if (function == NULL || ambiguous || !function_concrete(function, asked, 2, taken, &result))
        return ast_refuse(&binder->ast, location,
                          "operator %s over an array of %s is not known with ANY or ALL", name,
                          type_name(element));
    if (taken[0] != taken[1] && !type_common(taken, 2, &taken[0]))
        return ast_refuse(&binder->ast, location, "%s ANY: no common type", name);
    struct type one = {taken[0], -1, (*array)->type.labels};
    *x = bind_coerce(binder, *x, one, CAST_IMPLICIT, "argument of ANY");
    *array = bind_coerce(binder, *array, array_type(one), CAST_IMPLICIT, "argument of ANY");
    return *x != NULL && *array != NULL;
}

struct expr *bind_any_all(struct scope *scope, const PgQuery__AExpr *node)
{
    bool any = node->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY;
    const char *name = ast_string(node->name[node->n_name - 1]);
    struct expr *x = bind_expr(scope, node->lexpr), *args[2];
    struct expr *array = x == NULL ? NULL : bind_expr(scope, node->rexpr);
    struct type text = {TYPE_TEXT, -1};

    if (array == NULL)
        return NULL;
    if (array->type.id == TYPE_UNKNOWN)
        array = bind_coerce(scope->binder, array,
                            array_type(x->type.id == TYPE_UNKNOWN ? text : x->type), CAST_IMPLICIT,
                            "argument of ANY");
    if (array == NULL)
        return NULL;
    if (!type_is_array(array->type.id)) {
        ast_refuse(&scope->binder->ast, node->location,
                   "op ANY/ALL (array) requires array on right side");
        return NULL;
    }
    if (array->kind == EXPR_CALL && strcmp(array->function->name, "array") == 0)
        return unrolled(scope, name, x, array, any, node->location);
    if (!is_plain_comparison(name, x, array))
        return over_each(scope, name, x, array, any, node->location);
    if (!match_array(scope, name, &x, &array, node->location))
        return NULL;
    args[0] = x;
    args[1] = array;
    return call_of(scope, arena_printf(scope->binder->arena, "%s %s", name, any ? "any" : "all"),
                   args, 2, (struct type){TYPE_BOOL, -1}, node->location);
}
