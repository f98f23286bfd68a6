/*
 * Collations: which one an expression has, as PostgreSQL derives it, and order by it as bytes. Text
 * without a collation, or with "C", orders by its bytes; ICU's are declared at a column or written
 * with COLLATE. Equality is that of bytes under every one of them.
 */
#include "sql/bind.h"
#include "sql/collations.h"

#include "expr/collation.h"

bool bind_collation_name(struct binder *binder, const PgQuery__CollateClause *node,
                         const char **ret_name)
{
    const char *name = ast_string(node->collname[node->n_collname - 1]);

    if (name != NULL &&
        (strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0 || strcmp(name, "ucs_basic") == 0)) {
        *ret_name = NULL;
        return true;
    }
    if (name == NULL || !collation_is_known(name))
        return ast_refuse(&binder->ast, node->location,
                          "collation \"%s\" is not supported: those of the operating system differ "
                          "between machines; write COLLATE \"C\" or one of ICU's, as \"en-x-icu\"",
                          name == NULL ? "" : name);
    *ret_name = arena_copy(binder->arena, (struct str){name, strlen(name) + 1}).at;
    return true;
}

bool bind_set_collation(struct binder *binder, const PgQuery__CollateClause *node,
                        struct type *type)
{
    if (node == NULL)
        return true;
    if (!bind_collation_name(binder, node, &type->collation))
        return false;
    return bind_takes_collation(type->id) ||
           ast_refuse(&binder->ast, node->location, "collations are not supported by type %s",
                      type_name(type->id));
}

