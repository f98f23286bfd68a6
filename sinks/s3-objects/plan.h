/*
 * The plan of an object, written ahead as the metadata of the group's committed offset: while it
 * stands there, whoever owns the partition makes exactly this object and no other. Pure.
 */
#ifndef S3_OBJECTS_PLAN_H
#define S3_OBJECTS_PLAN_H

#include "base/buf.h"
#include "base/err.h"
#include "format.h"

enum { PLAN_CFG_CHARS = 16, PLAN_COUNT_UNKNOWN = -1 };

/* The window [the committed offset .. end] of one partition. */
struct plan {
    bool standing;
    int64_t end;
    int64_t count;   /* records inside, or PLAN_COUNT_UNKNOWN */
    int64_t wall_ms; /* when it was made, for people */
    char cfg[PLAN_CFG_CHARS + 1];
};

/* Appends the metadata text; nothing when no plan stands. */
void plan_encode(struct buf *out, const struct plan *plan);

/* Reads the metadata text; an empty one is no plan. ERR_STOP when it is anything else: somebody
 * else's, or a newer version's. */
WARN_UNUSED bool plan_decode(struct str text, struct plan *ret, struct err *reterr);

/* Writes into `cfg` what a plan's bytes and names depend on beside the records: the bucket, the
 * formats (ended by NULL) with their versions, and `more`, which says what else was chosen. */
void plan_configuration(const char *bucket, const struct object_format *const *formats,
                        struct str more, char *cfg);

#endif
