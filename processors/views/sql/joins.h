/*
 * The joins of one FROM clause before they become nodes: groups of members and conditions, over the
 * block's row (all tables' columns one after another). Internal to what plans groups or looks into
 * them; others make and change groups by join_group.h.
 */
#ifndef SLUICE_VIEWS_SQL_JOINS_H
#define SLUICE_VIEWS_SQL_JOINS_H

#include "sql/join_group.h"

enum member_kind { MEMBER_TABLE, MEMBER_OUTER, MEMBER_EXPAND };

/* One member: a table, a LEFT or FULL join, or a group beside the rows of functions. */
struct member {
    enum member_kind kind;
    enum plan_join_kind join;     /* of a MEMBER_OUTER */
    struct group *left, *right;   /* of a MEMBER_OUTER; `left` of a MEMBER_EXPAND too */
    struct list on;               /* of a MEMBER_OUTER: what is left for the join itself */
    struct list filters;          /* conditions over this member alone */
    struct column_set columns;    /* of the block's row */
    uint32_t node;                /* a table's */
    const uint16_t *at;           /* a table's, or functions': their columns in the block's row */
    uint16_t n;                   /* how many of them */
    const struct plan_rows *rows; /* of a MEMBER_EXPAND: its arguments over the block's row */
    const char *const *names;     /* of functions' columns */
    uint16_t rows_n;
    bool outer; /* rows of `left` for which the functions give none are kept */
    int location;
};

/* Inner-joined members. */
struct group {
    struct list members;    /* struct member * */
    struct list conditions; /* struct expr * */
    struct list tops;       /* conditions that read no column */
    struct column_set columns;
};

/* One join of the chain that a group becomes. */
struct step {
    struct member *member;
    struct list left_keys, right_keys; /* over the block's row */
    uint64_t null_safe;                /* by key */
    struct list filters;               /* evaluated on the join's result */
    struct column_set need;            /* of the inputs */
};

/* A node and where the block's columns are in it. */
struct emitted {
    uint32_t node;
    int16_t *at;
};

/* The columns that the expression reads. */
struct column_set joins_columns_of(const struct expr *expr);

/* join_gather.c: the columns of other members that the member reads. */
struct column_set joins_read_beside(const struct member *member);

/* Brings what LEFT JOIN LATERAL reads of other members to the left side of that join. */
void joins_gather(struct binder *binder, struct group *group);

/* joins.c: brings each condition as deep as its meaning allows; LEFT joins whose rows of NULLs no
 * condition would let through become inner ones. */
void joins_sink(struct binder *binder, struct group *group);

/* The chain of joins of a group, steps[0] the first member alone. */
WARN_UNUSED bool joins_steps(struct binder *binder, struct group *group, struct step *steps);

/* The keys and filters of an outer join. */
WARN_UNUSED bool joins_outer_step(struct binder *binder, struct member *member, struct step *step);

/* domain.c: a group that may be changed without changing this one. */
struct group *joins_copy(struct binder *binder, const struct group *group);

#endif
