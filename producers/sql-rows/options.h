/* What the service is told: one table, from which flags, environment, help and documentation come.
 */
#ifndef SLUICE_SQL_ROWS_OPTIONS_H
#define SLUICE_SQL_ROWS_OPTIONS_H

#include "base/options.h"
#include "http/avro_topics.h"
#include "kafka/client.h"
#include "postgres/connection.h"
#include "record/debezium.h"
#include "service/service.h"

enum rows_mode { ROWS_FULL, ROWS_INCREMENTAL };
enum rows_format { ROWS_DEBEZIUM, ROWS_JSON };
enum rows_emit { ROWS_EMIT_DEFAULT, ROWS_EMIT_CHANGES, ROWS_EMIT_ALL };
enum rows_late { ROWS_LATE_DEFAULT, ROWS_LATE_HORIZON, ROWS_LATE_OVERLAP, ROWS_LATE_IGNORE };

struct rows_options {
    /* what is read */
    char *sqlite, *table, *query, *query_file;
    struct option_list parameters, key_columns;
    char *as_of;
    /* how */
    int mode, late; /* enum rows_mode, enum rows_late */
    char *timestamp_column, *id_column;
    int64_t page_rows, overlap_ms;
    bool detect_deletes, resync;
    /* a CSV that is loaded first */
    char *csv, *into, *ddl;
    /* when */
    bool once;
    int64_t every_ms;
    char *cron;
    int64_t give_up_ms;
    /* where to */
    char *prefix, *topic, *dead_letter_topic, *pipeline, *count_name, *state_dir;
    int64_t state_bytes;
    int format, value_format, emit; /* enum rows_format, value_format, rows_emit */
    bool tombstones;
    int64_t commit_records, commit_bytes;
    struct kafka_config kafka;
    struct registry_config registry;
    struct postgres_config postgres;
    struct service_config service;
    /* what follows from the above */
    char *progress_topic, *transactional_id, *query_text;
};

/* The service's name, and its option groups over a zeroed *options. The set and the groups live as
 * long as the caller's. */
enum { ROWS_GROUPS = 8 };
extern const char rows_service[];
void rows_option_set(struct rows_options *options, struct option_group *groups,
                     struct option_set *ret);

/* Checks what belongs together, reads the query's file, fills names that were left out. */
WARN_UNUSED bool rows_options_complete(struct rows_options *options, struct err *reterr);

/* Frees what rows_options_complete made. */
void rows_options_done(struct rows_options *options);

/* A "name=value" of --parameter: its value, and *ret_name_len the length of its name. */
const char *rows_parameter_value(const char *parameter, size_t *ret_name_len);

#endif
