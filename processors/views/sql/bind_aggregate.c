#include "sql/bind.h"
#include "sql/calls.h"
#include "sql/collations.h"
#include "sql/nested.h"
#include "sql/whole_row.h"

bool bind_is_aggregate(const char *name)
{
    for (const struct aggregate *at = aggregate_table; at->name != NULL; at++)
        if (!at->internal && strcmp(at->name, name) == 0)
            return true;
    return false;
}

static bool same_exprs(struct expr *const *a, struct expr *const *b, uint16_t n)
{
    for (uint16_t i = 0; i < n; i++)
        if (!expr_same(a[i], b[i]))
            return false;
    return true;
}

static bool same_orders(const struct plan_order *a, const struct plan_order *b, uint16_t n)
{
    for (uint16_t i = 0; i < n; i++)
        if (!expr_same(a[i].expr, b[i].expr) || a[i].order.descending != b[i].order.descending ||
            a[i].order.nulls_first != b[i].order.nulls_first)
            return false;
    return true;
}

static bool same_filters(const struct expr *a, const struct expr *b)
{
    return (a == NULL) == (b == NULL) && (a == NULL || expr_same(a, b));
}

static bool same_calls(const struct aggregate_call *a, const struct aggregate_call *b)
{
    return a->aggregate == b->aggregate && a->grouping == b->grouping && a->args_n == b->args_n &&
           a->order_n == b->order_n && a->distinct == b->distinct &&
           same_exprs(a->args, b->args, a->args_n) && same_orders(a->order, b->order, a->order_n) &&
           same_filters(a->filter, b->filter);
}

uint16_t bind_add_aggregate(struct scope *scope, const struct aggregate_call *made)
{
    struct list *calls = scope->aggregates;
    struct aggregate_call *call;

    for (uint32_t i = 0; i < calls->n; i++)
        if (same_calls(calls->at[i], made))
            return (uint16_t)i;
    call = arena_alloc(scope->binder->arena, sizeof(*call));
    *call = *made;
    list_add(calls, scope->binder->arena, call);
    return (uint16_t)(calls->n - 1);
}

/* USING < is ASC, USING > is DESC. */
static bool by_operator(struct binder *binder, const PgQuery__SortBy *by, bool *ret_descending)
{
    const char *name = by->n_use_op == 0 ? "" : ast_string(by->use_op[by->n_use_op - 1]);

    *ret_descending = strcmp(name, ">") == 0;
    return *ret_descending || strcmp(name, "<") == 0 ||
           ast_refuse(&binder->ast, ast_location(by->node),
                      "operator %s is not a valid ordering operator; there are < and >", name);
}

bool bind_sort_order(struct binder *binder, const PgQuery__SortBy *by, struct key_order *ret)
{
    if (!ast_only(&binder->ast, by, "node sortby_dir sortby_nulls use_op"))
        return false;
    ret->descending = by->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
    if (by->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_USING &&
        !by_operator(binder, by, &ret->descending))
        return false;
    ret->nulls_first = ret->descending;
    if (by->sortby_nulls != PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_DEFAULT)
        ret->nulls_first = by->sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST;
    return true;
}

/* Casts the arguments to what the aggregate takes. */
static bool coerce_args(struct binder *binder, struct aggregate_call *call)
{
    const struct aggregate *aggregate = call->aggregate;

    for (uint16_t i = 0; i < call->args_n; i++) {
        enum type_id wanted = i == 0 ? aggregate->arg : aggregate->more[i - 1];
        struct type type = {aggregate_arg_type(wanted, call->args[i]->type.id), -1, NULL};

        if (type.id == call->args[i]->type.id && type.id != TYPE_UNKNOWN)
            continue;
        if (type.id == TYPE_UNKNOWN)
            type.id = TYPE_TEXT;
        call->args[i] = bind_coerce(binder, call->args[i], type, CAST_IMPLICIT, "argument");
        if (call->args[i] == NULL)
            return false;
    }
    return true;
}

