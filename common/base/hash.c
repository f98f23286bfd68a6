#include "base/hash.h"

#define XXH_INLINE_ALL
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <xxhash.h>
#pragma GCC diagnostic pop

uint64_t hash64(const void *bytes, size_t len)
{
    return XXH3_64bits(bytes, len);
}

struct hash128 hash128(const void *bytes, size_t len)
{
    XXH128_hash_t made = XXH3_128bits(bytes, len);

    return (struct hash128){made.high64, made.low64};
}
