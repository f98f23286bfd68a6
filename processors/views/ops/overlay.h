/*
 * The overlay: an ordered map in memory of what a store does not hold yet; a deleted key stays as
 * an entry with value.at NULL. Base of both stores. Point look-ups go through a hash table, so that
 * a hot key costs one probe; the order (skip lists over one arena, one for each 8-byte prefix of
 * keys) is brought up to date when somebody walks there. What was written since overlay_commit can
 * be told apart. One thread.
 */
#ifndef SLUICE_VIEWS_OPS_OVERLAY_H
#define SLUICE_VIEWS_OPS_OVERLAY_H

#include "base/arena.h"
#include "base/str.h"

struct overlay;

/* One written key. `value.at` NULL: deleted. Both live until overlay_clear. */
struct overlay_entry {
    struct str key, value;
};

/* Free with overlay_free. `limit_bytes`: what overlay_full compares with. */
struct overlay *overlay_new(size_t limit_bytes);

/* NULL is fine. Returns NULL. */
struct overlay *overlay_free(struct overlay *overlay);

/* Forgets everything, keeps the memory. */
void overlay_clear(struct overlay *overlay);

/* Writes (copies) or replaces; an older value stays readable until overlay_clear. */
void overlay_put(struct overlay *overlay, struct str key, struct str value);

/* The entry of the key, or NULL when it was not written. */
const struct overlay_entry *overlay_get(const struct overlay *overlay, struct str key);

/* The first entry with key >= `key` (or, when `after`, > key); NULL at the end. O(log n). */
const struct overlay_entry *overlay_seek(const struct overlay *overlay, struct str key, bool after);

/* The last entry with key < `key`; NULL when there is none. O(log n). */
const struct overlay_entry *overlay_before(const struct overlay *overlay, struct str key);

/* The entry behind this one in key order; NULL at the end. O(1). */
const struct overlay_entry *overlay_next(const struct overlay *overlay,
                                         const struct overlay_entry *entry);

/* The entries written since the last overlay_commit, in the order of their first write, each once;
 * NULL at the end. */
const struct overlay_entry *overlay_written(const struct overlay *overlay);
const struct overlay_entry *overlay_written_next(const struct overlay_entry *entry);

/* Nothing counts as written from here on; the entries stay. */
void overlay_commit(struct overlay *overlay);

/* Entries and bytes held. */
size_t overlay_count(const struct overlay *overlay);
size_t overlay_bytes(const struct overlay *overlay);

/* The memory limit is passed: commit soon. */
bool overlay_full(const struct overlay *overlay);

#endif
