/*
 * How many different values there are, by their 64-bit hashes: exactly, by a table, as long as all
 * counters together stay within a bound; one whose table would have to grow beyond goes on as a
 * HyperLogLog of 16 KiB with a standard error of 0.8 %. Pure.
 */
#ifndef SLUICE_REPORT_DISTINCT_H
#define SLUICE_REPORT_DISTINCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What counters share: the bytes their tables hold, and may hold. */
struct distinct_room {
    size_t used, limit;
};

/* Use zeroed. */
struct distinct {
    uint64_t *table; /* open addressing, 0 is an empty place; NULL once estimated, and before */
    size_t cap, n;
    bool has_zero;      /* the hash that can't stand in the table */
    uint8_t *registers; /* NULL as long as it is exact */
};

/* Counts a value. */
void distinct_add(struct distinct *distinct, struct distinct_room *room, uint64_t hash);

/* How many there are; *ret_exact false: about. */
uint64_t distinct_count(const struct distinct *distinct, bool *ret_exact);

/* Frees and gives the room back. */
void distinct_done(struct distinct *distinct, struct distinct_room *room);

#endif
