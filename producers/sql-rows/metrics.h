/* What the service counts; see the help texts. */
#ifndef SLUICE_SQL_ROWS_METRICS_H
#define SLUICE_SQL_ROWS_METRICS_H

#include "service/metrics.h"

enum {
    ROWS_CREATED,
    ROWS_UPDATED,
    ROWS_DELETED,
    ROWS_SNAPSHOT,
    ROWS_READ,
    ROWS_DEAD,
    ROWS_BYTES,
    ROWS_COMMITS,
    ROWS_RUNS_DONE,
    ROWS_RUNS_FAILED,
    ROWS_RUN_TIME,
    ROWS_LAST_SUCCESS,
    ROWS_METRICS
};

/* Fills the table; `rows` holds ROWS_METRICS + 1. */
void rows_metrics_init(struct metric *rows);

#endif
