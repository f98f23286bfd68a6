/*
 * bool_and, bool_or, every, and the bitwise aggregates: how many values there are and how many have
 * each bit. A boolean has one bit.
 */
#include "ops/aggregate_ops.h"

enum { BITS = 64 };

struct bit_counts {
    int64_t n;
    int64_t ones[BITS];
};

static void bits_add(void *at, const struct aggregate_site *site, struct arena *arena,
                     const struct value *args, int64_t weight)
{
    struct bit_counts *counts = at;
    uint64_t bits = (uint64_t)args[0].slot;

    (void)site;
    (void)arena;
    counts->n += weight;
    for (; bits != 0; bits &= bits - 1)
        counts->ones[__builtin_ctzll(bits)] += weight;
}

static bool all_have(const struct bit_counts *counts, int bit)
{
    return counts->ones[bit] == counts->n;
}

static bool some_has(const struct bit_counts *counts, int bit)
{
    return counts->ones[bit] > 0;
}

static bool odd_have(const struct bit_counts *counts, int bit)
{
    return counts->ones[bit] % 2 != 0;
}

static bool result_of(const struct bit_counts *counts, bool (*has)(const struct bit_counts *, int),
                      struct value *ret)
{
    uint64_t bits = 0;

    ret->null = counts->n == 0;
    for (int i = 0; i < BITS; i++) {
        if (has(counts, i))
            bits |= UINT64_C(1) << i;
    }
    ret->slot = (int64_t)bits;
    return true;
}

static bool and_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                       struct value *ret, struct err *reterr)
{
    const struct bit_counts *counts = at;

    (void)arena;
    (void)reterr;
    if (site->result.id != TYPE_BOOL)
        return result_of(counts, all_have, ret);
    *ret = (struct value){.null = counts->n == 0};
    ret->slot = all_have(counts, 0);
    return true;
}

static bool or_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                      struct value *ret, struct err *reterr)
{
    (void)site;
    (void)arena;
    (void)reterr;
    return result_of(at, some_has, ret);
}

static bool xor_result(const void *at, const struct aggregate_site *site, struct arena *arena,
                       struct value *ret, struct err *reterr)
{
    (void)site;
    (void)arena;
    (void)reterr;
    return result_of(at, odd_have, ret);
}

/* Which bits have a count, then those counts. */
static void bits_save(const void *at, struct buf *out)
{
    const struct bit_counts *counts = at;
    uint64_t mask = 0;

    for (int i = 0; i < BITS; i++) {
        if (counts->ones[i] != 0)
            mask |= UINT64_C(1) << i;
    }
    buf_append(out, &counts->n, sizeof(counts->n));
    buf_append(out, &mask, sizeof(mask));
    for (; mask != 0; mask &= mask - 1)
        buf_append(out, &counts->ones[__builtin_ctzll(mask)], sizeof(counts->ones[0]));
}

static void bits_load(void *at, struct arena *arena, struct str *from)
{
    struct bit_counts *counts = at;
    uint64_t mask;

    (void)arena;
    memset(counts, 0, sizeof(*counts));
    take_bytes(from, &counts->n, sizeof(counts->n));
    take_bytes(from, &mask, sizeof(mask));
    for (; mask != 0; mask &= mask - 1)
        take_bytes(from, &counts->ones[__builtin_ctzll(mask)], sizeof(counts->ones[0]));
}

#define BITS_OPS(result_)                                                                          \
    {                                                                                              \
        .size = sizeof(struct bit_counts), .add = bits_add, .result = (result_),                   \
        .save = bits_save, .load = bits_load                                                       \
    }

const struct aggregate_ops aggregate_all = BITS_OPS(and_result);
const struct aggregate_ops aggregate_some = BITS_OPS(or_result);
const struct aggregate_ops aggregate_odd = BITS_OPS(xor_result);
