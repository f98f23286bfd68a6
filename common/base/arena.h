/*
 * Memory for one batch: allocation is a pointer bump, everything is given back at once by a reset
 * that keeps the blocks. Not thread-safe, not for objects with their own destructor. An arena is
 * born with a limit; what passes it is the caller's signal to end the batch (arena_full).
 */
#ifndef SLUICE_BASE_ARENA_H
#define SLUICE_BASE_ARENA_H

#include "base/cleanup.h"
#include "base/str.h"
#include <stdint.h>

struct arena_block;

/* Read `cursor` and `end` only through arena_alloc. */
struct arena {
    uint8_t *cursor, *end;
    struct arena_block *first, *current;
    size_t used_bytes;   /* of the blocks before the current one */
    size_t recent_bytes; /* what the batches of late needed */
    size_t limit_bytes;
};

/* A position to come back to; see arena_mark. */
struct arena_mark {
    struct arena_block *block;
    uint8_t *cursor;
    size_t used_bytes;
};

/* A new arena; the caller frees it. `limit_bytes` is what arena_full compares with. */
struct arena *arena_new(size_t limit_bytes);

/* Frees the arena and all that it holds; NULL is fine. Returns NULL. */
struct arena *arena_free(struct arena *arena);

/* Forgets every allocation, keeps as many blocks as the batches of late needed. */
void arena_reset(struct arena *arena);

/* Bytes handed out since the last reset, padding included. */
size_t arena_used(const struct arena *arena);

/* The arena has passed its limit: end the batch soon. */
bool arena_full(const struct arena *arena);

/* The present position. */
struct arena_mark arena_mark(const struct arena *arena);

/* Forgets every allocation made since `mark`. */
void arena_rewind(struct arena *arena, struct arena_mark mark);

/* The slow path of arena_alloc: takes the next block. */
void *arena_alloc_block(struct arena *arena, size_t size);

/* `size` bytes, 8-aligned, uninitialised, never NULL, alive until reset, rewind or free. */
static inline void *arena_alloc(struct arena *arena, size_t size)
{
    size_t rounded = (size + 7) & ~(size_t)7;

    if ((size_t)(arena->end - arena->cursor) < rounded)
        return arena_alloc_block(arena, rounded);
    void *p = arena->cursor;
    arena->cursor += rounded;
    return p;
}

/* As arena_alloc, zeroed. */
void *arena_zalloc(struct arena *arena, size_t size);

/* A copy of the bytes, followed by a NUL that the view does not count. */
struct str arena_copy(struct arena *arena, struct str bytes);

/* A formatted, terminated string. */
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

DEFINE_CLEANUP(arena, struct arena *, arena_free);

#endif
