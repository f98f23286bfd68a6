/*
 * One run over the source: the passes that its mode needs, each page's rows compared with what was
 * last written under their keys, what differs written, the position beside it.
 */
#ifndef SLUICE_SQL_ROWS_RUN_H
#define SLUICE_SQL_ROWS_RUN_H

#include "seen/seen.h"
#include "summary.h"
#include "writer.h"

/* What one life of the service has open: the broker, the position, and what was seen. Any error but
 * ERR_STOP ends it; the next one starts from the stored position. */
struct session {
    const struct rows_options *options;
    struct service *service;
    struct metric *metrics;
    struct avro_topics *avro; /* outlives the session; NULL: records are JSON */
    struct writer writer;
    struct progress progress;
    struct seen *seen; /* NULL: every row is written */
    bool resynced;     /* --resync was obeyed */
};

/* Connects, fences a predecessor, reads the position, brings `seen` up to date. */
WARN_UNUSED bool session_open(struct session *session, struct err *reterr);

/* Closes everything; `clean`: nothing failed. */
void session_close(struct session *session, bool clean);

/* Runs once. *ret tells what was done, also on failure. */
WARN_UNUSED bool run_once(struct session *session, struct summary *ret, struct err *reterr);

#endif
