/* SHA-256 of bytes that come in parts, by OpenSSL. */
#ifndef SLUICE_HTTP_SHA256_H
#define SLUICE_HTTP_SHA256_H

#include "base/str.h"

struct sha256;

/* Begins a sum. Free with sha256_free. */
struct sha256 *sha256_new(void);

/* Begins it anew. */
void sha256_reset(struct sha256 *sum);

/* Adds bytes. */
void sha256_add(struct sha256 *sum, struct str bytes);

/* The sum so far in lower-case hex; `into` holds 65 bytes. More may be added behind it. */
void sha256_hex(const struct sha256 *sum, char *into);

/* NULL is fine. Returns NULL. */
struct sha256 *sha256_free(struct sha256 *sum);

#endif
