/* Hashing of bytes by XXH3, in its two widths. Not for secrets. */
#ifndef SLUICE_BASE_HASH_H
#define SLUICE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash128 {
    uint64_t high, low;
};

/* 64 bits, for tables in memory and for partition-free choices. Stable across runs and machines of
 * either byte order. */
uint64_t hash64(const void *bytes, size_t len);

/* 128 bits, wide enough to stand for the bytes themselves. Stable as hash64. */
struct hash128 hash128(const void *bytes, size_t len);

#endif
