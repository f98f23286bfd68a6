/*
 * How operators write their state: keys under a fingerprint, rows and weighted lists of rows as
 * values.
 */
#ifndef SLUICE_VIEWS_OPS_STATE_H
#define SLUICE_VIEWS_OPS_STATE_H

#include "base/hash.h"
#include "ops/store.h"
#include "record/batch.h"

/* A fingerprint of its own for one part of an operator's state. */
uint64_t state_fingerprint(uint64_t fingerprint, const char *part);

/* Empties `key` and starts it with the fingerprint. */
void state_key_begin(struct buf *key, uint64_t fingerprint);

/* Appends canonical bytes that need not sort: themselves when short, else a mark and their 128-bit
 * hash. Self-delimiting as the bytes are. */
void state_key_part(struct buf *key, struct str canonical);

/* Appends a 128-bit hash. */
void state_key_hash(struct buf *key, struct hash128 hash);

/* Cuts a key that is too long for the store to its ordered prefix and its 128-bit hash; true when
 * it was cut: its full form belongs into the value. */
bool store_key_bound(struct buf *key);

/* The length of the ordered prefix of a key that was cut. */
enum { STORE_KEY_PREFIX = STORE_KEY_BYTES_MAX - 16 };

/* A row inside a stored value: a view when it is aligned, else a copy in the arena. */
const struct row *state_row(struct arena *arena, struct str bytes);

/* Reads a value that is a list of weighted rows; the empty value is the empty list. The array is in
 * the arena, the rows are views or copies there. */
uint32_t state_list_read(struct arena *arena, struct str value, struct delta **ret_list);

/* Adds deltas to a stored list and writes what is left of it, or deletes the key when that is
 * nothing. `scratch` is emptied. */
WARN_UNUSED bool state_list_add(struct store *store, struct arena *arena, struct buf *scratch,
                                struct str key, const struct batch *deltas, struct err *reterr);

/* The same of a key under which at most one row can be, so that the deltas alone tell what is left:
 * nothing is read. They are consolidated. */
void state_one_write(struct store *store, struct arena *arena, struct buf *scratch, struct str key,
                     struct batch *deltas);

#endif