/* "; there are sum(bigint), ...": some of the forms. */
static const char *aggregate_forms(struct binder *binder, const char *name)
{
    enum { FORMS_MAX = 5 };
    CLEANUP(buf) struct buf out = {0};
    unsigned n = 0;

    for (const struct aggregate *row = aggregate_table; row->name != NULL; row++) {
        if (row->internal || strcmp(row->name, name) != 0 || n++ >= FORMS_MAX)
            continue;
        buf_printf(&out, "%s%s(", n > 1 ? ", " : "", name);
        for (uint16_t i = 0; i < aggregate_args_n(row); i++)
            buf_printf(&out, "%s%s", i > 0 ? ", " : "",
                       type_name(i == 0 ? row->arg : row->more[i - 1]));
        buf_char(&out, ')');
    }
    return arena_printf(binder->arena, "; there %s %s%s", n == 1 ? "is" : "are", buf_cstr(&out),
                        n > FORMS_MAX ? " and others" : "");
}

static bool refuse_unknown(struct binder *binder, const char *name,
                           const struct aggregate_call *call)
{
    CLEANUP(buf) struct buf out = {0};

    for (uint16_t i = 0; i < call->args_n; i++)
        buf_printf(&out, "%s%s", i > 0 ? ", " : "", type_name(call->args[i]->type.id));
    return ast_refuse(
        &binder->ast, call->location,
        "aggregate %s(%s) is not known%s; sluice-views --functions lists what there is", name,
        call->args_n == 0 ? "*" : buf_cstr(&out), aggregate_forms(binder, name));
}

/* The arguments as written; those of WITHIN GROUP behind the value that is ordered. */
static bool bind_args(struct scope *scope, const PgQuery__FuncCall *node, const char *name,
                      struct aggregate_call *call)
{
    uint16_t first = node->agg_within_group ? 1 : 0;

    if (first + node->n_args > AGGREGATE_ARGS_MAX)
        return ast_refuse(&scope->binder->ast, node->location, "too many arguments");
    call->args = arena_zalloc(scope->binder->arena, (AGGREGATE_ARGS_MAX + 1) * sizeof(void *));
    if (first == 1) {
        if (node->n_agg_order != 1)
            return ast_refuse(&scope->binder->ast, node->location,
                              "WITHIN GROUP takes one ORDER BY value");
        call->args[0] = bind_expr(scope, node->agg_order[0]->sort_by->node);
        if (call->args[0] == NULL)
            return false;
    }
    for (size_t i = 0; i < node->n_args; i++) {
        struct expr **arg = &call->args[first + i];

        if (!bind_row_argument(scope, node, node->args[i], name, arg))
            return false;
        call->of_rows = call->of_rows || *arg != NULL;
        if (*arg == NULL && (*arg = bind_expr(scope, node->args[i])) == NULL)
            return false;
    }
    call->args_n = (uint16_t)(first + node->n_args);
    return true;
}

static bool resolve(struct scope *scope, const PgQuery__FuncCall *node, const char *name,
                    struct aggregate_call *call)
{
    enum type_id types[AGGREGATE_ARGS_MAX];

    if (!node->agg_star && node->n_args == 0 && !node->agg_within_group)
        return ast_refuse(&scope->binder->ast, node->location,
                          "%s(*) must be used to call a parameterless aggregate function", name);
    for (uint16_t i = 0; i < call->args_n; i++)
        types[i] = call->args[i]->type.id;
    call->aggregate = aggregate_resolve_args(str_of(name), types, call->args_n);
    if (call->aggregate == NULL)
        return refuse_unknown(scope->binder, name, call);
    if (call->of_rows && strcmp(name, "json_agg") == 0)
        call->aggregate = aggregate_internal("json_agg of rows");
    if (call->aggregate->within_group != node->agg_within_group)
        return ast_refuse(&scope->binder->ast, node->location,
                          call->aggregate->within_group
                              ? "%s is written with WITHIN GROUP (ORDER BY ...)"
                              : "%s is not an ordered-set aggregate: leave out WITHIN GROUP",
                          name);
    call->written = arena_alloc(scope->binder->arena, (call->args_n + 1U) * sizeof(void *));
    for (uint16_t i = 0; i < call->args_n; i++)
        call->written[i] = call->args[i];
    return coerce_args(scope->binder, call);
}