static bool same_name(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Of what is made of texts of different collations, none of them written: no harm until somebody
 * compares it. */
static const char undecided[] = "undecided";

static const char *shown(const char *name)
{
    return name == NULL ? "C" : name;
}

bool bind_is_undecided(const struct type *type)
{
    return same_name(type->collation, undecided);
}

/* What is written with COLLATE decides, else what columns are declared with. */
bool bind_mix_collations(struct binder *binder, struct expr *const *args, uint16_t args_n,
                         int location, struct collated *ret)
{
    *ret = (struct collated){NULL, false};
    for (uint16_t i = 0; i < args_n; i++) {
        const struct expr *arg = args[i];
        const char *name = arg->type.collation;

        if ((!arg->collated && name == NULL) || (ret->written && !arg->collated))
            continue;
        if (arg->collated == ret->written && !same_name(name, ret->name) && ret->written)
            return ast_refuse(&binder->ast, location,
                              "collation mismatch between explicit collations \"%s\" and \"%s\"",
                              shown(ret->name), shown(name));
        if (!arg->collated && ret->name != NULL && !same_name(name, ret->name))
            name = undecided;
        *ret = (struct collated){name, arg->collated};
    }
    return true;
}

bool bind_derive_collation(struct binder *binder, struct expr *const *args, uint16_t args_n,
                           int location, struct collated *ret)
{
    return bind_mix_collations(binder, args, args_n, location, ret) &&
           (!same_name(ret->name, undecided) ||
            ast_refuse(&binder->ast, location,
                       "columns of different collations meet here and do not say which one is "
                       "meant; write COLLATE"));
}

bool bind_takes_collation(enum type_id type)
{
    return type_is_text(type_is_array(type) ? type_element(type) : type);
}

struct expr *bind_with_collation(struct binder *binder, struct expr *expr, struct collated collated)
{
    struct expr *name, *args[2], *call;

    if (!bind_takes_collation(expr->type.id) || same_name(expr->type.collation, collated.name)) {
        if (expr->collated != collated.written) {
            call = arena_alloc(binder->arena, sizeof(*call));
            *call = *expr;
            call->collated = collated.written;
            expr = call;
        }
        return expr;
    }
    name = exprs_new(binder->arena, EXPR_CONST, TYPE_TEXT, 0, expr->location);
    name->constant.bytes = str_of(shown(collated.name));
    args[0] = expr;
    args[1] = name;
    call = exprs_call(binder->arena, function_named("with collation"), args, 2, expr->location);
    call->type = expr->type;
    call->type.collation = collated.name;
    call->collated = collated.written;
    return call;
}

/* What is done by letters, in a way that ICU and we would not do alike. */
static bool is_sensitive(const struct function *function)
{
    static const char *const names[] = {"~~*", "!~~*", "~", "!~", "~*", "!~*", "width_bucket"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(function->name, names[i]) == 0)
            return true;
    return strncmp(function->name, "regexp_", 7) == 0 ||
           (strcmp(function->name, "substring") == 0 && function->args[1] == TYPE_TEXT) ||
           (comparison_of(function->name) != 0 && function->args[0] == TYPE_ANYARRAY);
}

/* The answer is of bytes: no collation has a say in it. */
static bool is_of_bytes(const struct function *function)
{
    static const char *const names[] = {
        "||",    "concat", "concat_ws", "length", "char_length", "character_length", "octet_length",
        "left",  "right",  "lpad",      "rpad",   "substr",      "reverse",          "repeat",
        "ascii", "md5",    "btrim",     "ltrim",  "rtrim",       "quote_literal",    "convert_to"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(function->name, names[i]) == 0)
            return true;
    return false;
}

/* < and its kind over text become the same over keys. */
static struct expr *compare_keys(struct binder *binder, struct expr *call, const char *name)
{
    struct expr *keys[2];

    for (uint16_t i = 0; i < 2; i++) {
        struct expr *arg =
            bind_with_collation(binder, call->args[i], (struct collated){name, false});

        keys[i] = exprs_ordered(binder->arena, arg);
    }
    return bind_call(binder, FUNCTION_OPERATOR, call->function->name, keys, 2, call->location);
}

/* upper, lower and initcap by the rules of the collation's language. */
static struct expr *change_letters(struct binder *binder, struct expr *call, const char *name)
{
    const char *own = arena_printf(binder->arena, "%s by collation", call->function->name);
    struct expr *text = exprs_new(binder->arena, EXPR_CONST, TYPE_TEXT, 0, call->location);
    struct expr *args[] = {call->args[0], text};

    text->constant.bytes = str_of(name);
    return exprs_call(binder->arena, function_named(own), args, 2, call->location);
}

static bool changes_letters(const struct function *function)
{
    return function->kind == FUNCTION_NAMED &&
           (strcmp(function->name, "upper") == 0 || strcmp(function->name, "lower") == 0 ||
            strcmp(function->name, "initcap") == 0);
}

struct expr *bind_collated_call(struct binder *binder, struct expr *call)
{
    const struct function *function = call->function;
    unsigned mask = function->kind == FUNCTION_OPERATOR ? comparison_of(function->name) : 0;
    bool equality = strcmp(function->name, "=") == 0 || strcmp(function->name, "<>") == 0;
    struct collated collated = {0};

    if (!(is_of_bytes(function) ? bind_mix_collations : bind_derive_collation)(
            binder, call->args, call->args_n, call->location, &collated))
        return NULL;
    if (collated.name != NULL && !equality && mask != 0 && type_is_text(function->args[0]))
        return compare_keys(binder, call, collated.name);
    if (collated.name != NULL && !equality && is_sensitive(function)) {
        ast_refuse(&binder->ast, call->location,
                   "%s by the letters of collation \"%s\" is not supported; write COLLATE \"C\"",
                   function->name, collated.name);
        return NULL;
    }
    if (collated.name != NULL && changes_letters(function))
        call = change_letters(binder, call, collated.name);
    if (bind_takes_collation(call->type.id)) {
        call->type.collation = collated.name;
        call->collated = collated.written;
    }
    return call;
}

struct expr *bind_from_key(struct binder *binder, struct expr *key, struct type type)
{
    struct expr *call =
        exprs_call(binder->arena, function_named("text of collation key"), &key, 1, key->location);

    call->type = type;
    return call;
}
