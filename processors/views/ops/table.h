/*
 * A hash table of one step: byte keys to the numbers 0, 1, 2 ... in order of first appearance. What
 * belongs to a key lies in arrays of the caller, indexed by that number. All memory is the step's.
 */
#ifndef SLUICE_VIEWS_OPS_TABLE_H
#define SLUICE_VIEWS_OPS_TABLE_H

#include "base/arena.h"
#include "base/hash.h"
#include <stdint.h>

struct table_key {
    struct str bytes;
    uint64_t hash;
};

/* All zero is an empty table. */
struct table {
    struct table_key *keys; /* n of them */
    uint32_t *slots;        /* number + 1; 0: free */
    uint32_t mask, n, cap;
};

/* No number: not in the table; the end of a chain. */
#define TABLE_NONE UINT32_MAX

/* Makes an empty table large enough for `n` keys: growing step by step would leave as much behind in
 * the arena. */
void table_reserve(struct table *table, struct arena *arena, uint32_t n);

/* The key's number, or TABLE_NONE. `hash` is hash64 of the key. */
uint32_t table_find(const struct table *table, uint64_t hash, struct str key);

/* The key's number; *ret_fresh when it was entered just now (the bytes are copied). */
uint32_t table_enter(struct table *table, struct arena *arena, struct str key, bool *ret_fresh);

/* The keys' numbers in the keys' order: the state under them is read by neighbours. */
const uint32_t *table_order(const struct table *table, struct arena *arena);

/* A first array with room for `n` elements of `size` bytes, for array_grow to go on with. */
void *array_reserve(struct arena *arena, uint32_t n, uint32_t *ret_cap, size_t size);

/* Room for one element more behind the first `n` of `size` bytes: the array, or a larger copy. */
void *array_grow(struct arena *arena, void *array, uint32_t n, uint32_t *cap, size_t size);

#endif
