#include "sql/bind.h"
#include "sql/calls.h"
#include "sql/pipeline.h"
#include "sql/whole_row.h"

/* PostgreSQL's bits of WindowDef.frame_options. */
enum {
    FRAME_IS_GIVEN = 0x1,
    FRAME_IS_RANGE = 0x2,
    FRAME_IS_ROWS = 0x4,
    FRAME_IS_GROUPS = 0x8,
    FRAME_START_UNBOUNDED = 0x20,
    FRAME_END_UNBOUNDED = 0x100,
    FRAME_START_PRECEDING = 0x800,
    FRAME_END_PRECEDING = 0x1000,
    FRAME_START_FOLLOWING = 0x2000,
    FRAME_END_FOLLOWING = 0x4000,
    FRAME_EXCLUDES_CURRENT = 0x8000,
    FRAME_EXCLUDES_GROUP = 0x10000,
    FRAME_EXCLUDES_TIES = 0x20000
};

/* The functions that stand over windows alone. `args`: what types they take, ANYELEMENT once. */
struct window_name {
    const char *name;
    enum plan_window_kind kind;
    enum type_id result;
    uint16_t least_n, most_n;
    enum type_id args[3];
};

static const struct window_name window_names[] = {
    {"row_number", WINDOW_ROW_NUMBER, TYPE_INT8, 0, 0, {0}},
    {"rank", WINDOW_RANK, TYPE_INT8, 0, 0, {0}},
    {"dense_rank", WINDOW_DENSE_RANK, TYPE_INT8, 0, 0, {0}},
    {"percent_rank", WINDOW_PERCENT_RANK, TYPE_FLOAT8, 0, 0, {0}},
    {"cume_dist", WINDOW_CUME_DIST, TYPE_FLOAT8, 0, 0, {0}},
    {"ntile", WINDOW_NTILE, TYPE_INT4, 1, 1, {TYPE_INT4}},
    {"lag", WINDOW_LAG, TYPE_ANYELEMENT, 1, 3, {TYPE_COMMON, TYPE_INT4, TYPE_COMMON}},
    {"lead", WINDOW_LEAD, TYPE_ANYELEMENT, 1, 3, {TYPE_COMMON, TYPE_INT4, TYPE_COMMON}},
    {"first_value", WINDOW_FIRST_VALUE, TYPE_ANYELEMENT, 1, 1, {TYPE_ANYELEMENT}},
    {"last_value", WINDOW_LAST_VALUE, TYPE_ANYELEMENT, 1, 1, {TYPE_ANYELEMENT}},
    {"nth_value", WINDOW_NTH_VALUE, TYPE_ANYELEMENT, 2, 2, {TYPE_ANYELEMENT, TYPE_INT4}},
};

static const struct window_name *find_name(const char *name)
{
    for (size_t i = 0; i < sizeof(window_names) / sizeof(window_names[0]); i++)
        if (strcmp(window_names[i].name, name) == 0)
            return &window_names[i];
    return NULL;
}

bool bind_is_window_function(const char *name)
{
    return find_name(name) != NULL;
}

void window_list(struct buf *out)
{
    for (size_t i = 0; i < sizeof(window_names) / sizeof(window_names[0]); i++) {
        const struct window_name *row = &window_names[i];
        size_t start = out->len;

        buf_printf(out, "%s(", row->name);
        for (uint16_t arg = 0; arg < row->most_n; arg++)
            buf_printf(out, "%s%s%s", arg > 0 ? ", " : "", type_name(row->args[arg]),
                       arg >= row->least_n ? " (optional)" : "");
        buf_puts(out, ") OVER");
        do
            buf_char(out, ' ');
        while (out->len - start < 64);
        buf_printf(out, "%-28s window\n", type_name(row->result));
    }
}

/* ---- the window ---- */

static const PgQuery__WindowDef *named_window(struct scope *scope, const char *name, int location)
{
    for (size_t i = 0; i < scope->select->n_window_clause; i++) {
        const PgQuery__WindowDef *def = scope->select->window_clause[i]->window_def;

        if (strcmp(def->name, name) == 0)
            return def;
    }
    ast_refuse(&scope->binder->ast, location, "window \"%s\" does not exist", name);
    return NULL;
}

