#include "ops/store_memory.h"

#include <assert.h>
#include <string.h>

/* Below this a compaction is not worth its copying. */
static const size_t COMPACT_BYTES_MIN = (size_t)16 << 20;

static struct overlay *overlay_of(const struct store *store)
{
    return ((const struct store_memory *)(const void *)store)->overlay;
}

static bool memory_get(struct store *store, struct str key, struct str *ret_value,
                       struct err *reterr)
{
    const struct overlay_entry *entry = overlay_get(overlay_of(store), key);

    (void)reterr;
    *ret_value = entry == NULL ? STR_NONE : entry->value;
    return true;
}

static void memory_put(struct store *store, struct str key, struct str value)
{
    assert(key.len <= STORE_KEY_BYTES_MAX);
    overlay_put(overlay_of(store), key, value);
}

/* The last entry that begins with the prefix: the one before the prefix's successor. */
static const struct overlay_entry *last_of(const struct overlay *overlay, struct str prefix)
{
    unsigned char successor[STORE_KEY_BYTES_MAX + 1];
    size_t len = prefix.len;

    assert(len <= STORE_KEY_BYTES_MAX);
    if (len > 0)
        memcpy(successor, prefix.at, len);
    while (len > 0 && successor[len - 1] == UINT8_MAX)
        len--;
    if (len > 0) {
        successor[len - 1]++;
    } else {
        memset(successor, UINT8_MAX, sizeof(successor));
        len = sizeof(successor);
    }
    return overlay_before(overlay, (struct str){(const char *)successor, len});
}

static const struct overlay_entry *step(const struct overlay *overlay, struct store_cursor *cursor)
{
    const struct overlay_entry *at = cursor->overlay;

    if (cursor->started)
        return cursor->reverse ? overlay_before(overlay, at->key) : overlay_next(overlay, at);
    cursor->started = true;
    return cursor->reverse ? last_of(overlay, cursor->prefix)
                           : overlay_seek(overlay, cursor->prefix, false);
}

static bool memory_next(struct store *store, struct store_cursor *cursor, bool *ret_more,
                        struct err *reterr)
{
    const struct overlay *overlay = overlay_of(store);
    const struct overlay_entry *entry;

    (void)reterr;
    do {
        entry = step(overlay, cursor);
        cursor->overlay = entry;
    } while (entry != NULL && entry->value.at == NULL && str_starts(entry->key, cursor->prefix));
    *ret_more = entry != NULL && str_starts(entry->key, cursor->prefix);
    if (*ret_more) {
        cursor->key = entry->key;
        cursor->value = entry->value;
    }
    return true;
}

static void memory_end(struct store *store, struct store_cursor *cursor)
{
    (void)store;
    cursor->overlay = NULL;
}

static const struct store_ops MEMORY_OPS = {
    .get = memory_get,
    .put = memory_put,
    .next = memory_next,
    .end = memory_end,
};

struct store_memory *store_memory_new(void)
{
    struct store_memory *memory = err_calloc(1, sizeof(*memory));

    memory->store.ops = &MEMORY_OPS;
    memory->overlay = overlay_new(SIZE_MAX);
    return memory;
}

struct store_memory *store_memory_free(struct store_memory *memory)
{
    if (memory != NULL)
        overlay_free(memory->overlay);
    free(memory);
    return NULL;
}

void store_memory_commit(struct store_memory *memory)
{
    struct overlay *old = memory->overlay;

    if (overlay_bytes(old) < COMPACT_BYTES_MIN + 2 * memory->compacted_bytes)
        return;
    memory->overlay = overlay_new(SIZE_MAX);
    for (const struct overlay_entry *at = overlay_seek(old, STR_NONE, false); at != NULL;
         at = overlay_next(old, at)) {
        if (at->value.at != NULL)
            overlay_put(memory->overlay, at->key, at->value);
    }
    memory->compacted_bytes = overlay_bytes(memory->overlay);
    overlay_free(old);
}

size_t store_memory_count(const struct store_memory *memory)
{
    size_t n = 0;

    for (const struct overlay_entry *at = overlay_seek(memory->overlay, STR_NONE, false);
         at != NULL; at = overlay_next(memory->overlay, at))
        n += at->value.at != NULL;
    return n;
}
