#include "ops/order.h"

#include <stdlib.h>

/*
 * Radix sort by the ranks, least byte first; a byte that is the same in all keys costs nothing, and
 * keys are made of few bytes that differ. Keys whose ranks are equal stand side by side then and are
 * compared whole.
 */

enum { RANK_BYTES = 16, FEW = 64 };

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;

    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    return str_cmp(*a->key, *b->key);
}

/* The bits in which some keys differ. */
static struct ranked differences(const struct ranked *keys, uint32_t n)
{
    struct ranked bits = {0, 0, NULL};

    for (uint32_t i = 1; i < n; i++) {
        bits.high |= keys[i].high ^ keys[0].high;
        bits.low |= keys[i].low ^ keys[0].low;
    }
    return bits;
}

/* Byte `b` of the rank, 0 the least. */
static uint8_t rank_byte(const struct ranked *key, unsigned b)
{
    return (uint8_t)(b < 8 ? key->low >> (8 * b) : key->high >> (8 * (b - 8)));
}

/* Moves the keys to `to`, ordered by one byte; equal ones keep their order. */
static void pass(const struct ranked *from, struct ranked *to, uint32_t n, unsigned b)
{
    uint32_t starts[256] = {0}, at = 0;

    for (uint32_t i = 0; i < n; i++)
        starts[rank_byte(&from[i], b)]++;
    for (unsigned v = 0; v < 256; v++) {
        uint32_t count = starts[v];

        starts[v] = at;
        at += count;
    }
    for (uint32_t i = 0; i < n; i++)
        to[starts[rank_byte(&from[i], b)]++] = from[i];
}

/* Orders the runs of equal ranks. */
static void order_runs(struct ranked *keys, uint32_t n)
{
    for (uint32_t from = 0, to; from < n; from = to) {
        to = from + 1;
        while (to < n && keys[to].high == keys[from].high && keys[to].low == keys[from].low)
            to++;
        if (to - from > 1)
            qsort(keys + from, to - from, sizeof(*keys), compare_ranked);
    }
}

void ranked_sort(struct ranked *keys, struct ranked *scratch, uint32_t n)
{
    struct ranked *from = keys, *to = scratch, *swap;

    if (n <= FEW) {
        if (n > 1)
            qsort(keys, n, sizeof(*keys), compare_ranked);
        return;
    }
    struct ranked differ = differences(keys, n);
    for (unsigned b = 0; b < RANK_BYTES; b++) {
        if (rank_byte(&differ, b) == 0)
            continue;
        pass(from, to, n, b);
        swap = from;
        from = to;
        to = swap;
    }
    if (from != keys)
        memcpy(keys, from, n * sizeof(*keys));
    order_runs(keys, n);
}
