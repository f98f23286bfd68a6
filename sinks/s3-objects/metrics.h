/* The service's metrics; see service/metrics.h. */
#ifndef S3_OBJECTS_METRICS_H
#define S3_OBJECTS_METRICS_H

#include "service/metrics.h"

enum objects_metric {
    OBJECTS_RECORDS_READ,
    OBJECTS_RECORDS_WRITTEN,
    OBJECTS_OBJECTS_WRITTEN,
    OBJECTS_OBJECT_BYTES,
    OBJECTS_OBJECTS_FOUND,
    OBJECTS_DEAD_LETTERS,
    OBJECTS_CHARACTERS_REPLACED,
    OBJECTS_RETRIES,
    OBJECTS_BUFFERED_RECORDS,
    OBJECTS_BUFFERED_BYTES,
    OBJECTS_LAG_RECORDS,
    OBJECTS_METRICS
};

/* One process, one table: filled by the task, printed by the endpoint. */
extern struct metrics objects_metrics;

/* Adds to a counter of the table. Any thread. */
void objects_count(enum objects_metric metric, int64_t n);

/* Sets a gauge of the table. Any thread. */
void objects_gauge(enum objects_metric metric, int64_t n);

#endif
