/*
 * Collations of expressions as they are bound (bind_collation.c): which one there is, and what is
 * done by it. Internal to this folder.
 */
#ifndef SLUICE_VIEWS_SQL_COLLATIONS_H
#define SLUICE_VIEWS_SQL_COLLATIONS_H

#include "sql/bind.h"

/* A collation by PostgreSQL's name (NULL: by bytes), and whether COLLATE was written. */
struct collated {
    const char *name;
    bool written;
};

/* The collation that is named; others than C and ICU's are refused. */
WARN_UNUSED bool bind_collation_name(struct binder *binder, const PgQuery__CollateClause *node,
                                     const char **ret_name);

/* Sets that of a column's or domain's COLLATE, NULL: none is written; refused where the type has none. */
WARN_UNUSED bool bind_set_collation(struct binder *binder, const PgQuery__CollateClause *node,
                                    struct type *type);

/* The collation of what is chosen among the arguments, or put together of them: undecided where
 * columns contradict each other, refused where two were written. */
WARN_UNUSED bool bind_mix_collations(struct binder *binder, struct expr *const *args,
                                     uint16_t args_n, int location, struct collated *ret);

/* As bind_mix_collations, for what the collation has a say in: undecided is refused too. */
WARN_UNUSED bool bind_derive_collation(struct binder *binder, struct expr *const *args,
                                       uint16_t args_n, int location, struct collated *ret);

/* The type's texts are of different collations, and COLLATE does not say which one is meant: they
 * can't be compared. */
bool bind_is_undecided(const struct type *type);

/* Text, or an array of it. */
bool bind_takes_collation(enum type_id type);

/* The expression with that collation. */
struct expr *bind_with_collation(struct binder *binder, struct expr *expr,
                                 struct collated collated);

/* A call whose arguments have collations, as they have it done; NULL: refused. */
struct expr *bind_collated_call(struct binder *binder, struct expr *call);

/* The text of the type within a key of its collation. */
struct expr *bind_from_key(struct binder *binder, struct expr *key, struct type type);

#endif
