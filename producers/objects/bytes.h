/*
 * The plain bytes of an object: as they lie in the file, out of gzip (by its magic, also several
 * members), or out of a zip archive with one file in it. Adds up the SHA-256 and the size of what
 * lies there.
 */
#ifndef SLUICE_OBJECTS_BYTES_H
#define SLUICE_OBJECTS_BYTES_H

#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

struct bytes;

/* Reads from the descriptor, which stays the caller's and must stand at the beginning. */
struct bytes *bytes_open(int fd);

/* NULL is fine. Returns NULL. */
struct bytes *bytes_close(struct bytes *bytes);

/* Reads at most `room` plain bytes; *ret_n 0: the end. ERR_STOP when the file can't be read or
 * what is compressed is broken, cut, or not one file. */
WARN_UNUSED bool bytes_read(struct bytes *bytes, char *into, size_t room, size_t *ret_n,
                            struct err *reterr);

/* After the end was read: the SHA-256 in hex (`into` holds 65 bytes) and the size of the object
 * as it lies there. */
void bytes_sum(const struct bytes *bytes, char *into, int64_t *ret_size);

/* The SHA-256 of all that the descriptor holds, from its beginning, where it is put back. ERR_STOP
 * when it can't be read. */
WARN_UNUSED bool bytes_sum_file(int fd, char *into, struct err *reterr);

#endif
