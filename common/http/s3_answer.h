/*
 * What an S3 store answers with, read by expat: an error document and a page of a listing. Private
 * to the room.
 */
#ifndef SLUICE_HTTP_S3_ANSWER_H
#define SLUICE_HTTP_S3_ANSWER_H

#include "base/buf.h"
#include "base/err.h"
#include "http/s3.h"

/* The code and the message of an error document; "" where there is none. */
struct s3_error {
    char code[64];
    char message[256];
};

/* Reads an error document; anything else leaves both texts empty. */
void s3_answer_error(struct str body, struct s3_error *ret);

/* Appends the text of the first element `name` of a small document with this root, unescaped; false
 * when there is none.
 */
bool s3_answer_text(struct str body, const char *root, const char *name, struct buf *into);

/* Appends the ids of the unfinished uploads of this key, each with a newline behind it. ERR_RETRY
 * when the body is no list of uploads. */
WARN_UNUSED bool s3_answer_uploads(struct str body, const char *key, struct buf *into,
                                   struct err *reterr);

/* One page of a listing: `each` is called for its objects in order. */
struct s3_page {
    bool (*each)(const struct s3_listed *object, void *arg);
    void *arg;
    bool stopped;     /* each has returned false */
    bool nameless;    /* an entry has no key; `each` is not called for it */
    bool truncated;   /* there is another page, */
    struct buf token; /* which this continues with; the caller frees it */
};

/* Reads a ListObjectsV2 answer. ERR_RETRY when it is not one: a proxy's page, a cut answer, an object
 * without a key. */
WARN_UNUSED bool s3_answer_page(struct str body, struct s3_page *page, struct err *reterr);

#endif
