/* CREATE TYPE AS ENUM and CREATE DOMAIN: the types that a pipeline file makes. */
#include "sql/bind_values.h"
#include "sql/collations.h"

const struct user_type *bind_user_type(struct binder *binder, const char *schema, const char *name)
{
    for (uint32_t i = 0; i < binder->types.n; i++) {
        const struct user_type *type = binder->types.at[i];

        if (strcmp(type->name, name) == 0 && (schema == NULL || strcmp(type->schema, schema) == 0))
            return type;
    }
    return NULL;
}

/* schema and name of a list of one or two names; false: refused. */
static bool split_name(struct binder *binder, PgQuery__Node *const *names, size_t n,
                       const char **ret_schema, const char **ret_name)
{
    if (n == 0 || n > 2)
        return ast_refuse(&binder->ast, -1, "a type's name is schema.name");
    *ret_schema = n == 2 ? ast_string(names[0]) : "public";
    *ret_name = ast_string(names[n - 1]);
    if (bind_user_type(binder, *ret_schema, *ret_name) != NULL)
        return ast_refuse(&binder->ast, -1, "type \"%s\" is defined already", *ret_name);
    return true;
}

bool bind_enum(struct binder *binder, const PgQuery__CreateEnumStmt *stmt)
{
    struct user_type *type = arena_zalloc(binder->arena, sizeof(*type));
    struct enum_labels *labels = arena_zalloc(binder->arena, sizeof(*labels));
    struct str *texts = arena_alloc(binder->arena, (stmt->n_vals + 1) * sizeof(*texts));

    if (!split_name(binder, stmt->type_name, stmt->n_type_name, &type->schema, &type->name))
        return false;
    if (binder->enums_n > TYPE_ENUM_LAST - TYPE_ENUM_FIRST)
        return ast_refuse(&binder->ast, -1, "more than %d enums are not supported",
                          TYPE_ENUM_LAST - TYPE_ENUM_FIRST + 1);
    for (size_t i = 0; i < stmt->n_vals; i++)
        texts[i] = arena_copy(binder->arena, str_of(ast_string(stmt->vals[i])));
    *labels = (struct enum_labels){type->name, texts, (uint16_t)stmt->n_vals};
    type->type = (struct type){(enum type_id)(TYPE_ENUM_FIRST + binder->enums_n++), -1, labels};
    list_add(&binder->types, binder->arena, type);
    return true;
}

static bool domain_constraint(struct binder *binder, struct user_type *type,
                              const PgQuery__Constraint *constraint)
{
    switch (constraint->contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
        type->not_null = true;
        return true;
    case PG_QUERY__CONSTR_TYPE__CONSTR_NULL:
        return true;
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
        list_add(&type->checks, binder->arena, constraint);
        return true;
    default:
        return ast_refuse(&binder->ast, constraint->location,
                          "a domain has NOT NULL and CHECK; this is not supported");
    }
}

bool bind_domain(struct binder *binder, const PgQuery__CreateDomainStmt *stmt)
{
    struct user_type *type = arena_zalloc(binder->arena, sizeof(*type));

    if (!ast_only(&binder->ast, stmt, "domainname type_name coll_clause constraints") ||
        !split_name(binder, stmt->domainname, stmt->n_domainname, &type->schema, &type->name) ||
        !bind_type(binder, stmt->type_name, &type->type) ||
        !bind_set_collation(binder, stmt->coll_clause, &type->type))
        return false;
    type->is_domain = true;
    type->base = bind_domain_of(binder, stmt->type_name);
    for (size_t i = 0; i < stmt->n_constraints; i++)
        if (!domain_constraint(binder, type, stmt->constraints[i]->constraint))
            return false;
    list_add(&binder->types, binder->arena, type);
    return true;
}