/* Where the expression stands among the arguments; -1: nowhere. */
static int place_among(struct expr *const *args, uint16_t n, const struct expr *expr)
{
    for (uint16_t i = 0; i < n; i++)
        if (expr_same(args[i], expr))
            return i;
    return -1;
}

static bool bind_order_item(struct scope *scope, const PgQuery__SortBy *by,
                            struct aggregate_call *call, struct plan_order *ret)
{
    struct expr *expr;
    int place;

    assert(call->args != NULL && call->aggregate != NULL);
    if (!bind_sort_order(scope->binder, by, &ret->order))
        return false;
    if (call->aggregate->within_group)
        expr = call->args[0];
    else
        expr = bind_ordered(scope, by->node);
    if (expr == NULL || !bind_comparable(scope->binder, expr, "ORDER BY"))
        return false;
    place = place_among(call->written, call->args_n, expr);
    if (place >= 0)
        expr = call->args[place]; /* an argument is what it is after its implicit cast */
    if (call->distinct && !call->aggregate->within_group && place < 0 &&
        place_among(call->args, call->args_n, expr) < 0)
        return ast_refuse(&scope->binder->ast, expr->location,
                          "in an aggregate with DISTINCT, ORDER BY expressions must appear in "
                          "argument list");
    ret->expr = expr;
    return true;
}

/* ORDER BY, where the answer depends on it. */
static bool bind_order(struct scope *scope, const PgQuery__FuncCall *node,
                       struct aggregate_call *call)
{
    bool matters;

    assert(call->aggregate != NULL); /* resolved before */
    matters = call->aggregate->needs_order || call->aggregate->within_group;
    call->order =
        arena_zalloc(scope->binder->arena, (node->n_agg_order + 1) * sizeof(*call->order));
    for (size_t i = 0; i < node->n_agg_order; i++)
        if (!bind_order_item(scope, node->agg_order[i]->sort_by, call, &call->order[i]))
            return false;
    call->order_n = matters ? (uint16_t)node->n_agg_order : 0;
    return true;
}

/* The same value again changes nothing. */
static bool ignores_distinct(const struct aggregate *aggregate)
{
    static const char *const names[] = {"min",     "max",    "bool_and", "bool_or",
                                        "bit_and", "bit_or", "every"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(aggregate->name, names[i]) == 0)
            return true;
    return false;
}

static bool bind_distinct(struct scope *scope, const PgQuery__FuncCall *node,
                          struct aggregate_call *call)
{
    call->distinct = node->agg_distinct;
    if (!call->distinct)
        return true;
    if (call->args_n == 0)
        return ast_refuse(&scope->binder->ast, node->location,
                          "DISTINCT specified, but there is no argument");
    for (uint16_t i = 0; i < call->args_n; i++)
        if (!bind_comparable(scope->binder, call->args[i], "DISTINCT"))
            return false;
    call->distinct = !ignores_distinct(call->aggregate);
    return true;
}

static bool bind_filter(struct scope *scope, const PgQuery__FuncCall *node,
                        struct aggregate_call *call)
{
    struct scope filter = *scope;

    if (node->agg_filter == NULL)
        return true;
    filter.clause = "FILTER";
    call->filter = bind_condition(&filter, node->agg_filter);
    return call->filter != NULL;
}

/* Whether the call belongs to a query around the scope's, as aggregate_is_of_around says. */
static bool find_level(struct scope *scope, const void *node, bool *ret_around)
{
    *ret_around = false;
    return scope->from == NULL || scope->from->outer == NULL ||
           aggregate_is_of_around(scope, node, ret_around);
}

/* What was bound in the query around is here a column like any that is named; NULL: refused. */
static struct expr *brought_in(struct scope *scope, struct expr *value, int location)
{
    return value == NULL ? NULL : outer_value(scope->binder, scope->from->block, value, location);
}

