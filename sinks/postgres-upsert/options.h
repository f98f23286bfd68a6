/*
 * What can be set of this service, filled from one table. Nothing is checked here beyond form.
 */
#ifndef SLUICE_POSTGRES_UPSERT_OPTIONS_H
#define SLUICE_POSTGRES_UPSERT_OPTIONS_H

#include "http/registry.h"
#include "kafka/client.h"
#include "postgres/connection.h"
#include "service/service.h"

struct upsert_options {
    char *pipeline;
    struct option_list topics;
    struct option_list target;
    struct option_list commit_time_columns;
    int64_t batch_rows, batch_bytes;
    int64_t flush_interval_ms, max_away_ms;
    char *member_id;
    bool resync;
    struct kafka_config kafka;
    struct postgres_config postgres;
    struct registry_config registry;
    struct service_config service;
};

/* The service's own rows. */
extern const struct option upsert_options_rows[];

#endif
