#include "metrics.h"

static struct metric rows[OBJECTS_METRICS + 1] = {
    [OBJECTS_RECORDS_READ] = {"sluice_records_read_total", "Records read from the topics.", NULL,
                              METRIC_COUNTER},
    [OBJECTS_RECORDS_WRITTEN] = {"sluice_records_written_total",
                                 "Records whose object stands in the store and whose offset is "
                                 "committed.",
                                 NULL, METRIC_COUNTER},
    [OBJECTS_OBJECTS_WRITTEN] = {"sluice_objects_written_total", "Objects put.", NULL,
                                 METRIC_COUNTER},
    [OBJECTS_OBJECT_BYTES] = {"sluice_object_bytes_total", "Bytes of the objects put.", NULL,
                              METRIC_COUNTER},
    [OBJECTS_OBJECTS_FOUND] = {"sluice_objects_found_total",
                               "Objects that a predecessor had put already, found equal.", NULL,
                               METRIC_COUNTER},
    [OBJECTS_DEAD_LETTERS] = {"sluice_dead_letters_total", "Records sent to the dead-letter topic.",
                              NULL, METRIC_COUNTER},
    [OBJECTS_CHARACTERS_REPLACED] = {"sluice_characters_replaced_total",
                                     "Characters that XML can't hold, written as U+FFFD.", NULL,
                                     METRIC_COUNTER},
    [OBJECTS_RETRIES] = {"sluice_retries_total", "Steps tried again because a server was away.",
                         NULL, METRIC_COUNTER},
    [OBJECTS_BUFFERED_RECORDS] = {"sluice_buffered_records", "Records in open windows.", NULL,
                                  METRIC_GAUGE},
    [OBJECTS_BUFFERED_BYTES] = {"sluice_buffered_bytes", "Bytes of records in open windows.", NULL,
                                METRIC_GAUGE},
    [OBJECTS_LAG_RECORDS] = {"sluice_lag_records",
                             "Offsets between what is read and the ends of the partitions.", NULL,
                             METRIC_GAUGE},
    {0}};

struct metrics objects_metrics = {rows};

void objects_count(enum objects_metric metric, int64_t n)
{
    metric_add(&rows[metric], n);
}

void objects_gauge(enum objects_metric metric, int64_t n)
{
    metric_set(&rows[metric], n);
}