/* min and max by a collation are those of keys. */
static bool use_keys(struct binder *binder, struct aggregate_call *call)
{
    const char *name = call->aggregate->name;
    bool compares = strcmp(name, "min") == 0 || strcmp(name, "max") == 0;
    struct collated collated = {0};

    if (!bind_takes_collation(call->type.id))
        return true;
    if (!(compares ? bind_derive_collation : bind_mix_collations)(binder, call->args, call->args_n,
                                                                  call->location, &collated))
        return false;
    call->type.collation = collated.name;
    call->by_key = compares && collated.name != NULL && !type_is_array(call->type.id);
    if (!call->by_key)
        return true;
    call->args[0] = exprs_ordered(binder->arena, call->args[0]);
    call->aggregate = aggregate_internal(strcmp(name, "min") == 0 ? "min of keys" : "max of keys");
    call->text = call->type;
    call->type = (struct type){TYPE_BYTEA, -1, NULL};
    return true;
}

struct expr *bind_aggregate_value(struct binder *binder, const struct aggregate_call *call,
                                  struct expr *column)
{
    return call->by_key ? bind_from_key(binder, column, call->text) : column;
}

bool bind_aggregate_call(struct scope *scope, const PgQuery__FuncCall *node, const char *name,
                         struct aggregate_call *ret)
{
    *ret = (struct aggregate_call){.location = node->location};
    if (!bind_args(scope, node, name, ret) || !resolve(scope, node, name, ret) ||
        !bind_distinct(scope, node, ret) || !bind_order(scope, node, ret) ||
        !bind_filter(scope, node, ret))
        return false;
    ret->type = ret->args_n > 0 ? aggregate_result(ret->aggregate, ret->args[0]->type)
                                : (struct type){ret->aggregate->result, -1, NULL};
    return use_keys(scope->binder, ret);
}

bool bind_aggregate_may_stand(struct scope *scope, int location)
{
    if (scope->in_aggregate)
        return ast_refuse(&scope->binder->ast, location,
                          "aggregates can't be nested; write a subquery in FROM");
    return scope->aggregates != NULL ||
           ast_refuse(&scope->binder->ast, location, "aggregates are not allowed in %s",
                      scope->clause);
}

struct expr *bind_aggregate(struct scope *scope, const PgQuery__FuncCall *node, const char *name)
{
    struct scope inner = *scope, around;
    struct aggregate_call call;
    bool of_around;
    uint16_t index;

    if (!find_level(scope, node, &of_around))
        return NULL;
    if (of_around) {
        around = *scope->from->outer;
        return brought_in(scope, bind_aggregate(&around, node, name), node->location);
    }
    inner.in_aggregate = true;
    if (!bind_aggregate_may_stand(scope, node->location) ||
        !bind_aggregate_call(&inner, node, name, &call))
        return NULL;
    index = bind_add_aggregate(scope, &call);
    return bind_aggregate_value(scope->binder, &call,
                                exprs_column(scope->binder->arena,
                                             (uint16_t)(AGGREGATE_COLUMN + index), call.type,
                                             node->location));
}

struct expr *bind_grouping(struct scope *scope, const PgQuery__GroupingFunc *node)
{
    struct aggregate_call call = {.grouping = true, .location = node->location};
    struct scope inner = *scope, around;
    struct type type = {TYPE_INT4, -1, NULL};
    bool of_around;

    enum { BITS_MAX = 31 };
    if (!find_level(scope, node, &of_around))
        return NULL;
    if (of_around) {
        around = *scope->from->outer;
        return brought_in(scope, bind_grouping(&around, node), node->location);
    }
    inner.in_aggregate = true;
    if (!bind_aggregate_may_stand(scope, node->location))
        return NULL;
    if (node->n_args > BITS_MAX) {
        ast_refuse(&scope->binder->ast, node->location,
                   "GROUPING must have fewer than 32 arguments");
        return NULL;
    }
    call.type = type;
    call.args = arena_zalloc(scope->binder->arena, (node->n_args + 1) * sizeof(void *));
    call.args_n = (uint16_t)node->n_args;
    for (size_t i = 0; i < node->n_args; i++)
        if ((call.args[i] = bind_expr(&inner, node->args[i])) == NULL)
            return NULL;
    return exprs_column(scope->binder->arena,
                        (uint16_t)(AGGREGATE_COLUMN + bind_add_aggregate(scope, &call)), type,
                        node->location);
}
