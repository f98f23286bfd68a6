/* A gzip stream whose bytes depend on what is put in alone: no time, no name. Pure. */
#ifndef S3_OBJECTS_GZIP_H
#define S3_OBJECTS_GZIP_H

#include "base/buf.h"

struct gzip;

/* Starts a stream. */
struct gzip *gzip_new(void);

/* Compresses `text` and appends what comes out so far. `last`: this was all. */
void gzip_put(struct gzip *gzip, struct str text, bool last, struct buf *out);

/* NULL is fine. Returns NULL. */
struct gzip *gzip_free(struct gzip *gzip);

#endif
