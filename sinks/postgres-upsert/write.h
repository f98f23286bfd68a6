/*
 * Writes a sealed batch in one transaction with the offsets behind it. What the target refuses for
 * the sake of a single record is found by halving, under savepoints in that same transaction, and
 * goes to the dead letters.
 */
#ifndef SLUICE_POSTGRES_UPSERT_WRITE_H
#define SLUICE_POSTGRES_UPSERT_WRITE_H

#include "batch.h"
#include "dead.h"
#include "offsets.h"

struct writer {
    struct pg *pg;
    struct batch *batch;
    struct partitions *partitions;
    const struct kafka_message *messages; /* by the entries' tag */
    struct dead_letters *dead;
    bool resync;
    int64_t touched_before_ms; /* see offsets_statement */
    int64_t refused;           /* records dead-lettered so far, for the metrics */
};

/*
 * Commits the batch (maybe empty) and the offsets; nothing when neither is there. ERR_ABORT:
 * fenced, another instance has moved the offsets. Whatever the failure, the caller opens a new
 * session and reads on from what the target then holds: a lost answer needs no other care.
 */
WARN_UNUSED bool write_batch(struct writer *writer, struct err *reterr);

/* Ends a resync: deletes what was not seen, in one transaction fenced as any other. */
WARN_UNUSED bool write_resync_end(struct writer *writer, uint32_t tables_n, struct err *reterr);

#endif
