/*
 * The reports as answers to GET: --serve. One thread answers one question after the other, by a
 * connection of its own to the database; each answer is of one snapshot, and bounded in rows, bytes
 * and time.
 */
#ifndef SLUICE_REPORT_SERVE_H
#define SLUICE_REPORT_SERVE_H

#include "options.h"

enum serve_metric { SERVE_ANSWERED, SERVE_REFUSED, SERVE_FAILED, SERVE_TIME, SERVE_METRICS };

/* Fills `rows` (SERVE_METRICS + 1) with the service's metrics. */
void serve_metrics_init(struct metric *rows);

/* Answers until a stop is asked for. */
WARN_UNUSED bool serve(const struct report_options *options, struct service *service,
                       struct metric *metrics, struct err *reterr);

#endif
