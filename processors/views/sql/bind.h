/*
 * From syntax to meaning: names are looked up, every expression gets its type, casts are inserted
 * as PostgreSQL inserts them, FROM becomes joins and SELECT becomes nodes. What is not understood
 * is refused. Internal to this folder.
 */
#ifndef SLUICE_VIEWS_SQL_BIND_H
#define SLUICE_VIEWS_SQL_BIND_H

#include "sql/exprs.h"
#include "sql/nodes.h"

/* Placeholders among the columns of an expression: AGGREGATE_COLUMN + the aggregate's index,
 * WINDOW_COLUMN + the window function's, OUTER_COLUMN + a column of the block around. */
enum { OUTER_COLUMN = 0x2000, AGGREGATE_COLUMN = 0x4000, WINDOW_COLUMN = 0x6000, DEPTH_MAX = 200 };

/* What a FROM item can name: a source, a view, a subquery, a CTE. */
struct relation {
    const char *schema, *name; /* schema NULL: a CTE */
    uint32_t node;
    const char **columns;
    uint16_t columns_n;
    int32_t source; /* index of the source; -1: another */
    int32_t view;   /* index of the materialized view; -1: another */
};

/* The state of one planning run. */
struct binder {
    struct ast ast;
    struct arena *arena;
    const char *pipeline;
    struct nodes nodes;
    struct list relations; /* struct relation *, those of WITH last */
    struct list views;     /* struct plan_view * */
    struct list types;     /* struct user_type * */
    uint16_t enums_n;
    uint32_t depth;
};

/* A name that expressions see, and what it stands for. */
struct name {
    const char *column;
    struct expr *expr;
};

/* One item of FROM with its alias; its columns lie at first..first+n-1 of the block's row. */
struct table {
    const char *alias, *schema;
    const struct relation *relation;
    struct name *names;
    uint16_t first, n;
    bool one_row; /* the same row beside every other: an uncorrelated subquery */
};

/* Inner-joined members and the conditions over them. */
struct group;

/* The FROM clause: the tables, the names visible without a table, and the joins. */
struct from {
    struct list tables;  /* struct table * */
    struct list visible; /* struct name * */
    struct group *group;
    struct column *columns; /* of the block's row: all tables' columns one after another */
    uint16_t columns_n;
};

