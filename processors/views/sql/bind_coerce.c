#include "sql/bind.h"
#include "sql/collations.h"
#include "sql/nearest.h"

#include "expr/jsonpath.h"
#include "record/text.h"

static bool read_literal(struct binder *binder, struct type type, struct str text,
                         struct value *ret, struct err *reterr)
{
    if (type.id == TYPE_JSONPATH)
        return jsonpath_value(text, binder->arena, &ret->bytes, reterr);
    return text_parse(type, text, binder->arena, ret, reterr);
}

/* A literal read as the type. PostgreSQL reads it without the modifier, then casts to it. */
static struct expr *coerce_literal(struct binder *binder, struct expr *literal, struct type type)
{
    struct expr *expr = exprs_null(binder->arena, type, literal->location);
    struct type bare = {type.id, type.id == TYPE_INTERVAL ? type.typmod : -1, type.labels};
    struct value value = {0};
    struct err err;

    if (literal->constant.null)
        return expr;
    if (!read_literal(binder, bare, literal->constant.bytes, &value, &err) ||
        (type.typmod >= 0 &&
         !text_apply_typmod(type, value, binder->arena, &expr->constant, &err))) {
        ast_refuse(&binder->ast, literal->location, "%s", err.text);
        return NULL;
    }
    if (type.typmod < 0)
        expr->constant = value;
    return expr;
}

static struct expr *cast_call(struct binder *binder, const struct function *cast, struct expr *arg,
                              struct type type)
{
    struct expr *call = exprs_call(binder->arena, cast, &arg, 1, arg->location);

    call->type = type;
    call->type.collation = bind_takes_collation(type.id) ? arg->type.collation : NULL;
    call->collated = arg->collated;
    return call;
}

struct expr *bind_coerce(struct binder *binder, struct expr *expr, struct type type,
                         enum cast_context context, const char *what)
{
    const struct function *cast;

    if (type.id == TYPE_ANY || (type.id == TYPE_UNKNOWN && expr->type.id == TYPE_UNKNOWN))
        return expr;
    if (expr->type.id == TYPE_UNKNOWN)
        return coerce_literal(binder, expr, type);
    if (expr->type.id != type.id) {
        cast = cast_find(expr->type.id, type.id, context);
        if (cast == NULL) {
            ast_refuse(&binder->ast, expr->location, "%s can't be cast from %s to %s%s", what,
                       type_name(expr->type.id), type_name(type.id),
                       context == CAST_EXPLICIT ? "" : "; write an explicit CAST if you mean it");
            return NULL;
        }
        expr = cast_call(binder, cast, expr, (struct type){type.id, -1, type.labels});
    }
    if (type.typmod < 0 || type.typmod == expr->type.typmod)
        return expr;
    cast = cast_find(type.id, type.id, context);
    if (type.labels == NULL)
        type.labels = expr->type.labels;
    if (cast == NULL) {
        ast_refuse(&binder->ast, expr->location, "%s: no cast applies the modifier of type %s",
                   what, type_name(type.id));
        return NULL;
    }
    return cast_call(binder, cast, expr, type);
}

struct expr *bind_decided(struct binder *binder, struct expr *expr)
{
    if (expr == NULL || expr->type.id != TYPE_UNKNOWN)
        return expr;
    return bind_coerce(binder, expr, (struct type){TYPE_TEXT, -1}, CAST_IMPLICIT, "literal");
}

/* The call as a message shows it: "operator +(text, integer)". */
static const char *call_text(struct binder *binder, enum function_kind kind, const char *name,
                             struct expr *const *args, uint16_t args_n)
{
    CLEANUP(buf) struct buf out = {0};

    buf_printf(&out, "%s %s(", kind == FUNCTION_OPERATOR ? "operator" : "function", name);
    for (uint16_t i = 0; i < args_n; i++)
        buf_printf(&out, "%s%s", i > 0 ? ", " : "", type_name(args[i]->type.id));
    buf_char(&out, ')');
    return arena_copy(binder->arena, buf_str(&out)).at;
}

