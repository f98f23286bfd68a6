/*
 * One aggregate column of a group: how it takes a row in, how it is stored, what it gives. The
 * group itself, its key and its row are group.c's. Private to group.c.
 */
#ifndef SLUICE_VIEWS_OPS_GROUP_COLUMN_H
#define SLUICE_VIEWS_OPS_GROUP_COLUMN_H

#include "ops/bag.h"
#include "ops/extremes.h"

enum column_state {
    COLUMN_SUMS,     /* an accumulator */
    COLUMN_DISTINCT, /* an accumulator and a bag that tells which values are new */
    COLUMN_EXTREME,  /* struct extreme and a multiset */
    COLUMN_BAG       /* struct bag_result and a bag */
};

struct group_column {
    struct aggregate_site site;
    enum column_state state;
    const struct program *filter; /* NULL: every row */
    const struct getter *getters; /* of the ORDER BY values, then the arguments */
    uint16_t getters_n, first;    /* of the arguments among them */
    uint16_t value_at;            /* of its values among those of a row */
    size_t offset;                /* of its block in the group's block */
    struct ordered ordered;
    bool largest;       /* max, not min */
    uint16_t multiset;  /* the column that keeps the values, among those of the node */
    uint16_t readers_n; /* of one that keeps them: how many read them */
    uint16_t reader;    /* its place among them */
    struct bag bag;
};

/* A group's column in the present step. */
struct group_cell {
    void *at; /* accumulator, struct extreme or struct bag_result */
    struct hash128 group;
    struct multiset *multiset;     /* its values */
    bool keeps;                    /* the multiset is this column's, not an earlier one's */
    struct extreme_reader *reader; /* itself among those that read it */
    bool changed;                  /* its bag */
    const struct err *raised;      /* by its bag, in this step */
};

/* Makes the column ready; `number` tells it from the node's others. */
void group_column_start(struct group_column *column, struct arena *arena, uint64_t fingerprint,
                        uint16_t number, const struct plan_aggregate *planned);

/* Lets a min or max read the values that an earlier column keeps, when they are the same. */
void group_column_share(struct group_column *columns, uint16_t i,
                        const struct plan_aggregate *planned);

/* Makes a group's cells ready: `cells[i].at` and the hash of its key are set. */
void group_cells_start(const struct group_column *columns, uint16_t columns_n,
                       struct group_cell *cells, struct arena *arena);

/* Bytes of its block. */
size_t group_column_size(const struct group_column *column);

/* Evaluates the column's values over a row; *ret_seen false: FILTER or NULL leaves it out. */
WARN_UNUSED bool group_column_values(const struct group_column *column, struct step *step,
                                     const struct row *row, struct value *values, bool *ret_seen,
                                     struct err *reterr);

/* The values of one row and how often it comes. */
struct group_values {
    const struct value *values;
    int64_t weight;
};

/* Adds a row to the cell. */
WARN_UNUSED bool group_column_add(const struct group_column *column, struct step *step,
                                  struct multisets *sets, struct group_cell *cell,
                                  struct group_values row, struct err *reterr);

/* Reads anew what the step has changed in the store, once all rows are added. */
WARN_UNUSED bool group_column_read(const struct group_column *column, struct step *step,
                                   struct group_cell *cell, struct err *reterr);

/* The aggregate's value. False: it raised. */
WARN_UNUSED bool group_column_result(const struct group_column *column,
                                     const struct group_cell *cell, struct arena *arena,
                                     struct value *ret, struct err *ret_raised);

/* Nothing is in the cell. */
bool group_column_is_zero(const struct group_column *column, const struct group_cell *cell);

/* As stored in the group's value. */
void group_column_save(const struct group_column *column, const struct group_cell *cell,
                       struct buf *out);
/* The reverse: `from` moves behind what was read. */
void group_column_load(const struct group_column *column, struct group_cell *cell,
                       struct arena *arena, struct str *from);

#endif
