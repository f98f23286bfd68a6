/* What the service is told: one table, from which flags, environment, help and documentation come.
 */
#ifndef SLUICE_REPORT_OPTIONS_H
#define SLUICE_REPORT_OPTIONS_H

#include "base/cron.h"
#include "base/options.h"
#include "format.h"
#include "http/registry.h"
#include "http/s3.h"
#include "http/smtp.h"
#include "kafka/client.h"
#include "postgres/connection.h"
#include "service/service.h"

/* What a topic's quality is counted over: each record, or the last of each key. */
enum quality_of { QUALITY_ROWS, QUALITY_RECORDS };

struct report_options {
    char *query; /* a report's name, or "all" */
    char *folder;
    struct option_list parameters; /* NAME=VALUE */
    int format;                    /* enum report_format */
    char *out, *out_dir;
    bool export;
    int64_t every_ms;
    char *cron, *summary_file;
    char *serve; /* HOST:PORT */
    char *serve_username, *serve_password;
    int64_t serve_rows, serve_timeout_ms;
    char *quality; /* a topic */
    char *files;   /* a topic */
    int quality_of;
    int64_t quality_bytes;
    struct postgres_config postgres;
    struct s3_config s3;
    struct smtp_config smtp;
    struct kafka_config kafka;
    struct registry_config registry;
    struct service_config service;
    /* what follows from them */
    struct schedule schedule;
    bool lasting; /* it goes on until it is stopped */
};

enum { REPORT_GROUPS = 9 };
extern const char report_service[];
struct report_option_tables {
    struct option_group groups[REPORT_GROUPS + 1];
    struct option s3_rows[S3_ROWS_MAX]; /* without --s3-bucket: --out names it */
};

/* The service's name and its option groups over a zeroed *options; they live as long as both. */
void report_option_set(struct report_options *options, struct report_option_tables *tables,
                       struct option_set *ret);

/* Fills what follows from the options and checks them. */
WARN_UNUSED bool report_options_complete(struct report_options *options, struct err *reterr);

#endif