static void *refuse_unknown(struct binder *binder, const char *name, const char *call, int location)
{
    ast_refuse(&binder->ast, location,
               "%s is not known%s; sluice-views --functions lists what there is", call,
               nearest_function(binder->arena, name));
    return NULL;
}

static void *refuse_ambiguous(struct binder *binder, const char *call, int location)
{
    ast_refuse(&binder->ast, location, "%s is not unique; add casts to choose among its forms",
               call);
    return NULL;
}

/* The labels of that enum, or of the array of it, among the arguments. */
static const struct enum_labels *labels_among(struct expr *const *args, uint16_t args_n,
                                              enum type_id type)
{
    enum type_id bare = type_element(type);

    for (uint16_t i = 0; i < args_n; i++) {
        if (type_element(args[i]->type.id) == bare && args[i]->type.labels != NULL)
            return args[i]->type.labels;
    }
    return NULL;
}

/* What PostgreSQL would do in another way is refused before the first row. */
static bool check_call(struct binder *binder, const struct function *function,
                       struct expr *const *args, uint16_t args_n, int location)
{
    struct value values[CALL_ARGS_MAX];
    bool known[CALL_ARGS_MAX];
    struct err err;

    if (function->check == NULL)
        return true;
    for (uint16_t i = 0; i < args_n; i++) {
        known[i] = args[i]->kind == EXPR_CONST && !args[i]->constant.null;
        values[i] = args[i]->constant;
    }
    return function->check(values, known, args_n, binder->arena, &err) ||
           ast_refuse(&binder->ast, location, "%s", err.text);
}

/* The arguments cast to what the function takes. */
static struct expr *make_call(struct binder *binder, const struct function *function,
                              struct expr **args, uint16_t args_n, int location)
{
    enum type_id asked[CALL_ARGS_MAX] = {0}, taken[CALL_ARGS_MAX], result;
    struct expr *cast[CALL_ARGS_MAX], *call;

    for (uint16_t i = 0; i < args_n; i++)
        asked[i] = args[i]->type.id;
    if (!function_concrete(function, asked, args_n, taken, &result)) {
        ast_refuse(&binder->ast, location,
                   "could not determine polymorphic type because input has type unknown; add a "
                   "cast");
        return NULL;
    }
    for (uint16_t i = 0; i < args_n; i++) {
        struct type type = {taken[i], -1, labels_among(args, args_n, taken[i])};

        cast[i] = bind_coerce(binder, args[i], type, CAST_IMPLICIT, "argument");
        if (cast[i] == NULL)
            return NULL;
        if (cast[i]->type.id == TYPE_UNKNOWN)
            cast[i] = bind_decided(binder, cast[i]);
    }
    if (!check_call(binder, function, cast, args_n, location))
        return NULL;
    call = exprs_call(binder->arena, function, cast, args_n, location);
    call->type = (struct type){result, -1, labels_among(args, args_n, result)};
    return bind_collated_call(binder, call);
}

/* date(x), text(x): a type's name as a function is its cast, where that is no way through text. */
static const struct function *cast_named(const char *name, enum type_id from)
{
    const struct function *cast;
    enum type_id to;

    if (!type_find(str_of(name), &to) || from == TYPE_UNKNOWN)
        return NULL;
    cast = cast_find(from, to, CAST_EXPLICIT);
    return cast != NULL && cast->result == to ? cast : NULL;
}

struct expr *bind_call(struct binder *binder, enum function_kind kind, const char *name,
                       struct expr **args, uint16_t args_n, int location)
{
    enum type_id types[CALL_ARGS_MAX] = {0};
    const struct function *function;
    bool ambiguous = false;

