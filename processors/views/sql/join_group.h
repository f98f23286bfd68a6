/*
 * The joins of a FROM clause in the making (joins.c): groups of members that are joined inner, with
 * the conditions over them, until joins_plan makes nodes of them. Internal to this folder.
 */
#ifndef SLUICE_VIEWS_SQL_JOIN_GROUP_H
#define SLUICE_VIEWS_SQL_JOIN_GROUP_H

#include "sql/bind.h"

/* No table at all; a member can be added. */
struct group *joins_nothing(struct binder *binder);

/* A node as a group of one member: its column i is the block's column at[i]. */
struct group *joins_table(struct binder *binder, uint32_t node, const uint16_t *at, uint16_t n,
                          int location);

/* The same of n columns that lie at first, first + 1 ... in the block's row. */
struct group *joins_leaf(struct binder *binder, uint32_t node, uint16_t first, uint16_t n,
                         int location);

/* Two groups inner-joined, their conditions together. */
struct group *joins_inner(struct binder *binder, struct group *left, struct group *right);

/* A LEFT or FULL join of two groups, as a group of one member. `on`: conjuncts. */
struct group *joins_outer(struct binder *binder, enum plan_join_kind join, struct group *left,
                          struct group *right, struct list on, int location);

/* Functions that give rows, over the block's row; their columns lie at first..first+n-1. */
struct expansion {
    const struct plan_rows *rows;
    const char *const *names;
    uint16_t rows_n, first, n;
    int location;
};

/* The group beside the functions' rows, as a group of one member; `outer` keeps rows without. */
struct group *joins_expand(struct binder *binder, struct group *left,
                           const struct expansion *expansion, bool outer);

/* Gives the table that has the block's column one more, TRUE; 0: there is no such table. */
WARN_UNUSED bool joins_mark(struct binder *binder, struct from *from, struct group *group,
                            uint16_t column, uint16_t *ret_marker);

/* All the columns are the group's. */
bool joins_covers(const struct group *group, const struct column_set *columns);

/* One of the columns is the group's. */
bool joins_meets(const struct group *group, const struct column_set *columns);

/* LEFT-joins `right` to the part of the group that `on` reads; else to the whole. */
void joins_attach(struct binder *binder, struct group **group, struct group *right, struct list on,
                  int location);

/* Adds the conjuncts of a condition to the group. */
void joins_condition(struct binder *binder, struct group *group, struct expr *condition);

/*
 * Makes the nodes of the group: conditions as deep as they may go, equalities as join keys, only
 * the columns in `need` kept above joins. *ret_at[block column] is its column in the node or -1.
 */
WARN_UNUSED bool joins_plan(struct binder *binder, const struct from *from,
                            const struct column_set *need, uint32_t *ret_node, int16_t **ret_at);

/* A node whose column i is the block's column at[i]. */
enum { PLACED_MORE = 4 };
struct placed {
    uint32_t node;
    uint16_t *at, n; /* with room for that many more columns */
};

/* join_apart.c: the group's columns that are in the set, in the order of the block's row, as a node. */
WARN_UNUSED bool joins_place(struct binder *binder, const struct from *from, struct group *group,
                             const struct column_set *set, struct placed *ret);

/* Makes the group one table with all its columns. Those in `moved` are elsewhere in the block's row
 * then: column i at ret_at[i], of COLUMNS_MAX, as all others are. */
WARN_UNUSED bool joins_apart(struct binder *binder, struct from *from, struct group **group,
                             const struct column_set *moved, int16_t *ret_at);

/* Adds for each column i of the set that columns a[i] and b[i] are equal, NULL or not; `a` NULL: i. */
WARN_UNUSED bool joins_equal(struct binder *binder, const struct from *from,
                             const struct column_set *set, const int16_t *a, const int16_t *b,
                             struct list *out);

/* The joins read columns of the set; `conditions`: those of the group itself too. */
bool joins_read(const struct group *group, const struct column_set *set, bool conditions);

#endif