static bool bind_partition(struct scope *scope, const PgQuery__WindowDef *def,
                           struct window_call *call)
{
    call->partition =
        arena_zalloc(scope->binder->arena, (def->n_partition_clause + 1) * sizeof(void *));
    for (size_t i = 0; i < def->n_partition_clause; i++) {
        struct expr *expr = bind_ordered(scope, def->partition_clause[i]);

        if (expr == NULL || !bind_comparable(scope->binder, expr, "PARTITION BY"))
            return false;
        call->partition[call->partition_n++] = expr;
    }
    return true;
}

static bool bind_order(struct scope *scope, const PgQuery__WindowDef *def, struct window_call *call)
{
    struct arena *arena = scope->binder->arena;

    call->order = arena_zalloc(arena, (def->n_order_clause + 1) * sizeof(void *));
    call->orders = arena_zalloc(arena, (def->n_order_clause + 1) * sizeof(*call->orders));
    for (size_t i = 0; i < def->n_order_clause; i++) {
        const PgQuery__SortBy *by = def->order_clause[i]->sort_by;
        struct expr *expr;

        if (!bind_sort_order(scope->binder, by, &call->orders[i]))
            return false;
        expr = bind_ordered(scope, by->node);
        if (expr == NULL || !bind_comparable(scope->binder, expr, "ORDER BY"))
            return false;
        call->order[call->order_n++] = expr;
    }
    return true;
}

/* ---- the frame ---- */

/* A constant number of rows or groups. */
static bool count_offset(struct scope *scope, const PgQuery__Node *node, const char *which,
                         struct plan_bound *bound)
{
    struct type type = {TYPE_INT8, -1, NULL};
    struct value value;
    struct expr *expr;

    if (!ast_is_constant(node))
        return ast_refuse(&scope->binder->ast, ast_location(node),
                          "the offset of a frame must be a constant");
    expr = bind_expr(scope, node);
    if (expr != NULL)
        expr = bind_coerce(scope->binder, expr, type, CAST_IMPLICIT, "frame offset");
    if (expr == NULL || !bind_value_of(scope->binder, expr, "frame offset", &value))
        return false;
    if (value.null)
        return ast_refuse(&scope->binder->ast, expr->location, "frame %s offset must not be null",
                          which);
    if (value.slot < 0)
        return ast_refuse(&scope->binder->ast, expr->location,
                          "frame %s offset must not be negative", which);
    bound->offset = value.slot;
    return true;
}

/* In which type the ORDER BY value and the offset are added without overflow, as far as there is
 * one. */
static enum type_id wide_type(enum type_id type)
{
    switch (type) {
    case TYPE_INT2:
    case TYPE_INT4:
        return TYPE_INT8;
    case TYPE_INT8:
        return TYPE_NUMERIC;
    case TYPE_FLOAT4:
        return TYPE_FLOAT8;
    default:
        return type;
    }
}

/* The offset of a RANGE over that type of key. */
static struct expr *range_offset(struct scope *scope, const PgQuery__Node *node, enum type_id key)
{
    bool is_number = type_is_number(key);
    struct type type = {is_number ? key : TYPE_INTERVAL, -1, NULL};
    struct expr *offset = bind_expr(scope, node);

    if (offset != NULL)
        offset = bind_coerce(scope->binder, offset, type, CAST_IMPLICIT, "RANGE offset");
    return offset;
}

