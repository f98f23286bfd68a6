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

/* The multiset of one argument, which each min and max of it reads. */
struct ordered {
    uint64_t fingerprint;
    enum type_id type;
};

/* Those of one group that read a multiset, in the present step. `lost`: the extreme went, the
 * multiset must be read. */
struct extreme_reader {
    struct extreme *extreme;
    bool largest, lost;
};

struct extreme_readers {
    struct hash128 group; /* of its key */
    struct extreme_reader *at;
    uint16_t n;
};

/* What the step does to the multisets. All zero is none. */
struct multisets {
    struct table table; /* whole state keys */
    struct multiset_change *changes;
    uint32_t cap;
};

/* Adds a value (not NULL) of a group `weight` times. `readers` lives as long as the step. */
void multisets_add(struct multisets *sets, struct step *step, const struct ordered *ordered,
                   const struct extreme_readers *readers, struct value value, int64_t weight);

/* Writes all changes and tells the readers: an extreme that was passed is replaced at once, one that
 * went is lost. */
WARN_UNUSED bool multisets_write(const struct multisets *sets, struct step *step,
                                 struct err *reterr);

/* Reads an extreme that was lost from the store. O(log n). */
WARN_UNUSED bool extreme_read(struct step *step, const struct ordered *ordered,
                              struct hash128 group, struct extreme_reader *reader,
                              struct err *reterr);

#endif
