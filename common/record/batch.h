/*
 * A Z-set delta: rows with signed weights. Addition commutes, so the sum of all deltas does not
 * depend on their order. Rows and the array live in one arena; nothing is freed by parts.
 */
#ifndef SLUICE_RECORD_BATCH_H
#define SLUICE_RECORD_BATCH_H

#include "record/row.h"

/* `weight` copies of `row` are added (or, when negative, taken away). Never 0 in a finished batch.
 */
struct delta {
    const struct row *row;
    int64_t weight;
};

struct batch {
    struct delta *deltas;
    uint32_t n, cap;
};

/* Appends one delta; a weight of 0 is ignored. The row must live as long as the batch. */
void batch_add(struct batch *batch, struct arena *arena, const struct row *row, int64_t weight);

/*
 * Adds up the weights of rows with equal bytes and drops what comes to 0. The order of what is left
 * is that of first appearance. O(n), scratch from the arena.
 */
void batch_consolidate(struct batch *batch, struct arena *arena);

#endif
