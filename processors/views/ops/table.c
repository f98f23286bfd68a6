#include "ops/table.h"

#include "ops/order.h"
#include <stddef.h>

enum { SLOTS_MIN = 64 };

static uint32_t *slot_of(const struct table *table, uint64_t hash, struct str key)
{
    for (uint32_t at = (uint32_t)hash & table->mask;; at = (at + 1) & table->mask) {
        uint32_t *slot = &table->slots[at];

        if (*slot == 0 ||
            (table->keys[*slot - 1].hash == hash && str_eq(table->keys[*slot - 1].bytes, key)))
            return slot;
    }
}

uint32_t table_find(const struct table *table, uint64_t hash, struct str key)
{
    uint32_t slot = table->n == 0 ? 0 : *slot_of(table, hash, key);

    return slot == 0 ? TABLE_NONE : slot - 1;
}

static void resize(struct table *table, struct arena *arena, uint32_t size)
{
    table->slots = arena_zalloc(arena, size * sizeof(*table->slots));
    table->mask = size - 1;
    for (uint32_t i = 0; i < table->n; i++) {
        uint32_t at = (uint32_t)table->keys[i].hash & table->mask;

        while (table->slots[at] != 0)
            at = (at + 1) & table->mask;
        table->slots[at] = i + 1;
    }
}

void table_reserve(struct table *table, struct arena *arena, uint32_t n)
{
    uint32_t size = SLOTS_MIN;

    while (size / 2 < n)
        size *= 2;
    resize(table, arena, size);
    table->keys = array_reserve(arena, n, &table->cap, sizeof(*table->keys));
}

uint32_t table_enter(struct table *table, struct arena *arena, struct str key, bool *ret_fresh)
{
    uint64_t hash = hash64(key.at, key.len);
    uint32_t *slot;

    if (table->slots == NULL || table->n * 2 > table->mask)
        resize(table, arena, table->slots == NULL ? SLOTS_MIN : (table->mask + 1) * 2);
    slot = slot_of(table, hash, key);
    *ret_fresh = *slot == 0;
    if (*slot != 0)
        return *slot - 1;
    table->keys = array_grow(arena, table->keys, table->n, &table->cap, sizeof(*table->keys));
    table->keys[table->n] = (struct table_key){arena_copy(arena, key), hash};
    *slot = ++table->n;
    return *slot - 1;
}

/* How many bytes all keys begin with, at most 8: a fingerprint. */
static size_t common_bytes(const struct table *table)
{
    uint64_t first = key_word(table->keys[0].bytes, 0), differ = 0;

    for (uint32_t i = 1; i < table->n; i++)
        differ |= key_word(table->keys[i].bytes, 0) ^ first;
    return differ == 0 ? 8 : (size_t)__builtin_clzll(differ) / 8;
}

const uint32_t *table_order(const struct table *table, struct arena *arena)
{
    const struct table_key *keys = table->keys;
    uint32_t *order = arena_alloc(arena, (table->n + 1U) * sizeof(*order));
    struct arena_mark mark = arena_mark(arena);
    struct ranked *ranks = arena_alloc(arena, (2 * (size_t)table->n + 1) * sizeof(*ranks));
    size_t skip = table->n == 0 ? 0 : common_bytes(table);

    for (uint32_t i = 0; i < table->n; i++)
        ranks[i] = ranked_of(&keys[i].bytes, skip);
    ranked_sort(ranks, ranks + table->n, table->n);
    for (uint32_t i = 0; i < table->n; i++) {
        const char *at = (const char *)ranks[i].key - offsetof(struct table_key, bytes);

        order[i] = (uint32_t)((const struct table_key *)(const void *)at - keys);
    }
    arena_rewind(arena, mark);
    return order;
}

void *array_reserve(struct arena *arena, uint32_t n, uint32_t *ret_cap, size_t size)
{
    *ret_cap = n;
    return arena_alloc(arena, n * size);
}

void *array_grow(struct arena *arena, void *array, uint32_t n, uint32_t *cap, size_t size)
{
    uint32_t larger = *cap == 0 ? 16 : *cap * 2;
    void *copy;

    if (n < *cap)
        return array;
    copy = arena_alloc(arena, larger * size);
    if (n > 0)
        memcpy(copy, array, n * size);
    *cap = larger;
    return copy;
}
