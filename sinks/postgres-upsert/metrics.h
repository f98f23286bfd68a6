/* The counters of this service, one fixed table. */
#ifndef SLUICE_POSTGRES_UPSERT_METRICS_H
#define SLUICE_POSTGRES_UPSERT_METRICS_H

#include "service/metrics.h"

enum upsert_metric {
    UPSERT_RECORDS_READ,
    UPSERT_ROWS_UPSERTED,
    UPSERT_ROWS_DELETED,
    UPSERT_BATCHES,
    UPSERT_DEAD_LETTERS,
    UPSERT_RETRIES,
    UPSERT_FENCED,
    UPSERT_LAG,
    UPSERT_COMMIT_SECONDS,
    UPSERT_COMMIT_TIME_SECONDS,
    UPSERT_TASK_RUNNING,
    UPSERT_RESYNC,
    UPSERT_METRICS_N
};

extern struct metric upsert_metrics[];

/* Adds to a counter. */
void upsert_count(enum upsert_metric metric, int64_t n);

/* Sets a gauge. */
void upsert_gauge(enum upsert_metric metric, int64_t n);

#endif
