#include "distinct.h"

#include "base/err.h"
#include <math.h>

enum {
    FIRST_CAP = 64,
    INDEX_BITS = 14,
    REGISTERS = 1 << INDEX_BITS,
    RANK_MAX = 64 - INDEX_BITS + 1
};

static void estimate(struct distinct *distinct, uint64_t hash)
{
    uint64_t rest = hash << INDEX_BITS;
    int rank = rest == 0 ? RANK_MAX : __builtin_clzll(rest) + 1;
    uint8_t *at = &distinct->registers[hash >> (64 - INDEX_BITS)];

    if (rank > *at)
        *at = (uint8_t)rank;
}

/* False: it was there. */
static bool insert(uint64_t *table, size_t cap, uint64_t hash)
{
    size_t at = hash & (cap - 1);

    while (table[at] != 0 && table[at] != hash)
        at = (at + 1) & (cap - 1);
    bool absent = table[at] == 0;
    table[at] = hash;
    return absent;
}

static void free_table(struct distinct *distinct, struct distinct_room *room)
{
    free(distinct->table);
    room->used -= distinct->cap * sizeof(uint64_t);
    distinct->table = NULL;
    distinct->cap = 0;
}

/* What the table holds is what the registers have seen. */
static void give_up(struct distinct *distinct, struct distinct_room *room)
{
    distinct->registers = err_calloc(REGISTERS, 1);
    for (size_t i = 0; i < distinct->cap; i++)
        if (distinct->table[i] != 0)
            estimate(distinct, distinct->table[i]);
    if (distinct->has_zero)
        estimate(distinct, 0);
    free_table(distinct, room);
}

static bool grow(struct distinct *distinct, struct distinct_room *room)
{
    size_t cap = distinct->cap == 0 ? FIRST_CAP : distinct->cap * 2;

    if (room->used + cap * sizeof(uint64_t) > room->limit)
        return false;
    uint64_t *table = err_calloc(cap, sizeof(*table));
    for (size_t i = 0; i < distinct->cap; i++)
        if (distinct->table[i] != 0)
            insert(table, cap, distinct->table[i]);
    free_table(distinct, room);
    room->used += cap * sizeof(uint64_t);
    distinct->table = table;
    distinct->cap = cap;
    return true;
}

void distinct_add(struct distinct *distinct, struct distinct_room *room, uint64_t hash)
{
    if (distinct->registers == NULL && hash != 0 && distinct->n >= distinct->cap / 4 * 3 &&
        !grow(distinct, room))
        give_up(distinct, room);
    if (distinct->registers != NULL)
        estimate(distinct, hash);
    else if (hash == 0)
        distinct->has_zero = true;
    else
        distinct->n += insert(distinct->table, distinct->cap, hash);
}

/* Ertl's estimator ("New cardinality estimation algorithms for HyperLogLog sketches"), which needs
 * no table of biases. */
static double sigma(double x)
{
    double y = 1, z = x, last;

    if (x == 1.0)
        return HUGE_VAL;
    do {
        x *= x;
        last = z;
        z += x * y;
        y += y;
    } while (z != last);
    return z;
}

static double tau(double x)
{
    double y = 1, z = 1 - x, last;

    if (x == 0.0 || x == 1.0)
        return 0;
    do {
        x = sqrt(x);
        last = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (z != last);
    return z / 3;
}

static uint64_t estimated(const uint8_t *registers)
{
    double counts[RANK_MAX + 1] = {0};

    for (size_t i = 0; i < REGISTERS; i++)
        counts[registers[i]]++;
    double z = REGISTERS * tau(1 - counts[RANK_MAX] / REGISTERS);
    for (int rank = RANK_MAX - 1; rank >= 1; rank--)
        z = 0.5 * (z + counts[rank]);
    z += REGISTERS * sigma(counts[0] / REGISTERS);
    return (uint64_t)llround((double)REGISTERS / (2 * M_LN2) * REGISTERS / z);
}

uint64_t distinct_count(const struct distinct *distinct, bool *ret_exact)
{
    *ret_exact = distinct->registers == NULL;
    return *ret_exact ? distinct->n + distinct->has_zero : estimated(distinct->registers);
}

void distinct_done(struct distinct *distinct, struct distinct_room *room)
{
    free_table(distinct, room);
    free(distinct->registers);
    *distinct = (struct distinct){0};
}
