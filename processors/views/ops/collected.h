/*
 * All rows that an aggregate has seen, in order: the accumulator of those that give them all back,
 * as a text, an array, a document, or that pick by place. Private to the aggregates.
 */
#ifndef SLUICE_VIEWS_OPS_COLLECTED_H
#define SLUICE_VIEWS_OPS_COLLECTED_H

#include "ops/aggregate_ops.h"
#include "ops/table.h"

/* What a value may have in PostgreSQL. */
enum { COLLECTED_BYTES_MAX = 1 << 30 };

struct collected_row {
    struct value args[AGGREGATE_ARGS_MAX];
};

/* In the step's arena. */
struct collected {
    struct collected_row *rows;
    uint32_t n, cap;
};

/* Adds a row `weight` times; taking back is not possible. */
void collected_add(void *at, const struct aggregate_site *site, struct arena *arena,
                   const struct value *args, int64_t weight);

/* Raises 54000. Returns false. */
bool collected_refuse(struct err *reterr);

#endif