static bool is_negative(struct scope *scope, const struct expr *offset)
{
    struct value value = {0};
    CLEANUP(buf) struct buf a = {0}, b = {0};
    struct type type = {offset->type.id, -1, NULL};
    const struct program *program = expr_compile(scope->binder->arena, offset);
    struct expr *literal = exprs_new(scope->binder->arena, EXPR_CONST, TYPE_UNKNOWN, 0, -1);
    struct err ignored;

    literal->constant.bytes = STR("0");
    literal = bind_coerce(scope->binder, literal, type, CAST_IMPLICIT, "0");
    if (literal == NULL || !program_eval(program, NULL, scope->binder->arena, &value, &ignored))
        return false;
    key_append(&a, type.id, value, KEY_ASCENDING);
    key_append(&b, type.id, literal->constant, KEY_ASCENDING);
    return str_cmp(buf_str(&a), buf_str(&b)) < 0;
}

static bool is_constant(const struct expr *expr)
{
    if (expr->kind == EXPR_COLUMN)
        return false;
    for (uint16_t i = 0; i < expr->args_n; i++)
        if (!is_constant(expr->args[i]))
            return false;
    return true;
}

static bool is_time(enum type_id type)
{
    return type == TYPE_TIME || type == TYPE_TIMETZ;
}

/* Times of day don't go around the clock here: they become numbers. */
static struct expr *over_time(struct binder *binder, const char *name, struct expr **args,
                              uint16_t args_n)
{
    return bind_call(binder, FUNCTION_NAMED, name, args, args_n, args[0]->location);
}

/* The value that a RANGE with an offset reaches to: before means below in ascending order. */
static bool range_limit(struct scope *scope, const PgQuery__Node *node, struct window_call *call,
                        const struct plan_bound *bound)
{
    struct binder *binder = scope->binder;
    struct expr *key = call->order[0];
    struct type wide = {wide_type(key->type.id), -1, NULL};
    bool below = (bound->kind == BOUND_PRECEDING) != call->orders[0].descending;
    struct expr *args[2], *limit;

    args[0] = bind_coerce(binder, key, wide, CAST_IMPLICIT, "ORDER BY");
    args[1] = range_offset(scope, node, wide.id);
    if (args[0] == NULL || args[1] == NULL)
        return false;
    if (!is_constant(args[1]) || (args[1]->kind == EXPR_CONST && args[1]->constant.null))
        return ast_refuse(&binder->ast, args[1]->location,
                          "the offset of a frame must be a constant");
    if (is_negative(scope,
                    is_time(key->type.id) ? over_time(binder, "time part", &args[1], 1) : args[1]))
        return ast_refuse(&binder->ast, args[1]->location,
                          "invalid preceding or following size in window function");
    if (is_time(key->type.id)) {
        limit = over_time(binder, below ? "time before" : "time behind", args, 2);
        call->range_key = over_time(binder, "time place", &key, 1);
    } else {
        limit = bind_call(binder, FUNCTION_OPERATOR, below ? "-" : "+", args, 2, args[1]->location);
        if (limit == NULL)
            return false;
        call->range_key = bind_coerce(binder, key, (struct type){limit->type.id, -1, NULL},
                                      CAST_IMPLICIT, "ORDER BY");
    }
    *(bound == &call->frame.start ? &call->start_limit : &call->end_limit) = limit;
    return call->range_key != NULL;
}

static bool check_range(struct scope *scope, const struct window_call *call, int location)
{
    enum type_id type;

    if (call->order_n != 1)
        return ast_refuse(&scope->binder->ast, location,
                          "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY "
                          "column");
    type = call->order[0]->type.id;
    if (type_is_number(type) || type == TYPE_DATE || type == TYPE_TIMESTAMP ||
        type == TYPE_TIMESTAMPTZ || type == TYPE_INTERVAL || is_time(type))
        return true;
    return ast_refuse(&scope->binder->ast, location,
                      "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s",
                      type_name(type));
}

static bool bind_bound(struct scope *scope, const PgQuery__Node *node, const char *which,
                       struct window_call *call, struct plan_bound *bound)
{
    if (bound->kind != BOUND_PRECEDING && bound->kind != BOUND_FOLLOWING)
        return true;
    if (call->frame.unit != FRAME_RANGE)
        return count_offset(scope, node, which, bound);
    return check_range(scope, call, ast_location(node)) && range_limit(scope, node, call, bound);
}

