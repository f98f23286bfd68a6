/*
 * min and max of groups: an ordered multiset in the store, one entry a value and group, and in the
 * group's accumulator the present extreme. Private to group.c.
 */
#ifndef SLUICE_VIEWS_OPS_EXTREMES_H
#define SLUICE_VIEWS_OPS_EXTREMES_H

#include "ops/op.h"

/* The accumulator of a min or max; zero when there is none. */
struct extreme {
    struct value value; /* bytes in the step's arena */
    uint64_t there;
};

/* As stored in the group's value. */
void extreme_save(const struct extreme *extreme, enum type_id type, struct buf *out);
void extreme_load(struct extreme *extreme, enum type_id type, struct arena *arena,
                  struct str *from);

/* One min or max of a plan's group node. */
struct ordered {
    uint64_t fingerprint;
    enum type_id type;
    bool largest;
};

/* What the step does to the multisets. All zero is none. */
struct multisets {
    struct table table; /* whole state keys */
    struct multiset_change *changes;
    uint32_t cap;
};

/* Adds a value (not NULL) of a group, given by the hash of its key, `weight` times. */
void multisets_add(struct multisets *sets, struct step *step, const struct ordered *ordered,
                   struct hash128 group, struct value value, int64_t weight);

/* Writes all changes. */
WARN_UNUSED bool multisets_write(const struct multisets *sets, struct step *step,
                                 struct err *reterr);

/* Reads the group's extreme from the store. */
WARN_UNUSED bool extreme_read(struct step *step, const struct ordered *ordered,
                              struct hash128 group, struct extreme *ret, struct err *reterr);

#endif
