/*
 * A question by HTTP: which report it means, in which format, with which values for its parameters.
 * Pure; nothing of it becomes a part of a statement.
 */
#ifndef SLUICE_REPORT_ASK_H
#define SLUICE_REPORT_ASK_H

#include "format.h"
#include "report.h"
#include "service/endpoint.h"

struct catalog {
    const struct report *reports;
    size_t n;
};

struct asked {
    const struct report *report;
    enum report_format format;
    const char *values[REPORT_PARAMETERS_MAX]; /* in the arena, or a report's own default */
};

/* No two reports have one path, and none takes "format", which is the question's own. ERR_STOP
 * (EX_DATAERR). */
WARN_UNUSED bool ask_check(const struct catalog *catalog, struct err *reterr);

/*
 * A report is at its own path and at /reports/NAME; its parameters are the question's NAME=VALUE.
 * The format is ?format=json|csv|xml|table, else what the Accept header likes best, else JSON.
 * Returns the status: 200, or 400, 404, 406 with what is right in *reterr (ERR_DEAD_LETTER).
 */
unsigned ask(const struct catalog *catalog, const struct endpoint_request *request,
             struct arena *arena, struct asked *ret, struct err *reterr);

/* Appends what can be asked as JSON: an array of names, paths and parameters. */
void ask_list(struct buf *out, const struct catalog *catalog);

#endif
