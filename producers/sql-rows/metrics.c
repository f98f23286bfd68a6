#include "metrics.h"

void rows_metrics_init(struct metric *rows)
{
    static const char changes[] = "sluice_changes_total";
    static const char changes_help[] = "Changes written, by operation (r: rows of the first run).";
    static const char runs[] = "sluice_runs_total";
    static const char runs_help[] = "Runs, by how they ended.";
    static const struct metric table[ROWS_METRICS + 1] = {
        [ROWS_CREATED] = {changes, changes_help, "op=\"c\"", METRIC_COUNTER},
        [ROWS_UPDATED] = {changes, changes_help, "op=\"u\"", METRIC_COUNTER},
        [ROWS_DELETED] = {changes, changes_help, "op=\"d\"", METRIC_COUNTER},
        [ROWS_SNAPSHOT] = {changes, changes_help, "op=\"r\"", METRIC_COUNTER},
        [ROWS_READ] = {"sluice_rows_read_total", "Rows read from the source.", NULL,
                       METRIC_COUNTER},
        [ROWS_DEAD] = {"sluice_dead_letters_total", "Rows and lines that could not be used.", NULL,
                       METRIC_COUNTER},
        [ROWS_BYTES] = {"sluice_written_bytes_total", "Bytes of keys and values written.", NULL,
                        METRIC_COUNTER},
        [ROWS_COMMITS] = {"sluice_commits_total", "Kafka transactions committed.", NULL,
                          METRIC_COUNTER},
        [ROWS_RUNS_DONE] = {runs, runs_help, "status=\"success\"", METRIC_COUNTER},
        [ROWS_RUNS_FAILED] = {runs, runs_help, "status=\"failed\"", METRIC_COUNTER},
        [ROWS_RUN_TIME] = {"sluice_run_seconds_total", "Time spent in runs that succeeded.", NULL,
                           METRIC_COUNTER, 1e-6},
        [ROWS_LAST_SUCCESS] = {"sluice_last_success_timestamp_seconds",
                               "When the last run that succeeded began.", NULL, METRIC_GAUGE, 1e-6},
        [ROWS_METRICS] = {NULL},
    };

    for (size_t i = 0; i <= ROWS_METRICS; i++) {
        rows[i].name = table[i].name;
        rows[i].help = table[i].help;
        rows[i].labels = table[i].labels;
        rows[i].kind = table[i].kind;
        rows[i].scale = table[i].scale;
        metric_set(&rows[i], 0);
    }
}