static enum plan_bound_kind bound_kind(int options, int unbounded, int preceding, int following)
{
    return (options & unbounded) != 0   ? BOUND_UNBOUNDED
           : (options & preceding) != 0 ? BOUND_PRECEDING
           : (options & following) != 0 ? BOUND_FOLLOWING
                                        : BOUND_CURRENT;
}

static bool bind_frame(struct scope *scope, const PgQuery__WindowDef *def, struct window_call *call)
{
    int options = def->frame_options;
    struct plan_frame *frame = &call->frame;

    frame->unit = (options & FRAME_IS_ROWS) != 0     ? FRAME_ROWS
                  : (options & FRAME_IS_GROUPS) != 0 ? FRAME_GROUPS
                                                     : FRAME_RANGE;
    frame->start.kind =
        bound_kind(options, FRAME_START_UNBOUNDED, FRAME_START_PRECEDING, FRAME_START_FOLLOWING);
    frame->end.kind =
        bound_kind(options, FRAME_END_UNBOUNDED, FRAME_END_PRECEDING, FRAME_END_FOLLOWING);
    frame->exclusion = (options & FRAME_EXCLUDES_CURRENT) != 0 ? EXCLUDE_CURRENT
                       : (options & FRAME_EXCLUDES_GROUP) != 0 ? EXCLUDE_GROUP
                       : (options & FRAME_EXCLUDES_TIES) != 0  ? EXCLUDE_TIES
                                                               : EXCLUDE_NONE;
    if (frame->unit == FRAME_GROUPS && call->order_n == 0)
        return ast_refuse(&scope->binder->ast, def->location,
                          "GROUPS mode requires an ORDER BY clause");
    return bind_bound(scope, def->start_offset, "starting", call, &frame->start) &&
           bind_bound(scope, def->end_offset, "ending", call, &frame->end);
}

/* Partition, order and frame; what a named window has is taken from it. */
static bool bind_definition(struct scope *scope, const PgQuery__WindowDef *def,
                            struct window_call *call)
{
    struct ast *ast = &scope->binder->ast;
    const PgQuery__WindowDef *base = NULL;

    if (def->refname[0] != '\0') {
        base = named_window(scope, def->refname, def->location);
        if (base == NULL)
            return false;
        if (def->n_partition_clause > 0)
            return ast_refuse(ast, def->location,
                              "cannot override PARTITION BY clause of window \"%s\"", base->name);
        if (!bind_definition(scope, base, call))
            return false;
        if (def->n_order_clause > 0 && call->order_n > 0)
            return ast_refuse(ast, def->location,
                              "cannot override ORDER BY clause of window \"%s\"", base->name);
        if ((base->frame_options & FRAME_IS_GIVEN) != 0)
            return ast_refuse(ast, def->location,
                              "cannot copy window \"%s\" because it has a frame clause",
                              base->name);
    } else if (!bind_partition(scope, def, call)) {
        return false;
    }
    return (base != NULL && def->n_order_clause == 0 ? true : bind_order(scope, def, call)) &&
           bind_frame(scope, def, call);
}

static bool bind_over(struct scope *scope, const PgQuery__WindowDef *over, struct window_call *call)
{
    const PgQuery__WindowDef *def = over;

    if (over->name[0] != '\0') {
        def = named_window(scope, over->name, over->location);
        if (def == NULL)
            return false;
    }
    return bind_definition(scope, def, call);
}

/* ---- the function ---- */

static bool refuse_function(struct scope *scope, const PgQuery__FuncCall *node, const char *name)
{
    return ast_refuse(&scope->binder->ast, node->location,
                      "window function %s is not known with these arguments", name);
}

/* lag and lead: value and default are of one type. */
static bool bind_common_args(struct scope *scope, struct aggregate_call *call)
{
    struct expr *pair[2] = {call->args[0], call->args_n > 2 ? call->args[2] : NULL};
    struct type type;

    if (call->args_n <= 2) {
        call->args[0] = bind_decided(scope->binder, call->args[0]);
        return call->args[0] != NULL;
    }
    if (!bind_common(scope->binder, pair, 2, "lag and lead", &type))
        return false;
    call->args[0] = pair[0];
    call->args[2] = pair[1];
    return true;
}

