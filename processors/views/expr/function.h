/*
 * The table of SQL functions, operators and casts: one row each (name, argument types, result,
 * volatility, C function). `--functions` prints it. A new function is one row and one small C
 * function. Aggregates are in ops/aggregate.h.
 */
#ifndef SLUICE_VIEWS_EXPR_FUNCTION_H
#define SLUICE_VIEWS_EXPR_FUNCTION_H

#include "record/row.h"

enum { FUNCTION_ARGS_MAX = 8, CALL_ARGS_MAX = 100 };

/* What an implementation gets: arguments that are not NULL when the function is strict; typmods as
 * bound. */
struct call {
    const struct value *args;
    const struct type *arg_types;
    struct type result_type; /* with the typmod of a cast */
    struct arena *scratch;
    const void *prepared; /* what function_prepare made; NULL: nothing */
    uint16_t args_n;
};

/* Computes *ret (ret->null is false on entry). False with SQLSTATE when PostgreSQL would raise. */
typedef bool function_body(const struct call *call, struct value *ret, struct err *reterr);

/* Whether what the constant arguments say is supported; args that are no constants are NULL values
 * with `known` false. False: why not, in reterr. */
typedef bool function_check(const struct value *args, const bool *known, uint16_t args_n,
                            struct arena *arena, struct err *reterr);

/* Makes once, in the program's arena, what constant arguments settle for every row; NULL: nothing.
 */
typedef const void *function_prepare(const struct value *args, const bool *known, uint16_t args_n,
                                     struct arena *arena);

/* Rows in the making: `columns_n` values each, in `arena`. */
struct rows_out {
    struct arena *arena;
    struct value *values;
    uint32_t n, cap;
    uint16_t columns_n;
};

/* Appends the rows that a function gives. False with SQLSTATE when PostgreSQL would raise. */
typedef bool rows_body(const struct call *call, struct rows_out *out, struct err *reterr);

enum function_kind {
    FUNCTION_NAMED,    /* upper(text) */
    FUNCTION_OPERATOR, /* + - = <> < ...; a prefix operator has one argument */
    FUNCTION_CAST,     /* name is "cast": the types say which */
    FUNCTION_ROWS      /* unnest(anyarray): gives rows */
};

/* When a cast applies by itself: PostgreSQL's pg_cast.castcontext. */
enum cast_context { CAST_IMPLICIT, CAST_ASSIGNMENT, CAST_EXPLICIT };

struct function {
    const char *name;
    enum function_kind kind;
    enum type_id args[FUNCTION_ARGS_MAX]; /* 0-terminated when fewer */
    enum type_id result;
    bool not_strict; /* is called with NULL arguments */
    bool variadic;   /* the last argument may come again */
    bool stable;     /* PostgreSQL's volatility, where it is not immutable: depends on TimeZone */
    enum cast_context context; /* for casts */
    function_body *body;
    function_prepare *prepare; /* NULL: nothing to make beforehand */
    function_check *check;     /* at start; NULL: nothing to check */
    const char *names;         /* FUNCTION_ROWS: of its columns, if not its own name */
    rows_body *rows;           /* FUNCTION_ROWS: instead of `body` */
    enum type_id second;       /* FUNCTION_ROWS: type of a second column; 0: none */
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

/* The type of argument i as the row declares it. */
enum type_id function_arg(const struct function *function, uint16_t i);

/* The types a row that takes several kinds has in a call over `args`: of each argument and of the
 * result. False when the call does not settle them. */
WARN_UNUSED bool function_concrete(const struct function *function, const enum type_id *args,
                                   uint16_t args_n, enum type_id *ret_args,
                                   enum type_id *ret_result);

/* PostgreSQL reads the whole json that is the first argument, all its escapes with it: one that is no
 * character raises, wherever it stands (json_check_escapes). */
bool function_reads_escapes(const struct function *function);

/* Appends every row as --functions shows it: a line each, sorted by name. */
void function_list(struct buf *out);

/* Appends the row as --functions names it, without its result. */
void function_signature(struct buf *out, const struct function *row);

/* The first function of that name; NULL: none. For those that sql/ calls by itself. */
const struct function *function_named(const char *name);

/* Which results of a comparison make the operator true: 0 when it is no comparison. */
unsigned comparison_of(const char *name);

/*
 * The cast from one type to another allowed in `context`, or NULL. Binary-compatible ones (text <->
 * varchar) are rows too. Same type: NULL (no cast needed but for a typmod: the row from T to T
 * applies it).
 */
const struct function *cast_find(enum type_id from, enum type_id to, enum cast_context context);

/* The common type of CASE, COALESCE, IN lists, UNION: PostgreSQL's rules of resolution (unknown
 * counts as nothing; text when all are unknown). False when there is none. */
bool type_common(const enum type_id *types, uint16_t n, enum type_id *ret);

/* The rows of FUNCTION_ROWS, ended by a row without a name. */
const struct function *rows_functions(void);

/* Every table, one a kind of functions, ended by NULL; each ends with a row without a name. */
extern const struct function *const function_tables[];

#endif
