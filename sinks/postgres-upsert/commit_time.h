/*
 * The columns of target tables that no record has: they get the time at which the source committed
 * what the row was computed of (--commit-time-columns).
 */
#ifndef SLUICE_POSTGRES_UPSERT_COMMIT_TIME_H
#define SLUICE_POSTGRES_UPSERT_COMMIT_TIME_H

#include "base/buf.h"
#include "base/options.h"
#include "kafka/consumer.h"
#include "table.h"

/* Looks for the first of the names that the table has, and notes it there. ERR_STOP, EX_CONFIG: the
 * column can't hold a moment, or is a part of the key. */
WARN_UNUSED bool commit_time_find(const struct option_list *names, struct target_table *table,
                                  struct err *reterr);

/* The moment as text, in the arena: of the record's commit time, else of its own time stamp; `at`
 * NULL when it has neither. `scratch` keeps its room from record to record. */
struct str commit_time_of(const struct kafka_message *message, struct buf *scratch,
                          struct arena *arena);

#endif
