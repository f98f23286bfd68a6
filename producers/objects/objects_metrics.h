/* The service's metrics. */
#ifndef SLUICE_OBJECTS_METRICS_H
#define SLUICE_OBJECTS_METRICS_H

#include "service/metrics.h"

enum objects_metric {
    OBJECTS_CREATED,
    OBJECTS_UPDATED,
    OBJECTS_DELETED,
    OBJECTS_ROWS,
    OBJECTS_UNCHANGED,
    OBJECTS_DEAD,
    OBJECTS_READ,
    OBJECTS_FAILED,
    OBJECTS_BYTES,
    OBJECTS_COMMITS,
    OBJECTS_COMMIT_TIME,
    OBJECTS_KEYS,
    OBJECTS_RUNS,
    OBJECTS_LAST_RUN,
    OBJECTS_METRICS
};

/* Fills the table of OBJECTS_METRICS + 1 rows. */
void objects_metrics_init(struct metric *rows);

/* Counts an event by the operation of its envelope; 0 counts nothing. Any thread. */
void objects_metrics_count(struct metric *rows, char op);

#endif
