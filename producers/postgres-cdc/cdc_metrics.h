/* The service's metrics. */
#ifndef SLUICE_POSTGRES_CDC_METRICS_H
#define SLUICE_POSTGRES_CDC_METRICS_H

#include "service/metrics.h"

enum cdc_metric {
    CDC_CREATED,
    CDC_UPDATED,
    CDC_DELETED,
    CDC_READ,
    CDC_TRUNCATED,
    CDC_TRANSACTIONS,
    CDC_BYTES,
    CDC_COMMITS,
    CDC_COMMIT_TIME,
    CDC_RETRACTED,
    CDC_LAG_BYTES,
    CDC_LAG_TIME,
    CDC_RETAINED,
    CDC_SAFE,
    CDC_POSITION,
    CDC_METRICS
};

/* Fills the table of CDC_METRICS + 1 rows. */
void cdc_metrics_init(struct metric *rows);

/* Counts a record by the operation of its envelope. Any thread. */
void cdc_metrics_count(struct metric *rows, char op);

#endif
