/* What the service is told: one table, from which flags, environment, help and documentation come.
 */
#ifndef SLUICE_POSTGRES_CDC_OPTIONS_H
#define SLUICE_POSTGRES_CDC_OPTIONS_H

#include "base/options.h"
#include "http/avro_topics.h"
#include "kafka/client.h"
#include "postgres/connection.h"
#include "record/debezium.h"
#include "service/service.h"

enum { CDC_SNAPSHOT_INITIAL, CDC_SNAPSHOT_NEVER };

struct cdc_options {
    char *prefix, *slot, *publication;
    struct option_list tables;
    int decimal, time; /* enum debezium_decimal, enum debezium_time */
    int snapshot_mode;
    int value_format; /* enum value_format */
    bool tombstones;
    int64_t commit_interval_ms, commit_records, commit_bytes, idle_advance_ms;
    struct kafka_config kafka;
    struct postgres_config postgres;
    struct registry_config registry;
    struct service_config service;
    /* names that follow from the prefix */
    char *progress_topic, *transactional_id;
};

/* The service's name, and its option groups over a zeroed *options. The set and the groups live as
 * long as the caller's. */
enum { CDC_GROUPS = 6 };
extern const char cdc_service[];
void cdc_option_set(struct cdc_options *options, struct option_group *groups,
                    struct option_set *ret);

/* Fills what was left out from the prefix and checks the names. */
WARN_UNUSED bool cdc_options_complete(struct cdc_options *options, struct err *reterr);

/* Frees what cdc_options_complete made. */
void cdc_options_done(struct cdc_options *options);

#endif
