/*
 * The changelog topic: every state change of a task, keyed by state key, compacted. The commit
 * record (commit_record.h) is one of its entries. Restoring reads it from where the local store
 * stands to its end.
 */
#ifndef SLUICE_VIEWS_TASK_CHANGELOG_H
#define SLUICE_VIEWS_TASK_CHANGELOG_H

#include "kafka/producer.h"
#include "state/state.h"

/* What the changelog is and how it is reached. */
struct changelog {
    const struct kafka_config *config;
    const char *client_id;
    const char *topic;
    int32_t partition; /* the task's number */

    /* Told about once a second while restoring, with the records read and the offsets left. */
    void (*each)(void *arg, uint64_t records, int64_t left);
    void *arg;
};

/* What restoring did. */
struct restored {
    int64_t end;      /* the changelog's end then: everything before it is applied */
    uint64_t records; /* read */
};

/*
 * Brings the local store to the changelog's end (open transactions included: wait them out; the
 * predecessor's was aborted by init_transactions before). Ends with one state_apply whose mark
 * carries the end.
 */
WARN_UNUSED bool changelog_restore(const struct changelog *changelog, struct kafka_admin *admin,
                                   struct state *state, const struct state_mark *mark,
                                   struct restored *ret, struct err *reterr);

/* Produces what was written since the last commit into the open transaction; *ret_records counts the
 * entries. */
WARN_UNUSED bool changelog_write(const struct changelog *changelog, struct kafka_producer *producer,
                                 const struct overlay *overlay, uint64_t *ret_records,
                                 struct err *reterr);

#endif
