/* What the service is told: one table, from which flags, environment, help and documentation come.
 */
#ifndef SLUICE_OBJECTS_OPTIONS_H
#define SLUICE_OBJECTS_OPTIONS_H

#include "base/cron.h"
#include "base/options.h"
#include "http/avro_topics.h"
#include "http/fetch.h"
#include "http/s3.h"
#include "kafka/client.h"
#include "postgres/connection.h"
#include "service/service.h"

enum objects_format { FORMAT_AUTO, FORMAT_CSV, FORMAT_JSON, FORMAT_NDJSON, FORMAT_XML };

/*
 * CONTENTS_WHOLE: all objects together are the whole content; a key that none has any more is
 * deleted. CONTENTS_EACH: each object is the whole content as it was then, in the order of names;
 * an object that was read is not read again. CONTENTS_ADDED: objects add and update, absence says
 * nothing.
 */
enum objects_contents { CONTENTS_WHOLE, CONTENTS_EACH, CONTENTS_ADDED };

struct objects_options {
    char *topic, *input, *dead_letters, *state_dir;
    int contents;     /* enum objects_contents */
    int format;       /* enum objects_format */
    int value_format; /* enum value_format */
    struct option_list key;
    char *columns, *null_text, *delimiter, *root, *record_element;
    char *raw_bucket, *raw_key;
    char *notifications_topic; /* NULL: objects are listed alone */
    char *state_table;         /* NULL: the objects are this instance's alone */
    int64_t lease_ms;
    bool header, tombstones;
    int64_t record_bytes, state_bytes;
    bool once;
    int64_t every_ms, give_up_ms;
    char *cron;
    int64_t commit_records, commit_bytes, commit_interval_ms;
    struct fetch_config fetch;
    struct s3_config s3;
    struct kafka_config kafka;
    struct postgres_config postgres;
    struct registry_config registry;
    struct service_config service;
    /* what follows from them */
    struct schedule schedule;
    char *progress_topic, *transactional_id;
    char *other_progress_topic; /* where it would be if sharing were the other way */
};

/* The service's name, and its option groups over a zeroed *options. The set and the groups live as
 * long as the caller's. */
enum { OBJECTS_GROUPS = 11 };
extern const char objects_service[];
struct objects_option_tables {
    struct option_group groups[OBJECTS_GROUPS + 1];
    struct option s3_rows[S3_ROWS_MAX]; /* without --s3-bucket: --input names it */
};
void objects_option_set(struct objects_options *options, struct objects_option_tables *tables,
                        struct option_set *ret);

/* Fills what follows from the options and checks them. */
WARN_UNUSED bool objects_options_complete(struct objects_options *options, struct err *reterr);

/* Frees what objects_options_complete made. */
void objects_options_done(struct objects_options *options);

#endif
