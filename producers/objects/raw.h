/*
 * Objects as they came, kept in an S3 bucket: each under the key that was written down for it
 * before, so that repeating it after a crash gives the same object. Its metadata say where it comes
 * from and what its SHA-256 is.
 */
#ifndef SLUICE_OBJECTS_RAW_H
#define SLUICE_OBJECTS_RAW_H

#include "options.h"

struct raw;

/* Opens the bucket that --raw-bucket names; *ret NULL when it names none. `options` and `service`
 * must outlive it. ERR_STOP when the S3 options don't do. */
WARN_UNUSED bool raw_open(const struct objects_options *options, struct service *service,
                          struct raw **ret, struct err *reterr);

/* NULL is fine. Returns NULL. */
struct raw *raw_close(struct raw *raw);

/* What is kept, and where: `key` in the bucket. `tag`: its ETag. */
struct raw_object {
    const char *key, *name, *tag, *sha256;
    int64_t size, read_unix_us;
};

/* Appends the place "s3://BUCKET/KEY" of an object read now. */
void raw_place(const struct raw *raw, struct buf *out, const struct raw_object *object);

/* The key behind a place of this bucket; NULL when it is none. */
const char *raw_key_of(const struct raw *raw, const char *place);

/*
 * Puts the object, unless it stands there already. Reads it from the file, which is put back to its
 * beginning; at most one part is held in memory. ERR_STOP: it can't be kept in this run, for the
 * store refuses or does not answer, the file is another one now, or a stop was asked for.
 */
WARN_UNUSED bool raw_put(struct raw *raw, const struct raw_object *object, int fd,
                         struct err *reterr);

#endif