const struct user_type *bind_domain_of(struct binder *binder, const PgQuery__TypeName *name)
{
    const char *last = name->n_names == 0 ? NULL : ast_string(name->names[name->n_names - 1]);
    const char *schema = name->n_names == 2 ? ast_string(name->names[0]) : NULL;
    const struct user_type *type;

    if (last == NULL)
        return NULL;
    type = bind_user_type(binder, schema, last);
    return type != NULL && type->is_domain ? type : NULL;
}

bool bind_is_of_elements(const struct user_type *domain, struct type type)
{
    return type_is_array(type.id) && !type_is_array(domain->type.id);
}

static struct expr *check_of(struct binder *binder, const PgQuery__Constraint *check,
                             struct expr *value)
{
    struct name name = {"value", value}, *names = arena_alloc(binder->arena, sizeof(name));
    struct from from = {.block = &from};
    struct scope scope = {.binder = binder, .from = &from, .clause = "CHECK"};

    *names = name;
    list_add(&from.visible, binder->arena, names);
    return bind_condition(&scope, check->raw_expr);
}

struct expr *bind_domain_check(struct binder *binder, const struct user_type *domain,
                               const PgQuery__Constraint *check, struct expr *value)
{
    bool each = bind_is_of_elements(domain, value->type);
    struct expr *one = value, *test;

    if (each) {
        one = exprs_new(binder->arena, EXPR_ELEMENT, type_element(value->type.id), 0,
                        value->location);
        one->type.typmod = value->type.typmod;
    }
    test = check != NULL
               ? check_of(binder, check, one)
               : exprs_not(binder->arena, exprs_is_null(binder->arena, one), value->location);
    return test != NULL && each ? exprs_each(binder->arena, value, test) : test;
}

static struct expr *text_constant(struct binder *binder, const char *text)
{
    struct expr *expr = exprs_null(binder->arena, (struct type){TYPE_TEXT, -1}, -1);

    expr->constant = (struct value){.bytes = str_of(text)};
    return expr;
}

/* The value, or the error when `test` is false: an internal function does it. */
static struct expr *guarded(struct binder *binder, struct expr *value, struct expr *test,
                            const char *message, const char *sqlstate)
{
    struct expr *args[] = {value, test, text_constant(binder, message),
                           text_constant(binder, sqlstate)};
    struct expr *call =
        exprs_call(binder->arena, function_named("domain_check"), args, 4, value->location);

    call->type = value->type;
    return call;
}

struct expr *bind_into_domain(struct binder *binder, const struct user_type *domain,
                              struct expr *value)
{
    struct expr *plain = value;

    if (domain->base != NULL)
        value = bind_into_domain(binder, domain->base, value);
    if (value == NULL)
        return NULL;
    if (domain->not_null)
        value = guarded(
            binder, value, bind_domain_check(binder, domain, NULL, plain),
            arena_printf(binder->arena, "domain %s does not allow null values", domain->name),
            "23502");
    for (uint32_t i = 0; i < domain->checks.n; i++) {
        const PgQuery__Constraint *check = domain->checks.at[i];
        struct expr *test = bind_domain_check(binder, domain, check, plain);
        const char *name = bind_domain_check_name(binder, domain, i);

        if (test == NULL)
            return NULL;
        value = guarded(binder, value, test,
                        arena_printf(binder->arena,
                                     "value for domain %s violates check constraint \"%s\"",
                                     domain->name, name),
                        "23514");
    }
    return value;
}

/* PostgreSQL's choice for an unnamed one: domain_check, domain_check1 ... */
const char *bind_domain_check_name(struct binder *binder, const struct user_type *domain,
                                   uint32_t check)
{
    const PgQuery__Constraint *constraint = domain->checks.at[check];
    unsigned unnamed = 0;

    if (constraint->conname[0] != '\0')
        return constraint->conname;
    for (uint32_t i = 0; i < check; i++)
        unnamed += ((const PgQuery__Constraint *)domain->checks.at[i])->conname[0] == '\0';
    return unnamed == 0 ? arena_printf(binder->arena, "%s_check", domain->name)
                        : arena_printf(binder->arena, "%s_check%u", domain->name, unnamed);
}
