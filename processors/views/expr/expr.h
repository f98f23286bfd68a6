/*
 * Expressions: the bound tree that sql/ makes, and the flat program that runs over packed rows.
 * Semantics are PostgreSQL's, errors are its SQLSTATEs. Pure: no clock, no I/O. Every node knows
 * its type; sql/ inserts every cast, so that a call's arguments have exactly the function's types.
 */
#ifndef SLUICE_VIEWS_EXPR_EXPR_H
#define SLUICE_VIEWS_EXPR_EXPR_H

#include "expr/function.h"
#include "record/row.h"

enum expr_kind {
    EXPR_CONST,    /* value */
    EXPR_COLUMN,   /* column of the input row */
    EXPR_CALL,     /* function over args; strict functions give NULL for a NULL argument */
    EXPR_AND,      /* three-valued, args_n >= 2 */
    EXPR_OR,       /* three-valued, args_n >= 2 */
    EXPR_NOT,      /* args[0] */
    EXPR_IS_NULL,  /* args[0]; bool, never NULL */
    EXPR_CASE,     /* args: when, then, when, then, ..., else (always there, maybe a NULL const) */
    EXPR_COALESCE, /* args of one type */
    EXPR_TRY,      /* args[0], NULL where it raises */
    EXPR_DISTINCT, /* args[0] IS DISTINCT FROM args[1], of one type: compared by that type's equality
                      classes */
    EXPR_EACH,     /* bool, never NULL: for no element of the array args[0] is args[1] false */
    EXPR_ELEMENT   /* that element, in args[1] of the EXPR_EACH around it */
};

/* Lives in the plan's arena. `location` is the byte offset in the pipeline file, for messages; -1
 * unknown. */
struct expr {
    enum expr_kind kind;
    struct type type;
    struct value constant;
    uint16_t column;
    const struct function *function;
    struct expr **args;
    uint16_t args_n;
    bool collated; /* COLLATE was written here or within */
    int location;
};

/* A compiled program; immutable, shared by threads, lives in the arena it was made in. */
struct program;

/* Compiles a bound tree. `arena` must outlive the program. Never fails: sql/ has checked the types.
 */
struct program *expr_compile(struct arena *arena, const struct expr *expr);

/*
 * Evaluates over one row. Results of bytes types are views of the row, of the program's constants,
 * or in `scratch`. An error is the row's own (ERR_DEAD_LETTER with sqlstate). Constant arguments
 * were computed once at compile time, unless that raised.
 */
WARN_UNUSED bool program_eval(const struct program *program, const struct row *row,
                              struct arena *scratch, struct value *ret, struct err *reterr);

/* Evaluates a boolean program: *ret_true is false for NULL too. */
WARN_UNUSED bool program_true(const struct program *program, const struct row *row,
                              struct arena *scratch, bool *ret_true, struct err *reterr);

/* Same tree, same types, same constants: for GROUP BY matching and common subplans. */
bool expr_same(const struct expr *a, const struct expr *b);

/* Appends the expression in PostgreSQL's syntax, columns by the schema's names: for --explain and
 * fingerprints. */
void expr_print(struct buf *out, const struct expr *expr, const struct schema *schema);

#endif
