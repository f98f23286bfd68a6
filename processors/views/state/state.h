/*
 * The durable store of one task: LMDB under an overlay. Operators write to the overlay; when the
 * Kafka transaction that holds the same changes has committed, state_commit keeps them there. What
 * has gathered goes to LMDB in one transaction together with a mark that says where the changelog
 * stands: many commits at once, since neighbours in key order share a page and a hot key is written
 * once. The local store is a cache of the changelog, behind it by what the overlay holds, never
 * ahead.
 *
 *   directory/data.mdb, lock.mdb   LMDB: database "state" holds the operators' keys, "meta" mark and boot
 *   directory/owner                held by flock: one process at a time
 *
 * LMDB runs without fsync: a killed process loses nothing (the page cache lives on), a machine that
 * stopped without a clean stop might. So the boot id is stored at open and a clean-stop mark at
 * close; another boot without the mark empties the store, and the changelog restores it. The only
 * room that includes lmdb.h. One thread.
 */
#ifndef SLUICE_VIEWS_STATE_STATE_H
#define SLUICE_VIEWS_STATE_STATE_H

#include "ops/overlay.h"
#include "ops/store.h"

struct state;

/* Where the store stands. All zero: empty, restore everything. */
struct state_mark {
    char cluster_id[64];      /* Kafka cluster the changelog belongs to */
    int64_t changelog_next;   /* restore from here; everything before it is in the store */
    int64_t applied_unix_ms;  /* by the wall clock: a store away longer than tombstones live must
                                 restore */
    uint64_t transaction_seq; /* of the last applied transaction */
    uint64_t plan_hash;
};

/* How to open. */
struct state_config {
    const char *directory; /* is created */
    int64_t map_bytes;     /* most bytes the store may grow to (address space and sparse file) */
    int64_t overlay_bytes; /* memory for what is not applied yet */
    const char *boot_id;   /* NULL: the machine's */
    bool nameless; /* files and directory lose their names at once: nothing outlives the process */
};

/*
 * Opens or creates the store. ERR_STOP: EX_CANTCREAT naming --state-dir when it can't be written,
 * ERR_RETRY while another process holds it. *ret_emptied: an unclean stop of the machine was found
 * and the store emptied.
 */
WARN_UNUSED bool state_open(const struct state_config *config, struct state **ret,
                            bool *ret_emptied, struct err *reterr);

/* Makes the directory where it is missing and tries to write there, so that a mistake shows before a
 * broker is asked. As state_open otherwise. */
WARN_UNUSED bool state_check_directory(const char *directory, struct err *reterr);

/* Closes; `clean` applies what is committed (nothing when an uncommitted change is in between: the
 * changelog has it), syncs to disk and leaves the clean-stop mark. NULL is fine. Returns NULL. */
struct state *state_close(struct state *state, bool clean);

/* The store for the engine. */
struct store *state_store(struct state *state);

/* What is not applied yet; what was written since the last commit is for the changelog. */
const struct overlay *state_overlay(const struct state *state);

/* The mark of the last commit. */
const struct state_mark *state_mark(const struct state *state);

/* Keeps what was written: its Kafka transaction has committed. Applies when the overlay is full or
 * the last apply was ten seconds ago by the marks' clocks; errors as state_apply. */
WARN_UNUSED bool state_commit(struct state *state, const struct state_mark *mark,
                              struct err *reterr);

/* Makes the overlay permanent together with the mark, then clears it. ERR_STOP when the store is
 * full (names --state-size) or broken. */
WARN_UNUSED bool state_apply(struct state *state, const struct state_mark *mark,
                             struct err *reterr);

/* Empties store, mark and overlay. */
WARN_UNUSED bool state_empty(struct state *state, struct err *reterr);

/* Keys held by LMDB, and bytes of its pages in use. */
void state_size(struct state *state, uint64_t *ret_keys, uint64_t *ret_bytes);

#endif
