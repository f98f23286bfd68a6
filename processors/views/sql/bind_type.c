#include "sql/bind_values.h"
#include "sql/nearest.h"

enum {
    TYPMOD_HEADER = 4,
    PRECISION_MAX = 1000,
    SECOND_DIGITS_MAX = 6,
    LENGTH_MAX = 10485760,
    TYPMODS_MAX = 2
};

/* The integers in parentheses. */
static bool read_typmods(struct binder *binder, const PgQuery__TypeName *name, int *ret)
{
    if (name->n_typmods > TYPMODS_MAX)
        return ast_refuse(&binder->ast, name->location, "too many type modifiers");
    for (size_t i = 0; i < name->n_typmods; i++) {
        const PgQuery__Node *node = name->typmods[i];

        if (node->node_case != PG_QUERY__NODE__NODE_A_CONST || node->a_const->isnull ||
            node->a_const->val_case != PG_QUERY__A__CONST__VAL_IVAL)
            return ast_refuse(&binder->ast, ast_location(node),
                              "a type modifier must be an integer");
        ret[i] = node->a_const->ival->ival;
    }
    return true;
}

static bool in_range(struct binder *binder, int location, int value, int from, int to)
{
    if (value < from || value > to)
        return ast_refuse(&binder->ast, location, "the type modifier %d is not between %d and %d",
                          value, from, to);
    return true;
}

static bool set_typmod(struct binder *binder, const PgQuery__TypeName *name, const int *given,
                       struct type *type)
{
    size_t n = name->n_typmods;
    int scale = n > 1 ? given[1] : 0, at = name->location;

    switch (type->id) {
    case TYPE_NUMERIC:
        if (!in_range(binder, at, given[0], 1, PRECISION_MAX) ||
            !in_range(binder, at, scale, -PRECISION_MAX, PRECISION_MAX))
            return false;
        type->typmod = type_numeric_make_typmod(given[0], scale);
        return true;
    case TYPE_VARCHAR:
    case TYPE_BPCHAR:
        type->typmod = given[0] + TYPMOD_HEADER;
        return in_range(binder, at, given[0], 1, LENGTH_MAX);
    case TYPE_TIME:
    case TYPE_TIMETZ:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
        type->typmod = given[0];
        return in_range(binder, at, given[0], 0, SECOND_DIGITS_MAX);
    default:
        return ast_refuse(&binder->ast, at, "type %s takes no modifier", type_name(type->id));
    }
}

/* A type of the list, or one that the file has made. */
static bool find_named(struct binder *binder, const PgQuery__TypeName *name, struct type *ret)
{
    const char *last = name->n_names == 0 ? NULL : ast_string(name->names[name->n_names - 1]);
    const char *schema = name->n_names == 2 ? ast_string(name->names[0]) : NULL;
    const struct user_type *made;

    *ret = (struct type){.typmod = -1};
    if (last == NULL || name->n_names > 2)
        return ast_refuse(&binder->ast, name->location, "a type's name is schema.name");
    made = bind_user_type(binder, schema, last);
    if (made != NULL) {
        *ret = made->type;
        return true;
    }
    if (last[0] == '_' && type_find(str_of(last + 1), &ret->id) && !type_is_array(ret->id)) {
        ret->id = type_array_of(ret->id); /* an array's own name: _int4 */
        return true;
    }
    if ((schema != NULL && strcmp(schema, "pg_catalog") != 0) || !type_find(str_of(last), &ret->id))
        return ast_refuse(&binder->ast, name->location,
                          "type \"%s\" is not supported%s; declare the column as text", last,
                          nearest_type(binder, last));
    return true;
}

/* interval's fields and precision, as PostgreSQL packs them. */
static bool interval_typmod(struct binder *binder, const PgQuery__TypeName *name, const int *given,
                            struct type *type)
{
    enum { FIELDS_ALL = 0x7fff, PRECISION_ALL = 0xffff };
    bool precise = name->n_typmods > 1;

    if (precise && !in_range(binder, name->location, given[1], 0, SECOND_DIGITS_MAX))
        return false;
    type->typmod = (int32_t)(((unsigned)given[0] & FIELDS_ALL) << 16 |
                             (precise ? (unsigned)given[1] : PRECISION_ALL));
    return true;
}

bool bind_type(struct binder *binder, const PgQuery__TypeName *name, struct type *ret_type)
{
    int given[TYPMODS_MAX] = {0};
    struct type type;

    if (name->pct_type || name->setof)
        return ast_refuse(&binder->ast, name->location, "%%TYPE and SETOF are not supported");
    if (!ast_only(&binder->ast, name, "names typmods typemod array_bounds") ||
        !find_named(binder, name, &type) || !read_typmods(binder, name, given))
        return false;
    if (name->n_typmods > 1 && type.id != TYPE_NUMERIC && type.id != TYPE_INTERVAL)
        return ast_refuse(&binder->ast, name->location, "type %s takes one modifier",
                          type_name(type.id));
    if (name->n_typmods > 0 && type.id == TYPE_INTERVAL) {
        if (!interval_typmod(binder, name, given, &type))
            return false;
    } else if (name->n_typmods > 0 && !set_typmod(binder, name, given, &type)) {
        return false;
    }
    if (name->n_array_bounds > 1 || (name->n_array_bounds > 0 && type_is_array(type.id)))
        return ast_refuse(&binder->ast, name->location,
                          "arrays of more than one dimension are not supported");
    if (name->n_array_bounds > 0)
        type.id = type_array_of(type.id);
    *ret_type = type;
    return true;
}
