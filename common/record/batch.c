#include "record/batch.h"

#include "base/hash.h"

enum { BATCH_CAP_MIN = 4 }; /* there are many short lists: one for each key of a join */

void batch_add(struct batch *batch, struct arena *arena, const struct row *row, int64_t weight)
{
    if (weight == 0)
        return;
    if (batch->n == batch->cap) {
        uint32_t cap = batch->cap == 0 ? BATCH_CAP_MIN : batch->cap * 2;
        struct delta *deltas = arena_alloc(arena, cap * sizeof(*deltas));

        assert(cap > batch->cap);
        if (batch->n > 0)
            memcpy(deltas, batch->deltas, batch->n * sizeof(*deltas));
        batch->deltas = deltas;
        batch->cap = cap;
    }
    batch->deltas[batch->n++] = (struct delta){row, weight};
}

/* An entry of the scratch table: the upper half of the row's hash and the delta's index + 1; 0 is
 * free. */
static uint64_t entry_of(uint64_t hash, uint32_t i)
{
    return (hash & ~(uint64_t)UINT32_MAX) | (i + 1U);
}

/* The index of the kept delta with the same row; `fresh` when the row is new and was entered. */
static uint32_t find_or_enter(const struct batch *batch, uint64_t *table, uint64_t mask,
                              const struct row *row, uint32_t fresh)
{
    uint64_t hash = hash64(row, row->len);
    uint64_t mine = entry_of(hash, fresh);

    for (uint64_t at = hash & mask;; at = (at + 1) & mask) {
        if (table[at] == 0) {
            table[at] = mine;
            return fresh;
        }
        uint32_t i = (uint32_t)table[at] - 1;
        if (table[at] >> 32 == mine >> 32 && row_same(batch->deltas[i].row, row))
            return i;
    }
}

void batch_consolidate(struct batch *batch, struct arena *arena)
{
    uint64_t size = 4;
    uint32_t kept = 0, left = 0;

    if (batch->n < 2)
        return;
    while (size < 2 * (uint64_t)batch->n)
        size *= 2;

    struct arena_mark mark = arena_mark(arena);
    uint64_t *table = arena_zalloc(arena, size * sizeof(*table));
    for (uint32_t i = 0; i < batch->n; i++) {
        struct delta delta = batch->deltas[i];
        uint32_t at = find_or_enter(batch, table, size - 1, delta.row, kept);

        if (at == kept)
            batch->deltas[kept++] = delta;
        else
            batch->deltas[at].weight += delta.weight;
    }
    arena_rewind(arena, mark);

    for (uint32_t i = 0; i < kept; i++) {
        if (batch->deltas[i].weight != 0)
            batch->deltas[left++] = batch->deltas[i];
    }
    batch->n = left;
}
