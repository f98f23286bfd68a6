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
 * BESIDE_COLUMN + a column of the relations that stand beside the block's rows, WINDOW_COLUMN + the
 * window function's, ROWS_COLUMN + ROWS_COLUMNS for each function that gives rows. */
enum {
    AGGREGATE_COLUMN = 0x4000,
    BESIDE_COLUMN = 0x5000,
    WINDOW_COLUMN = 0x6000,
    ROWS_COLUMN = 0x7000,
    ROWS_COLUMNS = 2,
    DEPTH_MAX = 200
};

struct user_type;

/* What a FROM item can name: a source, a view, a subquery, a CTE. */
struct relation {
    const char *schema, *name; /* schema NULL: a CTE */
    uint32_t node;
    const char **columns;
    uint16_t columns_n;
    int32_t source;                   /* index of the source; -1: another */
    int32_t view;                     /* index of the materialized view; -1: another */
    const struct user_type **domains; /* of a source's columns, NULL where it is none; or NULL */
    struct list correlations; /* of a CTE: struct correlation *, over the block `home` around it */
    const struct from *home;
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
    struct value *as_of; /* what now() is; NULL: refused */
    bool strict;         /* lenient rules are enforced */
    bool derives_before; /* no source trusts its before images */
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
    bool scalar;     /* a function with one column, which its alias names too */
    bool optional;   /* an outer join may find none of its rows */
    bool joined;     /* the name of a join: its row is that of its columns */
    uint16_t marker; /* a column that is NULL where there is no row of it; 0: none is known */
};

struct group; /* inner-joined members and the conditions over them (join_group.h) */
struct block; /* one SELECT (block.h) */

/* What a subquery names of the query around it: a column of its own row that equals it. */
struct param {
    struct expr *outer; /* over the row of the block around */
    uint16_t column;
};

/* The FROM clause: the tables, the names visible without a table, and the joins; or a part of it,
 * for what may name no more. */
struct from {
    struct list tables;    /* struct table * */
    uint32_t aliases_from; /* an alias must be new from here on: (a JOIN b) AS c hides its own */
    struct list visible;   /* struct name * */
    struct group *group;
    struct column *columns; /* of the block's row: all tables' columns one after another */
    uint16_t columns_n;
    const struct scope *outer; /* where the block stands in the query around it, or NULL */
    struct list params;        /* struct param * */
    struct from *block;        /* the whole clause */
};

/* Columns that must be equal: of the query around, and of a subquery's node. */
struct correlation {
    struct expr *outer;
    uint16_t column;
    bool null_safe;
};

/* A relation beside each row of the block: LEFT-joined where its columns are needed. */
struct beside {
    uint32_t node;
    struct list correlations; /* struct correlation * */
    uint16_t first;           /* its columns are BESIDE_COLUMN + first on */
};

/* Where subqueries as expressions are joined. */
enum { SITE_GROUPS_MAX = 6 };
struct site {
    struct group **groups
        [SITE_GROUPS_MAX]; /* the tables that they may name; LEFT-joined to one of these ... */
    uint16_t groups_n;
    struct list *beside; /* ... or, when not NULL, put here (struct beside *) */
    uint16_t *beside_columns_n;
    struct list *on; /* of an outer join: its conditions so far (struct expr *), */
    struct group *
        *optional;       /* and the side whose rows may be missing; the right one of a FULL JOIN */
    struct full *full;   /* of a FULL JOIN */
    struct block *block; /* with `beside`: whose they are */
};

/* Where an expression stands: what it may name and hold. */
struct scope {
    struct binder *binder;
    const struct from *from;
    struct list *aggregates;           /* struct aggregate_call *; NULL: none allowed here */
    struct list *windows;              /* struct window_call *; NULL: none allowed here */
    struct list *rows;                 /* struct plan_rows *; NULL: none allowed here */
    const PgQuery__SelectStmt *select; /* whose WINDOW clause is meant, with `windows` */
    const char *clause;                /* for messages: "WHERE" */
    bool in_aggregate, in_window;
    const struct site *site; /* NULL: no subqueries here */
    struct list *raising;    /* what the subquery that is being bound asks for and may raise */
};

/* A bound SELECT: its node and the names of its columns; behind these the node has those of
 * `correlations`, each value of which has its own answer. */
struct query {
    uint32_t node;
    const char **columns;
    uint16_t columns_n;
    const struct plan_order *order; /* over the columns */
    uint16_t order_n;
    struct list correlations; /* struct correlation * */
    bool always;              /* an aggregate without GROUP BY: it has one row over nothing too */
    struct expr **empty;      /* then: its columns where the node has none; NULL: it always has */
};

/* select.c: the parts of a condition's AND (PgQuery__Node *). Those with subqueries come last: what
 * they name is then as narrow as the other conditions make it. */
struct list bind_parts(struct binder *binder, const PgQuery__Node *node);

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
                           const struct scope *outer, struct from *ret);

/* A table of a subquery, view or source under an alias, with optional new column names. */
WARN_UNUSED bool bind_from_aliases(struct binder *binder, const PgQuery__Alias *alias,
                                   struct relation *relation, const char **ret_alias);

/* How a SELECT stands in the query around it. */
struct around {
    const struct scope *scope; /* whose columns it may name; NULL: none */
    bool fills;                /* `empty` of its query is looked at */
    bool only_rows;            /* its columns are not looked at: EXISTS (SELECT FROM ...) */
    bool ordered; /* its ORDER BY is kept as columns behind the others, without LIMIT */
};

/* select.c: a SELECT, VALUES or set operation, bound and planned. */
WARN_UNUSED bool bind_select(struct binder *binder, const PgQuery__SelectStmt *select,
                             struct around around, struct query *ret);

/* source.c: a CREATE FOREIGN TABLE. */
WARN_UNUSED bool bind_source(struct binder *binder, const PgQuery__CreateForeignTableStmt *stmt);

/* Schema and name of what is defined or named; "public" when no schema is written. */
const char *bind_schema_of(const PgQuery__RangeVar *name);

/* Refuses the name of something new that is taken already, temporary, or that topics can't tell. */
WARN_UNUSED bool bind_check_name(struct binder *binder, const PgQuery__RangeVar *name);

/* The relation of that schema and name, or NULL. */
struct relation *bind_find(struct binder *binder, const char *schema, const char *name);

#endif
