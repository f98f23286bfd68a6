/*
 * What each key of a source last held, so that a source which can only be read whole still gives
 * changes: the same content again is nothing, other content an update, a key that a whole reading
 * does not meet a delete. Holds a 128-bit hash of the content, where it was read, and for the
 * present run which keys were met; LMDB on disk, a bit a key in memory.
 *
 * It is a cache of the bronze topic. What counts is the position in the Kafka transaction: the
 * store is committed only after that transaction has, with the same position, so it is never
 * ahead; behind or lost, it is brought up to date from bronze (seen/restore.h).
 *
 *   directory/data.mdb, lock.mdb   LMDB, without fsync: another boot without a clean stop empties it
 *   directory/owner                held by flock: one process at a time
 *
 * One thread. Keys are never empty. An error leaves the open batch to seen_abort.
 */
#ifndef SLUICE_SEEN_SEEN_H
#define SLUICE_SEEN_SEEN_H

#include "base/err.h"
#include "base/hash.h"
#include "base/str.h"
#include <stdint.h>

struct seen;

/* How to open. */
struct seen_config {
    const char *directory; /* is created; errors call it --state-dir */
    int64_t map_bytes;     /* most bytes the store may grow to (address space, a sparse file) */
    const char *boot_id;   /* NULL: the machine's */
};

enum { SEEN_PARTITIONS_MAX = 256, SEEN_IDENTITY_MAX = 320 };

/* Where a row was read: `part` is a hash of the file (and of what tells its contents apart, when it is
 * to be resumed), `line` its line or ordinal there. */
struct seen_place {
    uint64_t part, line;
};

/* How far a file was read: up to this place, so many rows. All zero: none was. */
struct seen_reached {
    struct seen_place place;
    int64_t rows;
};

/* Where the store stands; all zero: nowhere. */
struct seen_mark {
    char identity
        [SEEN_IDENTITY_MAX];     /* the caller's: which topic of which cluster it is made from */
    uint64_t position;           /* the caller's: grows with each Kafka transaction */
    struct seen_reached reached; /* the caller's: all rows of a file up to here were visited */
    uint32_t partitions;         /* of the bronze topic */
    int64_t next[SEEN_PARTITIONS_MAX]; /* bronze below these offsets is in the store */
};

/* Opens or creates the store. ERR_STOP (EX_CANTCREAT) when it can't be written, ERR_RETRY while
 * another process holds it. */
WARN_UNUSED bool seen_open(const struct seen_config *config, struct seen **ret, struct err *reterr);

/* Closes, forgetting an open batch; `clean` syncs to disk, so that the store outlives a restart
 * of the machine. NULL is fine. Returns NULL. */
struct seen *seen_close(struct seen *seen, bool clean);

/* The mark of the last commit. */
const struct seen_mark *seen_mark(const struct seen *seen);

/* How many keys there are, the open batch included. */
uint64_t seen_count(const struct seen *seen);

/* About how many bytes of memory the open batch takes: it grows with the places in the store that
 * are written, and is given back by a commit. */
size_t seen_batch_bytes(const struct seen *seen);

/* Forgets all keys, the mark and the run. */
WARN_UNUSED bool seen_empty(struct seen *seen, struct err *reterr);

/* A run begins: no key was met yet. */
void seen_begin_run(struct seen *seen);

/* The run goes on with a file that a run before it has read up to `place` and no further: what stands
 * in it up to there is met. Of the files of this run it must be the only one. */
void seen_resume(struct seen *seen, struct seen_place place);

enum seen_verdict {
    SEEN_NEW,     /* no such key was there: a create */
    SEEN_CHANGED, /* it had other content: an update */
    SEEN_SAME,    /* it has this very content: nothing */
    SEEN_AGAIN,   /* the key was met in this run before: the store is left alone */
};

/* What a visit found; `first`: for SEEN_AGAIN, where the key was met first in this run. */
struct seen_found {
    enum seen_verdict verdict;
    struct seen_place first;
};

/* A row is met. Holds its content and place from now on, unless it is SEEN_AGAIN. */
WARN_UNUSED bool seen_visit(struct seen *seen, struct str key, struct hash128 content,
                            struct seen_place place, struct seen_found *ret, struct err *reterr);

/* The key was met in this run already, or (when not) marks it so without touching its content:
 * for a row that is kept as it is. *ret_known: the key is there at all. */
WARN_UNUSED bool seen_keep(struct seen *seen, struct str key, bool *ret_known, struct err *reterr);

/* Holds a key's content without a run: for restoring. */
WARN_UNUSED bool seen_put(struct seen *seen, struct str key, struct hash128 content,
                          struct err *reterr);

/* Forgets a key; one that is not there is fine. */
WARN_UNUSED bool seen_remove(struct seen *seen, struct str key, struct err *reterr);

/* A walk over the keys that the run did not meet. `each` has the key for the call, and may end the
 * walk by returning false with its error. */
struct seen_sweep {
    bool (*each)(void *arg, struct str key, struct err *reterr);
    void *arg;
    size_t max; /* keys at one call of seen_sweep */
    bool more;  /* set by it: there may be more of them */
};

/* Hands out the next keys, in byte order, and forgets them. The walk goes on behind a commit. */
WARN_UNUSED bool seen_sweep(struct seen *seen, struct seen_sweep *sweep, struct err *reterr);

/* The batch becomes permanent, with the mark: after the Kafka transaction that holds its
 * changes has committed. ERR_STOP when the store is full (names --state-size) or broken. */
WARN_UNUSED bool seen_commit(struct seen *seen, const struct seen_mark *mark, struct err *reterr);

/* Forgets the batch and the run: the transaction was aborted. */
void seen_abort(struct seen *seen);

#endif
