/*
 * What the views are compared with: SQLite in memory, fed the same changes, asked the whole query
 * again after each batch.
 */
#ifndef SLUICE_BENCH_VIEWS_SQLITE_H
#define SLUICE_BENCH_VIEWS_SQLITE_H

#include "ops/engine.h"

struct requery;

/* Tables for the sources that the plan reads, and the query made ready. Ends the process when SQLite
 * refuses. */
struct requery *requery_new(const struct plan *plan, const char *select);

/* NULL is fine. Returns NULL. */
struct requery *requery_free(struct requery *requery);

/* Brings the tables up to date with the events, in one transaction. */
void requery_apply(struct requery *requery, const struct engine_event *events, uint32_t n);

/* Runs the query and fetches all its rows; how many. */
uint64_t requery_run(struct requery *requery);

#endif
