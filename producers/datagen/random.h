/* A seeded generator of random numbers (SplitMix64): the same seed gives the same numbers
 * everywhere. Not for secrets. */
#ifndef SLUICE_DATAGEN_RANDOM_H
#define SLUICE_DATAGEN_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state;
};

/* The next 64 bits. */
static inline uint64_t random_next(struct random *random)
{
    uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* A number from 0 up to `n` - 1; n > 0. */
static inline uint32_t random_below(struct random *random, uint32_t n)
{
    return (uint32_t)(((random_next(random) >> 32) * n) >> 32);
}

#endif
