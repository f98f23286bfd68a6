/*
 * Counters and gauges in Prometheus's text format 0.0.4, names `sluice_*` with base units (seconds,
 * bytes) and _total for counters; the same name means the same in every service. A fixed table per
 * service, no allocation after start; values are atomics: any thread may add or set.
 */
#ifndef SLUICE_SERVICE_METRICS_H
#define SLUICE_SERVICE_METRICS_H

#include "base/buf.h"
#include <stdatomic.h>

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE };

/* One series. Rows of one name must stand together. `labels` is the text between the braces,
 * `table="orders"`, or NULL. A table ends with a row without a name. */
struct metric {
    const char *name, *help, *labels;
    enum metric_kind kind;
    double scale; /* the printed value is the integer times scale; 0 means 1 (1e-3 for ms ->
                     seconds) */
    _Atomic int64_t value;
};

struct metrics {
    struct metric *rows;           /* the service's own table */
    struct metric *_Atomic others; /* a second one with other names, made once its labels are known;
                                      NULL: none yet */
};

/* `name="value"` with the value escaped as the format wants, and a comma before it unless it is the
 * first. */
void metric_label(struct buf *out, const char *name, const char *value);

/* Adds to a counter. Any thread. */
static inline void metric_add(struct metric *metric, int64_t n)
{
    atomic_fetch_add_explicit(&metric->value, n, memory_order_relaxed);
}

/* Sets a gauge. Any thread. */
static inline void metric_set(struct metric *metric, int64_t n)
{
    atomic_store_explicit(&metric->value, n, memory_order_relaxed);
}

/* Appends the exposition: the table, and what every process has (process_resident_memory_bytes,
 * process_cpu_seconds_total, process_start_time_seconds, sluice_build_info). */
void metrics_print(struct buf *out, const struct metrics *metrics, const char *service);

#endif
