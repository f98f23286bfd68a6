/*
 * What the files of the FROM clause share: bind_from.c, bind_using.c, bind_rows.c. Internal to
 * them.
 */
#ifndef SLUICE_VIEWS_SQL_FROM_H
#define SLUICE_VIEWS_SQL_FROM_H

#include "sql/bind.h"
#include "sql/join_group.h"
#include "sql/whole_row.h"

/* A FROM item in the making: its group, and the names it shows. */
struct item {
    struct group *group;
    struct list visible;
    struct list on;              /* what it must equal of the rows beside it: a LATERAL one */
    struct expansion *expansion; /* functions over rows beside it: no group yet; or NULL */
    uint32_t tables_from;        /* its tables are those from here on */
    int location;
};

/* The two sides of a join. */
struct join {
    struct item left, right;
    struct list conditions, visible;
    bool expanded; /* the right side is in the left's group already */
};

/* What a LATERAL item may name: all tables so far, and these names without a table. */
struct sight {
    struct list visible;
    struct site site;
};

/* The name of a table of FROM, and its schema where that may be written. */
struct named {
    const char *alias, *schema;
};

/* The clause as its LATERAL items see it; `sight` NULL: as others do, none of its tables. */
struct from from_part(const struct from *from, const struct sight *sight);

/* A node with a name as one of FROM's tables. */
WARN_UNUSED bool from_add_table(struct binder *binder, struct from *from,
                                const struct relation *relation, struct named named,
                                struct item *item);

/* What a subquery of FROM, whose node lies from `first` on, must equal of the row beside it. */
WARN_UNUSED bool from_add_correlations(struct binder *binder, const struct from *from,
                                       const struct list *correlations, uint16_t first,
                                       struct item *item);

/* function_subquery.c: functions with a subquery among their arguments, as a LATERAL subquery. */
const PgQuery__RangeSubselect *from_function_subquery(struct binder *binder,
                                                      const PgQuery__RangeFunction *node);

/* bind_rows.c: the name of an item without an alias. */
const char *from_function_name(const PgQuery__RangeFunction *node);

/* bind_full.c: the join is a FULL JOIN that may name tables left of it; such a one as a block of its own. */
bool from_full_is_apart(const struct from *from, const PgQuery__JoinExpr *node);
WARN_UNUSED bool from_full_apart(struct binder *binder, struct from *from, PgQuery__Node *node,
                                 const struct sight *sight, struct item *item);

/* bind_name.c: an expression that is NULL where an outer join found no row of the table. */
WARN_UNUSED bool bind_presence(struct scope *scope, struct table *table, struct expr **ret);

/* USING (a, b): merged columns first, then the left's others, then the right's. */
WARN_UNUSED bool from_using(struct binder *binder, const PgQuery__JoinExpr *node, struct item *left,
                            struct item *right, struct list *conditions, struct list *visible);

/* bind_rows.c: functions in FROM. */
WARN_UNUSED bool from_functions(struct binder *binder, struct from *from,
                                const PgQuery__RangeFunction *node, const struct sight *sight,
                                struct item *item);

/* A call of a function that gives records, with its column definition list where one is written. */
struct record_call {
    const PgQuery__FuncCall *call; /* NULL: of another function */
    PgQuery__Node *const *defs;
    size_t defs_n;
};

/* record_columns.c: the call is of such a function. */
bool record_function(const PgQuery__FuncCall *call, bool *ret_populates);

/* The texts of the row that json[b]_populate_record[set] begins with; *ret_texts NULL: of NULL. */
WARN_UNUSED bool record_row(struct scope *scope, const PgQuery__FuncCall *call,
                            struct expr **ret_texts);

/* Its columns (struct name *), each made of the document, and of that row's texts, NULL: none. */
WARN_UNUSED bool record_columns(struct scope *scope, const struct record_call *called,
                                struct expr *document, struct expr *texts, struct list *ret);

/* json[b]_populate_record[set] of the document, as a row of what is in sight. */
WARN_UNUSED bool record_row_value(struct scope *scope, const PgQuery__FuncCall *call,
                                  struct expr *document, struct whole_row **ret);

/* The functions read only columns of the group. */
bool expansion_is_over(const struct expansion *expansion, const struct group *group);

/* The functions' rows for every value of their arguments that there may be, as a table that is
 * joined by them. */
WARN_UNUSED bool from_expand_apart(struct binder *binder, struct from *from,
                                   const struct sight *sight, struct item *item);

#endif
