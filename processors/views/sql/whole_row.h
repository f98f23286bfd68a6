/*
 * Rows as values: ROW(...), and a table's whole row. There is no type of them: such a value is known
 * by its columns while a query is bound, and what is made of it (json, text, a comparison, a field)
 * is an expression over these. Internal to this folder.
 */
#ifndef SLUICE_VIEWS_SQL_WHOLE_ROW_H
#define SLUICE_VIEWS_SQL_WHOLE_ROW_H

#include "sql/bind.h"

/* One field: a value, or a row within. */
struct row_field {
    const char *name;
    struct expr *expr; /* NULL: */
    struct whole_row *row;
};

/* The value. A table's row is NULL where an outer join found none: `present` is NULL there. */
struct whole_row {
    struct list fields;              /* struct row_field * */
    struct expr *present;            /* NULL: it always is */
    const struct relation *relation; /* whose row it is; NULL: no table's */
    bool written;                    /* as ROW(...): = and < go by fields then */
    int location;
};

/* Adds a field that is a value. */
void whole_row_add(struct binder *binder, struct whole_row *row, const char *name,
                   struct expr *expr);

/* The row that the syntax is; *ret NULL with true: it is none. */
WARN_UNUSED bool bind_whole_row(struct scope *scope, const PgQuery__Node *node,
                                struct whole_row **ret);

/* The row of FROM's table of that alias, here or in a query around; *ret NULL with true: none. In
 * bind_name.c. */
WARN_UNUSED bool bind_table_row(struct scope *scope, const PgQuery__ColumnRef *node,
                                struct whole_row **ret);

/* As json; `breaks`, a boolean or NULL: with line feeds. NULL: refused. */
struct expr *whole_row_json(struct binder *binder, const struct whole_row *row,
                            struct expr *breaks);

/* As text: (1,a). NULL: refused. */
struct expr *whole_row_text(struct binder *binder, const struct whole_row *row);

/* The texts of its columns, an array. NULL: refused. */
struct expr *whole_row_texts(struct binder *binder, const struct whole_row *row);

/* Bytes that are equal where rows are. NULL: refused. */
struct expr *whole_row_key(struct binder *binder, const struct whole_row *row);

/* A boolean or json column that is NULL where the row is. */
struct expr *whole_row_presence(struct binder *binder, const struct whole_row *row);

/* A value that rows are ordered or parted by, of a row its key; NULL: refused. */
struct expr *bind_ordered(struct scope *scope, const PgQuery__Node *node);

/* row.field, what `node` may begin with: the field and how many steps lead to it; *ret NULL with
 * true: it is none of a row. */
WARN_UNUSED bool bind_row_field(struct scope *scope, const PgQuery__AIndirection *node,
                                struct expr **ret, size_t *ret_used);

/* The fields that (row).* stands for (struct name *). */
WARN_UNUSED bool bind_row_star(struct scope *scope, const PgQuery__AIndirection *node,
                               struct list *out);

/* rows_select.c: the row that a call gives; *ret NULL with true: it gives none. */
WARN_UNUSED bool bind_call_row(struct scope *scope, const PgQuery__FuncCall *call,
                               struct whole_row **ret);

/* row IS NULL, IS NOT NULL. */
struct expr *whole_row_null_test(struct binder *binder, const struct whole_row *row, bool is_null,
                                 int location);

/* row_compare.c: comparisons between a row and what must be one; *ret NULL with true: the left or
 * right side is none. */
WARN_UNUSED bool bind_row_operator(struct scope *scope, const PgQuery__AExpr *node,
                                   struct expr **ret);

/* An argument of a function which takes rows as json or text; *ret NULL with true: it is none. */
WARN_UNUSED bool bind_row_argument(struct scope *scope, const PgQuery__FuncCall *call,
                                   const PgQuery__Node *arg, const char *name, struct expr **ret);

#endif
