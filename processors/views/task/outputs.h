/*
 * The silver and gold side of a task: what a step of the engine gives becomes upserts, tombstones
 * and quarantine entries. Writes into the caller's open transaction.
 */
#ifndef SLUICE_VIEWS_TASK_OUTPUTS_H
#define SLUICE_VIEWS_TASK_OUTPUTS_H

#include "kafka/producer.h"
#include "task/codec.h"

/* Where the newest input of a step stood: what its outputs carry as headers. */
struct output_stamp {
    struct position position;
    int64_t commit_unix_us;
};

/* Keeps its buffers between steps. Zero it; free with outputs_done. */
struct outputs {
    const struct plan *plan;
    const char *quarantine_topic;
    struct codec *codec;
    struct buf key, value, position, time;
};

/* Frees the buffers. */
void outputs_done(struct outputs *outputs);

/* Produces every change of the step. Errors as kafka_produce. */
WARN_UNUSED bool outputs_write(struct outputs *outputs, struct kafka_producer *producer,
                               const struct engine_output *output, struct output_stamp stamp,
                               struct err *reterr);

/* Appends the value of a quarantine entry that is not gone. */
void outputs_quarantine_value(struct buf *out, const struct plan *plan,
                              const struct engine_quarantine *entry);

#endif
