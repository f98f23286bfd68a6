/* What task.c and rebuild.c share: the inside of a task. Not for others. */
#ifndef SLUICE_VIEWS_TASK_INTERNAL_H
#define SLUICE_VIEWS_TASK_INTERNAL_H

#include "kafka/dead_letter.h"
#include "task/changelog.h"
#include "task/commit_record.h"
#include "task/outputs.h"
#include "task/task.h"

/* A message that goes to the dead letters in the next transaction; it is freed after that. */
struct rejected {
    struct kafka_message message;
    const char *rule;
    struct err reason;
};

/* What was read for one transaction. */
struct gathered {
    struct engine_event *events;
    struct rejected *rejected;
    uint32_t events_n, rejected_n, records_n;
    struct output_stamp stamp;
};

struct task {
    const struct task_context *context;
    int32_t number;
    struct changelog changelog;
    struct kafka_producer *producer;
    struct kafka_consumer *consumer;
    struct state *state;
    struct engine *engine;
    struct inputs *inputs;
    struct outputs outputs;
    struct arena *arena; /* of one transaction */
    struct gathered gathered;
    uint32_t batch_max; /* records that the next batch may have */
    struct commit_record record;
    struct buf record_text;
    struct buf path; /* of the local store */
    char cluster_id[64];
    size_t *caught_up; /* by input: EOF was seen since the last record */
    int64_t *held;     /* by input: the topic's end at the opening; -1 once it was read to there */
    size_t behind;     /* inputs that were not */
    int64_t watermark_checked_ms;
    int64_t warned_ms; /* when they were last logged */
};

/* Reads until the batch is full, the interval is over or the input runs dry; waits for the first
 * record. Fills task->gathered. */
WARN_UNUSED bool task_gather(struct task *task, struct err *reterr);

/* After a batch was committed: learns from the memory it took how many records the next may have,
 * and forgets it. */
void task_done_with_gathered(struct task *task);

/* Frees the messages that gather kept, and forgets what was gathered. */
void task_forget_gathered(struct task *task);

/*
 * Commits one transaction: `output` (may be NULL: no view records), the gathered dead letters, the
 * overlay with the commit record, and the inputs' offsets; then applies the overlay. `membership`
 * may be NULL only while the task is opened (the producer's own fence holds then).
 */
WARN_UNUSED bool task_commit(struct task *task, const struct engine_output *output,
                             struct kafka_membership *membership, struct err *reterr);

/* Every input partition has been read to its end. */
bool task_caught_up(const struct task *task);

/* Computes all views anew from the start of bronze and writes only the differences to the view
 * topics. See rebuild.c. */
WARN_UNUSED bool task_rebuild(struct task *task, struct err *reterr);

#endif
