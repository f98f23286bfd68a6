/* Base64 of RFC 4648 with the standard alphabet and padding, as Debezium writes bytes and decimals.
 */
#ifndef SLUICE_RECORD_BASE64_H
#define SLUICE_RECORD_BASE64_H

#include "base/arena.h"
#include "base/buf.h"

/* The six bits of a symbol; -1: it is none. */
int base64_digit(char c);

/* Appends the encoded bytes. */
void base64_write(struct buf *out, struct str bytes);

/* Decodes into the arena; false when it is not padded base64. */
WARN_UNUSED bool base64_read(struct str text, struct arena *arena, struct str *ret);

#endif
