/*
 * An S3 event notification as it comes in a Kafka record: AWS's document of "Records", which MinIO
 * writes too, with its names beside. What is told of an object is its key and, when it was created,
 * its ETag and size. Pure.
 */
#ifndef SLUICE_OBJECTS_NOTIFICATION_H
#define SLUICE_OBJECTS_NOTIFICATION_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

/* `key` is decoded. `etag` has its quotes, as in a listing, or is empty; `size` -1: not told. */
struct notification {
    bool removed; /* else created */
    struct str bucket, key, etag;
    int64_t size;
};

/*
 * Reads a record's value, and calls `each` (NULL: nobody) for every object that was created or removed
 * once all of it is known to be good; the views live in the arena or the value. Events of other kinds,
 * and the one by which AWS tries a new configuration, give none. ERR_DEAD_LETTER when it is no
 * notification.
 */
WARN_UNUSED bool notification_read(struct str value, struct arena *arena,
                                   void (*each)(void *arg, const struct notification *one),
                                   void *arg, struct err *reterr);

#endif
