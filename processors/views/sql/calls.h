/*
 * Calls of functions, aggregates, window functions and functions that give rows, as they are bound
 * (bind_function.c, bind_aggregate.c, bind_window.c, bind_rows.c). Internal to this folder.
 */
#ifndef SLUICE_VIEWS_SQL_CALLS_H
#define SLUICE_VIEWS_SQL_CALLS_H

#include "sql/bind.h"

/* One aggregate call of a block. */
struct aggregate_call {
    const struct aggregate *aggregate; /* NULL: grouping(args) */
    struct expr **args;                /* none: count(*) */
    struct expr **written;             /* the arguments before their implicit casts */
    struct plan_order *order;          /* where the answer depends on it */
    struct expr *filter;               /* or NULL */
    uint16_t args_n, order_n;
    bool distinct, grouping;
    bool of_rows; /* the argument is made of a whole row */
    struct type type;
    int location;
    struct expr **direct; /* of a hypothetical row, which must be the same in every grouping set */
    uint16_t direct_n;
    bool by_key; /* the result is a key of a collation, of a value of `text` */
    struct type text;
};

/* One call over a window. */
struct window_call {
    enum plan_window_kind kind;
    const char *name;
    struct aggregate_call call; /* `aggregate` of WINDOW_AGGREGATE alone */
    struct expr **partition, **order;
    struct key_order *orders;
    uint16_t partition_n, order_n;
    struct plan_frame frame;                          /* but for its expressions: */
    struct expr *start_limit, *end_limit, *range_key; /* NULL: none */
};

/* bind_function.c: a function or aggregate call. */
struct expr *bind_function(struct scope *scope, const PgQuery__FuncCall *node);

/* bind_name.c: the scope's own FROM has the name, not only a query around it; `table` NULL: none is
 * written. */
bool bind_is_own(const struct scope *scope, const char *table, const char *column);

/* aggregate_level.c: whether an aggregate or GROUPING is one of a query around the scope's, which
 * there is. */
WARN_UNUSED bool aggregate_is_of_around(struct scope *scope, const void *node, bool *ret);

/* clauses.c: the value of an expression that reads no row; its error is refused, `what` before it.
 */
WARN_UNUSED bool bind_value_of(struct binder *binder, const struct expr *expr, const char *what,
                               struct value *ret);

/* bind_named.c: some argument is given by its name. */
bool bind_has_names(PgQuery__Node *const *nodes, size_t n);

/* The arguments in their places, those not given by their defaults; `args` has room for
 * FUNCTION_ARGS_MAX. */
WARN_UNUSED bool bind_by_names(struct scope *scope, const char *function,
                               PgQuery__Node *const *nodes, size_t n, struct expr **args,
                               uint16_t *ret_n);

/* bind_variadic.c: a call whose last argument is VARIADIC; NULL: refused. */
struct expr *bind_variadic(struct scope *scope, const PgQuery__FuncCall *node, const char *name);

/* bind_clock.c: takes the moment that now() stands for; NULL: none. Usage error when it is none. */
WARN_UNUSED bool bind_as_of(struct binder *binder, const char *text, struct err *reterr);

/* The call is now() by one of its names, or age(moment), which counts from today. */
bool bind_is_clock(const PgQuery__FuncCall *node, const char *name);

/* Such a call by that moment; refused without it, with what to write instead: NULL. */
struct expr *bind_clock(struct scope *scope, const PgQuery__FuncCall *node, const char *name);

/* CURRENT_DATE, LOCALTIMESTAMP(3) ... of that moment; NULL: refused. */
struct expr *bind_sql_value(struct binder *binder, const PgQuery__SQLValueFunction *node);

/* The name of its column; NULL: it is not one of these. */
const char *bind_sql_value_name(const PgQuery__SQLValueFunction *node);

/* bind_rows.c: there is a function of that name which gives rows. */
bool bind_is_rows_function(const char *name);

/* A call of it; NULL: refused. */
struct expr *rows_call(struct scope *scope, const char *name, PgQuery__Node *const *nodes, size_t n,
                       int location);

/* How many of them one item of FROM, and one SELECT, may have. */
enum { ROWS_FUNCTIONS_MAX = 16 };

/* Such a call as a part of an EXPAND. */
struct plan_rows rows_part(struct binder *binder, const struct expr *call);

/* Puts its columns at names[*n], as PostgreSQL names them; `alias` NULL: none is given. */
void rows_names(struct binder *binder, const struct function *function, const char *alias,
                const char **names, uint16_t *n);

/* rows_select.c: a call of it among the columns of SELECT: a placeholder column; NULL: refused. */
struct expr *bind_rows_call(struct scope *scope, const PgQuery__FuncCall *node, const char *name);

/* bind_aggregate.c: there is an aggregate of that name. */
bool bind_is_aggregate(const char *name);

/* A call of it: a placeholder column for one of the scope's aggregates; NULL: refused. */
struct expr *bind_aggregate(struct scope *scope, const PgQuery__FuncCall *node, const char *name);

/* The call alone, as it stands in a block or over a window; its parts are bound in that scope. */
WARN_UNUSED bool bind_aggregate_call(struct scope *scope, const PgQuery__FuncCall *node,
                                     const char *name, struct aggregate_call *ret);

/* The number of the call among the block's aggregates; the same call twice is one. */
uint16_t bind_add_aggregate(struct scope *scope, const struct aggregate_call *made);

/* An aggregate may stand here; else refused. */
WARN_UNUSED bool bind_aggregate_may_stand(struct scope *scope, int location);

/* bind_hypothetical.c: rank and its kind WITHIN GROUP. */
bool bind_is_hypothetical(const PgQuery__FuncCall *node, const char *name);

/* A call of it: an expression over placeholders; NULL: refused. */
struct expr *bind_hypothetical(struct scope *scope, const PgQuery__FuncCall *node,
                               const char *name);

/* The aggregate's value, given the column that holds its result. */
struct expr *bind_aggregate_value(struct binder *binder, const struct aggregate_call *call,
                                  struct expr *column);

/* grouping(...): a placeholder too. */
struct expr *bind_grouping(struct scope *scope, const PgQuery__GroupingFunc *node);

/* bind_window.c: there is a function over windows alone of that name. */
bool bind_is_window_function(const char *name);

/* A call with OVER: a placeholder column for one of the scope's windows; NULL: refused. */
struct expr *bind_window(struct scope *scope, const PgQuery__FuncCall *node, const char *name);

#endif
