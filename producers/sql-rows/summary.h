/* What a run did, as one line of JSON on stdout. Pure. */
#ifndef SLUICE_SQL_ROWS_SUMMARY_H
#define SLUICE_SQL_ROWS_SUMMARY_H

#include "options.h"

struct summary {
    int64_t began_us, ended_us;
    int64_t read, created, updated, deleted, snapshot, dead; /* rows */
    const char *status;                                      /* "success" or "failed" */
    const char *error;                                       /* NULL: none */
};

/* Appends the line without its newline: pipeline, execution_time, the count under the name that the
 * options give it, kafka_topic, status, query_criteria, and how many rows of each kind. */
void summary_print(struct buf *out, const struct rows_options *options,
                   const struct summary *summary);

#endif
