/*
 * The position protocol, pure: where the capture stands, what may happen next, what is stored, and
 * at a start whether the slot still fits what was stored. Stored in the same Kafka transaction as
 * the rows it speaks of; the slot is told only what stands there.
 *
 *                 adopt (no snapshot wanted)
 *   NONE ---------------------------------------------------.
 *     |  snapshot begins                                    v       begins
 *     '----------------> SNAPSHOT -- snapshot ends --> BETWEEN ----------> INSIDE --.
 *                         |    ^                       ^  |  ^               |  ^   | change
 *                         '----'                       '--'  '---------------'  '---'
 *                    begins again (a crash)          advance     commits        ^
 *                                                                               | all repeated
 *   stored unfinished: RESUME -- the same transaction begins --> REPEAT --------'
 *                                                                 |  ^
 *                                                                 '--' change (already written)
 *
 * Everything else is refused: the stream is not the one that was stored.
 */
#ifndef SLUICE_POSTGRES_CDC_PROGRESS_H
#define SLUICE_POSTGRES_CDC_PROGRESS_H

#include "base/buf.h"
#include "base/err.h"
#include <stdint.h>

enum progress_state {
    PROGRESS_NONE,     /* nothing was ever stored */
    PROGRESS_SNAPSHOT, /* a snapshot is being written */
    PROGRESS_BETWEEN,  /* streaming, no transaction open */
    PROGRESS_RESUME,   /* a stored unfinished transaction is awaited again */
    PROGRESS_REPEAT,   /* it has begun again, its first changes were written before */
    PROGRESS_INSIDE    /* a transaction is open, its changes are new */
};

enum { PROGRESS_STATES = 6, PROGRESS_SLOT_MAX = 63 };

/* `end_lsn`: in SNAPSHOT the consistent point, else the end of the last finished transaction.
 * `final_lsn`, `changes`: of the unfinished one, and how many of its changes are written. */
struct progress {
    enum progress_state state;
    char system_id[24];
    uint32_t timeline;
    char slot[PROGRESS_SLOT_MAX + 1];
    uint64_t end_lsn, final_lsn, changes;
    int64_t attempt; /* of the snapshot, from 1; 0: there was none */
    uint64_t seen;   /* not stored: changes that came in the open transaction */
};

/* A snapshot begins (again) at this consistent point: NONE, SNAPSHOT -> SNAPSHOT. */
WARN_UNUSED bool progress_snapshot_begins(struct progress *progress, uint64_t consistent_lsn,
                                          struct err *reterr);

/* All its rows are written: SNAPSHOT -> BETWEEN. */
WARN_UNUSED bool progress_snapshot_ends(struct progress *progress, struct err *reterr);

/* Streaming starts at this point without a snapshot: NONE -> BETWEEN. */
WARN_UNUSED bool progress_adopt(struct progress *progress, uint64_t lsn, struct err *reterr);

/* A transaction begins: BETWEEN -> INSIDE, RESUME -> REPEAT. */
WARN_UNUSED bool progress_begins(struct progress *progress, uint64_t final_lsn, struct err *reterr);

/* A change came: its ordinal (from 1), and whether it must be written (it was not before). */
WARN_UNUSED bool progress_change(struct progress *progress, uint64_t *ret_ordinal, bool *ret_new,
                                 struct err *reterr);

/* The transaction is over: INSIDE -> BETWEEN. */
WARN_UNUSED bool progress_commits(struct progress *progress, uint64_t end_lsn, struct err *reterr);

/* The server says that nothing lies before this point: BETWEEN -> BETWEEN. */
WARN_UNUSED bool progress_advance(struct progress *progress, uint64_t lsn, struct err *reterr);

/* Appends the JSON object that is stored. */
void progress_print(struct buf *out, const struct progress *progress);

/* Reads a stored object. ERR_STOP when it is none. */
WARN_UNUSED bool progress_parse(struct str json, struct progress *ret, struct err *reterr);

/* What the server says at a start. */
struct progress_found {
    const char *system_id, *slot;
    uint32_t timeline;
    bool slot_exists;
    uint64_t slot_confirmed_lsn;
};

enum progress_verdict { PROGRESS_DO_SNAPSHOT, PROGRESS_DO_ADOPT, PROGRESS_DO_STREAM };

/*
 * What to do with the stored position on the server that was found. ERR_STOP (EX_CONFIG), saying
 * what to do, when they don't belong together: another cluster, timeline or slot, a slot that is
 * gone, recreated or advanced by somebody else.
 */
WARN_UNUSED bool progress_judge(const struct progress *stored, const struct progress_found *found,
                                bool snapshot_wanted, enum progress_verdict *ret,
                                struct err *reterr);

#endif
