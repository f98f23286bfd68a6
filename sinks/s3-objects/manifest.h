/*
 * What a version of a snapshot consists of: its objects and the offsets that they hold. A small
 * JSON document; whoever reads it and then the objects it names sees one whole view. Pure.
 *
 *   <topic>/manifest.json                     the present version, replaced by one PUT
 *   <topic>/versions/0000000042.json          each version that is kept
 */
#ifndef S3_OBJECTS_MANIFEST_H
#define S3_OBJECTS_MANIFEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum { SHA256_CHARS = 64 };

/* One object. */
struct manifest_entry {
    const char *by;  /* "day=2026-01-14/", or "" */
    const char *ext; /* tells formats apart */
    const char *key, *sha256;
    int64_t rows, bytes;
};

struct manifest {
    int64_t version;     /* 0: there is none yet */
    const char *offsets; /* "[12,0,7]": behind the last record of each partition that is in it */
    struct manifest_entry *entries;
    size_t n, cap;
};

/* Appends the document. */
void manifest_write(struct buf *out, const char *topic, const struct manifest *manifest);

/* Reads a document; texts are in the arena. ERR_STOP when it is none of this version of the
 * program. */
WARN_UNUSED bool manifest_read(struct str text, struct arena *arena, struct manifest *ret,
                               struct err *reterr);

/* The entry of this part and format, or NULL. */
struct manifest_entry *manifest_find(const struct manifest *manifest, const char *by,
                                     const char *ext);

/* The key stands in the manifest. */
bool manifest_has_key(const struct manifest *manifest, const char *key);

/* Adds an entry; the array is in the arena. */
void manifest_add(struct manifest *manifest, struct arena *arena, struct manifest_entry entry);

/* Appends the key of the present manifest, or with a version above 0 that of the version. */
void manifest_key(struct buf *out, const char *topic, int64_t version);

/* Reads the version out of a key that manifest_key wrote; -1 for another key. */
int64_t manifest_key_version(struct str key, const char *topic);

#endif
