#include "base/arena.h"

#include "base/err.h"
#include <assert.h>
#include <stdarg.h>
#include <sys/mman.h>

struct arena_block {
    struct arena_block *next;
    size_t size;
    uint8_t bytes[];
};

enum { BLOCK_BYTES_MIN = 64 * 1024, BLOCK_BYTES_MAX = 1024 * 1024, MAPPED_FROM = 256 * 1024 };

/* Large blocks are mapped by themselves: among small allocations on the heap they would leave holes
 * when they are given back. */
static struct arena_block *block_new(size_t size)
{
    size_t all = sizeof(struct arena_block) + size;
    struct arena_block *block;

    if (size < MAPPED_FROM) {
        block = err_malloc(all);
    } else {
        block = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED)
            err_no_memory(all);
    }
    block->next = NULL;
    block->size = size;
    return block;
}

static void enter(struct arena *arena, struct arena_block *block)
{
    arena->current = block;
    arena->cursor = block->bytes;
    arena->end = block->bytes + block->size;
}

struct arena *arena_new(size_t limit_bytes)
{
    struct arena *arena = err_calloc(1, sizeof(*arena));

    arena->limit_bytes = limit_bytes;
    arena->first = block_new(BLOCK_BYTES_MIN);
    enter(arena, arena->first);
    return arena;
}

static void free_blocks(struct arena_block *block)
{
    for (struct arena_block *next; block != NULL; block = next) {
        next = block->next;
        if (block->size < MAPPED_FROM)
            free(block);
        else
            munmap(block, sizeof(*block) + block->size);
    }
}

struct arena *arena_free(struct arena *arena)
{
    if (arena == NULL)
        return NULL;
    free_blocks(arena->first);
    free(arena);
    return NULL;
}

/* Gives back the blocks behind `last` and the next `keep_bytes`. */
static void trim(struct arena_block *last, size_t keep_bytes)
{
    while (last->next != NULL && keep_bytes > 0) {
        last = last->next;
        keep_bytes -= last->size < keep_bytes ? last->size : keep_bytes;
    }
    free_blocks(last->next);
    last->next = NULL;
}

/* A large batch is remembered for a while, a sixteenth less each time: blocks that come and go with
 * every batch would cost a page fault for each page. */
void arena_reset(struct arena *arena)
{
    size_t used = arena_used(arena);

    arena->recent_bytes -= arena->recent_bytes / 16;
    if (arena->recent_bytes < used)
        arena->recent_bytes = used;
    trim(arena->current, arena->recent_bytes - used);
    arena->used_bytes = 0;
    enter(arena, arena->first);
}

size_t arena_used(const struct arena *arena)
{
    return arena->used_bytes + (size_t)(arena->cursor - arena->current->bytes);
}

bool arena_full(const struct arena *arena)
{
    return arena_used(arena) > arena->limit_bytes;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->current, arena->cursor, arena->used_bytes};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    enter(arena, mark.block);
    arena->cursor = mark.cursor;
    arena->used_bytes = mark.used_bytes;
}

void *arena_alloc_block(struct arena *arena, size_t size)
{
    struct arena_block *block = arena->current->next;

    assert(size <= SIZE_MAX / 2);
    arena->used_bytes += (size_t)(arena->cursor - arena->current->bytes);
    if (block == NULL || block->size < size) {
        size_t grown = arena->current->size * 2;
        size_t most = BLOCK_BYTES_MAX;
        size_t usual = grown < most ? grown : most;
        struct arena_block *made = block_new(size > usual ? size : usual);

        made->next = block;
        arena->current->next = made;
        block = made;
    }
    enter(arena, block);
    arena->cursor += size;
    return block->bytes;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
    return memset(arena_alloc(arena, size), 0, size);
}

struct str arena_copy(struct arena *arena, struct str bytes)
{
    char *copy = arena_alloc(arena, bytes.len + 1);

    if (bytes.len > 0)
        memcpy(copy, bytes.at, bytes.len);
    copy[bytes.len] = '\0';
    return (struct str){copy, bytes.len};
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;

    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(length >= 0);
    char *text = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}
