/*
 * Where operators keep their state: an ordered map of bytes. Writes go to an overlay and are seen
 * by every later read; the owner of the store decides when the overlay becomes permanent. Two
 * implementations: in memory (ops/store_memory.c, for tests and --test) and LMDB (state/). Keys
 * start with the 8-byte big-endian fingerprint of the operator that owns them. One thread.
 */
#ifndef SLUICE_VIEWS_OPS_STORE_H
#define SLUICE_VIEWS_OPS_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

/* The longest key a store takes; a longer index key is its ordered prefix and a 128-bit hash
 * (store_key_bound), the full key in the value. */
enum { STORE_KEY_BYTES_MAX = 511 };

struct store;

/* A walk in key order. Opaque to callers; lives on their stack. Any put ends it: collect first,
 * then write. */
struct store_cursor {
    struct str prefix;
    const void *overlay; /* the implementation's places */
    void *below;
    bool reverse, started;
    struct str key, value; /* the present entry */
};

struct store_ops {
    bool (*get)(struct store *store, struct str key, struct str *ret_value, struct err *reterr);
    void (*put)(struct store *store, struct str key, struct str value);
    bool (*next)(struct store *store, struct store_cursor *cursor, bool *ret_more,
                 struct err *reterr);
    void (*end)(struct store *store, struct store_cursor *cursor);
};

/* Implementations embed this as their first member. */
struct store {
    const struct store_ops *ops;
};

/*
 * Reads a value; ret_value->at is NULL when the key is absent. The view lives until the owner makes
 * the overlay permanent, later puts to the same key included; it may be unaligned: copy rows out
 * (row_from_bytes) before using them.
 */
static inline bool store_get(struct store *store, struct str key, struct str *ret_value,
                             struct err *reterr)
{
    return store->ops->get(store, key, ret_value, reterr);
}

/* Writes a value (copied). */
static inline void store_put(struct store *store, struct str key, struct str value)
{
    store->ops->put(store, key, value);
}

/* Removes a key; one that is not there is fine. */
static inline void store_delete(struct store *store, struct str key)
{
    store->ops->put(store, key, (struct str){0});
}

/* Starts a walk over the keys that begin with `prefix` (which must outlive it), ascending, or
 * descending when `reverse`. */
static inline struct store_cursor store_scan(struct str prefix, bool reverse)
{
    return (struct store_cursor){.prefix = prefix, .reverse = reverse};
}

/* Moves to the next entry: *ret_more false at the end. cursor->key and ->value live as store_get's.
 */
static inline bool store_next(struct store *store, struct store_cursor *cursor, bool *ret_more,
                              struct err *reterr)
{
    return store->ops->next(store, cursor, ret_more, reterr);
}

/* Ends a walk early (needed unless store_next said there is no more). */
static inline void store_end(struct store *store, struct store_cursor *cursor)
{
    store->ops->end(store, cursor);
}

#endif
