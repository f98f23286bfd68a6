/* The options of sluice-views. */
#ifndef SLUICE_VIEWS_TASK_OPTIONS_H
#define SLUICE_VIEWS_TASK_OPTIONS_H

#include "http/registry.h"
#include "kafka/client.h"
#include "service/service.h"

struct views_options {
    char *file;                           /* the pipeline to run */
    char *as_of;                          /* what now() is in it; NULL: refused */
    int contract;                         /* an index into "lenient", "strict" */
    char *pipeline;                       /* its name; NULL: the name of the file's folder */
    char *check, *explain, *oracle, *ddl; /* one-shot: a pipeline file each */
    char *avro_schemas;                   /* one-shot: the folder to write them to */
    bool functions;                       /* one-shot: print the table of functions */
    char *lineage, *lineage_key;          /* a view, and the key of its row */
    char *local;                          /* a folder of source files: run once without a broker */
    char *print;                          /* of --local: the one view to print */
    char *test;                           /* one-shot: a file of tests */
    int format;                           /* of --explain: an index into "text", "json" */
    char *member_id;
    char *state_dir;
    int64_t state_bytes, state_buffer_bytes;
    int64_t commit_interval_ms;
    int64_t batch_rows;
    int64_t batch_bytes;
    bool rebuild;
    int value_format; /* an index into "json", "avro" */
    struct kafka_config kafka;
    struct registry_config registry;
    struct service_config service;
};

/* The rows of the group "Views"; the others are kafka_options and service_options. */
extern const struct option views_options_rows[];

#endif
