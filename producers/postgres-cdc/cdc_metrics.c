#include "cdc_metrics.h"

void cdc_metrics_init(struct metric *rows)
{
    static const char changes[] = "sluice_changes_total";
    static const char changes_help[] = "Changes written, by operation (r: rows of the snapshot).";
    static const struct metric table[CDC_METRICS + 1] = {
        [CDC_CREATED] = {changes, changes_help, "op=\"c\"", METRIC_COUNTER},
        [CDC_UPDATED] = {changes, changes_help, "op=\"u\"", METRIC_COUNTER},
        [CDC_DELETED] = {changes, changes_help, "op=\"d\"", METRIC_COUNTER},
        [CDC_READ] = {changes, changes_help, "op=\"r\"", METRIC_COUNTER},
        [CDC_TRUNCATED] = {changes, changes_help, "op=\"t\"", METRIC_COUNTER},
        [CDC_TRANSACTIONS] = {"sluice_source_transactions_total",
                              "Transactions of the source that were written whole.", NULL,
                              METRIC_COUNTER},
        [CDC_BYTES] = {"sluice_written_bytes_total", "Bytes of keys and values written.", NULL,
                       METRIC_COUNTER},
        [CDC_COMMITS] = {"sluice_commits_total", "Kafka transactions committed.", NULL,
                         METRIC_COUNTER},
        [CDC_COMMIT_TIME] = {"sluice_commit_seconds_total",
                             "Time spent in committing Kafka transactions.", NULL, METRIC_COUNTER,
                             1e-6},
        [CDC_RETRACTED] = {"sluice_retractions_total",
                           "Rows of earlier snapshots that were retracted.", NULL, METRIC_COUNTER},
        [CDC_LAG_BYTES] = {"sluice_lag_bytes", "WAL written but not yet confirmed.", NULL,
                           METRIC_GAUGE},
        [CDC_LAG_TIME] = {"sluice_lag_seconds",
                          "Age of the last change when it was committed to Kafka.", NULL,
                          METRIC_GAUGE, 1e-6},
        [CDC_RETAINED] = {"sluice_retained_wal_bytes", "WAL that the slot keeps.", NULL,
                          METRIC_GAUGE},
        [CDC_SAFE] = {"sluice_safe_wal_bytes",
                      "WAL that may be written before the slot is lost (-1: no limit).", NULL,
                      METRIC_GAUGE},
        [CDC_POSITION] = {"sluice_position_lsn", "The stored position, as a number.", NULL,
                          METRIC_GAUGE},
        [CDC_METRICS] = {NULL},
    };

    for (size_t i = 0; i <= CDC_METRICS; i++) {
        rows[i].name = table[i].name;
        rows[i].help = table[i].help;
        rows[i].labels = table[i].labels;
        rows[i].kind = table[i].kind;
        rows[i].scale = table[i].scale;
        metric_set(&rows[i], 0);
    }
}

void cdc_metrics_count(struct metric *rows, char op)
{
    static const char ops[] = "cudrt";
    const char *at = op == 0 ? NULL : strchr(ops, op);

    if (at != NULL)
        metric_add(&rows[CDC_CREATED + (at - ops)], 1);
}
