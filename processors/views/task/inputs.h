/*
 * The bronze side of a task: which partitions it reads, how far it has read, and how a record
 * becomes an event of the engine or a dead letter. Decoding is pure; no Kafka call is made here.
 */
#ifndef SLUICE_VIEWS_TASK_INPUTS_H
#define SLUICE_VIEWS_TASK_INPUTS_H

#include "http/registry.h"
#include "kafka/consumer.h"
#include "ops/engine.h"

struct inputs;

/* For the plan's sources that some view reads. `partitions[i]` is the number of partitions of
 * sources[i]'s topic. `registry` knows the schemas of Avro records; NULL: there are none. Free with
 * inputs_free. */
struct inputs *inputs_new(const struct plan *plan, const int32_t *partitions,
                          struct registry *registry);

/* NULL is fine. Returns NULL. */
struct inputs *inputs_free(struct inputs *inputs);

/* Next offsets of all partitions, in a fixed order: what is assigned, committed and kept in the
 * commit record. */
const struct kafka_offset *inputs_offsets(const struct inputs *inputs, size_t *ret_n);

/* Sets the next offset of a partition; false when it is not an input. */
bool inputs_seek(struct inputs *inputs, struct str topic, int32_t partition, int64_t next);

/* What became of a record. */
enum input_outcome {
    INPUT_EVENT,    /* *ret_event holds it */
    INPUT_SKIPPED,  /* a tombstone: nothing to do */
    INPUT_REJECTED, /* to the dead letters for *ret_rule and *ret_reason; changes nothing */
    INPUT_CONTRACT, /* to the dead letters, and *ret_event takes the key's earlier row away */
    INPUT_FAILED    /* the schema registry failed, *ret_reason says how: nothing was decoded */
};

/* One decoded record. `rule` names what was broken. */
struct input_result {
    enum input_outcome outcome;
    struct engine_event event;
    int64_t commit_unix_us;
    const char *rule;
    struct err reason;
};

/* Where a record stands: its header, or else its offset, by which a foreign producer's are ordered. */
WARN_UNUSED bool inputs_position(const struct kafka_message *message, struct position *ret,
                                 struct err *reterr);

/* Decodes a record whose assigned_index is that of inputs_offsets, checks its contract, and moves
 * the partition's next offset past it. Rows are in the arena. */
void inputs_decode(struct inputs *inputs, struct engine *engine,
                   const struct kafka_message *message, struct arena *arena,
                   struct input_result *ret);

/* A record of a source wherever it came from; `position` is used as it is. */
struct input_record {
    uint32_t source;
    struct str key;
    struct str value;
    struct position position;
    int32_t partition;
    int64_t offset;
    int64_t commit_unix_us; /* for a value that does not say it; 0: unknown */
    bool enveloped;         /* whatever the source's format says */
};

/* As inputs_decode for a record that is in no partition, no offset moved: for --local. */
void inputs_decode_record(struct inputs *inputs, struct engine *engine,
                          const struct input_record *record, struct arena *arena,
                          struct input_result *ret);

/* The row, a JSON object, as the envelope of a change that it came with. */
struct str inputs_envelope(struct arena *arena, struct str row, char op);

/* A row that was not decoded here: it comes, or its key goes. */
struct input_row {
    uint32_t source;
    const struct row *row;
    bool gone;
    struct position position;
    int64_t offset;
};

/* As inputs_decode_record from there on: columns of metadata are filled in when all of them are NULL,
 * key and contract are checked. */
void inputs_take_row(struct inputs *inputs, struct engine *engine, const struct input_row *row,
                     struct arena *arena, struct input_result *ret);

#endif
