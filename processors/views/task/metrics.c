#include "task/metrics.h"

#define TASK "task=\"0\""

static struct metric rows[] = {
    [VIEWS_RECORDS_READ] = {"sluice_records_read_total", "Records read from bronze topics.", TASK,
                            METRIC_COUNTER, 0, 0},
    [VIEWS_RECORDS_WRITTEN] = {"sluice_records_written_total",
                               "Upserts and tombstones written to view topics.", TASK,
                               METRIC_COUNTER, 0, 0},
    [VIEWS_DEAD_LETTERS] = {"sluice_dead_letters_total", "Records sent to the dead-letter topic.",
                            TASK, METRIC_COUNTER, 0, 0},
    [VIEWS_QUARANTINED] = {"sluice_quarantined_rows",
                           "Rows withheld now because an expression raised.", TASK, METRIC_GAUGE, 0,
                           0},
    [VIEWS_STALE] = {"sluice_records_stale_total",
                     "Records dropped because their key is known at a newer position.", TASK,
                     METRIC_COUNTER, 0, 0},
    [VIEWS_CHANGELOG_RECORDS] = {"sluice_changelog_records_total",
                                 "Records written to the changelog topic.", TASK, METRIC_COUNTER, 0,
                                 0},
    [VIEWS_TRANSACTIONS] = {"sluice_transactions_total", "Kafka transactions committed.", TASK,
                            METRIC_COUNTER, 0, 0},
    [VIEWS_TRANSACTIONS_ABORTED] = {"sluice_transactions_aborted_total",
                                    "Kafka transactions aborted.", TASK, METRIC_COUNTER, 0, 0},
    [VIEWS_STATE_KEYS] = {"sluice_state_keys", "Keys in the local store.", TASK, METRIC_GAUGE, 0,
                          0},
    [VIEWS_STATE_BYTES] = {"sluice_state_bytes", "Bytes of the local store's pages.", TASK,
                           METRIC_GAUGE, 0, 0},
    [VIEWS_STEP_SECONDS] = {"sluice_step_seconds_total", "Time spent decoding and computing.", TASK,
                            METRIC_COUNTER, 1e-3, 0},
    [VIEWS_COMMIT_SECONDS] = {"sluice_commit_seconds_total",
                              "Time spent writing and committing transactions.", TASK,
                              METRIC_COUNTER, 1e-3, 0},
    [VIEWS_APPLY_SECONDS] = {"sluice_apply_seconds_total",
                             "Time spent applying transactions to the local store.", TASK,
                             METRIC_COUNTER, 1e-3, 0},
    [VIEWS_TASK_RUNNING] = {"sluice_task_running",
                            "1 while this instance owns the task, 0 while it stands by.", TASK,
                            METRIC_GAUGE, 0, 0},
    [VIEWS_COMMIT_TIME_SECONDS] = {"sluice_source_commit_timestamp_seconds",
                                   "Source commit time of the newest change the views reflect.",
                                   TASK, METRIC_GAUGE, 1e-6, 0},
    [VIEWS_METRICS_N] = {0},
};

struct metrics views_metrics = {rows, NULL};

/* A row for each rule that only warns; where it is, by source and rule. */
static struct metric *warnings;
static uint32_t **places;

static const char *labels_of(struct arena *arena, const struct plan_source *source,
                             const struct plan_rule *rule)
{
    CLEANUP(buf) struct buf labels = {0};

    buf_puts(&labels, TASK);
    metric_label(&labels, "source", source->name);
    metric_label(&labels, "rule", rule->name);
    return arena_copy(arena, buf_str(&labels)).at;
}

static uint32_t rules_in(const struct plan *plan)
{
    uint32_t n = 0;

    for (uint32_t s = 0; s < plan->sources_n; s++)
        n += plan->sources[s].rules_n;
    return n;
}

void views_warnings_start(struct arena *arena, const struct plan *plan)
{
    uint32_t n = 0;

    warnings = arena_zalloc(arena, (rules_in(plan) + 1) * sizeof(*warnings));
    places = arena_zalloc(arena, (plan->sources_n + 1) * sizeof(*places));
    for (uint32_t s = 0; s < plan->sources_n; s++) {
        const struct plan_source *source = &plan->sources[s];

        places[s] = arena_zalloc(arena, (source->rules_n + 1U) * sizeof(*places[s]));
        for (uint16_t r = 0; r < source->rules_n; r++) {
            if (!source->rules[r].warning)
                continue;
            places[s][r] = n;
            warnings[n++] =
                (struct metric){.name = "sluice_contract_warnings_total",
                                .help = "Times a row broke a rule of its contract that only warns.",
                                .labels = labels_of(arena, source, &source->rules[r])};
        }
    }
    views_metrics.others = warnings;
}

int64_t views_warned(uint32_t source, uint16_t rule, int64_t n)
{
    struct metric *row = &warnings[places[source][rule]];

    metric_add(row, n);
    return row->value;
}

void views_count(enum views_metric metric, int64_t n)
{
    metric_add(&rows[metric], n);
}

void views_gauge(enum views_metric metric, int64_t n)
{
    metric_set(&rows[metric], n);
}