/* One aggregate call of a block. */
struct aggregate_call {
    const struct aggregate *aggregate; /* NULL: grouping(args) */
    struct expr **args;                /* none: count(*) */
    struct plan_order *order;          /* where the answer depends on it */
    struct expr *filter;               /* or NULL */
    uint16_t args_n, order_n;
    bool distinct, grouping;
    struct type type;
    int location;
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

/* Where an expression stands: what it may name and hold. */
struct scope {
    struct binder *binder;
    const struct from *from;
    struct list *aggregates;           /* struct aggregate_call *; NULL: none allowed here */
    struct list *windows;              /* struct window_call *; NULL: none allowed here */
    const PgQuery__SelectStmt *select; /* whose WINDOW clause is meant, with `windows` */
    const char *clause;                /* for messages: "WHERE" */
    bool in_aggregate, in_window;
    struct from *join;         /* what subqueries are joined to; NULL: none allowed here */
    const struct scope *outer; /* of the block around, whose columns may be named; or NULL */
};

/* A bound SELECT: its node and the names of its columns. */
struct query {
    uint32_t node;
    const char **columns;
    uint16_t columns_n;
    const struct plan_order *order; /* over the columns */
    uint16_t order_n;
};

/* bind_type.c: the type that is written; a domain gives its base type, unknown types are
 * refused. */
WARN_UNUSED bool bind_type(struct binder *binder, const PgQuery__TypeName *name,
                           struct type *ret_type);

/* bind_coerce.c: the expression as a value of the type, as PostgreSQL casts in the context; NULL:
 * refused. `what` begins the message ("argument of WHERE"). */
struct expr *bind_coerce(struct binder *binder, struct expr *expr, struct type type,
                         enum cast_context context, const char *what);

/* A literal whose type nothing decided becomes text. */
struct expr *bind_decided(struct binder *binder, struct expr *expr);

/* The call of a function or operator over the arguments, casts inserted; NULL: refused. */
struct expr *bind_call(struct binder *binder, enum function_kind kind, const char *name,
                       struct expr **args, uint16_t args_n, int location);

/* Brings all to their common type (PostgreSQL's rules for CASE, COALESCE, IN). */
WARN_UNUSED bool bind_common(struct binder *binder, struct expr **args, uint16_t args_n,
                             const char *what, struct type *ret_type);

/* The type can be compared for equality or order by our keys; else refused, naming `what`. */
WARN_UNUSED bool bind_comparable(struct binder *binder, const struct expr *expr, const char *what);

/* Two values to be compared for equality, as values of one type. */
WARN_UNUSED bool bind_same_type(struct binder *binder, struct expr **a, struct expr **b,
                                int location);

/* bind_expr.c: the bound expression; NULL: refused. */
struct expr *bind_expr(struct scope *scope, const PgQuery__Node *node);

/* A bound expression of type boolean; NULL: refused. */
struct expr *bind_condition(struct scope *scope, const PgQuery__Node *node);

/* bind_special.c: CASE, COALESCE, GREATEST and LEAST, NULLIF, IN, BETWEEN, IS ... */
struct expr *bind_case(struct scope *scope, const PgQuery__CaseExpr *node);
struct expr *bind_coalesce(struct scope *scope, const PgQuery__CoalesceExpr *node);
struct expr *bind_min_max(struct scope *scope, const PgQuery__MinMaxExpr *node);
struct expr *bind_boolean_test(struct scope *scope, const PgQuery__BooleanTest *node);
struct expr *bind_special_operator(struct scope *scope, const PgQuery__AExpr *node);

/* bind_function.c: a function or aggregate call. */
struct expr *bind_function(struct scope *scope, const PgQuery__FuncCall *node);

/* bind_aggregate.c: there is an aggregate of that name. */
bool bind_is_aggregate(const char *name);

/* A call of it: a placeholder column for one of the scope's aggregates; NULL: refused. */
struct expr *bind_aggregate(struct scope *scope, const PgQuery__FuncCall *node, const char *name);

/* The call alone, as it stands in a block or over a window; its parts are bound in that scope. */
WARN_UNUSED bool bind_aggregate_call(struct scope *scope, const PgQuery__FuncCall *node,
                                     const char *name, struct aggregate_call *ret);

/* grouping(...): a placeholder too. */
struct expr *bind_grouping(struct scope *scope, const PgQuery__GroupingFunc *node);

/* bind_window.c: there is a function over windows alone of that name. */
bool bind_is_window_function(const char *name);

/* A call with OVER: a placeholder column for one of the scope's windows; NULL: refused. */
struct expr *bind_window(struct scope *scope, const PgQuery__FuncCall *node, const char *name);

/* The direction of an ORDER BY item. */
WARN_UNUSED bool bind_sort_order(struct binder *binder, const PgQuery__SortBy *by,
                                 struct key_order *ret);

/* bind_name.c: a column; NULL: refused. */
struct expr *bind_column(struct scope *scope, const PgQuery__ColumnRef *node);

/* The column of that unqualified name: *ret NULL with true when there is none. */
WARN_UNUSED bool bind_visible(struct scope *scope, const char *name, int location,
                              struct expr **ret);

/* Expands `*` or `table.*` to names (struct name *). */
WARN_UNUSED bool bind_star(struct scope *scope, const PgQuery__ColumnRef *node, struct list *out);

/* The name PostgreSQL gives to an output column without alias. */
const char *bind_column_name(const PgQuery__Node *node);

/* The relation by the name in FROM; NULL: refused. */
const struct relation *bind_relation(struct binder *binder, const PgQuery__RangeVar *name);

/* bind_from.c: the FROM clause. */
WARN_UNUSED bool bind_from(struct binder *binder, PgQuery__Node *const *items, size_t items_n,
                           struct from *ret);

/* A table of a subquery, view or source under an alias, with optional new column names. */
WARN_UNUSED bool bind_from_aliases(struct binder *binder, const PgQuery__Alias *alias,
                                   struct relation *relation, const char **ret_alias);

/* joins.c: a FROM item as a group of one member. */
struct group *joins_leaf(struct binder *binder, uint32_t node, uint16_t first, uint16_t n,
                         int location);

/* Two groups inner-joined, their conditions together. */
struct group *joins_inner(struct binder *binder, struct group *left, struct group *right);

/* A LEFT join of two groups, as a group of one member. `on`: conjuncts. */
struct group *joins_left(struct binder *binder, struct group *left, struct group *right,
                         struct list on, int location);

/* Adds the conjuncts of a condition to the group. */
void joins_condition(struct binder *binder, struct group *group, struct expr *condition);

/*
 * Makes the nodes of the group: conditions as deep as they may go, equalities as join keys, only
 * the columns in `need` kept above joins. *ret_at[block column] is its column in the node or -1.
 */
WARN_UNUSED bool joins_plan(struct binder *binder, const struct from *from,
                            const struct column_set *need, uint32_t *ret_node, int16_t **ret_at);

/* select.c: a SELECT bound and planned. */
WARN_UNUSED bool bind_select(struct binder *binder, const PgQuery__SelectStmt *select,
                             struct query *ret);

/* source.c: a CREATE FOREIGN TABLE. */
WARN_UNUSED bool bind_source(struct binder *binder, const PgQuery__CreateForeignTableStmt *stmt);

/* Schema and name of what is defined or named; "public" when no schema is written. */
const char *bind_schema_of(const PgQuery__RangeVar *name);

/* Refuses the name of something new that is taken already, temporary, or that topics can't tell. */
WARN_UNUSED bool bind_check_name(struct binder *binder, const PgQuery__RangeVar *name);

/* The relation of that schema and name, or NULL. */
struct relation *bind_find(struct binder *binder, const char *schema, const char *name);

#endif
