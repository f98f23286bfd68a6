/*
 * min and max of groups. While a group has few values, they stand in its own entry of the store;
 * once there are more, or long ones, each is an entry of an ordered multiset in the store and the
 * group keeps the present extremes alone, until the multiset is empty again. Private to group.c.
 */
#ifndef SLUICE_VIEWS_OPS_EXTREMES_H
#define SLUICE_VIEWS_OPS_EXTREMES_H

#include "ops/op.h"

/* The accumulator of a min or max; zero when there is none. */
struct extreme {
    struct value value; /* bytes in the step's arena */
    uint64_t there;
};

/* The values of one argument, which each min and max of it reads. */
struct ordered {
    uint64_t fingerprint;
    enum type_id type;
};

/* A min or max in the present step. `lost`: it must be read anew. */
struct extreme_reader {
    struct extreme *extreme;
    bool largest, lost;
};

/* One value of a multiset; equal values of different form (1.0 and 1.00) are two. */
struct multiset_value {
    struct value value;
    int64_t weight; /* not 0 */
};

/* The values of one group in the present step. */
struct multiset {
    struct hash128 group; /* of its key */
    struct extreme_reader *readers;
    uint16_t readers_n;
    bool spilled;  /* the values are in the store */
    uint64_t kept; /* how many are there */
    struct multiset_value *values;
    uint32_t n, cap; /* of those that are not */
};

/* As stored in the group's value; the extremes of the readers are part of it. */
void multiset_save(const struct multiset *set, enum type_id type, struct buf *out);
void multiset_load(struct multiset *set, enum type_id type, struct arena *arena, struct str *from);

/* Nothing is in it. */
bool multiset_is_empty(const struct multiset *set);

/* What the step does to the multisets in the store. All zero is none. */
struct multisets {
    struct table table; /* whole state keys */
    struct multiset_change *changes;
    uint32_t cap;
};

/* Adds a value (not NULL) `weight` times. `set` lives as long as the step. */
void multisets_add(struct multisets *sets, struct step *step, const struct ordered *ordered,
                   struct multiset *set, struct value value, int64_t weight);

/* Writes all changes and tells the readers: an extreme that was passed is replaced at once, one that
 * went is lost. */
WARN_UNUSED bool multisets_write(const struct multisets *sets, struct step *step,
                                 struct err *reterr);

/* Finds an extreme that was lost: among the few values, or in the store in O(log n). */
WARN_UNUSED bool extreme_read(struct step *step, const struct ordered *ordered,
                              const struct multiset *set, struct extreme_reader *reader,
                              struct err *reterr);

#endif
