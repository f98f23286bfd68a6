/* What a run did, as one line of JSON on stdout: the common account, and what the rows were asked by. Pure. */
#ifndef SLUICE_SQL_ROWS_SUMMARY_H
#define SLUICE_SQL_ROWS_SUMMARY_H

#include "options.h"
#include "service/account.h"

struct summary {
    int64_t began_us;
    int64_t read, created, updated, deleted, snapshot, dead; /* rows */
    struct account account;
};

/* A run begins, at that moment of the wall clock and of the monotonic one. */
void summary_begin(struct summary *summary, const struct rows_options *options, int64_t now_us,
                   int64_t now_ms);

/* It is over; `error` NULL: it went well. */
void summary_end(struct summary *summary, const char *error, int64_t now_ms);

/* Appends the line without its newline: pipeline, execution_time, the count under the name that the
 * options give it, kafka_topic, query_criteria, and the account's members. */
void summary_print(struct buf *out, const struct rows_options *options,
                   const struct summary *summary);

#endif
