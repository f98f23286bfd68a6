/*
 * A store that is nothing but an overlay: for tests, --test and benchmarks. Deleted keys are
 * hidden. Nothing outlives the process.
 */
#ifndef SLUICE_VIEWS_OPS_STORE_MEMORY_H
#define SLUICE_VIEWS_OPS_STORE_MEMORY_H

#include "ops/overlay.h"
#include "ops/store.h"

struct store_memory {
    struct store store; /* first: a pointer to it is the store */
    struct overlay *overlay;
    size_t compacted_bytes; /* held after the last compaction */
};

/* An empty store; free with store_memory_free. */
struct store_memory *store_memory_new(void);

/* NULL is fine. Returns NULL. */
struct store_memory *store_memory_free(struct store_memory *memory);

/* What a commit is for other stores: gives back the memory of replaced and deleted values once they
 * are most of it. Values read before are gone. */
void store_memory_commit(struct store_memory *memory);

/* Keys that are there (not deleted). */
size_t store_memory_count(const struct store_memory *memory);

#endif
