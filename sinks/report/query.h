/*
 * A report asked of the database: in a read-only transaction of one snapshot, by a cursor, so that a
 * result comes in parts. Parameters are bound, never built into the statement.
 */
#ifndef SLUICE_REPORT_QUERY_H
#define SLUICE_REPORT_QUERY_H

#include "format.h"
#include "postgres/connection.h"
#include "report.h"

struct query {
    const struct report *report;
    const char *const *values; /* one for each parameter */
    /* Called for each part; the first comes though there are no rows. */
    bool (*each)(void *arg, const struct part *part, struct err *reterr);
    void *arg;
};

/* Runs it. An error names the report; the transaction is over then as well. */
WARN_UNUSED bool query_run(struct pg *pg, const struct query *query, struct err *reterr);

#endif
