/* The series of sluice-views. */
#ifndef SLUICE_VIEWS_TASK_METRICS_H
#define SLUICE_VIEWS_TASK_METRICS_H

#include "service/metrics.h"
#include "sql/plan.h"

/* Indexes into views_metrics. */
enum views_metric {
    VIEWS_RECORDS_READ,
    VIEWS_RECORDS_WRITTEN,
    VIEWS_DEAD_LETTERS,
    VIEWS_QUARANTINED,
    VIEWS_STALE,
    VIEWS_CHANGELOG_RECORDS,
    VIEWS_TRANSACTIONS,
    VIEWS_TRANSACTIONS_ABORTED,
    VIEWS_STATE_KEYS,
    VIEWS_STATE_BYTES,
    VIEWS_STEP_SECONDS,
    VIEWS_COMMIT_SECONDS,
    VIEWS_APPLY_SECONDS,
    VIEWS_TASK_RUNNING,
    VIEWS_COMMIT_TIME_SECONDS,
    VIEWS_METRICS_N
};

/* The table, ended by a row without a name. */
extern struct metrics views_metrics;

/* Makes a counter of each rule of the plan that only warns. The plan must stay alive. */
void views_warnings_start(struct arena *arena, const struct plan *plan);

/* Adds to the counter of that rule; returns what it is then. Any thread. */
int64_t views_warned(uint32_t source, uint16_t rule, int64_t n);

/* Adds to a counter. Any thread. */
void views_count(enum views_metric metric, int64_t n);

/* Sets a gauge. Any thread. */
void views_gauge(enum views_metric metric, int64_t n);

#endif
