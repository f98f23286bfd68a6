#include "metrics.h"

struct metric upsert_metrics[] = {
    [UPSERT_RECORDS_READ] = {"sluice_records_read_total", "Records read from topics.", NULL,
                             METRIC_COUNTER, 0, 0},
    [UPSERT_ROWS_UPSERTED] = {"sluice_rows_upserted_total",
                              "Rows sent as upserts in committed transactions.", NULL,
                              METRIC_COUNTER, 0, 0},
    [UPSERT_ROWS_DELETED] = {"sluice_rows_deleted_total",
                             "Keys sent as deletes in committed transactions.", NULL,
                             METRIC_COUNTER, 0, 0},
    [UPSERT_BATCHES] = {"sluice_batches_total", "Transactions committed with records in them.",
                        NULL, METRIC_COUNTER, 0, 0},
    [UPSERT_DEAD_LETTERS] = {"sluice_dead_letters_total", "Records sent to the dead-letter topic.",
                             NULL, METRIC_COUNTER, 0, 0},
    [UPSERT_RETRIES] = {"sluice_retries_total", "Attempts that failed and are made again.", NULL,
                        METRIC_COUNTER, 0, 0},
    [UPSERT_FENCED] = {"sluice_fenced_total",
                       "Transactions refused because another instance had moved the offsets.", NULL,
                       METRIC_COUNTER, 0, 0},
    [UPSERT_LAG] = {"sluice_lag_records", "Offsets between what is written and the topics' ends.",
                    NULL, METRIC_GAUGE, 0, 0},
    [UPSERT_COMMIT_SECONDS] = {"sluice_commit_seconds_total",
                               "Time spent sending and committing transactions.", NULL,
                               METRIC_COUNTER, 1e-3, 0},
    [UPSERT_COMMIT_TIME_SECONDS] = {"sluice_source_commit_timestamp_seconds",
                                    "Source commit time of the newest change that is written.",
                                    NULL, METRIC_GAUGE, 1e-6, 0},
    [UPSERT_TASK_RUNNING] = {"sluice_task_running",
                             "1 while this instance writes, 0 while it stands by.", NULL,
                             METRIC_GAUGE, 0, 0},
    [UPSERT_RESYNC] = {"sluice_resync_running", "1 while a resync is under way.", NULL,
                       METRIC_GAUGE, 0, 0},
    [UPSERT_METRICS_N] = {0},
};

void upsert_count(enum upsert_metric metric, int64_t n)
{
    metric_add(&upsert_metrics[metric], n);
}

void upsert_gauge(enum upsert_metric metric, int64_t n)
{
    metric_set(&upsert_metrics[metric], n);
}
