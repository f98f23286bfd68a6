/*
 * The columns of a source that tell of the record and not of the row: OPTIONS (metadata '...').
 * Pure.
 */
#ifndef SLUICE_VIEWS_TASK_METADATA_H
#define SLUICE_VIEWS_TASK_METADATA_H

#include "record/position.h"
#include "record/row.h"
#include "sql/plan.h"

/* What is known of a record. */
struct record_facts {
    char op;
    int64_t commit_unix_us; /* 0: unknown */
    struct position position;
    int32_t partition;
    int64_t offset;
};

/* The source's schema for decoding: the columns of metadata are not looked for. In the arena. */
const struct schema *metadata_decoded(struct arena *arena, const struct plan_source *source);

/* The row with the columns of metadata filled in, in the arena; as it is when there are none. */
const struct row *metadata_fill(const struct plan_source *source, const struct record_facts *facts,
                                const struct row *row, struct row_builder *builder,
                                struct arena *arena);

#endif
