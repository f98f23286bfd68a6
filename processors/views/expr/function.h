/*
 * The table of SQL functions, operators and casts: one row each (name, argument types, result,
 * volatility, C function). `--functions` prints it. A new function is one row and one small C
 * function. Aggregates are in ops/aggregate.h.
 */
#ifndef SLUICE_VIEWS_EXPR_FUNCTION_H
#define SLUICE_VIEWS_EXPR_FUNCTION_H

#include "record/row.h"

enum { FUNCTION_ARGS_MAX = 4 };

/* What an implementation gets: arguments that are not NULL when the function is strict; typmods as
 * bound. */
struct call {
    const struct value *args;
    const struct type *arg_types;
    struct type result_type; /* with the typmod of a cast */
    struct arena *scratch;
    uint16_t args_n;
};

/* Computes *ret (ret->null is false on entry). False with SQLSTATE when PostgreSQL would raise. */
typedef bool function_body(const struct call *call, struct value *ret, struct err *reterr);

enum function_kind {
    FUNCTION_NAMED,    /* upper(text) */
    FUNCTION_OPERATOR, /* + - = <> < ...; a prefix operator has one argument */
    FUNCTION_CAST      /* name is "cast": the types say which */
};

/* When a cast applies by itself: PostgreSQL's pg_cast.castcontext. */
enum cast_context { CAST_IMPLICIT, CAST_ASSIGNMENT, CAST_EXPLICIT };

struct function {
    const char *name;
    enum function_kind kind;
    enum type_id args[FUNCTION_ARGS_MAX]; /* 0-terminated when fewer */
    enum type_id result;
    bool not_strict;           /* is called with NULL arguments */
    enum cast_context context; /* for casts */
    function_body *body;
};

/*
 * Resolves a function or operator by name and argument types as PostgreSQL does: exact match, else
 * the best by implicit casts, TYPE_UNKNOWN literals taking the type that fits (preferred types,
 * text last). *ret NULL with true: no such function; `ret_ambiguous`: several fit. The caller casts
 * its arguments to (*ret)->args by cast_find.
 */
const struct function *function_resolve(enum function_kind kind, struct str name,
                                        const enum type_id *args, uint16_t args_n,
                                        bool *ret_ambiguous);

/*
 * The cast from one type to another allowed in `context`, or NULL. Binary-compatible ones (text <->
 * varchar) are rows too. Same type: NULL (no cast needed but for a typmod: the row from T to T
 * applies it).
 */
const struct function *cast_find(enum type_id from, enum type_id to, enum cast_context context);

/* The common type of CASE, COALESCE, IN lists, UNION: PostgreSQL's rules of resolution (unknown
 * counts as nothing; text when all are unknown). False when there is none. */
bool type_common(const enum type_id *types, uint16_t n, enum type_id *ret);

/* Every table, one a kind of functions, ended by NULL; each ends with a row without a name. */
extern const struct function *const function_tables[];

#endif
