/*
 * The commit record: one entry of a task's state, written in every transaction, that says which
 * inputs the state holds. So the changelog explains itself, whatever became of the group's offsets.
 * JSON, so that a person can read it:
 *
 *   {"v":1,"seq":12,"plan":"90ab...","phase":"running","offsets":[["finance_db.operations.orders",0,4711],...]}
 *
 * Pure: text in, struct out.
 */
#ifndef SLUICE_VIEWS_TASK_COMMIT_RECORD_H
#define SLUICE_VIEWS_TASK_COMMIT_RECORD_H

#include "task/inputs.h"

/* No operator's key: those start with an 8-byte fingerprint and are longer. */
#define COMMIT_RECORD_KEY STR("commit")

/*
 * What the task is doing. REBUILDING lasts from the first tombstone over the old state to the
 * transaction that has written the last difference; a task found in it starts the rebuild over.
 */
enum task_phase { PHASE_RUNNING, PHASE_REBUILDING };

struct commit_record {
    uint64_t seq;
    uint64_t plan_hash;
    enum task_phase phase;
};

/* Appends the record with the inputs' next offsets. */
void commit_record_print(struct buf *out, const struct commit_record *record,
                         const struct inputs *inputs);

/*
 * Parses the record and, when `inputs` is not NULL, moves its offsets there. ERR_STOP when it is
 * not a commit record. A partition that is no input any more is ignored; one that the record does
 * not name keeps its offset.
 */
WARN_UNUSED bool commit_record_parse(struct str text, struct commit_record *ret,
                                     struct inputs *inputs, struct err *reterr);

#endif
