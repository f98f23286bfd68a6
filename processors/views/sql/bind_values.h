/*
 * The types that a pipeline file makes (enums, domains), and expressions of arrays.
 * Internal to this folder; names and joins are in bind.h.
 */
#ifndef SLUICE_VIEWS_SQL_BIND_VALUES_H
#define SLUICE_VIEWS_SQL_BIND_VALUES_H

#include "sql/bind.h"

/* A type that the file makes: an enum, or a domain over a base type. */
struct user_type {
    const char *schema, *name;
    struct type type; /* of a domain: its base type */
    bool is_domain, not_null;
    struct list checks;           /* const PgQuery__Constraint * */
    const struct user_type *base; /* the domain that a domain is over, or NULL */
};

/* user_types.c: a CREATE TYPE AS ENUM, a CREATE DOMAIN. */
WARN_UNUSED bool bind_enum(struct binder *binder, const PgQuery__CreateEnumStmt *stmt);
WARN_UNUSED bool bind_domain(struct binder *binder, const PgQuery__CreateDomainStmt *stmt);

/* The type of that name that the file has made, or NULL; schema NULL: any. */
const struct user_type *bind_user_type(struct binder *binder, const char *schema, const char *name);

/* The domain that the type's name stands for, or whose array it is; or NULL. */
const struct user_type *bind_domain_of(struct binder *binder, const PgQuery__TypeName *name);

/* Of a value of the type, which is of the domain or an array of it: an array of it. */
bool bind_is_of_elements(const struct user_type *domain, struct type type);

/* A CHECK of a domain over the value or over each of its elements; `check` NULL: NOT NULL. NULL:
 * refused. */
struct expr *bind_domain_check(struct binder *binder, const struct user_type *domain,
                               const PgQuery__Constraint *check, struct expr *value);

/* The name of a domain's CHECK. */
const char *bind_domain_check_name(struct binder *binder, const struct user_type *domain,
                                   uint32_t check);

/* The value as a cast to the domain gives it: or its error. */
struct expr *bind_into_domain(struct binder *binder, const struct user_type *domain,
                              struct expr *value);

/* row_compare.c: the fields of two rows, n of each, compared by the operator: a < c OR (a = c AND rest); = and <>
 * are plain junctions. NULL: refused. */
struct expr *bind_compare_fields(struct binder *binder, const char *name, struct expr **a,
                                 struct expr **b, uint32_t n, int location);

/* bind_array.c: ARRAY[...]; as elements of a type that a cast names. */
struct expr *bind_array(struct scope *scope, const PgQuery__AArrayExpr *node);
struct expr *bind_array_as(struct scope *scope, const PgQuery__AArrayExpr *node, struct type type);

/* x[i], x[i:j], x['name']. */
struct expr *bind_indirection(struct scope *scope, const PgQuery__AIndirection *node);

/* x op ANY (array), x op ALL (array). */
struct expr *bind_any_all(struct scope *scope, const PgQuery__AExpr *node);

#endif
