#include "objects_metrics.h"
#include <string.h>

void objects_metrics_init(struct metric *rows)
{
    static const char changes[] = "sluice_changes_total";
    static const char changes_help[] = "Changes written, by operation.";
    static const struct metric table[OBJECTS_METRICS + 1] = {
        [OBJECTS_CREATED] = {changes, changes_help, "op=\"c\"", METRIC_COUNTER},
        [OBJECTS_UPDATED] = {changes, changes_help, "op=\"u\"", METRIC_COUNTER},
        [OBJECTS_DELETED] = {changes, changes_help, "op=\"d\"", METRIC_COUNTER},
        [OBJECTS_ROWS] = {"sluice_rows_read_total", "Rows read from objects.", NULL,
                          METRIC_COUNTER},
        [OBJECTS_UNCHANGED] = {"sluice_rows_unchanged_total",
                               "Rows that had the content they have in the topic.", NULL,
                               METRIC_COUNTER},
        [OBJECTS_DEAD] = {"sluice_dead_letters_total", "Rows that could not be used.", NULL,
                          METRIC_COUNTER},
        [OBJECTS_READ] = {"sluice_objects_read_total", "Objects read to their ends.", NULL,
                          METRIC_COUNTER},
        [OBJECTS_FAILED] = {"sluice_objects_failed_total",
                            "Objects that could not be read to their ends.", NULL, METRIC_COUNTER},
        [OBJECTS_BYTES] = {"sluice_written_bytes_total", "Bytes of keys and values written.", NULL,
                           METRIC_COUNTER},
        [OBJECTS_COMMITS] = {"sluice_commits_total", "Kafka transactions committed.", NULL,
                             METRIC_COUNTER},
        [OBJECTS_COMMIT_TIME] = {"sluice_commit_seconds_total",
                                 "Time spent in committing Kafka transactions.", NULL,
                                 METRIC_COUNTER, 1e-6},
        [OBJECTS_KEYS] = {"sluice_keys", "Keys that the topic holds.", NULL, METRIC_GAUGE},
        [OBJECTS_RUNS] = {"sluice_runs_total", "Runs that came to their end.", NULL,
                          METRIC_COUNTER},
        [OBJECTS_LAST_RUN] = {"sluice_last_run_timestamp_seconds",
                              "When the last run that read everything ended.", NULL, METRIC_GAUGE,
                              1e-6},
        [OBJECTS_METRICS] = {NULL},
    };

    for (size_t i = 0; i <= OBJECTS_METRICS; i++) {
        rows[i].name = table[i].name;
        rows[i].help = table[i].help;
        rows[i].labels = table[i].labels;
        rows[i].kind = table[i].kind;
        rows[i].scale = table[i].scale;
        metric_set(&rows[i], 0);
    }
}

void objects_metrics_count(struct metric *rows, char op)
{
    static const char ops[] = "cud";
    const char *at = op == 0 ? NULL : strchr(ops, op);

    if (at != NULL)
        metric_add(&rows[OBJECTS_CREATED + (at - ops)], 1);
}