    if (args_n > CALL_ARGS_MAX)
        return refuse_unknown(binder, name, call_text(binder, kind, name, args, args_n), location);
    for (uint16_t i = 0; i < args_n; i++)
        types[i] = args[i]->type.id;
    function = function_resolve(kind, str_of(name), types, args_n, &ambiguous);
    if (ambiguous)
        return refuse_ambiguous(binder, call_text(binder, kind, name, args, args_n), location);
    if (function == NULL && kind == FUNCTION_NAMED && args_n == 1)
        function = cast_named(name, args[0]->type.id);
    if (function != NULL && function->kind == FUNCTION_CAST)
        return bind_coerce(binder, args[0], (struct type){function->result, -1}, CAST_EXPLICIT,
                           "argument");
    if (function == NULL)
        return refuse_unknown(binder, name, call_text(binder, kind, name, args, args_n), location);
    return make_call(binder, function, args, args_n, location);
}

bool bind_common(struct binder *binder, struct expr **args, uint16_t args_n, const char *what,
                 struct type *ret_type)
{
    enum type_id *ids = arena_alloc(binder->arena, (args_n + 1U) * sizeof(*ids));
    struct type type = {.typmod = args_n > 0 ? args[0]->type.typmod : -1};
    struct collated collated = {NULL, false};

    for (uint16_t i = 0; i < args_n; i++) {
        ids[i] = args[i]->type.id;
        if (ids[i] != ids[0] || args[i]->type.typmod != type.typmod)
            type.typmod = -1;
    }
    if (!type_common(ids, args_n, &type.id))
        return ast_refuse(&binder->ast, args[args_n - 1]->location,
                          "%s: types %s and %s have no common type; add casts", what,
                          type_name(ids[0]), type_name(ids[args_n - 1]));
    if (args_n > 0 && type.id != args[0]->type.id)
        type.typmod = -1;
    type.labels = labels_among(args, args_n, type.id);
    type.collation = NULL;
    if (bind_takes_collation(type.id) &&
        !bind_mix_collations(binder, args, args_n, args_n > 0 ? args[0]->location : -1, &collated))
        return false;
    for (uint16_t i = 0; i < args_n; i++) {
        args[i] = bind_coerce(binder, args[i], (struct type){type.id, -1, type.labels},
                              CAST_IMPLICIT, what);
        if (args[i] == NULL)
            return false;
        if (bind_takes_collation(type.id))
            args[i] = bind_with_collation(binder, args[i], collated);
    }
    if (bind_takes_collation(type.id))
        type.collation = collated.name;
    *ret_type = type;
    return true;
}

bool bind_comparable(struct binder *binder, const struct expr *expr, const char *what)
{
    enum type_id bare = type_element(expr->type.id), types[] = {bare, bare};
    bool ambiguous = false;

    if (bind_is_undecided(&expr->type))
        return ast_refuse(&binder->ast, expr->location,
                          "%s by texts of different collations: write COLLATE to say which one is "
                          "meant",
                          what);
    if (type_is_array(expr->type.id) && expr->type.collation != NULL)
        return ast_refuse(&binder->ast, expr->location,
                          "%s by an array of text with collation \"%s\" is not supported; write "
                          "COLLATE \"C\"",
                          what, expr->type.collation);
    if (bare == TYPE_JSON ||
        function_resolve(FUNCTION_OPERATOR, STR("="), types, 2, &ambiguous) == NULL)
        return ast_refuse(&binder->ast, expr->location,
                          "%s needs values that can be compared, type %s can't; cast it to text",
                          what, type_name(expr->type.id));
    return true;
}

bool bind_same_type(struct binder *binder, struct expr **a, struct expr **b, int location)
{
    struct expr *args[] = {*a, *b};
    struct expr *equality = bind_call(binder, FUNCTION_OPERATOR, "=", args, 2, location);
    struct type type;

    if (equality == NULL)
        return false;
    if (equality->args[0]->type.id != equality->args[1]->type.id &&
        !bind_common(binder, equality->args, 2, "comparison", &type))
        return false;
    *a = equality->args[0];
    *b = equality->args[1];
    return bind_comparable(binder, *a, "comparison");
}