static bool bind_own_function(struct scope *scope, const PgQuery__FuncCall *node,
                              const struct window_name *name, struct aggregate_call *call)
{
    call->location = node->location;
    if (node->n_args < name->least_n || node->n_args > name->most_n || node->agg_star)
        return refuse_function(scope, node, name->name);
    if (node->agg_filter != NULL)
        return ast_refuse(&scope->binder->ast, node->location,
                          "FILTER is not implemented for non-aggregate window functions");
    call->args = arena_zalloc(scope->binder->arena, (AGGREGATE_ARGS_MAX + 1) * sizeof(void *));
    for (size_t i = 0; i < node->n_args; i++) {
        struct expr *arg = bind_expr(scope, node->args[i]);

        if (arg != NULL && name->args[i] == TYPE_INT4)
            arg = bind_coerce(scope->binder, arg, (struct type){TYPE_INT4, -1, NULL}, CAST_IMPLICIT,
                              "argument");
        else if (name->args[i] == TYPE_ANYELEMENT)
            arg = bind_decided(scope->binder, arg);
        if (arg == NULL)
            return false;
        call->args[call->args_n++] = arg;
    }
    if (name->args[0] == TYPE_COMMON && !bind_common_args(scope, call))
        return false;
    call->type = (struct type){name->result, -1, NULL};
    if (name->result == TYPE_ANYELEMENT)
        call->type = call->args[0]->type;
    call->type.typmod = -1;
    return true;
}

static bool bind_over_aggregate(struct scope *scope, const PgQuery__FuncCall *node,
                                const char *name, struct window_call *call)
{
    struct ast *ast = &scope->binder->ast;

    if (!bind_is_aggregate(name))
        return ast_refuse(ast, node->location,
                          "OVER specified, but %s is not a window function nor an aggregate "
                          "function",
                          name);
    if (node->agg_distinct)
        return ast_refuse(ast, node->location, "DISTINCT is not implemented for window functions");
    if (node->agg_within_group)
        return ast_refuse(ast, node->location, "OVER is not supported for ordered-set aggregate %s",
                          name);
    if (node->n_agg_order > 0)
        return ast_refuse(ast, node->location,
                          "aggregate ORDER BY is not implemented for window functions");
    call->kind = WINDOW_AGGREGATE;
    return bind_aggregate_call(scope, node, name, &call->call);
}

static bool may_stand(struct scope *scope, int location)
{
    if (scope->in_window)
        return ast_refuse(&scope->binder->ast, location,
                          "window function calls cannot be nested; write a subquery in FROM");
    if (scope->in_aggregate)
        return ast_refuse(&scope->binder->ast, location,
                          "aggregate function calls cannot contain window function calls");
    return scope->windows != NULL ||
           ast_refuse(&scope->binder->ast, location, "window functions are not allowed in %s",
                      scope->clause);
}

struct expr *bind_window(struct scope *scope, const PgQuery__FuncCall *node, const char *name)
{
    const struct window_name *own = find_name(name);
    struct window_call *call = arena_zalloc(scope->binder->arena, sizeof(*call));
    struct scope inner = *scope;

    if (!may_stand(scope, node->location))
        return NULL;
    inner.in_window = true;
    call->name = name;
    if (own != NULL) {
        call->kind = own->kind;
        if (!bind_own_function(&inner, node, own, &call->call))
            return NULL;
    } else if (!bind_over_aggregate(&inner, node, name, call)) {
        return NULL;
    }
    if (!bind_over(&inner, node->over, call))
        return NULL;
    list_add(scope->windows, scope->binder->arena, call);
    return bind_aggregate_value(scope->binder, &call->call,
                                exprs_column(scope->binder->arena,
                                             (uint16_t)(WINDOW_COLUMN + scope->windows->n - 1),
                                             call->call.type, node->location));
}
