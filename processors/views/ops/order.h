/*
 * Keys put in order: the state is read and written fastest by neighbours. Not for order that a user
 * sees (shelf.h).
 */
#ifndef SLUICE_VIEWS_OPS_ORDER_H
#define SLUICE_VIEWS_OPS_ORDER_H

#include "base/str.h"
#include <stdint.h>

/* A key to be ordered, and the 16 bytes behind `skip` as numbers that sort as they do. */
struct ranked {
    uint64_t high, low;
    const struct str *key;
};

/* The 8 bytes from `at` on as a number that sorts as they do; zeros behind the end. */
static inline uint64_t key_word(struct str key, size_t at)
{
    uint64_t word = 0;

    if (key.len > at)
        memcpy(&word, key.at + at, key.len - at < 8 ? key.len - at : 8);
    return __builtin_bswap64(word);
}

/* A key whose first `skip` bytes are the same as all others'. It must outlive the sorting. */
static inline struct ranked ranked_of(const struct str *key, size_t skip)
{
    return (struct ranked){key_word(*key, skip), key_word(*key, skip + 8), key};
}

/* Sorts by key, bytewise. `scratch` has room for n. O(n) where the ranks differ. */
void ranked_sort(struct ranked *keys, struct ranked *scratch, uint32_t n);

#endif
